/* Statements on a real PostgreSQL: queued, read, failed, given up. */
#include "cuttable_wire.h"
#include "postgres_world.h"
#include "records/postgres/schema_postgres.h"

#include <time.h>

static postgres *pg;
static gh_postgres_server server;
static gh_postgres c, other;
static char why[GH_POSTGRES_WHY];

static void open_as(gh_postgres *ret, enum gh_postgres_use use, const char *url)
{
    server.url = url;
    if (!gh_postgres_open(ret, &server, use, gh_postgres_now_ms() + postgres_patience_ms(), why))
        fail_msg("%s", why);
}

static const char *url(void)
{
    return postgres_text("postgresql://owner@/records?host=%s&port=%u", pg->folder, pg->port);
}

static void make_schema(void)
{
    uint64_t found;
    gh_buf text = gh_buf_over(why, sizeof why - 1);
    open_as(&c, GH_POSTGRES_SCHEMA, url());
    if (!gh_pg_schema_open(&c, &found, &text))
        fail_msg("%.*s", (int)text.n, text.p);
    gh_sql_close(&c.sql);
}

static int setup_all(void **state)
{
    (void)state;
    pg = postgres_make();
    postgres_start(pg, "good");
    server = (gh_postgres_server){.timeout_ms = (uint32_t)postgres_patience_ms()};
    postgres_sql(pg, "postgres", "CREATE DATABASE records");
    make_schema();
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    postgres_remove(pg);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    postgres_sql(pg, "records",
                 "TRUNCATE gatehouse.account, gatehouse.attempt, gatehouse.secret, gatehouse.change CASCADE");
    server.timeout_ms = (uint32_t)postgres_patience_ms();
    open_as(&c, GH_POSTGRES_OPERATIONS, url());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    postgres_resume(pg);
    gh_sql_close(&c.sql);
    if (other.sql.driver != NULL)
        gh_sql_close(&other.sql);
    return 0;
}

/* --- statements */

static gh_query secret_add(gh_sql *sql, gh_str name, gh_str value)
{
    gh_query q = gh_query_of(sql, GH_SQL_SECRET_ADD);
    gh_bind_text(&q, name);
    gh_bind_blob(&q, value.p, value.n);
    return q;
}

static void add(gh_sql *sql, const char *name, const char *value)
{
    gh_query q = secret_add(sql, gh_str_of(name), gh_str_of(value));
    gh_query_run(&q);
}

static gh_query get(gh_sql *sql, const char *name)
{
    gh_query q = gh_query_of(sql, GH_SQL_SECRET_GET);
    gh_bind_text(&q, gh_str_of(name));
    return q;
}

static bool has(gh_sql *sql, const char *name, const char *value)
{
    gh_query q = get(sql, name);
    bool found = gh_query_row(&q) && gh_str_eq(gh_column_peek(&q), gh_str_of(value));
    gh_query_end(&q);
    return found;
}

static void user_add(gh_sql *sql, uint64_t id, const char *name)
{
    gh_query q = gh_query_of(sql, GH_SQL_USER_ADD);
    gh_bind_id(&q, id);
    gh_bind_text(&q, gh_str_of(name));
    gh_bind_text(&q, (gh_str){NULL, 0});
    gh_bind_text(&q, (gh_str){NULL, 0});
    gh_bind_text(&q, GH_STR("user"));
    gh_bind_text(&q, (gh_str){NULL, 0});
    gh_bind_u64(&q, 1000);
    gh_bind_u64(&q, 1000);
    gh_bind_u64(&q, 0);
    gh_bind_u64(&q, 0);
    gh_query_run(&q);
}

static void commit(gh_sql *sql)
{
    gh_sql_run(sql, GH_SQL_COMMIT);
    gh_sql_flush(sql);
}

static void fine(gh_sql *sql)
{
    if (!gh_sql_ok(sql))
        fail_msg("%s", sql->why);
}

static void failed(gh_postgres *p, enum gh_sql_failure failure, const char *part)
{
    gh_sql_flush(&p->sql);
    if (p->sql.failure != failure || strstr(p->sql.why, part) == NULL)
        fail_msg("%d: %s", p->sql.failure, p->sql.why);
}

