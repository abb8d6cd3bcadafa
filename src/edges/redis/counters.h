/* The counters of one loop: answers takes from Redis, from leases and refusals it remembers, or from the node's own
 * table, as each limit says (model/limit.h: counting, outage).
 *
 * Owner: a worker. Threads: the loop's alone; the table it mirrors to is shared by all loops. Nothing blocks. */
#ifndef GH_EDGES_REDIS_COUNTERS_H
#define GH_EDGES_REDIS_COUNTERS_H

#include "stores/state/embedded.h"

typedef struct gh_counters gh_counters;

/* One batch of takes on its way. Its memory is the asker's and stays where it is until answered() or leave. */
typedef struct gh_asking gh_asking;
struct gh_asking {
    gh_take *takes;  /* not to be touched until the answer; `answer` and the figures of each are set then */
    unsigned n;      /* <= GH_TAKES_MAX */
    uint64_t now_ms; /* the loop's time, as gh_world.now_ms */
    void (*answered)(gh_asking *asking); /* on the loop; may ask again, or free the memory */
};

/* True: answered at once, answered() is not called. False: answered() is called later, once, within the deadline of
 * the connection; or never, when the asker leaves before. */
GH_MUST_CHECK bool gh_counters_take(gh_counters *counters, gh_asking *asking);
/* The asker has gone: answered() is not called any more, and what was taken stays taken. Fine at any time after take. */
void gh_counters_leave(gh_counters *counters, gh_asking *asking);

#endif
