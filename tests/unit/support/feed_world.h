/* Two nodes with a feed each, on a real PostgreSQL, each by a wire of its own; operations as the records do them. */
#ifndef GH_TEST_SUPPORT_FEED_WORLD_H
#define GH_TEST_SUPPORT_FEED_WORLD_H

#include <pthread.h>
#include <stdatomic.h>

#include "cuttable_wire.h"
#include "postgres_world.h"
#include "records/postgres/change.h"
#include "records/postgres/feed.h"

enum { NOW_S = 1700000000 };

/* A node: its roster, its feed, and how it reaches the database. */
typedef struct node {
    wire *w;
    char url[128];
    gh_roster *roster;
    gh_feed *feed;
    _Atomic unsigned rings, errors,
        recoveries;             /* of the last two, lines: roster_incomplete, roster_complete */
    char said[GH_POSTGRES_WHY]; /* the last error */
} node;

extern postgres *pg;
extern gh_postgres c; /* where operations are done */
extern char why[GH_POSTGRES_WHY];
extern _Thread_local gh_arena arena; /* of changes on their way */
extern node a, b;

/* cmocka's. Each test begins with one account, 7, without sessions. */
int feed_setup_all(void **state);
int feed_teardown_all(void **state);
int feed_setup(void **state);
int feed_teardown(void **state);

void pause_ms(unsigned ms);
void open_as(gh_postgres *ret, enum gh_postgres_use use);
void node_begin(node *n);
/* Waits until it is loaded, too. */
void node_start(node *n);
void node_end(node *n);

/* Operations: each is a transaction, or part of one between begin() and commit(). */
void begin(gh_postgres *p);
void commit(gh_postgres *p);
gh_effect *effect(gh_effects *effects, enum gh_effect_kind kind);
void change(gh_postgres *p, const gh_effects *effects);
void add_user(gh_effects *effects, gh_id id, const char *roles);
void add_session(gh_effects *effects, gh_id id);
void write_session(gh_postgres *p, gh_id id);
void end_session(gh_postgres *p, gh_id id);
void log_in(gh_id session);
void log_out(gh_id session);
/* NOTIFY. */
void tell(void);

/* What a node knows. */
bool knows(node *n, gh_id session);
bool has_roles(node *n, const char *roles); /* of session 1's user */
gh_feed_stats stats_of(node *n);
bool is_complete(const node *n);

/* Waits until it is so, or for as long as a test may. */
#define EVENTUALLY(condition)                                              \
    do {                                                                   \
        uint64_t until_ms = gh_postgres_now_ms() + postgres_patience_ms(); \
        while (!(condition)) {                                             \
            if (gh_postgres_now_ms() > until_ms)                           \
                fail_msg("never: %s", #condition);                         \
            pause_ms(2);                                                   \
        }                                                                  \
    } while (0)

/* An operation that waits for its node's feed. */
typedef struct waiter {
    node *n;
    gh_id session; /* 0: none */
    bool shall_be_known;
    _Atomic unsigned finished;
    _Atomic unsigned wrong; /* it was told, and it was not so, though the roster was complete */
    pthread_t thread;       /* that finished it */
} waiter;
/* Another one of the waiter's. */
void submit(waiter *w, bool catch_up);

#endif