/* The role that comes by TCP. */
static void grant_service(void)
{
    postgres_sql(
        pg, "records",
        "GRANT ALL ON SCHEMA gatehouse TO service; GRANT ALL ON ALL TABLES IN SCHEMA gatehouse TO service");
    server.password = "right password";
}

/* --- tests */

static void what_is_written_is_read(void **state)
{
    (void)state;
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    user_add(&c.sql, INT64_MAX, "ann");
    assert_true(gh_sql_ok(&c.sql));
    gh_query q = gh_query_of(&c.sql, GH_SQL_USER_BY_ID);
    gh_bind_id(&q, INT64_MAX);
    assert_true(gh_query_row(&q));
    assert_true(gh_column_u64(&q) == INT64_MAX);
    assert_true(gh_str_eq(gh_column_peek(&q), GH_STR("ann")));
    assert_true(gh_column_absent(&q));
    gh_column_skip(&q);
    assert_true(gh_str_eq(gh_column_peek(&q), GH_STR("user")));
    assert_false(gh_query_row(&q));
    commit(&c.sql);
    fine(&c.sql);
    assert_int_equal(postgres_number(pg, "records", "SELECT count(*) FROM gatehouse.account"), 1);
}

static void bytes_and_texts_come_back_as_they_went(void **state)
{
    static const char bytes[] = "\0\xff\x80'\"\\\n";
    (void)state;
    gh_query q =
        secret_add(&c.sql, GH_STR("na\xc3\xafve 'name' \\ \xf0\x9f\x94\x91"), (gh_str){bytes, sizeof bytes});
    gh_query_run(&q);
    q = secret_add(&c.sql, GH_STR(""), GH_STR(""));
    gh_query_run(&q);
    gh_sql_flush(&c.sql);
    fine(&c.sql);
    q = get(&c.sql, "na\xc3\xafve 'name' \\ \xf0\x9f\x94\x91");
    assert_true(gh_query_row(&q));
    assert_true(gh_str_eq(gh_column_peek(&q), (gh_str){bytes, sizeof bytes}));
    gh_query_end(&q);
    q = get(&c.sql, "");
    assert_true(gh_query_row(&q));
    gh_str empty = gh_column_peek(&q);
    assert_true(empty.p != NULL && empty.n == 0);
    gh_query_end(&q);
    fine(&c.sql);
}

/* What a client types as its name must not be able to make the database fail. */
static void what_is_no_text_is_mended(void **state)
{
    (void)state;
    gh_query q = secret_add(&c.sql, (gh_str){"a\0b\xff\xc3", 5}, GH_STR("1"));
    gh_query_run(&q);
    q = gh_query_of(&c.sql, GH_SQL_USER_BY_NAME);
    gh_bind_text(&q, (gh_str){"\0\0\xed\xa0\x80", 5});
    assert_false(gh_query_row(&q));
    fine(&c.sql);
    assert_true(has(&c.sql,
                    "a\xef\xbf\xbd"
                    "b\xef\xbf\xbd\xef\xbf\xbd",
                    "1"));
}

/* A statement without rows costs no round trip: nothing goes out until rows are wanted. */
static void what_is_only_run_waits_for_company(void **state)
{
    (void)state;
    wire *w = wire_make(pg->port);
    grant_service();
    open_as(&other, GH_POSTGRES_OPERATIONS,
            postgres_text("postgresql://service@127.0.0.1:%u/records", wire_port(w)));
    unsigned long before = wire_passed(w);
    gh_sql_run(&other.sql, GH_SQL_BEGIN);
    for (unsigned i = 0; i < 50; i++)
        add(&other.sql, postgres_text("%u", i), "x");
    assert_int_equal(wire_passed(w), before);
    assert_true(has(&other.sql, "49", "x"));
    assert_true(wire_passed(w) > before);
    commit(&other.sql);
    fine(&other.sql);
    assert_int_equal(postgres_number(pg, "records", "SELECT count(*) FROM gatehouse.secret"), 50);
    gh_sql_close(&other.sql);
    wire_free(w);
}

