/* The connection's inside, for its own files only.
 *
 *   shared.c      options, figures, the lines in the log
 *   connection.c  the life of a connection: trials, failures, the end
 *   connect.c     from a name to a socket that is connected
 *   link.c        bytes in and out, with or without TLS
 *   greet.c       what is said first; then it is ready
 *   queue.c       requests and their replies
 *   nodes.c       heartbeats */
#ifndef GH_EDGES_REDIS_PARTS_H
#define GH_EDGES_REDIS_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "edges/redis/connection.h"
#include "edges/redis/explain.h"
#include "edges/redis/reader.h"
#include "edges/redis/tls.h"
#include "edges/redis/url.h"
#include "stores/shared/breaker.h"

enum {
    GH_REDIS_ALL_SCRIPTS = GH_REDIS_SCRIPTS_MAX + 1, /* and the heartbeat's, which is behind them */
    GH_REDIS_SHA_SIZE = 40,
    GH_REDIS_NODE_SIZE = 32,
    GH_REDIS_ADDRESSES_MAX = 8,
    GH_REDIS_INPUT_SIZE = 16 * 1024,
    GH_REDIS_TICK_MS = 1000,
    GH_REDIS_ALIVE_MS = 5000, /* a node counts for so long after its last heartbeat */
    GH_REDIS_HOPS_MAX = 4     /* MOVED, in one trial */
};

struct gh_redis_shared {
    gh_redis_url *url;  /* its password, which may change, under the lock; in locked memory */
    char *url_password; /* which redis.url has: when there is no other; in locked memory */
    char shown[GH_REDIS_SHOWN_SIZE];
    char prefix[GH_REDIS_PREFIX_MAX + 4];
    char node[GH_REDIS_NODE_SIZE + 1]; /* random: this process */
    uint64_t timeout_ms, connect_ms;
    unsigned fixed_nodes, max_waiting;
    size_t max_bytes;
    gh_str scripts[GH_REDIS_ALL_SCRIPTS];
    unsigned n_scripts; /* with the heartbeat's */
    struct ssl_ctx_st *tls;

    gh_outages outages;
    gh_conditions *conditions;
    _Atomic unsigned connections, ready, nodes;
    _Atomic unsigned other_secret; /* of the nodes: those that count by another key */
    _Atomic uint64_t fingerprint;  /* of the key that this node counts by */
    atomic_bool has_changed;       /* the password, at a reload */
    atomic_bool is_untried;        /* that one: nobody has said yet that it is refused */
    _Atomic uint64_t back_ms;      /* when a connection that had lost the server found it again; 0: never */
    _Atomic uint64_t beat_due;     /* when one of the loops may send the next heartbeat */
    _Atomic uint64_t error_due;    /* when the next line about a refused request may be written */
    _Atomic uint64_t answered, unavailable, late, connected, outages_begun, round_trip_us;
    pthread_mutex_t lock;
    char why[GH_REDIS_WHY_SIZE]; /* under it, and so is what follows */
    uint64_t other_secret_ms;    /* loop time: since when there are others; 0: there are none */
    bool other_secret_said;
};

enum gh_redis_state {
    GH_REDIS_AWAY,       /* no connection; the timer says when the next trial is */
    GH_REDIS_LOOKING_UP, /* its name */
    GH_REDIS_CONNECTING,
    GH_REDIS_SECURING, /* TLS' handshake */
    GH_REDIS_GREETING,
    GH_REDIS_READY,
    GH_REDIS_LEAVING, /* told to close; takes the node off the list */
    GH_REDIS_CLOSED   /* waits for its handles */
};

/* A socket with its handle: a new one for each connection, since a handle is closed later than its socket. */
typedef struct gh_redis_link {
    uv_poll_t poll;
    gh_redis *redis;
    int fd;
    int events; /* what the poll is started for */
} gh_redis_link;

/* A command whose reply has not come. */
typedef struct gh_redis_slot {
    gh_redis_request *request; /* NULL: the connection's own, or its asker has left */
    uint64_t deadline;         /* ms of uv_hrtime(); 0: not written yet */
    uint8_t step;              /* enum gh_redis_step */
    uint8_t script;            /* of LOAD */
    unsigned n_values;         /* of TAKE: how many its reply has */
    bool again;                /* the second time, after NOSCRIPT */
} gh_redis_slot;

typedef struct gh_redis_address {
    struct sockaddr_storage name;
    socklen_t size;
} gh_redis_address;

struct gh_redis {
    uv_loop_t *loop;
    gh_redis_shared *shared;
    gh_log_lane *lane;
    enum gh_redis_state state;
    gh_breaker breaker;
    bool away;      /* counted among the shared outages */
    unsigned holds; /* handles and look-ups that need this memory */
    uv_timer_t timer, tick;
    uv_prepare_t prepare;

    /* connect.c */
    uv_getaddrinfo_t lookup;
    bool looking;
    unsigned trial, lookup_trial;
    gh_redis_address addresses[GH_REDIS_ADDRESSES_MAX];
    unsigned n_addresses, next_address;
    char moved_host[GH_REDIS_HOST_MAX + 1]; /* where a cluster sent us; "": redis.url holds */
    uint16_t moved_port;
    unsigned hops;

