/* Identity as the policy holds it: what config/compile_identity makes of the settings `identity`, `routes[].require`,
 * and of the keys. */
#ifndef GH_MODEL_IDENTITY_H
#define GH_MODEL_IDENTITY_H

#include "base/hash.h"
#include "model/limit.h"
#include "model/ops.h"
#include "wire/path_pattern.h"

typedef struct gh_signing_key gh_signing_key; /* base/signing.h */
typedef struct gh_endpoint gh_endpoint;
typedef struct gh_route gh_route;

typedef struct gh_role {
    gh_str name;
    gh_permission_set permissions; /* those of roles it includes are in it */
} gh_role;

enum gh_key_state { GH_KEY_NEXT, GH_KEY_ACTIVE, GH_KEY_RETIRING };

enum {
    GH_GENERATION_SECRET = 32, /* bytes of a generation's secret; that of generation 0 is a secret_key */
    GH_GENERATIONS_MOST = 100  /* in force at once: of so many no two have the same hint */
};

/* The keys that rotate together (identity/key_generation.h): one a purpose, by HKDF from the generation's secret with the
 * purpose as label. What is made is made with the active one; what is presented is verified with the one that made it. */
typedef struct gh_key_generation {
    uint32_t id; /* counts up; 0: its secret is a secret_key */
    enum gh_key_state state;
    bool kept; /* its overlap is over: API keys and devices alone are still compared with it */
    gh_hmac_key
        credential; /* hashes of session secrets, refresh tokens, API keys, device tokens: "credential" */
    gh_hmac_key authentic; /* the MAC inside session secrets, refresh tokens and device tokens: "authentic" */
    gh_hmac_key csrf;      /* "csrf" */
    gh_hmac_key seal;      /* gives the key that seals a successor from the secret before it: "seal" */
} gh_key_generation;

/* Besides, those that do not rotate with them (docs/keys.md says why). */
typedef struct gh_identity_keys {
    gh_key_generation *generations; /* newest first; exactly one is active */
    unsigned n_generations, active;
    gh_hmac_key naming;             /* hashes of jti, address prefixes: it makes names, and proves nothing */
    uint8_t ring[GH_SEAL_KEY_SIZE]; /* seals private keys in the records: of secret_key, "ring" */
    uint8_t cache[16];              /* of verified tokens, in this process: "token-cache" */
} gh_identity_keys;

typedef struct gh_ring_key {
    gh_str kid;
    const gh_signing_key *key;
    enum gh_key_state state; /* exactly one is ACTIVE; the others verify only */
} gh_ring_key;

/* Keys of an issuer are asked for again when a token names one that is not there, but not sooner than after so long;
 * until then such a key is unknown for good. */
enum { GH_ISSUER_COOL_DOWN_S = 30 };

/* Somebody whose access tokens are believed: ourselves (index 0), or an outside issuer. */
typedef struct gh_issuer {
    gh_str name;   /* for logs and settings; ours: "gatehouse" */
    gh_str issuer; /* `iss`, compared exactly */
    gh_str *audiences;
    unsigned n_audiences;
    gh_str *types; /* `typ`, in lower case without "application/": "at+jwt" */
    unsigned n_types;
    gh_ring_key *keys;
    unsigned n_keys;
    const _Atomic uint64_t *tried_s; /* gh_jwks_text.tried_s; NULL: its keys are not asked for again */
    bool keys_missing;               /* its JWKS has not been got yet: its tokens are refused with 503 */
    gh_str roles_claim; /* the claim that names roles: "roles", or a JSON Pointer; absent: none are taken */
    gh_str tier_claim;  /* absent: none */
    gh_str jwks;        /* where its keys come from, for the edge: a file or https://...; absent: ours */
    uint64_t max_lifetime_s; /* tokens with a longer one are refused; 0: no such rule */
} gh_issuer;

