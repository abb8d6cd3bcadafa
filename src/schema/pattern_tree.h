/* The syntax tree of a pattern: ECMA-262 section 22.2.1 with the u flag, read strictly.
 *
 * A pattern only says yes or no, so groups leave no trace and every assertion about one neighbouring character
 * ("^", "$", \b, (?!-)) is brought to one form: the EDGE. */
#ifndef GH_SCHEMA_PATTERN_TREE_H
#define GH_SCHEMA_PATTERN_TREE_H

#include "schema/pattern_set.h"

enum gh_node_kind {
    GH_NODE_EMPTY,
    GH_NODE_SET,      /* one code point of `set` */
    GH_NODE_SEQUENCE, /* the children, one after the other */
    GH_NODE_CHOICE,   /* one of the children */
    GH_NODE_REPEAT,   /* the child, min to max times */
    GH_NODE_EDGE,     /* the neighbour is one of `set` (negated: is none of it, or is not there) */
    GH_NODE_LOOK      /* the child fits (negated: does not) behind or ahead of here */
};

enum { GH_REPEAT_MAX = 65535, GH_REPEAT_NO_END = UINT32_MAX };

typedef struct gh_node gh_node;
struct gh_node {
    uint8_t kind;  /* enum gh_node_kind */
    bool behind;   /* EDGE, LOOK: looks at what comes before */
    bool negated;  /* EDGE, LOOK */
    bool lazy;     /* REPEAT */
    uint32_t min;  /* REPEAT */
    uint32_t max;  /* REPEAT; GH_REPEAT_NO_END: without end */
    size_t at, to; /* its place in the text, in bytes */
    const gh_range_set *set;
    uint16_t set_index; /* SET, EDGE: which of the automata's sets; for pattern_classes.c */
    gh_node *child, *next, *previous;
};

typedef struct gh_tree_fault {
    const char *why; /* in the arena, or constant */
    size_t at;       /* byte offset */
} gh_tree_fault;

/* NULL: refused, or no memory left; *ret says why. */
GH_MUST_CHECK gh_node *gh_tree_read(gh_str text, gh_arena *arena, gh_tree_fault *ret);
/* Is the text a pattern of ECMA-262 at all, with backreferences and all? */
bool gh_tree_is_pattern(gh_str text, gh_arena *arena);

#endif
