/* Inside of the small HTTP server: shared by mini_http.c, mini_answer.c and mini_listen.c only. */
#ifndef GH_EDGES_MINI_CONN_H
#define GH_EDGES_MINI_CONN_H

#include "edges/mini_http.h"
#include "wire/h1_body.h"

typedef union gh_mini_stream {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
} gh_mini_stream;

typedef struct gh_mini_conn gh_mini_conn;

struct gh_mini {
    gh_mini_options options;
    gh_mini_stream listener;
    gh_mini_conn *conns;
    unsigned n_conns;
    unsigned open; /* the listener and the connections: freed at 0 */
    bool is_unix, stopping;
};

enum gh_mini_phase {
    GH_MINI_HEAD,
    GH_MINI_BODY,
    GH_MINI_DELAY, /* the answer is ready, its time has not come */
    GH_MINI_WRITE,
    GH_MINI_STREAM, /* between two events */
    GH_MINI_LINGER /* all is written; lets the client read it before the socket goes (RFC 9112 section 9.6) */
};

struct gh_mini_conn {
    gh_mini_stream socket;
    uv_timer_t timer;
    gh_mini *server;
    gh_mini_conn *next, **link;
    enum gh_mini_phase phase;
    unsigned open; /* handles: freed at 0 */
    bool keep;     /* the connection stays open after this answer */
    bool chunked_answer;

    char *in; /* the head, and behind it what of the body is in hand */
    size_t in_n, in_cap;
    gh_h1_head head;
    gh_field fields[GH_MINI_FIELDS];
    gh_chunked chunked;
    uint64_t body_left, body_size;
    char body[GH_MINI_BODY_KEPT];
    size_t body_n;

    gh_mini_answer answer;
    unsigned event;
    char out_head[1024];
    char *out;
    uv_write_t write;
    uv_shutdown_t shutdown;
};

/* mini_listen.c */
GH_MUST_CHECK int gh_mini_bind(gh_mini *m, uv_loop_t *loop, gh_str address);
/* mini_http.c */
void gh_mini_close(gh_mini_conn *c);
void gh_mini_wait(gh_mini_conn *c, enum gh_mini_phase phase, uint64_t ms);
/* The answer is written: go on with the next request, or end. */
void gh_mini_answered(gh_mini_conn *c);
/* mini_answer.c */
void gh_mini_make_answer(gh_mini_conn *c);
void gh_mini_refuse(gh_mini_conn *c, unsigned status, const char *error, const char *detail);
/* The timer in GH_MINI_DELAY and GH_MINI_STREAM. */
void gh_mini_answer_due(gh_mini_conn *c);

#endif
