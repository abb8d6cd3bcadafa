/* The audit trail while the database is away: lines wait on the node's disk, and are there once, in order, afterwards. */
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crc32.h"
#include "cuttable_wire.h"
#include "postgres_world.h"

#include "records/postgres/executor.h"
#include "records_world.h"

enum { TIMEOUT_MS = 2000 };

static _Atomic unsigned recovered, full, damaged;

static void listen(void *data, int level, const char *event, const char *text)
{
    (void)data;
    (void)level;
    (void)text;
    if (strcmp(event, "records_recovered") == 0)
        atomic_fetch_add(&recovered, 1);
    else if (strcmp(event, "audit_spool_full") == 0)
        atomic_fetch_add(&full, 1);
    else if (strcmp(event, "audit_spool_damaged") == 0)
        atomic_fetch_add(&damaged, 1);
}

static int setup(void **state)
{
    int failed = world_setup_postgres(state);
    world *w = *state;
    if (failed != 0)
        return failed;
    world_close(w);
    w->options.said = listen;
    w->options.postgres.timeout_ms = TIMEOUT_MS;
    atomic_store(&recovered, 0);
    atomic_store(&full, 0);
    atomic_store(&damaged, 0);
    return world_open(w) ? 0 : -1;
}

static int teardown(void **state)
{
    postgres_resume(world_server());
    return world_teardown(state);
}

static unsigned audit(world *w, unsigned i)
{
    char detail[32];
    gh_op_audit *o = world_op(AUDIT, gh_op_audit);
    (void)snprintf(detail, sizeof detail, "{\"n\":%u}", i);
    o->event = GH_STR("csrf_refused");
    o->detail = world_text(detail);
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

static void use_wire(world *w, wire *cable)
{
    world_close(w);
    (void)snprintf(w->url, sizeof w->url, "postgresql://gatehouse_service@127.0.0.1:%u/%s?sslmode=disable",
                   wire_port(cable), w->database);
    w->options.postgres.password = "right password";
    w->options.postgres.timeout_ms = TIMEOUT_MS;
    assert_true(world_open(w));
}

static void replayed(world *w, unsigned from, unsigned to)
{
    char sql[256];
    while (stats_of(w).spool_lines > 0)
        (void)usleep(1000);
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM audit WHERE event = 'csrf_refused'");
    assert_int_equal(world_number(w, sql), to - from + 1);
    for (unsigned i = from; i <= to; i++) {
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM audit AS a, audit AS b WHERE a.detail = '{\"n\":%u}' AND "
                       "b.detail = '{\"n\":%u}' AND a.id <= b.id",
                       i > from ? i - 1 : i, i);
        assert_int_equal(world_number(w, sql), 1); /* once, and behind the one before it */
    }
}

static void test_events_wait_for_the_database(void **state)
{
    world *w = *state;
    assert_int_equal(audit(w, 1), GH_OP_OK);
    postgres_stop(world_server());
    for (unsigned i = 2; i <= 30; i++)
        assert_int_equal(audit(w, i), GH_OP_OK);
    assert_int_equal(stats_of(w).spool_lines, 29);
    postgres_start(world_server(), NULL);
    wait_for(&recovered, 1);
    for (unsigned i = 31; i <= 40; i++) /* behind the others */
        assert_int_equal(audit(w, i), GH_OP_OK);
    replayed(w, 1, 40);
    assert_true(stats_of(w).spooled >= 29 && stats_of(w).spooled == stats_of(w).replayed);
}

/* A node of its own process, killed when it has written down its events. It opens its records, and waits for a word. */
static void be_killed(world *w, unsigned from, int said, int heard)
{
    char word = 'x';
    if (!world_open(w) || write(said, &word, 1) != 1 || read(heard, &word, 1) != 1)
        _exit(1);
    for (unsigned i = from; i < from + 20; i++)
        if (audit(w, i) != GH_OP_OK)
            _exit(2);
    (void)kill(getpid(), SIGKILL);
}

/* The node is killed while the database is away, several times; then both are back. */
static void test_events_outlive_the_node(void **state)
{
    world *w = *state;
    int status, up[2], down[2];
    char word;
    world_close(w);
    assert_true(pipe(up) == 0 && pipe(down) == 0);
    for (unsigned round = 0; round < 3; round++) {
        pid_t child = fork();
        if (child == 0)
            be_killed(w, 20 * round + 1, up[1], down[0]);
        assert_int_equal(read(up[0], &word, 1), 1);
        postgres_pause(world_server());
        assert_int_equal(write(down[1], &word, 1), 1);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        postgres_resume(world_server());
    }
    for (unsigned i = 0; i < 2; i++) {
        (void)close(up[i]);
        (void)close(down[i]);
    }
    assert_true(world_open(w));
    replayed(w, 1, 60);
    world_reopen(w); /* and not again */
    replayed(w, 1, 60);
}

/* An event that was sent, and whose answer was lost, waits in the spool: it is there once. */
static void test_an_event_is_there_once(void **state)
{
    world *w = *state;
    wire *cable = wire_make(world_server()->port);
    use_wire(w, cable);
    for (unsigned i = 1; i <= 60; i++) {
        wire_cut_at_answer(cable);
        assert_int_equal(audit(w, i), GH_OP_OK);
    }
    replayed(w, 1, 60);
    world_close(w);
    wire_free(cable);
}

