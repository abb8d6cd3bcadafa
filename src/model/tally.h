/* The state of one limit for one key: what a store keeps, and how it counts.
 *
 * Stored form: `until`, in units of GH_TALLY_UNIT_MS, after which the entry means nothing, and one word
 * (narrow) or three (wide). `until` alone says when an entry is worthless, so a store can expire and
 * evict without knowing any rule; together with the limit it also gives back the time of the last
 * charge, so no second time is stored.
 *   Sliding window: the words are `ticks` counters of `bits` bits, the newest tick lowest. The tick of
 *   the last charge is recovered exactly: until is the end of the last tick's life rounded up to a
 *   unit, and a tick is never shorter than a unit.
 *   Token bucket (GCRA): word[0] is how far before `until` the bucket is full again, in
 *   1/requests ms. In that unit one request weighs exactly window_ms and one ms pays exactly
 *   `requests`: integers, so nothing is ever rounded and nothing drifts.
 *
 * Working form: gh_tally, brought to one moment by gh_tally_load(). Pure. */
#ifndef GH_MODEL_TALLY_H
#define GH_MODEL_TALLY_H

#include "model/limit.h"

enum { GH_TALLY_UNIT_MS = 32, GH_TALLY_WORDS = 3, GH_TALLY_BLOCKED = 7 };

typedef struct gh_tally {
    uint64_t word
        [GH_TALLY_WORDS]; /* sliding: the counters at `tick`; bucket: word[0] = what is owed, 1/requests ms */
    uint64_t now_ms;
    uint64_t tick; /* sliding: now_ms / tick_ms */
    uint64_t used; /* units not free now; a bucket's partly returned unit counts as used */
    unsigned span; /* sliding: ticks from the newest to the oldest that holds a unit; 0 when none does */
} gh_tally;

/* Reads a stored state at now_ms. until 0: nothing is stored (word may be NULL). Any bytes are safe. */
void gh_tally_load(const gh_limit *limit, uint64_t now_ms, uint64_t until, const uint64_t *word,
                   gh_tally *ret);
/* Units free now. */
uint64_t gh_tally_room(const gh_limit *limit, const gh_tally *t);
/* Charges units, at most gh_tally_room(). */
void gh_tally_add(const gh_limit *limit, uint64_t units, gh_tally *t);
/* Takes back units that were charged at taken_ms and not used: out of the tick they are in, and of a bucket what it has
 * not paid for since. What is no longer there is not taken twice. */
void gh_tally_give_back(const gh_limit *limit, uint64_t units, uint64_t taken_ms, gh_tally *t);
/* The stored form: fills word[1] (narrow, bucket) or word[3] (wide), returns until. */
uint64_t gh_tally_save(const gh_limit *limit, const gh_tally *t, uint64_t *ret_word);
/* Until the first used unit comes back; 0 when none is used. */
uint64_t gh_tally_reset_ms(const gh_limit *limit, const gh_tally *t);
/* Until `units` are free if nobody takes any; 0 when they are; UINT64_MAX when the limit is smaller. */
uint64_t gh_tally_retry_ms(const gh_limit *limit, const gh_tally *t, uint64_t units);
/* 0..6: sevenths of the limit in use; GH_TALLY_BLOCKED: all of it. */
unsigned gh_tally_level(const gh_limit *limit, const gh_tally *t);

#endif
