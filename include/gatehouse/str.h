/* Slices: a pointer and a length, borrowed, never NUL-terminated.
 *
 * Owner: whoever owns the bytes; a slice never frees. An absent slice has
 * p == NULL and n == 0; an empty one has p != NULL and n == 0. */
#ifndef GATEHOUSE_STR_H
#define GATEHOUSE_STR_H

#include <gatehouse/api.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

GH_BEGIN_DECLS

typedef struct gh_str {
    const char *p;
    size_t n;
} gh_str;

/* A slice over a string literal: GH_STR("GET"). */
#ifdef __cplusplus
#define GH_STR(literal) (gh_str{(literal), sizeof(literal) - 1})
#else
#define GH_STR(literal) ((gh_str){(literal), sizeof(literal) - 1})
#endif
/* The same, usable as a static initialiser. */
#define GH_STR_INIT(literal)           \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static inline gh_str gh_str_of(const char *z)
{
    gh_str s = {z, z == NULL ? 0 : strlen(z)};
    return s;
}

static inline bool gh_str_eq(gh_str a, gh_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

GH_END_DECLS

#endif
