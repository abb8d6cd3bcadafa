/* Only the methods that are allowed (RFC 9110 section 15.5.6: 405 with Allow). */
#include "controls/controls.h"

static enum gh_judgement judge(gh_txn *txn)
{
    txn->method = gh_policy_method(txn->policy, txn->request->method);
    if (txn->method >= GH_METHODS_MAX || (txn->policy->allowed_methods & (UINT32_C(1) << txn->method)) == 0)
        return gh_txn_refuse(txn, GH_REASON_METHOD_NOT_ALLOWED, "not in methods.allowed");
    return GH_PASS;
}

static void reply(gh_txn *txn, gh_reply *r)
{
    if (txn->verdict.reason == GH_REASON_METHOD_NOT_ALLOWED)
        gh_buf_put(r->out, txn->policy->allow_line);
}

const gh_control gh_control_methods = {.name = "methods", .judge = judge, .reply = reply};
