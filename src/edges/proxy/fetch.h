/* A document from an upstream: one blocking GET, for start and reload. Never on a worker's loop. */
#ifndef GH_EDGES_PROXY_FETCH_H
#define GH_EDGES_PROXY_FETCH_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "base/buf.h"

typedef struct gh_fetch {
    const struct sockaddr_storage *address;
    socklen_t address_size;
    gh_str host; /* for the Host field */
    gh_str path; /* "/openapi.json"; a query may follow */
    size_t max;  /* bytes of the document */
    unsigned connect_ms, total_ms;
    const atomic_bool *stop; /* becomes true: give up; may be NULL */
} gh_fetch;

enum { GH_FETCH_WHY_SIZE = 128 };

/* HTTP/1.1, read as strictly as any answer of an upstream; only a whole 200 without a content coding will do, and
 * redirects are not followed. The caller frees ret->p, which is never NULL then. False: why says why not. */
GH_MUST_CHECK bool gh_fetch_document(const gh_fetch *what, gh_str *ret, char why[GH_FETCH_WHY_SIZE]);

#endif
