/* One HTTP exchange for secrets, by libcurl: bounded in time and size, without redirects and proxies, and without a copy of
 * what was sent or received left behind. Blocks: never on a worker's loop. */
#ifndef GH_EDGES_SECRETS_HTTP_H
#define GH_EDGES_SECRETS_HTTP_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/arena.h"

enum { GH_SECRET_HTTP_WHY = 256 };

typedef struct gh_secret_http {
    const char *method;         /* "GET" */
    const char *url;            /* the scheme decides on TLS; the caller has checked that it may */
    const char *const *headers; /* "Name: value" */
    unsigned n_headers;
    gh_str body;         /* absent: none */
    size_t max;          /* bytes of the answer */
    const char *ca_file; /* PEM; trusted in place of the system's certificates; NULL: those */
    uint32_t connect_ms, total_ms;
    const atomic_bool *stop; /* becomes true: give up; may be NULL */
} gh_secret_http;

typedef struct gh_secret_http_answer {
    unsigned status;
    gh_str body; /* in the arena */
} gh_secret_http_answer;

/* False: there was no whole answer, and why says why. */
GH_MUST_CHECK bool gh_secret_http_do(const gh_secret_http *request, gh_arena *arena,
                                     gh_secret_http_answer *ret, char why[GH_SECRET_HTTP_WHY]);

#endif
