/* Rights: roles into permissions, demands of a route against a principal. */
#ifndef GH_IDENTITY_RIGHTS_H
#define GH_IDENTITY_RIGHTS_H

#include "model/txn.h"

/* Fills in role_set and permissions from the names in roles, and scopes where there are some: permissions that are
 * not among the scopes go. */
void gh_rights_fill(const gh_identity_policy *p, gh_principal *principal);
/* Is the word one of those in a list with spaces between them? */
bool gh_word_in(gh_str list, gh_str word);
/* What the route demands of its callers, against the principal: the reason to refuse, or GH_REASON_NONE. First whether
 * anybody is known (401), then what they may (403). *ret_scope: the scope that is missing, with INSUFFICIENT_SCOPE.
 * A claim is compared with the path's parameter after its escapes are decoded, byte by byte. */
enum gh_reason gh_rights_judge(const gh_txn *txn, const gh_route *route, gh_str *ret_scope);
/* Does it demand that anybody is known? */
bool gh_rights_demand(const gh_require *require);

#endif
