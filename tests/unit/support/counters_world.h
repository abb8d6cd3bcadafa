/* A small fleet in one loop: each node with its table, its connection to one real Redis and its counters. */
#ifndef GH_TESTS_COUNTERS_WORLD_H
#define GH_TESTS_COUNTERS_WORLD_H

#include "edges/redis/counters.h"
#include "redis_world.h"

enum { FLEET_MAX = 3 };

typedef struct node {
    gh_state *state;
    gh_redis_shared *redis_shared;
    gh_redis *redis;
    gh_counters_shared shared;
    gh_counters *counters;
} node;

typedef struct fleet {
    redis_world *world; /* its loop, log and server */
    unsigned n;
    uint64_t timeout_ms; /* of the connections */
    node nodes[FLEET_MAX];
} fleet;

/* As cmocka's setup and teardown: a server and two nodes. */
int fleet_setup(void **state);
int fleet_teardown(void **state);
void fleet_until_ready(fleet *f);
void fleet_until_away(fleet *f);
/* Lets time pass on the loop. */
void fleet_wait(fleet *f, uint64_t ms);

/* Takes at a node, and waits for the answer. True: it was answered at once. */
bool fleet_take(fleet *f, unsigned at, gh_take *takes, unsigned n);
/* One take, by itself. */
gh_take fleet_one(fleet *f, unsigned at, const gh_limit *limit, uint64_t key, uint32_t weight);
/* How many of `times` single takes pass. */
unsigned fleet_passes(fleet *f, unsigned at, const gh_limit *limit, uint64_t key, unsigned times);
/* A limit of an hour's window (nothing comes back while a test runs), compiled. */
gh_limit fleet_limit(uint64_t requests, enum gh_counting counting, enum gh_outage outage);

#endif
