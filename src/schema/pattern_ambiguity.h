/* Can a pattern be matched in so many ways that going back and trying again takes too long?
 *
 * After Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers by Using
 * Ambiguity of NFA" (2016): exponential when some state comes back to itself on one word in two ways; polynomial of
 * degree d when d pairs of loops in a row can share what they take. */
#ifndef GH_SCHEMA_PATTERN_AMBIGUITY_H
#define GH_SCHEMA_PATTERN_AMBIGUITY_H

#include "schema/pattern_nfa.h"

enum gh_ambiguity {
    GH_AMBIGUITY_BEARABLE,
    GH_AMBIGUITY_EXPONENTIAL,
    GH_AMBIGUITY_POLYNOMIAL, /* three loops in a row and more */
    GH_AMBIGUITY_TOO_LARGE   /* to be checked */
};

/* *ret_part: the repetition to blame, NULL when there is none. classes: of the whole pattern. */
GH_MUST_CHECK enum gh_ambiguity gh_ambiguity_find(const gh_node *root, const gh_classes *classes,
                                                  gh_arena *arena, const gh_node **ret_part);

#endif
