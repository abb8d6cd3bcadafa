/* Code points that no set of a pattern tells apart, as one class: the alphabet of its automata. */
#ifndef GH_SCHEMA_PATTERN_CLASSES_H
#define GH_SCHEMA_PATTERN_CLASSES_H

#include "schema/pattern_tree.h"

enum { GH_CLASSES_MAX = 256, GH_CLASS_SETS_MAX = 1024 };

/* A set of classes. */
typedef struct gh_class_bits {
    uint64_t word[GH_CLASSES_MAX / 64];
} gh_class_bits;

static inline bool gh_class_bits_has(const gh_class_bits *bits, unsigned class)
{
    return (bits->word[class / 64] >> (class % 64) & 1) != 0;
}

static inline bool gh_class_bits_meet(const gh_class_bits *a, const gh_class_bits *b)
{
    uint64_t common = 0;
    for (size_t i = 0; i < GH_COUNT(a->word); i++)
        common |= a->word[i] & b->word[i];
    return common != 0;
}

/* From which code point on which class: entry i holds up to where entry i + 1 begins. */
typedef struct gh_class_run {
    uint32_t from;
    uint8_t class;
} gh_class_run;

typedef struct gh_classes {
    unsigned n;         /* how many classes */
    gh_class_run *runs; /* in order; the first begins at 0 */
    size_t n_runs;
    gh_range_set *sets;  /* the different sets of the pattern */
    gh_class_bits *bits; /* of each of them */
    unsigned n_sets;
} gh_classes;

/* Numbers the sets (set_index). False: more sets or classes than there may be, or no memory left. */
GH_MUST_CHECK bool gh_classes_of(gh_node *root, gh_arena *arena, gh_classes *ret);

static inline unsigned gh_class_of(const gh_class_run *runs, size_t n, uint32_t c)
{
    size_t low = 0; /* the last that begins at or before c is in [low, low + n) */
    while (n > 1) {
        size_t half = n / 2;
        if (runs[low + half].from <= c)
            low += half;
        n -= half;
    }
    return runs[low].class;
}

#endif
