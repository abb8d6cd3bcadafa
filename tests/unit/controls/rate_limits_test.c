#include "decide.h"
#include <stdio.h>

/* All requests at one moment, in the order of the table. */
static void run(const char *yaml, const decide_row *rows, size_t n)
{
    decide *d = decide_new(yaml);
    expect_rows(d, rows, n);
    decide_free(d);
}

#define RUN(yaml, rows) run(yaml, rows, GH_COUNT(rows))

#define NO_DEFAULT "default: {requests: 0}"

static unsigned passes(decide *d, const char *request, unsigned tries)
{
    unsigned n = 0;
    for (unsigned i = 0; i < tries; i++)
        n += strcmp(decide_request(d, request), "forward") == 0;
    return n;
}

static void all_windows_or_nothing(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits: {" NO_DEFAULT ", rules: [{name: r, limits: [2/10s, 3/hour]}]}");
    assert_int_equal(passes(d, "GET /", 5), 2);
    /* Refused ones charged neither: the hour has one left, and no more. */
    d->world.now_ms += 30000;
    assert_int_equal(passes(d, "GET /", 5), 1);
    d->world.now_ms += 30000;
    assert_int_equal(passes(d, "GET /", 5), 0);
    assert_true(gh_str_eq(d->txn.verdict.rule, GH_STR("r")));
    decide_free(d);
}

static void all_rules_or_nothing(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /a", "forward"},
        {"GET /a", "rate_limit_exceeded"}, /* by the rule a: default is not charged */
        {"GET /a", "rate_limit_exceeded"},
        {"GET /a", "rate_limit_exceeded"},
        {"GET /b", "forward"},
        {"GET /b", "forward"},
        {"GET /b", "rate_limit_exceeded"},
    };
    RUN("rate_limits: {default: {requests: 3}, rules: [{name: a, paths: [/a], limits: [1/hour]}]}", rows);
}

static void refused_at_the_door_costs_nothing(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /\nHost: evil.example", "host_not_allowed"},
        {"GET /..", "target_not_accepted"},
        {"TRACE /", "method_not_allowed"},
        {"POST /\nContent-Length: 2000", "body_too_large"},
        {"GET /\nX-Device-ID: a", "forward"},
        {"GET /", "device_id_required"},
        {"GET /\nX-Device-ID: b", "forward"},
        {"GET /\nX-Device-ID: c", "rate_limit_exceeded"},
    };
    RUN("limits: {body: 1KiB}\n"
        "rate_limits: {default: {requests: 2}, rules: [{name: d, scope: device, limits: [9/hour]}]}",
        rows);
}

static void what_is_matched(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"POST /v1/7/render\nHost: a.example", "forward"},
        {"POST /v1/8/render\nHost: a.example", "rate_limit_exceeded"},
        {"POST /v1/8/./render?x\nHost: A.example.:80", "rate_limit_exceeded"},
        {"POST //v1/x/../%38/rende%72\nHost: a.example", "rate_limit_exceeded"},
        {"GET /v1/8/render\nHost: a.example", "forward"},
        {"POST /v1/8/render/\nHost: a.example", "rate_limit_exceeded"},
        {"POST /v1/8/render\nHost: b.example", "forward"},
    };
    RUN("hosts: {allowed: [a.example, b.example]}\n"
        "rate_limits: {" NO_DEFAULT ", rules: [{name: r, hosts: [a.example], methods: [POST], "
        "paths: ['/v1/{id}/render'], limits: [1/hour]}]}",
        rows);
}

static void exempt_paths_are_never_counted(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /health", "forward"},
        {"GET /health?x=1", "forward"},
        {"GET //health", "forward"},
        {"GET /x/../health", "forward"},
        {"GET /%68ealth", "forward"},
        {"POST /health", "forward"},
        {"GET /static", "forward"},
        {"GET /static/a/b", "forward"},
        {"GET /x", "forward"},
        /* the one request there was is used up: these count */
        {"GET /Health", "rate_limit_exceeded"},
        {"GET /health/", "rate_limit_exceeded"},
        {"GET /health/../x", "rate_limit_exceeded"},
        {"GET /static/../x", "rate_limit_exceeded"},
        {"GET /healthz", "rate_limit_exceeded"},
        {"GET /x?/health", "rate_limit_exceeded"},
        {"GET /staticx", "rate_limit_exceeded"},
        {"OPTIONS *", "rate_limit_exceeded"},
        {"GET /health%2f..%2fx", "target_not_accepted"},
        {"GET /health;x", "rate_limit_exceeded"},
        {"GET /health", "forward"},
    };
    RUN("rate_limits: {default: {requests: 1}, exempt_paths: [/health, '/static/**']}", rows);
}

