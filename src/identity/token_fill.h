/* From the claims of a token that was checked to what is remembered of it. Internal to src/identity. */
#ifndef GH_IDENTITY_TOKEN_FILL_H
#define GH_IDENTITY_TOKEN_FILL_H

#include "model/txn.h"
#include "wire/jwt.h"

/* Fills in all but hash and policy. False: *ret_why (a constant text) says what can't be remembered; what does not fit is
 * refused, never cut. */
GH_MUST_CHECK bool gh_token_fill(const gh_identity_policy *p, unsigned issuer, const gh_jwt_claims *claims,
                                 gh_cached_token *ret, const char **ret_why);

#endif
