/* Rewrites the texts that a route names before they go to the upstream. Comes last: what was checked is what the
 * client sent. The new text is not compared with the schema again: escaping may make it longer than maxLength,
 * trimming and cutting shorter than minLength, and a pattern may not fit it. */
#include "contract/texts.h"
#include "controls/controls.h"
#include "controls/read_input.h"

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_input_policy *input = &txn->route->input;
    gh_str body = {NULL, 0};
    bool changed = false;
    if (input->n_rewrites == 0 || txn->body_state != GH_BODY_THERE)
        return GH_PASS;
    enum gh_input_result read = gh_txn_read_input(txn);
    if (read == GH_INPUT_BAD) /* what can't be read can't be made harmless */
        return gh_txn_refuse_findings(txn, GH_REASON_VALIDATION_ERROR, "the input can't be read");
    if (read == GH_INPUT_MEMORY ||
        !gh_texts_rewrite(&txn->input, input->rewrites, input->n_rewrites, txn->scratch, &body, &changed))
        return gh_txn_refuse(txn, GH_REASON_INPUT_TOO_COMPLEX, "no memory left to rewrite the body");
    if (changed)
        txn->new_body = body;
    return GH_PASS;
}

static bool of_route(const gh_route *route)
{
    return route->input.n_rewrites > 0;
}

static bool applies(const gh_policy *policy)
{
    return gh_policy_any_route(policy, of_route);
}

const gh_control gh_control_sanitize = {.name = "sanitize", .applies = applies, .judge = judge};
