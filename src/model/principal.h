/* The principal: who asks, as one of the presented credentials has proved it. */
#ifndef GH_MODEL_PRINCIPAL_H
#define GH_MODEL_PRINCIPAL_H

#include "base/id.h"

enum gh_proof {
    GH_PROOF_NONE,    /* nobody is known */
    GH_PROOF_SESSION, /* the session cookie: what a browser sends by itself, so CSRF is looked for */
    GH_PROOF_TOKEN,   /* an access token (RFC 6750) */
    GH_PROOF_API_KEY
};

enum {
    GH_ROLES_MAX = 64,
    GH_PERMISSIONS_MAX = 128,
    GH_USER_NAME_MAX = 64,
    GH_TIER_MAX = 32,
    GH_ROLES_TEXT_MAX = 192, /* names of a user's roles, with a space between each */
    GH_SCOPES_TEXT_MAX = 240 /* scopes (RFC 6749 section 3.3), with a space between each */
};

/* Bit sets over policy->identity.roles and .permissions. */
typedef uint64_t gh_role_set;
typedef struct gh_permission_set {
    uint64_t word[GH_PERMISSIONS_MAX / 64];
} gh_permission_set;

/* A text of at most 255 bytes, held in place. */
#define GH_SHORT_TEXT(name, max) \
    struct {                     \
        uint8_t n;               \
        char p[max];             \
    } name
#define GH_SHORT_STR(text) ((gh_str){(text).p, (text).n})

/* What the records say of a user, as of the moment it was asked. */
typedef struct gh_subject {
    gh_id user; /* 0: not one of ours */
    GH_SHORT_TEXT(name, GH_USER_NAME_MAX);
    GH_SHORT_TEXT(tier, GH_TIER_MAX); /* empty: the default tier */
    GH_SHORT_TEXT(roles, GH_ROLES_TEXT_MAX);
} gh_subject;

typedef struct gh_principal {
    enum gh_proof proof;
    gh_id user;                   /* 0: an outside issuer's, see `name` and `issuer` */
    gh_str name;                  /* the user's name; an outside issuer's: `sub` */
    gh_str issuer;                /* absent: ours */
    gh_str tier;                  /* absent: the default tier */
    gh_str roles;                 /* names that the policy knows and others, with a space between each */
    gh_str scopes;                /* absent: not narrowed by scopes */
    gh_id session;                /* 0: none */
    gh_id key;                    /* API key; 0: none */
    gh_id device;                 /* proved; 0: none. Also with GH_PROOF_NONE: an anonymous device */
    uint64_t jti;                 /* keyed hash of the token's jti; 0: none */
    uint64_t issued_s, expires_s; /* of the token; of the session: its end. Unix time */
    gh_role_set role_set;
    gh_permission_set permissions; /* of its roles, narrowed by scopes */
} gh_principal;

/* "session", "token", "api_key"; absent for nobody. */
static inline gh_str gh_proof_name(enum gh_proof proof)
{
    switch (proof) {
    case GH_PROOF_SESSION:
        return GH_STR("session");
    case GH_PROOF_TOKEN:
        return GH_STR("token");
    case GH_PROOF_API_KEY:
        return GH_STR("api_key");
    case GH_PROOF_NONE:
        break;
    }
    return (gh_str){NULL, 0};
}

static inline bool gh_permission_in(const gh_permission_set *set, unsigned i)
{
    return (set->word[i / 64] >> (i % 64) & 1) != 0;
}

#endif
