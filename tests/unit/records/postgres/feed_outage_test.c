/* Feeds whose wire is cut, whose server is stopped, killed or another one, and which have missed something. */
#include "feed_world.h"

/* --- it can't go on */

static void changes_that_were_swept_unread(void **state)
{
    (void)state;
    log_in(1);
    log_in(2);
    node_start(&a);
    assert_true(knows(&a, 1));
    wire_hold(a.w, true);
    EVENTUALLY(!stats_of(&a).connected); /* and no read of it is under way any more */
    log_out(1);
    log_in(3);
    postgres_sql(pg, "records",
                 "DELETE FROM gatehouse.change; UPDATE gatehouse.change_swept SET swept_id = "
                 "(SELECT last_value FROM gatehouse.change_id_seq)");
    wire_hold(a.w, false);
    EVENTUALLY(stats_of(&a).loads == 2 && is_complete(&a));
    assert_false(knows(&a, 1));
    assert_true(knows(&a, 2) && knows(&a, 3));
    /* Those it has read may be swept. */
    log_in(4);
    EVENTUALLY(knows(&a, 4));
    postgres_sql(pg, "records",
                 "DELETE FROM gatehouse.change; UPDATE gatehouse.change_swept SET swept_id = "
                 "(SELECT last_value FROM gatehouse.change_id_seq)");
    log_in(5);
    EVENTUALLY(knows(&a, 5));
    assert_int_equal(stats_of(&a).loads, 2);
}

static void a_change_that_can_not_be_read(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    begin(&c);
    gh_sql_run1(&c.sql, GH_SQL_SESSION_DELETE, 1);
    gh_query q = gh_query_of(&c.sql, GH_PG_CHANGE_ADD);
    gh_bind_blob(&q, "\x63 of a newer Gatehouse", 20);
    gh_query_run(&q);
    commit(&c);
    EVENTUALLY(stats_of(&a).loads == 2);
    EVENTUALLY(is_complete(&a));
    assert_false(knows(&a, 1));
    log_in(2);
    EVENTUALLY(knows(&a, 2));
    assert_int_equal(stats_of(&a).loads, 2);
}

/* --- outages */

static void a_cut_wire(void **state)
{
    (void)state;
    node_start(&a);
    for (gh_id id = 1; id <= 5; id++) {
        wire_cut(a.w);
        log_in(id);
        EVENTUALLY(knows(&a, id));
    }
    assert_int_equal(stats_of(&a).loads, 1); /* it goes on where it was */
    assert_int_equal(stats_of(&a).changes, 5);
}

/* The answer to a read is lost: it is read again, and applied once. */
static void a_wire_that_is_cut_in_an_answer(void **state)
{
    (void)state;
    node_start(&a);
    for (gh_id id = 1; id <= 5; id++) {
        waiter w = {.n = &a, .session = id, .shall_be_known = true};
        log_in(id);
        wire_cut_at_answer(a.w);
        submit(&w, false);
        EVENTUALLY(w.finished == 1);
        EVENTUALLY(knows(&a, id));
        assert_int_equal(w.wrong, 0);
    }
    assert_int_equal(stats_of(&a).loads, 1);
    assert_int_equal(stats_of(&a).changes, 5);
}

static void an_unplugged_wire(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    wire_hold(a.w, true);
    EVENTUALLY(!is_complete(&a));
    EVENTUALLY(a.errors == 1);
    assert_non_null(strstr(a.said, "roster_incomplete: "));
    /* What is committed now needs no read: nobody is let in here. */
    waiter w = {.n = &a, .session = 1};
    log_out(1);
    submit(&w, false);
    submit(&w, true);
    EVENTUALLY(w.finished == 2);
    assert_true(knows(&a, 1)); /* the roster says so, and is not asked */
    assert_int_equal(w.wrong, 0);
    wire_hold(a.w, false);
    EVENTUALLY(is_complete(&a));
    assert_false(knows(&a, 1));
    EVENTUALLY(a.recoveries == 1);
    assert_int_equal(a.errors, 1);
    assert_int_equal(stats_of(&a).loads, 1);
}

