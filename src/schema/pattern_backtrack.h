/* What has no automaton of bearable size, through PCRE2's interpreter: it goes back and tries again, so its work is
 * limited. */
#ifndef GH_SCHEMA_PATTERN_BACKTRACK_H
#define GH_SCHEMA_PATTERN_BACKTRACK_H

#include "schema/pattern.h"
#include "schema/pattern_tree.h"

typedef struct gh_backtrack {
    void *code;      /* a pcre2_code in `own` */
    uint32_t weight; /* code points that one step of PCRE2's count may take, at most */
} gh_backtrack;

/* False: *ret_why says why. The result is in `own`. */
GH_MUST_CHECK bool gh_backtrack_build(const gh_node *root, gh_arena *arena, gh_arena *own, gh_backtrack *ret,
                                      const char **ret_why);
/* How many steps a subject may take. */
uint32_t gh_backtrack_limit(const gh_backtrack *backtrack, size_t subject_length);
/* Needs memory while it runs: at most what is left in scratch, of its own, given back at the end. */
GH_MUST_CHECK enum gh_match_result gh_backtrack_match(const gh_backtrack *backtrack, gh_str subject,
                                                      uint32_t limit, const gh_arena *scratch);

#endif
