/* Sets of code points, as ranges. Surrogates are never in one: subjects are UTF-8, which has none. */
#ifndef GH_SCHEMA_PATTERN_SET_H
#define GH_SCHEMA_PATTERN_SET_H

#include "base/arena.h"

enum { GH_CODE_POINT_MAX = 0x10ffff };

typedef struct gh_range {
    uint32_t from, to; /* both included */
} gh_range;

typedef struct gh_range_set {
    gh_range *items; /* once tidy: in order, disjoint, not adjacent */
    size_t n, room;
} gh_range_set;

/* By where they begin. */
void gh_ranges_sort(gh_range *items, size_t n);
/* False: no memory left. The set is untidy afterwards. */
GH_MUST_CHECK bool gh_range_set_add(gh_range_set *set, uint32_t from, uint32_t to, gh_arena *arena);
GH_MUST_CHECK bool gh_range_set_add_all(gh_range_set *set, const gh_range *items, size_t n, gh_arena *arena);
/* Sorts, joins, and takes the surrogates out. */
GH_MUST_CHECK bool gh_range_set_tidy(gh_range_set *set, gh_arena *arena);
/* Of a tidy set, everything else. *ret is tidy. */
GH_MUST_CHECK bool gh_range_set_invert(const gh_range_set *set, gh_range_set *ret, gh_arena *arena);
/* Of tidy sets. */
bool gh_range_set_has(const gh_range_set *set, uint32_t c);
bool gh_range_set_eq(const gh_range_set *a, const gh_range_set *b);
/* Is it all code points? */
bool gh_range_set_is_all(const gh_range_set *set);

/* The code point at *at, before end, in valid UTF-8; moves *at behind it. */
static inline uint32_t gh_code_point_next(const char **at, const char *end)
{
    const uint8_t *p = (const uint8_t *)*at;
    size_t left = (size_t)(end - *at);
    if (gh_likely(p[0] < 0x80)) {
        *at += 1;
        return p[0];
    }
    if (p[0] < 0xe0 && left >= 2) {
        *at += 2;
        return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    }
    if (p[0] < 0xf0 && left >= 3) {
        *at += 3;
        return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    }
    if (left >= 4) {
        *at += 4;
        return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    }
    *at = end; /* not valid after all: never read beyond it */
    return 0xfffd;
}

#endif
