#include "stores/state/roster_pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

void gh_roster_pool_init(gh_roster_pool *pool, uint32_t size)
{
    memset(pool, 0, sizeof *pool);
    pool->size = size;
    pool->fresh = 1;
}

static size_t chunk_bytes(const gh_roster_pool *pool)
{
    return (size_t)pool->size * GH_POOL_CHUNK;
}

void gh_roster_pool_free(gh_roster_pool *pool)
{
    for (uint32_t i = 0; i < pool->chunks; i++)
        munmap(pool->chunk[i], chunk_bytes(pool));
    pool->chunks = 0;
}

static bool add_chunk(gh_roster_pool *pool)
{
    size_t bytes = chunk_bytes(pool);
    if (pool->chunks == GH_POOL_CHUNKS)
        return false;
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return false;
    /* Records are met in no order, so each costs a walk through the page tables, too; large pages shorten it. The first
     * chunk of a small gateway shall not take more than it needs. */
    if (pool->chunks > 0)
        (void)madvise(map, bytes, MADV_HUGEPAGE);
    pool->chunk[pool->chunks++] = map;
    (void)atomic_fetch_add_explicit(&pool->bytes, bytes, memory_order_relaxed);
    return true;
}

static char *link_of(const gh_roster_pool *pool, uint32_t i)
{
    return (char *)gh_roster_pool_at(pool, i) + pool->size - sizeof(uint32_t);
}

uint32_t gh_roster_pool_take(gh_roster_pool *pool)
{
    uint32_t i = pool->free;
    if (i != 0) {
        memcpy(&pool->free, link_of(pool, i), sizeof pool->free);
        memset(link_of(pool, i), 0, sizeof pool->free);
        return i;
    }
    if (pool->fresh >> GH_POOL_CHUNK_BITS == pool->chunks && !add_chunk(pool))
        return 0;
    return pool->fresh++;
}

void gh_roster_pool_give(gh_roster_pool *pool, uint32_t i)
{
    memset(gh_roster_pool_at(pool, i), 0, pool->size);
    memcpy(link_of(pool, i), &pool->free, sizeof pool->free);
    pool->free = i;
}
