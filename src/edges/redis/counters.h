/* The counters of one loop: answers takes from Redis, from leases and refusals it remembers (stores/shared/lease.h), or
 * from the node's own table, as each limit says (model/limit.h: counting, outage).
 *
 * All takes of a request that have to be counted in Redis are one question; those that another store counts are taken
 * before it and given back when it is refused, so a group stays all or nothing across all stores.
 *
 * The node's own table follows Redis: it is charged for what Redis lets pass here, and beyond that until it has no more left
 * than Redis says, so it knows what the whole fleet has used, as of the last answer. In an outage it counts alone, and each
 * request weighs as many times its weight as there are nodes (but at most the whole limit): so each node gives out its
 * share of what is left, and one request where its share would be none. What this may let pass too much: nodes that have not
 * heard of a client lately give it their share of the whole limit, so a client that is sent from node to node may get up to
 * (nodes - 1)/nodes of the limit more.
 *
 * When Redis is back it is told: with the first question for a key, and in the seconds after for all keys that were counted
 * alone, what this node's table knows to be used; Redis takes that over where it knows less, be it because it was away or
 * because it lost its memory. This goes on for as long as anything from before may count. For five seconds, in which all
 * nodes find Redis again, both must agree: each request needs Redis' yes, and this node's as in the outage. (A loop notes
 * 4096 keys; what was counted alone beyond that is told with the next question only, and until then may be missing.)
 *
 * A limit that is open in an outage is not counted then, one that is closed is answered GH_TAKE_UNAVAILABLE; the table
 * does not follow them.
 *
 * Owner: a worker. Threads: the loop's alone; the table is shared by all loops. Nothing blocks. */
#ifndef GH_EDGES_REDIS_COUNTERS_H
#define GH_EDGES_REDIS_COUNTERS_H

#include <stdatomic.h>

#include "edges/redis/connection.h"
#include "stores/shared/lease.h"
#include "stores/state/embedded.h"

/* What the counters of all loops of a process share: it must outlive them. */
typedef struct gh_counters_shared {
    gh_state *state;
    gh_redis_shared
        *redis; /* made with gh_counters_scripts as its first scripts (stores/shared/take_script.h) */
    _Atomic uint64_t away_ms; /* the last moment, in loop time, at which the table counted alone; 0: never */
} gh_counters_shared;

typedef struct gh_counters gh_counters;

/* redis: this loop's connection. NULL: no memory. */
GH_MUST_CHECK gh_counters *gh_counters_new(uv_loop_t *loop, gh_counters_shared *shared, gh_redis *redis);
/* On the loop, when it ends, after gh_redis_close(), which has answered all that waited. */
void gh_counters_close(gh_counters *counters);
/* When the loop has ended, and nobody reads the figures any more. NULL is fine. */
void gh_counters_free(gh_counters *counters);

/* One batch of takes on its way. Its memory is the asker's, stays where it is until answered() or leave, and is zeros at
 * first. */
typedef struct gh_asking gh_asking;
struct gh_asking {
    gh_take *takes;  /* not to be touched until the answer; `answer` and the figures of each are set then */
    unsigned n;      /* <= GH_TAKES_MAX */
    uint64_t now_ms; /* the loop's time, as gh_world.now_ms */
    void (*answered)(gh_asking *asking); /* on the loop; may ask again, or free the memory */
    /* the counters' own */
    gh_redis_request request;
    gh_counters *counters;       /* NULL: it does not wait */
    uint32_t nodes;              /* as of the take */
    uint8_t how[GH_TAKES_MAX];   /* how each is counted */
    uint32_t note[GH_TAKES_MAX]; /* leased: its lot; asked: units known to be used */
};

/* True: answered at once, answered() is not called. False: answered() is called later, once, within the deadline of
 * the connection; or never, when the asker leaves before. */
GH_MUST_CHECK bool gh_counters_take(gh_counters *counters, gh_asking *asking);
/* The asker has gone: answered() is not called any more, and what was taken stays taken. Fine at any time after take. */
void gh_counters_leave(gh_counters *counters, gh_asking *asking);

/* For metrics. Written by the loop, read by any thread. */
typedef struct gh_counters_figures {
    _Atomic uint64_t asked;      /* questions that requests waited for */
    _Atomic uint64_t leases;     /* questions for leases, and what was given back */
    _Atomic uint64_t leased;     /* takes answered from a lease */
    _Atomic uint64_t remembered; /* groups refused by what was remembered */
    _Atomic uint64_t away;       /* batches answered without Redis because it was away */
} gh_counters_figures;
const gh_counters_figures *gh_counters_figures_of(const gh_counters *counters);

#endif