/* More than there is room for at once, and more than a socket's buffers take. */
static void many_statements(void **state)
{
    static char value[4096];
    (void)state;
    memset(value, 'v', sizeof value);
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    for (unsigned i = 0; i < 3000; i++) {
        gh_query q = secret_add(&c.sql, gh_str_of(postgres_text("%u", i)), (gh_str){value, sizeof value});
        gh_query_run(&q);
    }
    commit(&c.sql);
    fine(&c.sql);
    assert_int_equal(postgres_number(pg, "records", "SELECT count(*) FROM gatehouse.secret"), 3000);
}

/* From one TLS record to several of the largest. */
static void rows_of_all_sizes_by_tls(void **state)
{
    static char value[40000];
    (void)state;
    grant_service();
    memset(value, 'v', sizeof value);
    server.ca_file = postgres_file(pg, "ca.crt");
    server.timeout_ms = 5000;
    open_as(&other, GH_POSTGRES_OPERATIONS,
            postgres_text("postgresql://service@localhost:%u/records", pg->port));
    assert_true(PQsslInUse(other.pq));
    gh_sql_run(&other.sql, GH_SQL_BEGIN);
    for (unsigned i = 0; i < 400; i++) {
        gh_query q =
            secret_add(&other.sql, gh_str_of(postgres_text("%u", i)), (gh_str){value, (size_t)i * 97 + 1});
        gh_query_run(&q);
    }
    commit(&other.sql);
    fine(&other.sql);
    for (unsigned i = 0; i < 400; i++) {
        gh_query q = get(&other.sql, postgres_text("%u", i));
        bool found = gh_query_row(&q);
        fine(&other.sql);
        assert_true(found && gh_column_peek(&q).n == (size_t)i * 97 + 1);
        gh_query_end(&q);
    }
    fine(&other.sql);
    server.ca_file = NULL;
}

/* Rows of one query are read while others run, and are ended in the middle. */
static void several_queries_at_once(void **state)
{
    (void)state;
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    for (unsigned i = 1; i <= 500; i++)
        user_add(&c.sql, i, postgres_text("user%03u", i));
    gh_query q = gh_query_of(&c.sql, GH_SQL_USERS_AFTER), left = q;
    gh_bind_text(&q, GH_STR(""));
    gh_bind_u64(&q, 400);
    gh_bind_text(&left, GH_STR("user100"));
    gh_bind_u64(&left, 1000);
    assert_true(gh_query_row(&left));
    unsigned n = 0;
    while (gh_query_row(&q)) {
        gh_column_skip(&q);
        gh_str name = gh_column_peek(&q); /* lives while others are read */
        gh_query one = gh_query_of(&c.sql, GH_SQL_USER_BY_ID);
        gh_bind_id(&one, ++n);
        assert_true(gh_query_row(&one) && gh_column_u64(&one) == n);
        gh_query_end(&one);
        assert_true(gh_str_eq(name, gh_str_of(postgres_text("user%03u", n))));
        if (n % 100 == 0)
            add(&c.sql, postgres_text("%u", n), "between");
    }
    assert_int_equal(n, 400);
    assert_true(gh_query_row(&left) && gh_column_u64(&left) == 102);
    gh_query_end(&left);
    assert_true(has(&c.sql, "400", "between"));
    commit(&c.sql);
    fine(&c.sql);
}

static void more_open_queries_than_there_are_places(void **state)
{
    gh_query q[GH_POSTGRES_READS + 1];
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        user_add(&c.sql, i + 1, postgres_text("%u", i));
    for (unsigned i = 0; i < GH_COUNT(q); i++) {
        q[i] = gh_query_of(&c.sql, GH_SQL_USERS_AFTER);
        gh_bind_text(&q[i], GH_STR(""));
        gh_bind_u64(&q[i], 10);
        assert_int_equal(gh_query_row(&q[i]), i < GH_POSTGRES_READS);
    }
    assert_int_equal(c.sql.failure, GH_SQL_MISUSE);
    gh_sql_reset(&c.sql);
    assert_false(has(&c.sql, "none", ""));
    fine(&c.sql);
}

