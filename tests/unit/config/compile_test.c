/* From a configuration that can be read to a policy: what only compiling finds out, and what is rendered. */
#include <stdio.h>
#include <stdlib.h>

#include "decide.h"

#include "config/load_helper.h"

/* The report of compiling; "" when there is a policy. */
static const char *compile_report(const char *yaml)
{
    static char text[4096];
    given g = {.yaml = yaml, .upstream = "http://127.0.0.1:8000"};
    loaded *l = load_given(&g);
    assert_string_equal(l->text, "");
    assert_non_null(l->config);
    gh_report report;
    gh_report_init(&report);
    gh_policy *p = gh_policy_compile(l->config, &report);
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    gh_report_print(&report, &out);
    text[out.n] = '\0';
    assert_int_equal(p == NULL, report.errors > 0);
    gh_policy_unref(p);
    gh_report_free(&report);
    unload(l);
    return text;
}

static void what_can_not_be_has_an_error(void **state)
{
    (void)state;
    static char csp[8192], route[8192], cors[32768], methods[4096];
    gh_buf a = gh_buf_over(csp, sizeof csp), b = gh_buf_over(route, sizeof route),
           c = gh_buf_over(cors, sizeof cors), m = gh_buf_over(methods, sizeof methods);
    gh_buf_lit(&a, "headers: {content_security_policy: '");
    gh_buf_lit(&b, "routes: [{name: r, path: /r, headers: {content_security_policy: '");
    for (unsigned i = 0; i < 500; i++) {
        gh_buf_lit(&a, "img-src a;");
        gh_buf_lit(&b, "img-src a;");
    }
    gh_buf_lit(&a, "'}");
    gh_buf_lit(&b, "'}}]");
    gh_buf_lit(&c, "cors: {enabled: on, origins: [https://a.example], headers: [X-0");
    gh_buf_lit(&m, "rate_limits: {rules: [");
    for (unsigned i = 1; i < 200; i++)
        gh_buf_printf(&c, ", X-A-Header-With-A-Long-Name-%u", i);
    for (unsigned i = 0; i < 40; i++)
        gh_buf_printf(&m, "%s{name: r%u, methods: [GET], paths: [/r%u], limits: [1/minute]}",
                      i == 0 ? "" : ", ", i, i);
    gh_buf_put(&a, (gh_str){"", 1});
    gh_buf_put(&b, (gh_str){"", 1});
    gh_buf_put(&c, (gh_str){"]}", 3});
    gh_buf_put(&m, (gh_str){"]}", 3});
    assert_true(gh_buf_ok(&a) && gh_buf_ok(&b) && gh_buf_ok(&c) && gh_buf_ok(&m));
    const struct {
        const char *yaml, *error;
    } rows[] = {
        {"", ""},
        {csp, "headers: the values are too long"},
        {route, "headers: the values are too long"},
        {cors, "cors: the lists are too long"},
        {methods, ""}, /* the same method in forty rules is one method */
        {"rate_limits: {ipv6_parents: [60, 56, 52, 48], rules: [{name: r, limits: [1/5s, 2/6s, 3/7s, 4/8s, 5/9s, 6/10s]}]}",
         "rate limit rule r: with the other rules that count its requests it makes 35 limits for one IPv6 client"},
        {"rate_limits: {rules: [{name: r, limits: [1/5s, 2/6s, 3/7s, 4/8s, 5/9s, 6/10s]}]}", ""},
        {"rate_limits: {ipv6_parents: [60, 56, 52, 48], rules: [{name: r, scope: global,\n"
         "  limits: [1/5s, 2/6s, 3/7s, 4/8s, 5/9s, 6/10s, 7/11s, 8/12s]}]}",
         ""},
        /* a parent's figures go as far as they can */
        {"rate_limits: {ipv6_parent_factor: 1024, rules: [{name: r, limits: [1000000/1d]}]}", ""},
        {"rate_limits: {ipv6_parent_factor: 1024, rules: [\n"
         "  {name: r, algorithm: token_bucket, burst: 1000000, limits: [1000000/31d]}]}",
         ""},
        {"rate_limits: {rules: [{name: r, algorithm: token_bucket, burst: 1000000, limits: [1/31d]}]}",
         "rate limit rule r: burst takes more than 366 days"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const char *report = compile_report(rows[i].yaml);
        if (rows[i].error[0] == '\0')
            assert_string_equal(report, "");
        else if (strstr(report, rows[i].error) == NULL)
            fail_msg("row %zu: %s", i, report);
    }
}

static void more_than_32_methods_is_an_error(void **state)
{
    (void)state;
    char yaml[1024];
    for (unsigned n = 32; n <= 33; n++) {
        gh_buf b = gh_buf_over(yaml, sizeof yaml);
        gh_buf_lit(&b, "methods: {allowed: [M0");
        for (unsigned i = 1; i < n; i++)
            gh_buf_printf(&b, ", M%u", i);
        gh_buf_put(&b, (gh_str){"]}", 3});
        assert_int_equal(strstr(compile_report(yaml), "methods.allowed: more than 32") != NULL, n == 33);
    }
}

static const gh_limit_rule *rule_named(const decide *d, const char *name)
{
    for (unsigned i = 0; i < d->policy->limits.n_rules; i++)
        if (gh_str_eq(d->policy->limits.rules[i].name, gh_str_of(name)))
            return &d->policy->limits.rules[i];
    fail_msg("no rule %s", name);
    return NULL;
}

/* What a counter is kept under over a reload: the limit, not its place in the file. */
static void unchanged_limits_keep_their_identity(void **state)
{
    (void)state;
    decide *a = decide_new(
        "rate_limits: {rules: [{name: r, limits: [5/minute, 6/hour]}, {name: s, limits: [5/minute]}]}");
    decide *b =
        decide_new("rate_limits: {default: {requests: 7}, rules: [{name: n, limits: [1/day]},\n"
                   "  {name: s, limits: [5/minute]}, {name: r, weight: 2, limits: [6/hour, 5/minute]}]}");
    const gh_limit *ra = rule_named(a, "r")->sets[0].limits, *rb = rule_named(b, "r")->sets[0].limits;
    assert_int_equal(ra[0].seed, rb[1].seed);
    assert_int_equal(ra[1].seed, rb[0].seed);
    assert_int_not_equal(ra[0].seed, ra[1].seed);
    assert_int_not_equal(ra[0].seed, rule_named(a, "s")->sets[0].limits[0].seed);
    assert_int_equal(rule_named(a, "s")->sets[0].limits[0].seed, rule_named(b, "s")->sets[0].limits[0].seed);
    assert_int_not_equal(rule_named(a, "default")->sets[0].limits[0].seed,
                         rule_named(b, "default")->sets[0].limits[0].seed);
    decide_free(a);
    decide_free(b);
}

static void a_changed_limit_starts_anew(void **state)
{
    (void)state;
    static const char *const variants[] = {
        "limits: [5/minute]",
        "limits: [6/minute]",
        "limits: [5/2m]",
        "scope: global, limits: [5/minute]",
        "scope: device, limits: [5/minute]",
        "scope: header, header: X-A, limits: [5/minute]",
        "scope: header, header: X-B, limits: [5/minute]",
        "algorithm: token_bucket, limits: [5/minute]",
        "algorithm: token_bucket, burst: 6, limits: [5/minute]",
    };
    uint64_t seeds[GH_COUNT(variants)];
    for (size_t i = 0; i < GH_COUNT(variants); i++) {
        char yaml[256];
        snprintf(yaml, sizeof yaml, "rate_limits: {rules: [{name: r, %s}]}", variants[i]);
        decide *d = decide_new(yaml);
        seeds[i] = rule_named(d, "r")->sets[0].limits[0].seed;
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(seeds[i], seeds[k]);
        decide_free(d);
    }
}

static void enforced_rules_come_first(void **state)
{
    (void)state;
    static const char *const order[] = {"default", "b", "d", "a", "c"};
    decide *d = decide_new("rate_limits: {rules: [\n"
                           "  {name: a, mode: observe, limits: [1/minute]}, {name: b, limits: [1/minute]},\n"
                           "  {name: c, mode: observe, limits: [1/minute]}, {name: d, limits: [1/minute]}]}");
    assert_int_equal(d->policy->limits.n_rules, GH_COUNT(order));
    for (unsigned i = 0; i < GH_COUNT(order); i++)
        assert_true(gh_str_eq(d->policy->limits.rules[i].name, gh_str_of(order[i])));
    decide_free(d);
}

static void parents_have_a_multiple(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits: {ipv6_parents: [56, 48], ipv6_parent_factor: 1000, rules: [\n"
                           "  {name: r, limits: [5/minute, 50/hour]},\n"
                           "  {name: b, algorithm: token_bucket, burst: 50000, limits: [2/1s]}]}");
    const gh_limit *r = rule_named(d, "r")->sets[0].parents, *b = rule_named(d, "b")->sets[0].parents;
    assert_int_equal(r[0].requests, 5000);
    assert_int_equal(r[1].requests, 50000);
    assert_int_equal(r[2].requests, 5000000);
    assert_int_equal(r[3].requests, 50000000);
    assert_int_equal(b[0].burst, 50000000);
    assert_int_equal(b[1].requests, 2000000);
    assert_int_equal(b[1].burst, UINT32_MAX);
    assert_int_not_equal(r[0].seed, r[2].seed);
    decide_free(d);
}

static void limits_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *limits, *policy;
    } rows[] = {
        {"[5/minute]", "\"r\";q=5;w=60"},
        {"[5/second, 6/minute, 7/hour, 8/day]",
         "\"r-second\";q=5;w=1, \"r-minute\";q=6;w=60, \"r-hour\";q=7;w=3600, \"r-day\";q=8;w=86400"},
        {"[5/90s, 6/2h]", "\"r-90s\";q=5;w=90, \"r-7200s\";q=6;w=7200"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char yaml[256];
        snprintf(yaml, sizeof yaml, "rate_limits: {rules: [{name: r, limits: %s}]}", rows[i].limits);
        decide *d = decide_new(yaml);
        expect_str(rule_named(d, "r")->sets[0].policy_value, rows[i].policy);
        decide_free(d);
    }
}

static void routes_point_to_their_upstream(void **state)
{
    (void)state;
    decide *d = decide_new(
        "upstreams: [{name: a, servers: ['http://127.0.0.1:1']}, {name: b, servers: ['http://127.0.0.1:2']}]\n"
        "limits: {body: 7KiB}\n"
        "routes: [{name: r, path: /r, upstream: b, max_body: 1KiB}, {name: s, path: /s}]\n"
        "unmatched: refuse\n");
    assert_int_equal(d->policy->routes[0].upstream, 1);
    assert_int_equal(d->policy->routes[0].max_body, 1024);
    assert_int_equal(d->policy->routes[1].upstream, 0);
    assert_int_equal(d->policy->routes[1].max_body, 7168);
    assert_int_equal(d->policy->fallback.max_body, 7168);
    assert_true(d->policy->unmatched_refused);
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_not_be_has_an_error),
        cmocka_unit_test(more_than_32_methods_is_an_error),
        cmocka_unit_test(unchanged_limits_keep_their_identity),
        cmocka_unit_test(a_changed_limit_starts_anew),
        cmocka_unit_test(enforced_rules_come_first),
        cmocka_unit_test(parents_have_a_multiple),
        cmocka_unit_test(limits_have_names),
        cmocka_unit_test(routes_point_to_their_upstream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
