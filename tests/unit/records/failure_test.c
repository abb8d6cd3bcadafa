/* What does not work must not be half done: a full disk, a full queue, no time left, a foreign hand on the file. */
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "records_world.h"

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static rlim_t log_size(world *w)
{
    char path[128];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/gatehouse.db-wal", w->folder);
    return stat(path, &st) == 0 ? (rlim_t)st.st_size : 0;
}

/* From now on no file grows: as on a disk that is full. */
static void fill_disk(world *w)
{
    limit_files(log_size(w));
}

static void empty_disk(void)
{
    limit_files(RLIM_INFINITY);
}

static int setup(void **state)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    return world_setup(state);
}

static int teardown(void **state)
{
    empty_disk();
    return world_teardown(state);
}

static gh_op_user_create *create(const char *name, gh_id session)
{
    gh_op_user_create *o = world_op(USER_CREATE, gh_op_user_create);
    o->name = gh_str_of(name);
    o->with_session = true;
    o->session = world_session(session, GH_SESSION_COOKIE);
    return o;
}

static void test_on_sqlite_a_full_disk_makes_nothing_and_says_so(void **state)
{
    world *w = *state;
    assert_int_equal(world_once(w, create("ada", 1)), GH_OP_OK);
    fill_disk(w);
    for (unsigned i = 0; i < 5; i++) {
        gh_op_user_create *o = create("bob", 2);
        assert_int_equal(world_do(w, o), GH_OP_UNAVAILABLE);
        assert_true(o->user.id == 0 && o->user.name.p == NULL && o->subject.user == 0);
        world_done(o);
        assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 2, 2), GH_LOOKUP_UNKNOWN);
        gh_op_user_get *g = world_op(USER_GET, gh_op_user_get); /* reading goes on */
        g->name = GH_STR("ada");
        assert_int_equal(world_once(w, g), GH_OP_OK);
    }
    assert_int_equal(world_said, 1); /* once, not for each */
    assert_string_equal(world_event, "records_failing");
    gh_records_stats stats;
    gh_records_read_stats(w->records, &stats);
    assert_true(stats.failures >= 5 && stats.file_bytes > 0);
    empty_disk();
    assert_int_equal(world_once(w, create("bob", 2)), GH_OP_OK);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 2, 2), GH_LOOKUP_GOOD);
    assert_int_equal(world_said, 2);
    assert_string_equal(world_event, "records_recovered");
    world_reopen(w);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1), GH_LOOKUP_GOOD);
    assert_int_equal(world_number(w, "SELECT count(*) FROM user"), 2);
}

/* A token that could not be rotated must still be good afterwards; a session that could not be ended is not ended. */
static void test_on_sqlite_a_full_disk_changes_no_session(void **state)
{
    world *w = *state;
    assert_int_equal(world_once(w, create("ada", 1)), GH_OP_OK);
    fill_disk(w);
    gh_op_refresh *r = world_op(REFRESH, gh_op_refresh);
    r->session = 1;
    world_hash(1, r->hash);
    world_hash(100, r->next_hash);
    r->next_sealed = GH_STR("sealed");
    assert_int_equal(world_do(w, r), GH_OP_UNAVAILABLE);
    assert_true(r->sealed.p == NULL && !r->repeated && r->user == 0 && r->expires_s == 0);
    world_done(r);
    gh_op_session_end *e = world_op(SESSION_END, gh_op_session_end);
    e->session = 1;
    assert_int_equal(world_do(w, e), GH_OP_UNAVAILABLE);
    assert_int_equal(e->ended, 0);
    world_done(e);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1), GH_LOOKUP_GOOD);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 100), GH_LOOKUP_MISMATCH);
    empty_disk();
    world_reopen(w);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1), GH_LOOKUP_GOOD);
}

enum { MANY = 400 };
static _Atomic unsigned answered;

static void count_answer(gh_op *op)
{
    atomic_fetch_add(&answered, 1);
    gh_op_unref(op);
}

static void wait_for(unsigned n)
{
    while (atomic_load(&answered) < n)
        (void)sched_yield();
}

/* The disk is full and not full in turns while a crowd registers: exactly those who were told so are there. */
static void test_on_sqlite_answers_and_disk_agree_through_it_all(void **state)
{
    world *w = *state;
    static gh_op_user_create *ops[MANY];
    static char names[MANY][16];
    unsigned made = 0, refused = 0;
    for (unsigned i = 0; i < MANY; i++) {
        if (i % 100 == 0)
            empty_disk();
        if (i % 100 == 40)
            limit_files(log_size(w) + 30000);
        (void)snprintf(names[i], sizeof names[i], "user%u", i);
        ops[i] = create(names[i], i + 1);
        ops[i]->op.finished = count_answer;
        assert_true(gh_records_submit(w->records, &ops[i]->op));
        if (i % 10 == 9)
            wait_for(i + 1);
    }
    wait_for(MANY);
    empty_disk();
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            bool ok = ops[i]->op.status == GH_OP_OK;
            assert_true(ok || ops[i]->op.status == GH_OP_UNAVAILABLE);
            assert_int_equal(world_look(w, GH_LOOKUP_SESSION, i + 1, i + 1),
                             ok ? GH_LOOKUP_GOOD : GH_LOOKUP_UNKNOWN);
            made += ok;
            refused += !ok;
        }
        world_reopen(w);
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM user"), made / 2);
    assert_true(made > 0 && refused > 0);
    for (unsigned i = 0; i < MANY; i++)
        world_done(ops[i]);
}

