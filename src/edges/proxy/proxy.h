/* The proxy's own nouns: generation, worker, client connection, exchange, upstream connection.
 *
 *   generation  a configuration in use: policy and upstreams; shared, ref-counted, swapped at reload
 *   worker      a thread with its loop, listeners, buffers and upstream connections
 *   view        a worker's handle on a generation, counted without atomics
 *   client      a connection from a client; idle ones hold no buffer and no exchange
 *   exchange    a request in progress: its transaction, and both directions of its bodies
 *   held        a body that is looked into: read whole, and sent from memory
 *   link        a connection to an upstream server */
#ifndef GH_EDGES_PROXY_PROXY_H
#define GH_EDGES_PROXY_PROXY_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "config/config.h"
#include "core/engine.h"
#include "edges/drive.h"
#include "edges/identity/key_sets.h"
#include "edges/proxy/io.h"
#include "edges/proxy/mailbox.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "wire/h1_body.h"
#include "wire/h1_head.h"

typedef struct gh_worker gh_worker;
typedef struct gh_client gh_client;
typedef struct gh_exchange gh_exchange;
typedef struct gh_link gh_link;
typedef struct gh_pool gh_pool;

/* One upstream server as all workers see it; survives a reload that keeps its address. */
typedef struct gh_server {
    _Atomic unsigned references;
    char name[256]; /* as configured */
    gh_str host;    /* for the Host field when it is not preserved: "host:port" */
    struct sockaddr_storage address;
    socklen_t address_size;
    _Atomic unsigned failures;   /* in a row */
    _Atomic uint64_t out_until;  /* loop time in ms; 0: in use */
    _Atomic uint64_t next_trial; /* while out: when one request may try it */
    _Atomic bool unhealthy;      /* by active checks */
} gh_server;

typedef struct gh_upstream {
    const gh_upstream_config *config;
    gh_server **servers;
    unsigned n_servers;
} gh_upstream;

typedef struct gh_generation {
    _Atomic unsigned references;
    gh_config *config; /* shared with the generations that were made of it again */
    _Atomic unsigned *config_users;
    gh_policy *policy;
    gh_upstream *upstreams;
    unsigned n_upstreams;
    uint8_t key[GH_SIPHASH_KEY_SIZE]; /* of the keys that clients are counted by; set before it is used */
} gh_generation;

/* A worker's connections to one server. */
struct gh_pool {
    gh_pool *next;
    gh_server *server;
    gh_link *idle; /* newest first */
    unsigned n_idle, n_active, n_links;
    unsigned n_views; /* that name it */
    bool wanted;      /* does the current view use it? */
};

typedef struct gh_view {
    gh_generation *generation;
    unsigned references;
    gh_pool ***pools;    /* [upstream][server] */
    unsigned *next_turn; /* round robin, by upstream */
} gh_view;

typedef struct gh_listener {
    uv_poll_t poll;
    gh_worker *worker;
    int fd;
    bool unix_socket;
} gh_listener;

enum { GH_RANDOM_POOL = 768 };

