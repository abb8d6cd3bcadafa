/* A pattern as a nondeterministic automaton (Thompson's construction). */
#ifndef GH_SCHEMA_PATTERN_NFA_H
#define GH_SCHEMA_PATTERN_NFA_H

#include "schema/pattern_classes.h"

enum gh_state_kind {
    GH_STATE_SET,   /* takes one code point of a set */
    GH_STATE_SPLIT, /* goes on at `out` and at `other` */
    GH_STATE_EDGE,  /* goes on when the neighbour is right */
    GH_STATE_MATCH
};

typedef struct gh_state {
    uint8_t kind; /* enum gh_state_kind */
    bool behind, negated;
    uint16_t set; /* SET, EDGE: which of the classes' sets */
    uint16_t out, other;
    const gh_node *loop; /* SET: the outermost repetition around it, or NULL */
} gh_state;

enum {
    GH_NFA_STATES_MAX = 8192,
    GH_NFA_EXACT, /* what the pattern says */
    /* For the search for ambiguity: assertions always hold, counted repetitions may become loops, and a loop is
     * entered and gone round by different states, so that (a*)* has two ways from an "a" to the next. */
    GH_NFA_LOOSE
};

typedef struct gh_nfa {
    const gh_classes *classes;
    gh_state *states; /* room for `room` */
    unsigned n, room;
    uint16_t start;
    bool has_edges;
} gh_nfa;

/* room: how many states there may be. False: more than that, no memory left, or (exact) a LOOK in it. */
GH_MUST_CHECK bool gh_nfa_build(const gh_node *root, const gh_classes *classes, int mode, gh_arena *arena,
                                unsigned room, gh_nfa *ret);

#endif
