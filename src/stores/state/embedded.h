/* The embedded state store: counters in a sharded table of fixed memory.
 *
 * Exact under all threads (a shard's lock covers check and charge; several shards are locked in
 * order), bounded (memory is reserved once, touched as it fills), O(1) per check. A slot is 16 bytes,
 * four to a cache line; a key has two candidate lines. When both are full the least used entry makes
 * room, never one that is blocked: a flood of fresh keys can't free a blocked client. */
#ifndef GH_STORES_STATE_EMBEDDED_H
#define GH_STORES_STATE_EMBEDDED_H

#include <gatehouse/state.h> /* the table itself: gh_state_new(), gh_state_free() */

#include "model/limit.h"

typedef struct gh_state_stats {
    uint64_t bytes; /* reserved for slots */
    uint64_t slots;
    uint64_t live;    /* slots in use and not yet expired, as of the call (walks the table) */
    uint64_t evicted; /* live entries that made room for others */
    uint64_t full;    /* times a key found no place */
} gh_state_stats;

/* Answers n (<= GH_TAKES_MAX) takes. now_ms: monotonic, never far back (small steps back are borne). Thread-safe. */
void gh_state_take(gh_state *s, uint64_t now_ms, gh_take *takes, unsigned n);
/* Follows another store, which has let n takes pass: charges each, and beyond that until no more units are free than
 * its `remaining` says (UINT64_MAX: not known), but at most what there is. Without groups; what is in their answers
 * afterwards means nothing. Thread-safe. */
void gh_state_charge(gh_state *s, uint64_t now_ms, gh_take *takes, unsigned n);
/* Gives back n takes that passed here at taken_ms, and come to nothing after all. Thread-safe. */
void gh_state_give_back(gh_state *s, uint64_t now_ms, uint64_t taken_ms, gh_take *takes, unsigned n);
void gh_state_read_stats(gh_state *s, uint64_t now_ms, gh_state_stats *ret);

#endif