static void test_what_comes_too_late_is_not_begun(void **state)
{
    world *w = *state;
    gh_op_user_create *o = create("ada", 1);
    o->op.deadline_ms = world_now_ms;
    assert_int_equal(world_once(w, o), GH_OP_UNAVAILABLE);
    assert_int_equal(world_number(w, "SELECT count(*) FROM user"), 0);
    o = create("ada", 1);
    o->op.deadline_ms = world_now_ms + 1;
    assert_int_equal(world_once(w, o), GH_OP_OK);
}

/* The records stand still, with one operation in hand, until resume(). */
static sqlite3 *hold_up(world *w)
{
    char path[128];
    sqlite3 *db;
    gh_records_stats stats = {.queued = 1};
    (void)snprintf(path, sizeof path, "%s/gatehouse.db", w->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    gh_op_user_get *o = world_op(USER_GET, gh_op_user_get);
    o->id = 1;
    o->op.finished = count_answer;
    assert_true(gh_records_submit(w->records, &o->op));
    world_done(o);
    while (stats.queued > 0)
        gh_records_read_stats(w->records, &stats);
    return db;
}

static void resume(sqlite3 *db)
{
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
}

/* One bad operation in a transaction of several: the others are done. */
static void test_on_sqlite_an_operation_that_fails_fails_alone(void **state)
{
    world *w = *state;
    gh_op_user_create *first = create("ada", 1), *twice = create("bob", 1), *last = create("eve", 3);
    sqlite3 *db = hold_up(w);
    unsigned before = atomic_load(&answered);
    gh_op_user_create *ops[] = {first, twice, last};
    for (size_t i = 0; i < GH_COUNT(ops); i++) {
        ops[i]->op.finished = count_answer;
        assert_true(gh_records_submit(w->records, &ops[i]->op));
    }
    resume(db);
    wait_for(before + 4);
    assert_int_equal(first->op.status, GH_OP_OK);
    assert_int_equal(twice->op.status, GH_OP_UNAVAILABLE); /* the session's id is taken */
    assert_int_equal(last->op.status, GH_OP_OK);
    assert_int_equal(world_number(w, "SELECT count(*) FROM user"), 2);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 3, 3), GH_LOOKUP_GOOD);
    gh_lookup look = {.kind = GH_LOOKUP_SESSION, .id = 1};
    world_hash(1, look.hash);
    assert_int_equal(world_lookup(w, look).subject.user, first->user.id); /* still the first one's */
    for (size_t i = 0; i < GH_COUNT(ops); i++)
        world_done(ops[i]);
}

static void test_on_sqlite_a_full_queue_says_busy(void **state)
{
    world *w = *state;
    unsigned taken = 0, busy = 0, before = atomic_load(&answered);
    world_close(w);
    w->options.max_queue = 10;
    assert_true(world_open(w));
    sqlite3 *db = hold_up(w);
    for (unsigned i = 0; i < 600; i++) {
        gh_op_user_get *o = world_op(USER_GET, gh_op_user_get);
        o->id = 1;
        o->op.finished = count_answer;
        if (gh_records_submit(w->records, &o->op)) {
            taken++;
        } else {
            busy++;
            assert_int_equal(o->op.status, GH_OP_BUSY);
            assert_int_equal(o->op.retry_s, 1);
        }
        world_done(o);
    }
    resume(db);
    wait_for(before + taken + 1);
    assert_true(taken == 10 && busy == 590);
}

static void test_closing_does_what_waits(void **state)
{
    world *w = *state;
    static gh_op_user_create *ops[50];
    static char names[50][16];
    for (unsigned i = 0; i < 50; i++) {
        (void)snprintf(names[i], sizeof names[i], "user%u", i);
        ops[i] = create(names[i], i + 1);
        ops[i]->op.finished = count_answer;
        assert_true(gh_records_submit(w->records, &ops[i]->op));
    }
    world_reopen(w);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(ops[i]->op.status, GH_OP_OK);
        world_done(ops[i]);
        assert_int_equal(world_look(w, GH_LOOKUP_SESSION, i + 1, i + 1), GH_LOOKUP_GOOD);
    }
}

/* Somebody else's table in the way is one thing; a row that is not what was written is another. */
static void test_on_sqlite_a_row_that_is_not_ours_is_not_believed(void **state)
{
    world *w = *state;
    assert_int_equal(world_once(w, create("ada", 1)), GH_OP_OK);
    world_sql(w, "UPDATE session SET hash = x'00'");
    gh_op_refresh *r = world_op(REFRESH, gh_op_refresh);
    r->session = 1;
    assert_int_equal(world_once(w, r), GH_OP_UNAVAILABLE);
    world_close(w);
    assert_false(world_open(w));
    assert_non_null(strstr(w->why, "can't be read"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_on_sqlite_a_full_disk_makes_nothing_and_says_so),
        TEST(test_on_sqlite_a_full_disk_changes_no_session),
        TEST(test_on_sqlite_answers_and_disk_agree_through_it_all),
        TEST(test_what_comes_too_late_is_not_begun),
        TEST(test_on_sqlite_an_operation_that_fails_fails_alone),
        TEST(test_on_sqlite_a_full_queue_says_busy),
        TEST(test_closing_does_what_waits),
        TEST(test_on_sqlite_a_row_that_is_not_ours_is_not_believed),
    };
    world_choose_tests();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