static void how_many_were_changed(void **state)
{
    (void)state;
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    user_add(&c.sql, 1, "ann");
    gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 1, 5);
    assert_int_equal(gh_sql_changed(&c.sql), 1);
    gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 2, 5);
    assert_int_equal(gh_sql_changed(&c.sql), 0);
    commit(&c.sql);
    fine(&c.sql);
}

/* --- failures */

static void a_failure_is_known_late_and_stays(void **state)
{
    (void)state;
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    add(&c.sql, "a", "1");
    add(&c.sql, "a", "2");
    add(&c.sql, "b", "3");
    assert_true(gh_sql_ok(&c.sql)); /* nothing was sent */
    assert_false(has(&c.sql, "a", "1"));
    failed(&c, GH_SQL_CONSTRAINT, "SECRET_ADD: duplicate key");
    assert_non_null(strstr(c.sql.why, "23505"));
    gh_sql_reset(&c.sql);
    gh_sql_run(&c.sql, GH_SQL_ROLLBACK);
    gh_sql_flush(&c.sql);
    fine(&c.sql);
    assert_true(gh_postgres_alive(&c));
    /* and all goes on as if nothing had been */
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    assert_false(has(&c.sql, "a", "1"));
    add(&c.sql, "a", "4");
    commit(&c.sql);
    fine(&c.sql);
    assert_true(has(&c.sql, "a", "4"));
}

static void commit_after_a_failure_commits_nothing(void **state)
{
    (void)state;
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    add(&c.sql, "a", "1");
    add(&c.sql, "a", "2");
    commit(&c.sql);
    failed(&c, GH_SQL_CONSTRAINT, "23505");
    gh_sql_reset(&c.sql);
    gh_sql_run(&c.sql, GH_SQL_ROLLBACK); /* there is none any more, which is fine */
    gh_sql_flush(&c.sql);
    fine(&c.sql);
    assert_int_equal(postgres_number(pg, "records", "SELECT count(*) FROM gatehouse.secret"), 0);
}

/* A statement whose preparation was thrown away with a failed pipeline is prepared again. */
static void preparations_outlive_failures(void **state)
{
    (void)state;
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    add(&c.sql, "a", "1");
    add(&c.sql, "a", "2");
    user_add(&c.sql, 1, "ann"); /* prepared behind the failure */
    gh_sql_flush(&c.sql);
    assert_int_equal(c.sql.failure, GH_SQL_CONSTRAINT);
    gh_sql_reset(&c.sql);
    gh_sql_run(&c.sql, GH_SQL_ROLLBACK);
    for (unsigned i = 0; i < 2; i++) {
        gh_sql_run(&c.sql, GH_SQL_BEGIN);
        user_add(&c.sql, i + 1, postgres_text("ann%u", i));
        commit(&c.sql);
        fine(&c.sql);
    }
}

static void two_transactions_in_each_others_way(void **state)
{
    (void)state;
    add(&c.sql, "a", "1");
    user_add(&c.sql, 1, "ann");
    gh_sql_flush(&c.sql);
    open_as(&other, GH_POSTGRES_OPERATIONS, url());
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    gh_sql_run(&other.sql, GH_SQL_BEGIN);
    assert_true(has(&c.sql, "a", "1") && has(&other.sql, "a", "1"));
    gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 1, 5);
    commit(&c.sql);
    fine(&c.sql);
    gh_sql_run2(&other.sql, GH_SQL_USER_LOGGED_IN, 1, 6);
    commit(&other.sql);
    failed(&other, GH_SQL_CONFLICT, "40001");
    assert_true(gh_postgres_alive(&other));
}

