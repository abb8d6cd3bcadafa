#include "decide.h"

static const char yaml[] =
    "cors: {enabled: on, origins: [https://app.example, 'http://localhost:3000'], methods: [GET, PUT], "
    "headers: [Authorization, X-Custom], expose: [X-Total], max_age: 5m, credentials: on}\n"
    "methods: {allowed: [GET, PUT, POST]}\n";

#define PREFLIGHT(origin, method) "OPTIONS /x\nOrigin: " origin "\nAccess-Control-Request-Method: " method

static void preflights_are_answered(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {PREFLIGHT("https://app.example", "GET"), "answer 204"},
        {PREFLIGHT("http://localhost:3000", "PUT"), "answer 204"},
        {PREFLIGHT("https://app.example", "PUT") "\nAccess-Control-Request-Headers: authorization,x-custom",
         "answer 204"},
        {PREFLIGHT("https://app.example",
                   "PUT") "\nAccess-Control-Request-Headers: X-CUSTOM , ,authorization",
         "answer 204"},
        {PREFLIGHT("https://app.example", "PUT") "\nAccess-Control-Request-Headers:", "answer 204"},
        {PREFLIGHT("https://app.example", "POST"), "cors_method_not_allowed"},
        {PREFLIGHT("https://app.example", "DELETE"), "cors_method_not_allowed"},
        {PREFLIGHT("https://app.example", "get"), "cors_method_not_allowed"},
        {PREFLIGHT("https://app.example", ""), "cors_method_not_allowed"},
        {PREFLIGHT("https://app.example", "GET") "\nAccess-Control-Request-Method: GET",
         "cors_method_not_allowed"},
        {PREFLIGHT("https://app.example", "GET") "\nAccess-Control-Request-Headers: x-other",
         "cors_headers_not_allowed"},
        {PREFLIGHT("https://app.example", "GET") "\nAccess-Control-Request-Headers: x-custom x-other",
         "cors_headers_not_allowed"},
        /* several lines are one list */
        {PREFLIGHT("https://app.example", "GET") "\nAccess-Control-Request-Headers: x-custom\n"
                                                 "Access-Control-Request-Headers: x-other",
         "cors_headers_not_allowed"},
        {PREFLIGHT("https://evil.example", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("http://app.example", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("https://app.example:443", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("https://app.example.", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("https://app.example.evil.com", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("HTTPS://app.example", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("null", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("*", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("", "GET"), "cors_origin_not_allowed"},
        {PREFLIGHT("https://app.example", "GET") "\nOrigin: https://app.example", "cors_origin_not_allowed"},
        {PREFLIGHT("https://app.example, https://evil.example", "GET"), "cors_origin_not_allowed"},
        /* no preflights: a plain OPTIONS, and one without a page behind it */
        {"OPTIONS /x\nOrigin: https://app.example", "method_not_allowed"},
        {"OPTIONS /x\nAccess-Control-Request-Method: GET", "method_not_allowed"},
        {"GET /x\nOrigin: https://app.example\nAccess-Control-Request-Method: PUT", "forward"},
        /* the door stands before */
        {"OPTIONS /x\nHost: evil.example\nOrigin: https://app.example\nAccess-Control-Request-Method: GET",
         "host_not_allowed"},
    };
    decide *d = decide_new(yaml);
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

#define BOTH_REQUESTS "Access-Control-Request-Method, Access-Control-Request-Headers"

static void a_preflights_answer_says_what_is_allowed(void **state)
{
    (void)state;
    decide *d = decide_new(yaml);
    (void)decide_request(d, PREFLIGHT("https://app.example", "PUT"));
    decide_answer(d);
    assert_string_equal(d->body, "");
    expect_field(d, "Access-Control-Allow-Origin", "https://app.example");
    expect_field(d, "Access-Control-Allow-Credentials", "true");
    expect_field(d, "Access-Control-Allow-Methods", "GET, PUT");
    expect_field(d, "Access-Control-Allow-Headers", "Authorization, X-Custom");
    expect_field(d, "Access-Control-Max-Age", "300");
    expect_field(d, "Access-Control-Expose-Headers", NULL);
    expect_field(d, "Vary", "Origin, " BOTH_REQUESTS);
    expect_field(d, "X-Content-Type-Options", "nosniff");
    (void)decide_request(d, PREFLIGHT("https://evil.example", "PUT"));
    decide_answer(d);
    expect_field(d, "Access-Control-Allow-Origin", NULL);
    expect_field(d, "Access-Control-Allow-Credentials", NULL);
    expect_field(d, "Access-Control-Allow-Methods", NULL);
    expect_field(d, "Vary", "Origin, " BOTH_REQUESTS);
    (void)decide_request(d, PREFLIGHT("https://app.example", "DELETE"));
    decide_answer(d);
    expect_field(d, "Access-Control-Allow-Methods", NULL);
    expect_field(d, "Vary", "Origin, " BOTH_REQUESTS);
    decide_free(d);
}

/* A page must be able to read every refusal, whichever control it comes from. */
static void refusals_carry_the_fields(void **state)
{
    (void)state;
    static const struct {
        const char *request, *verdict, *origin;
    } rows[] = {
        {"GET /\nOrigin: https://app.example", "forward", "https://app.example"},
        {"GET /x\nOrigin: https://app.example", "rate_limit_exceeded", "https://app.example"},
        {"GET /x\nOrigin: https://evil.example", "rate_limit_exceeded", NULL},
        {"GET /x\nOrigin: null", "rate_limit_exceeded", NULL},
        {"GET /x", "rate_limit_exceeded", NULL},
        {"GET /../x\nOrigin: https://app.example", "target_not_accepted", "https://app.example"},
        {"GET /x\nHost: evil.com\nOrigin: https://app.example", "host_not_allowed", "https://app.example"},
        {"GET /x\nHost: evil.com\nOrigin: https://evil.example", "host_not_allowed", NULL},
        {"GET /x\nHost: evil.com\nOrigin: https://app.example\nOrigin: https://app.example",
         "host_not_allowed", NULL},
        {"DELETE /x\nOrigin: https://app.example", "method_not_allowed", "https://app.example"},
        {"POST /x\nContent-Length: 99999999\nOrigin: https://app.example", "body_too_large",
         "https://app.example"},
    };
    decide *d =
        decide_new("cors: {enabled: on, origins: [https://app.example], methods: [GET], credentials: on}\n"
                   "methods: {allowed: [GET, POST]}\n"
                   "rate_limits: {default: {requests: 1}}\n");
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        print_message("%s\n", rows[i].request);
        assert_string_equal(decide_request(d, rows[i].request), rows[i].verdict);
        decide_answer(d);
        expect_field(d, "Access-Control-Allow-Origin", rows[i].origin);
        expect_field(d, "Access-Control-Allow-Credentials", rows[i].origin == NULL ? NULL : "true");
        expect_field(d, "Vary", "Origin");
    }
    (void)decide_request(d, "GET /health\nOrigin: https://app.example");
    decide_fail(d, GH_REASON_UPSTREAM_TIMEOUT);
    decide_answer(d);
    expect_field(d, "Access-Control-Allow-Origin", "https://app.example");
    decide_free(d);
}

/* A head that could not be read has no request to look at. */
static void a_malformed_request_has_no_origin(void **state)
{
    (void)state;
    decide *d = decide_new(yaml);
    gh_arena_init(&d->arena, NULL, 0, 4096);
    gh_engine_begin(&d->txn, d->policy, NULL, &d->arena, &d->world);
    decide_fail(d, GH_REASON_MALFORMED_REQUEST);
    decide_answer(d);
    expect_field(d, "Access-Control-Allow-Origin", NULL);
    expect_field(d, "Vary", "Origin");
    expect_field(d, "Content-Type", "application/problem+json");
    expect_field(d, "X-Frame-Options", "DENY");
    decide_free(d);
}

static void the_upstreams_own_fields_give_way(void **state)
{
    (void)state;
    decide *d = decide_new(yaml);
    (void)decide_request(d, "GET /x\nOrigin: https://app.example");
    decide_reply(d, "200 OK\nAccess-Control-Allow-Origin: *\naccess-control-allow-credentials: true\n"
                    "Access-Control-Allow-Private-Network: true\nAccess-Control-Expose-Headers: X-Secret");
    expect_field(d, "Access-Control-Allow-Origin", "https://app.example");
    expect_field(d, "Access-Control-Allow-Credentials", "true");
    expect_field(d, "Access-Control-Allow-Private-Network", NULL);
    expect_field(
        d, "Access-Control-Expose-Headers",
        "Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-RateLimit-Window, "
        "X-Total");
    (void)decide_request(d, "GET /x\nOrigin: https://evil.example");
    decide_reply(d, "200 OK\nAccess-Control-Allow-Origin: https://evil.example");
    expect_field(d, "Access-Control-Allow-Origin", NULL);
    (void)decide_request(d, "GET /x");
    decide_reply(d, "200 OK\nAccess-Control-Allow-Origin: *");
    expect_field(d, "Access-Control-Allow-Origin", NULL);
    decide_free(d);
}

static void vary_is_merged(void **state)
{
    (void)state;
    static const struct {
        const char *upstream, *vary;
    } rows[] = {
        {"200 OK", "Origin"},
        {"200 OK\nVary: Accept-Encoding", "Accept-Encoding, Origin"},
        {"200 OK\nVary: Accept\nVary: Cookie, Accept-Language", "Accept, Cookie, Accept-Language, Origin"},
        {"200 OK\nVary:", "Origin"},
        {"200 OK\nVary: *", "*"},
        {"200 OK\nVary: Accept, *", "Accept, *"},
        {"200 OK\nVary: origin", "origin"},
        {"200 OK\nVary: Accept, ORIGIN", "Accept, ORIGIN"},
        {"200 OK\nVary: X-Origin", "X-Origin, Origin"},
    };
    static const char *const configurations[] = {yaml, "cors: {enabled: on, origins: ['*']}"};
    for (size_t c = 0; c < GH_COUNT(configurations); c++) {
        decide *d = decide_new(configurations[c]);
        for (size_t i = 0; i < GH_COUNT(rows); i++) {
            (void)decide_request(d, i % 2 == 0 ? "GET /x" : "GET /x\nOrigin: https://app.example");
            decide_reply(d, rows[i].upstream);
            expect_field(d, "Vary", rows[i].vary);
        }
        decide_free(d);
    }
}

/* "*" is for pages that have a name; an opaque origin can be a sandboxed or local file. */
static void any_origin_is_never_echoed(void **state)
{
    (void)state;
    decide *d = decide_new("cors: {enabled: on, origins: ['*'], methods: [GET]}");
    (void)decide_request(d, "GET /x\nOrigin: https://anyone.example");
    decide_reply(d, "200 OK");
    expect_field(d, "Access-Control-Allow-Origin", "*");
    expect_field(d, "Access-Control-Allow-Credentials", NULL);
    (void)decide_request(d, "GET /x\nOrigin: null");
    decide_reply(d, "200 OK");
    expect_field(d, "Access-Control-Allow-Origin", NULL);
    assert_string_equal(decide_request(d, PREFLIGHT("null", "GET")), "cors_origin_not_allowed");
    assert_string_equal(decide_request(d, PREFLIGHT("https://anyone.example", "GET")), "answer 204");
    decide_answer(d);
    expect_field(d, "Access-Control-Allow-Origin", "*");
    decide_free(d);
}

static void switched_off_it_does_nothing(void **state)
{
    (void)state;
    decide *d = decide_new("");
    assert_string_equal(decide_request(d, PREFLIGHT("https://app.example", "GET")), "forward");
    decide_reply(d, "200 OK\nAccess-Control-Allow-Origin: https://app.example\nVary: Accept");
    expect_field(d, "Access-Control-Allow-Origin", "https://app.example");
    expect_field(d, "Vary", "Accept");
    decide_free(d);
}

static void preflights_are_not_counted(void **state)
{
    (void)state;
    decide *d = decide_new("cors: {enabled: on, origins: [https://app.example], methods: [GET]}\n"
                           "rate_limits: {default: {requests: 1}}\n");
    for (int i = 0; i < 3; i++) {
        assert_string_equal(decide_request(d, PREFLIGHT("https://app.example", "GET")), "answer 204");
        assert_int_equal(d->asks, 0);
    }
    assert_string_equal(decide_request(d, "GET /"), "forward");
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preflights_are_answered),
        cmocka_unit_test(a_preflights_answer_says_what_is_allowed),
        cmocka_unit_test(refusals_carry_the_fields),
        cmocka_unit_test(a_malformed_request_has_no_origin),
        cmocka_unit_test(the_upstreams_own_fields_give_way),
        cmocka_unit_test(vary_is_merged),
        cmocka_unit_test(any_origin_is_never_echoed),
        cmocka_unit_test(switched_off_it_does_nothing),
        cmocka_unit_test(preflights_are_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
