/* Shared by the parts of the reader of patterns: pattern_tree.c (terms), pattern_group.c (groups, assertions),
 * pattern_class.c (escapes, classes). */
#ifndef GH_SCHEMA_PATTERN_READ_H
#define GH_SCHEMA_PATTERN_READ_H

#include "base/buf.h"
#include "schema/pattern_tree.h"

typedef struct gh_group_name {
    gh_str name;
    struct gh_group_name *next;
} gh_group_name;

/* A property that was looked up: it takes milliseconds, and a pattern may name it a thousand times. */
typedef struct gh_known_property {
    gh_str name;
    gh_range_set set; /* without room, so that who adds to it gets memory of its own */
    struct gh_known_property *next;
} gh_known_property;

typedef struct gh_tree_reader {
    gh_str text;
    size_t at; /* the next byte */
    gh_arena *arena;
    gh_tree_fault *fault; /* why is NULL as long as there is none */
    bool syntax_only;     /* for gh_tree_is_pattern(): backreferences are fine, sets stay empty */
    unsigned depth;
    uint32_t groups, highest_reference;
    gh_group_name *names, *references;
    gh_known_property *properties;
} gh_tree_reader;

/* Notes what is wrong at the byte `at`; the first fault counts. False, for the caller to return. */
bool gh_read_fail(gh_tree_reader *r, size_t at, const char *why);
bool gh_read_fail_memory(gh_tree_reader *r);

static inline bool gh_read_is(const gh_tree_reader *r, char c)
{
    return r->at < r->text.n && r->text.p[r->at] == c;
}

/* Takes c, if it comes next. */
static inline bool gh_read_take(gh_tree_reader *r, char c)
{
    bool is = gh_read_is(r, c);
    r->at += is;
    return is;
}

static inline bool gh_read_starts(const gh_tree_reader *r, gh_str prefix)
{
    return gh_str_starts(gh_str_cut(r->text, r->at, r->text.n), prefix);
}

/* The next code point; there is one. */
uint32_t gh_read_code_point(gh_tree_reader *r);
/* ASCII letters, digits, "_" and "$": a group's name up to ">", which is taken too. */
bool gh_read_name(gh_tree_reader *r, gh_str *ret);

/* What an escape is: one code point, or a set. */
typedef struct gh_escape {
    bool is_set;
    uint32_t code_point;
    gh_range_set set; /* tidy */
} gh_escape;

/* Behind a backslash; the one of an assertion or a backreference is not for it. */
bool gh_read_escape(gh_tree_reader *r, bool in_class, gh_escape *ret);
/* Behind "[", with the "]". NULL: refused. */
const gh_range_set *gh_read_class(gh_tree_reader *r);
/* [A-Za-z0-9_], and "." (section 22.2.2.7.1: all but line terminators). */
bool gh_read_word_set(gh_tree_reader *r, gh_range_set *ret);
bool gh_read_dot_set(gh_tree_reader *r, gh_range_set *ret);

/* Nodes that begin at the byte `at` and end here. NULL: no memory left, which is noted. */
gh_node *gh_read_new_node(gh_tree_reader *r, enum gh_node_kind kind, size_t at);
gh_node *gh_read_new_set(gh_tree_reader *r, enum gh_node_kind kind, size_t at, const gh_range_set *set);
/* "^" and "$": there is nothing at all on that side. */
gh_node *gh_read_new_end(gh_tree_reader *r, size_t at, bool behind);
/* \b: a word character on one side only; \B: on both or none. */
gh_node *gh_read_new_word_edge(gh_tree_reader *r, size_t at, bool negated);
/* Behind "(", with the ")"; `at` is the "(". NULL: refused. */
gh_node *gh_read_group(gh_tree_reader *r, size_t at);
/* Up to ")" or the end. NULL: refused. */
gh_node *gh_read_choice(gh_tree_reader *r);

#endif
