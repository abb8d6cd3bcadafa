#include "identity/reauth.h"

#include "identity/input.h"
#include "identity/outcome.h"
#include "identity/secret.h"

typedef struct memo {
    gh_str password, new_text; /* in the memory of LOGIN_BEGIN */
} memo;

static gh_str text_of(const gh_txn *txn, const char *member)
{
    return member == NULL ? (gh_str){NULL, 0} : gh_body_text(txn, member);
}

enum gh_judgement gh_reauth_ask(gh_txn *txn, const char *member, const char *new_member)
{
    const gh_identity_policy *p = &txn->policy->identity;
    if (gh_needs_account(txn) == GH_STOP)
        return GH_STOP;
    memo *m = gh_arena_new(txn->arena, memo);
    gh_op_login_begin *op = gh_op_make(LOGIN_BEGIN, gh_op_login_begin);
    if (m == NULL || op == NULL)
        return gh_op_no_memory(txn, (gh_op *)op);
    txn->memo = m;
    op->user = txn->principal.user;
    op->device = txn->principal.device;
    op->limits = p->attempts;
    gh_prefix_hash(&p->keys, &txn->client.ip, op->prefix);
    if (!gh_op_copy(&op->op, text_of(txn, member), &m->password) ||
        !gh_op_copy(&op->op, text_of(txn, new_member), &m->new_text))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_reauth_ask_verify(gh_txn *txn)
{
    const memo *m = txn->memo;
    gh_op_password_verify *op = gh_op_make(PASSWORD_VERIFY, gh_op_password_verify);
    if (op == NULL)
        return gh_refuse_memory(txn);
    if (!gh_op_copy(&op->op, gh_reauth_account(txn)->stored, &op->stored) ||
        !gh_op_copy(&op->op, m->password, &op->password))
        return gh_op_no_memory(txn, &op->op);
    return gh_txn_ask(txn, &op->op);
}

bool gh_reauth_right(const gh_txn *txn)
{
    return gh_last_op(txn)->status == GH_OP_OK;
}

static enum gh_judgement take_back(gh_txn *txn)
{
    gh_op_login_finish *op = gh_op_make(LOGIN_FINISH, gh_op_login_finish);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->attempt = gh_reauth_account(txn)->attempt;
    op->unseen = true;
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_reauth_report(gh_txn *txn)
{
    if (gh_op_unseen(txn))
        return take_back(txn);
    gh_op_audit *op = gh_op_make(AUDIT, gh_op_audit);
    if (op == NULL)
        return gh_refuse_memory(txn);
    op->event = GH_STR("auth_attempt");
    op->user = txn->principal.user;
    op->detail = GH_STR("{\"success\":false,\"reason\":\"wrong\"}");
    return gh_txn_ask(txn, &op->op);
}

enum gh_judgement gh_reauth_failed(gh_txn *txn)
{
    const gh_op *op = gh_last_op(txn);
    if (op->kind == GH_OP_LOGIN_FINISH)
        return gh_op_judge_this(txn, txn->ops[1]);
    return op->kind == GH_OP_AUDIT ? gh_txn_refuse(txn, GH_REASON_LOGIN_FAILED, NULL) : GH_PASS;
}

gh_str gh_reauth_new_text(const gh_txn *txn)
{
    const memo *m = txn->memo;
    return m->new_text;
}

const gh_op_login_begin *gh_reauth_account(const gh_txn *txn)
{
    return (const gh_op_login_begin *)txn->ops[0];
}
