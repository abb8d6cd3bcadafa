/* Regular expressions of schemas (ECMA-262 with the u flag, as JSON Schema asks), through PCRE2.
 *
 * What could take more than linear or low polynomial time is refused when it is compiled, and every match has a
 * limit besides. Nothing is allocated at a match but from the caller's arena. */
#ifndef GH_SCHEMA_PATTERN_H
#define GH_SCHEMA_PATTERN_H

#include "base/arena.h"

typedef struct gh_pattern gh_pattern;

enum gh_match_result { GH_MATCH_NO, GH_MATCH_YES, GH_MATCH_TOO_COSTLY };

/* Not anchored, like JSON Schema's "pattern". NULL: *ret_why says why (in the arena, or constant): a syntax error,
 * something ECMA-262 has not, a backreference, a pattern that can blow up, or one over 1,000 characters.
 * Free with gh_pattern_free(). */
GH_MUST_CHECK gh_pattern *gh_pattern_new(gh_str text, gh_arena *arena, const char **ret_why);
/* NULL is fine. */
void gh_pattern_free(gh_pattern *pattern);
/* subject: valid UTF-8. */
GH_MUST_CHECK enum gh_match_result gh_pattern_match(const gh_pattern *pattern, gh_str subject,
                                                    gh_arena *scratch);

#endif
