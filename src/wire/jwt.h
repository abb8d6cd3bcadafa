/* JSON Web Tokens: claims (RFC 7519), as access tokens have them (RFC 9068), checked as RFC 8725 asks for.
 *
 * Reading, checking and writing are apart: gh_jws_read(), gh_jws_verify() with a key, gh_jwt_read() of the payload,
 * gh_jwt_check() with the rules for that key's issuer. Times are seconds since 1970, as in the claims. */
#ifndef GH_WIRE_JWT_H
#define GH_WIRE_JWT_H

#include "base/signing.h"
#include "wire/json.h"

enum {
    GH_JWT_TEXT_MAX = 256,   /* bytes of a text claim, of an audience, of a role */
    GH_JWT_SCOPE_MAX = 1024, /* bytes of scope */
    GH_JWT_AUDIENCES_MAX = 16,
    GH_JWT_ROLES_MAX = 32
};

/* The last second of the year 9999: the latest time that a claim may name. */
#define GH_JWT_TIME_MAX INT64_C(253402300799)

enum { GH_JWT_NO_TIME = -1 };

/* Texts are absent, times GH_JWT_NO_TIME where a claim is not given. Texts are not empty and hold no control
 * characters. */
typedef struct gh_jwt_claims {
    gh_str iss, sub, jti, sid, client_id, scope, tier;
    int64_t exp, nbf, iat, auth_time;
    const gh_str *aud; /* one text or an array in the token */
    unsigned aud_n;
    const gh_str *roles;
    unsigned roles_n;
    const gh_json *root; /* all claims; writing does not look at it */
} gh_jwt_claims;

/* With nothing given. */
extern const gh_jwt_claims gh_jwt_no_claims;

enum gh_jwt_result {
    GH_JWT_OK,
    GH_JWT_NO_MEMORY,
    GH_JWT_NOT_AN_OBJECT, /* the payload: no JSON object, names that occur twice, over the limits */
    GH_JWT_CLAIM_WRONG,   /* of another type, too long, empty, a time that is none */
    GH_JWT_TYPE_WRONG,
    GH_JWT_CLAIM_MISSING,
    GH_JWT_ISSUER_WRONG,
    GH_JWT_AUDIENCE_WRONG,
    GH_JWT_EXPIRED,
    GH_JWT_NOT_YET_VALID,
    GH_JWT_FROM_THE_FUTURE, /* iat */
    GH_JWT_LIVES_TOO_LONG
};

/* Payload and arena must outlive *ret. *ret_claim: the name of the claim that is wrong; untouched otherwise.
 * Times may have a fraction, which is cut off; not an exponent or a sign. Claims without a field above are only in
 * root. */
GH_MUST_CHECK enum gh_jwt_result gh_jwt_read(gh_str payload, gh_arena *arena, gh_jwt_claims *ret,
                                             const char **ret_claim);

typedef struct gh_jwt_rules {
    gh_str issuer;           /* must be given: iss is compared byte by byte */
    const gh_str *audiences; /* one of them must be in aud; none: every token is refused */
    unsigned audiences_n;
    const gh_str *types; /* of the header's typ. None: at+jwt alone. A token without typ counts as JWT */
    unsigned types_n;
    uint32_t leeway_s;                                           /* clocks may differ by so much */
    uint32_t max_lifetime_s;                                     /* from iat (else from now) to exp; 0: any */
    bool need_sub, need_jti, need_iat, need_sid, need_client_id; /* iss, aud and exp always are */
} gh_jwt_rules;

/* typ: as gh_jws_read() gives it. *ret_claim: the name of the claim that is missing; untouched otherwise. */
GH_MUST_CHECK enum gh_jwt_result gh_jwt_check(const gh_jwt_claims *claims, gh_str typ,
                                              const gh_jwt_rules *rules, int64_t now_s,
                                              const char **ret_claim);

/* A constant text for logs. Clients are told less. */
const char *gh_jwt_why(enum gh_jwt_result result);

/* Is token one of the space-separated words of scope (RFC 6749 section 3.3)? */
bool gh_jwt_scope_has(gh_str scope, gh_str token);

/* The claims as JSON. `extra`: members that were written already, '"a":1,"b":2', or absent. They must not have the name
 * of a claim above. */
void gh_jwt_put_claims(gh_buf *out, const gh_jwt_claims *claims, gh_str extra);
/* Writes a signed token (gh_jws_put()). False: the key does not sign; no room, or over GH_JWS_MAX. */
GH_MUST_CHECK bool gh_jwt_put(gh_buf *out, const gh_signing_key *key, gh_str typ, const gh_jwt_claims *claims,
                              gh_str extra);

#endif
