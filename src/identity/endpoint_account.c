/* GET /account: everything that is known of one. DELETE /account: all of it erased, for one's password. */
#include "identity/answer.h"
#include "identity/cookies.h"
#include "identity/outcome.h"
#include "identity/reauth.h"
#include "identity/steps.h"

enum gh_judgement gh_ask_account_export(gh_txn *txn)
{
    if (gh_needs_account(txn) == GH_STOP)
        return GH_STOP;
    gh_op_user_export *op = gh_op_make(USER_EXPORT, gh_op_user_export);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->id = txn->principal.user;
    return gh_txn_ask(txn, &op->op);
}

/* It may be large, and is answered where it lies. */
enum gh_judgement gh_judge_account_export(gh_txn *txn)
{
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_user_export *op = (const gh_op_user_export *)gh_last_op(txn);
    gh_answer answer = gh_answer_begin(txn, 0);
    gh_buf_lit(&answer.lines, "Content-Disposition: attachment; filename=\"account.json\"\r\n");
    enum gh_judgement ended = gh_answer_end(txn, 200, &answer);
    return txn->verdict.outcome == GH_OUTCOME_ANSWER ? gh_txn_answer(txn, 200, op->json) : ended;
}

enum gh_judgement gh_ask_account_begin(gh_txn *txn)
{
    return gh_reauth_ask(txn, "password", NULL);
}

enum gh_judgement gh_ask_account_erase(gh_txn *txn)
{
    if (!gh_reauth_right(txn))
        return gh_reauth_report(txn);
    gh_op_user_erase *op = gh_op_make(USER_ERASE, gh_op_user_erase);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->id = txn->principal.user;
    op->attempt = gh_reauth_account(txn)->attempt;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_account_erase(gh_txn *txn)
{
    if (gh_reauth_failed(txn) == GH_STOP || gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_identity_policy *p = &txn->policy->identity;
    gh_answer answer = gh_answer_begin(txn, 0);
    gh_session_cookies_drop(txn, &answer.lines);
    gh_cookie_put(&answer.lines, p, p->session.device_name, GH_STR(""), true, 0);
    return gh_answer_end(txn, 204, &answer);
}
