/* One interpretation of the request-target: what is matched is what the upstream gets. */
#include "controls/controls.h"

static enum gh_judgement judge(gh_txn *txn)
{
    const char *why = NULL;
    if (!gh_target_parse(txn->request->target, txn->arena, &txn->target, &why))
        return gh_txn_refuse(txn, GH_REASON_TARGET_NOT_ACCEPTED, why);
    if (gh_str_eq(txn->target.path, GH_STR("*")) && !gh_str_eq(txn->request->method, GH_STR("OPTIONS")))
        return gh_txn_refuse(txn, GH_REASON_TARGET_NOT_ACCEPTED, "asterisk-form without OPTIONS");
    return GH_PASS;
}

const gh_control gh_control_target = {.name = "target", .judge = judge};
