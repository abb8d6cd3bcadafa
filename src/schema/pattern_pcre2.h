/* PCRE2 with memory out of an arena: taken, never given back before the arena goes. */
#ifndef GH_SCHEMA_PATTERN_PCRE2_H
#define GH_SCHEMA_PATTERN_PCRE2_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"

static inline void *gh_pcre2_take(size_t size, void *arena)
{
    return gh_arena_alloc(arena, size);
}

static inline void gh_pcre2_give_back(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

GH_MUST_CHECK static inline pcre2_general_context *gh_pcre2_over(gh_arena *arena)
{
    return pcre2_general_context_create(gh_pcre2_take, gh_pcre2_give_back, arena);
}

#endif
