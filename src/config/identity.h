/* The settings `identity` and `routes[].require` as typed values. Durations are seconds, sizes bytes; a gh_str or list
 * that was not set is absent. Owner: the configuration's arena. */
#ifndef GH_CONFIG_IDENTITY_H
#define GH_CONFIG_IDENTITY_H

#include "base/signing.h"
#include "config/values.h"
#include "model/identity.h"

/* X(identifier, "name", what the setting says): identity.endpoints.NAME switches all endpoints whose path begins with
 * /NAME, see compile_identity_endpoints.c. */
#define GH_ENDPOINT_SWITCHES(X)                                                                              \
    X(REGISTER, "register", "Whether POST /register is there, where people make an account.")                \
    X(LOGIN, "login", "Whether POST /login is there.")                                                       \
    X(LOGOUT, "logout", "Whether POST /logout is there.")                                                    \
    X(REFRESH, "refresh", "Whether POST /refresh is there, which rotates refresh tokens.")                   \
    X(PASSWORD, "password", "Whether POST /password is there, which changes one's password.")                \
    X(ME, "me", "Whether GET /me is there, which says who one is.")                                          \
    X(CSRF, "csrf", "Whether GET /csrf is there, which gives a page its CSRF token.")                        \
    X(SESSIONS, "sessions", "Whether /sessions is there, to list and end one's sessions.")                   \
    X(DEVICES, "devices", "Whether /devices is there, to register, list and remove devices.")                \
    X(KEYS, "keys", "Whether /keys is there, to make, list and revoke API keys.")                            \
    X(JWKS, "jwks", "Whether /.well-known/jwks.json is there, with the keys that tokens are verified with.") \
    X(INTROSPECT, "introspect", "Whether POST /introspect is there (RFC 7662).")                             \
    X(REVOKE, "revoke", "Whether POST /revoke is there (RFC 7009).")                                         \
    X(ACCOUNT, "account", "Whether /account is there, to export and erase what is known of one.")

enum gh_endpoint_switch {
#define X(id, name, about) GH_ENDPOINT_##id,
    GH_ENDPOINT_SWITCHES(X)
#undef X
        GH_ENDPOINT_SWITCH_COUNT
};

enum gh_at_limit { GH_AT_LIMIT_END_OLDEST, GH_AT_LIMIT_REFUSE };
enum gh_same_site { GH_SAME_SITE_LAX, GH_SAME_SITE_STRICT, GH_SAME_SITE_NONE };

typedef struct gh_issuer_config { /* identity.issuers[] */
    gh_str name, issuer, jwks;
    gh_str_list audiences, types;
    gh_str roles_claim, tier_claim; /* absent: none are taken */
    uint64_t max_lifetime;          /* 0: no such rule */
    gh_place place;
} gh_issuer_config;

typedef struct gh_role_config { /* identity.roles.NAME */
    gh_str name;
    gh_str_list grants; /* permissions, "role:NAME", "*" */
    gh_place place;
} gh_role_config;

typedef struct gh_claim_config { /* routes[].require.claims.NAME */
    gh_str name;
    gh_str value; /* "{parameter}" of the route's path, or a fixed text */
    gh_place place;
} gh_claim_config;

typedef struct gh_require_config {  /* routes[].require */
    int user, public_route, device; /* enum gh_switch */
    gh_str_list roles, permissions, scopes;
    gh_str_list proofs; /* "session", "token", "api_key" */
    gh_claim_config *claims;
    unsigned n_claims;
    gh_str unless_role;
} gh_require_config;

typedef struct gh_identity_config {
    int enabled;
    gh_str prefix;
    int deny_by_default;
    uint64_t outage_tokens; /* ms */
    int registration;       /* enum gh_switch: on is open */
    gh_str_list new_user_roles;
    gh_str new_user_tier;
    int endpoints[GH_ENDPOINT_SWITCH_COUNT]; /* enum gh_switch */
    struct {
        uint64_t idle_timeout, max_age, cleanup_interval;
        uint64_t max_per_user;
        int at_limit;  /* enum gh_at_limit */
        int same_site; /* enum gh_same_site */
        int insecure_cookies;
        gh_str cookie; /* without its prefix */
    } session;
    struct {
        int algorithm; /* enum gh_signing_alg */
        gh_str issuer, audience, client_id;
        uint64_t access_lifetime, refresh_lifetime, refresh_idle, refresh_grace, leeway;
    } token;
    struct {
        uint64_t every;   /* 0: by command only */
        uint64_t overlap; /* never 0 when identity is on */
    } rotation;
    gh_issuer_config *issuers;
    unsigned n_issuers;
    gh_role_config *roles; /* those of the configuration, or the five that come with Gatehouse */
    unsigned n_roles;
    struct {
        int enabled, same_site;
        gh_str header, field;
        gh_str_list exempt_paths;
        gh_str_list origins; /* items NULL: those of cors.origins when cors.credentials is on */
    } csrf;
    struct {
        uint64_t min_length; /* code points */
        uint64_t threads;    /* 0: as many as processors */
        uint64_t memory;     /* of all hashes under way */
        uint64_t hash_memory, hash_time, queue;
    } password;
    struct {
        uint64_t max, timeout, per_address, per_account;
    } attempts;
    gh_rate verifications;
    gh_str ca_file; /* absent: the system's */
    struct {
        uint64_t max_per_user, registration_timeout, anonymous_per_address;
        int anonymous;
    } devices;
    struct {
        gh_str prefix;
        uint64_t max_per_user, max_lifetime; /* max_lifetime 0: for ever */
    } api_keys;
    struct {
        int headers, assertion, forward_credentials;
        uint64_t assertion_lifetime;
        gh_str assertion_audience;
    } upstream;
} gh_identity_config;

/* A signing key of ours. The key itself is EdDSA, ES256 or RS256. */
typedef struct gh_identity_ring_key {
    gh_str kid;
    enum gh_signing_alg alg;
    enum gh_key_state state;
    gh_str pkcs8; /* the private key, DER; the caller wipes it when the policy is compiled */
} gh_identity_ring_key;

/* A generation of keys (identity/key_generation.h). */
typedef struct gh_identity_generation {
    uint32_t id;
    enum gh_key_state state;
    bool kept;
    gh_str secret; /* likewise wiped by the caller */
} gh_identity_generation;

typedef struct gh_jwks_text {
    gh_str text;     /* lives as long as the arena that was given */
    const char *why; /* it is not to be had; in the arena, or constant */
    bool later; /* it may be had later: the issuer's tokens are refused until the policy is compiled again */
    /* Unix time when it was last asked for, or 0; the caller's, who goes on writing it while policies live. NULL: a file, read
     * only when the policy is compiled. */
    const _Atomic uint64_t *tried_s;
} gh_jwks_text;

/* Gets the text of an issuer's JWK Set (RFC 7517 section 5). issuer: its name; jwks: a file's name or "https://...".
 * ret is zeroed before. False: no text; the rest of ret is filled in. */
typedef bool gh_read_jwks_fn(void *data, gh_str issuer, gh_str jwks, gh_arena *arena, gh_jwks_text *ret);

#endif