struct gh_worker {
    unsigned index;
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t wake;
    _Atomic(gh_generation *) next; /* a reload's generation, to be taken over */
    atomic_bool drain;
    bool draining, stopped;
    uint64_t drain_deadline;
    gh_view *view;
    gh_wheel wheel;
    gh_timer drain_timer, accept_timer;
    bool out_of_descriptors;
    gh_iobuf_pool buffers;
    gh_listener *listeners;
    unsigned n_listeners;
    gh_client *clients; /* all of them */
    unsigned n_clients, max_clients;
    gh_exchange *free_exchanges;
    unsigned n_free_exchanges;
    gh_pool *pools;
    unsigned n_links;
    const gh_executors *executors;
    gh_redis *redis;       /* this loop's connection; NULL: this process counts for itself */
    gh_counters *counters; /* likewise */
    gh_counters_shared *counters_shared;
    gh_mailbox mailbox;    /* operations that are done */
    gh_exchange *standing; /* exchanges of known callers, see standing.c */
    gh_timer standing_timer;
    gh_key_sets *jwks;           /* told of keys that are not there; NULL: there are no issuers */
    gh_token_cache *token_cache; /* NULL: identity was off at the start */
    gh_metrics *metrics;
    gh_log_lane *lane;
    gh_field *response_fields;
    char *lines; /* scratch for reply lines and problem bodies */
    char *scratch_memory;
    gh_arena scratch;       /* of the stage BODY: empty between two calls of the loop */
    _Atomic uint64_t *held; /* bytes of all held bodies, of all workers */
    char date[32];          /* "Sun, 06 Nov 1994 08:49:37 GMT", of date_second */
    uint64_t date_second;
    uint8_t random[GH_RANDOM_POOL];
    unsigned random_left;
    unsigned checks; /* for sampling */
    unsigned health_seen;
    uint64_t stranger_said, drift_said; /* loop time of the last event of its kind */
    uint64_t drift_unsaid;
    bool log_access;
    uv_async_t *ended; /* told when this worker's loop has ended */
    atomic_uint *running;
};

/* All header lines that controls can add, with the longest values a configuration may have, and more. */
enum { GH_LINES_SIZE = 65536, GH_PROBLEM_SIZE = 16384, GH_RESPONSE_FIELDS = 512 };

enum gh_client_state {
    GH_CLIENT_PROXY_HEADER, /* waiting for the PROXY protocol's header */
    GH_CLIENT_HEAD,         /* waiting for, or reading, a request's head */
    GH_CLIENT_EXCHANGE,     /* a request is in progress */
    GH_CLIENT_LINGER,       /* all sent; what still comes is read and dropped, then close */
    GH_CLIENT_TUNNEL        /* an upgraded connection */
};

struct gh_client {
    gh_io io; /* first: the io's owner is found by it */
    gh_worker *worker;
    gh_client *next, *prev;
    gh_exchange *exchange;
    gh_ip peer;
    uint16_t peer_port;
    uint8_t state;
    bool tls;              /* said by the PROXY protocol */
    bool eof;              /* the client has closed its side */
    bool serving;          /* serve() is on the stack */
    uint32_t scanned;      /* bytes of an incomplete head looked at */
    uint64_t head_started; /* loop time; 0: no byte of a head yet */
    uint64_t lingered;     /* bytes dropped while lingering */
};

enum gh_link_state { GH_LINK_CONNECTING, GH_LINK_ACTIVE, GH_LINK_IDLE, GH_LINK_TUNNEL };

struct gh_link {
    gh_io io; /* first */
    gh_worker *worker;
    gh_pool *pool;
    gh_link *next, *prev; /* among the idle */
    gh_exchange *exchange;
    uint8_t state;
    bool reused;          /* carried a request before */
    bool eof;             /* a tunnel's upstream has said all */
    bool deaf;            /* takes no more of the request; its answer is still read */
    uint64_t sent_before; /* io.sent when this exchange took it */
    uint64_t received;    /* bytes of this exchange's answer */
};

enum gh_answer_state {
    GH_ANSWER_WAIT, /* no head from the upstream yet */
    GH_ANSWER_BODY,
    GH_ANSWER_DONE
};

/* The first block of a worker's scratch, kept for ever; what more it may take: hold.c. */
enum { GH_SCRATCH_FIRST = 64 * 1024 };

enum gh_hold_state {
    GH_HOLD_NONE,
    GH_HOLD_READING, /* the client's bytes are collected; there is no upstream yet */
    GH_HOLD_WHOLE    /* what was looked at is sent from here, and only that */
};

/* A body in memory that counts against validation.memory. */
typedef struct gh_held {
    char *data;
    size_t size, cap;
    size_t sent; /* in the link's buffer, or further */
    uint8_t state;
} gh_held;

