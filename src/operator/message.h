/* What goes over the admin socket: a request and its answer, a JSON object (RFC 8259) in one line each.
 *
 *   {"argv":["user","list"],"input":"cGFzc3dvcmQ"}       input: base64url (base64url.h), left out when there is none
 *   {"status":0,"out":"...","err":"..."}
 *
 * Both may hold secrets: whoever has them in memory wipes them. */
#ifndef GH_OPERATOR_MESSAGE_H
#define GH_OPERATOR_MESSAGE_H

#include "operator/operator.h"

enum {
    GH_MESSAGE_REQUEST_MAX = 8 << 20, /* bytes, with the line feed */
    GH_MESSAGE_ANSWER_MAX = 64 << 20
};

/* argv must be UTF-8 (gh_utf8_valid): other bytes would arrive changed. False: it does not fit. */
GH_MUST_CHECK bool gh_operator_request_put(gh_text *out, const gh_operator_request *request);
/* line: without its line feed. argv, input and their texts live in the arena or are parts of the line; argv is never
 * empty, and input has at most GH_OPERATOR_INPUT_MAX bytes. False: *ret_why says why. */
GH_MUST_CHECK bool gh_operator_request_read(gh_str line, gh_arena *arena, gh_operator_request *ret,
                                            const char **ret_why);

typedef struct gh_operator_answer {
    int status;
    gh_str out, err;
} gh_operator_answer;

GH_MUST_CHECK bool gh_operator_answer_put(gh_text *to, const gh_operator_answer *answer);
GH_MUST_CHECK bool gh_operator_answer_read(gh_str line, gh_arena *arena, gh_operator_answer *ret);

#endif
