#include "decide.h"

static const char yaml[] = "hosts: {allowed: [api.example.com, '*.tenant.example', 127.0.0.1, '::1']}\n";

static void only_hosts_that_are_ours(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /\nHost: api.example.com", "forward"},
        {"GET /\nHost: API.Example.COM", "forward"},
        {"GET /\nHost: api.example.com:8443", "forward"},
        {"GET /\nHost: api.example.com.", "forward"},
        {"GET /\nHost: api.example.com.:443", "forward"},
        {"GET /\nHost: a.tenant.example", "forward"},
        {"GET /\nHost: a.b.tenant.example", "forward"},
        {"GET /\nHost: 127.0.0.1:8080", "forward"},
        {"GET /\nHost: [::1]", "forward"},
        {"GET /\nHost: [::1]:8080", "forward"},
        {"GET /\nHost: tenant.example", "host_not_allowed"},
        {"GET /\nHost: eviltenant.example", "host_not_allowed"},
        {"GET /\nHost: evil.com", "host_not_allowed"},
        {"GET /\nHost: api.example.com.evil.com", "host_not_allowed"},
        {"GET /\nHost: notapi.example.com", "host_not_allowed"},
        {"GET /\nHost: localhost", "host_not_allowed"},
        {"GET /\nHost: [::2]", "host_not_allowed"},
        {"GET / HTTP/1.0", "host_not_allowed"},
        {"GET / HTTP/1.0\nHost: api.example.com", "forward"},
        /* an absolute-form's authority stands in for Host, and must agree with it */
        {"GET http://api.example.com/\nHost: api.example.com", "forward"},
        {"GET http://API.example.com./\nHost: api.example.com", "forward"},
        {"GET http://api.example.com:81/\nHost: api.example.com:81", "forward"},
        {"GET http://api.example.com/ HTTP/1.0", "forward"},
        {"GET http://api.example.com/\nHost: evil.com", "host_not_allowed"},
        {"GET http://evil.com/\nHost: api.example.com", "host_not_allowed"},
        {"GET http://evil.com/\nHost: evil.com", "host_not_allowed"},
        {"GET http://api.example.com:81/\nHost: api.example.com", "host_not_allowed"},
        {"GET http://evil.com/ HTTP/1.0", "host_not_allowed"},
        {"OPTIONS *\nHost: evil.com", "host_not_allowed"},
    };
    decide *d = decide_new(yaml);
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

/* Proxies pass X-Forwarded-Host on, and upstreams build links with it: it is held to the same list. */
static void a_forwarded_host_that_is_not_ours_is_dropped(void **state)
{
    (void)state;
    static const struct {
        const char *request, *host;
    } rows[] = {
        {"GET /\nHost: api.example.com\nX-Forwarded-Host: a.tenant.example", "a.tenant.example"},
        {"GET /\nHost: api.example.com\nX-Forwarded-Host: a.tenant.example:444", "a.tenant.example:444"},
        {"GET /\nHost: api.example.com\nX-Forwarded-Host: evil.com", NULL},
        {"GET /\nHost: api.example.com\nX-Forwarded-Host: api.example.com/evil", NULL},
        {"GET /\nHost: api.example.com\nX-Forwarded-Host: api.example.com\"; x", NULL},
        {"GET /\nHost: api.example.com", NULL},
    };
    decide *d = decide_new("hosts: {allowed: [api.example.com, '*.tenant.example']}\n"
                           "client_address: {trusted_proxies: [192.0.2.0/24]}");
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        assert_string_equal(decide_request(d, rows[i].request), "forward");
        assert_true(gh_str_eq(d->txn.client.host, gh_str_of(rows[i].host)));
        assert_int_equal(d->txn.client.host.p == NULL, rows[i].host == NULL);
    }
    decide_free(d);
}

/* All hosts is still not no host. */
static void any_host_is_a_host(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /\nHost: evil.com", "forward"},
        {"GET / HTTP/1.0", "host_not_allowed"},
        {"GET http://b/\nHost: a", "host_not_allowed"},
    };
    decide *d = decide_new("hosts: {allowed: ['*']}");
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

/* The head's parser refuses such a Host before; who embeds the library may use another parser. */
static void what_is_no_host_is_refused(void **state)
{
    (void)state;
    static const char *const hosts[] = {"",   "a b", "a:0", "a:x", "a:",   "u@a",
                                        "a/", "a,b", "..",  ".",   "[::1", "%61"};
    decide *d = decide_new("hosts: {allowed: ['*']}");
    (void)decide_request(d, "GET /\nHost: a");
    for (size_t i = 0; i < GH_COUNT(hosts); i++) {
        gh_request r = d->request;
        r.host = gh_str_of(hosts[i]);
        gh_engine_begin(&d->txn, d->policy, &r, &d->arena, &d->world);
        assert_int_equal(gh_engine_step(&d->txn), GH_STEP_VERDICT);
        assert_int_equal(d->txn.verdict.reason, GH_REASON_HOST_NOT_ALLOWED);
    }
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_hosts_that_are_ours),
        cmocka_unit_test(a_forwarded_host_that_is_not_ours_is_dropped),
        cmocka_unit_test(any_host_is_a_host),
        cmocka_unit_test(what_is_no_host_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
