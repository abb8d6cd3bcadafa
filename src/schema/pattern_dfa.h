/* A pattern as a deterministic automaton: one table look-up a code point, whatever the pattern. */
#ifndef GH_SCHEMA_PATTERN_DFA_H
#define GH_SCHEMA_PATTERN_DFA_H

#include "schema/pattern_nfa.h"

typedef struct gh_dfa {
    /* Rows of `width` cells: where each class leads to, as the offset of a row, and a last cell that says whether
     * the subject may end here. Row 0 is "never more", row 1 "found". */
    const uint16_t *table;
    size_t n_cells;
    const gh_class_run *runs; /* of all code points */
    size_t n_runs;
    uint16_t width, start;
    uint8_t ascii[128]; /* the class of each */
} gh_dfa;

enum { GH_DFA_CELLS_MAX = 65536, GH_DFA_STATES_MAX = 4096 };

/* Finds the pattern anywhere in a subject. The result is in `own`, working memory in `arena`. False: it would be
 * larger than the limits, or no memory left. */
GH_MUST_CHECK bool gh_dfa_build(const gh_nfa *nfa, gh_arena *arena, gh_arena *own, gh_dfa *ret);

/* Is the pattern in the subject? *ret_read (may be NULL): how many bytes it took to tell. */
bool gh_dfa_match(const gh_dfa *dfa, gh_str subject, size_t *ret_read);

#endif
