/* Records of one size, by number, in chunks that stay where they are: what a number once meant can always be read.
 * Taken and given back by one thread; read by any that got the number through a lock. No locks here.
 *
 * Memory is not given back to the system: a pool is as large as it had to be at its fullest. */
#ifndef GH_STORES_STATE_ROSTER_POOL_H
#define GH_STORES_STATE_ROSTER_POOL_H

#include <stddef.h>
#include <stdint.h>

enum {
    GH_POOL_CHUNK_BITS = 16, /* records of a chunk */
    GH_POOL_CHUNK = 1 << GH_POOL_CHUNK_BITS,
    GH_POOL_CHUNKS = 1024 /* of a pool: 67 million records */
};

typedef struct gh_roster_pool {
    char *chunk[GH_POOL_CHUNKS];
    uint32_t size;  /* of a record: a multiple of 8 */
    uint32_t fresh; /* the first number that was never used; number 0 is none */
    uint32_t free;  /* the last one given back; it holds the one before it in its last four bytes */
    uint32_t chunks;
    _Atomic uint64_t bytes;
} gh_roster_pool;

void gh_roster_pool_init(gh_roster_pool *pool, uint32_t size);
void gh_roster_pool_free(gh_roster_pool *pool);
/* The number of a record of zeros; 0: no memory. */
uint32_t gh_roster_pool_take(gh_roster_pool *pool);
/* All of the record but its last four bytes is zero until it is taken again. */
void gh_roster_pool_give(gh_roster_pool *pool, uint32_t i);

static inline void *gh_roster_pool_at(const gh_roster_pool *pool, uint32_t i)
{
    return pool->chunk[i >> GH_POOL_CHUNK_BITS] + (size_t)(i % GH_POOL_CHUNK) * pool->size;
}

#endif
