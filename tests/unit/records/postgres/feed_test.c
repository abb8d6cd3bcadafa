/* Feeds of a real PostgreSQL: what is changed anywhere is known everywhere, and who waits is told when it is. */
#include "feed_world.h"

static void all_that_is_there_is_loaded(void **state)
{
    (void)state;
    log_in(1);
    postgres_sql(pg, "records", "INSERT INTO gatehouse.revoked_token VALUES(99, 1700000500)");
    node_start(&a);
    assert_true(knows(&a, 1));
    assert_true(has_roles(&a, "member"));
    gh_lookup token = {.kind = GH_LOOKUP_TOKEN, .jti = 99, .user = 7, .now_s = NOW_S};
    gh_roster_answer(a.roster, &token, 1);
    assert_int_equal(token.answer, GH_LOOKUP_REVOKED);
    gh_feed_stats s = stats_of(&a);
    assert_int_equal(s.loads, 1);
    assert_int_equal(s.changes, 0); /* what was loaded is not read again */
    assert_true(s.connected && is_complete(&a));
    assert_int_equal(a.rings, 1);
}

static void changes_are_heard_of_without_being_told(void **state)
{
    (void)state;
    node_start(&a);
    log_in(1);
    EVENTUALLY(knows(&a, 1));
    log_out(1);
    EVENTUALLY(!knows(&a, 1));
    gh_lookup token = {.kind = GH_LOOKUP_TOKEN, .id = 1, .user = 7, .now_s = NOW_S};
    gh_roster_answer(a.roster, &token, 1);
    assert_int_equal(token.answer, GH_LOOKUP_REVOKED);
    assert_int_equal(stats_of(&a).changes, 2);
}

/* By the poll alone there would be no more reads than this. */
static void a_notification_is_heard_at_once(void **state)
{
    (void)state;
    node_start(&a);
    uint64_t before = stats_of(&a).reads, began = gh_postgres_now_ms();
    for (gh_id id = 1; id <= 50; id++) {
        log_in(id);
        tell();
        EVENTUALLY(knows(&a, id));
    }
    uint64_t polls = (gh_postgres_now_ms() - began) / GH_FEED_POLL_MS + 1;
    assert_true(stats_of(&a).reads - before > polls);
}

static void who_waits_is_finished_when_it_is_so(void **state)
{
    (void)state;
    node_start(&a);
    for (gh_id id = 1; id <= 20; id++) {
        waiter in = {.n = &a, .session = id, .shall_be_known = true}, out = {.n = &a, .session = id};
        log_in(id);
        submit(&in, false);
        EVENTUALLY(in.finished == 1);
        assert_true(knows(&a, id));
        log_out(id);
        submit(&out, false);
        EVENTUALLY(out.finished == 1);
        assert_false(knows(&a, id));
        assert_int_equal(in.wrong + out.wrong, 0);
        assert_false(pthread_equal(in.thread, pthread_self()));
    }
}

static void two_nodes_hear_each_other(void **state)
{
    (void)state;
    node_start(&a);
    node_start(&b);
    for (gh_id id = 1; id <= 20; id++) {
        waiter w = {.n = id % 2 == 0 ? &a : &b};
        log_in(id);
        submit(&w, false);
        EVENTUALLY(knows(&a, id) && knows(&b, id));
        EVENTUALLY(w.finished == 1);
    }
    assert_true(stats_of(&a).notices >= 1 && stats_of(&b).notices >= 1);
    /* Who only wants to know tells nobody. */
    waiter w = {.n = &a};
    pause_ms(50);
    uint64_t notices = stats_of(&a).notices;
    for (unsigned i = 0; i < 100; i++)
        submit(&w, true);
    EVENTUALLY(w.finished == 100);
    pause_ms(50);
    assert_int_equal(stats_of(&a).notices, notices);
}

static void many_share_a_read(void **state)
{
    (void)state;
    node_start(&a);
    waiter w = {.n = &a};
    uint64_t before = stats_of(&a).reads, began = gh_postgres_now_ms();
    for (unsigned i = 0; i < 20000; i++)
        submit(&w, i % 2 == 0);
    EVENTUALLY(w.finished == 20000);
    uint64_t reads = stats_of(&a).reads - before, took = gh_postgres_now_ms() - began;
    assert_true(reads >= 1 && reads <= took / 2 + 2); /* 2 ms between two of them, at least */
    assert_int_equal(w.wrong, 0);
}

/* A transaction that has drawn a smaller number is still under way when a later one is read. */
static void a_slow_transaction_is_not_forgotten(void **state)
{
    (void)state;
    gh_postgres slow;
    open_as(&slow, GH_POSTGRES_OPERATIONS);
    begin(&slow);
    write_session(&slow, 1);
    gh_query q = gh_query_of(&slow.sql, GH_SQL_SESSION_BY_ID); /* so that it is done, and drawn */
    gh_bind_id(&q, 1);
    assert_true(gh_query_row(&q));
    gh_query_end(&q);
    node_start(&a); /* loads while it is under way */
    log_in(2);
    node_start(&b);
    EVENTUALLY(knows(&a, 2) && knows(&b, 2));
    for (gh_id id = 3; id < 10; id++)
        log_in(id);
    EVENTUALLY(knows(&a, 9) && knows(&b, 9));
    assert_false(knows(&a, 1) || knows(&b, 1));
    commit(&slow);
    EVENTUALLY(knows(&a, 1) && knows(&b, 1));
    log_out(1);
    EVENTUALLY(!knows(&a, 1) && !knows(&b, 1));
    assert_int_equal(stats_of(&a).changes, 10);
    assert_int_equal(stats_of(&b).changes, 9); /* it began after one of them */
    gh_sql_close(&slow.sql);
}

