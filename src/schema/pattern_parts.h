/* A pattern as automata: what is said at its ends about more than a character is taken apart from the rest. */
#ifndef GH_SCHEMA_PATTERN_PARTS_H
#define GH_SCHEMA_PATTERN_PARTS_H

#include "schema/pattern_dfa.h"

typedef struct gh_pattern_part {
    gh_dfa dfa;
    bool negated; /* must not be found */
    bool last;    /* of an alternative: all parts up to here must hold, or all of another alternative */
} gh_pattern_part;

typedef struct gh_pattern_parts {
    gh_pattern_part *items;
    size_t n;
} gh_pattern_parts;

/* False: it can't be done within the limits. The result is in `own`. */
GH_MUST_CHECK bool gh_parts_build(gh_node *root, gh_arena *arena, gh_arena *own, gh_pattern_parts *ret);
/* *io_work: the bytes read are added. */
bool gh_parts_match(const gh_pattern_parts *parts, gh_str subject, size_t *io_work);

#endif
