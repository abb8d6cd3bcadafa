/* What is asked of a new API key, and whether one may ask it: a key can never do more than who made it. */
#ifndef GH_IDENTITY_KEY_REQUEST_H
#define GH_IDENTITY_KEY_REQUEST_H

#include "model/ops.h"
#include "model/txn.h"

enum { GH_KEY_OVERLAP_S = 86400 }; /* of a roll-over, when the request does not say */

/* Scopes, tier, life and networks of the body. GH_STOP: refused. */
enum gh_judgement gh_key_request_check(gh_txn *txn);
/* Fills in the operation from a body that was checked, and makes the key: *ret_text, in the op's memory. False: no
 * memory. */
GH_MUST_CHECK bool gh_key_request_fill(gh_txn *txn, gh_op_key_create *op, gh_str *ret_text);

#endif
