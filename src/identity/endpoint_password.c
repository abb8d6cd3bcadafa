/* POST /password: a new one for the present one. The session it is done from stays; all others end, and with them
 * their tokens. */
#include "identity/answer.h"
#include "identity/new_password.h"
#include "identity/outcome.h"
#include "identity/reauth.h"
#include "identity/steps.h"

enum gh_judgement gh_ask_password_begin(gh_txn *txn)
{
    return gh_reauth_ask(txn, "current_password", "new_password");
}

enum gh_judgement gh_ask_password_new(gh_txn *txn)
{
    if (!gh_reauth_right(txn))
        return gh_reauth_report(txn);
    const gh_op_login_begin *account = gh_reauth_account(txn);
    gh_op_password_create *op = gh_op_make(PASSWORD_CREATE, gh_op_password_create);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->min_length = txn->policy->identity.password.min_length;
    if (!gh_op_copy(&op->op, gh_reauth_new_text(txn), &op->password) ||
        !gh_op_copy(&op->op, account->found_name, &op->name) ||
        !gh_op_copy(&op->op, account->email, &op->email))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_password_new(gh_txn *txn)
{
    return gh_reauth_failed(txn) == GH_STOP ? GH_STOP : gh_new_password_judge(txn, GH_STR("/new_password"));
}

enum gh_judgement gh_ask_password_change(gh_txn *txn)
{
    const gh_op_password_create *hashed = (const gh_op_password_create *)gh_last_op(txn);
    gh_op_user_change *op = gh_op_make(USER_CHANGE, gh_op_user_change);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->id = txn->principal.user;
    op->attempt = gh_reauth_account(txn)->attempt;
    op->keep_session = txn->principal.session;
    if (!gh_op_copy(&op->op, hashed->hash, &op->hash))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_password_change(gh_txn *txn)
{
    return gh_op_judge(txn) == GH_STOP ? GH_STOP : gh_answer_empty(txn);
}
