/* Within src/openapi: a document being read. Nothing here is for callers outside. */
#ifndef GH_OPENAPI_LOAD_H
#define GH_OPENAPI_LOAD_H

#include "openapi/openapi.h"
#include "openapi/refs.h"

/* A value and how one came to it, for messages. Lives on the reader's stack. */
typedef struct gh_oa_at {
    const gh_json *node;       /* NULL: not there */
    const struct gh_oa_at *up; /* NULL: the document, or where a "$ref" led */
    gh_str token;              /* of a member: its name; without `up`: the whole pointer; absent: an item */
    unsigned index;            /* of an item */
} gh_oa_at;

gh_oa_at gh_oa_member(const gh_oa_at *up, gh_str name);
#define gh_oa_lit(up, literal) gh_oa_member((up), GH_STR(literal))
/* Of an object's member or an array's item that was come to by iteration. */
gh_oa_at gh_oa_child(const gh_oa_at *up, const gh_json *child, unsigned index);

/* What is said once a document, at its first place. */
enum gh_oa_once {
    GH_OA_ONCE_FORMATS,
    GH_OA_ONCE_XML,
    GH_OA_ONCE_CALLBACKS,
    GH_OA_ONCE_LINKS,
    GH_OA_ONCE_RESPONSE_HEADERS,
    GH_OA_ONCE_PART_HEADERS,
    GH_OA_ONCE_FILES,
    GH_OA_ONCE_RESERVED,
    GH_OA_ONCE_SERVERS,
    GH_OA_ONCE_IGNORED_HEADERS
};

enum {
    GH_OA_ERRORS_MAX = 100,
    GH_OA_MESSAGES_MAX = 400,
    GH_OA_PARAMETERS_MAX = 256, /* of one path or operation */
    GH_OA_FORMATS_MAX = 64,     /* unknown names that are told apart: of formats, of keywords */
    GH_OA_QUOTED_MAX = 512,
    GH_OA_WHY_MAX = 800 /* of what the schema compiler says */
};

typedef struct gh_oa_load {
    gh_openapi *ret;
    gh_arena *arena;
    const gh_openapi_options *options;
    gh_oa_refs refs;
    gh_oa_set scanned; /* schemas that were looked through for what is not enforced */
    gh_str prefix;     /* options.prefix without a "/" at its end */
    bool v31, no_memory;
    uint32_t said; /* bits: enum gh_oa_once */
    unsigned n_errors, n_others, cap_messages, cap_operations;
    unsigned errors_omitted, others_omitted;
    gh_str formats[GH_OA_FORMATS_MAX];
    unsigned n_formats;
    gh_str keywords[GH_OA_FORMATS_MAX];
    unsigned n_keywords;
    gh_oa_at security; /* the document's, which `standard` is read from when it is needed */
    gh_str *standard;
    unsigned n_standard;
    bool security_read;
    gh_buf draft; /* the message being written */
    char draft_text[1024];
} gh_oa_load;

/* ---- message.c ---- */

/* Says a text, made as by printf; the same one at the same place is said once. False, so that callers can return
 * it. */
#define gh_oa_say(l, level, at, ...) \
    (gh_buf_printf(gh_oa_draft(l), __VA_ARGS__), gh_oa_put((l), (level), (at)))
gh_buf *gh_oa_draft(gh_oa_load *l);
bool gh_oa_put(gh_oa_load *l, enum gh_openapi_level level, const gh_oa_at *at);
void gh_oa_say_once(gh_oa_load *l, enum gh_oa_once what, enum gh_openapi_level level, const gh_oa_at *at,
                    const char *text);
bool gh_oa_no_memory(gh_oa_load *l); /* false */
/* A name from the document, in quotes, safe to print; cut when it is long. With a NUL. */
const char *gh_oa_quoted(gh_str name, char memory[GH_OA_QUOTED_MAX]);
/* An error about messages that found no room any more. */
void gh_oa_say_omitted(gh_oa_load *l);

/* ---- value.c: values of the right kind, or an error ---- */

/* Is it there? Then it must be of the type: an error otherwise, and false. */
bool gh_oa_is(gh_oa_load *l, const gh_oa_at *at, enum gh_json_type type);
/* Members of an object by these names; absent or false where there are none or, with an error, of another type. */
gh_str gh_oa_text(gh_oa_load *l, const gh_oa_at *object, gh_str name);
bool gh_oa_flag(gh_oa_load *l, const gh_oa_at *object, gh_str name, bool standard);
/* Says what is no field of this object: `known` is a list of names with a space between. */
void gh_oa_fields(gh_oa_load *l, const gh_oa_at *object, const char *known);
bool gh_oa_is_extension(gh_str name);
/* Says what a "$ref" of this object makes void (OpenAPI 3.0.3 and 3.1 section 4.8.23, "Reference Object"). */
void gh_oa_beside_reference(gh_oa_load *l, const gh_oa_at *at);
/* Follows "$ref", if that is what the object is. False: an error, said. */
GH_MUST_CHECK bool gh_oa_follow(gh_oa_load *l, const gh_oa_at *at, gh_oa_at *ret);

/* ---- schemas.c ---- */

/* NULL: there is none, or an error. What is in it and not enforced is said. */
const gh_schema *gh_oa_schema(gh_oa_load *l, const gh_oa_at *at, enum gh_schema_direction direction);

/* ---- media.c ---- */

/* A `content` map. False: no memory or an error, said. */
bool gh_oa_content(gh_oa_load *l, const gh_oa_at *content, enum gh_schema_direction direction,
                   gh_media **ret_media, unsigned *ret_n);
void gh_oa_request_body(gh_oa_load *l, const gh_oa_at *at, gh_operation *operation);

/* ---- parameters.c, style.c, responses.c, security.c ---- */

typedef struct gh_oa_parameters {
    gh_parameter *items;
    unsigned n;
} gh_oa_parameters;

/* A list of parameters. `pattern`: of the path, whose {names} they must fit. */
gh_oa_parameters gh_oa_parameter_list(gh_oa_load *l, const gh_oa_at *list, const gh_path_pattern *pattern);
/* The operation's and those of its path that it does not declare itself. */
gh_oa_parameters gh_oa_parameters_merge(gh_oa_load *l, gh_oa_parameters of_path, gh_oa_parameters own);
void gh_oa_responses(gh_oa_load *l, const gh_oa_at *at, gh_operation *operation);
void gh_oa_security(gh_oa_load *l, const gh_oa_at *operation_object, gh_operation *operation);
/* "style" and "explode" of a parameter or a form's field, with their defaults; an error where the place has not the
 * style. */
void gh_oa_style(gh_oa_load *l, const gh_oa_at *object, enum gh_in in, uint8_t *ret_style, bool *ret_explode);

/* ---- paths.c, security.c ---- */

void gh_oa_paths(gh_oa_load *l, const gh_oa_at *root);
void gh_oa_servers(gh_oa_load *l, const gh_oa_at *object);
#endif
