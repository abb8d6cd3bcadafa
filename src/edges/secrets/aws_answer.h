/* What AWS's endpoints answer, read strictly. Pure. All texts are in the arena; why is a constant text. */
#ifndef GH_EDGES_SECRETS_AWS_ANSWER_H
#define GH_EDGES_SECRETS_AWS_ANSWER_H

#include <stdint.h>

#include "base/arena.h"
#include "wire/chars.h"

typedef struct gh_aws_credentials {
    gh_str access_key_id, secret_access_key;
    gh_str session_token; /* absent: the key is not temporary */
    uint64_t expires_s;   /* Unix time; 0: they don't */
} gh_aws_credentials;

typedef struct gh_aws_value {
    gh_str text; /* absent: there is no such version */
    bool binary; /* it was a SecretBinary */
} gh_aws_value;

/* What goes into a header or a URL is one line of visible characters. */
static inline bool gh_aws_is_visible(gh_str text)
{
    return text.n == 0 || gh_skip_visible(text.p, text.p + text.n) == text.p + text.n;
}

/* GetSecretValue: {"SecretString": "..."} or {"SecretBinary": "base64"}. */
GH_MUST_CHECK bool gh_aws_read_value(gh_str body, gh_arena *arena, gh_aws_value *ret, const char **ret_why);
/* The member of that name, which must be a string, of a secret that is a JSON object. *ret_missing: there is no such member. */
GH_MUST_CHECK bool gh_aws_read_member(gh_str secret, gh_str name, gh_arena *arena, gh_str *ret,
                                      bool *ret_missing, const char **ret_why);
/* The name of an error, "AccessDeniedException" of {"__type": "com.amazonaws.x#AccessDeniedException"}; absent: there is none.
 * The rest of such an answer may quote the request with its session token: nothing of it is for a log. */
gh_str gh_aws_read_error(gh_str body, gh_arena *arena);
/* Of a container's or an instance's endpoint. */
GH_MUST_CHECK bool gh_aws_read_credentials(gh_str body, gh_arena *arena, gh_aws_credentials *ret,
                                           const char **ret_why);

#endif
