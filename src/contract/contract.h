/* A contract: what an API says it takes and gives, compiled. From an OpenAPI document (src/openapi), or from a
 * route's own settings (config/compile_validation.c). Immutable; lives in an arena of its builder.
 *
 * contract/match.c finds the operation of a request, contract/input.c reads what a request brings by it,
 * contract/check_*.c compare. */
#ifndef GH_CONTRACT_CONTRACT_H
#define GH_CONTRACT_CONTRACT_H

#include "contract/field_path.h"
#include "schema/schema.h"
#include "text/dangerous.h"
#include "wire/media_type.h"
#include "wire/path_pattern.h"

enum gh_param_style {
    GH_STYLE_SIMPLE, /* path and header: a,b,c */
    GH_STYLE_FORM,   /* query and cookie: a=1&a=2, or a=1,2 when not exploded */
    GH_STYLE_SPACE_DELIMITED,
    GH_STYLE_PIPE_DELIMITED,
    GH_STYLE_DEEP_OBJECT, /* color[R]=100&color[G]=200 */
    GH_STYLE_LABEL,       /* path: .a.b */
    GH_STYLE_MATRIX       /* path: ;id=1 */
};

typedef struct gh_parameter {
    gh_str name; /* of a header: in lower case */
    uint8_t in;  /* enum gh_in, not BODY */
    uint8_t style;
    bool explode, required, allow_empty;
    bool json;               /* `content: application/json`: the value is a JSON text */
    const gh_schema *schema; /* NULL: anything */
} gh_parameter;

/* How one field of a form is written, where it is not by the schema's type alone. */
typedef struct gh_encoding {
    gh_str name;
    gh_str type; /* media range of a part, e.g. "image/png, image/jpeg"; absent: any */
    uint8_t style;
    bool explode;
    bool json; /* the part is a JSON text */
} gh_encoding;

typedef struct gh_media {
    gh_str range; /* lower case: "application/json", "image/..."; see gh_media_range_takes() */
    enum gh_media_kind kind;
    const gh_schema *schema; /* NULL: anything */
    gh_encoding *encodings;
    unsigned n_encodings;
} gh_media;

typedef struct gh_response {
    unsigned status_low, status_high; /* 200..200, "2XX" 200..299, "default" 0..999 */
    gh_media *media;
    unsigned n_media; /* 0: nothing is said about a body */
} gh_response;

typedef struct gh_operation {
    gh_str id;               /* operationId, or "POST /a/{b}" */
    gh_str method;           /* as in a request: "GET" */
    gh_path_pattern pattern; /* with any prefix; a template, or of a route's own settings the route's */
    gh_parameter *parameters;
    unsigned n_parameters;
    bool parameters_closed; /* query parameters that are not declared are findings */
    gh_media *media;        /* of the request body */
    unsigned n_media;
    bool body_declared; /* false: a body is refused at the door; true with n_media 0: any may come */
    bool body_required;
    bool reads_body;        /* some schema needs the body whole (set by gh_contract_finish()) */
    gh_response *responses; /* in the order they are looked at: exact, ranges, default */
    unsigned n_responses;
    gh_str *security; /* names of the schemes of which one suffices; for reports */
    unsigned n_security;
} gh_operation;

typedef struct gh_contract_tree gh_contract_tree;

typedef struct gh_contract {
    gh_str name; /* of the document, for messages */
    gh_operation *operations;
    unsigned n_operations;
    const gh_contract_tree *tree; /* of path segments (tree.h); set by gh_contract_finish() */
} gh_contract;

/* Builds the index over `operations` once they are all there. False: no memory, or two operations have the same
 * method and the same paths; *ret_first and *ret_second are their numbers then (both 0: no memory). */
GH_MUST_CHECK bool gh_contract_finish(gh_contract *contract, gh_arena *arena, unsigned *ret_first,
                                      unsigned *ret_second);

enum gh_contract_match { GH_CONTRACT_FOUND, GH_CONTRACT_NO_PATH, GH_CONTRACT_NO_METHOD };

/* The operation of a request. Of several templates that fit, literal segments win from the left (OpenAPI 3.1
 * section 4.8.8.2), then mixed ones, then whole parameters; one that has the method wins over one that has not.
 * HEAD finds the GET where there is no HEAD. path: normalised (gh_target.path). params may be
 * NULL. With NO_METHOD, *ret_methods (may be NULL) gets what the path does take, for Allow: a ready list
 * "GET, HEAD" in the contract's arena. Time: the path's segments, not the number of operations. */
GH_MUST_CHECK enum gh_contract_match gh_contract_find(const gh_contract *contract, gh_str method, gh_str path,
                                                      const gh_operation **ret, gh_path_params *params,
                                                      gh_str *ret_methods);

/* The declared media type that takes `name`: exact first, then "type/..." and the rest; NULL: none. */
const gh_media *gh_media_find(const gh_media *media, unsigned n, gh_str name);

#endif
