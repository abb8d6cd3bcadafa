/* An arena: bump allocation from blocks with a hard cap in total.
 *
 * Two uses: a request's (first block given by the caller, reset after each
 * request) and a policy's (grows at load, freed with the policy). The memory is
 * 16-byte aligned. NULL only when the cap is reached or memory is out. */
#ifndef GH_BASE_ARENA_H
#define GH_BASE_ARENA_H

#include "base/slice.h"

struct gh_arena_block;

/* Where an arena's blocks come from instead of malloc: memory for secrets, say. size: of the whole block; give() gets what
 * get() was asked for. Any thread. */
typedef struct gh_arena_source {
    void *(*get)(size_t size); /* 16-byte aligned; NULL: there is none */
    void (*give)(void *p, size_t size);
} gh_arena_source;

typedef struct gh_arena {
    char *at, *end;               /* free part of the current block */
    struct gh_arena_block *extra; /* further blocks, newest first */
    char *first;                  /* the caller's block, may be NULL */
    size_t first_size;
    size_t left, cap;              /* bytes still to be had beyond the first block, and at the start */
    const gh_arena_source *source; /* NULL: malloc */
} gh_arena;

/* first: the caller's block, 16-byte aligned, or NULL. cap: bytes beyond it. */
void gh_arena_init(gh_arena *a, void *first, size_t first_size, size_t cap);
/* Without a first block, and with blocks from `source`, which outlives the arena; NULL: malloc. */
void gh_arena_init_from(gh_arena *a, const gh_arena_source *source, size_t cap);
/* Frees all blocks but the first; everything allocated is gone. */
void gh_arena_reset(gh_arena *a);
/* Zeroes all its memory, used or not: before a reset, where secrets were in it. */
void gh_arena_wipe(gh_arena *a);
GH_MUST_CHECK void *gh_arena_alloc(gh_arena *a, size_t size);
/* Zeroed array; checks n * size. */
GH_MUST_CHECK void *gh_arena_array(gh_arena *a, size_t n, size_t size);
/* A copy of s with a NUL behind it (not counted); p == NULL when out of memory. */
GH_MUST_CHECK gh_str gh_arena_copy(gh_arena *a, gh_str s);

/* What is allocated from here on can be given back while what is older stays. */
typedef struct gh_arena_mark {
    char *at, *end;
    struct gh_arena_block *extra;
    size_t left;
} gh_arena_mark;
gh_arena_mark gh_arena_now(const gh_arena *a);
/* Wiped, then given back: what was allocated since the mark, which must be this arena's and no older than its reset. */
void gh_arena_return(gh_arena *a, const gh_arena_mark *mark);

#define gh_arena_new(a, type) ((type *)gh_arena_array((a), 1, sizeof(type)))

#endif