static void bypass_is_by_the_verified_client(void **state)
{
    (void)state;
    decide *d = decide_new("client_address: {trusted_proxies: [10.0.0.1/32]}\n"
                           "rate_limits: {default: {requests: 1}, bypass: [10.1.0.0/16, '2001:db8::/32']}");
    decide_from(d, "10.1.2.3");
    assert_int_equal(passes(d, "GET /", 5), 5);
    decide_from(d, "2001:db8::5");
    assert_int_equal(passes(d, "GET /", 5), 5);
    decide_from(d, "192.0.2.7");
    assert_int_equal(passes(d, "GET /\nX-Forwarded-For: 10.1.2.3", 5), 1);
    decide_from(d, "10.0.0.1");
    assert_int_equal(passes(d, "GET /\nX-Forwarded-For: 10.1.2.3", 5), 5);
    assert_int_equal(passes(d, "GET /\nX-Forwarded-For: 10.1.2.3, 192.0.2.8", 5), 1);
    decide_free(d);
}

static void addresses_are_counted_apart(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits: {default: {requests: 2}}");
    decide_from(d, "192.0.2.1");
    assert_int_equal(passes(d, "GET /", 5), 2);
    decide_from(d, "192.0.2.2");
    assert_int_equal(passes(d, "GET /", 5), 2);
    decide_from(d, "::ffff:192.0.2.2"); /* the same one */
    assert_int_equal(passes(d, "GET /", 5), 0);
    decide_free(d);
}

static unsigned passes_from(decide *d, const char *ip, unsigned tries)
{
    decide_from(d, ip);
    return passes(d, "GET /", tries);
}

static void ipv6_is_counted_by_prefix_and_parents(void **state)
{
    (void)state;
    decide *d =
        decide_new("rate_limits: {default: {requests: 2}, ipv6_parents: [56, 48], ipv6_parent_factor: 2}");
    assert_int_equal(passes_from(d, "2001:db8:0:100::1", 3), 2);
    assert_int_equal(passes_from(d, "2001:db8:0:100:ffff::2", 3), 0); /* the same /64 */
    assert_int_equal(passes_from(d, "2001:db8:0:101::1", 3), 2);
    assert_int_equal(passes_from(d, "2001:db8:0:102::1", 3), 0); /* the /56 has had its 4 */
    assert_int_equal(passes_from(d, "2001:db8:0:200::1", 3), 2);
    assert_int_equal(passes_from(d, "2001:db8:0:300::1", 3), 2);
    assert_int_equal(passes_from(d, "2001:db8:0:400::1", 3), 0); /* the /48 has had its 8 */
    assert_int_equal(passes_from(d, "2001:db8:1:400::1", 3), 2);
    decide_free(d);
}

/* Parents bound, but are nobody's quota: they are not shown. */
static void parents_are_not_shown(void **state)
{
    (void)state;
    decide *d = decide_new(
        "rate_limits: {default: {requests: 2}, headers: both, ipv6_parents: [56], ipv6_parent_factor: 1}");
    assert_int_equal(passes_from(d, "2001:db8:0:100::1", 2), 2);
    assert_int_equal(passes_from(d, "2001:db8:0:101::1", 1), 0);
    decide_answer(d);
    expect_field(d, "RateLimit-Policy", "\"default\";q=2;w=60");
    expect_field(d, "RateLimit", "\"default\";r=2");
    expect_field(d, "X-RateLimit-Remaining", "2");
    assert_non_null(decide_field(d, "Retry-After"));
    decide_free(d);
}

static void other_prefixes(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits: {default: {requests: 1}, ipv6_prefix: 128, ipv6_parents: []}");
    assert_int_equal(passes_from(d, "2001:db8::1", 2), 1);
    assert_int_equal(passes_from(d, "2001:db8::2", 2), 1);
    assert_int_equal(passes_from(d, "2001:db8::1", 2), 0);
    decide_free(d);
}

