/* People and what they present, for tests of decisions: an identity policy from YAML, a roster that knows them. Parts of
 * an identity policy by hand, for tests of single rules. */
#ifndef GH_TEST_SUPPORT_IDENTITY_H
#define GH_TEST_SUPPORT_IDENTITY_H

#include "decide.h"

/* Keys of the same secret, always. */
void identity_keys(gh_identity_keys *ret);
/* Roles "user" (items:read, items:write), "admin" (all) and "idle" (none); permissions items:read, items:write,
 * users:manage, limits:bypass. */
void identity_roles(gh_identity_policy *p);
/* Names and attributes of cookies as the defaults are. */
void identity_cookies(gh_identity_policy *p);

/* decide_new() with secret_key, one signing key of our own (EdDSA), and a JWK Set for every outside issuer, with one key
 * named "outside". An issuer named "away" has no keys yet. */
decide *identity_new(const char *yaml);

/* A user of that name, with roles separated by spaces. The same id again: changed. */
void identity_user(decide *d, gh_id user, const char *name, const char *roles, const char *tier);
/* What they present; all live until decide_free(). A session: the secret alone. */
const char *identity_session(decide *d, gh_id user, gh_id session, gh_id device);
const char *identity_api_key(decide *d, gh_id user, gh_id key, const char *scopes, const char *tier);
const char *identity_device(decide *d, gh_id user, gh_id device); /* user 0: anonymous */
const char *identity_csrf(decide *d, gh_id session);
/* A token of ours, minted for a user of the roster; scopes NULL: none in it. */
const char *identity_token(decide *d, const char *name, const char *roles, gh_id user, gh_id session,
                           const char *scopes);
/* A token of any header and payload, signed by one of three keys: the ring's, the outside issuers', one that nobody
 * knows. {"alg":"EdDSA"} fits all of them; "kid" is identity_kid()'s. */
enum identity_signer { IDENTITY_OURS, IDENTITY_OUTSIDE, IDENTITY_STRANGER };
const char *identity_sign(decide *d, enum identity_signer signer, const char *header, const char *payload);
const char *identity_kid(decide *d, enum identity_signer signer);

#endif
