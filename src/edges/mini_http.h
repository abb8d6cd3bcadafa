/* A small HTTP/1.1 server for a few known pages: the admin listener and the demo's upstream.
 *
 * One loop, bounded connections, heads, bodies and answers; one timer a connection ends what takes too long.
 * Everything runs on the loop's thread. It is not the proxy's server and never on its path. */
#ifndef GH_EDGES_MINI_HTTP_H
#define GH_EDGES_MINI_HTTP_H

#include <uv.h>

#include "base/buf.h"
#include "wire/h1_head.h"

enum { GH_MINI_BODY_KEPT = 2048, GH_MINI_FIELDS = 100 };

typedef struct gh_mini gh_mini;

typedef struct gh_mini_request { /* borrowed until the answer is given */
    const gh_h1_head *head;
    gh_str path, query; /* of the target as it came; query absent when there is no "?" */
    uint64_t body_size; /* bytes received */
    gh_str body;        /* the first GH_MINI_BODY_KEPT of them */
} gh_mini_request;

typedef struct gh_mini_answer { /* filled in by the page */
    unsigned status;            /* 200 at first */
    const char *type;           /* Content-Type; "text/plain; charset=utf-8" at first */
    const char *fields;         /* more field lines, each with its CRLF; NULL: none */
    gh_buf body;
    uint64_t delay_ms; /* answer only then */
    unsigned events;   /* > 0: body is ignored, so many pieces follow, one each event_ms */
    uint64_t event_ms;
} gh_mini_answer;

typedef struct gh_mini_options {
    size_t max_head, max_body, max_answer;
    unsigned max_connections;
    uint64_t timeout_ms; /* for a whole request, for writing an answer, and between two requests */
    bool keep_alive;
    void *data;
    void (*answer)(void *data, const gh_mini_request *request, gh_mini_answer *answer);
    void (*event)(void *data, unsigned number, gh_buf *out); /* number: from 1 */
} gh_mini_options;

/* address: "127.0.0.1:9080", "[::1]:9080", "localhost:9080", "unix:/path"; port 0: any free one.
 * NULL: *ret_why says why (in a static buffer). */
GH_MUST_CHECK gh_mini *gh_mini_start(uv_loop_t *loop, gh_str address, const gh_mini_options *options,
                                     const char **ret_why);
/* Closes the listener and its connections; memory is freed when the loop has run. */
void gh_mini_stop(gh_mini *m);
/* The port it listens on; 0 with a unix socket. */
unsigned gh_mini_port(const gh_mini *m);

/* Answers with problem details (RFC 9457). error: its code ("not_found"). */
void gh_mini_problem(gh_mini_answer *answer, unsigned status, const char *error, const char *detail);
/* "Not Found" for 404. */
const char *gh_mini_phrase(unsigned status);

#endif
