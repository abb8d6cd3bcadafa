/* The one place where a transaction waits for a store. */
#ifndef GH_EDGES_DRIVE_H
#define GH_EDGES_DRIVE_H

#include "core/engine.h"
#include "observe/metrics.h"
#include "stores/state/embedded.h"

/* Takes txn to its verdict. The embedded store answers at once, so this never waits today. *checks counts
 * store checks, so that a sample of them is timed. */
void gh_drive(gh_txn *txn, gh_state *state, gh_metrics *metrics, unsigned *checks);

#endif
