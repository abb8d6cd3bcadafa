/* Limits as they are meant, in the plainest way: every unit that was granted is kept with its time, and nothing is
 * packed, rounded or forgotten. It says which answers of a store are right. */
#ifndef GH_TESTS_LIMIT_MODEL_H
#define GH_TESTS_LIMIT_MODEL_H

#include "model/limit.h"

enum { MODEL_CHARGES = 4096 };

typedef struct model_charge {
    uint64_t seed, key, at_ms, units;
} model_charge;

typedef struct limit_model {
    unsigned n;
    model_charge log[MODEL_CHARGES]; /* in order of time */
    char why[256];
} limit_model;

void model_clear(limit_model *m);
/* Compares answered takes with what a store may say at that moment, and keeps what they granted. false: m->why. Time
 * never goes back from call to call. */
bool model_agrees(limit_model *m, uint64_t now_ms, const gh_take *takes, unsigned n);
void model_add(limit_model *m, uint64_t now_ms, const gh_limit *limit, uint64_t key, uint64_t units);
/* What was added at that moment was given back. */
void model_remove(limit_model *m, uint64_t at_ms, const gh_limit *limit, uint64_t key, uint64_t units);
/* Units granted in the window that ends at now_ms. */
uint64_t model_in_window(const limit_model *m, uint64_t now_ms, const gh_limit *limit, uint64_t key);
/* By how much a sliding window's unit may come back late: what model/limit.h states. */
uint64_t model_late_ms(const gh_limit *limit);

#endif
