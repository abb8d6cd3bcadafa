/* Jobs handed from any number of threads to one reader, without a lock.
 *
 * The threads of the pool run at the lowest priority: one that is taken off its processor while it holds a lock
 * keeps everybody waiting who wants it, for as long as the machine is busy. So a loop that submits, and a loop
 * that is told of an answer, share no lock with them. Nodes are the caller's; a node is in one hand-over at a time.
 * Pushing and taking never wait. */
#ifndef GH_PASSWORDS_HANDOFF_H
#define GH_PASSWORDS_HANDOFF_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct gh_handoff_node {
    struct gh_handoff_node *next;
} gh_handoff_node;

typedef struct gh_handoff {
    _Atomic(gh_handoff_node *) newest; /* zero-initialised is empty */
} gh_handoff;

/* Any thread. What was written before is seen by whoever takes the node. */
static inline void gh_handoff_push(gh_handoff *h, gh_handoff_node *node)
{
    gh_handoff_node *newest = atomic_load_explicit(&h->newest, memory_order_relaxed);
    do
        node->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&h->newest, &newest, node, memory_order_release,
                                                  memory_order_relaxed));
}

/* One thread at a time: all that was pushed, in the order of pushing; NULL when there is nothing. */
static inline gh_handoff_node *gh_handoff_take(gh_handoff *h)
{
    gh_handoff_node *newest = atomic_exchange_explicit(&h->newest, NULL, memory_order_acquire),
                    *oldest = NULL;
    while (newest != NULL) {
        gh_handoff_node *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

#endif