static void scopes_need_what_they_count(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /d", "device_id_required"},
        {"GET /d\nX-Device-ID:", "device_id_required"},
        {"GET /d\nX-Device-ID: a", "forward"},
        {"GET /d\nx-device-id: a", "rate_limit_exceeded"},
        {"GET /d\nX-Device-ID: A", "forward"},
        {"GET /h", "limit_header_required"},
        {"GET /h\nX-Account: a", "forward"},
        {"GET /h\nX-ACCOUNT: a", "rate_limit_exceeded"},
        {"GET /h\nX-Account: b", "forward"},
        {"GET /k\nX-Account: a", "forward"}, /* another rule, another counter */
        /* the upstream may read another one than we would count */
        {"GET /h\nX-Account: c\nX-Account: a", "limit_header_required"},
        {"GET /h\nX-Account: c\nX_Account: a", "limit_header_required"},
        {"GET /h\nX_Account: c", "limit_header_required"},
        {"GET /d\nX-Device-ID: c\nX-Device-ID: a", "device_id_required"},
        {"GET /g", "forward"},
        {"GET /g", "rate_limit_exceeded"},
        {"GET /free", "forward"},
    };
    RUN("rate_limits: {" NO_DEFAULT ", rules: [\n"
        "  {name: d, paths: [/d], scope: device, limits: [1/hour]},\n"
        "  {name: h, paths: [/h], scope: header, header: X-Account, limits: [1/hour]},\n"
        "  {name: k, paths: [/k], scope: header, header: X-Account, limits: [1/hour]},\n"
        "  {name: g, paths: [/g], scope: global, limits: [1/hour]}]}",
        rows);
}

static void global_counts_all_clients_together(void **state)
{
    (void)state;
    decide *d =
        decide_new("rate_limits: {" NO_DEFAULT ", rules: [{name: g, scope: global, limits: [3/hour]}]}");
    assert_int_equal(passes_from(d, "192.0.2.1", 2), 2);
    assert_int_equal(passes_from(d, "2001:db8::1", 2), 1);
    decide_free(d);
}

/* A value that could be another's counter: the text of an address, a long one and its hash's length. */
static void values_do_not_meet(void **state)
{
    (void)state;
    char a[400] = "GET /\nX-Account: ", b[400] = "GET /\nX-Account: ";
    memset(a + 17, 'x', 300);
    memset(b + 17, 'x', 300);
    b[17 + 299] = 'y';
    decide *d = decide_new("rate_limits: {" NO_DEFAULT ", rules: [\n"
                           "  {name: h, scope: header, header: X-Account, limits: [1/hour]}]}");
    assert_int_equal(passes(d, a, 2), 1);
    assert_int_equal(passes(d, b, 2), 1);
    a[17 + 127] = b[17 + 128] = '\0';
    assert_int_equal(passes(d, a, 2), 1);
    assert_int_equal(passes(d, b, 2), 1);
    decide_free(d);
}

static void weights_and_buckets(void **state)
{
    (void)state;
    decide *d =
        decide_new("rate_limits: {" NO_DEFAULT ", rules: [\n"
                   "  {name: w, paths: [/w], weight: 4, limits: [10/hour]},\n"
                   "  {name: b, paths: [/b], algorithm: token_bucket, burst: 3, limits: [60/minute]}]}");
    assert_int_equal(passes(d, "GET /w", 5), 2);
    assert_int_equal(passes(d, "GET /b", 5), 3);
    decide_answer(d);
    expect_field(d, "Retry-After", "1");
    d->world.now_ms += 999;
    assert_int_equal(passes(d, "GET /b", 5), 0);
    d->world.now_ms += 1;
    assert_int_equal(passes(d, "GET /b", 5), 1);
    d->world.now_ms += 60000;
    assert_int_equal(passes(d, "GET /b", 5), 3);
    decide_free(d);
}

static void tiers(void **state)
{
    (void)state;
    static const char *const yaml[] = {
        "rate_limits: {" NO_DEFAULT ", default_tier: gold, rules: [\n"
        "  {name: r, paths: [/r], limits: [1/hour], tiers: {silver: {limits: [2/hour]}, gold: {limits: [3/hour]}}},\n"
        "  {name: s, paths: [/s], limits: [1/hour]}]}",
        "rate_limits: {" NO_DEFAULT ", rules: [\n"
        "  {name: r, paths: [/r], limits: [1/hour], tiers: {silver: {limits: [2/hour]}, gold: {limits: [3/hour]}}},\n"
        "  {name: s, paths: [/s], limits: [1/hour]}]}",
    };
    for (size_t i = 0; i < GH_COUNT(yaml); i++) {
        decide *d = decide_new(yaml[i]);
        assert_int_equal(passes(d, "GET /r", 5), i == 0 ? 3 : 1);
        assert_int_equal(passes(d, "GET /s", 5), 1);
        decide_free(d);
    }
}

