/* Only what the upstream's OpenAPI document declares: its paths, and their methods. Finds the operation that the
 * later controls check by. */
#include "controls/controls.h"

static bool exempt(const gh_txn *txn)
{
    const gh_policy *p = txn->policy;
    for (unsigned i = 0; i < p->input.n_exempt; i++)
        if (gh_path_pattern_match(&p->input.exempt[i], txn->target.path, NULL))
            return true;
    return false;
}

static enum gh_judgement undeclared(gh_txn *txn, enum gh_reason reason, const char *detail)
{
    enum gh_undeclared what = txn->policy->input.undeclared;
    if (what == GH_UNDECLARED_FORWARD || exempt(txn))
        return GH_PASS;
    if (what == GH_UNDECLARED_REFUSE && !txn->route->input.contract_observe)
        return gh_txn_refuse(txn, reason, detail);
    txn->reports |= GH_REPORT_UNDECLARED;
    txn->verdict.what = gh_reason_of(reason)->error;
    return GH_PASS;
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_input_policy *input = &txn->route->input;
    if (input->contract_missing && !exempt(txn))
        return gh_txn_refuse(txn, GH_REASON_CONTRACT_UNAVAILABLE,
                             "the OpenAPI document has not been got yet");
    if (input->contract == NULL)
        return GH_PASS;
    switch (gh_contract_find(input->contract, txn->request->method, txn->target.path, &txn->operation,
                             &txn->params, &txn->allow)) {
    case GH_CONTRACT_FOUND:
        return GH_PASS;
    case GH_CONTRACT_NO_PATH:
        return undeclared(txn, GH_REASON_UNDECLARED_PATH, "no path of the OpenAPI document fits");
    case GH_CONTRACT_NO_METHOD:
        break;
    }
    return undeclared(txn, GH_REASON_UNDECLARED_METHOD,
                      "the OpenAPI document has other methods for this path");
}

/* RFC 9110 section 15.5.6: a 405 says what is allowed. */
static void reply(gh_txn *txn, gh_reply *r)
{
    if (txn->verdict.reason != GH_REASON_UNDECLARED_METHOD || txn->route->endpoint != NULL)
        return; /* of an endpoint of our own: the control `routes` says it */
    gh_buf_lit(r->out, "Allow: ");
    gh_buf_put(r->out, txn->allow);
    gh_buf_lit(r->out, "\r\n");
}

static bool of_route(const gh_route *route)
{
    return route->input.contract != NULL || route->input.contract_missing;
}

static bool applies(const gh_policy *policy)
{
    return gh_policy_any_route(policy, of_route);
}

const gh_control gh_control_openapi = {.name = "openapi", .applies = applies, .judge = judge, .reply = reply};
