#include "edges/drive.h"

#include <uv.h>

enum { TIMED_ONE_IN = 64 };

static void take(gh_txn *txn, const gh_drive_tools *t)
{
    unsigned n = txn->n_takes - txn->n_answered;
    if (n == 0)
        return;
    bool timed = (*t->checks)++ % TIMED_ONE_IN == 0;
    uint64_t before = timed ? uv_hrtime() : 0;
    gh_state_take(t->executors->state, txn->world.now_ms, txn->takes + txn->n_answered, n);
    if (timed)
        gh_histogram_record(t->metrics, GH_HISTOGRAM_RATE_LIMIT_CHECK, uv_hrtime() - before);
}

static void look_up(gh_txn *txn, const gh_drive_tools *t)
{
    unsigned n = txn->n_lookups - txn->n_looked;
    if (n > 0 && t->executors->roster != NULL) /* else they stay UNAVAILABLE, and nobody is let in */
        gh_roster_answer(t->executors->roster, txn->lookups + txn->n_looked, n);
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

enum gh_step gh_drive(gh_txn *txn, const gh_drive_tools *tools)
{
    enum gh_step step;
    while ((step = gh_engine_step(txn)) == GH_STEP_ASK) {
        take(txn, tools);
        look_up(txn, tools);
        if (txn->n_ops > txn->n_done && submit(txn->ops[txn->n_ops - 1], tools))
            return GH_STEP_ASK;
    }
    return step;
}
