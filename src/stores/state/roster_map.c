#include "stores/state/roster_map.h"

#include <stdatomic.h>
#include <sys/mman.h>

enum {
    CAP_MIN = 16,
    LARGE = 4 << 20 /* bytes from which on large pages are worth it */
};

void gh_roster_map_init(gh_roster_map *map, const uint8_t secret[16])
{
    memset(map, 0, sizeof *map);
    memcpy(map->secret, secret, sizeof map->secret);
    for (unsigned i = 0; i < GH_MAP_SHARDS; i++)
        pthread_mutex_init(&map->shard[i].lock, NULL);
    map->moved = GH_MAP_SHARDS;
}

static size_t bytes_of(uint32_t cap)
{
    return (size_t)cap * GH_MAP_SHARDS * sizeof(gh_roster_slot);
}

static void unmap(gh_roster_map *map, gh_roster_slot *slots, uint32_t cap)
{
    if (slots == NULL)
        return;
    munmap(slots, bytes_of(cap));
    (void)atomic_fetch_sub_explicit(&map->bytes, bytes_of(cap), memory_order_relaxed);
}

void gh_roster_map_free(gh_roster_map *map)
{
    for (unsigned i = 0; i < GH_MAP_SHARDS; i++)
        pthread_mutex_destroy(&map->shard[i].lock);
    unmap(map, map->slots, map->cap);
    unmap(map, map->old_slots, map->old_cap);
}

/* Where a key is looked for first: by its hash's low half, as the high one chose the shard. */
static uint32_t home_of(uint64_t hash, uint32_t cap)
{
    return (uint32_t)((hash & UINT32_MAX) * cap >> 32);
}

static uint32_t next_of(uint32_t i, uint32_t cap)
{
    return i + 1 == cap ? 0 : i + 1;
}

/* There is always a free slot to end at. */
gh_roster_slot *gh_roster_map_find(const gh_roster_shard *shard, uint64_t hash, uint64_t key)
{
    if (shard->n == 0)
        return NULL;
    for (uint32_t i = home_of(hash, shard->cap); shard->slots[i].key != 0; i = next_of(i, shard->cap))
        if (shard->slots[i].key == key)
            return &shard->slots[i];
    return NULL;
}

bool gh_roster_map_has(gh_roster_map *map, uint64_t key)
{
    uint64_t hash = gh_roster_map_hash(map, key);
    gh_roster_shard *shard = gh_roster_map_shard(map, hash);
    pthread_mutex_lock(&shard->lock);
    bool has = gh_roster_map_find(shard, hash, key) != NULL;
    pthread_mutex_unlock(&shard->lock);
    return has;
}

const gh_roster_slot *gh_roster_map_peek(const gh_roster_map *map, uint64_t key)
{
    uint64_t hash = gh_roster_map_hash(map, key);
    return gh_roster_map_find(&map->shard[hash >> 56], hash, key);
}

static void insert(gh_roster_slot *slots, uint32_t cap, uint64_t hash, gh_roster_slot slot)
{
    uint32_t i = home_of(hash, cap);
    while (slots[i].key != 0)
        i = next_of(i, cap);
    slots[i] = slot;
}

static void move_shard(gh_roster_map *map, unsigned at)
{
    gh_roster_shard *shard = &map->shard[at];
    gh_roster_slot *to = map->slots + (size_t)at * map->cap, *from = shard->slots;
    if (from == to)
        return;
    for (uint32_t i = 0; i < shard->cap; i++)
        if (from[i].key != 0)
            insert(to, map->cap, gh_roster_map_hash(map, from[i].key), from[i]);
    pthread_mutex_lock(&shard->lock);
    shard->slots = to;
    shard->cap = map->cap;
    pthread_mutex_unlock(&shard->lock);
}

static void move_next(gh_roster_map *map)
{
    move_shard(map, map->moved++);
    if (map->moved < GH_MAP_SHARDS)
        return;
    unmap(map, map->old_slots, map->old_cap);
    map->old_slots = NULL;
}

