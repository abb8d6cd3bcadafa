/* The one place where a transaction waits for a store. */
#ifndef GH_EDGES_DRIVE_H
#define GH_EDGES_DRIVE_H

#include "core/engine.h"
#include "edges/executors.h"
#include "observe/metrics.h"

/* Takes txn to its verdict (GH_STEP_VERDICT), to where its body is wanted (GH_STEP_BODY), or to where an operation has to
 * be waited for (GH_STEP_ASK: the last of txn->ops, which begin() has been called with; drive again when it is done).
 * What is in memory is answered at once. *checks counts store checks, so that a sample of them is timed. */
typedef struct gh_drive_tools {
    const gh_executors *executors;
    gh_metrics *metrics;
    unsigned *checks;
    /* Sets finished, owner and deadline before it is submitted. */
    void (*begin)(void *data, gh_op *op);
    void *data;
} gh_drive_tools;
GH_MUST_CHECK enum gh_step gh_drive(gh_txn *txn, const gh_drive_tools *tools);

#endif