/* Somebody keeps a row locked: not for ever. */
static void a_lock_is_not_waited_for_for_ever(void **state)
{
    (void)state;
    user_add(&c.sql, 1, "ann");
    gh_sql_flush(&c.sql);
    server.timeout_ms = 400;
    open_as(&other, GH_POSTGRES_OPERATIONS, url());
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 1, 5);
    assert_false(has(&c.sql, "a", "")); /* sent */
    gh_sql_run(&other.sql, GH_SQL_BEGIN);
    gh_sql_run2(&other.sql, GH_SQL_USER_LOGGED_IN, 1, 6);
    commit(&other.sql);
    failed(&other, GH_SQL_CONFLICT, "55P03");
    assert_true(gh_postgres_alive(&other));
    commit(&c.sql);
    fine(&c.sql);
}

/* A node that is stopped in the middle of an operation: the server undoes it, and nobody else waits for it for long. */
static void read_attempts(unsigned begin)
{
    gh_sql_run(&c.sql, begin);
    gh_query q = gh_query_of(&c.sql, GH_SQL_ATTEMPT_GET);
    gh_bind_u64(&q, 1);
    gh_bind_blob(&q, "who", 3);
    gh_bind_blob(&q, "where", 5);
    assert_false(gh_query_row(&q));
    gh_query_end(&q);
    fine(&c.sql);
}

/* A counter that is not there yet is nobody's to lock: in a plain transaction its place is held, or of many that try a
 * password at once each would be the first. */
static void a_plain_transaction_holds_what_it_reads(void **state)
{
    static const char held[] = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    (void)state;
    read_attempts(GH_PG_BEGIN_PLAIN);
    assert_int_equal(postgres_number(pg, "records", held), 1);
    commit(&c.sql);
    assert_int_equal(postgres_number(pg, "records", held), 0);
    read_attempts(GH_SQL_BEGIN);
    assert_int_equal(postgres_number(pg, "records", held), 0);
    commit(&c.sql);
}

static void who_is_silent_in_a_transaction_loses_it(void **state)
{
    (void)state;
    user_add(&c.sql, 1, "ann");
    gh_sql_flush(&c.sql);
    server.timeout_ms = 1000;
    open_as(&other, GH_POSTGRES_OPERATIONS, url());
    gh_sql_run(&other.sql, GH_SQL_BEGIN);
    gh_sql_run2(&other.sql, GH_SQL_USER_LOGGED_IN, 1, 5);
    assert_false(has(&other.sql, "a", "")); /* sent, and then nothing more is said */
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    gh_sql_run2(&c.sql, GH_SQL_USER_LOGGED_IN, 1, 6);
    commit(&c.sql); /* waits until the other one is thrown out */
    fine(&c.sql);
    commit(&other.sql);
    assert_int_equal(other.sql.failure, GH_SQL_UNAVAILABLE);
    assert_false(gh_postgres_alive(&other));
    assert_int_equal(postgres_number(pg, "records", "SELECT last_login_s FROM gatehouse.account"), 6);
}

static void mistakes_are_told_as_such(void **state)
{
    (void)state;
    gh_sql_run(&c.sql, GH_SQL_OPTIMIZE); /* SQLite's alone */
    assert_int_equal(c.sql.failure, GH_SQL_MISUSE);
    gh_sql_reset(&c.sql);
    gh_sql_run(&c.sql, GH_PG_COUNT);
    assert_int_equal(c.sql.failure, GH_SQL_MISUSE);
    gh_sql_reset(&c.sql);
    gh_sql_run3(&c.sql, GH_SQL_USER_LOGGED_IN, 1, 2, 3); /* a value too many */
    failed(&c, GH_SQL_MISUSE, "USER_LOGGED_IN");
    gh_sql_reset(&c.sql);
    gh_query q =
        gh_query_of(&c.sql, GH_SQL_USER_BY_ID); /* a text where a number goes; it is not told to the log */
    gh_bind_text(&q, GH_STR("clear text"));
    gh_query_run(&q);
    failed(&c, GH_SQL_MISUSE, "USER_BY_ID");
    assert_null(strstr(c.sql.why, "clear text"));
    gh_sql_reset(&c.sql);
    assert_false(has(&c.sql, "a", ""));
    fine(&c.sql);
}

