/* The password once more, for what a stolen session must not be able to do: to change it, to erase the account. Two
 * steps, counted and slowed like logins:
 *
 *     {gh_reauth_ask(member), gh_op_judge}, {gh_reauth_ask_verify, NULL}, ...
 *
 * A password that is not right shows in the step after them, which asks gh_reauth_report() for a line in the audit trail,
 * or to have back an attempt that nobody looked at; its judge asks gh_reauth_failed() first. */
#ifndef GH_IDENTITY_REAUTH_H
#define GH_IDENTITY_REAUTH_H

#include "model/ops.h"
#include "model/txn.h"

/* Asks LOGIN_BEGIN for the one who is signed in. member: of the body, with the password. txn->memo is taken.
 * new_member: of another text that is kept for a later step; NULL: none. */
enum gh_judgement gh_reauth_ask(gh_txn *txn, const char *member, const char *new_member);
enum gh_judgement gh_reauth_ask_verify(gh_txn *txn);

/* With the last operation PASSWORD_VERIFY: was it right? */
bool gh_reauth_right(const gh_txn *txn);
enum gh_judgement gh_reauth_report(gh_txn *txn);
/* GH_STOP: refused, as it was not. */
enum gh_judgement gh_reauth_failed(gh_txn *txn);

/* The text of new_member, and what is known of the account; good until the request is over. */
gh_str gh_reauth_new_text(const gh_txn *txn);
const gh_op_login_begin *gh_reauth_account(const gh_txn *txn);

#endif
