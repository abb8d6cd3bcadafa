/* The one place where a transaction waits for a store. */
#ifndef GH_EDGES_DRIVE_H
#define GH_EDGES_DRIVE_H

#include "core/engine.h"
#include "observe/metrics.h"
#include "stores/state/embedded.h"

/* Takes txn to its verdict (GH_STEP_VERDICT), or to where its body is wanted (GH_STEP_BODY). The embedded store
 * answers at once, so this never waits today. *checks counts store checks, so that a sample of them is timed. */
GH_MUST_CHECK enum gh_step gh_drive(gh_txn *txn, gh_state *state, gh_metrics *metrics, unsigned *checks);

#endif
