/* An errand: one command under way. Internal to src/operator. */
#ifndef GH_OPERATOR_ERRAND_H
#define GH_OPERATOR_ERRAND_H

#include "model/ops.h"
#include "operator/operator.h"

struct gh_errand {
    const gh_operator *with;
    const gh_identity_policy *identity;
    const gh_cli_args *args;
    gh_str input;
    gh_arena arena; /* wiped at the end */
    gh_text *out, *err;
    uint64_t now_s;
};

/* errand.c. "gatehouse: ..." on err. GH_EXIT_FAILED. */
int gh_fail(gh_errand *o, const char *fmt, ...) GH_PRINTF(2, 3);
/* The same with "See: gatehouse user add --help". GH_EXIT_USAGE. */
int gh_misuse(gh_errand *o, const char *fmt, ...) GH_PRINTF(2, 3);
int gh_no_memory(gh_errand *o);
/* The records failed, so nothing was done: why. */
int gh_fail_records(gh_errand *o);
/* A remark on err. */
void gh_note(gh_errand *o, const char *fmt, ...) GH_PRINTF(2, 3);
/* As it may be shown, NUL-terminated, cut after 120 bytes. */
const char *gh_show(gh_errand *o, gh_str text);
/* The option's value (the index-th), absent: not given. */
gh_str gh_option(const gh_errand *o, const char *name, unsigned index);
gh_str gh_argument(const gh_errand *o, unsigned index);
bool gh_wants_json(const gh_errand *o);
gh_id gh_new_id(void);

/* Does an operation on the records. False: it was not done at all, and that was said. NULL (no memory to make it): the
 * same. */
GH_MUST_CHECK bool gh_do(gh_errand *o, gh_op *op);

/* find.c. The user of that name, address or id; the caller gives it up with gh_op_unref(&get->op). NULL: there is none,
 * which was said with the nearest name. */
GH_MUST_CHECK gh_op_user_get *gh_find_user(gh_errand *o, gh_str who);
/* An id of 13 digits. False: said. what: "session", "key" */
GH_MUST_CHECK bool gh_read_id(gh_errand *o, const char *what, gh_str text, gh_id *ret);
/* The nearest of n names within two edits, absent: none. */
gh_str gh_nearest_role(const gh_identity_policy *p, gh_str wanted);
gh_str gh_nearest_permission(const gh_identity_policy *p, gh_str wanted);

/* values.c. Each says what is wrong; false then. */
/* A new user's name in its canonical form (ASCII in lower case), in the arena. */
GH_MUST_CHECK bool gh_read_user_name(gh_errand *o, gh_str text, gh_str *ret);
GH_MUST_CHECK bool gh_read_email(gh_errand *o, gh_str text, gh_str *ret);
/* --role, each one of the policy's; with spaces between them. Not given: those of new users. */
GH_MUST_CHECK bool gh_read_roles(gh_errand *o, gh_str *ret);
/* Is it one of the policy's? */
GH_MUST_CHECK bool gh_read_role(gh_errand *o, gh_str role);
/* A tier, or "none": empty. */
GH_MUST_CHECK bool gh_read_tier(gh_errand *o, gh_str text, gh_str *ret);
/* --scope; not given: absent. */
GH_MUST_CHECK bool gh_read_scopes(gh_errand *o, gh_str *ret);
/* --NAME 90d, in seconds; not given: `otherwise`. */
GH_MUST_CHECK bool gh_read_span(gh_errand *o, const char *name, uint64_t otherwise, uint64_t *ret_s);
/* --NAME 100; not given: *ret stays. */
GH_MUST_CHECK bool gh_read_number(gh_errand *o, const char *name, uint64_t least, uint64_t most,
                                  uint64_t *ret);
/* The input as a new password of that user, hashed; in the arena. */
GH_MUST_CHECK bool gh_read_password(gh_errand *o, gh_str name, gh_str email, gh_str *ret_hash);

/* user_show.c. A page of users; the caller gives it up. NULL: said. */
GH_MUST_CHECK gh_op_user_list *gh_list_users(gh_errand *o, gh_str after, uint32_t most, bool with_hashes);

/* The commands. */
int gh_operate_user_add(gh_errand *o);
int gh_operate_user_list(gh_errand *o);
int gh_operate_user_show(gh_errand *o);
int gh_operate_user_disable(gh_errand *o);
int gh_operate_user_enable(gh_errand *o);
int gh_operate_user_role(gh_errand *o);
int gh_operate_user_tier(gh_errand *o);
int gh_operate_user_password(gh_errand *o);
int gh_operate_user_import(gh_errand *o);
int gh_operate_user_export(gh_errand *o);
int gh_operate_user_erase(gh_errand *o);
int gh_operate_key_create(gh_errand *o);
int gh_operate_key_list(gh_errand *o);
int gh_operate_key_revoke(gh_errand *o);
int gh_operate_key_roll(gh_errand *o);
int gh_operate_key_rotate(gh_errand *o);
int gh_operate_session_list(gh_errand *o);
int gh_operate_session_end(gh_errand *o);
int gh_operate_status(gh_errand *o);
int gh_operate_token_inspect(gh_errand *o);
int gh_operate_token_mint(gh_errand *o);

#endif
