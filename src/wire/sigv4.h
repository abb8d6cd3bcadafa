/* AWS Signature Version 4: who sends a request, and that nobody has changed it. Pure: the time is handed in.
 *
 * "Create a signed AWS API request" in AWS's IAM User Guide. A request is written in one canonical form, that form is
 * hashed, and the hash is signed with a key for one day, region and service. */
#ifndef GH_WIRE_SIGV4_H
#define GH_WIRE_SIGV4_H

#include "base/buf.h"

enum {
    GH_SIGV4_HEADERS_MAX = 16,
    GH_SIGV4_TIME_SIZE = 16 /* "20150830T123600Z" */
};

typedef struct gh_sigv4_header {
    gh_str name, value; /* as they are sent */
} gh_sigv4_header;

typedef struct gh_sigv4_request {
    gh_str method; /* "POST" */
    gh_str path;   /* "/...": without "." and ".." parts, percent-encoded */
    gh_str query;  /* in its canonical form: encoded, sorted by name, "a=1&b="; empty or absent: none */
    /* Those that are signed, in any order: Host and X-Amz-Date among them, and X-Amz-Security-Token where there is one.
     * Values of one name are joined in the order they have here. */
    const gh_sigv4_header *headers;
    unsigned n_headers; /* at most GH_SIGV4_HEADERS_MAX */
    gh_str body;
} gh_sigv4_request;

typedef struct gh_sigv4_signer {
    gh_str access_key_id, secret_access_key;
    gh_str region, service; /* "eu-central-1", "secretsmanager" */
    gh_str time;            /* UTC, GH_SIGV4_TIME_SIZE characters: the value of X-Amz-Date */
} gh_sigv4_signer;

/* The canonical request. It holds every signed header's value: wipe it where one is a secret. */
void gh_sigv4_canonical(const gh_sigv4_request *request, gh_buf *out);
void gh_sigv4_string_to_sign(const gh_sigv4_signer *signer, gh_str canonical, gh_buf *out);
/* The value of the Authorization header. work: empty, with room for the canonical request, which is left in it. False:
 * something did not fit, or the time is none. */
GH_MUST_CHECK bool gh_sigv4_authorization(const gh_sigv4_request *request, const gh_sigv4_signer *signer,
                                          gh_buf *work, gh_buf *out);

#endif
