#include "decide.h"

static const char yaml[] = "limits: {body: 1KiB}\n"
                           "routes:\n"
                           "  - {name: small, path: /small, max_body: 10}\n"
                           "  - {name: none, path: /none, max_body: 0}\n"
                           "  - {name: large, path: /large, max_body: 1MiB}\n"
                           "  - {name: same, path: /same}\n";

static void refuses_declared_lengths_over_the_routes_limit(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"POST /\nContent-Length: 1024", "forward"},
        {"POST /\nContent-Length: 1025", "body_too_large"},
        {"POST /\nContent-Length: 9223372036854775807", "body_too_large"},
        {"POST /small\nContent-Length: 10", "forward"},
        {"POST /small\nContent-Length: 11", "body_too_large"},
        {"POST /./x/../small\nContent-Length: 11", "body_too_large"},
        {"POST /none\nContent-Length: 0", "forward"},
        {"POST /none\nContent-Length: 1", "body_too_large"},
        {"POST /none", "forward"},
        {"POST /large\nContent-Length: 1048576", "forward"},
        {"POST /large\nContent-Length: 1048577", "body_too_large"},
        {"POST /same\nContent-Length: 1025", "body_too_large"},
        /* counted by the edge as it passes */
        {"POST /small\nTransfer-Encoding: chunked", "forward"},
    };
    decide *d = decide_new(yaml);
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

static void is_answered_with_413(void **state)
{
    (void)state;
    decide *d = decide_new(yaml);
    (void)decide_request(d, "POST /\nContent-Length: 1025");
    decide_answer(d);
    assert_int_equal(d->txn.verdict.status, 413);
    assert_non_null(strstr(d->body, "\"title\":\"Content Too Large\",\"status\":413"));
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_declared_lengths_over_the_routes_limit),
        cmocka_unit_test(is_answered_with_413),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
