/* One loop's connection to Redis: requests of one turn of the loop travel in one write, answers come in their order.
 *
 * A request is an EVALSHA of one of the shared scripts; its answer is an integer, or a flat array of them, as many as it says:
 * who answers anything else is no Redis that runs our scripts, and is left at once. The struct is embedded in what waits
 * for it; nothing is allocated for one. All of this is called on the loop's own thread, and so
 * is `done`.
 *
 * Who can't be answered is told at once: gh_redis_ask() says no while there is no good connection (see
 * stores/shared/breaker.h) or too many wait. The first answer that is missed closes the connection, and everything that
 * waits is answered "unavailable" in that moment. Whether a charge of such a request was made is not known.
 *
 * Deadlines are kept by a timer of the loop and not by the worker's wheel (edges/proxy/timer.h), whose tick is longer
 * than they are. They run from the write on, and before one counts as missed, what has come is read: a loop that was
 * held up does not blame the server. */
#ifndef GH_EDGES_REDIS_CONNECTION_H
#define GH_EDGES_REDIS_CONNECTION_H

#include <uv.h>

#include "edges/redis/reader.h"
#include "edges/redis/shared.h"
#include "observe/log.h"

typedef struct gh_redis gh_redis;

/* Valid during `done` only. */
typedef struct gh_redis_reply {
    const int64_t *values;
    unsigned n; /* the request's n_values */
} gh_redis_reply;

typedef struct gh_redis_request gh_redis_request;
struct gh_redis_request {
    unsigned script;         /* its index in the options */
    unsigned n_keys, n_args; /* how many of each `encode` writes */
    unsigned n_values;       /* how many integers its answer has: any other answer ends the connection */
    /* Writes keys, then arguments, each as a bulk string ("$3\r\nabc\r\n"). Called from gh_redis_ask(), and again with
     * the same result when the server had forgotten the script, or the buffer had to grow. */
    void (*encode)(const gh_redis_request *q, gh_buf *out);
    /* Once, unless it was left. reply NULL: unavailable. May ask again, and may leave others. */
    void (*done)(gh_redis_request *q, const gh_redis_reply *reply);
    /* The connection's own. */
    gh_redis *redis; /* NULL: it does not wait. Zero at first */
    uint64_t turn;
};

/* Begins to connect. lane: where the loop's lines go; NULL: nowhere. NULL: no memory. */
GH_MUST_CHECK gh_redis *gh_redis_new(uv_loop_t *loop, gh_redis_shared *shared, gh_log_lane *lane);
/* Would gh_redis_ask() be of use now? */
bool gh_redis_ready(const gh_redis *r);
/* True: it waits, and `done` will be called, never from in here. False: it is unavailable now, nothing is called. */
GH_MUST_CHECK bool gh_redis_ask(gh_redis *r, gh_redis_request *q);
/* The asker is gone: its answer will be dropped, `done` is not called. Nothing when it does not wait. */
void gh_redis_leave(gh_redis_request *q);
/* Answers everything that waits with "unavailable" before it returns; gh_redis_ask() is refused from now on. The last
 * connection of a process takes the node off the list first, for at most one deadline. r frees itself; the loop ends
 * when that is done. The name resolver, when it is at work, can't be told to stop. */
void gh_redis_close(gh_redis *r);

#endif
