/* The one place where a transaction waits for a store. */
#ifndef GH_EDGES_DRIVE_H
#define GH_EDGES_DRIVE_H

#include "core/engine.h"
#include "edges/executors.h"
#include "edges/redis/counters.h"
#include "observe/metrics.h"

/* What a transaction waits for. */
enum gh_wait {
    GH_WAIT_NOTHING,
    GH_WAIT_TAKES,    /* counters in Redis: gh_asking.answered is called */
    GH_WAIT_CATCH_UP, /* the roster: drive->catch_up is finished */
    GH_WAIT_OP        /* the last of txn->ops is finished */
};

/* How far it is; the exchange's own. Zeros at its begin. */
typedef struct gh_drive_state {
    uint8_t wait;     /* enum gh_wait */
    bool caught_up;   /* the roster was asked to catch up for this request */
    gh_asking asking; /* the takes that are under way */
    uint64_t took_ns; /* when they were asked for, if that is timed; else 0 */
    gh_op *catch_up;  /* with a reference of its own; NULL: none */
} gh_drive_state;

/* What is in memory is answered at once. *checks counts store checks, so that a sample of them is timed. */
typedef struct gh_drive_tools {
    const gh_executors *executors;
    gh_counters *counters; /* of this loop; NULL: this process counts for itself */
    gh_metrics *metrics;
    unsigned *checks;
    /* Sets finished, owner and deadline of an operation before it is submitted. */
    void (*begin)(void *data, gh_op *op);
    void (*answered)(gh_asking *asking); /* of takes */
    void *data;
} gh_drive_tools;

/* Takes txn to its verdict (GH_STEP_VERDICT), to where its body is wanted (GH_STEP_BODY), or to where something has to
 * be waited for (GH_STEP_ASK: drive->wait says what). Then it is to be driven again when that is there. */
GH_MUST_CHECK enum gh_step gh_drive(gh_txn *txn, gh_drive_state *drive, const gh_drive_tools *tools);
/* Is all that was committed in the roster, but for what came in the last second? False: what it does not know says nothing. */
bool gh_roster_is_complete(const gh_executors *executors);
/* Nobody waits any more: what is under way is forgotten. */
void gh_drive_leave(gh_drive_state *drive, gh_counters *counters);

#endif
