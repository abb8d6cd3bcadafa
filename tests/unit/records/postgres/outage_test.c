/* The database goes away in every way there is: nobody waits for it for long, it is said once, it comes back by itself, and
 * what was answered is so. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cuttable_wire.h"
#include "postgres_world.h"

#include "records_world.h"

/* Only where a server says nothing any more: else a busy machine would be an outage. */
enum { TIMEOUT_MS = 2000 };

/* --- what is said */

static _Atomic unsigned unavailable, recovered;

static void listen(void *data, int level, const char *event, const char *text)
{
    (void)data;
    if (getenv("GATEHOUSE_TEST_VERBOSE") != NULL)
        (void)fprintf(stderr, "said %d %s: %s\n", level, event, text);
    if (strcmp(event, "records_unavailable") == 0 && level > 0) /* else it still is */
        atomic_fetch_add(&unavailable, 1);
    else if (strcmp(event, "records_recovered") == 0)
        atomic_fetch_add(&recovered, 1);
}

static int setup(void **state)
{
    int failed = world_setup_postgres(state);
    world *w = *state;
    if (failed != 0)
        return failed;
    world_close(w);
    w->options.said = listen;
    atomic_store(&unavailable, 0);
    atomic_store(&recovered, 0);
    return world_open(w) ? 0 : -1;
}

static void wait_no_longer(world *w)
{
    w->options.postgres.timeout_ms = TIMEOUT_MS;
    world_reopen(w);
}

static int teardown(void **state)
{
    postgres_resume(world_server());
    return world_teardown(state);
}

/* --- asking */

static unsigned create(world *w, unsigned i)
{
    char name[24];
    gh_op_user_create *o = world_op(USER_CREATE, gh_op_user_create);
    (void)snprintf(name, sizeof name, "user%u", i);
    o->name = world_text(name);
    unsigned status = world_do(w, o);
    world_done(o);
    return status;
}

static unsigned get(world *w, unsigned i)
{
    char name[24];
    gh_op_user_get *o = world_op(USER_GET, gh_op_user_get);
    (void)snprintf(name, sizeof name, "user%u", i);
    o->name = world_text(name);
    return world_once(w, o);
}

static void wait_for(_Atomic unsigned *what, unsigned n)
{
    while (atomic_load(what) < n)
        (void)usleep(1000);
}

static gh_records_stats stats_of(world *w)
{
    gh_records_stats stats;
    gh_records_read_stats(w->records, &stats);
    return stats;
}

static void wait_until_back(world *w)
{
    while (stats_of(w).away)
        (void)usleep(1000);
}

/* --- a server that is gone */

static void test_a_stopped_server_is_said_once_and_comes_back(void **state)
{
    world *w = *state;
    unsigned refused = 0;
    assert_int_equal(create(w, 0), GH_OP_OK);
    for (unsigned round = 1; round <= 2; round++) {
        postgres_stop(world_server());
        for (unsigned i = 0; i < 200; i++)
            refused += create(w, 1000 * round + i) == GH_OP_UNAVAILABLE;
        assert_int_equal(refused, 200 * round);
        assert_int_equal(unavailable, round);
        assert_true(stats_of(w).away);
        assert_int_equal(stats_of(w).outages, round);
        postgres_start(world_server(), NULL);
        wait_for(&recovered, round);
        assert_int_equal(create(w, round), GH_OP_OK);
        assert_false(stats_of(w).away);
    }
    assert_true(unavailable == 2 && recovered == 2);
    assert_int_equal(world_number(w, "SELECT count(*) FROM user"), 3);
}

/* One that was killed, while nobody asks: the first who asks afterwards need not know. The feed may have seen it. */
static void test_a_restart_between_operations_is_nobodys_business(void **state)
{
    world *w = *state;
    assert_int_equal(create(w, 0), GH_OP_OK);
    postgres_kill(world_server());
    postgres_start(world_server(), NULL);
    for (unsigned i = 1; i <= 20; i++)
        assert_int_equal(create(w, i), GH_OP_OK);
    assert_true(unavailable <= 1);
    wait_for(&recovered, unavailable);
}

/* It takes everything and answers nothing. One who asks waits for one timeout, those behind him not at all: here as many
 * wait as there are connections, and a hundred times as many are answered while it still stands. */
static void test_a_server_that_stands_still_costs_one_timeout(void **state)
{
    world *w = *state;
    wait_no_longer(w);
    assert_int_equal(create(w, 0), GH_OP_OK);
    postgres_pause(world_server());
    unsigned status = create(w, 1);
    assert_true(status == GH_OP_UNAVAILABLE || status == GH_OP_UNSURE);
    uint64_t began_ms = gh_postgres_now_ms();
    for (unsigned i = 0; i < 400; i++)
        assert_int_equal(get(w, i), GH_OP_UNAVAILABLE);
    assert_true(gh_postgres_now_ms() - began_ms < UINT64_C(20) * TIMEOUT_MS); /* not each of them */
    assert_int_equal(unavailable, 1);
    postgres_resume(world_server());
    wait_for(&recovered, 1);
    assert_int_equal(create(w, 2), GH_OP_OK);
    assert_true(unavailable == 1 && recovered == 1);
}

