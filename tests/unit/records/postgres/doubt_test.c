/* Connections that are lost at COMMIT: what was done counts as done and is not done again, and what was not done does not count
 * as done. */
#include "cuttable_wire.h"
#include "postgres_world.h"
#include "records/postgres/transaction.h"
#include "records_world.h"

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

/* A database whose commits need not be on disk is faster, and loses what was answered. */
static void look_at_commit(gh_work *work, void *data)
{
    gh_query q = gh_query_of(work->sql, GH_PG_DURABLE);
    *(bool *)data = !gh_query_row(&q); /* nothing is left to be set */
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

static void sleep_ms(unsigned ms)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000}, NULL);
}

static bool is_done(world *node, unsigned i)
{
    gh_op_user_create *o = world_op(USER_CREATE, gh_op_user_create);
    o->name = world_text(postgres_text("user%u", i));
    unsigned status = world_once(node, o);
    return status != GH_OP_UNSURE && status != GH_OP_UNAVAILABLE;
}

/* A server whose commits hang takes connections. The breaker closed as soon as it could connect: again and again some
 * operations waited for the whole of the deadline. */
static void test_a_server_that_can_not_commit_is_away_until_it_can(void **state)
{
    world *node = *state;
    gh_records_stats stats;
    world_close(node);
    node->options.postgres.timeout_ms = 500;
    assert_true(world_open(node));
    postgres_sql(world_server(), "postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    postgres_sql(world_server(), "postgres", "SELECT pg_reload_conf()");
    unsigned done = 0, first = 0;
    for (uint64_t until_ms = gh_postgres_now_ms() + postgres_patience_ms(); is_done(node, first); first++)
        assert_true(gh_postgres_now_ms() < until_ms); /* the server is told in a moment */
    for (unsigned i = 1; i <= 8; i++) {
        done += is_done(node, first + i);
        sleep_ms(300);
    }
    gh_records_read_stats(node->records, &stats);
    postgres_sql(world_server(), "postgres", "ALTER SYSTEM RESET synchronous_standby_names");
    postgres_sql(world_server(), "postgres", "SELECT pg_reload_conf()");
    assert_true(done == 0 && stats.away);
    assert_int_equal(stats.outages, 1);
    for (uint64_t until_ms = gh_postgres_now_ms() + postgres_patience_ms(); stats.away;) {
        gh_records_read_stats(node->records, &stats);
        assert_true(gh_postgres_now_ms() < until_ms);
        sleep_ms(5);
    }
    (void)world_user(node, "ada", "$1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_answered_is_not_done_again),
        TEST(test_a_server_that_can_not_commit_is_away_until_it_can),
        TEST(test_what_is_answered_is_on_disk_whatever_the_database_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
