/* Detectors of dangerous content in a decoded text. Defence in depth: the upstream must still encode and bind.
 *
 * The table `rules` in dangerous.c has one row a check: a danger, the function that finds it, and how many layers of
 * escapes are undone for it. A whole rule engine plugs in as further rows there and names here. Pure; cost is linear
 * in the text, and memory at most 7 times its size. */
#ifndef GH_TEXT_DANGEROUS_H
#define GH_TEXT_DANGEROUS_H

#include "base/arena.h"

/* X(IDENTIFIER, "setting's name", "what it finds") */
/* clang-format off */
#define GH_DANGERS(X) \
    X(SCRIPT,        "script",        "script elements, event handlers and other active HTML")           \
    X(SCRIPT_URL,    "script_url",    "javascript:, vbscript: and data: URLs")                           \
    X(SQL,           "sql",           "shapes of SQL injection")                                         \
    X(TRAVERSAL,     "traversal",     "path traversal: .. between separators, in any encoding")          \
    X(CRLF,          "crlf",          "line breaks followed by what looks like a header field")          \
    X(CONTROL,       "control",       "control characters but tab, line feed and carriage return")       \
    X(BIDI,          "bidi",          "characters that reorder or hide text (U+202E and its like)")      \
    X(NOT_NORMAL,    "not_normal",    "text that is not in Unicode normalization form C")                \
    X(TOO_LONG,      "too_long",      "text over dangerous_content.max_length code points")
/* clang-format on */

enum gh_danger {
#define X(id, name, text) GH_DANGER_##id,
    GH_DANGERS(X)
#undef X
        GH_DANGER_COUNT
};

/* A set of checks: bit i is enum gh_danger. */
typedef uint32_t gh_danger_set;

gh_str gh_danger_name(enum gh_danger danger);

/* The first of the checks that finds something in `text` (valid UTF-8), or GH_DANGER_COUNT. max_length: for
 * TOO_LONG, in code points. What encoding can hide is looked at decoded too: HTML character references,
 * percent-escapes (twice), white space and control characters inside a scheme, case, full-width forms. No scratch
 * left where some is needed: the first of the checks, so that what could not be looked at is refused. */
enum gh_danger gh_danger_find(gh_str text, gh_danger_set checks, size_t max_length, gh_arena *scratch);

#endif