/* The transaction's arena begins with this much; most requests never need more. */
enum { GH_EXCHANGE_ARENA = 2048, GH_EXCHANGE_ARENA_MAX = 256 * 1024 };

struct gh_exchange {
    gh_exchange *next; /* among the free */
    gh_client *client;
    gh_link *link;
    gh_view *view;
    gh_pool *pool; /* whose n_active counts this exchange */
    const gh_upstream *upstream;

    gh_txn txn;
    gh_request request;
    gh_h1_head head;
    gh_arena arena;
    uint64_t started_ns, started_ms; /* ns only when somebody wants to know */

    /* request body: client -> upstream */
    uint32_t head_size; /* bytes of the client's buffer that hold the head */
    gh_chunked request_chunks;
    uint64_t request_left; /* with a length */
    uint64_t request_bytes;
    uint64_t waiting_since, waited_ms; /* for the client's bytes, so that a slow upstream is not its fault */
    bool request_done;                 /* all of it is in the link's buffer, or held */
    bool rewindable;                   /* the client's buffer still holds all that was taken of the body */
    gh_held held;

    /* answer: upstream -> client */
    uint8_t answer;
    uint8_t answer_framing; /* enum gh_framing, as received */
    bool answer_chunked;    /* as sent */
    bool link_reusable;
    gh_chunked answer_chunks;
    uint64_t answer_left;
    uint64_t answer_bytes;
    const gh_media *answer_media; /* what its body is to be compared with; NULL: nothing */
    gh_held copy;                 /* of the body, to be compared */
    unsigned status;              /* told to the client; 0: nothing yet */
    unsigned interims;            /* 1xx answers so far */
    uint64_t upstream_ns, upstream_ms;
    uint64_t dispatched_ms; /* when an upstream was first looked for: a held body is whole by then */
    uint64_t sent_ms;       /* when the head went to the upstream */

    gh_str own_left;       /* of our own answer's body: what is not in the client's buffer yet */
    gh_drive_state drive;  /* what it waits for, see wait.c */
    bool standing;         /* in the worker's list */
    uint64_t looked_epoch; /* the roster's, before its caller was looked up */
    gh_exchange *standing_next, *standing_prev;

    bool keep_alive;            /* the client's connection, after this */
    bool upgrade;               /* a WebSocket handshake is asked for */
    bool bound;                 /* the pool counts it */
    bool logged, left;          /* its line is written; the client went away */
    enum gh_reason last_reason; /* of the try before */
    uint8_t tries;
    bool fresh_only;     /* a kept-alive link failed: take a new one */
    uint32_t tried;      /* bit i: server i was tried */
    unsigned max_fields; /* room in fields */

    _Alignas(16) char arena_memory[GH_EXCHANGE_ARENA];
    gh_field fields[];
};

/* generation.c: takes policy over in any case, and config when it succeeds. NULL: see the report. old: servers with
 * the same address are taken over; may be NULL. */
GH_MUST_CHECK gh_generation *gh_generation_new(gh_config *config, gh_policy *policy, const gh_generation *old,
                                               gh_report *report);
/* The same configuration, compiled again to policy because a document has come that was missing; takes policy over. */
GH_MUST_CHECK gh_generation *gh_generation_renew(const gh_generation *old, gh_policy *policy,
                                                 gh_report *report);
gh_generation *gh_generation_ref(gh_generation *g);
void gh_generation_unref(gh_generation *g);
void gh_server_unref(gh_server *server);
/* Fills in host and address by the name; blocks. NULL, or why not. */
const char *gh_server_resolve(gh_server *server);

/* worker.c */
gh_view *gh_view_new(gh_worker *w, gh_generation *g); /* takes over one reference to g; NULL: out of memory */
static inline gh_view *gh_view_ref(gh_view *view)
{
    view->references++;
    return view;
}
void gh_view_unref(gh_view *view);
GH_MUST_CHECK int gh_worker_start(gh_worker *w);
/* Wakes the worker up: a new generation in w->next, or w->drain. Any thread. */
void gh_worker_wake(gh_worker *w);
/* The last client or link is gone: is it time to end? */
void gh_worker_check_end(gh_worker *w);
gh_str gh_worker_date(gh_worker *w);
gh_world gh_worker_world(gh_worker *w);