static void a_stopped_server(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    waiter w = {.n = &a, .session = 1, .shall_be_known = true};
    postgres_pause(pg);
    submit(&w, false);
    EVENTUALLY(w.finished == 1); /* committed, as far as the feed can know */
    EVENTUALLY(!is_complete(&a));
    assert_int_equal(w.wrong, 0);
    postgres_resume(pg);
    EVENTUALLY(is_complete(&a));
    log_in(2);
    EVENTUALLY(knows(&a, 2));
    assert_int_equal(stats_of(&a).loads, 1);
}

static void a_killed_server(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    for (unsigned i = 0; i < 2; i++) {
        gh_sql_close(&c.sql);
        postgres_kill(pg);
        EVENTUALLY(!stats_of(&a).connected);
        postgres_start(pg, NULL);
        open_as(&c, GH_POSTGRES_OPERATIONS);
        log_in(2 + i);
        EVENTUALLY(knows(&a, 2 + i));
        assert_true(knows(&a, 1));
    }
    assert_int_equal(stats_of(&a).loads, 1); /* a crash loses nothing that was committed */
}

/* A standby that was promoted may not have what we have applied. */
static void another_history(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    gh_sql_close(&c.sql);
    postgres_stop(pg);
    postgres_next_timeline(pg);
    postgres_start(pg, NULL);
    EVENTUALLY(stats_of(&a).loads == 2);
    EVENTUALLY(is_complete(&a));
    open_as(&c, GH_POSTGRES_OPERATIONS);
    assert_true(knows(&a, 1));
}

static void no_server_at_the_start(void **state)
{
    (void)state;
    gh_sql_close(&c.sql);
    postgres_stop(pg);
    node_begin(&a);
    assert_false(gh_feed_wait(a.feed, gh_postgres_now_ms() + 300, why));
    uint64_t fillings;
    assert_true(gh_feed_age_ms(a.feed, &fillings) == UINT64_MAX);
    EVENTUALLY(a.errors == 1);
    postgres_start(pg, NULL);
    assert_true(gh_feed_wait(a.feed, gh_postgres_now_ms() + postgres_patience_ms(), why));
    EVENTUALLY(a.recoveries == 1);
    open_as(&c, GH_POSTGRES_OPERATIONS);
}

static void what_is_in_its_way_at_the_start_is_told(void **state)
{
    (void)state;
    postgres_sql(pg, "records", "REVOKE SELECT ON gatehouse.session FROM service");
    node_begin(&a);
    EVENTUALLY(a.errors == 1);
    assert_false(gh_feed_wait(a.feed, gh_postgres_now_ms(), why));
    assert_non_null(strstr(why, "permission denied"));
    assert_non_null(strstr(a.said, "permission denied"));
    postgres_sql(pg, "records", "GRANT SELECT ON gatehouse.session TO service");
    assert_true(gh_feed_wait(a.feed, gh_postgres_now_ms() + postgres_patience_ms(), why));
}

/* --- all at once */

typedef struct worker {
    node *n;
    gh_postgres p;
    gh_id from;
    unsigned done, conflicts;
    _Atomic unsigned wrong;
} worker;
static _Atomic bool over;

