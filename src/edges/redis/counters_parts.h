/* Inside the counters of a loop. */
#ifndef GH_EDGES_REDIS_COUNTERS_PARTS_H
#define GH_EDGES_REDIS_COUNTERS_PARTS_H

#include "edges/redis/counters.h"

/* How a take of an asking is counted: bits of gh_asking.how. */
enum {
    HOW_TABLE = 1,    /* taken in the node's table, at now_ms */
    HOW_LEASED = 2,   /* spent from a lot */
    HOW_ASKED = 4,    /* in the question to Redis */
    HOW_PASSED = 8,   /* its group has passed */
    HOW_REFUSED = 16, /* its group was refused: nothing of it stays taken */
    HOW_SETTLED = 32, /* and the table has heard of that */
    HOW_AGAIN = 64    /* to be answered without Redis after all */
};
enum { HOW_ANSWERED = HOW_PASSED | HOW_REFUSED };

/* A question for a lease, or that gives one back: nobody waits for it. */
typedef struct question question;
struct question {
    gh_redis_request request;
    gh_counters *counters;
    gh_lease_ask ask;
    uint64_t asked_ms;
    question *next; /* free */
};

enum { QUESTIONS = 256 };

struct gh_counters {
    uv_timer_t sweep;
    gh_counters_shared *shared;
    gh_redis *redis;
    gh_leases *leases;
    question *free;
    question questions[QUESTIONS];
    gh_counters_figures figures;
};

static inline bool is_shared(const gh_take *take)
{
    return take->limit->counting != GH_COUNTING_LOCAL;
}

static inline bool is_leased(const gh_take *take)
{
    return take->limit->counting == GH_COUNTING_LEASED;
}

static inline unsigned group_end(const gh_asking *a, unsigned from)
{
    unsigned to = from + 1;
    while (to < a->n && a->takes[to].group == a->takes[from].group)
        to++;
    return to;
}

static inline void mark_group(gh_asking *a, unsigned from, unsigned to, uint8_t how)
{
    for (unsigned i = from; i < to; i++)
        a->how[i] |= how;
}

static inline void count_figure(_Atomic uint64_t *figure)
{
    uint64_t n = atomic_load_explicit(figure, memory_order_relaxed);
    atomic_store_explicit(figure, n + 1, memory_order_relaxed);
}

/* ---- counters_table.c: what the node's own table does for it ---- */

/* Takes what is counted here alone, and what must agree after an outage, of groups without an answer; those without
 * room are answered. */
void gh_counters_reserve(gh_counters *c, gh_asking *a);
/* Has the table follow Redis in groups that have just got their answer: charged if they passed, given back if not. */
void gh_counters_settle(gh_counters *c, gh_asking *a, uint64_t now_ms);
/* Answers all groups without an answer, as their limits say it for an outage. */
void gh_counters_alone(gh_counters *c, gh_asking *a, uint64_t now_ms);
/* The figures of takes that nobody is asked about. */
void gh_counters_look(gh_counters *c, gh_asking *a, unsigned from, unsigned to);
/* Units of a state that are used as the table knows, if Redis may not know; 0: it does. */
uint32_t gh_counters_known(gh_counters *c, const gh_limit *limit, uint64_t key, uint64_t now_ms);
/* Not all nodes may have told Redis yet what they counted alone: it is asked about every request, and the table must agree. */
bool gh_counters_must_agree(const gh_counters *c, const gh_take *take, uint64_t now_ms);
/* The sweep's timer, when there is something to do for it. */
void gh_counters_wake_sweep(gh_counters *c);

#endif
