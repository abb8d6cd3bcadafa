/* Who answers what a transaction asks: counters and roster, at once where it is memory; the others by operations. */
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
    /* The roster is a replica of records that other nodes change, too: gh_records_age_ms(). With the data of GH_OP_RECORDS; any
     * thread. NULL: it is the only one. */
    uint64_t (*age_ms)(void *data, uint64_t *ret_fillings);
    _Atomic uint64_t outage_tokens_ms; /* identity.outage.tokens */
} gh_executors;

#endif
