/* What is refused though each value alone is right, and what each form of text takes. */
#include "load_helper.h"

#define UP "upstreams: [{name: a, servers: [http://a:1]}]\n"
#define PROD UP "profile: production\nhosts: {allowed: [api.example.com]}\n"
#define RULES UP "rate_limits:\n  rules:\n    - {name: r, "
#define KEY "4d9f2c81b7e6350a4d9f2c81b7e6350a"

struct check {
    const char *yaml, *report;
};

static void expect_all(const struct check *checks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_report(&(given){.yaml = checks[i].yaml}, checks[i].report);
}

static void test_profile(void **state)
{
    static const struct check checks[] = {
        {PROD, ""},
        {UP "profile: production\n",
         "error: production needs hosts.allowed (ALLOWED_HOSTS): name the hosts of the API, as in api.example.com\n"},
        {UP "hosts: {allowed: [\"*\"]}\n", ""},
        {UP "profile: production\nhosts: {allowed: [a.example, \"*\"]}\n",
         "g.yaml:3:30: error: hosts.allowed: production refuses \"*\"; name the hosts of the API, as in api.example.com\n"},
        {UP "hosts: {allowed: [\"*\"]}\nserver: {listen: [127.0.0.1:1, 0.0.0.0:2, unix:/a]}\n",
         "g.yaml:3:32: warning: server.listen: other machines reach 0.0.0.0:2, and hosts.allowed is \"*\": every host is let "
         "in; production refuses that\n"},
        {PROD "cors: {enabled: on, origins: [\"*\"]}\n",
         "g.yaml:4:31: error: cors.origins: production refuses \"*\"; name the pages' origins, as in "
         "https://app.example.com\n"},
        {UP "cors: {enabled: on, origins: [\"*\"]}\n", ""},
        {PROD
         "cors: {enabled: on, origins: [http://localhost:3000, http://127.0.0.1, https://b.example, http://a.example]}\n",
         "g.yaml:4:91: error: cors.origins: production refuses http://a.example: anyone on the way can change a page that "
         "comes without TLS; use https://\n"},
        {PROD "secret_key: " KEY "\n",
         "g.yaml:4:1: error: secret_key: production takes it from SECRET_KEY, SECRET_KEY_FILE or a .env file, or from where "
         "file:PATH or aws:NAME says: this file is copied and shown; remove it here, and make a new one\n"},
        {UP "secret_key: " KEY "\n", ""},
        {PROD "rate_limits: {enabled: off}\n",
         "g.yaml:4:24: warning: rate_limits.enabled (RATE_LIMIT_ENABLED) is off: nothing is limited\n"},
        {PROD "rate_limits: {default: {requests: 0}}\n",
         "warning: rate_limits.default.requests is 0 and there are no rules: nothing is limited\n"},
        {PROD "headers: {enabled: off}\n",
         "g.yaml:4:20: warning: headers.enabled (SECURE_HEADERS) is off: no security headers are sent\n"},
        {PROD "client_address: {trusted_proxies: [8.0.0.0/6]}\n",
         "g.yaml:4:36: warning: client_address.trusted_proxies: a block this large holds strangers too, who could name any "
         "address as theirs\n"},
        {PROD "admin: {listen: 0.0.0.0:9080}\n",
         "g.yaml:4:17: error: admin.listen: other machines reach this address, and nobody is asked who they are; use "
         "127.0.0.1, or set admin.allow_remote: on when a firewall keeps strangers out\n"},
        {PROD "admin: {listen: 0.0.0.0:9080, allow_remote: on}\n", ""},
        {UP "admin: {listen: \"[2001:db8::1]:9080\"}\n",
         "g.yaml:2:17: warning: admin.listen: other machines may reach this address; production refuses it unless "
         "admin.allow_remote is on\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks));
}

static void test_secrets(void **state)
{
    static const struct {
        const char *variable;
        bool refused;
    } secrets[] = {
        {"SECRET_KEY=" KEY, false},
        {"SECRET_KEY=your-256-bit-secret-key-here-xyz", true},
        {"SECRET_KEY=change-me-change-me-change-me-0123", true},
        {"SECRET_KEY=ChangeMe5f8a2bd9e7c14306ab51f2e97c", true},
        {"SECRET_KEY=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"SECRET_KEY=abababababababababababababababab", true},
        {"SECRET_KEY=0123456789abcdef0123456789abcdef", true},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(secrets); i++) {
        expect_report(
            &(given){.yaml = PROD, .environment = {secrets[i].variable}},
            secrets[i].refused
                ? "environment: error: secret_key (SECRET_KEY) is a placeholder; make a real one with: "
                  "openssl rand -hex 32\n"
                : "");
        expect_report(&(given){.yaml = UP, .environment = {secrets[i].variable}},
                      secrets[i].refused
                          ? "environment: warning: secret_key (SECRET_KEY) is a placeholder; make a real one "
                            "with: openssl rand -hex 32\n"
                          : "");
    }
}

static void test_whole(void **state)
{
    static const struct check checks[] = {
        {"profile: development\n",
         "error: no upstream: name the API to protect, as in gatehouse serve http://127.0.0.1:8000, or in upstreams\n"},
        {UP "limits: {head: 4KiB}\n",
         "g.yaml:2:16: error: limits.target must be less than limits.head, which it is a part of\n"},
        {UP "client_address: {source: forwarded}\n",
         "g.yaml:2:26: warning: client_address.source has no effect: name the proxies in client_address.trusted_proxies, "
         "whose word is believed\n"},
        {UP "cors: {enabled: on, credentials: on, origins: [\"*\"]}\n",
         "g.yaml:2:48: error: cors.origins: \"*\" and cors.credentials together would let every page act as your users; name "
         "the origins\n"},
        {UP "cors: {enabled: on, origins: [\"*\", https://a.example]}\n",
         "g.yaml:2:31: error: cors.origins: \"*\" is every origin; remove it, or all others\n"},
        {UP "cors: {enabled: on}\n",
         "g.yaml:2:17: error: cors.enabled is on, but cors.origins (ALLOWED_ORIGINS) names no origin; name the pages' "
         "origins, as in https://app.example.com, or turn it off\n"},
        {UP "cors: {origins: [https://a.example]}\n",
         "g.yaml:2:17: warning: cors.origins has no effect: cors.enabled (CORS_ENABLED) is off\n"},
        {UP "cors: {enabled: off, origins: [https://a.example]}\n", ""},
        {UP "cors: {enabled: on, origins: [https://a.example], methods: [GET, PURGE]}\n",
         "g.yaml:2:66: error: cors.methods: PURGE is not in methods.allowed, so it would get 405\n"},
        {UP "methods: {allowed: [GET]}\ncors: {enabled: on, origins: [https://a.example]}\n", ""},
        {UP "rate_limits: {default: {window: 30s}}\n", ""},
        /* addresses */
        {UP "server: {listen: [127.0.0.1:1, \"[::1]:1\", 127.0.0.1:1]}\n",
         "g.yaml:2:43: error: server.listen: 127.0.0.1:1 is here twice\n"},
        {UP "server: {listen: [unix:/a, unix:/a]}\n",
         "g.yaml:2:28: error: server.listen: unix:/a is here twice\n"},
        {UP "server: {listen: [127.0.0.1:0, 127.0.0.1:0]}\n", ""},
        {UP "server: {listen: [127.0.0.1:9080]}\n",
         "error: admin.listen: server.listen has this address already\n"},
        {"upstreams: [{name: a, servers: [http://localhost:8080]}]\n",
         "g.yaml:1:33: error: the upstream http://localhost:8080 is Gatehouse itself (server.listen)\n"},
        {"upstreams: [{name: a, servers: [\"http://127.0.0.1:80\"]}]\nserver: {listen: [0.0.0.0:80]}\n",
         "g.yaml:1:33: error: the upstream http://127.0.0.1:80 is Gatehouse itself (server.listen)\n"},
        {"upstreams: [{name: a, servers: [\"unix:/a\"]}]\nserver: {listen: [unix:/a]}\n",
         "g.yaml:1:33: error: the upstream unix:/a is Gatehouse itself (server.listen)\n"},
        /* upstreams */
        {"upstreams: [{name: a, servers: [http://a, http://b, http://A:80]}]\n",
         "g.yaml:1:53: error: upstream a: the server http://a:80 is here twice\n"},
        {"upstreams: [{name: a, servers: [http://a]}, {name: a, servers: [http://b]}]\n",
         "g.yaml:1:52: error: two upstreams have the name a\n"},
        {"upstreams: [{name: a, servers: [http://a], health: {interval: 1s}}]\n",
         "g.yaml:1:63: warning: upstream a: this has no effect without health.path\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks));
}

static void test_routes(void **state)
{
    static const struct check checks[] = {
        {UP "routes: [{name: x, upstream: b}, {name: x, path: /b}]\n",
         "g.yaml:2:30: error: route x: there is no upstream b (did you mean a?)\n"
         "g.yaml:2:34: error: route x is never reached: the route x on line 2 takes all its requests; put this one first\n"
         "g.yaml:2:41: error: two routes have the name x\n"},
        {UP "unmatched: refuse\n",
         "g.yaml:2:12: error: unmatched: refuse without routes would refuse every request; name the routes\n"},
        {UP "routes:\n  - {name: x, path: \"/a/**\"}\n  - {name: y, path: \"/a/{id}\", methods: [GET]}\n",
         "g.yaml:4:5: error: route y is never reached: the route x on line 3 takes all its requests; put this one first\n"},
        {UP "routes:\n  - {name: x, path: \"/a/{id}\"}\n  - {name: y, path: \"/a/**\"}\n", ""},
        {UP "routes:\n  - {name: x, path: /a, methods: [GET]}\n  - {name: y, path: /a}\n", ""},
        {UP
         "routes:\n  - {name: x, path: /a, methods: [GET, POST]}\n  - {name: y, path: /a, methods: [POST]}\n",
         "g.yaml:4:5: error: route y is never reached: the route x on line 3 takes all its requests; put this one first\n"},
        {UP
         "hosts: {allowed: [\"*.a.example\", b.example]}\nroutes:\n  - {name: x, hosts: [\"*.a.example\"]}\n"
         "  - {name: y, hosts: [c.a.example]}\n  - {name: z, hosts: [b.example]}\n",
         "g.yaml:5:5: error: route y is never reached: the route x on line 4 takes all its requests; put this one first\n"},
        /* all hosts that are let in at all are taken already */
        {UP "hosts: {allowed: [a.example]}\nroutes:\n  - {name: x, hosts: [a.example]}\n  - {name: y}\n",
         "g.yaml:5:5: error: route y is never reached: the route x on line 4 takes all its requests; put this one first\n"},
        /* of routes without names */
        {UP "routes:\n  - {path: /a}\n  - {path: /a}\n",
         "g.yaml:3:5: error: routes[0]: has no name\n"
         "g.yaml:4:5: error: routes[1]: has no name\n"
         "g.yaml:4:5: error: route is never reached: the route on line 3 takes all its requests; put this one first\n"},
        /* one whose path is wrong takes nothing from others, and is not what they take from */
        {UP "routes:\n  - {name: x, path: a}\n  - {name: y, path: /a}\n  - {name: z, path: \"/b/**\"}\n",
         "g.yaml:3:21: error: routes[0].path: \"a\" is not a path pattern: a path begins with \"/\" (at its character 1)\n"},
        {UP "routes:\n  - {name: x}\n  - {name: y, path: a}\n",
         "g.yaml:4:21: error: routes[1].path: \"a\" is not a path pattern: a path begins with \"/\" (at its character 1)\n"},
        {UP "routes: [{name: x, methods: [PURGE], hosts: [a.example]}]\n",
         "g.yaml:2:30: error: route x: PURGE never comes here: it is not in methods.allowed\n"
         "g.yaml:2:46: error: route x: a.example never comes here: hosts.allowed (ALLOWED_HOSTS) does not let it in\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks));
}

static void test_rules(void **state)
{
    static const struct check checks[] = {
        {RULES "limits: [1/day], scope: header}\n",
         "g.yaml:4:41: error: rule r: scope header needs header, the name of the header whose values are counted\n"},
        {RULES "limits: [1/day], header: X-A}\n",
         "g.yaml:4:42: error: rule r: header has no effect without scope: header\n"},
        {RULES "limits: [1/day], burst: 5}\n",
         "g.yaml:4:41: error: rule r: burst has no effect without algorithm: token_bucket\n"},
        {RULES "limits: [1/minute, 5/60s]}\n",
         "g.yaml:4:36: error: rule r: two limits have the same window; keep the smaller one\n"},
        {RULES "limits: [10/minute, 5/second], weight: 6}\n",
         "g.yaml:4:37: error: rule r: no request could ever pass: each counts 6 (weight), and at most 5 are let through\n"},
        {RULES "limits: [10/minute], weight: 6, algorithm: token_bucket, burst: 5}\n",
         "g.yaml:4:26: error: rule r: no request could ever pass: each counts 6 (weight), and at most 5 are let through\n"},
        {RULES "limits: [9/day], tiers: {t: {limits: [5/day, 6/1d]}}}\n",
         "g.yaml:4:62: error: rule r, tier t: two limits have the same window; keep the smaller one\n"},
        {RULES "limits: []}\n",
         "g.yaml:4:25: error: rate_limits.rules[0].limits: must have 1 to 8 items, not 0\n"},
        {RULES "scope: ip}\n", "g.yaml:4:7: error: rate_limits.rules[0]: has no limits\n"},
        {RULES "limits: [1/day], paths: [/a, /docs]}\n",
         "g.yaml:4:46: error: rule r: /docs is never counted: it is within /docs of rate_limits.exempt_paths\n"},
        {UP "rate_limits: {exempt_paths: [/a, \"/**\"]}\n",
         "g.yaml:2:34: error: rate_limits.exempt_paths: with /** nothing is limited; if that is meant, set "
         "rate_limits.enabled: off\n"},
        {UP "rate_limits: {enabled: off, exempt_paths: [\"/**\"]}\n", ""},
        {RULES "limits: [1/day]}\n  exempt_paths: [\"/**\"]\n",
         "g.yaml:4:7: error: rule r: /** is never counted: it is within /** of rate_limits.exempt_paths\n"},
        {RULES "limits: [1/day], methods: [GET, PURGE], hosts: [localhost, a.example]}\n",
         "g.yaml:4:49: error: rule r: PURGE never comes here: it is not in methods.allowed\n"
         "g.yaml:4:76: error: rule r: a.example never comes here: hosts.allowed (ALLOWED_HOSTS) does not let it in\n"},
        {RULES "limits: [1/day]}\n    - {name: r, limits: [1/day]}\n    - {name: default, limits: [1/day]}\n",
         "g.yaml:5:14: error: two rules have the name r\n"
         "g.yaml:6:14: error: the rule default is rate_limits.default; give this one another name\n"},
        {RULES "limits: [1/day], tiers: {premium: {limits: [2/day]}}}\n  default_tier: premum\n",
         "g.yaml:5:17: error: rate_limits.default_tier: no rule has a tier premum (did you mean premium?)\n"},
        {UP "rate_limits: {default_tier: free}\n", ""},
        {UP "rate_limits: {ipv6_prefix: 56}\n",
         "g.yaml:2:28: error: rate_limits.ipv6_parents: 56 must be less than 56: from rate_limits.ipv6_prefix on, each is "
         "shorter\n"},
        {UP "rate_limits: {ipv6_parents: [48, 56]}\n",
         "g.yaml:2:34: error: rate_limits.ipv6_parents: 56 must be less than 48: from rate_limits.ipv6_prefix on, each is "
         "shorter\n"},
        {UP "rate_limits: {ipv6_parents: []}\n", ""},
        {UP "rate_limits: {ipv6_parents: [8]}\n",
         "g.yaml:2:30: error: rate_limits.ipv6_parents: \"8\" is not a number of 16 to "
         "128\n"},
        /* limits that cannot be read */
        {RULES "limits: [5 per minute]}\n",
         "g.yaml:4:26: error: rate_limits.rules[0].limits: \"5 per minute\" is not a limit: "
         "write 100/minute, 10/5m or {requests: 10, window: 5m}\n"},
        {RULES "limits: [0/day]}\n",
         "g.yaml:4:26: error: rate_limits.rules[0].limits: \"0\" is not a number of requests of 1 to 1000000\n"},
        {RULES "limits: [1/500ms]}\n",
         "g.yaml:4:26: error: rate_limits.rules[0].limits: a window of \"500ms\" is out of range: it must be 1s to 31d\n"},
        {RULES "limits: [1/60]}\n",
         "g.yaml:4:26: error: rate_limits.rules[0].limits: \"60\" is not a window: write second, minute, hour, day or a "
         "duration, as in 100/minute or 10/5m\n"},
        {RULES "limits: [{requests: 1}]}\n",
         "g.yaml:4:26: error: rate_limits.rules[0].limits: a limit needs requests and "
         "window, as in {requests: 10, window: 5m}\n"},
        {RULES "limits: [{requests: 1, windw: 1s}]}\n",
         "g.yaml:4:40: error: rate_limits.rules[0].limits: a limit has no \"windw\" (did you mean window?)\n"},
        {RULES "limits: 1/day}\n",
         "g.yaml:4:25: error: rate_limits.rules[0].limits: must be a list: write [...], or one \"- \" "
         "line for each item\n"},
    };
    (void)state;
    expect_all(checks, GH_COUNT(checks));
}

static void test_per_minute(void **state)
{
    (void)state;
    expect_report(
        &(given){.yaml = UP, .environment = {"RATE_LIMIT_PER_MINUTE=10", "RATE_LIMIT_WINDOW_SECONDS=10"}},
        "environment: warning: the number of requests is named per minute, but rate_limits.default.window is 10000 "
        "ms; that window is used\n");
}

/* Each form of text: what it takes, and why it refuses what it refuses. */
static void test_forms(void **state)
{
    static const struct {
        const char *path, *text, *why; /* why NULL: taken */
    } forms[] = {
        {"server: {listen: [%s]}", "127.0.0.1:80", NULL},
        {"server: {listen: [%s]}", "'[::]:80'", NULL},
        {"server: {listen: [%s]}", "unix:/run/a.sock", NULL},
        {"server: {listen: [%s]}", "':80'", "names no address"},
        {"server: {listen: [%s]}", "127.0.0.1", "has no port"},
        {"server: {listen: [%s]}", "127.0.0.1:65536", "has no port of 0 to 65535"},
        {"server: {listen: [%s]}", "127.0.0.1:080", "has no port of 0 to 65535"},
        {"server: {listen: [%s]}", "localhost:80", "is not an IP address"},
        {"server: {listen: [%s]}", "'[127.0.0.1]:80'", NULL},
        {"server: {listen: [%s]}", "'::1:80'", "names no address"},
        {"server: {listen: [%s]}", "http://127.0.0.1:80", "neither a scheme nor a path"},
        {"server: {listen: [%s]}", "unix:a", "is not a socket"},
        {"upstreams: [{name: a, servers: [%s]}]", "http://a.example", NULL},
        {"upstreams: [{name: a, servers: [%s]}]", "'http://[::1]:8000'", NULL},
        {"upstreams: [{name: a, servers: [%s]}]", "http://a.example/", NULL},
        {"upstreams: [{name: a, servers: [%s]}]", "http://a.example/v1", "must have no path"},
        {"upstreams: [{name: a, servers: [%s]}]", "https://a.example", "is not supported yet"},
        {"upstreams: [{name: a, servers: [%s]}]", "http://a:0", "has no port of 1 to 65535"},
        {"upstreams: [{name: a, servers: [%s]}]", "http://u:p@a:1", "holds a user name or a password"},
        {"upstreams: [{name: a, servers: [%s]}]", "http://*.a:1", "names no host"},
        {"upstreams: [{name: a, servers: [%s]}]", "a:1", "is not an upstream's address"},
        {"upstreams: [{name: a, servers: [http://a], health: {path: %s}}]", "/h?full=1", NULL},
        {"upstreams: [{name: a, servers: [http://a], health: {path: %s}}]", "health", "must begin with"},
        {"upstreams: [{name: %s, servers: [http://a]}]", "a b", "is not a name"},
        {"log: {health_paths: [%s]}", "/h?a", "has a query"},
        {"hosts: {allowed: [%s]}", "'*.a.example'", NULL},
        {"hosts: {allowed: [%s]}", "'a.*.example'", "is not a host"},
        {"hosts: {allowed: [%s]}", "https://a.example", "neither a scheme nor a path"},
        {"methods: {allowed: [%s]}", "PURGE", NULL},
        {"methods: {allowed: [%s]}", "get", "upper case"},
        {"methods: {allowed: [%s]}", "TRACE", "must not be let through"},
        {"methods: {allowed: [%s]}", "connect", "must not be let through"},
        {"methods: {allowed: [%s]}", "'A B'", "is not a method"},
        {"cors: {enabled: on, origins: [%s]}", "'null'", "is not an origin"},
        {"cors: {enabled: on, origins: [%s]}", "https://a.example/x", "is not an origin"},
        {"cors: {expose: [%s]}", "X-A", NULL},
        {"cors: {expose: [%s]}", "'X A'", "is not a header's name"},
        {"cors: {headers: [%s]}", "'*'", "name each header"},
        {"headers: {frame_options: %s}", "\"a\\u00e4\"", "is not a header value"},
        {"headers: {frame_options: %s}", "\"a\\r\\nX: y\"", "is not a header value"},
        {"headers: {frame_options: %s}", "' a'", "begins or ends with a space"},
        {"rate_limits: {exempt_paths: [%s]}", "'/a/**/b'", "is not a path pattern"},
        {"rate_limits: {exempt_paths: [%s]}", "a", "is not a path pattern"},
        {"rate_limits: {bypass: [%s]}", "10.0.0.1/8", "is not an address or CIDR block"},
        {"rate_limits: {bypass: [%s]}", "'::/0'", "every address there is"},
        {"rate_limits: {bypass: [%s]}", "'2001:db8::/32'", NULL},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(forms); i++) {
        char yaml[256];
        const char *hole = strstr(forms[i].path, "%s");
        gh_buf b = gh_buf_over(yaml, sizeof yaml - 1);
        assert_non_null(hole);
        gh_buf_put(&b, (gh_str){forms[i].path, (size_t)(hole - forms[i].path)});
        gh_buf_put(&b, gh_str_of(forms[i].text));
        gh_buf_put(&b, gh_str_of(hole + 2));
        yaml[b.n] = '\0';
        bool own = strncmp(yaml, "upstreams", 9) == 0;
        loaded *l = load_given(&(given){.yaml = yaml, .upstream = own ? NULL : "http://a"});
        if ((l->config != NULL) != (forms[i].why == NULL) ||
            (forms[i].why != NULL && strstr(l->text, forms[i].why) == NULL))
            fail_msg("%s: %s", yaml, l->text);
        unload(l);
    }
}

/* What is wrong with a URL is said without its password: reports are logged. */
static void test_no_password_is_shown(void **state)
{
    static const char *const servers[] = {"http://u:hunter2@a:1", "http://hunter2@a", "https://u:hunter2@a",
                                          "u:hunter2@a:1"};
    (void)state;
    for (size_t i = 0; i < GH_COUNT(servers); i++) {
        loaded *l = load_given(&(given){.upstream = servers[i]});
        assert_null(l->config);
        assert_non_null(strstr(l->text, "holds a user name or a password"));
        assert_null(strstr(l->text, "hunter2"));
        unload(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile), cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_whole),   cmocka_unit_test(test_routes),
        cmocka_unit_test(test_rules),   cmocka_unit_test(test_per_minute),
        cmocka_unit_test(test_forms),   cmocka_unit_test(test_no_password_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
