/* Moving all records, between two files: what arrives, what is refused, and that a failure leaves nothing. With PostgreSQL:
 * tests/records/move_test.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "records/move.h"
#include "records/sqlite/schema.h"

static const uint8_t key[16] = "sixteen of bytes";
static char folder[64], text[512];
static gh_sqlite from, to;
static gh_buf why;

static const char *path_of(const char *name)
{
    static char paths[2][128];
    static unsigned n;
    char *path = paths[n++ % 2];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void open_file(gh_sqlite *c, const char *name)
{
    FILE *file = fopen(path_of(name), "a");
    assert_non_null(file);
    (void)fclose(file);
    if (!gh_schema_open(c, path_of(name), false, 1000, &why))
        fail_msg("%.*s", (int)why.n, why.p);
}

static int begin(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/gatehouse-move-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(folder));
    why = gh_buf_over(text, sizeof text - 1);
    open_file(&from, "from.db");
    open_file(&to, "to.db");
    return 0;
}

static int end(void **state)
{
    (void)state;
    gh_sql_close(&from.sql);
    gh_sql_close(&to.sql);
    (void)unlink(path_of("from.db"));
    (void)unlink(path_of("to.db"));
    return rmdir(folder);
}

static void run(gh_sqlite *c, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(c->db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

static int64_t number(gh_sqlite *c, const char *sql)
{
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(c->db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return n;
}

static void fill(void)
{
    run(&from,
        "INSERT INTO secret VALUES('naming', x'00ff');"
        "INSERT INTO user(id, name, roles, created_s, changed_s) VALUES(1, 'ada', 'user', 1, 2), (2, 'bob', '', 3, 4);"
        "INSERT INTO session(id, user, kind, hash, created_s, used_s, expires_s, idle_s, user_agent)"
        " VALUES(7, 1, 1, x'', 1, 2, 3, 4, CAST(x'63e9' AS TEXT)), (8, 2, 0, x'01', 1, 2, 3, 4, NULL);"
        "INSERT INTO revoked_token VALUES(-5, 9223372036854775807);"
        "INSERT INTO attempt VALUES(3, x'', x'0102', 1, 2, 3, 0);"
        "INSERT INTO audit(id, at_s, event) VALUES(41, 1, 'login'), (42, 2, 'logout');"
        "INSERT INTO signing_key VALUES('b', 'EdDSA', x'00', x'01', 1, 5, 6), ('a', 'EdDSA', x'00', x'01', 0, 5, 6)");
}

/* A table of the one is that of the other, value by value. */
static void same(const char *table)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "ATTACH '%s' AS other", path_of("from.db"));
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path_of("to.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    gh_sqlite both = {.db = db};
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM other.%s)", table,
                   table);
    assert_int_equal(number(&both, sql), 0);
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM (SELECT * FROM other.%s EXCEPT SELECT * FROM main.%s)", table,
                   table);
    assert_int_equal(number(&both, sql), 0);
    (void)sqlite3_close(db);
}

static bool move(gh_move_counts *counts)
{
    why = gh_buf_over(text, sizeof text - 1);
    bool done = gh_move(&from.sql, &to.sql, key, counts, &why) == GH_MOVE_DONE;
    text[why.n] = '\0';
    return done;
}

static void everything_arrives(void **state)
{
    (void)state;
    static const char *const tables[] = {"secret",  "user",  "session",    "revoked_token",
                                         "attempt", "audit", "signing_key"};
    gh_move_counts counts;
    fill();
    assert_true(move(&counts));
    for (size_t i = 0; i < GH_COUNT(tables); i++)
        same(tables[i]);
    uint64_t all = 0;
    for (unsigned i = 0; i < GH_MOVE_TABLES; i++) {
        all += counts.rows[i];
        assert_true(gh_move_table(i)[0] != '\0');
        if (strcmp(gh_move_table(i), "sessions") == 0)
            assert_int_equal(counts.rows[i], 2);
    }
    assert_int_equal(all, 11);
    assert_int_equal(counts.mended, 0); /* SQLite holds any bytes */
    assert_string_equal(gh_move_table(GH_MOVE_TABLES), "");
    /* the order of keys that were made in one second */
    assert_int_equal(number(&to, "SELECT kid = 'b' FROM signing_key ORDER BY created_s, rowid LIMIT 1"), 1);
    run(&to, "INSERT INTO audit(at_s, event) VALUES(1, 'next')");
    assert_int_equal(number(&to, "SELECT max(id) FROM audit"), 43);
    assert_int_equal(number(&from, "SELECT count(*) FROM user"), 2);
    run(&from, "DELETE FROM user"); /* no transaction is left open */
}

static void nothing_is_something_too(void **state)
{
    (void)state;
    gh_move_counts counts;
    assert_true(move(&counts));
    for (unsigned i = 0; i < GH_MOVE_TABLES; i++)
        assert_int_equal(counts.rows[i], 0);
}

static void a_target_with_rows_is_refused(void **state)
{
    (void)state;
    gh_move_counts counts;
    fill();
    run(&to, "INSERT INTO token_life VALUES(1800, 0)");
    assert_false(move(&counts));
    assert_non_null(strstr(text, "the target has token lives already"));
    assert_int_equal(number(&to, "SELECT count(*) FROM user"), 0);
    run(&to, "DELETE FROM token_life");
    assert_true(move(&counts));
    assert_false(move(&counts));
    assert_non_null(strstr(text, "the target has secrets already"));
    assert_int_equal(number(&to, "SELECT count(*) FROM user"), 2);
}

static void a_target_that_fails_has_nothing(void **state)
{
    (void)state;
    gh_move_counts counts;
    char limit[64];
    fill();
    run(&from, "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
               "INSERT INTO audit(at_s, event, detail) SELECT i, 'x', hex(randomblob(50)) FROM n");
    (void)snprintf(limit, sizeof limit, "PRAGMA max_page_count = %lld",
                   (long long)number(&to, "PRAGMA page_count") + 20);
    run(&to, limit);
    assert_false(move(&counts));
    assert_non_null(strstr(text, "the target can't be written"));
    assert_int_equal(number(&to, "SELECT (SELECT count(*) FROM user) + (SELECT count(*) FROM audit)"), 0);
    run(&to, "PRAGMA max_page_count = 1000000");
    assert_true(move(&counts));
    assert_int_equal(number(&to, "SELECT count(*) FROM audit"), 20002);
}

static void a_row_that_the_target_does_not_take(void **state)
{
    (void)state;
    gh_move_counts counts;
    fill();
    run(&from, "PRAGMA foreign_keys = OFF; INSERT INTO known_place VALUES(99, x'00', 1)"); /* of nobody */
    assert_false(move(&counts));
    assert_non_null(strstr(text, "the target can't be written"));
    assert_int_equal(number(&to, "SELECT count(*) FROM user"), 0);
}

static void a_source_that_can_not_be_read(void **state)
{
    (void)state;
    gh_move_counts counts;
    fill();
    run(&from, "ALTER TABLE audit RENAME TO elsewhere");
    assert_false(move(&counts));
    assert_non_null(strstr(text, "the source can't be read"));
    assert_int_equal(number(&to, "SELECT count(*) FROM user"), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(everything_arrives),
        TEST(nothing_is_something_too),
        TEST(a_target_with_rows_is_refused),
        TEST(a_target_that_fails_has_nothing),
        TEST(a_row_that_the_target_does_not_take),
        TEST(a_source_that_can_not_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
