#include "edges/drive.h"

#include <uv.h>

enum { TIMED_ONE_IN = 64 };

enum gh_step gh_drive(gh_txn *txn, gh_state *state, gh_metrics *metrics, unsigned *checks)
{
    enum gh_step step;
    while ((step = gh_engine_step(txn)) == GH_STEP_ASK) {
        bool timed = (*checks)++ % TIMED_ONE_IN == 0;
        uint64_t before = timed ? uv_hrtime() : 0;
        gh_state_take(state, txn->world.now_ms, txn->takes + txn->n_answered, txn->n_takes - txn->n_answered);
        if (timed)
            gh_histogram_record(metrics, GH_HISTOGRAM_RATE_LIMIT_CHECK, uv_hrtime() - before);
    }
    return step;
}
