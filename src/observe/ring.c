#include "observe/ring.h"

#include <sys/mman.h>

/* In place of a record's length: the rest up to the end of the memory is not used. */
static const uint32_t SKIP = UINT32_MAX;

bool gh_ring_init(gh_ring *r, size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return false;
    *r = (gh_ring){.memory = p, .size = size};
    return true;
}

void gh_ring_free(gh_ring *r)
{
    if (r->memory != NULL)
        (void)munmap(r->memory, r->size);
    r->memory = NULL;
}

static size_t record_size(size_t n)
{
    return (GH_RING_HEADER + n + 7) & ~(size_t)7;
}

static void put_length(gh_ring *r, size_t at, uint32_t n)
{
    memcpy(r->memory + (at & (r->size - 1)), &n, sizeof n);
}

char *gh_ring_reserve(gh_ring *r, size_t n, size_t keep)
{
    if (n > r->size / 2 - GH_RING_HEADER)
        return NULL;
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    size_t need = record_size(n);
    size_t to_end = r->size - (head & (r->size - 1));
    size_t skip = need > to_end ? to_end : 0;
    if (skip + need + keep > r->size - (head - r->seen_tail)) {
        r->seen_tail = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (skip + need + keep > r->size - (head - r->seen_tail))
            return NULL;
    }
    if (skip > 0)
        put_length(r, head, SKIP);
    put_length(r, head + skip, (uint32_t)n);
    r->reserved_end = head + skip + need;
    return r->memory + ((head + skip) & (r->size - 1)) + GH_RING_HEADER;
}

void gh_ring_commit(gh_ring *r)
{
    /* Sequentially consistent, not only release: the producer next looks whether the consumer sleeps,
     * and the consumer looks for records after it has said that it will. */
    atomic_store_explicit(&r->head, r->reserved_end, memory_order_seq_cst);
}

size_t gh_ring_used(gh_ring *r)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    if (head - r->seen_tail > r->size / 2)
        r->seen_tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    return head - r->seen_tail;
}

gh_str gh_ring_peek(gh_ring *r)
{
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    for (;;) {
        if (tail == r->seen_head) {
            r->seen_head = atomic_load_explicit(&r->head, memory_order_acquire);
            if (tail == r->seen_head)
                return (gh_str){NULL, 0};
        }
        uint32_t n;
        size_t at = tail & (r->size - 1);
        memcpy(&n, r->memory + at, sizeof n);
        if (n != SKIP)
            return (gh_str){r->memory + at + GH_RING_HEADER, n};
        tail += r->size - at;
        atomic_store_explicit(&r->tail, tail, memory_order_release);
    }
}

void gh_ring_pop(gh_ring *r, gh_str record)
{
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    atomic_store_explicit(&r->tail, tail + record_size(record.n), memory_order_release);
}

bool gh_ring_empty(const gh_ring *r)
{
    return atomic_load_explicit(&r->head, memory_order_seq_cst) ==
           atomic_load_explicit(&r->tail, memory_order_relaxed);
}
