/* What every store of counters must do, as one suite: random sequences of takes and moments, each answer compared with
 * the model's. */
#ifndef GH_TESTS_LIMIT_CONTRACT_H
#define GH_TESTS_LIMIT_CONTRACT_H

#include "model/limit.h"

typedef struct limit_store {
    void (*clear)(void *data); /* forgets all */
    /* Answers n takes at a moment. Moments never go back within a sequence, and have nothing to do with the time. */
    void (*take)(void *data, uint64_t now_ms, gh_take *takes, unsigned n);
    void *data;
} limit_store;

/* Prints how much it asked. */
void limit_contract_run(const limit_store *store, unsigned sequences);
gh_limit contract_limit(gh_limit limit); /* compiled */

#endif