static void test_what_waited_says_nothing_of_who_was_erased(void **state)
{
    world *w = *state;
    gh_id ada = world_user(w, "ada", "$1");
    world *other = world_join(w);
    postgres_stop(world_server());
    gh_op_audit *o = world_op(AUDIT, gh_op_audit);
    o->event = GH_STR("csrf_refused");
    o->op.actor.user = ada;
    o->op.actor.user_agent = GH_STR("Analytical Engine");
    o->op.actor.decision = GH_STR("d1");
    o->detail = GH_STR("{\"n\":1}");
    assert_int_equal(world_once(w, o), GH_OP_OK);
    world_close(w);
    postgres_start(world_server(), NULL);
    gh_op_user_erase *e = world_op(USER_ERASE, gh_op_user_erase);
    e->id = ada;
    assert_int_equal(world_once(other, e), GH_OP_OK);
    assert_true(world_open(w));
    while (stats_of(w).spool_lines > 0)
        (void)usleep(1000);
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM audit WHERE event = 'csrf_refused' AND decision = 'd1' AND "
                        "user_agent IS NULL AND detail IS NULL"),
        1);
    assert_int_equal(world_teardown((void **)&other), 0);
}

/* What found no room is counted, said once, and told to the trail. */
static void test_a_full_spool_is_told_of(void **state)
{
    world *w = *state;
    unsigned kept = 0, lost = 0;
    postgres_stop(world_server());
    ((gh_pg_records *)w->records)->spool.most = 3000; /* nobody writes to it yet */
    for (unsigned i = 1; i <= 60; i++) {
        unsigned status = audit(w, i);
        assert_true(status == GH_OP_OK || status == GH_OP_UNAVAILABLE);
        kept += status == GH_OP_OK;
        lost += status == GH_OP_UNAVAILABLE;
    }
    assert_true(kept > 5 && lost > 5);
    assert_int_equal(full, 1);
    assert_int_equal(stats_of(w).dropped, lost);
    postgres_start(world_server(), NULL);
    replayed(w, 1, kept);
    while (world_number(w, "SELECT count(*) FROM audit WHERE event = 'audit_dropped'") == 0)
        (void)usleep(1000);
    char sql[128];
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM audit WHERE event = 'audit_dropped' AND detail = '{\"lines\":%u}'",
                   lost);
    assert_int_equal(world_number(w, sql), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'audit_dropped'"), 1);
    assert_int_equal(audit(w, kept + 1), GH_OP_OK);
    replayed(w, 1, kept + 1);
}

static void answer(gh_op *op)
{
    gh_op_unref(op);
}

/* They were counted in memory only, and a node that was stopped told nobody. */
static void test_what_found_no_place_in_the_queue_is_told_of_by_the_next_node(void **state)
{
    enum { LINES = 200 };
    world *w = *state;
    unsigned lost = 0;
    world_close(w);
    w->options.max_queue = 4;
    assert_true(world_open(w));
    postgres_stop(world_server());
    assert_int_equal(audit(w, 0), GH_OP_OK);
    gh_spool *spool = &((gh_pg_records *)w->records)->spool;
    (void)pthread_mutex_lock(&spool->lock); /* a slow disk */
    for (unsigned i = 0; i < LINES; i++) {
        gh_op_audit *o = world_op(AUDIT, gh_op_audit);
        o->event = GH_STR("csrf_refused");
        o->op.finished = answer;
        lost += !gh_records_submit(w->records, &o->op);
        world_done(o);
    }
    (void)pthread_mutex_unlock(&spool->lock);
    assert_true(lost > 0 && lost < LINES);
    world_close(w);
    postgres_start(world_server(), NULL);
    assert_true(world_open(w));
    while (stats_of(w).spool_lines > 0 ||
           world_number(w, "SELECT coalesce(sum((detail::json ->> 'lines')::bigint), 0) FROM audit "
                           "WHERE event = 'audit_dropped'") < lost)
        (void)usleep(1000);
    assert_int_equal(world_number(w, "SELECT sum((detail::json ->> 'lines')::bigint) FROM audit "
                                     "WHERE event = 'audit_dropped'"),
                     lost);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'csrf_refused'"),
                     1 + LINES - lost);
}

