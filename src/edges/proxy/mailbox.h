/* A worker's mailbox: operations that are done, on their way back to its loop. Executors put in from their threads.
 * No lock: a thread of the password pool runs at the lowest priority, and whoever shares a lock with it waits for it. */
#ifndef GH_EDGES_PROXY_MAILBOX_H
#define GH_EDGES_PROXY_MAILBOX_H

#include <stdatomic.h>
#include <uv.h>

#include "model/op.h"

typedef struct gh_mailbox {
    _Atomic(gh_op *) newest;
    atomic_uint sending; /* threads that are about to touch `wake` */
    uv_async_t *wake;
    unsigned out; /* the loop's own: operations that are under way */
} gh_mailbox;

/* For gh_op.finished, with gh_op.owner the mailbox; it takes the executor's reference over. */
void gh_mailbox_put(gh_op *op);
/* All that has come, linked by mail_next, oldest first; each with a reference for the caller to give up. */
gh_op *gh_mailbox_take(gh_mailbox *m);
/* Before `wake` is closed, when nothing is out: waits for the last sender to be through. */
void gh_mailbox_end(gh_mailbox *m);

#endif
