#include "edges/drive.h"

#include <uv.h>

#include "model/ops.h"

enum {
    TIMED_ONE_IN = 64,
    STALE_MS = 1000 /* so long the roster may have heard nothing before it counts as incomplete */
};

static bool all_local(const gh_take *takes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (takes[i].limit->counting != GH_COUNTING_LOCAL)
            return false;
    return true;
}

/* False: it is under way. */
static bool count(gh_txn *txn, gh_drive_state *d, const gh_drive_tools *t)
{
    gh_take *takes = txn->takes + txn->n_answered;
    unsigned n = txn->n_takes - txn->n_answered;
    if (t->counters == NULL || all_local(takes, n)) {
        gh_state_take(t->executors->state, txn->world.now_ms, takes, n);
        return true;
    }
    d->asking = (gh_asking){.takes = takes, .n = n, .now_ms = txn->world.now_ms, .answered = t->answered};
    return gh_counters_take(t->counters, &d->asking);
}

static void taken(const gh_drive_state *d, const gh_drive_tools *t)
{
    if (d->took_ns != 0)
        gh_histogram_record(t->metrics, GH_HISTOGRAM_RATE_LIMIT_CHECK, uv_hrtime() - d->took_ns);
}

static bool take(gh_txn *txn, gh_drive_state *d, const gh_drive_tools *t)
{
    if (txn->n_takes == txn->n_answered)
        return true;
    d->took_ns = (*t->checks)++ % TIMED_ONE_IN == 0 ? uv_hrtime() : 0;
    bool done = count(txn, d, t);
    if (done)
        taken(d, t);
    return done;
}

/* While revocations can't be heard of, nobody is let in; but a token has proved itself, and is for a while. What is known
 * to be revoked stays so. Of a roster that is not filled nothing is known. */
static void close_stale(const gh_executors *e, gh_lookup *lookups, unsigned n, uint64_t age_ms)
{
    if (age_ms <= STALE_MS)
        return;
    bool tokens = age_ms != UINT64_MAX &&
                  age_ms - STALE_MS <= atomic_load_explicit(&e->outage_tokens_ms, memory_order_relaxed);
    for (unsigned i = 0; i < n; i++)
        if (lookups[i].kind != GH_LOOKUP_TOKEN || !tokens)
            lookups[i].answer = GH_LOOKUP_UNAVAILABLE;
}

static uint64_t age_of(const gh_executors *e, uint64_t *ret_fillings)
{
    *ret_fillings = 0;
    return e->age_ms == NULL ? 0 : e->age_ms(e->data[GH_OP_RECORDS], ret_fillings);
}

bool gh_roster_is_complete(const gh_executors *e)
{
    uint64_t fillings;
    return age_of(e, &fillings) <= STALE_MS;
}

/* Its age counts when it has answered, and by no loop's clock: a process may have been stopped in between. And it may have
 * been emptied and filled. */
static void look_up(gh_txn *txn, const gh_drive_tools *t)
{
    const gh_executors *e = t->executors;
    gh_lookup *lookups = txn->lookups + txn->n_looked;
    unsigned n = txn->n_lookups - txn->n_looked;
    uint64_t before, after;
    if (n == 0 || e->roster == NULL)
        return; /* they stay UNAVAILABLE, and nobody is let in */
    bool filled = age_of(e, &before) != UINT64_MAX;
    gh_roster_answer(e->roster, lookups, n);
    uint64_t age_ms = age_of(e, &after);
    close_stale(e, lookups, n, filled && before == after ? age_ms : UINT64_MAX);
}

/* Could it be that another node knows better? */
static bool may_be_behind(const gh_txn *txn)
{
    for (unsigned i = txn->n_looked; i < txn->n_lookups; i++) {
        enum gh_lookup_answer answer = (enum gh_lookup_answer)txn->lookups[i].answer;
        if (answer == GH_LOOKUP_UNKNOWN || answer == GH_LOOKUP_MISMATCH || answer == GH_LOOKUP_EXPIRED)
            return true;
    }
    return false;
}

/* True: it is under way, and will be finished. */
static bool submit(gh_op *op, const gh_drive_tools *t)
{
    enum gh_op_executor executor = gh_op_executor_of((enum gh_op_kind)op->kind);
    if (t->executors->submit[executor] == NULL)
        return false;
    t->begin(t->data, op);
    return t->executors->submit[executor](t->executors->data[executor], op);
}

/* Once a request. False: what was found holds. */
static bool catch_up(gh_txn *txn, gh_drive_state *d, const gh_drive_tools *t)
{
    if (t->executors->age_ms == NULL || d->caught_up || !may_be_behind(txn))
        return false;
    d->caught_up = true;
    gh_op_catch_up *op = gh_op_make(CATCH_UP, gh_op_catch_up);
    if (op == NULL)
        return false;
    op->op.now_s = txn->world.unix_s;
    d->catch_up = &op->op;
    if (submit(d->catch_up, t))
        return true;
    gh_op_unref(d->catch_up);
    d->catch_up = NULL;
    return false;
}

/* The takes, then the lookups, then the operation, from where it stopped. What has to be waited for; NOTHING: all of it is
 * answered. */
static enum gh_wait answer(gh_txn *txn, gh_drive_state *d, const gh_drive_tools *t)
{
    switch ((enum gh_wait)d->wait) {
    case GH_WAIT_NOTHING:
        if (!take(txn, d, t))
            return GH_WAIT_TAKES;
        break;
    case GH_WAIT_TAKES:
        taken(d, t);
        break;
    case GH_WAIT_CATCH_UP:
        gh_op_unref(d->catch_up);
        d->catch_up = NULL;
        break;
    case GH_WAIT_OP:
        return GH_WAIT_NOTHING;
    }
    look_up(txn, t);
    if (catch_up(txn, d, t))
        return GH_WAIT_CATCH_UP;
    return txn->n_ops > txn->n_done && submit(txn->ops[txn->n_ops - 1], t) ? GH_WAIT_OP : GH_WAIT_NOTHING;
}

enum gh_step gh_drive(gh_txn *txn, gh_drive_state *d, const gh_drive_tools *tools)
{
    enum gh_step step = d->wait == GH_WAIT_NOTHING ? gh_engine_step(txn) : GH_STEP_ASK;
    while (step == GH_STEP_ASK) {
        d->wait = (uint8_t)answer(txn, d, tools);
        if (d->wait != GH_WAIT_NOTHING)
            return GH_STEP_ASK;
        step = gh_engine_step(txn);
    }
    return step;
}

void gh_drive_leave(gh_drive_state *d, gh_counters *counters)
{
    if (d->wait == GH_WAIT_TAKES)
        gh_counters_leave(counters, &d->asking);
    if (d->catch_up != NULL) {
        d->catch_up->asker = NULL;
        gh_op_unref(d->catch_up);
        d->catch_up = NULL;
    }
    d->wait = GH_WAIT_NOTHING;
}