/* Retry-After is a promise: not before it, and at once then. */
static void retry_after_is_honest(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits: {" NO_DEFAULT ", rules: [{name: a, limits: [2/10s, 4/minute]}]}");
    unsigned refused = 0;
    for (int i = 0; i < 60; i++) {
        if (strcmp(decide_request(d, "GET /"), "forward") == 0)
            continue;
        refused++;
        uint64_t wait = d->txn.verdict.retry_after;
        assert_in_range(wait, 1, 70);
        if (wait > 1) {
            d->world.now_ms += (wait - 1) * 1000;
            assert_string_equal(decide_request(d, "GET /"), "rate_limit_exceeded");
            assert_int_equal(d->txn.verdict.retry_after, 1);
        }
        d->world.now_ms += wait > 1 ? 1000 : wait * 1000;
        assert_string_equal(decide_request(d, "GET /"), "forward");
    }
    assert_true(refused > 10);
    decide_free(d);
}

/* Of several limits without room the longest wait is said, with the rule it is for. */
static void the_longest_wait_counts(void **state)
{
    (void)state;
    decide *d = decide_new(
        "rate_limits: {default: {requests: 1, window: 10s}, rules: [{name: long, limits: [1/hour]}]}");
    (void)decide_request(d, "GET /");
    assert_string_equal(decide_request(d, "GET /"), "rate_limit_exceeded");
    assert_true(gh_str_eq(d->txn.verdict.rule, GH_STR("long")));
    assert_true(d->txn.verdict.retry_after >= 3600);
    decide_free(d);
}

typedef struct style_row {
    const char *style, *policy, *limit, *legacy_limit, *legacy_remaining, *legacy_window;
} style_row;