/* client.c */
void gh_client_accept(gh_listener *listener, int fd, const struct sockaddr_storage *from);
/* The exchange is over: next request, or the end of the connection. */
void gh_client_exchange_over(gh_client *c);
void gh_client_close(gh_client *c);
/* Closes with a reset: what was sent is not whole. */
void gh_client_reset(gh_client *c);
/* All is sent: reads on for a moment so that the answer is not lost to a reset, then closes. */
void gh_client_linger(gh_client *c);
/* No more requests: answers one that has come by now, else closes when nothing is in progress. */
void gh_client_drain(gh_client *c);

/* exchange.c */
gh_exchange *gh_exchange_new(gh_client *c);
void gh_exchange_start(gh_exchange *x, gh_h1_head head);
/* A head that could not be read: answer and close. */
void gh_exchange_refuse_head(gh_exchange *x, enum gh_reason reason, const char *detail);
/* Ends it with our own answer, if none has begun; else cuts the connection. */
void gh_exchange_fail(gh_exchange *x, enum gh_reason reason, const char *detail);
/* The client has gone: cancels the upstream request. */
void gh_exchange_client_left(gh_exchange *x);
/* A deadline of the client's side has passed. */
void gh_exchange_client_late(gh_exchange *x);
/* Both sides are through. Frees x. */
void gh_exchange_finish(gh_exchange *x);
/* The pool no longer counts it. */
void gh_exchange_unbind(gh_exchange *x);
void gh_exchange_free_all(gh_worker *w);
/* To the upstream, or to another one after a failure. */
void gh_exchange_dispatch(gh_exchange *x);
void gh_exchange_client_event(gh_exchange *x, int events);
/* Takes the transaction on, and carries out what comes of it: reads the body, forwards or answers. */
void gh_exchange_decide(gh_exchange *x);
/* Ends it with our own answer before anything went to an upstream. */
void gh_exchange_refuse(gh_exchange *x, enum gh_reason reason, const char *detail);

/* The link is connected: the head goes out, with what is there of the body. */
void gh_exchange_link_ready(gh_exchange *x);
/* The link broke before an answer came: another try, or a failure. */
void gh_exchange_link_failed(gh_exchange *x, enum gh_reason reason, const char *detail);
/* The answer is whole and sent: the connection's next request, or its end. */
void gh_exchange_complete(gh_exchange *x);

/* relay.c: moves what can be moved, in both directions. False: the exchange has ended, x is gone. */
GH_MUST_CHECK bool gh_relay_request(gh_exchange *x);
GH_MUST_CHECK bool gh_relay_answer(gh_exchange *x);
/* The upstream has closed, and that is the end of its body. */
void gh_relay_answer_end(gh_exchange *x);
/* The answer's last byte is in the client's buffer. */
void gh_relay_answer_done(gh_exchange *x);
/* relay_settle.c: after either: flush, complete, or wait for what is missing. */
void gh_relay_settle(gh_exchange *x);
/* Is the client the one that holds this up, by not reading or not sending? */
bool gh_relay_waits_for_client(const gh_exchange *x);
/* Drops what is left of a request's body if it is all there already; false: it is not. */
GH_MUST_CHECK bool gh_relay_skip_request(gh_exchange *x);

/* hold.c: bodies that are looked into. */
/* The engine wants the body: reads it, as much of it as there is; the rest comes by events. */
void gh_hold_begin(gh_exchange *x);
/* Something came from the client. */
void gh_hold_event(gh_exchange *x);
/* What is to be forwarded in the body's place is taken over. False: there is no memory for it. */
GH_MUST_CHECK bool gh_hold_replace(gh_exchange *x);
/* Is part of a held body still to be sent? */
static inline bool gh_hold_unsent(const gh_exchange *x)
{
    return x->held.sent < x->held.size;
}
/* Room for `need` bytes in all: doubled, but no more than `most` bytes, which is all there can be. False: there is no
 * memory, or validation.memory is in use. */
