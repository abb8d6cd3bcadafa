/* The admin listener: /metrics, /healthz, /readyz, on a loop of the main thread. Never on the hot path. */
#ifndef GH_EDGES_ADMIN_ADMIN_H
#define GH_EDGES_ADMIN_ADMIN_H

#include <uv.h>

#include "base/buf.h"

typedef struct gh_admin gh_admin;

typedef struct gh_admin_pages { /* called on the loop's thread; write a body into out */
    void *data;
    void (*metrics)(void *data, gh_buf *out);
    /* True: ready. Otherwise the body says what is missing and the status is 503. */
    bool (*ready)(void *data, gh_buf *out);
} gh_admin_pages;

/* address: "127.0.0.1:9080", "[::1]:9080" or "unix:/path". NULL: *ret_why says why (in a static buffer). */
GH_MUST_CHECK gh_admin *gh_admin_start(uv_loop_t *loop, gh_str address, const gh_admin_pages *pages,
                                       const char **ret_why);
/* Closes the listener and its connections; memory is freed when the loop has run. */
void gh_admin_stop(gh_admin *admin);
/* The port it listens on (useful with port 0); 0 with a unix socket. */
unsigned gh_admin_port(const gh_admin *admin);

#endif
