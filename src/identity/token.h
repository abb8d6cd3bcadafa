/* Access tokens: made here (RFC 9068) and believed (RFC 8725). */
#ifndef GH_IDENTITY_TOKEN_H
#define GH_IDENTITY_TOKEN_H

#include "model/txn.h"

enum gh_token_result {
    GH_TOKEN_GOOD,
    GH_TOKEN_INVALID, /* why: txn->token_fault */
    GH_TOKEN_EXPIRED,
    GH_TOKEN_NO_KEYS, /* its issuer's keys are not at hand, or it names one that is not known yet */
};
/* Reads, checks and verifies; the algorithm is the key's, the key is the issuer's. Costs a signature check. */
enum gh_token_result gh_token_verify(gh_txn *txn, gh_str token, gh_cached_token *ret);
/* The name under which it is remembered. */
void gh_token_hash(const gh_identity_policy *p, gh_str token, uint8_t ret[16]);

enum { GH_TOKEN_TEXT_MAX = 4096 };
/* iss, sub, aud, exp, iat, nbf, jti, client_id, sid, roles, tier, name, auth_time, device; typ at+jwt; signed by the
 * active key. issued_s: txn's time, or one second later when the user's tokens of this second are cut off.
 * False: no room, or the signature can't be made. */
typedef struct gh_token_request {
    const gh_subject *subject;
    gh_id session, device;
    uint64_t auth_time_s;
    gh_str scopes;   /* absent: none in it */
    uint32_t life_s; /* 0: the policy's */
} gh_token_request;
GH_MUST_CHECK bool gh_token_mint(const gh_identity_policy *p, const gh_world *world,
                                 const gh_token_request *request, gh_buf *out);

/* What goes to the upstream: X-Gatehouse-User, -Name, -Roles, -Tier, -Auth, -Scopes, -Session, -Device, -Key, -Issuer,
 * each only where there is something to say; X-Gatehouse-Auth: none where nobody is known. With the signed assertion
 * when it is on. */
void gh_identity_forward(gh_txn *txn, gh_buf *out);
/* Is this the field or cookie of a credential of ours, which does not go to the upstream? Of Cookie fields: what is
 * left of them is written to out without the name (absent: nothing is left). */
void gh_identity_strip_cookies(const gh_txn *txn, gh_str cookies, gh_buf *out);

#endif