static void the_fields_in_each_style(void **state)
{
    (void)state;
    static const style_row rows[] = {
        {"ietf", "\"default\";q=9;w=60, \"two-minute\";q=5;w=60, \"two-hour\";q=7;w=3600",
         "\"default\";r=8;t=64, \"two-minute\";r=4;t=63, \"two-hour\";r=6;t=3780", NULL, NULL, NULL},
        {"x-ratelimit", NULL, NULL, "5", "4", "60"},
        {"both", "\"default\";q=9;w=60, \"two-minute\";q=5;w=60, \"two-hour\";q=7;w=3600",
         "\"default\";r=8;t=64, \"two-minute\";r=4;t=63, \"two-hour\";r=6;t=3780", "5", "4", "60"},
        {"off", NULL, NULL, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char yaml[300];
        gh_buf b = gh_buf_over(yaml, sizeof yaml);
        gh_buf_printf(
            &b,
            "rate_limits: {default: {requests: 9}, headers: %s, rules: [{name: two, limits: [5/minute, 7/hour]}]}",
            rows[i].style);
        gh_buf_char(&b, '\0');
        decide *d = decide_new(yaml);
        d->world.now_ms = 0;
        (void)decide_request(d, "GET /");
        decide_reply(d, "200 OK");
        expect_field(d, "RateLimit-Policy", rows[i].policy);
        expect_field(d, "RateLimit", rows[i].limit);
        expect_field(d, "X-RateLimit-Limit", rows[i].legacy_limit);
        expect_field(d, "X-RateLimit-Remaining", rows[i].legacy_remaining);
        expect_field(d, "X-RateLimit-Window", rows[i].legacy_window);
        /* refused, it is the same, and off does not take the Retry-After */
        (void)passes(d, "GET /", 5);
        decide_answer(d);
        assert_int_equal(decide_field(d, "RateLimit") == NULL, rows[i].limit == NULL);
        assert_int_equal(decide_field(d, "X-RateLimit-Reset") == NULL, rows[i].legacy_limit == NULL);
        assert_non_null(decide_field(d, "Retry-After"));
        decide_free(d);
    }
}

static void the_upstreams_fields_are_replaced(void **state)
{
    (void)state;
    static const char theirs[] =
        "200 OK\nRateLimit: \"x\";r=999\nRateLimit-Policy: \"x\";q=999\nX-RateLimit-Remaining: 999";
    decide *d = decide_new("rate_limits: {default: {requests: 9}}");
    (void)decide_request(d, "GET /");
    decide_reply(d, theirs);
    assert_null(strstr(d->head, "999"));
    (void)decide_request(d, "GET /health"); /* not counted here: perhaps there */
    decide_reply(d, theirs);
    expect_field(d, "RateLimit", "\"x\";r=999");
    decide_free(d);
}

/* Both at each step: what the enforced rules say, with and without a rule that is only tried. */
static void observed_rules_change_nothing(void **state)
{
    (void)state;
#define ENFORCED "rate_limits: {default: {requests: 5}, rules: [{name: e, paths: [/e], limits: [2/minute]}"
    decide *without = decide_new(ENFORCED "]}");
    decide *with = decide_new(ENFORCED ",\n"
                                       "  {name: o, mode: observe, limits: [1/minute, 3/hour]},\n"
                                       "  {name: p, mode: observe, scope: global, limits: [4/minute]},\n"
                                       "  {name: q, mode: observe, scope: device, limits: [1/minute]}]}");
    static const char *const requests[] = {"GET /",  "GET /e", "GET /",
                                           "GET /e", "GET /e", "GET /\nX-Device-ID: a"};
    unsigned observed = 0;
    for (int i = 0; i < 60; i++) {
        const char *request = requests[i % (int)GH_COUNT(requests)];
        char verdict[64], head[DECIDE_TEXT];
        without->world.now_ms = with->world.now_ms += 1700;
        assert_true(snprintf(verdict, sizeof verdict, "%s", decide_request(without, request)) <
                    (int)sizeof verdict);
        assert_string_equal(decide_request(with, request), verdict);
        assert_int_equal(with->txn.verdict.retry_after, without->txn.verdict.retry_after);
        decide_answer(without);
        memcpy(head, without->head, sizeof head);
        decide_answer(with);
        assert_string_equal(with->head, head);
        assert_int_equal(without->txn.observed, 0);
        observed += with->txn.observed;
        for (unsigned k = 0; k < with->txn.observed; k++)
            assert_true(with->policy->limits.rules[with->txn.observed_rules[k]].observe);
    }
    assert_true(observed > 30);
    decide_free(with);
    decide_free(without);
}

static void observed_rules_say_what_they_would_have_done(void **state)
{
    (void)state;
    decide *d =
        decide_new("rate_limits: {" NO_DEFAULT ", rules: [{name: o, mode: observe, limits: [1/minute]},\n"
                   "  {name: h, mode: observe, scope: header, header: X-Account, limits: [5/minute]}]}");
    assert_string_equal(decide_request(d, "GET /\nX-Account: a"), "forward");
    assert_int_equal(d->txn.observed, 0);
    assert_string_equal(decide_request(d, "GET /\nX-Account: a"), "forward");
    assert_int_equal(d->txn.observed, 1);
    assert_true(gh_str_eq(d->policy->limits.rules[d->txn.observed_rules[0]].name, GH_STR("o")));
    assert_string_equal(decide_request(d, "GET /"), "forward");
    assert_int_equal(d->txn.observed, 2); /* the missing header would have been refused, too */
    decide_reply(d, "200 OK");
    expect_field(d, "RateLimit", NULL);
    decide_free(d);
}

/* Indices of rules are wider than a byte. */
static void hundreds_of_rules(void **state)
{
    (void)state;
    static char yaml[65536];
    gh_buf b = gh_buf_over(yaml, sizeof yaml);
    gh_buf_lit(&b, "rate_limits:\n  " NO_DEFAULT "\n  rules:\n");
    for (unsigned i = 0; i < 600; i++)
        gh_buf_printf(&b, "  - {name: r%u, paths: [/p%u], limits: [%u/hour], mode: %s}\n", i, i,
                      i < 300 ? 2 : 1, i < 300 ? "enforce" : "observe");
    gh_buf_char(&b, '\0');
    assert_true(gh_buf_ok(&b));
    decide *d = decide_new(yaml);
    assert_int_equal(passes(d, "GET /p299", 3), 2);
    assert_true(gh_str_eq(d->txn.verdict.rule, GH_STR("r299")));
    assert_int_equal(passes(d, "GET /p511", 3), 3);
    assert_int_equal(d->txn.observed, 1);
    assert_true(gh_str_eq(d->policy->limits.rules[d->txn.observed_rules[0]].name, GH_STR("r511")));
    decide_reply(d, "200 OK");
    expect_field(d, "RateLimit", NULL);
    decide_free(d);
}

/* A store without a place for a new client, or that can't be reached: a door that is not counted stays shut. */
static void a_store_that_can_not_count_refuses(void **state)
{
    (void)state;
    static const struct {
        enum gh_take_answer answers[2];
        const char *error;
        uint64_t retry;
        enum gh_take_answer other; /* of the rule in observe mode */
    } rows[] = {
        {{GH_TAKE_OK, GH_TAKE_FULL}, "capacity_reduced", 10, GH_TAKE_FULL},
        {{GH_TAKE_FULL, GH_TAKE_OK}, "capacity_reduced", 10, GH_TAKE_FULL},
        {{GH_TAKE_REFUSED, GH_TAKE_OK}, "rate_limit_exceeded", 3, GH_TAKE_FULL},
        {{GH_TAKE_OK, GH_TAKE_UNAVAILABLE}, "limits_unavailable", 3, GH_TAKE_FULL},
        {{GH_TAKE_UNAVAILABLE, GH_TAKE_OK}, "limits_unavailable", 3, GH_TAKE_REFUSED},
        {{GH_TAKE_UNAVAILABLE, GH_TAKE_UNAVAILABLE}, "limits_unavailable", 3, GH_TAKE_UNAVAILABLE},
        {{GH_TAKE_OK, GH_TAKE_OK}, "none", 0, GH_TAKE_UNAVAILABLE},
        {{GH_TAKE_OK, GH_TAKE_OK}, "none", 0, GH_TAKE_FULL},
    };
    decide *d = decide_new("rate_limits: {default: {requests: 9}, rules: [{name: e, limits: [9/hour]},\n"
                           "  {name: o, mode: observe, limits: [9/day]}]}");
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        (void)decide_request(d, "GET /");
        gh_engine_begin(&d->txn, d->policy, &d->request, &d->arena, &d->world);
        assert_int_equal(gh_engine_step(&d->txn), GH_STEP_ASK);
        for (unsigned k = 0; k < d->txn.n_takes; k++) {
            d->txn.takes[k].answer = k < 2 ? rows[i].answers[k] : rows[i].other;
            d->txn.takes[k].remaining = d->txn.takes[k].reset_ms = 0;
            d->txn.takes[k].retry_ms = 2001;
        }
        assert_int_equal(gh_engine_step(&d->txn), GH_STEP_VERDICT);
        assert_true(gh_str_eq(gh_reason_of(d->txn.verdict.reason)->error, gh_str_of(rows[i].error)));
        assert_int_equal(d->txn.verdict.retry_after, rows[i].retry);
        assert_int_equal(d->txn.observed, rows[i].other != GH_TAKE_UNAVAILABLE);
    }
    decide_free(d);
}