/* Logs in and out, session after session, and looks whether what it was told is so. */
static void *work(void *data)
{
    worker *w = data;
    waiter waiters[2];
    gh_arena_init(&arena, NULL, 0, 64 << 20);
    for (gh_id id = w->from; !atomic_load(&over); id++) {
        for (unsigned in = 0; in < 2; in++) {
            waiters[in] = (waiter){.n = w->n, .session = id, .shall_be_known = in == 0};
            gh_sql_run(&w->p.sql, GH_SQL_BEGIN);
            (in == 0 ? write_session : end_session)(&w->p, id);
            gh_sql_run(&w->p.sql, GH_SQL_COMMIT);
            gh_sql_flush(&w->p.sql);
            if (w->p.sql.failure == GH_SQL_CONFLICT) { /* in another's way */
                gh_sql_reset(&w->p.sql);
                gh_sql_run(&w->p.sql, GH_SQL_ROLLBACK);
                gh_sql_flush(&w->p.sql);
                w->conflicts++;
                in--;
                continue;
            }
            if (!gh_sql_ok(&w->p.sql)) {
                atomic_fetch_add(&w->wrong, 1);
                return NULL;
            }
            submit(&waiters[in], false);
            while (atomic_load(&waiters[in].finished) == 0)
                pause_ms(1);
            atomic_fetch_add(&w->wrong, atomic_load(&waiters[in].wrong));
            w->done++;
        }
        gh_arena_reset(&arena);
    }
    return NULL;
}

/* Operations on two nodes, whose wires are cut, held and cut in answers all the time: what is told is always so, and in the
 * end both have everything and nothing but that. */
static void nothing_is_lost_and_nothing_comes_back(void **state)
{
    (void)state;
    static worker workers[4];
    pthread_t threads[4];
    node_start(&a);
    node_start(&b);
    atomic_store(&over, false);
    for (unsigned i = 0; i < 4; i++) {
        workers[i] = (worker){.n = i % 2 == 0 ? &a : &b, .from = 1000000 * (i + 1)};
        open_as(&workers[i].p, GH_POSTGRES_OPERATIONS);
    }
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (unsigned i = 0; i < 12; i++) {
        node *n = i % 2 == 0 ? &a : &b;
        switch (i % 3) {
        case 0:
            wire_cut(n->w);
            break;
        case 1:
            wire_cut_at_answer(n->w);
            break;
        default:
            wire_hold(n->w, true);
            pause_ms(i < 6 ? 100 : 1500);
            wire_hold(n->w, false);
        }
        pause_ms(150);
    }
    atomic_store(&over, true);
    unsigned done = 0, wrong = 0, conflicts = 0;
    for (unsigned i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
        done += workers[i].done;
        wrong += workers[i].wrong;
        conflicts += workers[i].conflicts;
        gh_sql_close(&workers[i].p.sql);
    }
    print_message("%u operations, %u conflicts, reads %llu and %llu\n", done, conflicts,
                  (unsigned long long)stats_of(&a).reads, (unsigned long long)stats_of(&b).reads);
    assert_int_equal(wrong, 0);
    assert_true(done > 20);
    waiter last = {.n = &a}, other = {.n = &b};
    EVENTUALLY(is_complete(&a) && is_complete(&b));
    submit(&last, true);
    submit(&other, true);
    EVENTUALLY(last.finished == 1 && other.finished == 1);
    for (unsigned i = 0; i < 4; i++)
        for (gh_id id = workers[i].from; id < workers[i].from + workers[i].done; id++)
            assert_false(knows(&a, id) || knows(&b, id));
    gh_roster_stats s;
    gh_roster_read_stats(a.roster, &s);
    assert_int_equal(s.sessions, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_setup, feed_teardown)
    const struct CMUnitTest tests[] = {
        TEST(changes_that_were_swept_unread),
        TEST(a_change_that_can_not_be_read),
        TEST(a_cut_wire),
        TEST(a_wire_that_is_cut_in_an_answer),
        TEST(an_unplugged_wire),
        TEST(a_stopped_server),
        TEST(a_killed_server),
        TEST(another_history),
        TEST(no_server_at_the_start),
        TEST(what_is_in_its_way_at_the_start_is_told),
        TEST(nothing_is_lost_and_nothing_comes_back),
    };
    return cmocka_run_group_tests(tests, feed_setup_all, feed_teardown_all);
}
