/* From a key of 64 bits, never 0, to 64 bits: open addressing in shards with a lock each. Changed by one thread, under
 * the shard's lock; that thread may read without it. The others read under it.
 *
 * All shards' slots lie in one mapping. When a shard is full, another one is made that is a quarter larger, and each
 * change moves a shard or two there until the old one is empty: nothing stands still while a large table grows. A
 * shard's lock is held for the exchange of two pointers, as its new slots are filled before. It is 65 to 82 % full, so
 * a key costs 20 to 25 bytes, and both mappings' while they are moved. */
#ifndef GH_STORES_STATE_ROSTER_MAP_H
#define GH_STORES_STATE_ROSTER_MAP_H

#include <pthread.h>
#include <stdalign.h>

#include "base/crypto.h"

enum { GH_MAP_SHARDS = 256 };

typedef struct gh_roster_slot {
    uint64_t key; /* 0: free */
    uint64_t value;
} gh_roster_slot;

typedef struct gh_roster_shard {
    alignas(64) pthread_mutex_t lock;
    gh_roster_slot *slots; /* in either mapping; NULL: none yet */
    uint32_t cap, n;
    uint32_t used; /* the roster's: the first record whose use was noted and not yet collected; 0: none */
} gh_roster_shard;

typedef struct gh_roster_map {
    uint64_t secret[2];
    _Atomic uint64_t n, bytes;
    /* The writer's own. */
    gh_roster_slot *slots, *old_slots; /* the mappings; NULL: none */
    uint32_t cap, old_cap;             /* slots of a shard in them */
    unsigned moved; /* shards before this one are in the new mapping, those behind it may be */
    gh_roster_shard shard[GH_MAP_SHARDS];
} gh_roster_map;

void gh_roster_map_init(gh_roster_map *map, const uint8_t secret[16]);
void gh_roster_map_free(gh_roster_map *map);

/* Keys are random or hashes, but those that are asked for are anybody's choice: where one goes must not be foreseen. */
static inline uint64_t gh_roster_map_hash(const gh_roster_map *map, uint64_t key)
{
    return gh_mix64(gh_mix64(key ^ map->secret[0]) + map->secret[1]);
}

static inline gh_roster_shard *gh_roster_map_shard(gh_roster_map *map, uint64_t hash)
{
    return &map->shard[hash >> 56];
}

/* The key's slot, or NULL. With the shard's lock, or on the writer's thread. */
gh_roster_slot *gh_roster_map_find(const gh_roster_shard *shard, uint64_t hash, uint64_t key);

/* By readers. */
bool gh_roster_map_has(gh_roster_map *map, uint64_t key);

/* The rest: by the writer. */

/* NULL: not there. */
const gh_roster_slot *gh_roster_map_peek(const gh_roster_map *map, uint64_t key);
/* Room for this key, so that the next put of it cannot fail. False: no memory. */
GH_MUST_CHECK bool gh_roster_map_reserve(gh_roster_map *map, uint64_t key);
/* With the shard's lock held; there is room. */
void gh_roster_map_put_locked(gh_roster_map *map, gh_roster_shard *shard, uint64_t key, uint64_t value);
void gh_roster_map_erase_locked(gh_roster_map *map, gh_roster_shard *shard, gh_roster_slot *slot);
/* The same, taking the lock. */
void gh_roster_map_put(gh_roster_map *map, uint64_t key, uint64_t value);
void gh_roster_map_erase(gh_roster_map *map, uint64_t key);
/* Erases all whose value is not above this one. */
void gh_roster_map_erase_up_to(gh_roster_map *map, uint64_t value);

#endif
