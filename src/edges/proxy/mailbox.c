#include "edges/proxy/mailbox.h"

#include <sched.h>

void gh_mailbox_put(gh_op *op)
{
    gh_mailbox *m = op->owner; /* the executor's reference goes with the operation */
    (void)atomic_fetch_add_explicit(&m->sending, 1, memory_order_relaxed);
    gh_op *newest = atomic_load_explicit(&m->newest, memory_order_relaxed);
    do
        op->mail_next = newest;
    while (!atomic_compare_exchange_weak_explicit(&m->newest, &newest, op, memory_order_release,
                                                  memory_order_relaxed));
    /* From here on the loop may have it, and be through with everything: only `sending` keeps `wake` alive. */
    (void)uv_async_send(m->wake);
    (void)atomic_fetch_sub_explicit(&m->sending, 1, memory_order_release);
}

gh_op *gh_mailbox_take(gh_mailbox *m)
{
    gh_op *newest = atomic_exchange_explicit(&m->newest, NULL, memory_order_acquire), *oldest = NULL;
    while (newest != NULL) {
        gh_op *next = newest->mail_next;
        newest->mail_next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

void gh_mailbox_end(gh_mailbox *m)
{
    while (atomic_load_explicit(&m->sending, memory_order_acquire) > 0)
        (void)sched_yield();
}
