/* Claims: what is said of the principal by name, for rules that compare it. */
#ifndef GH_IDENTITY_CLAIMS_H
#define GH_IDENTITY_CLAIMS_H

#include "model/txn.h"

/* "user" is the id and "name" the name of one of our users, so that nobody of an outside issuer is taken for them;
 * "tier" the tier that counts; "sub" what a token of the principal says or would say. Any other, and one that begins
 * with "/" (a JSON Pointer), is the verified token's own: a string, or a number as it is written.
 * False: there is no such claim, or no memory. */
GH_MUST_CHECK bool gh_claim_of(const gh_txn *txn, gh_str claim, gh_str *ret);

#endif