static void what_a_role_may_not(void **state)
{
    (void)state;
    postgres_sql(pg, "records", "CREATE ROLE nobody LOGIN; GRANT USAGE ON SCHEMA gatehouse TO nobody");
    open_as(&other, GH_POSTGRES_OPERATIONS,
            postgres_text("postgresql://nobody@/records?host=%s&port=%u", pg->folder, pg->port));
    add(&other.sql, "a", "1");
    failed(&other, GH_SQL_REFUSED, "permission denied for table secret (42501)");
    postgres_sql(pg, "records", "REVOKE USAGE ON SCHEMA gatehouse FROM nobody; DROP ROLE nobody");
}

/* --- the server goes away */

static void a_session_that_is_ended(void **state)
{
    (void)state;
    add(&c.sql, "a", "1");
    gh_sql_flush(&c.sql);
    postgres_sql(
        pg, "records",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehouse'");
    assert_false(has(&c.sql, "a", "1"));
    assert_int_equal(c.sql.failure, GH_SQL_UNAVAILABLE);
    assert_false(gh_postgres_alive(&c) || gh_postgres_in_doubt(&c));
    gh_sql_reset(&c.sql);
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    failed(&c, GH_SQL_UNAVAILABLE, "there is no connection");
    gh_sql_reset(&c.sql);
    assert_false(has(&c.sql, "a", "1"));
}

static void a_stopped_server_costs_no_more_than_the_deadline(void **state)
{
    (void)state;
    assert_false(has(&c.sql, "a", "1"));
    postgres_pause(pg);
    uint64_t before = gh_postgres_now_ms();
    gh_postgres_deadline(&c, before + 200);
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    assert_false(has(&c.sql, "a", "1"));
    uint64_t took = gh_postgres_now_ms() - before;
    gh_sql_reset(&c.sql);
    postgres_resume(pg);
    assert_true(took >= 200 && took < postgres_patience_ms());
    assert_false(gh_postgres_alive(&c));
}

/* So much to be sent that the server, which is stopped, does not take it: sending waits no longer either. */
static void a_stopped_server_that_is_sent_much(void **state)
{
    static char value[1 << 20];
    (void)state;
    assert_false(has(&c.sql, "a", "1"));
    postgres_pause(pg);
    uint64_t before = gh_postgres_now_ms();
    gh_postgres_deadline(&c, before + 200);
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    for (unsigned i = 0; i < 32 && gh_sql_ok(&c.sql); i++) {
        gh_query q = secret_add(&c.sql, gh_str_of(postgres_text("%u", i)), (gh_str){value, sizeof value});
        gh_query_run(&q);
    }
    commit(&c.sql);
    uint64_t took = gh_postgres_now_ms() - before;
    postgres_resume(pg);
    assert_int_equal(c.sql.failure, GH_SQL_UNAVAILABLE);
    assert_true(took >= 200 && took < postgres_patience_ms());
    assert_int_equal(postgres_number(pg, "records", "SELECT count(*) FROM gatehouse.secret"), 0);
}

/* The wire is cut when the answer to COMMIT comes: it was done, and nobody here knows. */
static void a_commit_in_doubt(void **state)
{
    (void)state;
    wire *w = wire_make(pg->port);
    server.password = "right password";
    open_as(&other, GH_POSTGRES_OPERATIONS,
            postgres_text("postgresql://service@127.0.0.1:%u/records", wire_port(w)));
    gh_sql_run(&other.sql, GH_SQL_BEGIN);
    add(&other.sql, "a", "1");
    assert_true(has(&other.sql, "a", "1"));
    assert_false(gh_postgres_in_doubt(&other));
    wire_cut_at_answer(w);
    commit(&other.sql);
    assert_int_equal(other.sql.failure, GH_SQL_UNAVAILABLE);
    assert_true(gh_postgres_in_doubt(&other));
    assert_int_equal(postgres_number(pg, "records", "SELECT count(*) FROM gatehouse.secret"), 1);
    gh_sql_close(&other.sql);
    wire_free(w);
}

static void a_cut_wire_while_rows_come(void **state)
{
    (void)state;
    wire *w = wire_make(pg->port);
    gh_sql_run(&c.sql, GH_SQL_BEGIN);
    for (unsigned i = 1; i <= 1000; i++)
        user_add(&c.sql, i, postgres_text("user%04u", i));
    commit(&c.sql);
    server.password = "right password";
    open_as(&other, GH_POSTGRES_OPERATIONS,
            postgres_text("postgresql://service@127.0.0.1:%u/records", wire_port(w)));
    gh_query q = gh_query_of(&other.sql, GH_SQL_USERS_AFTER), second = q;
    gh_bind_text(&q, GH_STR(""));
    gh_bind_u64(&q, 1000);
    assert_true(gh_query_row(&q));
    wire_cut_at_answer(w);
    gh_bind_text(&second, GH_STR(""));
    gh_bind_u64(&second, 1000);
    while (gh_query_row(&second))
        continue;
    assert_int_equal(other.sql.failure, GH_SQL_UNAVAILABLE);
    assert_false(gh_query_row(&q));
    gh_query_end(&q);
    gh_sql_close(&other.sql);
    wire_free(w);
}

static void a_restart_is_another_connection(void **state)
{
    (void)state;
    add(&c.sql, "a", "1");
    gh_sql_flush(&c.sql);
    postgres_stop(pg);
    assert_false(has(&c.sql, "a", "1"));
    assert_false(gh_postgres_alive(&c));
    gh_sql_close(&c.sql);
    postgres_start(pg, "good");
    open_as(&c, GH_POSTGRES_OPERATIONS, url());
    assert_true(has(&c.sql, "a", "1"));
    fine(&c.sql);
}

/* --- notifications */

static bool hears(gh_postgres *p)
{
    for (uint64_t until = gh_postgres_now_ms() + postgres_patience_ms(); gh_postgres_now_ms() < until;) {
        if (gh_postgres_notified(p))
            return true;
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return false;
}

static void notifications_of_others(void **state)
{
    (void)state;
    open_as(&other, GH_POSTGRES_FEED, url());
    gh_sql_run(&c.sql, GH_PG_CHANGE_LISTEN);
    gh_sql_flush(&c.sql);
    assert_false(gh_postgres_notified(&c));
    gh_sql_run(&other.sql, GH_PG_CHANGE_TELL);
    gh_sql_flush(&other.sql);
    assert_true(hears(&c));
    assert_false(gh_postgres_notified(&c)); /* once */
    gh_sql_run(&c.sql, GH_PG_CHANGE_TELL);  /* its own */
    gh_sql_flush(&c.sql);
    assert_false(gh_postgres_notified(&c));
    /* It may come in the middle of an answer. */
    gh_sql_run(&other.sql, GH_PG_CHANGE_TELL);
    gh_sql_flush(&other.sql);
    assert_false(has(&c.sql, "a", ""));
    assert_true(hears(&c));
    fine(&c.sql);
    fine(&other.sql);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read),
        TEST(bytes_and_texts_come_back_as_they_went),
        TEST(what_is_no_text_is_mended),
        TEST(what_is_only_run_waits_for_company),
        TEST(many_statements),
        TEST(rows_of_all_sizes_by_tls),
        TEST(several_queries_at_once),
        TEST(more_open_queries_than_there_are_places),
        TEST(how_many_were_changed),
        TEST(a_failure_is_known_late_and_stays),
        TEST(commit_after_a_failure_commits_nothing),
        TEST(preparations_outlive_failures),
        TEST(two_transactions_in_each_others_way),
        TEST(a_lock_is_not_waited_for_for_ever),
        TEST(a_plain_transaction_holds_what_it_reads),
        TEST(who_is_silent_in_a_transaction_loses_it),
        TEST(mistakes_are_told_as_such),
        TEST(what_a_role_may_not),
        TEST(a_session_that_is_ended),
        TEST(a_stopped_server_costs_no_more_than_the_deadline),
        TEST(a_stopped_server_that_is_sent_much),
        TEST(a_commit_in_doubt),
        TEST(a_cut_wire_while_rows_come),
        TEST(a_restart_is_another_connection),
        TEST(notifications_of_others),
    };
    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
