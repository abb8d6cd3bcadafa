/* A ring of records between one producer thread and one consumer thread, without locks.
 *
 * Records are contiguous, 8-byte aligned and opaque. Memory comes from mmap and is touched only when
 * used, so a ring nobody writes to costs no memory. Positions count up for ever; their difference is
 * what is used. */
#ifndef GH_OBSERVE_RING_H
#define GH_OBSERVE_RING_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/slice.h"

enum { GH_RING_HEADER = 8 };

typedef struct gh_ring {
    char *memory;
    size_t size; /* a power of two */
    /* The producer's line of the cache. */
    _Alignas(64) _Atomic size_t head;
    size_t seen_tail;    /* what the producer last saw of tail */
    size_t reserved_end; /* head after the commit of what is reserved */
    /* The consumer's line of the cache. */
    _Alignas(64) _Atomic size_t tail;
    size_t seen_head;
} gh_ring;

/* size: a power of two, at least a page. False: out of memory. */
GH_MUST_CHECK bool gh_ring_init(gh_ring *r, size_t size);
void gh_ring_free(gh_ring *r);

/* Producer: memory for a record of n bytes, NULL when there is no room that leaves `keep` bytes free.
 * n + GH_RING_HEADER must not be over half of the ring. Nothing is visible before gh_ring_commit(). */
GH_MUST_CHECK char *gh_ring_reserve(gh_ring *r, size_t n, size_t keep);
void gh_ring_commit(gh_ring *r);
/* Producer: bytes in use. May be more than the truth, never less; exact when over half of the ring. */
size_t gh_ring_used(gh_ring *r);

/* Consumer: the oldest record, absent when there is none. Valid until gh_ring_pop(). */
gh_str gh_ring_peek(gh_ring *r);
void gh_ring_pop(gh_ring *r, gh_str record);
/* Consumer: is there nothing? Ordered against a commit that follows in the order of all threads. */
bool gh_ring_empty(const gh_ring *r);

#endif