static void dropped_in_trail(world *w, unsigned lines)
{
    while (world_number(w, "SELECT count(*) FROM audit WHERE event = 'audit_dropped'") == 0)
        (void)usleep(1000);
    assert_int_equal(
        world_number(
            w, postgres_text(
                   "SELECT count(*) FROM audit WHERE event = 'audit_dropped' AND detail = '{\"lines\":%u}'",
                   lines)),
        1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'audit_dropped'"), 1);
}

/* Damage on disk, while the node runs: the lines before and behind it are written down, and it is not in their way. */
static void test_a_damaged_line_is_not_in_the_way(void **state)
{
    world *w = *state;
    gh_spool *spool = &((gh_pg_records *)w->records)->spool;
    postgres_stop(world_server());
    uint64_t ends[7] = {0};
    for (unsigned i = 1; i <= 6; i++) {
        assert_int_equal(audit(w, i), GH_OP_OK);
        ends[i] = gh_spool_look(spool).end;
    }
    assert_int_equal(pwrite(spool->fd, "?", 1, (off_t)ends[4] - 3), 1); /* of the fourth */
    assert_int_equal(pwrite(spool->fd, "\xff", 1, (off_t)ends[1]), 1);  /* the length of the second */
    postgres_start(world_server(), NULL);
    while (stats_of(w).spool_lines > 0)
        (void)usleep(1000);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'csrf_refused' AND detail IN "
                                     "('{\"n\":1}', '{\"n\":3}', '{\"n\":5}', '{\"n\":6}')"),
                     4);
    dropped_in_trail(w, 2);
    assert_int_equal(stats_of(w).dropped, 2);
    assert_int_equal(damaged, 1);
    assert_int_equal(access(postgres_text("%s/audit.spool.bad", w->folder), R_OK), 0);
    assert_int_equal(audit(w, 7), GH_OP_OK);
    assert_int_equal(stats_of(w).spool_lines, 0);
    assert_int_equal(unlink(postgres_text("%s/audit.spool.bad", w->folder)), 0);
}

static void *audit_on_and_on(void *data)
{
    world *w = data;
    while (stats_of(w).spool_lines > 0) {
        gh_op_audit *o = gh_op_make(AUDIT, gh_op_audit);
        if (o == NULL)
            return NULL;
        o->event = GH_STR("csrf_refused");
        gh_records_do(w->records, &o->op);
        gh_op_unref(&o->op);
    }
    return NULL;
}

/* As many lines as a long outage leaves; sent in pieces of a few hundred. */
static void fill_spool(const world *w, unsigned lines)
{
    gh_spool s;
    uint64_t cut;
    gh_buf why = gh_buf_over(NULL, 0);
    assert_true(gh_spool_open(&s, w->folder, GH_SPOOL_MOST, &why, &cut));
    char bytes[GH_SPOOL_LINE_MAX], frame[8];
    FILE *f = fopen(postgres_text("%s/audit.spool", w->folder), "ae");
    assert_non_null(f);
    for (unsigned i = 1; i <= lines; i++) {
        gh_spool_line line = {.at_s = i, .event = GH_STR("csrf_refused")};
        memcpy(line.id, &i, sizeof i);
        gh_buf b = gh_buf_over(bytes, sizeof bytes);
        assert_true(gh_spool_line_put(&line, &b));
        uint32_t crc = gh_crc32(gh_buf_str(&b));
        for (unsigned at = 0; at < 4; at++) {
            frame[at] = (char)(b.n >> (24 - 8 * at));
            frame[4 + at] = (char)(crc >> (24 - 8 * at));
        }
        (void)fwrite(frame, 1, sizeof frame, f);
        (void)fwrite(bytes, 1, b.n, f);
    }
    assert_int_equal(fclose(f), 0);
    gh_spool_close(&s);
}

/* A node that was told to end went on until the last line was in the database, and was killed in the middle of it when that
 * took longer than it was given. */
static void test_a_node_that_ends_leaves_what_waits_to_the_next(void **state)
{
    enum { LINES = 10000 };
    world *w = *state;
    world_close(w);
    fill_spool(w, LINES);
    assert_true(world_open(w));
    while (stats_of(w).replayed == 0)
        (void)usleep(100);
    world_close(w);
    assert_true(world_number(w, "SELECT count(*) FROM audit WHERE spool_id IS NOT NULL") < LINES);
    assert_true(world_open(w));
    while (stats_of(w).spool_lines > 0)
        (void)usleep(1000);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE spool_id IS NOT NULL"), LINES);
}

/* Lines come faster than those that wait are written down. It came to no end before. */
static void test_lines_that_keep_coming_are_no_treadmill(void **state)
{
    enum { LINES = 5000, CALLERS = 6 };
    world *w = *state;
    pthread_t callers[CALLERS];
    world_close(w);
    fill_spool(w, LINES);
    assert_true(world_open(w));
    for (unsigned i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&callers[i], NULL, audit_on_and_on, w), 0);
    for (unsigned i = 0; i < CALLERS; i++)
        (void)pthread_join(callers[i], NULL);
    assert_int_equal(stats_of(w).spool_lines, 0);
    assert_int_equal(stats_of(w).dropped, 0);
    assert_true(world_number(w, "SELECT count(*) FROM audit WHERE spool_id IS NOT NULL") >= LINES);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_node_that_ends_leaves_what_waits_to_the_next),
        TEST(test_events_wait_for_the_database),
        TEST(test_events_outlive_the_node),
        TEST(test_an_event_is_there_once),
        TEST(test_a_full_spool_is_told_of),
        TEST(test_what_found_no_place_in_the_queue_is_told_of_by_the_next_node),
        TEST(test_a_damaged_line_is_not_in_the_way),
        TEST(test_lines_that_keep_coming_are_no_treadmill),
        TEST(test_what_waited_says_nothing_of_who_was_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