/* A role is taken away while a refresh, which has read it, is under way: whoever comes first, it stays away. */
static void what_was_taken_away_does_not_come_back(void **state)
{
    (void)state;
    gh_postgres refresh;
    open_as(&refresh, GH_POSTGRES_OPERATIONS);
    postgres_sql(pg, "records", "UPDATE gatehouse.account SET roles = 'admin'");
    log_in(1);
    node_start(&a);
    EVENTUALLY(has_roles(&a, "admin"));
    for (unsigned first = 0; first < 2; first++) {
        begin(&refresh);
        gh_query q = gh_query_of(&refresh.sql, GH_SQL_USER_BY_ID);
        gh_bind_id(&q, 7);
        assert_true(gh_query_row(&q));
        gh_query_end(&q);
        begin(&c);
        gh_effects fewer = {.arena = &arena}, old = {.arena = &arena};
        add_user(&fewer, 7, first == 0 ? "member" : "none");
        add_user(&old, 7, first == 0 ? "admin" : "member");
        if (first == 0) { /* the change comes first: the refresh can't hold what it has read */
            gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 7, 5);
            change(&c, &fewer);
            commit(&c);
            gh_sql_run1(&refresh.sql, GH_PG_USER_HOLD, 7);
            change(&refresh, &old);
            gh_sql_run(&refresh.sql, GH_SQL_COMMIT);
            gh_sql_flush(&refresh.sql);
            assert_int_equal(refresh.sql.failure, GH_SQL_CONFLICT);
            gh_sql_reset(&refresh.sql);
            gh_sql_run(&refresh.sql, GH_SQL_ROLLBACK);
            gh_sql_flush(&refresh.sql);
            EVENTUALLY(has_roles(&a, "member"));
        } else { /* the refresh comes first: the change waits for it, and draws its number after */
            gh_sql_run1(&refresh.sql, GH_PG_USER_HOLD, 7);
            change(&refresh, &old);
            commit(&refresh);
            gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 7, 6);
            change(&c, &fewer);
            commit(&c);
            EVENTUALLY(has_roles(&a, "none"));
        }
    }
    pause_ms(2 * GH_FEED_POLL_MS);
    assert_true(has_roles(&a, "none"));
    gh_sql_close(&refresh.sql);
}

static void signing_keys_and_uses(void **state)
{
    (void)state;
    log_in(1);
    node_start(&a);
    gh_effects effects = {.arena = &arena};
    effect(&effects, GH_EFFECT_USED)->used = (gh_roster_use){GH_ROSTER_SESSION, 1, NOW_S + 77, {0}};
    effect(&effects, GH_EFFECT_RING);
    begin(&c);
    change(&c, &effects);
    commit(&c);
    EVENTUALLY(a.rings == 2);
    assert_int_equal(gh_roster_session_used(a.roster, 1), NOW_S + 77);
}

/* A session of somebody who is not there lets nobody in, and is no reason to load everything anew. */
static void what_belongs_to_nobody(void **state)
{
    (void)state;
    node_start(&a);
    gh_effects effects = {.arena = &arena};
    add_session(&effects, 5);
    effects.first->next->session.user = 12345;
    begin(&c);
    change(&c, &effects);
    commit(&c);
    log_in(1);
    EVENTUALLY(knows(&a, 1));
    assert_false(knows(&a, 5));
    assert_int_equal(stats_of(&a).loads, 1);
}

/* --- calls, and the end */

static void note_thread(void *data)
{
    *(pthread_t *)data = pthread_self();
}

static void calls_are_done_on_its_thread(void **state)
{
    (void)state;
    pthread_t first, second;
    node_start(&a);
    assert_true(gh_feed_call(a.feed, note_thread, &first));
    assert_false(pthread_equal(first, pthread_self()));
    wire_hold(a.w, true);
    EVENTUALLY(!is_complete(&a));
    assert_true(gh_feed_call(a.feed, note_thread, &second));
    assert_true(pthread_equal(first, second));
}

static void all_are_finished_at_its_end(void **state)
{
    (void)state;
    node_start(&a);
    waiter w = {.n = &a};
    for (unsigned i = 0; i < 1000; i++)
        submit(&w, i % 2 == 0);
    gh_feed_close(a.feed);
    assert_int_equal(w.finished, 1000);
    gh_roster_free(a.roster);
    wire_free(a.w);
    a.feed = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, feed_setup, feed_teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_that_is_there_is_loaded),
        TEST(changes_are_heard_of_without_being_told),
        TEST(a_notification_is_heard_at_once),
        TEST(who_waits_is_finished_when_it_is_so),
        TEST(two_nodes_hear_each_other),
        TEST(many_share_a_read),
        TEST(a_slow_transaction_is_not_forgotten),
        TEST(what_was_taken_away_does_not_come_back),
        TEST(signing_keys_and_uses),
        TEST(what_belongs_to_nobody),
        TEST(calls_are_done_on_its_thread),
        TEST(all_are_finished_at_its_end),
    };
    return cmocka_run_group_tests(tests, feed_setup_all, feed_teardown_all);
}