/* Demands of a route on its callers; all of them hold. All zeros: none. */
typedef struct gh_claim_rule {
    gh_str claim;       /* "user" (the id), "name", "tier", or a claim of the token */
    unsigned parameter; /* index in the route's path pattern: must be equal to the claim */
    gh_str value;       /* or a fixed value; absent: by parameter */
} gh_claim_rule;

typedef struct gh_require {
    bool user;            /* somebody, by any of the proofs that are let in */
    bool public_route;    /* nobody need be known, also where the default denies */
    uint8_t proofs;       /* bit 1 << enum gh_proof: which are taken; 0: all */
    gh_role_set any_role; /* one of them; 0: no such demand */
    bool has_any_role;    /* roles were named (of which none may be known) */
    gh_permission_set all_permissions;
    gh_str *scopes; /* all of them (RFC 6750 section 3: insufficient_scope) */
    unsigned n_scopes;
    gh_claim_rule *claims;
    unsigned n_claims;
    gh_str any_role_unless; /* a role that is let in whatever `claims` says ("admin"); absent: none */
    bool device;            /* a registered device, too */
} gh_require;

typedef struct gh_identity_policy {
    bool enabled;
    gh_str prefix;        /* "/api/auth" */
    bool deny_by_default; /* a route without `require` demands a user */

    /* the endpoints that are on: route i goes with row i */
    gh_route *routes;
    const gh_endpoint **endpoints;
    unsigned n_endpoints;

    gh_role roles[GH_ROLES_MAX];
    unsigned n_roles;
    gh_str permissions[GH_PERMISSIONS_MAX];
    unsigned n_permissions;
    bool registration_open;
    gh_str new_user_roles; /* of who registers, with a space between each */
    gh_str new_user_tier;

    gh_identity_keys keys;
    gh_issuer *issuers; /* [0] is ourselves */
    unsigned n_issuers;
    unsigned active_key; /* index in issuers[0].keys: signs */

    struct {
        uint64_t every_s; /* 0: by command only */
        uint64_t overlap_s;
    } rotation;
    struct {
        gh_str name, device_name, csrf_name; /* with their prefix: "__Host-session" */
        gh_str attributes;                   /* "; Path=/; Secure; SameSite=Lax" */
        uint32_t idle_s, absolute_s;
        uint32_t most; /* of one user; 0: no cap */
        bool end_oldest;
    } session;
    struct {
        uint32_t access_s, refresh_s, grace_s, leeway_s;
        uint32_t idle_s; /* a refresh token unused for longer is expired */
        gh_str audience; /* of those made here */
        gh_str client_id;
    } token;
    struct {
        bool enabled;
        gh_str header, field; /* "X-CSRF-Token", "csrf_token" */
        uint16_t header_id;
        gh_path_pattern *exempt;
        unsigned n_exempt;
        gh_str *origins; /* trusted besides the request's own */
        unsigned n_origins;
        bool same_site; /* Sec-Fetch-Site: same-site is trusted too */
    } csrf;
    struct {
        uint32_t min_length; /* code points */
    } password;
    gh_attempt_limits attempts;
    gh_limit verifications; /* signatures looked at by client address, those remembered as good not counted */
    struct {
        uint32_t most, timeout_s;
        bool anonymous;
        uint32_t most_anonymous; /* of one address prefix */
    } device;
    struct {
        gh_str prefix; /* "ghk" */
        uint32_t most;
        uint64_t max_age_s; /* longest life that can be asked for; 0: for ever */
    } key;
    struct {
        bool headers;         /* X-Gatehouse-User and the like */
        bool assertion;       /* X-Gatehouse-Assertion: a signed JWT */
        uint32_t assertion_s; /* its life */
        gh_str assertion_audience;
        bool forward_credentials; /* Authorization, cookies and keys of ours go on to the upstream */
    } upstream;
} gh_identity_policy;

/* The role's index, or GH_ROLES_MAX. */
unsigned gh_identity_role(const gh_identity_policy *p, gh_str name);
/* The permission's index, or GH_PERMISSIONS_MAX. */
unsigned gh_identity_permission(const gh_identity_policy *p, gh_str name);

#endif
