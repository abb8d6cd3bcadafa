/* Regular expressions of schemas: ECMA-262 with the u flag, as JSON Schema asks, and nothing else.
 *
 * Nearly every pattern becomes a deterministic automaton when it is compiled: matching is one table look-up a code
 * point, allocates nothing and can't blow up, (a+)+$ included. Lookarounds at the pattern's ends
 * ("^(?=.*[A-Z])(?=.*\d).{8,}$") become automata of their own that must all agree; those at one neighbouring
 * character ("(?!-)", "\b") are part of the automaton.
 *
 * What is left (lookarounds further in, automata over 65,536 cells) goes through PCRE2's interpreter, without its
 * compiler to machine code: memory that can be written and executed is not worth it. It is refused at compile time
 * when it is ambiguous in a way that takes exponential time or time of n^3 and more, and every match has a limit of
 * steps that is linear in its subject. */
#ifndef GH_SCHEMA_PATTERN_H
#define GH_SCHEMA_PATTERN_H

#include "base/arena.h"

typedef struct gh_pattern gh_pattern; /* immutable: threads may share it */

enum gh_match_result { GH_MATCH_NO, GH_MATCH_YES, GH_MATCH_TOO_COSTLY };

enum { GH_PATTERN_LENGTH_MAX = 4000 }; /* bytes */

/* Not anchored, like JSON Schema's "pattern". `text` is valid UTF-8. NULL: *ret_why says why and what to do (in the
 * arena, or constant): a syntax error, something ECMA-262 has not, a backreference, a pattern that can blow up, or
 * one that is too long. Takes some milliseconds at worst. Free with gh_pattern_free(). */
GH_MUST_CHECK gh_pattern *gh_pattern_new(gh_str text, gh_arena *arena, const char **ret_why);
/* NULL is fine. */
void gh_pattern_free(gh_pattern *pattern);
/* subject: valid UTF-8. scratch: bounds the memory of a match that needs some; nothing is left in it. */
GH_MUST_CHECK enum gh_match_result gh_pattern_match(const gh_pattern *pattern, gh_str subject,
                                                    gh_arena *scratch);

/* For tests: which engine does it, and only that one? GH_PATTERN_ANY is what gh_pattern_new() does. */
enum gh_pattern_engine { GH_PATTERN_ANY, GH_PATTERN_AUTOMATA, GH_PATTERN_BACKTRACKING };
GH_MUST_CHECK gh_pattern *gh_pattern_new_with(gh_str text, enum gh_pattern_engine engine, gh_arena *arena,
                                              const char **ret_why);
enum gh_pattern_engine gh_pattern_engine_of(const gh_pattern *pattern);
/* The same as gh_pattern_match(), and how much work it was: bytes read by automata. With backtracking: 0. */
GH_MUST_CHECK enum gh_match_result gh_pattern_match_counted(const gh_pattern *pattern, gh_str subject,
                                                            gh_arena *scratch, size_t *ret_work);

#endif
