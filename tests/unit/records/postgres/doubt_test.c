/* Connections that are lost at COMMIT: what was done counts as done and is not done again, and what was not done does not count
 * as done. */
#include <pthread.h>
#include <semaphore.h>

#include "cuttable_wire.h"
#include "postgres_world.h"
#include "records/postgres/transaction.h"
#include "records_world.h"

enum { TRIES = 20 };

static wire *w;

/* One that goes through a wire, and does one thing at a time. */
static int setup(void **state)
{
    int failed = world_setup_postgres(state);
    world *node = *state;
    if (failed != 0)
        return failed;
    world_close(node);
    w = wire_make(world_server()->port);
    (void)snprintf(node->url, sizeof node->url, "postgresql://gatehouse_service@127.0.0.1:%u/%s",
                   wire_port(w), node->database);
    node->options.postgres.password = "right password";
    node->options.postgres.connections = 1;
    if (world_open(node))
        return 0;
    print_error("%s\n", node->why);
    return -1;
}

static int teardown(void **state)
{
    int failed = world_teardown(state);
    wire_free(w);
    return failed;
}

/* An operator ends the session, or the server is shut down, while COMMIT waits for the disk: then the answer to COMMIT comes,
 * and behind it the end. It was taken for not done and done again: an account was "taken already" by itself, a right password
 * was wrong, as the login was used up. */
static void test_what_was_answered_is_not_done_again(void **state)
{
    world *node = *state;
    wire_cut_behind(w, "COMMIT");
    (void)world_user(node, "ada", "$1");
    assert_int_equal(world_number(node, "SELECT count(*) FROM audit WHERE event = 'register'"), 1);
    world_login in = {.name = "ada", .right = true, .session = world_session(9, GH_SESSION_COOKIE)};
    gh_op_login_begin *b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->name = world_text("ada");
    b->limits = (gh_attempt_limits){5, 5, 5, 900};
    wire_cut_behind(w, "COMMIT");
    assert_int_equal(world_do(node, b), GH_OP_OK);
    assert_int_equal(world_number(node, "SELECT count(*) FROM login"), 1);
    gh_op_login_finish *f = world_op(LOGIN_FINISH, gh_op_login_finish);
    f->attempt = b->attempt;
    f->user = b->found;
    f->right = true;
    f->session = in.session;
    wire_cut_behind(w, "COMMIT");
    assert_int_equal(world_once(node, f), GH_OP_OK);
    assert_int_equal(world_number(node, "SELECT count(*) FROM session"), 1);
    world_done(b);
}

/* After a crash PostgreSQL gives the numbers of transactions again that it had lost with it. */
typedef struct crash {
    world *node;
    const char *name;
    sem_t written,
        over; /* posted: it is written and not committed; the server has crashed and is there again */
    uint64_t xid;
    bool done;
} crash;

static void write_and_wait(gh_work *work, void *data)
{
    crash *c = data;
    gh_query q = gh_query_of(work->sql, GH_SQL_SECRET_ADD);
    gh_bind_text(&q, gh_str_of(c->name));
    gh_bind_blob(&q, "x", 1);
    gh_query_run(&q);
    gh_pg_look(work);
    c->xid = ((gh_pg_worker *)work)->xid;
    (void)sem_post(&c->written);
    (void)sem_wait(&c->over);
    (void)sem_post(&c->over); /* when it is run anew it need not wait */
}

static void *call(void *data)
{
    crash *c = data;
    c->done = gh_records_call(c->node->records, write_and_wait, c);
    return NULL;
}

/* True: the number was given to another one, which was committed. */
static bool crash_in(crash *c)
{
    pthread_t thread;
    uint64_t n = 0;
    (void)sem_init(&c->written, 0, 0);
    (void)sem_init(&c->over, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, call, c), 0);
    (void)sem_wait(&c->written);
    uint64_t xid = c->xid;
    postgres_kill(world_server());
    postgres_start(world_server(), NULL);
    while (n < xid)
        n = (uint64_t)postgres_number(world_server(), c->node->database,
                                      "SELECT pg_current_xact_id()::text::bigint");
    (void)sem_post(&c->over);
    (void)pthread_join(thread, NULL);
    (void)sem_destroy(&c->written);
    (void)sem_destroy(&c->over);
    return n == xid;
}

static void test_anothers_transaction_is_not_taken_for_it(void **state)
{
    world *node = *state;
    unsigned taken = 0;
    char name[16], there[64];
    for (unsigned i = 0; i < TRIES && taken == 0; i++) {
        (void)snprintf(name, sizeof name, "crash%u", i);
        (void)snprintf(there, sizeof there, "SELECT count(*) FROM secret WHERE name = '%s'", name);
        crash c = {.node = node, .name = name};
        taken += crash_in(&c);
        assert_int_equal(c.done, world_number(node, there));
        world_reopen(node); /* it is usable again */
    }
    assert_true(taken > 0);
}

/* A database whose commits need not be on disk is faster, and loses what was answered. */
static void look_at_commit(gh_work *work, void *data)
{
    gh_query q = gh_query_of(work->sql, GH_PG_TRANSACTION_HISTORY);
    *(bool *)data = gh_query_row(&q);
    gh_column_skip(&q);
    *(bool *)data = *(bool *)data && gh_column_absent(&q); /* it need not be set */
    gh_query_end(&q);
}

static void test_what_is_answered_is_on_disk_whatever_the_database_says(void **state)
{
    world *node = *state;
    bool on = false;
    postgres_sql(world_server(), "postgres",
                 postgres_text("ALTER DATABASE %s SET synchronous_commit = off", node->database));
    world_reopen(node);
    assert_true(gh_records_call(node->records, look_at_commit, &on));
    assert_true(on);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_answered_is_not_done_again),
        TEST(test_anothers_transaction_is_not_taken_for_it),
        TEST(test_what_is_answered_is_on_disk_whatever_the_database_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
