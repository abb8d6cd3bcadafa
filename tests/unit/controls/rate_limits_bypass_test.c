#include "decide.h"

/* Each row: a rule of one request a minute for these methods and paths, a request that uses it up, and
 * another. It counts when it is refused. */
static void what_a_rule_counts(void **state)
{
    (void)state;
    static const struct {
        const char *match, *first, *second;
        bool counted;
    } rows[] = {
        {"paths: [/generate]", "POST /generate", "POST /generate", true},
        {"paths: [/generate]", "POST /generate", "POST /other", false},
        {"paths: [/generate]", "POST /generate", "POST /generate/more", false},
        {"paths: [/generate]", "POST /generate", "POST /generat", false},
        /* one path for Gatehouse */
        {"paths: [/generate]", "POST /generate", "POST //generate?x", true},
        {"paths: [/generate]", "POST /generate", "POST /%67enerate", true},
        {"paths: [/generate]", "POST /generate", "POST /x/../generate", true},
        /* one path for many APIs: what limits must not be got round by spelling */
        {"paths: [/generate]", "POST /generate", "POST /generate/", true},
        {"paths: [/generate]", "POST /generate", "POST /Generate", true},
        {"paths: [/generate]", "POST /generate", "POST /generate;x=1", true},
        {"paths: [/generate]", "POST /generate", "POST /;x/generate", true},
        {"paths: [/generate]", "POST /generate", "POST /generate/;x", true},
        {"paths: [/generate/]", "POST /generate/", "POST /generate", true},
        {"paths: ['/users/@me']", "GET /users/@me", "GET /users/%40me", true},
        {"paths: ['/users/%40me']", "GET /users/%40me", "GET /users/@me", true},
        {"paths: ['/v1/{id}/render']", "GET /v1/7/render", "GET /V1/8/RENDER/", true},
        {"paths: ['/v1/{id}/render']", "GET /v1/7/render", "GET /v1/render", false},
        {"paths: ['/a/**']", "GET /a/b", "GET /A;x/c", true},
        {"paths: ['/a/**']", "GET /a/b", "GET /ab", false},
        {"paths: ['/a;b']", "GET /a;b", "GET /a;b", true},
        {"paths: [/]", "GET /", "GET /x", false},
        /* an API answers HEAD by what it does for GET (RFC 9110 section 9.3.2) */
        {"methods: [GET]", "GET /x", "HEAD /x", true},
        {"methods: [HEAD]", "HEAD /x", "GET /x", false},
        {"methods: [POST]", "POST /x", "GET /x", false},
        {"hosts: [localhost]", "GET /x\nHost: localhost:80", "GET /x\nHost: LOCALHOST", true},
        {"hosts: [localhost]", "GET /x", "GET /x\nHost: 127.0.0.1", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char yaml[512];
        gh_buf b = gh_buf_over(yaml, sizeof yaml);
        gh_buf_printf(&b,
                      "rate_limits:\n  default: {requests: 0}\n  rules:\n"
                      "    - {name: one, %s, limits: [1/minute]}\n%c",
                      rows[i].match, '\0');
        decide *d = decide_new(yaml);
        assert_string_equal(decide_request(d, rows[i].first), "forward");
        const char *verdict = decide_request(d, rows[i].second);
        if (strcmp(verdict, rows[i].counted ? "rate_limit_exceeded" : "forward") != 0)
            fail_msg("%s: %s: %s", rows[i].match, rows[i].second, verdict);
        decide_free(d);
    }
}

/* The other way round: only what is written passes uncounted. */
static void exempt_paths_are_exact(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /health", "forward"},
        {"GET //health?x", "forward"},
        {"GET /static/a", "forward"},
        {"GET /x", "forward"}, /* the only one that is let through */
        {"GET /Health", "rate_limit_exceeded"},
        {"GET /health/", "rate_limit_exceeded"},
        {"GET /health;x", "rate_limit_exceeded"},
        {"GET /health/../x", "rate_limit_exceeded"},
        {"GET /static/../x", "rate_limit_exceeded"},
        {"GET /static/..;/x", "target_not_accepted"},
        {"GET /static/%2e%2E/x", "rate_limit_exceeded"},
        {"GET /health", "forward"},
    };
    decide *d = decide_new("rate_limits: {default: {requests: 1}, exempt_paths: [/health, '/static/**']}\n");
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

/* What a client can do with a header that is counted by. */
static void one_header_one_counter(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /x\nX-Account: a", "forward"},
        {"GET /x\nx-account:   a  ", "rate_limit_exceeded"},
        {"GET /x\nX-Account: b", "forward"},
        {"GET /x", "limit_header_required"},
        {"GET /x\nX-Account:", "limit_header_required"},
        {"GET /x\nX-Account: c\nX-Account: d", "limit_header_required"},
        {"GET /x\nX-Account: c\nx_account: d", "limit_header_required"},
        {"GET /x\nX_Account: c", "limit_header_required"},
    };
    decide *d = decide_new("rate_limits:\n  default: {requests: 0}\n  rules:\n"
                           "    - {name: account, scope: header, header: X-Account, limits: [1/minute]}\n");
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

/* A device names itself: the default counts its address all the same. */
static void a_new_device_each_time_meets_the_default(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /x\nX-Device-ID: 1", "forward"},
        {"GET /x\nX-Device-ID: 1", "rate_limit_exceeded"},
        {"GET /x\nX-Device-ID: 2", "forward"},
        {"GET /x\nX-Device-ID: 3", "rate_limit_exceeded"},
    };
    decide *d = decide_new("rate_limits:\n  default: {requests: 2}\n  rules:\n"
                           "    - {name: device, scope: device, limits: [1/minute]}\n");
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

static unsigned let_through(decide *d, const char *ip, unsigned tries)
{
    unsigned n = 0;
    decide_from(d, ip);
    for (unsigned i = 0; i < tries; i++)
        n += strcmp(decide_request(d, "GET /x"), "forward") == 0;
    return n;
}

/* 2 for a /64, 2 * 2 for a /56, 2 * 2 * 2 for a /48: one who owns many networks has no more. */
static void ipv6_networks_count_together(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        unsigned passed;
    } rows[] = {
        {"2001:db8:0:100::1", 2}, {"2001:db8:0:100:ffff::2", 0}, /* the same /64 */
        {"2001:db8:0:101::1", 2}, {"2001:db8:0:102::1", 0},      /* the /56 has had its 4 */
        {"2001:db8:0:200::1", 2}, {"2001:db8:0:300::1", 2},
        {"2001:db8:0:400::1", 0}, /* the /48 has had its 8 */
        {"2001:db8:1:100::1", 2}, {"192.0.2.1", 2},
        {"::ffff:192.0.2.1", 0},  {"192.0.2.2", 2},
    };
    decide *d = decide_new("rate_limits: {default: {requests: 2}, ipv6_parent_factor: 2}\n");
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        unsigned passed = let_through(d, rows[i].ip, 3);
        if (passed != rows[i].passed)
            fail_msg("%s: %u", rows[i].ip, passed);
    }
    decide_free(d);
}

