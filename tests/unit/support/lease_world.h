/* Several loops, each with its own clock and leases, and one server; messages between them take time, come late or are
 * lost. Everything that is let pass is remembered by its true time, and every window of it is looked at. */
#ifndef GH_TESTS_LEASE_WORLD_H
#define GH_TESTS_LEASE_WORLD_H

#include "stores/shared/lease.h"

enum { WORLD_LOOPS_MAX = 8, WORLD_KEYS_MAX = 8 };

/* Answers at a moment of the server's own clock. */
typedef struct lease_server {
    void (*take)(void *data, uint64_t now_ms, gh_take *take);
    gh_lease_grant (*lease)(void *data, uint64_t now_ms, const gh_lease_ask *ask);
    void *data;
} lease_server;

typedef struct lease_plan {
    uint64_t luck;
    gh_limit limit;
    unsigned loops, keys;
    uint32_t weight_max;
    uint64_t run_ms;
    unsigned per_second;  /* requests of one key, of all loops together */
    unsigned burst_ms;    /* busy and quiet for so long in turns; 0: always busy */
    unsigned late, lost;  /* of 1000 messages */
    unsigned deadline_ms; /* after this long a loop is told that nobody knows; 0: 50 */
    unsigned wander_ms;   /* after this long a key's requests come to another loop; 0: to all by chance */
} lease_plan;

typedef struct lease_result {
    unsigned long wanted, passed, refused, unanswered; /* units */
    unsigned long waited;                              /* units that were counted exactly */
    unsigned long takes, leases;                       /* messages to the server */
    unsigned long windows;
    uint64_t most; /* units in any window */
    uint64_t
        least; /* units in any stretch of a window and all that may be late, while there is always demand */
    uint64_t stretch; /* its length */
} lease_result;

/* Fails the test when more passes than the limit allows. */
lease_result lease_world_run(const lease_plan *plan, const lease_server *server);

/* A server in C: the plainest that does what the scripts do. */
typedef struct plain_server plain_server;
plain_server *plain_server_new(void);
void plain_server_free(plain_server *s);
lease_server plain_server_as(plain_server *s);

#endif
