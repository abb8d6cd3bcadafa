#include "identity/new_password.h"

#include "identity/outcome.h"

static enum gh_fault fault_of(gh_str code)
{
    static const struct {
        gh_str code;
        enum gh_fault fault;
    } rows[] = {{GH_STR_INIT("too_short"), GH_FAULT_PASSWORD_TOO_SHORT},
                {GH_STR_INIT("too_long"), GH_FAULT_PASSWORD_TOO_LONG},
                {GH_STR_INIT("not_text"), GH_FAULT_PASSWORD_NOT_TEXT},
                {GH_STR_INIT("derived_from_user"), GH_FAULT_PASSWORD_DERIVED}};
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        if (gh_str_eq(rows[i].code, code))
            return rows[i].fault;
    return GH_FAULT_PASSWORD_COMMON;
}

enum gh_judgement gh_new_password_judge(gh_txn *txn, gh_str pointer)
{
    const gh_op_password_create *op = (const gh_op_password_create *)gh_last_op(txn);
    if (op->op.status != GH_OP_WRONG)
        return gh_op_judge(txn);
    return gh_refuse_member(txn, GH_REASON_PASSWORD_WEAK, fault_of(gh_str_of(op->why_code)), pointer,
                            gh_str_of(op->why));
}
