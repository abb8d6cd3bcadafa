#include "core/engine.h"

#include "model/endpoint.h"

static void classify(gh_request *r)
{
    r->seen = 0;
    for (unsigned i = 0; i < r->n_fields; i++) {
        r->fields[i].id = (uint16_t)gh_field_classify(r->fields[i].name);
        r->seen |= GH_FIELD_BIT(r->fields[i].id);
    }
    r->classified = true;
}

void gh_engine_begin(gh_txn *txn, const gh_policy *policy, gh_request *request, gh_arena *arena,
                     const gh_world *world)
{
    if (request != NULL && !request->classified)
        classify(request);
    txn->policy = policy;
    txn->request = request;
    txn->arena = arena;
    txn->world = *world;
    txn->target = (gh_target){{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    txn->authority = (gh_authority){{NULL, 0}, 0};
    /* Not by a compound literal: that would clear the chain, most of the struct. */
    txn->client.ip = (gh_ip){.family = 0};
    txn->client.source = GH_STR("peer");
    txn->client.n_chain = 0;
    txn->client.secure = txn->client.secure_known = txn->client.ignored = false;
    txn->client.why = NULL;
    txn->client.host = (gh_str){NULL, 0};
    txn->secure = request != NULL && request->tls;
    txn->method = GH_METHODS_MAX;
    txn->route = &policy->fallback;
    txn->origin = (gh_str){NULL, 0};
    txn->cors = GH_CORS_NONE;
    txn->operation = NULL;
    txn->params.n = 0;
    txn->max_body = policy->fallback.max_body;
    txn->body_state = GH_BODY_STREAMS;
    txn->body = txn->new_body = (gh_str){NULL, 0};
    txn->scratch = arena;
    txn->input_read = false;
    txn->findings = (gh_findings){NULL, 0, 0, 0};
    txn->reports = 0;
    txn->credentials = (gh_credentials){{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    txn->principal = (gh_principal){.proof = GH_PROOF_NONE};
    txn->token_fault = NULL;
    txn->token = NULL;
    txn->session_fault = GH_REASON_NONE;
    txn->scope = (gh_str){NULL, 0};
    txn->csrf_in_form = false;
    txn->token_cache = NULL;
    txn->n_lookups = txn->n_looked = 0;
    txn->step = txn->n_ops = txn->n_done = 0;
    txn->memo = NULL;
    txn->own = (gh_own_answer){.lines = {NULL, 0}};
    txn->n_takes = txn->n_answered = txn->first_limit = 0;
    txn->observed = 0;
    txn->stage = GH_STAGE_DOOR;
    txn->asked = false;
    txn->verdict = (gh_verdict){.outcome = GH_OUTCOME_FORWARD};
    txn->has_id = false;
}

/* True: the store must answer before this stage can judge. */
static bool ask(gh_txn *txn, unsigned from, unsigned to)
{
    txn->n_answered = txn->n_takes;
    txn->n_looked = txn->n_lookups;
    for (unsigned i = from; i < to; i++)
        if (txn->policy->controls[i]->ask != NULL)
            txn->policy->controls[i]->ask(txn);
    return txn->n_takes > txn->n_answered || txn->n_lookups > txn->n_looked;
}

static enum gh_judgement judge(gh_txn *txn, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        const gh_control *c = txn->policy->controls[i];
        if (c->judge != NULL && c->judge(txn) == GH_STOP)
            return GH_STOP;
    }
    return GH_PASS;
}

/* The endpoint's steps, as far as they go without the answer to an operation or a lookup. */
static enum gh_step target(gh_txn *txn)
{
    const gh_step_row *steps = txn->route->endpoint->steps;
    for (; txn->step < GH_COUNT(txn->route->endpoint->steps); txn->step++) {
        const gh_step_row *step = &steps[txn->step];
        if (!txn->asked && step->ask != NULL) {
            txn->n_answered = txn->n_takes;
            txn->n_looked = txn->n_lookups;
            if (step->ask(txn) == GH_STOP)
                return GH_STEP_VERDICT;
            txn->asked = txn->n_ops > txn->n_done || txn->n_lookups > txn->n_looked;
            if (txn->asked)
                return GH_STEP_ASK;
        }
        txn->asked = false;
        txn->n_done = txn->n_ops;
        if (step->judge != NULL && step->judge(txn) == GH_STOP)
            return GH_STEP_VERDICT;
    }
    (void)gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "an endpoint's steps have no end");
    return GH_STEP_VERDICT;
}

enum gh_step gh_engine_step(gh_txn *txn)
{
    for (; txn->stage < GH_STAGE_COUNT; txn->stage++) {
        unsigned from = txn->policy->stage_starts[txn->stage];
        unsigned to = txn->policy->stage_starts[txn->stage + 1];
        if (txn->stage == GH_STAGE_TARGET && txn->route->endpoint != NULL)
            return target(txn);
        if (from == to)
            continue;
        if (txn->stage == GH_STAGE_BODY && txn->body_state == GH_BODY_WANTED)
            return GH_STEP_BODY;
        if (!txn->asked && ask(txn, from, to)) {
            txn->asked = true;
            return GH_STEP_ASK;
        }
        txn->asked = false;
        if (judge(txn, from, to) == GH_STOP)
            break;
    }
    return GH_STEP_VERDICT;
}

void gh_engine_body(gh_txn *txn, gh_str body)
{
    txn->body = body;
    txn->body_state = GH_BODY_THERE;
}

void gh_engine_scratch(gh_txn *txn, gh_arena *scratch)
{
    txn->scratch = scratch;
}

void gh_engine_refuse(gh_txn *txn, enum gh_reason reason, const char *detail)
{
    (void)gh_txn_refuse(txn, reason, detail);
}

void gh_engine_reply(gh_txn *txn, gh_reply *reply)
{
    for (unsigned i = 0; i < txn->policy->n_controls; i++)
        if (txn->policy->controls[i]->reply != NULL)
            txn->policy->controls[i]->reply(txn, reply);
}
