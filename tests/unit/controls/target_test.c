#include "decide.h"

static void has_one_interpretation(void **state)
{
    (void)state;
    static const struct {
        const char *request, *verdict, *path, *query; /* path NULL: refused */
    } rows[] = {
        {"GET /", "forward", "/", NULL},
        {"GET /a//b/./c/../d?x=1&y", "forward", "/a/b/d", "x=1&y"},
        {"GET /%61dmin", "forward", "/admin", NULL},
        {"GET /a%2fb", "target_not_accepted", NULL, NULL},
        {"GET /a%5cb", "target_not_accepted", NULL, NULL},
        {"GET /a%00", "target_not_accepted", NULL, NULL},
        {"GET /a\\b", "target_not_accepted", NULL, NULL},
        {"GET /../etc/passwd", "target_not_accepted", NULL, NULL},
        {"GET /a/%2e%2e/%2e%2e/b", "target_not_accepted", NULL, NULL},
        {"GET /%252e%252e/", "target_not_accepted", NULL, NULL},
        {"GET /a;b/..;x/c", "target_not_accepted", NULL, NULL},
        {"GET /a?b#c", "target_not_accepted", NULL, NULL},
        {"GET a", "target_not_accepted", NULL, NULL},
        {"GET ftp://localhost/", "target_not_accepted", NULL, NULL},
        {"GET http://user@localhost/", "target_not_accepted", NULL, NULL},
        {"GET http://localhost/x?y", "forward", "/x", "y"},
        {"OPTIONS *", "forward", "*", NULL},
        {"GET *", "target_not_accepted", NULL, NULL},
        {"CONNECT localhost:80", "target_not_accepted", NULL, NULL},
    };
    decide *d = decide_new("");
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        print_message("%s\n", rows[i].request);
        assert_string_equal(decide_request(d, rows[i].request), rows[i].verdict);
        if (rows[i].path == NULL)
            continue;
        assert_true(gh_str_eq(d->txn.target.path, gh_str_of(rows[i].path)));
        assert_true(gh_str_eq(d->txn.target.query, gh_str_of(rows[i].query)));
    }
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(has_one_interpretation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