/* A larger mapping, to which all shards are to be moved; all are in the present one. */
static bool grow(gh_roster_map *map)
{
    uint32_t cap = map->cap + (map->cap / 4 > CAP_MIN ? map->cap / 4 : CAP_MIN);
    size_t bytes = bytes_of(cap);
    void *slots = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slots == MAP_FAILED)
        return false;
    if (bytes >= LARGE)
        (void)madvise(slots, bytes, MADV_HUGEPAGE);
    (void)atomic_fetch_add_explicit(&map->bytes, bytes, memory_order_relaxed);
    map->old_slots = map->slots;
    map->old_cap = map->cap;
    map->slots = slots;
    map->cap = cap;
    map->moved = 0;
    return true;
}

static bool has_room(const gh_roster_shard *shard)
{
    return ((uint64_t)shard->n + 1) * 20 <= (uint64_t)shard->cap * 17;
}

bool gh_roster_map_reserve(gh_roster_map *map, uint64_t key)
{
    unsigned at = (unsigned)(gh_roster_map_hash(map, key) >> 56);
    if (map->moved < GH_MAP_SHARDS)
        move_next(map);
    if (has_room(&map->shard[at]))
        return true;
    if (map->shard[at].cap == map->cap) {
        while (map->moved < GH_MAP_SHARDS)
            move_next(map);
        if (!grow(map))
            return false;
    }
    move_shard(map, at);
    return true;
}

void gh_roster_map_put_locked(gh_roster_map *map, gh_roster_shard *shard, uint64_t key, uint64_t value)
{
    uint64_t hash = gh_roster_map_hash(map, key);
    gh_roster_slot *slot = gh_roster_map_find(shard, hash, key);
    if (slot != NULL) {
        slot->value = value;
        return;
    }
    insert(shard->slots, shard->cap, hash, (gh_roster_slot){key, value});
    shard->n++;
    (void)atomic_fetch_add_explicit(&map->n, 1, memory_order_release);
}

/* Moves back what was pushed behind this slot by a full one, so that no search ends at the gap too early. */
void gh_roster_map_erase_locked(gh_roster_map *map, gh_roster_shard *shard, gh_roster_slot *slot)
{
    uint32_t cap = shard->cap, gap = (uint32_t)(slot - shard->slots);
    for (uint32_t i = next_of(gap, cap); shard->slots[i].key != 0; i = next_of(i, cap)) {
        uint32_t home = home_of(gh_roster_map_hash(map, shard->slots[i].key), cap);
        uint32_t from_home = i >= home ? i - home : i + cap - home;
        uint32_t from_gap = i >= gap ? i - gap : i + cap - gap;
        if (from_home < from_gap)
            continue;
        shard->slots[gap] = shard->slots[i];
        gap = i;
    }
    shard->slots[gap] = (gh_roster_slot){0, 0};
    shard->n--;
    (void)atomic_fetch_sub_explicit(&map->n, 1, memory_order_release);
}

void gh_roster_map_put(gh_roster_map *map, uint64_t key, uint64_t value)
{
    gh_roster_shard *shard = gh_roster_map_shard(map, gh_roster_map_hash(map, key));
    pthread_mutex_lock(&shard->lock);
    gh_roster_map_put_locked(map, shard, key, value);
    pthread_mutex_unlock(&shard->lock);
}

void gh_roster_map_erase(gh_roster_map *map, uint64_t key)
{
    uint64_t hash = gh_roster_map_hash(map, key);
    gh_roster_shard *shard = gh_roster_map_shard(map, hash);
    pthread_mutex_lock(&shard->lock);
    gh_roster_slot *slot = gh_roster_map_find(shard, hash, key);
    if (slot != NULL)
        gh_roster_map_erase_locked(map, shard, slot);
    pthread_mutex_unlock(&shard->lock);
}

/* Reading needs no lock on this thread, so each one erased takes it for itself. What comes into a gap is looked at
 * again; what came round the end was looked at before. */
void gh_roster_map_erase_up_to(gh_roster_map *map, uint64_t value)
{
    for (unsigned s = 0; s < GH_MAP_SHARDS; s++) {
        gh_roster_shard *shard = &map->shard[s];
        for (uint32_t i = 0; i < shard->cap;) {
            if (shard->slots[i].key == 0 || shard->slots[i].value > value) {
                i++;
                continue;
            }
            pthread_mutex_lock(&shard->lock);
            gh_roster_map_erase_locked(map, shard, &shard->slots[i]);
            pthread_mutex_unlock(&shard->lock);
        }
    }
}
