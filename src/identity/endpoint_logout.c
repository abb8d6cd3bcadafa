/* POST /logout: this session, or all of the user's. Who has no good session any more is logged out already: the
 * cookies go, and that is the answer.
 *
 * Only those that came: a form on a foreign page is sent without them (SameSite), so no token is asked for, and an answer
 * that drops them all the same would let that page log the user out. */
#include "identity/answer.h"
#include "identity/cookies.h"
#include "identity/input.h"
#include "identity/outcome.h"
#include "identity/steps.h"

static bool is_there(void *data, gh_str value)
{
    (void)data;
    (void)value;
    return true;
}

static enum gh_judgement logged_out(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_answer answer = gh_answer_begin(txn, 0);
    if (txn->principal.proof != GH_PROOF_TOKEN &&
        gh_cookies_find(txn->request, p->session.name, is_there, NULL))
        gh_session_cookies_drop(txn, &answer.lines);
    return gh_answer_end(txn, 204, &answer);
}

/* A token that belongs to no session ends by itself. */
static enum gh_judgement revoke_token(gh_txn *txn)
{
    gh_op_token_revoke *op = gh_op_make(TOKEN_REVOKE, gh_op_token_revoke);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->jti = txn->principal.jti;
    op->expires_s = txn->principal.expires_s + txn->policy->identity.token.leeway_s;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_ask_logout(gh_txn *txn)
{
    const gh_principal *principal = &txn->principal;
    bool all = gh_body_true(txn, "all");
    if (principal->proof == GH_PROOF_NONE)
        return logged_out(txn);
    if (gh_needs_account(txn) == GH_STOP || (all && gh_needs_whole_account(txn) == GH_STOP))
        return GH_STOP;
    /* A token that was narrowed to some scopes ends itself, and nothing else. */
    if (!all && (principal->session == 0 || principal->scopes.p != NULL))
        return revoke_token(txn);
    gh_op_session_end *op = gh_op_make(SESSION_END, gh_op_session_end);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = principal->user;
    op->session = all ? 0 : principal->session;
    op->token_s = txn->policy->identity.token.access_s;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_logout(gh_txn *txn)
{
    bool gone = gh_last_op(txn)->status == GH_OP_NOT_FOUND;
    return !gone && gh_op_judge(txn) == GH_STOP ? GH_STOP : logged_out(txn);
}
