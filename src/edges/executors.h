/* Who answers what a transaction asks: counters and roster at once, the others by operations. */
#ifndef GH_EDGES_EXECUTORS_H
#define GH_EDGES_EXECUTORS_H

#include "model/op.h"
#include "stores/state/embedded.h"
#include "stores/state/roster.h"

typedef struct gh_executors {
    gh_state *state;
    gh_roster *roster; /* NULL: identity is off */
    /* By enum gh_op_executor. Takes a reference of its own and calls op->finished once, on any thread, later; false:
     * not taken, op->status says why, nothing is called. */
    bool (*submit[2])(void *data, gh_op *op);
    void *data[2];
} gh_executors;

#endif
