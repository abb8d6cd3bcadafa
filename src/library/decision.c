/* One transaction with its memory, driven from the first stage to the verdict. */
#include <gatehouse/decision.h>

#include <stdlib.h>

#include "core/answer.h"
#include "stores/state/embedded.h"

/* A request's memory: usually nothing of it is used; targets that must be normalised are copied into it. */
enum { FIRST_BLOCK = 4096, ARENA_CAP = 256 << 10 };

struct gh_decision {
    gh_txn txn;
    gh_request request; /* the caller's, with what the library noted on it */
    gh_state *state;
    gh_arena arena, scratch;
    _Alignas(16) char block[FIRST_BLOCK];
};

gh_decision *gh_decision_new(void)
{
    gh_decision *d = aligned_alloc(64, (sizeof(gh_decision) + 63) & ~(size_t)63);
    if (d == NULL)
        return NULL;
    memset(d, 0, sizeof *d);
    gh_arena_init(&d->arena, d->block, sizeof d->block, ARENA_CAP);
    gh_arena_init(&d->scratch, NULL, 0, 0);
    return d;
}

void gh_decision_free(gh_decision *decision)
{
    if (decision == NULL)
        return;
    gh_txn_end(&decision->txn);
    gh_arena_reset(&decision->arena);
    gh_arena_reset(&decision->scratch);
    free(decision);
}

/* RFC 9112 section 3.2: more than one Host field is an error. */
static bool find_host(gh_request *r)
{
    if (r->host.p != NULL || (r->seen & GH_FIELD_BIT(GH_FIELD_HOST)) == 0)
        return true;
    unsigned at = gh_fields_find(r->fields, r->n_fields, GH_FIELD_HOST, 0);
    r->host = r->fields[at].value;
    return gh_fields_find(r->fields, r->n_fields, GH_FIELD_HOST, at + 1) == r->n_fields;
}

/* To the verdict, or to where the body is needed. Nobody is here who does operations or looks credentials up: they stay
 * UNAVAILABLE, and are refused. */
static enum gh_outcome go_on(gh_decision *d)
{
    gh_txn *txn = &d->txn;
    enum gh_step step;
    while ((step = gh_engine_step(txn)) == GH_STEP_ASK) {
        unsigned n = txn->n_takes - txn->n_answered;
        if (n > 0 && d->state == NULL) {
            gh_engine_refuse(txn, GH_REASON_INTERNAL_ERROR, "there are limits and no state to count them in");
            break;
        }
        if (n > 0)
            gh_state_take(d->state, txn->world.now_ms, txn->takes + txn->n_answered, n);
    }
    if (step == GH_STEP_BODY)
        txn->verdict.outcome = GH_OUTCOME_BODY;
    return txn->verdict.outcome;
}

enum gh_outcome gh_decide(gh_decision *decision, const gh_policy *policy, gh_state *state,
                          const gh_world *world, const gh_request *request)
{
    gh_txn_end(&decision->txn); /* what an endpoint asked of the one before: nobody carries it out here */
    gh_arena_reset(&decision->arena);
    gh_arena_reset(&decision->scratch);
    gh_arena_init(&decision->scratch, NULL, 0, gh_policy_scratch_cap(policy));
    decision->request = *request;
    decision->state = state;
    gh_engine_begin(&decision->txn, policy, &decision->request, &decision->arena, world);
    gh_engine_scratch(&decision->txn, &decision->scratch);
    if (find_host(&decision->request))
        return go_on(decision);
    gh_engine_refuse(&decision->txn, GH_REASON_MALFORMED_REQUEST, "two Host fields");
    return decision->txn.verdict.outcome;
}

enum gh_outcome gh_decide_body(gh_decision *decision, gh_str body)
{
    gh_txn *txn = &decision->txn;
    if (txn->policy == NULL) /* nothing was asked, so nothing is let in */
        return GH_OUTCOME_REFUSE;
    if (txn->verdict.outcome != GH_OUTCOME_BODY)
        return txn->verdict.outcome;
    txn->verdict.outcome = GH_OUTCOME_FORWARD;
    if (body.n > txn->max_body) {
        gh_engine_refuse(txn, GH_REASON_BODY_TOO_LARGE, "the body is over the limit");
        return txn->verdict.outcome;
    }
    gh_engine_body(txn, body.p != NULL ? body : GH_STR(""));
    return go_on(decision);
}

gh_str gh_decision_body(const gh_decision *decision)
{
    bool passes = decision->txn.policy != NULL && decision->txn.verdict.outcome == GH_OUTCOME_FORWARD;
    return passes ? decision->txn.new_body : (gh_str){NULL, 0};
}

void gh_decision_details(const gh_decision *decision, gh_details *ret)
{
    const gh_txn *txn = &decision->txn;
    const gh_reason_row *reason = gh_reason_of(txn->verdict.reason);
    *ret = (gh_details){
        .outcome = txn->verdict.outcome,
        .status = txn->verdict.status,
        .reason = reason->error,
        .message = reason->message,
        .detail = gh_str_of(txn->verdict.detail),
        .retry_after = txn->verdict.retry_after,
        .rule = txn->verdict.rule,
        .client = txn->client.ip,
        .secure = txn->secure,
        .path = txn->target.path,
        .query = txn->target.query,
        .route = txn->route == NULL ? (gh_str){NULL, 0} : txn->route->name,
        .max_body = txn->max_body,
    };
}

gh_str gh_decision_id(gh_decision *decision)
{
    return decision->txn.policy == NULL ? (gh_str){NULL, 0} : gh_txn_id(&decision->txn);
}

bool gh_decision_answer(gh_decision *decision, gh_space *lines, gh_space *body)
{
    gh_buf l = gh_buf_over(lines->p, lines->size), b = gh_buf_over(body->p, body->size);
    lines->n = body->n = 0;
    enum gh_outcome outcome = decision->txn.verdict.outcome;
    if (outcome != GH_OUTCOME_REFUSE && outcome != GH_OUTCOME_ANSWER)
        return false;
    gh_answer_write(&decision->txn, &l, &b);
    gh_buf_put(&b, gh_answer_own_body(&decision->txn));
    if (!gh_buf_ok(&l) || !gh_buf_ok(&b))
        return false;
    lines->n = l.n;
    body->n = b.n;
    return true;
}

/* Kept ones to the front, in their order; returns how many. */
static unsigned part(gh_field *fields, unsigned n, uint64_t drop)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < n; i++) {
        if (fields[i].id != GH_FIELD_UNKNOWN && (drop & GH_FIELD_BIT(fields[i].id)) != 0)
            continue;
        gh_field f = fields[i];
        fields[i] = fields[kept];
        fields[kept++] = f;
    }
    return kept;
}

bool gh_decision_reply(gh_decision *decision, unsigned status, gh_field *fields, unsigned *n_fields,
                       gh_space *lines)
{
    gh_buf out = gh_buf_over(lines->p, lines->size);
    gh_reply reply = {.status = status, .fields = fields, .n_fields = *n_fields, .out = &out};
    lines->n = 0;
    if (decision->txn.policy == NULL)
        return false;
    for (unsigned i = 0; i < *n_fields; i++) {
        fields[i].id = (uint16_t)gh_field_classify(fields[i].name);
        reply.seen |= GH_FIELD_BIT(fields[i].id);
    }
    gh_engine_reply(&decision->txn, &reply);
    if (!gh_buf_ok(&out))
        return false;
    *n_fields = part(fields, *n_fields, reply.drop);
    lines->n = out.n;
    return true;
}
