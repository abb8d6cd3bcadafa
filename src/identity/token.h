/* Access tokens: made here (RFC 9068) and believed (RFC 8725). */
#ifndef GH_IDENTITY_TOKEN_H
#define GH_IDENTITY_TOKEN_H

#include "model/txn.h"

enum gh_token_result {
    GH_TOKEN_GOOD,
    GH_TOKEN_INVALID, /* why: txn->token_fault */
    GH_TOKEN_EXPIRED,
    GH_TOKEN_NO_KEYS, /* its issuer's keys are not at hand, or it names one that may come when they are asked for again */
};
/* Reads, checks and verifies; the algorithm is the key's, the key is the issuer's. Costs a signature check. */
enum gh_token_result gh_token_verify(gh_txn *txn, gh_str token, gh_cached_token *ret);
/* The name under which it is remembered. */
void gh_token_hash(const gh_identity_policy *p, gh_str token, uint8_t ret[16]);

enum { GH_TOKEN_TEXT_MAX = 4096 };
/* iss, sub, aud, exp, iat, nbf, jti, client_id, sid, roles, tier, name, auth_time, device; typ at+jwt; signed by the
 * active key. Issued at world->unix_s: where all of the user's tokens of this second were just cut off, the caller gives
 * a world that is one second ahead.
 * False: no room, the time is not known, over 32 roles, scopes that are there but empty, or the signature can't be
 * made. */
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
 * each only where there is something to say; X-Gatehouse-Auth: none where nobody is known. -User is the id of a user of
 * ours; whom an outside issuer means by `sub` is in -Name, with -Issuer. What is not printable ASCII, and "%", is
 * percent-encoded. With the signed assertion when it is on (typ gatehouse-assertion+jwt; its jti is the decision's id).
 * No room: out->overflow. */
void gh_identity_forward(gh_txn *txn, gh_buf *out);
/* The fields of the request (bits of ids) with credentials of ours, which do not go to the upstream. Tokens of outside
 * issuers do. COOKIE among them: each Cookie field goes through gh_identity_strip_cookies(). */
uint64_t gh_identity_strip(const gh_txn *txn);
/* Writes what is left of a Cookie field's value, maybe nothing, without the name and the line's end. */
void gh_identity_strip_cookies(const gh_txn *txn, gh_str cookies, gh_buf *out);

#endif
