#include "controls/read_input.h"

bool gh_findings_ready(gh_txn *txn)
{
    if (txn->findings.items != NULL)
        return true;
    unsigned max = txn->policy->input.max_errors;
    txn->findings.items = gh_arena_array(txn->scratch, max, sizeof(gh_finding));
    txn->findings.max = txn->findings.items != NULL ? max : 0;
    return txn->findings.items != NULL;
}

gh_input_source gh_txn_source(const gh_txn *txn, const gh_operation *operation)
{
    gh_input_source source = {.request = txn->request,
                              .query = txn->target.query,
                              .has_body = txn->body_state == GH_BODY_THERE,
                              .body = txn->body};
    const gh_match *match = &txn->route->match;
    if (operation != NULL)
        source.pattern = &operation->pattern;
    else if (match->n_paths > 0)
        source.pattern = &match->paths[0];
    if (operation != NULL && operation == txn->operation)
        source.params = txn->params;
    else if (source.pattern != NULL &&
             !gh_path_pattern_match(source.pattern, txn->target.path, &source.params))
        source.pattern = NULL;
    return source;
}

enum gh_input_result gh_txn_read_by(gh_txn *txn, const gh_operation *operation)
{
    if (txn->input_read)
        return GH_INPUT_OK;
    gh_input_source source = gh_txn_source(txn, operation);
    if (!gh_findings_ready(txn))
        return GH_INPUT_MEMORY;
    enum gh_input_result r = gh_input_read(&source, operation, &txn->policy->input.limits, txn->scratch,
                                           &txn->findings, &txn->input);
    txn->input_read = r == GH_INPUT_OK;
    return r;
}

enum gh_input_result gh_txn_read_input(gh_txn *txn)
{
    const gh_input_policy *input = &txn->route->input;
    const struct {
        const gh_operation *operation;
        bool observe;
    } observers[] = {{txn->operation, input->contract_observe}, {input->own, input->own_observe}};
    if (!gh_findings_ready(txn))
        return GH_INPUT_MEMORY;
    for (size_t i = 0; i < GH_COUNT(observers); i++) {
        if (observers[i].operation == NULL)
            continue;
        gh_findings before = txn->findings;
        enum gh_input_result r = gh_txn_read_by(txn, observers[i].operation);
        if (r != GH_INPUT_BAD || !observers[i].observe)
            return r;
        txn->findings = before;
    }
    return gh_txn_read_by(txn, NULL);
}

/* "body /prompt: string_too_short (and 2 more)", of the findings from `first` on. */
static gh_str summary(gh_txn *txn, unsigned first)
{
    enum { SUMMARY_MAX = 320 };
    const gh_finding *f = &txn->findings.items[first];
    char *memory = gh_arena_alloc(txn->arena, SUMMARY_MAX);
    if (memory == NULL)
        return (gh_str){NULL, 0};
    gh_buf out = gh_buf_over(memory, SUMMARY_MAX);
    gh_buf_put(&out, gh_in_name((enum gh_in)f->in));
    gh_buf_char(&out, ' ');
    gh_buf_put(&out, gh_str_cut(f->name, 0, 64));
    gh_buf_put(&out, gh_str_cut(f->pointer, 0, 128));
    gh_buf_lit(&out, ": ");
    gh_buf_put(&out, gh_finding_type(f));
    if (f->fault == GH_FAULT_DANGEROUS)
        gh_buf_printf(&out, " %.*s", (int)f->limit.n, f->limit.p);
    unsigned more = txn->findings.n - first - 1 + txn->findings.omitted;
    if (more > 0)
        gh_buf_printf(&out, " (and %u more)", more);
    return gh_buf_str(&out);
}

void gh_txn_report_findings(gh_txn *txn, unsigned report, gh_findings before)
{
    txn->reports |= report;
    if (txn->verdict.what.p == NULL && txn->findings.n > before.n)
        txn->verdict.what = summary(txn, before.n);
    txn->findings = before;
}

enum gh_judgement gh_txn_refuse_findings(gh_txn *txn, enum gh_reason reason, const char *detail)
{
    (void)gh_txn_refuse(txn, reason, detail);
    txn->verdict.status = txn->policy->input.status;
    if (txn->findings.n > 0)
        txn->verdict.what = summary(txn, 0);
    return GH_STOP;
}