static void parents_are_not_shown(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits: {default: {requests: 5}, headers: both}\n");
    decide_from(d, "2001:db8::1");
    assert_string_equal(decide_request(d, "GET /x"), "forward");
    decide_reply(d, "200\nRateLimit: \"fake\";r=9\nRateLimit-Policy: \"fake\";q=9\nX-RateLimit-Limit: 9");
    assert_int_equal(d->txn.n_takes, 3);
    expect_field(d, "RateLimit-Policy", "\"default\";q=5;w=60");
    assert_null(strchr(decide_field(d, "RateLimit"), ','));
    expect_field(d, "X-RateLimit-Limit", "5");
    decide_free(d);
}

/* More limits than one take holds: what load can't see is refused at the request, not let through. */
static void what_can_not_be_counted_is_refused(void **state)
{
    (void)state;
    decide *d =
        decide_new("rate_limits:\n  default: {requests: 0}\n  rules:\n"
                   "    - {name: a, hosts: [localhost], limits: [1/1s, 2/2s, 3/3s, 4/4s, 5/5s, 6/6s]}\n"
                   "    - {name: b, paths: [/x], limits: [1/1s, 2/2s, 3/3s, 4/4s, 5/5s, 6/6s]}\n");
    assert_string_equal(decide_request(d, "GET /x"), "forward");
    decide_from(d, "2001:db8::1");
    assert_string_equal(decide_request(d, "GET /x"), "internal_error");
    assert_string_equal(decide_request(d, "GET /y"), "forward");
    decide_free(d);
}

/* The rules before it have asked already when a header turns out to be missing. */
static void a_request_that_can_not_be_counted_is_not_charged(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits:\n  default: {requests: 1}\n  rules:\n"
                           "    - {name: device, scope: device, limits: [9/minute]}\n");
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(decide_request(d, "GET /x"), "device_id_required");
        decide_answer(d);
        expect_field(d, "RateLimit", NULL);
    }
    assert_string_equal(decide_request(d, "GET /x\nX-Device-ID: 1"), "forward");
    decide_free(d);
}

/* Rules in observe mode never change an answer, however many there are. */
static void many_observed_rules(void **state)
{
    (void)state;
    enum { RULES = 40 };
    char yaml[4096];
    gh_buf b = gh_buf_over(yaml, sizeof yaml);
    gh_buf_lit(&b, "rate_limits:\n  default: {requests: 0}\n  rules:\n");
    for (unsigned i = 0; i < RULES; i++)
        gh_buf_printf(&b, "    - {name: r%u, mode: observe, scope: device, limits: [1/minute]}\n", i);
    gh_buf_char(&b, '\0');
    assert_true(gh_buf_ok(&b));
    decide *d = decide_new(yaml);
    assert_string_equal(decide_request(d, "GET /x"), "forward");
    assert_int_equal(d->txn.observed, GH_TAKES_MAX); /* as many as are named */
    assert_string_equal(decide_request(d, "GET /x\nX-Device-ID: 1"), "forward");
    assert_int_equal(d->txn.observed, 0);
    assert_string_equal(decide_request(d, "GET /x\nX-Device-ID: 1"), "forward");
    assert_int_equal(d->txn.observed, GH_TAKES_MAX);
    decide_answer(d);
    expect_field(d, "RateLimit", NULL);
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_rule_counts),
        cmocka_unit_test(exempt_paths_are_exact),
        cmocka_unit_test(one_header_one_counter),
        cmocka_unit_test(a_new_device_each_time_meets_the_default),
        cmocka_unit_test(ipv6_networks_count_together),
        cmocka_unit_test(parents_are_not_shown),
        cmocka_unit_test(what_can_not_be_counted_is_refused),
        cmocka_unit_test(a_request_that_can_not_be_counted_is_not_charged),
        cmocka_unit_test(many_observed_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
