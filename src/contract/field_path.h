// Names for fields of a request in settings:
//
//     /prompt             a member of the body (a JSON Pointer; also a form's field)
//     /tracks/*/title     "*" is every item or member of one level
//     query.q  path.id  header.x-request-id  cookie.theme      a parameter
//     *                   every text of body, query and path
#ifndef GH_CONTRACT_FIELD_PATH_H
#define GH_CONTRACT_FIELD_PATH_H

#include "base/arena.h"
#include "schema/finding.h"

enum { GH_FIELD_PATH_STEPS = 16 };

typedef struct gh_field_path {
    gh_str text; /* as configured */
    uint8_t in;  /* enum gh_in */
    bool all;    /* "*" */
    gh_str name; /* of the parameter */
    unsigned n_steps;
    gh_str steps[GH_FIELD_PATH_STEPS]; /* decoded tokens; absent: any */
} gh_field_path;

/* False: *ret_why, a constant text. */
GH_MUST_CHECK bool gh_field_path_parse(gh_str text, gh_arena *arena, gh_field_path *ret,
                                       const char **ret_why);

#endif
