/* POST /login. Whether the account is unknown or disabled, or the password is wrong: the same operations, the same
 * work, the same answer. */
#include "identity/input.h"
#include "identity/outcome.h"
#include "identity/secret.h"
#include "identity/sign_in.h"
#include "identity/steps.h"

typedef struct memo {
    enum gh_sign_in_mode mode;
    gh_str tried, password; /* in the memory of LOGIN_BEGIN */
    gh_str secret;          /* in that of LOGIN_FINISH */
} memo;

enum gh_judgement gh_ask_login_begin(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    memo *m = gh_arena_new(txn->arena, memo);
    gh_op_login_begin *op = gh_op_make(LOGIN_BEGIN, gh_op_login_begin);
    if (m == NULL || op == NULL)
        return gh_op_no_memory(txn, (gh_op *)op);
    m->mode = gh_sign_in_mode(txn);
    txn->memo = m;
    op->device = txn->principal.device;
    op->limits = p->attempts;
    gh_prefix_hash(&p->keys, &txn->client.ip, op->prefix);
    if (!gh_op_copy(&op->op, gh_body_text(txn, "username"), &m->tried) ||
        !gh_op_copy(&op->op, gh_body_text(txn, "password"), &m->password) ||
        !gh_op_copy_name(&op->op, m->tried, &op->name))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_ask_login_verify(gh_txn *txn)
{
    const gh_op_login_begin *begun = (const gh_op_login_begin *)gh_last_op(txn);
    const memo *m = txn->memo;
    gh_op_password_verify *op = gh_op_make(PASSWORD_VERIFY, gh_op_password_verify);
    if (op == NULL)
        return gh_refuse_memory(txn);
    /* A disabled account is compared with what an unknown one is: not even the making of a better hash, which follows
     * a right password, tells of it. */
    gh_str stored = begun->disabled ? (gh_str){NULL, 0} : begun->stored;
    if (!gh_op_copy(&op->op, stored, &op->stored) || !gh_op_copy(&op->op, m->password, &op->password))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

/* A browser's session ends with the login that takes its place. */
static gh_id replaced(const gh_txn *txn, enum gh_sign_in_mode mode)
{
    bool browser = mode == GH_SIGN_IN_COOKIE && txn->principal.proof == GH_PROOF_SESSION;
    return browser ? txn->principal.session : 0;
}

/* A wrong password goes this way as a right one does, and one that nobody had time to look at. */
enum gh_judgement gh_ask_login_finish(gh_txn *txn)
{
    const gh_op_login_begin *begun = (const gh_op_login_begin *)txn->ops[0];
    const gh_op_password_verify *verified = (const gh_op_password_verify *)gh_last_op(txn);
    memo *m = txn->memo;
    gh_op_login_finish *op = gh_op_make(LOGIN_FINISH, gh_op_login_finish);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->user = begun->found;
    op->right = verified->op.status == GH_OP_OK;
    op->unseen = gh_op_unseen(txn);
    op->attempt = begun->attempt;
    op->replaces = replaced(txn, m->mode);
    if (!gh_op_copy(&op->op, m->tried, &op->tried) ||
        !gh_op_copy(&op->op, verified->upgraded, &op->upgraded) ||
        !gh_sign_in_new(txn, &op->op, m->mode, &op->session, &m->secret))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_login_finish(gh_txn *txn)
{
    const memo *m = txn->memo;
    const gh_op_login_finish *op = (const gh_op_login_finish *)gh_last_op(txn);
    if (op->unseen)
        return gh_op_judge_this(txn, txn->ops[1]);
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_signed_in in = {.mode = m->mode,
                             .subject = &op->subject,
                             .session = op->session.id,
                             .device = op->bound,
                             .secret = m->secret,
                             .created_s = txn->world.unix_s,
                             .expires_s = op->session.expires_s,
                             .cutoff_s = op->cutoff_s};
    return gh_sign_in_answer(txn, 200, &in);
}
