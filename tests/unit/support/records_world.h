/* Records in a folder of their own, with a roster, a clock that stands still, and short ways to ask.
 *
 * With GATEHOUSE_TEST_RECORDS=postgresql they are in a database of their own of a real PostgreSQL, which is started when it
 * is first needed and ends with the program; the service's role has no right there that it does not need. */
#ifndef GH_TEST_SUPPORT_RECORDS_WORLD_H
#define GH_TEST_SUPPORT_RECORDS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "records/records.h"
#include "wire/json.h"

typedef struct world {
    char folder[64];
    bool shared; /* on PostgreSQL: */
    bool joined; /* another one's database */
    char database[32], url[256];
    gh_records_options options;
    gh_roster *roster;
    gh_records *records;
    gh_id user; /* the last one that world_user() made */
    char why[1024];
} world;

extern _Atomic uint64_t world_now_s, world_now_ms; /* the clocks */
extern _Atomic unsigned world_said;                /* how often something was said, and the last of it */
extern char world_event[64];

/* cmocka's: a folder and records, and their end. */
int world_setup(void **state);
/* Before a group of tests is run: those of what only SQLite has, which are named test_on_sqlite_*, are not of the group
 * on PostgreSQL. */
void world_choose_tests(void);
int world_teardown(void **state);
/* False: w->why says why. */
bool world_open(world *w);
void world_close(world *w);
void world_reopen(world *w);
/* Another program's look at the database; the records need not be closed. On PostgreSQL a user is an account, and columns
 * that say whose something is are user_id. */
void world_sql(world *w, const char *sql);
int64_t world_number(world *w, const char *sql);

/* Asks and waits; returns the status. The op stays the caller's: world_done(). */
#define world_op(NAME, type) ((type *)world_make(GH_OP_##NAME, sizeof(type)))
gh_op *world_make(enum gh_op_kind kind, size_t size);
unsigned world_do(world *w, void *op);
void world_done(void *op);
/* Asks, and forgets the answer but its status. */
unsigned world_once(world *w, void *op);

/* A hash that is told by its number; never all zeros. */
void world_hash(uint64_t n, uint8_t ret[GH_SECRET_HASH]);
gh_str world_text(const char *z);

gh_id world_user(world *w, const char *name, const char *hash);
gh_new_session world_session(gh_id id, enum gh_session_kind kind);
/* Signs in by name, as a client from `place` whose password is right or wrong: begin and finish. The status of the last
 * of them. */
typedef struct world_login {
    const char *name;
    uint64_t place;
    bool right;
    gh_id device, replaces;
    gh_new_session session;
    gh_attempt_limits limits; /* window_s 0: plenty */
    uint64_t retry_s;         /* answered */
    gh_subject subject;
    gh_id bound;
} world_login;
unsigned world_sign_in(world *w, world_login *login);
/* What the roster says of a session's secret. */
unsigned world_look(world *w, enum gh_lookup_kind kind, gh_id id, uint64_t hash);
gh_lookup world_lookup(world *w, gh_lookup lookup);

/* What is due at cleanup_s: uses are written, what is over goes. */
void world_sweep(world *w, uint32_t cookie_idle_s, uint32_t token_idle_s);

/* PostgreSQL: the server itself; on it whatever the environment says; and another node on the same database, with a folder
 * and a roster of its own, which ends by world_teardown(), too. */
struct postgres *world_server(void);
int world_setup_postgres(void **state);
world *world_join(const world *first);

#endif
