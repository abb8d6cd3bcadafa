/* Compares what a request or an answer brings with its operation. */
#ifndef GH_CONTRACT_CHECK_H
#define GH_CONTRACT_CHECK_H

#include "contract/input.h"

/* At the door, by the head alone, before anything is charged or read. A body that is missing is
 * gh_check_request()'s. *ret_type and *ret_media: what the body is, and whose schema it is compared with (NULL: there is
 * no body, or any may come). */
enum gh_door_fault {
    GH_DOOR_FINE,
    GH_DOOR_MEDIA_TYPE, /* 415: a body whose one Content-Type is missing, malformed, twice, not declared, or names
                           * another charset than UTF-8 for what is read as text; or a body with a schema that is
                           * coded (Content-Encoding); or bytes of a type that only a range takes, whose schema no
                           * text fits */
    GH_DOOR_BODY_UNWANTED /* a body where none is declared */
};
GH_MUST_CHECK enum gh_door_fault gh_check_door(const gh_operation *operation, const gh_request *request,
                                               gh_media_type *ret_type, const gh_media **ret_media);

/* Everything else: parameters of all kinds, the body against its schema. Findings are added in the order path,
 * query, header, cookie, body. A missing body that is required is one too; an empty one counts as missing. A parameter
 * that comes twice where no array is declared is refused, though many frameworks take the first or the last: a gate
 * that checked one while the upstream used the other would be no gate. */
GH_MUST_CHECK enum gh_schema_result gh_check_request(const gh_operation *operation,
                                                     const gh_input_source *source, const gh_input *input,
                                                     const gh_input_limits *limits, gh_arena *scratch,
                                                     gh_findings *findings);

/* The answer of an upstream: what drifted from the contract. */
enum gh_drift { GH_DRIFT_NONE, GH_DRIFT_STATUS, GH_DRIFT_MEDIA_TYPE, GH_DRIFT_BODY };
/* From the head alone. *ret_media: whose schema the body is to be compared with; NULL: no need to read it. Not for
 * answers to HEAD. */
GH_MUST_CHECK enum gh_drift gh_check_response_head(const gh_operation *operation, unsigned status,
                                                   gh_str content_type, const gh_media **ret_media);
/* What can't be checked has drifted: too costly, or no memory left. */
GH_MUST_CHECK enum gh_drift gh_check_response_body(const gh_media *media, gh_str body,
                                                   const gh_input_limits *limits, gh_arena *scratch,
                                                   gh_findings *findings);

#endif
