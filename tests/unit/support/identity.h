/* An identity policy by hand: two roles and more, keys of a fixed secret, one issuer of our own and one outside. */
#ifndef GH_TEST_SUPPORT_IDENTITY_H
#define GH_TEST_SUPPORT_IDENTITY_H

#include "model/policy.h"

/* Keys of the same secret, always. */
void identity_keys(gh_identity_keys *ret);
/* Roles "user" (items:read, items:write), "admin" (all) and "idle" (none); permissions items:read, items:write,
 * users:manage, limits:bypass. */
void identity_roles(gh_identity_policy *p);
/* Names, attributes and lives of cookies as the defaults are. */
void identity_cookies(gh_identity_policy *p);

#endif