/* --- connections that end while something is being done */

typedef struct crowd {
    world *w;
    wire *cable;
    _Atomic unsigned next, statuses[16];
    uint8_t status_of[100000];
    _Atomic bool stop;
} crowd;

static void *go_on(void *data)
{
    crowd *c = data;
    while (!atomic_load(&c->stop)) {
        unsigned i = atomic_fetch_add(&c->next, 1);
        if (i >= GH_COUNT(c->status_of))
            return NULL;
        c->status_of[i] = (uint8_t)create(c->w, i);
        atomic_fetch_add(&c->statuses[c->status_of[i]], 1);
        if (c->status_of[i] != GH_OP_OK)
            (void)usleep(20000); /* refused at once, as long as it is away */
    }
    return NULL;
}

/* Every answer is true: OK is there, UNSURE may be, and nothing else is. */
static void compare(crowd *c)
{
    unsigned made = 0, n = atomic_load(&c->next);
    for (unsigned i = 0; i < n && i < GH_COUNT(c->status_of); i++) {
        if (c->status_of[i] == GH_OP_UNAVAILABLE)
            continue;
        unsigned found = get(c->w, i);
        for (unsigned k = 0; k < 10 && found == GH_OP_UNAVAILABLE; k++) { /* slow, just after it came back */
            wait_until_back(c->w);
            found = get(c->w, i);
        }
        bool there = found == GH_OP_OK;
        assert_true(there || c->status_of[i] == GH_OP_UNSURE);
        made += there;
    }
    assert_int_equal(world_number(c->w, "SELECT count(*) FROM user"), made);
    print_message("%u operations: %u done, %u not, %u unsure\n", n, atomic_load(&c->statuses[GH_OP_OK]),
                  atomic_load(&c->statuses[GH_OP_UNAVAILABLE]), atomic_load(&c->statuses[GH_OP_UNSURE]));
}

/* It goes on well for a while. */
static void let_it_work(crowd *c, unsigned n)
{
    wait_until_back(c->w);
    wait_for(&c->statuses[GH_OP_OK], atomic_load(&c->statuses[GH_OP_OK]) + n);
}

static crowd *crowd_meanwhile(world *w, wire *cable, void (*disturb)(crowd *c))
{
    static crowd c;
    pthread_t threads[8];
    memset(&c, 0, sizeof c);
    c.w = w;
    c.cable = cable;
    for (unsigned i = 0; i < GH_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, go_on, &c), 0);
    disturb(&c);
    atomic_store(&c.stop, true);
    for (unsigned i = 0; i < GH_COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    wait_until_back(w);
    compare(&c);
    return &c;
}

static void use_wire(world *w, wire *cable, uint32_t timeout_ms)
{
    world_close(w);
    (void)snprintf(w->url, sizeof w->url, "postgresql://gatehouse_service@127.0.0.1:%u/%s?sslmode=disable",
                   wire_port(cable), w->database);
    w->options.postgres.password = "right password";
    w->options.postgres.timeout_ms = timeout_ms;
    assert_true(world_open(w));
}

static unsigned random_ms(unsigned most)
{
    uint32_t n;
    gh_random(&n, sizeof n);
    return n % most;
}

static void cut_often(crowd *c)
{
    for (unsigned i = 0; i < 12; i++) {
        let_it_work(c, 1 + random_ms(20));
        (void)usleep(1000 * random_ms(5));
        if (i % 2 == 0)
            wire_cut(c->cable);
        else
            wire_cut_at_answer(c->cable);
    }
}

/* The server goes on: who was cut off in COMMIT can ask, so hardly anybody is told that nothing is known. */
static void test_a_cut_wire_makes_no_answer_wrong(void **state)
{
    world *w = *state;
    wire *cable = wire_make(world_server()->port);
    use_wire(w, cable, (uint32_t)postgres_patience_ms());
    const crowd *c = crowd_meanwhile(w, cable, cut_often);
    assert_true(c->statuses[GH_OP_OK] >= 12);
    world_close(w);
    wire_free(cable);
}

