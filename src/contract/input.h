/* What a request brings, read once: parameters and body as values. */
#ifndef GH_CONTRACT_INPUT_H
#define GH_CONTRACT_INPUT_H

#include <gatehouse/request.h>

#include "contract/contract.h"
#include "wire/form.h"
#include "wire/multipart.h"

/* Bounds on reading; the same for all operations. */
typedef struct gh_input_limits {
    gh_json_limits json;
    unsigned pairs; /* parameters in a query, fields in a form, cookies */
    gh_part_limits parts;
} gh_input_limits;

/* The raw material; slices of the request. */
typedef struct gh_input_source {
    const gh_request *request;
    gh_str query;                   /* gh_target.query */
    gh_path_params params;          /* of the operation's pattern, in its order */
    const gh_path_pattern *pattern; /* whose params they are; NULL: none */
    bool has_body;                  /* the body is in `body`, whole; false: it streams and is not looked at */
    gh_str body;
} gh_input_source;

/* One parameter as it came, decoded, whether declared or not: for what looks at texts. */
typedef struct gh_input_text {
    uint8_t in; /* enum gh_in */
    gh_str name;
    gh_str value;
} gh_input_text;

typedef struct gh_input {
    gh_media_type type; /* of the body; name_size 0: none given */
    gh_pairs query, cookies;
    gh_pairs form;  /* of a urlencoded body */
    gh_parts parts; /* of a multipart body */
    gh_json *body;  /* JSON as read; a form as an object of lexical values (arrays where the schema says or
                           * names repeat); text/... as one string; NULL: none or opaque */
    bool query_read, cookies_read;
} gh_input;

enum gh_input_result {
    GH_INPUT_OK,
    GH_INPUT_BAD,   /* findings say where and why */
    GH_INPUT_MEMORY /* no scratch left: to be refused */
};

/* Is there a body, or bytes announced that may be one? */
bool gh_body_announced(const gh_request *request);
/* Has it a Content-Encoding but identity? What is coded can't be looked into (RFC 9110 section 8.4: 415), and is not
 * decoded here: its size when decoded is anybody's guess. */
bool gh_body_coded(const gh_request *request);
/* Its one Content-Type; name_size is 0 when there is none. False: two of them, or malformed: who guesses, or takes
 * the other line, might read what nobody looked into. */
GH_MUST_CHECK bool gh_body_type(const gh_request *request, gh_media_type *ret);
/* May a body of this type be read: is its charset UTF-8, or not given? */
bool gh_input_is_utf8(const gh_media_type *type);

/* Reads query, cookies (when some are declared) and (when there is one) body. operation: NULL when there is none;
 * then forms are objects of texts.
 * Bad syntax (JSON, escapes, multipart, UTF-8) is a finding. Everything lives in `scratch`. */
GH_MUST_CHECK enum gh_input_result gh_input_read(const gh_input_source *source, const gh_operation *operation,
                                                 const gh_input_limits *limits, gh_arena *scratch,
                                                 gh_findings *findings, gh_input *ret);

#endif