static void switched_off_nothing_is_counted(void **state)
{
    (void)state;
    static const char *const yaml[] = {"rate_limits: {enabled: off, default: {requests: 1}}",
                                       "rate_limits: {" NO_DEFAULT "}"};
    for (size_t i = 0; i < GH_COUNT(yaml); i++) {
        decide *d = decide_new(yaml[i]);
        assert_int_equal(passes(d, "GET /", 5), 5);
        assert_int_equal(d->asks, 0);
        decide_reply(d, "200 OK");
        expect_field(d, "RateLimit", NULL);
        decide_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_windows_or_nothing),
        cmocka_unit_test(all_rules_or_nothing),
        cmocka_unit_test(refused_at_the_door_costs_nothing),
        cmocka_unit_test(what_is_matched),
        cmocka_unit_test(exempt_paths_are_never_counted),
        cmocka_unit_test(bypass_is_by_the_verified_client),
        cmocka_unit_test(addresses_are_counted_apart),
        cmocka_unit_test(ipv6_is_counted_by_prefix_and_parents),
        cmocka_unit_test(parents_are_not_shown),
        cmocka_unit_test(other_prefixes),
        cmocka_unit_test(scopes_need_what_they_count),
        cmocka_unit_test(global_counts_all_clients_together),
        cmocka_unit_test(values_do_not_meet),
        cmocka_unit_test(weights_and_buckets),
        cmocka_unit_test(tiers),
        cmocka_unit_test(retry_after_is_honest),
        cmocka_unit_test(the_longest_wait_counts),
        cmocka_unit_test(the_fields_in_each_style),
        cmocka_unit_test(the_upstreams_fields_are_replaced),
        cmocka_unit_test(observed_rules_change_nothing),
        cmocka_unit_test(observed_rules_say_what_they_would_have_done),
        cmocka_unit_test(hundreds_of_rules),
        cmocka_unit_test(a_store_that_can_not_count_refuses),
        cmocka_unit_test(switched_off_nothing_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