/* Be it the commit's own answer that is lost: it is told that it was done. */
static void test_a_lost_answer_is_asked_for(void **state)
{
    world *w = *state;
    unsigned done = 0;
    wire *cable = wire_make(world_server()->port);
    use_wire(w, cable, (uint32_t)postgres_patience_ms());
    for (unsigned i = 0; i < 30; i++) {
        wait_until_back(w);
        for (unsigned k = 0; k < 16; k++) /* each of the connections is open */
            (void)get(w, k);
        uint64_t before = stats_of(w).reconnects;
        wire_cut_at_answer(cable);
        unsigned status = create(w, i);
        done += status == GH_OP_OK && stats_of(w).reconnects > before;
        assert_true(status == GH_OP_OK || status == GH_OP_UNAVAILABLE);
        wait_until_back(w);
        assert_int_equal(get(w, i), status == GH_OP_OK ? GH_OP_OK : GH_OP_NOT_FOUND);
    }
    assert_true(done > 0);
    world_close(w);
    wire_free(cable);
}

static void hold_wire(crowd *c)
{
    for (unsigned i = 0; i < 3; i++) {
        let_it_work(c, 10 + random_ms(30));
        unsigned outages = atomic_load(&unavailable);
        wire_hold(c->cable, true);
        wait_for(&unavailable, outages + 1);
        wire_hold(c->cable, false);
    }
}

/* Nothing passes any more, in the middle of anything: what can't be known is said to be so. */
static void test_an_unplugged_wire_makes_no_answer_wrong(void **state)
{
    world *w = *state;
    wire *cable = wire_make(world_server()->port);
    use_wire(w, cable, TIMEOUT_MS);
    const crowd *c = crowd_meanwhile(w, cable, hold_wire);
    assert_true(c->statuses[GH_OP_OK] >= 30);
    assert_int_equal(stats_of(w).unsure, c->statuses[GH_OP_UNSURE]);
    world_close(w);
    wire_free(cable);
}

static void kill_server(crowd *c)
{
    for (unsigned i = 0; i < 3; i++) {
        let_it_work(c, 10 + random_ms(30));
        postgres_kill(world_server());
        postgres_start(world_server(), NULL);
    }
}

/* It recovers from its log, and gives the numbers of transactions that were not in it to others. */
static void test_a_killed_server_makes_no_answer_wrong(void **state)
{
    world *w = *state;
    const crowd *c = crowd_meanwhile(w, NULL, kill_server);
    assert_true(c->statuses[GH_OP_OK] >= 30);
}

static void pause_server(crowd *c)
{
    for (unsigned i = 0; i < 3; i++) {
        let_it_work(c, 10 + random_ms(30));
        unsigned outages = atomic_load(&unavailable);
        postgres_pause(world_server());
        wait_for(&unavailable, outages + 1);
        postgres_resume(world_server());
    }
}

/* What it had taken when it was stopped it does when it goes on: all that was answered UNSURE is settled by then. */
static void test_a_paused_server_makes_no_answer_wrong(void **state)
{
    world *w = *state;
    wait_no_longer(w);
    const crowd *c = crowd_meanwhile(w, NULL, pause_server);
    assert_true(c->statuses[GH_OP_OK] >= 30);
}

static void end_sessions(crowd *c)
{
    for (unsigned i = 0; i < 10; i++) {
        let_it_work(c, 1 + random_ms(20));
        postgres_sql(
            world_server(), c->w->database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gatehouse_service'");
    }
}

static void test_ended_sessions_make_no_answer_wrong(void **state)
{
    world *w = *state;
    const crowd *c = crowd_meanwhile(w, NULL, end_sessions);
    assert_true(c->statuses[GH_OP_OK] >= 10);
}

/* --- the node itself */

static void test_it_ends_while_the_database_is_away(void **state)
{
    world *w = *state;
    wait_no_longer(w);
    assert_int_equal(create(w, 0), GH_OP_OK);
    postgres_pause(world_server());
    world_close(w);
    postgres_resume(world_server());
    assert_true(world_open(w));
    assert_int_equal(get(w, 0), GH_OP_OK);
    postgres_stop(world_server());
    world_close(w);
    assert_false(world_open(w));
    assert_true(strlen(w->why) > 20);
    postgres_start(world_server(), NULL);
    assert_true(world_open(w));
}

/* No right is missing, and none more is there than what is tested elsewhere: what the roles may. */
static void test_a_schema_that_is_not_there_is_refused(void **state)
{
    world *w = *state;
    world_close(w);
    postgres_sql(world_server(), w->database, "DROP SCHEMA gatehouse CASCADE");
    assert_false(world_open(w));
    assert_true(strlen(w->why) > 20);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_stopped_server_is_said_once_and_comes_back),
        TEST(test_a_restart_between_operations_is_nobodys_business),
        TEST(test_a_server_that_stands_still_costs_one_timeout),
        TEST(test_a_cut_wire_makes_no_answer_wrong),
        TEST(test_a_lost_answer_is_asked_for),
        TEST(test_an_unplugged_wire_makes_no_answer_wrong),
        TEST(test_a_killed_server_makes_no_answer_wrong),
        TEST(test_a_paused_server_makes_no_answer_wrong),
        TEST(test_ended_sessions_make_no_answer_wrong),
        TEST(test_it_ends_while_the_database_is_away),
        TEST(test_a_schema_that_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
