/* Looks for shapes of attacks in the texts that the configuration names. Defence in depth: what an upstream does
 * with a text, only the upstream can make safe. */
#include "contract/texts.h"
#include "controls/controls.h"
#include "controls/read_input.h"
#include "text/dangerous.h"
#include "text/utf8.h"

typedef struct search {
    gh_txn *txn;
    const gh_input_policy *input;
    bool found;
    bool out_of_memory;
} search;

static void add(search *s, const gh_finding *finding)
{
    gh_findings *to = &s->txn->findings;
    s->found = true;
    if (to->n == to->max) {
        to->omitted++;
        return;
    }
    gh_finding *f = &to->items[to->n];
    *f = *finding;
    /* The walk builds all pointers in one place. */
    if (f->pointer.n > 0)
        f->pointer = gh_arena_copy(s->txn->scratch, f->pointer);
    s->out_of_memory = f->pointer.n > 0 && f->pointer.p == NULL;
    to->n += !s->out_of_memory;
}

static bool look(void *data, uint8_t in, gh_str name, gh_str pointer, gh_str text)
{
    search *s = data;
    gh_finding f = {.in = in, .fault = GH_FAULT_DANGEROUS, .name = name, .pointer = pointer};
    if (gh_utf8_valid(text) < text.n) { /* of a header or cookie: the checks read texts */
        f.fault = GH_FAULT_TEXT;
        add(s, &f);
        return !s->out_of_memory;
    }
    enum gh_danger danger = gh_danger_find(text, s->input->dangers, s->input->danger_length, s->txn->scratch);
    if (danger != GH_DANGER_COUNT) {
        f.limit = gh_danger_name(danger);
        add(s, &f);
    }
    return !s->out_of_memory;
}

static enum gh_judgement memory_out(gh_txn *txn)
{
    return gh_txn_refuse(txn, GH_REASON_INPUT_TOO_COMPLEX, "no memory left to look for dangerous content");
}

/* What can't be read can't be looked into. */
static enum gh_judgement unreadable(gh_txn *txn, gh_findings before)
{
    if (!txn->route->input.dangers_observe)
        return gh_txn_refuse_findings(txn, GH_REASON_VALIDATION_ERROR, "the input can't be read");
    gh_txn_report_findings(txn, GH_REPORT_DANGEROUS, before);
    return GH_PASS;
}

/* "path.id" may be the route's name for what the contract's template calls otherwise. */
static enum gh_texts_result walk_route_path(search *s, const gh_text_choice *choice)
{
    gh_txn *txn = s->txn;
    static const gh_input nothing = {.query_read = true, .cookies_read = true};
    static const gh_request no_fields = {.n_fields = 0};
    gh_input_source source = gh_txn_source(txn, NULL);
    source.request = &no_fields;
    if (s->found || source.pattern == NULL)
        return GH_TEXTS_ALL;
    return gh_texts_walk(&source, &nothing, choice, txn->scratch, look, s);
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_input_policy *input = &txn->route->input;
    search s = {.txn = txn, .input = input};
    if (input->dangers == 0)
        return GH_PASS;
    if (!gh_findings_ready(txn))
        return memory_out(txn);
    gh_findings before = txn->findings;
    enum gh_input_result read = gh_txn_read_input(txn);
    if (read == GH_INPUT_MEMORY)
        return memory_out(txn);
    if (read == GH_INPUT_BAD)
        return unreadable(txn, before);
    const gh_operation *operation = txn->operation != NULL ? txn->operation : input->own;
    gh_input_source source = gh_txn_source(txn, operation);
    gh_text_choice choice = {.paths = input->danger_fields, .n = input->n_danger_fields, .pointers = true};
    enum gh_texts_result walked = gh_texts_walk(&source, &txn->input, &choice, txn->scratch, look, &s);
    if (walked == GH_TEXTS_ALL && txn->operation != NULL)
        walked = walk_route_path(&s, &choice);
    if (walked != GH_TEXTS_ALL)
        return memory_out(txn);
    if (!s.found)
        return GH_PASS;
    if (!input->dangers_observe)
        return gh_txn_refuse_findings(txn, GH_REASON_DANGEROUS_CONTENT, NULL);
    gh_txn_report_findings(txn, GH_REPORT_DANGEROUS, before);
    return GH_PASS;
}

static bool of_route(const gh_route *route)
{
    return route->input.dangers != 0;
}

static bool applies(const gh_policy *policy)
{
    return gh_policy_any_route(policy, of_route);
}

const gh_control gh_control_dangerous_content = {
    .name = "dangerous_content", .applies = applies, .judge = judge};
