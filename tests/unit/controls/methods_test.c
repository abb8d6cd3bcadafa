#include "decide.h"

static void only_allowed_methods(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /", "forward"},
        {"PURGE /", "forward"},
        {"POST /", "method_not_allowed"},
        {"get /", "method_not_allowed"}, /* methods are case-sensitive, RFC 9110 section 9.1 */
        {"GETT /", "method_not_allowed"},
        {"OPTIONS /", "method_not_allowed"},
        {"TRACE /", "method_not_allowed"},
        /* known to a rule, and still not allowed */
        {"PUT /", "method_not_allowed"},
    };
    decide *d = decide_new("methods: {allowed: [GET, PURGE]}\n"
                           "cors: {enabled: on, origins: [https://a.example], methods: [GET]}\n");
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

static void says_which_are_allowed_on_405_only(void **state)
{
    (void)state;
    decide *d = decide_new("methods: {allowed: [GET, HEAD, PURGE]}");
    (void)decide_request(d, "DELETE /");
    decide_answer(d);
    assert_int_equal(d->txn.verdict.status, 405);
    expect_field(d, "Allow", "GET, HEAD, PURGE");
    (void)decide_request(d, "GET /..");
    decide_answer(d);
    expect_field(d, "Allow", NULL);
    (void)decide_request(d, "GET /");
    decide_reply(d, "405 No\nAllow: PUT");
    expect_field(d, "Allow", "PUT");
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_allowed_methods),
        cmocka_unit_test(says_which_are_allowed_on_405_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
