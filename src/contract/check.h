/* Compares what a request or an answer brings with its operation. */
#ifndef GH_CONTRACT_CHECK_H
#define GH_CONTRACT_CHECK_H

#include "contract/input.h"

/* At the door, before anything is charged or read: is the body's type declared, and is a body there where one
 * must be and nowhere else? */
enum gh_door_fault {
    GH_DOOR_FINE,
    GH_DOOR_MEDIA_TYPE, /* 415: *ret_accepted is what it takes, for Accept-Post-like details; may be absent */
    GH_DOOR_BODY_UNWANTED /* a body where none is declared */
};
GH_MUST_CHECK enum gh_door_fault gh_check_door(const gh_operation *operation, const gh_request *request,
                                               gh_media_type *ret_type, const gh_media **ret_media);

/* Everything else: parameters of all kinds, the body against its schema. Findings are added in the order path,
 * query, header, cookie, body. A missing body that is required is one too. */
GH_MUST_CHECK enum gh_schema_result gh_check_request(const gh_operation *operation,
                                                     const gh_input_source *source, const gh_input *input,
                                                     const gh_input_limits *limits, gh_arena *scratch,
                                                     gh_findings *findings);

/* The answer of an upstream: what drifted from the contract. */
enum gh_drift { GH_DRIFT_NONE, GH_DRIFT_STATUS, GH_DRIFT_MEDIA_TYPE, GH_DRIFT_BODY };
/* From the head alone. *ret_media: whose schema the body is to be compared with; NULL: no need to read it. */
GH_MUST_CHECK enum gh_drift gh_check_response_head(const gh_operation *operation, unsigned status,
                                                   gh_str content_type, const gh_media **ret_media);
GH_MUST_CHECK enum gh_drift gh_check_response_body(const gh_media *media, gh_str body,
                                                   const gh_input_limits *limits, gh_arena *scratch,
                                                   gh_findings *findings);

#endif
