#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/crypto.h"

enum { ALIGN = 16, BLOCK = 4096 };

struct gh_arena_block {
    struct gh_arena_block *next;
    size_t size;
    _Alignas(ALIGN) char bytes[];
};

void gh_arena_init(gh_arena *a, void *first, size_t first_size, size_t cap)
{
    *a = (gh_arena){.at = first,
                    .end = first == NULL ? NULL : (char *)first + first_size,
                    .first = first,
                    .first_size = first_size,
                    .left = cap,
                    .cap = cap};
}

/* Those newer than `until`. */
static void drop_blocks(gh_arena *a, const struct gh_arena_block *until, bool wipe)
{
    while (a->extra != until) {
        struct gh_arena_block *next = a->extra->next;
        if (wipe)
            gh_wipe(a->extra->bytes, a->extra->size);
        if (a->source == NULL)
            free(a->extra);
        else
            a->source->give(a->extra, sizeof *a->extra + a->extra->size);
        a->extra = next;
    }
}

void gh_arena_init_from(gh_arena *a, const gh_arena_source *source, size_t cap)
{
    gh_arena_init(a, NULL, 0, cap);
    a->source = source;
}

void gh_arena_reset(gh_arena *a)
{
    drop_blocks(a, NULL, false);
    a->left = a->cap;
    a->at = a->first;
    a->end = a->first == NULL ? NULL : a->first + a->first_size;
}

void gh_arena_wipe(gh_arena *a)
{
    if (a->first != NULL)
        gh_wipe(a->first, a->first_size);
    for (struct gh_arena_block *b = a->extra; b != NULL; b = b->next)
        gh_wipe(b->bytes, b->size);
}

gh_arena_mark gh_arena_now(const gh_arena *a)
{
    return (gh_arena_mark){a->at, a->end, a->extra, a->left};
}

void gh_arena_return(gh_arena *a, const gh_arena_mark *mark)
{
    drop_blocks(a, mark->extra, true);
    a->at = mark->at;
    a->end = mark->end;
    a->left = mark->left;
    if (a->at != NULL)
        gh_wipe(a->at, (size_t)(a->end - a->at));
}

static void *from_new_block(gh_arena *a, size_t size)
{
    /* A source gives pages: the whole block is one. */
    size_t usual = a->source == NULL ? BLOCK : BLOCK - sizeof(struct gh_arena_block);
    size_t want = size > usual ? size : usual;
    if (want > a->left)
        want = size;
    if (want > a->left)
        return NULL;
    size_t whole = sizeof(struct gh_arena_block) + want;
    struct gh_arena_block *b = a->source == NULL ? malloc(whole) : a->source->get(whole);
    if (b == NULL)
        return NULL;
    a->left -= want;
    b->next = a->extra;
    b->size = want;
    a->extra = b;
    a->at = b->bytes + size;
    a->end = b->bytes + want;
    return b->bytes;
}

void *gh_arena_alloc(gh_arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGN)
        return NULL;
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (a->at == NULL || size > (size_t)(a->end - a->at))
        return from_new_block(a, size);
    void *p = a->at;
    a->at += size;
    return p;
}

void *gh_arena_array(gh_arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    void *p = gh_arena_alloc(a, bytes);
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

gh_str gh_arena_copy(gh_arena *a, gh_str s)
{
    char *p = s.n == SIZE_MAX ? NULL : gh_arena_alloc(a, s.n + 1);
    if (p == NULL)
        return (gh_str){NULL, 0};
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (gh_str){p, s.n};
}
