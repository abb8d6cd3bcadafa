/* An index over the names of pairs or parts: who has this name, in n log n whatever the names are. */
#ifndef GH_CONTRACT_NAMES_H
#define GH_CONTRACT_NAMES_H

#include "base/arena.h"

typedef struct gh_names {
    const char *items; /* their first member is the name */
    size_t stride;
    unsigned n;
    uint32_t *order; /* numbers of items, by name and then as they came */
} gh_names;

/* False: no memory. */
GH_MUST_CHECK bool gh_names_init(gh_names *names, const void *items, size_t stride, unsigned n,
                                 gh_arena *arena);
gh_str gh_names_at(const gh_names *names, uint32_t item);
/* The numbers of the items of that name, as they came; *ret_n is 0 when there are none. */
const uint32_t *gh_names_find(const gh_names *names, gh_str name, unsigned *ret_n);
/* Likewise of the items whose names begin with `prefix`: by name. */
const uint32_t *gh_names_below(const gh_names *names, gh_str prefix, unsigned *ret_n);

#endif
