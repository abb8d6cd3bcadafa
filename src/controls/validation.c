/* Parameters and body against what the contract, and the route itself, declare. */
#include "controls/controls.h"
#include "controls/read_input.h"

static enum gh_judgement memory_out(gh_txn *txn)
{
    return gh_txn_refuse(txn, GH_REASON_INPUT_TOO_COMPLEX, "no memory left to check the input");
}

/* What an operation has against the request; its findings are gone again when it only observes. */
static enum gh_judgement by(gh_txn *txn, const gh_operation *operation, bool observe)
{
    gh_input_source source = gh_txn_source(txn, operation);
    const gh_input_limits *limits = &txn->policy->input.limits;
    gh_findings before = txn->findings;
    gh_input own, *input = &txn->input;
    bool first = operation == txn->operation || txn->operation == NULL;
    enum gh_input_result read;
    if (first) {
        read = gh_txn_read_by(txn, operation);
    } else {
        input = &own;
        read = gh_input_read(&source, operation, limits, txn->scratch, &txn->findings, input);
    }
    if (read == GH_INPUT_MEMORY)
        return memory_out(txn);
    enum gh_schema_result r = GH_SCHEMA_INVALID;
    if (read == GH_INPUT_OK)
        r = gh_check_request(operation, &source, input, limits, txn->scratch, &txn->findings);
    if (r == GH_SCHEMA_VALID)
        return GH_PASS;
    if (observe) {
        gh_txn_report_findings(txn, GH_REPORT_VALIDATION, before);
        return GH_PASS;
    }
    if (r == GH_SCHEMA_MEMORY)
        return memory_out(txn);
    if (r == GH_SCHEMA_TOO_COSTLY)
        return gh_txn_refuse(txn, GH_REASON_INPUT_TOO_COMPLEX, "checking the input takes too many steps");
    return gh_txn_refuse_findings(txn, GH_REASON_VALIDATION_ERROR, NULL);
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_input_policy *input = &txn->route->input;
    if (txn->operation == NULL && input->own == NULL)
        return GH_PASS;
    if (!gh_findings_ready(txn))
        return memory_out(txn);
    if (txn->operation != NULL && by(txn, txn->operation, input->contract_observe) == GH_STOP)
        return GH_STOP;
    if (input->own != NULL && by(txn, input->own, input->own_observe) == GH_STOP)
        return GH_STOP;
    return GH_PASS;
}

static bool of_route(const gh_route *route)
{
    return route->input.contract != NULL || route->input.own != NULL;
}

static bool applies(const gh_policy *policy)
{
    return gh_policy_any_route(policy, of_route);
}

const gh_control gh_control_validation = {.name = "validation", .applies = applies, .judge = judge};
