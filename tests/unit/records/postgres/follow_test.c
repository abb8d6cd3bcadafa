/* What a feed may have missed while it was away, though the ids say it has not. */
#include "feed_world.h"
#include "records/postgres/follow.h"

static gh_follower *f;
static gh_roster *roster;
static gh_postgres slow;
static gh_postgres_server server;

static int setup(void **state)
{
    static const uint8_t key[16] = "the roster's key";
    int failed = feed_setup(state);
    f = calloc(1, sizeof *f);
    roster = gh_roster_new(key);
    gh_follow_init(f, roster);
    server = (gh_postgres_server){.timeout_ms = (uint32_t)postgres_patience_ms()};
    server.url = postgres_text("postgresql://owner@/records?host=%s&port=%u", pg->folder, pg->port);
    open_as(&slow, GH_POSTGRES_OPERATIONS);
    return failed;
}

static int teardown(void **state)
{
    gh_follow_close(f);
    free(f);
    gh_roster_free(roster);
    gh_sql_close(&slow.sql);
    return feed_teardown(state);
}

static void connect_now(void)
{
    if (!gh_follow_connect(f, &server, why))
        fail_msg("%s", why);
}

static void load(void)
{
    connect_now();
    if (!gh_follow_load(f, NOW_S, why))
        fail_msg("%s", why);
}

static enum gh_followed read_now(void)
{
    gh_followed_what what = {0, false};
    return gh_follow_read(f, false, &what, why);
}

static bool is_known(gh_id session)
{
    node n = {.roster = roster};
    return knows(&n, session);
}

/* Time goes by for the server, and for what was read from it. */
static void an_hour_goes_by(void)
{
    postgres_sql(pg, "records", "UPDATE gatehouse.change SET at_s = at_s - 4000");
    f->at_s -= 4000;
    gh_sql_run(&c.sql, GH_PG_CHANGE_SWEEP);
    gh_sql_flush(&c.sql);
    assert_true(gh_sql_ok(&c.sql));
}

/* A logout was under way at the last read, with a smaller id than a login that was there. Then the node was cut off, and an
 * hour later both rows were swept: the last id it had read was the last one that was swept, so nothing seemed to be missing,
 * and the session was good for ever. */
static void what_was_under_way_when_it_was_cut_off(void **state)
{
    (void)state;
    log_in(1);
    load();
    begin(&slow);
    end_session(&slow, 1);
    gh_sql_flush(&slow.sql);
    log_in(2);
    assert_int_equal(read_now(), GH_FOLLOWED);
    assert_true(is_known(1) && is_known(2));
    gh_follow_close(f);
    commit(&slow);
    an_hour_goes_by();
    connect_now();
    if (!f->loaded || read_now() != GH_FOLLOWED)
        load();
    assert_false(is_known(1));
    assert_true(is_known(2));
}

static void who_was_away_for_a_moment_has_missed_nothing(void **state)
{
    (void)state;
    log_in(1);
    load();
    log_in(2);
    assert_int_equal(read_now(), GH_FOLLOWED);
    gh_follow_close(f);
    log_out(1);
    connect_now();
    assert_true(f->loaded);
    assert_int_equal(read_now(), GH_FOLLOWED);
    assert_true(!is_known(1) && is_known(2));
    gh_follow_close(f);
    postgres_sql(pg, "records", "UPDATE gatehouse.change SET at_s = at_s - 4000");
    gh_sql_run(&c.sql, GH_PG_CHANGE_SWEEP);
    gh_sql_flush(&c.sql);
    connect_now();
    assert_true(f->loaded); /* its last row was swept, and that is known */
    assert_int_equal(read_now(), GH_FOLLOWED);
}

/* The disk's copy of before was put back: the same server, the same timeline. Numbers are drawn again. */
static void a_copy_of_before_is_put_in_its_place(void **state)
{
    (void)state;
    log_in(1);
    log_in(2);
    load();
    log_in(3);
    assert_int_equal(read_now(), GH_FOLLOWED);
    assert_true(is_known(3));
    gh_follow_close(f);
    postgres_sql(pg, "records",
                 "DELETE FROM gatehouse.session WHERE id = 3; DELETE FROM gatehouse.change WHERE id = "
                 "(SELECT max(id) FROM gatehouse.change)");
    connect_now();
    assert_false(f->loaded);
    postgres_sql(
        pg, "records",
        "INSERT INTO gatehouse.change(tx, id, effect) OVERRIDING SYSTEM VALUE SELECT tx, id + 1, effect "
        "FROM gatehouse.change ORDER BY id DESC LIMIT 1");
    f->loaded = true;
    connect_now();
    assert_false(f->loaded);
    load();
    assert_false(is_known(3));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_under_way_when_it_was_cut_off),
        TEST(who_was_away_for_a_moment_has_missed_nothing),
        TEST(a_copy_of_before_is_put_in_its_place),
    };
    return cmocka_run_group_tests(tests, feed_setup_all, feed_teardown_all);
}
