#include "decide.h"

#define ROUTES                                                     \
    "hosts: {allowed: [a.example, b.example]}\n"                   \
    "upstreams:\n"                                                 \
    "  - {name: one, servers: ['http://127.0.0.1:8001']}\n"        \
    "  - {name: two, servers: ['http://127.0.0.1:8002']}\n"        \
    "routes:\n"                                                    \
    "  - {name: post, methods: [POST], path: /x, upstream: two}\n" \
    "  - {name: exact, path: /x}\n"                                \
    "  - {name: param, path: '/v1/{id}/render', upstream: two}\n"  \
    "  - {name: below, path: '/v1/**'}\n"                          \
    "  - {name: host, hosts: [b.example], path: '/**', upstream: two}\n"

static void the_first_that_fits(void **state)
{
    (void)state;
    static const struct {
        const char *request, *route;
        unsigned upstream;
    } rows[] = {
        {"POST /x\nHost: a.example", "post", 1},
        {"GET /x\nHost: a.example", "exact", 0},
        {"GET /x\nHost: b.example", "exact", 0},
        {"GET /v1/7/render\nHost: a.example", "param", 1},
        {"GET /v1//render\nHost: a.example", "below", 0},
        {"GET /v1\nHost: a.example", "below", 0},
        {"GET /v1/\nHost: a.example", "below", 0},
        {"GET /y\nHost: B.example:80", "host", 1},
        {"GET /y\nHost: a.example", "", 0},
        {"GET /X\nHost: a.example", "", 0},
        {"GET /x/\nHost: a.example", "", 0},
        {"GET /y/..//%78?q\nHost: a.example", "exact", 0},
        {"GET /v12\nHost: a.example", "", 0},
        {"OPTIONS *\nHost: b.example", "", 0},
    };
    decide *d = decide_new(ROUTES);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        print_message("%s\n", rows[i].request);
        assert_string_equal(decide_request(d, rows[i].request), "forward");
        assert_true(gh_str_eq(d->txn.route->name, gh_str_of(rows[i].route)));
        assert_int_equal(d->txn.route->upstream, rows[i].upstream);
    }
    decide_free(d);
}

static void unmatched_can_be_refused(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /x\nHost: a.example", "forward"},
        {"GET /y\nHost: a.example", "route_not_found"},
        {"GET /y\nHost: b.example", "forward"},
        {"OPTIONS *\nHost: b.example", "route_not_found"},
        {"GET /x/../y\nHost: a.example", "route_not_found"},
    };
    decide *d = decide_new(ROUTES "unmatched: refuse\n");
    expect_rows(d, rows, GH_COUNT(rows));
    assert_int_equal(d->asks, 0);
    decide_answer(d);
    assert_int_equal(d->txn.verdict.status, 404);
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_fits),
        cmocka_unit_test(unmatched_can_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
