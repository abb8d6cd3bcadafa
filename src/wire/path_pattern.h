// Patterns of paths for routes and rules, over normalised paths (gh_target.path).
//
//     /a/b            exactly this path
//     /users/{id}/x   {id} is one segment, at least one byte
//     /static/{}      one segment without a name
//     /static/**      /static itself and everything below it, also /static/
//     /**             everything
//
// A match compares bytes exactly, with case; "/a" and "/a/" are two paths (an API may tell them apart).
// "**" may only be the last segment. A literal is any character a normalised path can hold but "{", "}"
// and "*"; percent-escapes are written in upper-case hex, for what needs them.
#ifndef GH_WIRE_PATH_PATTERN_H
#define GH_WIRE_PATH_PATTERN_H

#include "base/arena.h"

enum { GH_PATH_PARAMS_MAX = 8, GH_PATH_SEGMENTS_MAX = 64 };

typedef struct gh_path_segment {
    gh_str text; /* the literal; absent: a parameter */
    gh_str name; /* of a parameter; may be empty */
    bool
        joined; /* belongs to the same segment as the entry before: "{a}.json" is two entries (templates only) */
} gh_path_segment;

typedef struct gh_path_pattern {
    gh_str text;   /* as it was configured */
    gh_str prefix; /* the leading literal segments, which every match begins with: "/users" */
    gh_path_segment *segments;
    unsigned n_segments; /* entries of segments, without "**" */
    unsigned n_leading;  /* those in the prefix */
    unsigned n_params;
    bool rest; /* ends with "**" */
} gh_path_pattern;

/* A match's parameters in the pattern's order: slices of the path. */
typedef struct gh_path_params {
    gh_str values[GH_PATH_PARAMS_MAX];
    unsigned n;
} gh_path_params;

/* False: *ret_why (a constant text) says what is wrong and *ret_column where (1 is the first byte).
 * At most 8 parameters and 64 segments; names of parameters are letters, digits and "_", and differ. */
GH_MUST_CHECK bool gh_path_pattern_compile(gh_str text, gh_arena *arena, gh_path_pattern *ret,
                                           const char **ret_why, unsigned *ret_column);

/* A path template of OpenAPI (3.1 section 4.8.8): as above, but without "**" and "{}"; a segment may mix literals
 * and parameters ("{name}.json", "{owner}:{repo}"), names may hold any character but "{", "}" and "/", and literals
 * are brought into the form of normalised paths (escapes of what needs none, lower-case escapes, raw UTF-8).
 * A mixed segment matches only where it can be read in one way: "{a}:{b}" does not match "1:2:3", which routers
 * split differently. */
GH_MUST_CHECK bool gh_path_template_compile(gh_str text, gh_arena *arena, gh_path_pattern *ret,
                                            const char **ret_why, unsigned *ret_column);
/* The entries of one mixed segment against one segment of a path; values (may be NULL) gets the parameters. */
bool gh_path_pieces_match(const gh_path_segment *pieces, unsigned n, gh_str part, gh_str *ret_values);

/* ret_params may be NULL; it is written only for a match. "*" (OPTIONS *) is matched by nothing. */
bool gh_path_pattern_match(const gh_path_pattern *pattern, gh_str path, gh_path_params *ret_params);

/* As gh_path_pattern_match(), and also for the spellings that many APIs take for the same path: other case,
 * one "/" more or less at the end, escaped characters ("%40" for "@"), parameters behind a segment (";x").
 * For what must not be got round; a path that the API tells apart is matched once too often. Not for templates. */
bool gh_path_pattern_match_spellings(const gh_path_pattern *pattern, gh_str path);

/* Does a match every path that b matches? Then b behind a is never reached. Not for templates. */
bool gh_path_pattern_covers(const gh_path_pattern *a, const gh_path_pattern *b);

#endif