    /* link.c */
    gh_redis_link *link; /* NULL: none */
    gh_redis_tls tls;
    gh_redis_reader reader;
    char *out; /* [out_start, out_end) waits for being written */
    size_t out_start, out_end, out_cap;
    uint64_t heard_ms; /* loop time of the last bytes */
    char input[GH_REDIS_INPUT_SIZE];

    /* queue.c: slot i is slots[i & mask]; [head, sent) are written, [sent, tail) not yet */
    gh_redis_slot *slots;
    uint64_t head, sent, tail, mask;
    bool loading[GH_REDIS_ALL_SCRIPTS]; /* SCRIPT LOAD is on its way */
    char sha[GH_REDIS_ALL_SCRIPTS][GH_REDIS_SHA_SIZE];
    unsigned loads_left;            /* until the greeting goes on */
    uint64_t beat_ns;               /* when the last heartbeat was sent */
    uint64_t answered, unavailable; /* not yet in the shared figures */
};

static inline uint64_t gh_redis_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* shared.c */
void gh_redis_say_lost(gh_redis *r, gh_str why);
void gh_redis_say_back(gh_redis *r);
void gh_redis_say_refused(gh_redis *r, gh_str why);
/* Of `nodes`, so many count by another key: said once, when that lasts, and once when it is over. */
void gh_redis_say_other_secret(gh_redis *r, unsigned nodes, unsigned others);
/* Adds the connection's own figures to the shared ones. */
void gh_redis_count(gh_redis *r);

/* connection.c: the connection is of no use any more: closes it, opens the breaker, answers what waits. why: the end of
 * a sentence that begins with "Redis". */
void gh_redis_fail(gh_redis *r, gh_str why);
void gh_redis_failf(gh_redis *r, const char *fmt, ...) GH_PRINTF(2, 3);
void gh_redis_on_prepare(uv_prepare_t *prepare);
/* Sets the timer, whose meaning the state says. */
void gh_redis_wait(gh_redis *r, uint64_t ms);
/* The greeting is through. */
void gh_redis_is_ready(gh_redis *r);
/* The end of gh_redis_close(). */
void gh_redis_finish(gh_redis *r);
/* A handle or a look-up needs r no more. */
void gh_redis_release(gh_redis *r);

/* connect.c: begins a trial: looks the name up if there is one, connects. */
void gh_redis_connect(gh_redis *r);
/* The address that was tried is no good: the next one, or failure. */
void gh_redis_connect_next(gh_redis *r, gh_str why);
/* The name or address that is connected to, with a NUL behind it; not with a Unix socket. */
const char *gh_redis_host(const gh_redis *r);
/* Takes over where MOVED sends. False: that can't be followed. */
bool gh_redis_follow(gh_redis *r, gh_str error);

/* link.c: begins to connect; 0 or an errno. */
GH_MUST_CHECK int gh_redis_link_open(gh_redis *r, const gh_redis_address *address);
void gh_redis_link_close(gh_redis *r);
/* Reads and answers what has come. False: the connection is gone. */
GH_MUST_CHECK bool gh_redis_receive(gh_redis *r);
/* Writes what waits; the rest when the socket takes it. Nothing may be done with r behind it. */
void gh_redis_flush(gh_redis *r);
/* The free part of the output, at least `room` bytes; p NULL: that is more than it may hold. */
gh_buf gh_redis_out_begin(gh_redis *r, size_t room);
void gh_redis_out_done(gh_redis *r, const gh_buf *b);

/* greet.c */
void gh_redis_greet(gh_redis *r);
/* A reply to one of the steps before it is ready. */
void gh_redis_greeted(gh_redis *r, const gh_redis_slot *slot, enum gh_redis_kind kind);
/* Sends SCRIPT LOAD. False: no room. */
GH_MUST_CHECK bool gh_redis_load(gh_redis *r, unsigned script);
/* Takes its reply. False: that is none. */
GH_MUST_CHECK bool gh_redis_loaded(gh_redis *r, unsigned script, enum gh_redis_kind kind);

/* queue.c */
/* False: no memory. r->slots is the owner's to free. */
GH_MUST_CHECK bool gh_redis_queue_init(gh_redis *r);
/* Writes a command of n words. False: no room. */
GH_MUST_CHECK bool gh_redis_command(gh_redis *r, enum gh_redis_step step, const gh_str *words, unsigned n);
void gh_redis_put_bulk(gh_buf *out, gh_str s);
/* The reply to the oldest command is in r->reader. */
void gh_redis_replied(gh_redis *r, enum gh_redis_kind kind);
/* Slots up to `tail` are written now: their deadlines run. */
void gh_redis_sent(gh_redis *r);
/* The timer of a connection that is ready. */
void gh_redis_look_for_late(gh_redis *r);
/* Answers all requests that wait with "unavailable"; their slots stay. */
void gh_redis_answer_all(gh_redis *r);

/* nodes.c */
extern const gh_str gh_redis_node_script;
/* EVALSHA of the heartbeat. False: no room. */
GH_MUST_CHECK bool gh_redis_beat(gh_redis *r, bool alive);
/* Takes its reply. False: that is none. */
GH_MUST_CHECK bool gh_redis_beaten(gh_redis *r, enum gh_redis_kind kind);
/* Once a second. */
void gh_redis_on_tick(uv_timer_t *tick);

#endif