GH_MUST_CHECK bool gh_held_grow(gh_exchange *x, gh_held *h, size_t need, uint64_t most);
void gh_held_free(gh_exchange *x, gh_held *h);
/* The worker's scratch, empty. */
void gh_scratch_open(gh_exchange *x);
/* The worker's scratch for the stage BODY, when the policy has controls there; and its end, after which nothing
 * of it is used any more. */
void gh_scratch_begin(gh_exchange *x);
void gh_scratch_end(gh_exchange *x);

/* drift.c: answers that are compared with the contract. When txn.operation is there and the policy wants it: */
void gh_drift_head(gh_exchange *x, const gh_h1_head *head);
/* While answer_media is there: the next piece of the body, and the end when all of it is sent. */
void gh_drift_copy(gh_exchange *x, gh_str data);
void gh_drift_end(gh_exchange *x);
void gh_drift_free(gh_exchange *x);

/* serve_redis.c: on the worker's loop, before it runs; when it ends. False: out of memory. */
GH_MUST_CHECK bool gh_worker_open_counters(gh_worker *w, gh_counters_shared *shared);
void gh_worker_close_counters(gh_worker *w);

/* wait.c */
/* Readies an operation for its way; the exchange's drive tool. */
void gh_wait_prepare(void *exchange, gh_op *op);
/* The last operation was submitted: waits for it, or for the client to leave. */
void gh_wait_begin(gh_exchange *x);
/* Nobody waits for it any more. */
void gh_wait_end(gh_exchange *x);
void gh_wait_late(gh_exchange *x);
/* Goes on with all exchanges whose operations are done. */
void gh_wait_deliver(gh_worker *w);
/* For gh_asking.answered. */
void gh_wait_answered(gh_asking *asking);

/* standing.c */
void gh_standing_add(gh_exchange *x);
void gh_standing_remove(gh_exchange *x);
/* Has the access of the caller, who was let in when the head was there, ended since? Then why he is refused. */
enum gh_reason gh_standing_ended(gh_exchange *x);
void gh_standing_look(gh_timer *timer);

/* tunnel.c */
void gh_tunnel_start(gh_exchange *x);
void gh_tunnel_client_event(gh_exchange *x, int events);
void gh_tunnel_link_event(gh_exchange *x, int events);

/* heads.c */
GH_MUST_CHECK bool gh_head_to_upstream(gh_exchange *x, const gh_server *server, gh_buf *out);
/* The upstream's head, as it goes to the client. */
GH_MUST_CHECK bool gh_head_to_client(gh_exchange *x, const gh_h1_head *head, gh_buf *out);
/* Our own answer, whole. */
GH_MUST_CHECK bool gh_head_own_answer(gh_exchange *x, bool with_body, gh_buf *out);

/* answer.c: the upstream's head and interim answers. *ret_more: not whole yet. False: the exchange has ended. */
GH_MUST_CHECK bool gh_answer_read_head(gh_exchange *x, bool *ret_more);

/* upstream.c */
/* Binds a server and a link to x, or fails x. */
void gh_upstream_connect(gh_exchange *x);
void gh_upstream_failed(gh_server *server, const gh_upstream_config *config, gh_worker *w, const char *why);
void gh_upstream_worked(gh_server *server, gh_worker *w);
/* The link goes back to its pool, or is closed. */
void gh_link_release(gh_link *link, bool reusable);
void gh_pool_close_idle(gh_pool *pool);
/* now: loop time; the same clock on every loop. */
bool gh_server_out(const gh_server *server, uint64_t now);

/* link.c */
void gh_link_event(gh_io *io, int events, bool error);

/* access.c */
void gh_access_write(gh_exchange *x);

#endif
