/* Which field paths fit while a tree of values is gone through, level by level. */
#ifndef GH_CONTRACT_FIELD_MATCH_H
#define GH_CONTRACT_FIELD_MATCH_H

#include "contract/field_path.h"

typedef struct gh_field_match {
    const gh_field_path **paths; /* those of the body */
    unsigned *ids;               /* the caller's numbers of them */
    uint8_t *steps;              /* of each path, how many fit so far */
    unsigned n;
} gh_field_match;

enum { GH_FIELD_NONE = -1 };

/* Room for `most` paths. False: no memory. */
GH_MUST_CHECK bool gh_field_match_open(gh_field_match *match, unsigned most, gh_arena *arena);
/* Adds a path; what is not of the body is passed over. */
void gh_field_match_add(gh_field_match *match, const gh_field_path *path, unsigned id);
/* The least id of the paths that are "*", or NONE. */
int gh_field_match_all(const gh_field_match *match);
/* From depth (0: the root) down to the member or item `token`: the least id of the paths that end there, or NONE.
 * *ret_alive: may a path end further down? */
int gh_field_match_down(gh_field_match *match, unsigned depth, gh_str token, bool *ret_alive);
/* From the root to a field of a form whose name has brackets, "color[R]" or "tags[]": also by what stands before
 * them, and then a path that goes further down stands for the field too. */
int gh_field_match_field(gh_field_match *match, gh_str name, bool *ret_alive);
/* Back up to depth. */
void gh_field_match_up(gh_field_match *match, unsigned depth);

#endif
