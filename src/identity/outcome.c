#include "identity/outcome.h"

typedef struct outcome {
    uint8_t kind, status, reason;
} outcome;

/* What is not here is UNAVAILABLE, UNSURE, BUSY, or nothing that the kind can answer. Whether an account is not there, is
 * disabled, or has another password is one and the same to who logs in. */
static const outcome outcomes[] = {
    {GH_OP_LOGIN_BEGIN, GH_OP_SLOWED, GH_REASON_LOGIN_SLOWED},
    {GH_OP_LOGIN_FINISH, GH_OP_WRONG, GH_REASON_LOGIN_FAILED},
    {GH_OP_LOGIN_FINISH, GH_OP_DISABLED, GH_REASON_LOGIN_FAILED},
    {GH_OP_LOGIN_FINISH, GH_OP_NOT_FOUND, GH_REASON_LOGIN_FAILED},
    {GH_OP_LOGIN_FINISH, GH_OP_CAP, GH_REASON_TOO_MANY_SESSIONS},
    {GH_OP_USER_CREATE, GH_OP_EXISTS, GH_REASON_NAME_TAKEN},
    {GH_OP_USER_CREATE, GH_OP_WRONG, GH_REASON_INVALID_REQUEST},
    {GH_OP_USER_CHANGE, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_USER_CHANGE, GH_OP_WRONG, GH_REASON_LOGIN_FAILED}, /* no longer the password that was compared */
    {GH_OP_USER_ERASE, GH_OP_WRONG, GH_REASON_LOGIN_FAILED},
    {GH_OP_USER_EXPORT, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_USER_ERASE, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_REFRESH, GH_OP_NOT_FOUND, GH_REASON_REFRESH_INVALID},
    {GH_OP_REFRESH, GH_OP_EXPIRED, GH_REASON_REFRESH_INVALID},
    {GH_OP_REFRESH, GH_OP_WRONG, GH_REASON_REFRESH_INVALID},
    {GH_OP_REFRESH, GH_OP_REUSED, GH_REASON_REFRESH_REUSED},
    {GH_OP_REFRESH, GH_OP_DISABLED, GH_REASON_USER_DISABLED},
    {GH_OP_SESSION_END, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_DEVICE_BEGIN, GH_OP_CAP, GH_REASON_TOO_MANY_DEVICES},
    {GH_OP_DEVICE_BEGIN, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_DEVICE_CONFIRM, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_DEVICE_CONFIRM, GH_OP_WRONG, GH_REASON_NOT_YOURS},
    {GH_OP_DEVICE_CONFIRM, GH_OP_EXPIRED, GH_REASON_DEVICE_EXPIRED},
    {GH_OP_DEVICE_END, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_KEY_CREATE, GH_OP_CAP, GH_REASON_TOO_MANY_KEYS},
    {GH_OP_KEY_CREATE, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_KEY_CREATE, GH_OP_DISABLED, GH_REASON_USER_DISABLED},
    {GH_OP_KEY_CREATE, GH_OP_WRONG, GH_REASON_INVALID_REQUEST},
    {GH_OP_KEY_LIST, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
    {GH_OP_KEY_END, GH_OP_NOT_FOUND, GH_REASON_NOT_YOURS},
};

gh_op *gh_last_op(const gh_txn *txn)
{
    return txn->ops[txn->n_ops - 1];
}

enum gh_judgement gh_refuse_until(gh_txn *txn, enum gh_reason reason, uint64_t retry_s)
{
    (void)gh_txn_refuse(txn, reason, NULL);
    txn->verdict.retry_after = retry_s > 0 ? retry_s : 1;
    return GH_STOP;
}

enum gh_judgement gh_refuse_memory(gh_txn *txn)
{
    return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "no memory for an operation");
}

enum gh_judgement gh_op_no_memory(gh_txn *txn, gh_op *op)
{
    gh_op_unref(op);
    return gh_refuse_memory(txn);
}

static enum gh_reason busy(const gh_op *op)
{
    switch (gh_op_executor_of((enum gh_op_kind)op->kind)) {
    case GH_OP_PASSWORDS:
        return GH_REASON_PASSWORDS_BUSY;
    case GH_OP_RECORDS:
        break;
    }
    return GH_REASON_IDENTITY_UNAVAILABLE;
}

bool gh_op_unseen(const gh_txn *txn)
{
    const gh_op *op = gh_last_op(txn);
    return op->kind == GH_OP_PASSWORD_VERIFY && op->status != GH_OP_OK && op->status != GH_OP_WRONG;
}

enum gh_judgement gh_op_judge(gh_txn *txn)
{
    return gh_op_judge_this(txn, gh_last_op(txn));
}

enum gh_judgement gh_op_judge_this(gh_txn *txn, const gh_op *op)
{
    if (op->status == GH_OP_OK)
        return GH_PASS;
    if (op->status == GH_OP_UNAVAILABLE)
        return gh_txn_refuse(txn, GH_REASON_IDENTITY_UNAVAILABLE, "an operation could not be done");
    if (op->status == GH_OP_UNSURE)
        return gh_txn_refuse(txn, GH_REASON_IDENTITY_UNAVAILABLE,
                             "whether an operation was done is not known");
    if (op->status == GH_OP_BUSY)
        return gh_refuse_until(txn, busy(op), op->retry_s);
    for (size_t i = 0; i < GH_COUNT(outcomes); i++) {
        if (outcomes[i].kind != op->kind || outcomes[i].status != op->status)
            continue;
        if (op->status == GH_OP_SLOWED)
            return gh_refuse_until(txn, (enum gh_reason)outcomes[i].reason, op->retry_s);
        return gh_txn_refuse(txn, (enum gh_reason)outcomes[i].reason, NULL);
    }
    return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "an operation gave an answer that it can't give");
}

enum gh_judgement gh_refuse_member(gh_txn *txn, enum gh_reason reason, enum gh_fault fault, gh_str pointer,
                                   gh_str limit)
{
    gh_finding *finding = gh_arena_new(txn->arena, gh_finding);
    if (finding != NULL) {
        *finding =
            (gh_finding){.in = GH_IN_BODY, .fault = (uint8_t)fault, .pointer = pointer, .limit = limit};
        txn->findings = (gh_findings){.items = finding, .n = 1, .max = 1};
        txn->verdict.what = gh_finding_type(finding);
    }
    return gh_txn_refuse(txn, reason, NULL);
}

enum gh_judgement gh_needs_account(gh_txn *txn)
{
    const gh_principal *principal = &txn->principal;
    switch (principal->proof) {
    case GH_PROOF_NONE:
        return gh_txn_refuse(txn, GH_REASON_CREDENTIALS_REQUIRED, NULL);
    case GH_PROOF_API_KEY:
        return gh_txn_refuse(txn, GH_REASON_PROOF_NOT_ACCEPTED, "an API key can't act for its user here");
    case GH_PROOF_SESSION:
    case GH_PROOF_TOKEN:
        break;
    }
    if (principal->user == 0)
        return gh_txn_refuse(txn, GH_REASON_PROOF_NOT_ACCEPTED, "the user is another issuer's");
    return GH_PASS;
}

enum gh_judgement gh_needs_whole_account(gh_txn *txn)
{
    if (gh_needs_account(txn) == GH_STOP)
        return GH_STOP;
    if (txn->principal.scopes.p != NULL)
        return gh_txn_refuse(txn, GH_REASON_PROOF_NOT_ACCEPTED,
                             "a token of some scopes can't act for its user here");
    return GH_PASS;
}
