/* What a request brings to an endpoint's step: members of the body, which has been read and validated, and the id in
 * the path. Good in the first step's ask only; what is needed later is copied. */
#ifndef GH_IDENTITY_INPUT_H
#define GH_IDENTITY_INPUT_H

#include "model/txn.h"

/* NULL: there is no body, or no such member. */
const gh_json *gh_body_member(const gh_txn *txn, const char *name);
/* absent: it is not there */
gh_str gh_body_text(const gh_txn *txn, const char *name);
bool gh_body_true(const gh_txn *txn, const char *name);
/* A whole number, however it is written (3600, 36e2); over `most` it is `most`, which the schema has ruled out.
 * `otherwise`: it is not there. */
uint64_t gh_body_number(const gh_txn *txn, const char *name, uint64_t most, uint64_t otherwise);
/* A parameter of a form, as OAuth has them (RFC 6749 section 3.1): an empty one is not there. False: it is there
 * twice. */
GH_MUST_CHECK bool gh_form_text(const gh_txn *txn, const char *name, gh_str *ret);
/* The {id} of the endpoint's path. False: that is no id, so there can be nothing of it. */
GH_MUST_CHECK bool gh_path_id(const gh_txn *txn, gh_id *ret);

/* A copy of a name or e-mail address in the op's memory in its canonical form: ASCII in lower case. */
GH_MUST_CHECK bool gh_op_copy_name(gh_op *op, gh_str from, gh_str *ret);
/* A copy of a name that people give to something, cut to what the records keep: GH_LABEL_MOST bytes, whole characters. */
enum { GH_LABEL_MOST = 64 };
GH_MUST_CHECK bool gh_op_copy_label(gh_op *op, gh_str from, gh_str *ret);
/* An array of texts in the op's memory as one text with spaces between them; no array: absent. */
GH_MUST_CHECK bool gh_op_copy_words(gh_op *op, const gh_json *array, gh_str *ret);

gh_id gh_txn_new_id(const gh_txn *txn);

#endif
