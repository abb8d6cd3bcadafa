/* Rights: roles into permissions, demands of a route against a principal. */
#ifndef GH_IDENTITY_RIGHTS_H
#define GH_IDENTITY_RIGHTS_H

#include "model/txn.h"

/* Fills in role_set and permissions from the names in roles, and scopes where there are some: permissions that are
 * not among the scopes go. */
void gh_rights_fill(const gh_identity_policy *p, gh_principal *principal);
/* Is the word one of those in a list with spaces between them? */
bool gh_word_in(gh_str list, gh_str word);
/* The reason to refuse, or GH_REASON_NONE. *ret_scope: the scope that is missing, with INSUFFICIENT_SCOPE. */
enum gh_reason gh_rights_judge(const gh_txn *txn, const gh_require *require, gh_str *ret_scope);

#endif
