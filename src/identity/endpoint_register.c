/* POST /register: an account, and a session with it. */
#include "identity/input.h"
#include "identity/new_password.h"
#include "identity/outcome.h"
#include "identity/sign_in.h"
#include "identity/steps.h"

typedef struct memo {
    enum gh_sign_in_mode mode;
    gh_str secret; /* in the memory of USER_CREATE */
} memo;

enum gh_judgement gh_ask_register_password(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    if (!p->registration_open)
        return gh_txn_refuse(txn, GH_REASON_REGISTRATION_CLOSED, NULL);
    memo *m = gh_arena_new(txn->arena, memo);
    gh_op_password_create *op = gh_op_make(PASSWORD_CREATE, gh_op_password_create);
    if (m == NULL || op == NULL)
        return gh_op_no_memory(txn, (gh_op *)op);
    m->mode = gh_sign_in_mode(txn);
    txn->memo = m;
    op->min_length = p->password.min_length;
    if (!gh_op_copy(&op->op, gh_body_text(txn, "password"), &op->password) ||
        !gh_op_copy_name(&op->op, gh_body_text(txn, "username"), &op->name) ||
        !gh_op_copy_name(&op->op, gh_body_text(txn, "email"), &op->email))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_register_password(gh_txn *txn)
{
    return gh_new_password_judge(txn, GH_STR("/password"));
}

enum gh_judgement gh_ask_register_user(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const gh_op_password_create *hashed = (const gh_op_password_create *)gh_last_op(txn);
    memo *m = txn->memo;
    gh_op_user_create *op = gh_op_make(USER_CREATE, gh_op_user_create);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->with_session = m->mode != GH_SIGN_IN_NONE;
    if (!gh_op_copy(&op->op, hashed->name, &op->name) || !gh_op_copy(&op->op, hashed->email, &op->email) ||
        !gh_op_copy(&op->op, hashed->hash, &op->hash) ||
        !gh_op_copy(&op->op, p->new_user_roles, &op->roles) ||
        !gh_op_copy(&op->op, p->new_user_tier, &op->tier))
        return gh_op_no_memory(txn, &op->op);
    if (op->with_session && !gh_sign_in_new(txn, &op->op, m->mode, &op->session, &m->secret))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_judge_register_user(gh_txn *txn)
{
    const memo *m = txn->memo;
    if (gh_op_judge(txn) == GH_STOP)
        return GH_STOP;
    const gh_op_user_create *op = (const gh_op_user_create *)gh_last_op(txn);
    const gh_signed_in in = {.mode = m->mode,
                             .subject = &op->subject,
                             .session = op->session.id,
                             .device = op->bound,
                             .secret = m->secret,
                             .created_s = txn->world.unix_s,
                             .expires_s = op->session.expires_s};
    return gh_sign_in_answer(txn, 201, &in);
}
