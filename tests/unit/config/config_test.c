/* Where a value comes from: defaults, files, environment, command line, and which one wins. */
#include "load_helper.h"

#define UP "upstreams: [{name: a, servers: [http://a:1]}]\n"

static void test_defaults(void **state)
{
    loaded *l = expect_clean(&(given){.upstream = "http://127.0.0.1:8000"});
    const gh_config *c = l->config;
    (void)state;
    assert_int_equal(c->profile, GH_PROFILE_DEVELOPMENT);
    assert_null(c->secret_key.p);
    assert_null(c->data_folder.p);
    assert_int_equal(c->server.listen.n, 1);
    expect_str(c->server.listen.items[0], "127.0.0.1:8080");
    expect_str(c->admin.listen, "127.0.0.1:9080");
    assert_int_equal(c->limits.head, 16 << 10);
    assert_int_equal(c->limits.body, 10 << 20);
    assert_int_equal(c->timeouts.upstream_total, 0);
    assert_int_equal(c->n_upstreams, 1);
    expect_str(c->upstreams[0].name, "default");
    expect_str(c->upstreams[0].servers.items[0], "http://127.0.0.1:8000");
    assert_int_equal(c->upstreams[0].retries, 1);
    assert_int_equal(c->upstreams[0].preserve_host, GH_ON);
    assert_null(c->upstreams[0].health_path.p);
    assert_int_equal(c->hosts.allowed.n, 3);
    expect_str(c->hosts.allowed.items[0], "localhost");
    expect_str(c->hosts.allowed.items[2], "[::1]");
    assert_int_equal(c->client_address.trusted_proxies.n, 0);
    assert_int_equal(c->methods.allowed.n, 7);
    assert_int_equal(c->cors.enabled, GH_OFF);
    assert_int_equal(c->cors.methods.n, 6);
    assert_int_equal(c->cors.headers.n, 7);
    assert_int_equal(c->cors.max_age, 600);
    assert_null(c->headers.set.frame_options.p);
    assert_int_equal(c->rate_limits.enabled, GH_ON);
    assert_int_equal(c->rate_limits.default_requests, 60);
    assert_int_equal(c->rate_limits.default_window, 60000);
    assert_int_equal(c->rate_limits.n_ipv6_parents, 2);
    assert_int_equal(c->rate_limits.ipv6_parents[0], 56);
    assert_int_equal(c->rate_limits.ipv6_parents[1], 48);
    assert_int_equal(c->rate_limits.ipv6_parent_factor, 8);
    expect_str(c->rate_limits.device_header, "X-Device-ID");
    expect_str(c->log.file, "-");
    unload(l);
}

/* The same setting from all sources; each row has one source less. */
static void test_precedence(void **state)
{
    static const given rows[] = {
        {.yaml = UP "server: {listen: [127.0.0.1:1]}",
         .yaml2 = "server: {listen: [127.0.0.1:2]}",
         .dotenv = "GATEHOUSE_SERVER_LISTEN=127.0.0.1:3",
         .environment = {"GATEHOUSE_SERVER_LISTEN=127.0.0.1:4"},
         .listen = "127.0.0.1:5"},
        {.yaml = UP "server: {listen: [127.0.0.1:1]}",
         .yaml2 = "server: {listen: [127.0.0.1:2]}",
         .dotenv = "GATEHOUSE_SERVER_LISTEN=127.0.0.1:3",
         .environment = {"GATEHOUSE_SERVER_LISTEN=127.0.0.1:4"}},
        {.yaml = UP "server: {listen: [127.0.0.1:1]}",
         .yaml2 = "server: {listen: [127.0.0.1:2]}",
         .dotenv = "GATEHOUSE_SERVER_LISTEN=127.0.0.1:3"},
        {.yaml = UP "server: {listen: [127.0.0.1:1]}", .yaml2 = "server: {listen: [127.0.0.1:2]}"},
        {.yaml = UP "server: {listen: [127.0.0.1:1]}"},
        {.yaml = UP},
    };
    static const char *const winners[] = {"127.0.0.1:5", "127.0.0.1:4", "127.0.0.1:3",
                                          "127.0.0.1:2", "127.0.0.1:1", "127.0.0.1:8080"};
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        loaded *l = expect_clean(&rows[i]);
        assert_int_equal(l->config->server.listen.n, 1);
        expect_str(l->config->server.listen.items[0], winners[i]);
        unload(l);
    }
}

/* A name in the environment and another one of the same setting in .env are no contradiction. */
static void test_levels_do_not_contradict(void **state)
{
    loaded *l = expect_clean(&(given){.yaml = UP,
                                      .dotenv = "RATE_LIMIT_PER_MINUTE=5",
                                      .environment = {"RATE_LIMIT_REQUESTS_PER_MINUTE=6"}});
    (void)state;
    assert_int_equal(l->config->rate_limits.default_requests, 6);
    unload(l);
}

static void test_command_line(void **state)
{
    static const char yaml[] =
        "upstreams: [{name: a, servers: [http://a:1, http://b:2], retries: 3}, {name: c, servers: "
        "[http://c:3]}]\n";
    loaded *l = expect_clean(&(given){.yaml = yaml, .upstream = "http://Z.example/", .admin = "off"});
    (void)state;
    assert_int_equal(l->config->n_upstreams, 2);
    assert_int_equal(l->config->upstreams[0].servers.n, 1);
    expect_str(l->config->upstreams[0].servers.items[0], "http://z.example:80");
    assert_int_equal(l->config->upstreams[0].retries, 3);
    expect_str(l->config->admin.listen, "off");
    unload(l);
    expect_report(
        &(given){.upstream = "localhost:8000", .listen = "8080", .admin = "x"},
        "command line: error: UPSTREAM: \"localhost:8000\" is not an upstream's address: write http://host:port or "
        "unix:/path\n"
        "command line: error: --listen: \"8080\" has no port: write 127.0.0.1:8080, [::1]:8080 or unix:/path\n"
        "command line: error: --admin: \"x\" has no port: write 127.0.0.1:8080, [::1]:8080 or unix:/path\n");
}

static void test_environment(void **state)
{
    loaded *l = expect_clean(
        &(given){.yaml = UP,
                 .environment = {"PATH=/bin", "GATEHOUSE_PORT=tcp://10.0.0.1:80",
                                 "GATEHOUSE_PORT_80_TCP=tcp://10.0.0.1:80", "GATEHOUSE_SERVICE_HOST=10.0.0.1",
                                 "SECRET_KEY_FILE=/run/secrets/key", "no equals"}});
    (void)state;
    expect_str(l->config->secret_key, "1f2e3d4c5b6a79881f2e3d4c5b6a7988f0");
    unload(l);
    expect_report(
        &(given){.yaml = UP, .environment = {"GATEHOUSE_LOG_FROMAT=json"}},
        "environment: error: unknown name \"GATEHOUSE_LOG_FROMAT\" (did you mean GATEHOUSE_LOG_FORMAT?); names that "
        "begin with GATEHOUSE_ are Gatehouse's own\n");
}

/* A newcomer's node counted for itself, since REDIS_ULR is no error. */
static void test_near_misses(void **state)
{
    static const char identity[] = UP "identity: {enabled: on, deny_by_default: on}\n";
    (void)state;
    expect_report(
        &(given){.yaml = UP,
                 .dotenv = "A=1\nREDIS_ULR=redis://:s3cr3t@h\n",
                 .environment = {"REDIS_PASSWORD_FIEL=/x", "CORS_ENABLE=on", "ALOWED_HOSTS=x",
                                 "TRUSTED_PROXYS=10.0.0.0/8"}},
        ".env:2:1: warning: \"REDIS_ULR\" is not known; did you mean REDIS_URL?\n"
        "environment: warning: \"REDIS_PASSWORD_FIEL\" is not known; did you mean REDIS_PASSWORD_FILE?\n"
        "environment: warning: \"CORS_ENABLE\" is not known; did you mean CORS_ENABLED?\n"
        "environment: warning: \"ALOWED_HOSTS\" is not known; did you mean ALLOWED_HOSTS?\n"
        "environment: warning: \"TRUSTED_PROXYS\" is not known; did you mean TRUSTED_PROXIES?\n");
    expect_report(
        &(given){.yaml = identity,
                 .environment = {"POSTGRES_URL=postgresql://h/d", "POSTGRESQL_PASWORD=s3cr3t"}},
        "environment: warning: \"POSTGRES_URL\" is not known; did you mean POSTGRESQL_URL?\n"
        "environment: warning: \"POSTGRESQL_PASWORD\" is not known; did you mean POSTGRESQL_PASSWORD?\n");
    expect_report(
        &(given){.yaml = identity,
                 .environment = {"REDIS_URL=redis://h", "DATABASE_URL=postgres://h/d",
                                 "SECRET_KEY_FILE=/run/secrets/key"}},
        "environment: warning: redis.url lets several nodes count together, but without postgresql.url each "
        "node has accounts and sessions of its own: right for one node only\n"
        "environment: warning: DATABASE_URL is not read; if Gatehouse's records are to be there, set "
        "POSTGRESQL_URL\n");
}

/* Other programs' variables stand in the same environment. */
static void test_no_near_misses(void **state)
{
    (void)state;
    unload(expect_clean(&(given){.yaml = UP "identity: {enabled: on, deny_by_default: on}\n",
                                 .environment = {"POSTGRES_PASSWORD=x", "REDIS_URI=redis://h",
                                                 "REDIS_URL2=redis://h", "DATABASE_URL=postgres://h/d",
                                                 "SECRET=x", "HOSTS=x", "AWS_SESSION_TOKENS=x"}}));
    unload(
        expect_clean(&(given){.yaml = UP,
                              .environment = {"POSTGRES_URL=postgresql://h/d", "REDIS_HOST=h", "REDIS_PORT=1",
                                              "REDIS_DB=0", "REDIS_USER=u", "POSTGRES_USER=u"}}));
    /* What is set is not missing. */
    unload(expect_clean(&(given){.yaml = UP "cors: {enabled: off}\nhosts: {allowed: [a.example]}\n",
                                 .environment = {"CORS_ENABLE=on", "ALLOWED_HOST=x", "SECRET_KEYS=x",
                                                 "SECRET_KEY_FILE=/run/secrets/key"}}));
}

/* All that is wrong, wherever it stands, in the order of the sources and lines. */
static void test_order_of_errors(void **state)
{
    (void)state;
    expect_report(
        &(given){.yaml = UP "profile: x\nserver: {workers: y}\n",
                 .yaml2 = "zzzz: 1\n",
                 .dotenv = "CORS_ENABLED=q\n",
                 .environment = {"SECURE_HEADERS=q"},
                 .listen = "q"},
        "g.yaml:2:10: error: profile: \"x\" is not one of development, production\n"
        "g.yaml:3:19: error: server.workers: \"y\" is not a whole number\n"
        "h.yaml:1:1: error: unknown setting \"zzzz\"\n"
        ".env:1:1: error: CORS_ENABLED (cors.enabled): \"q\" is neither on nor off\n"
        "environment: error: SECURE_HEADERS (headers.enabled): \"q\" is neither on nor off\n"
        "command line: error: --listen: \"q\" has no port: write 127.0.0.1:8080, [::1]:8080 or unix:/path\n");
}

static void test_rules_tiers_and_routes(void **state)
{
    loaded *l = expect_clean(&(given){
        .yaml = UP
        "rate_limits:\n"
        "  default_tier: free\n"
        "  rules:\n"
        "    - name: generate\n"
        "      methods: [POST]\n"
        "      paths: [/generate, \"/v1/{id}/render\", \"/static/**\"]\n"
        "      scope: header\n"
        "      header: X-Account\n"
        "      limits: [10/minute, 100 / hour, 7/5m, {requests: 1000, window: 1d}, {requests: 3, window: 2}]\n"
        "      algorithm: token_bucket\n"
        "      burst: 20\n"
        "      mode: observe\n"
        "      tiers: { free: { limits: [5/minute] }, premium: { limits: [100/second, 200/minute] } }\n"
        "routes:\n"
        "  - { name: g, methods: [POST], path: /generate, upstream: a, max_body: 1MiB,\n"
        "      headers: { profile: html, frame_options: SAMEORIGIN } }\n"
        "  - name: rest\n"});
    const gh_rule_config *r = &l->config->rate_limits.rules[0];
    const gh_route_config *g = &l->config->routes[0], *rest = &l->config->routes[1];
    (void)state;
    assert_int_equal(l->config->rate_limits.n_rules, 1);
    assert_int_equal(r->place.line, 5);
    assert_int_equal(r->scope, GH_SCOPE_HEADER);
    assert_int_equal(r->limits.n, 5);
    static const gh_rate rates[] = {{10, 60000}, {100, 3600000}, {7, 300000}, {1000, 86400000}, {3, 2000}};
    for (size_t i = 0; i < GH_COUNT(rates); i++) {
        assert_int_equal(r->limits.items[i].requests, rates[i].requests);
        assert_int_equal(r->limits.items[i].window_ms, rates[i].window_ms);
    }
    assert_int_equal(r->burst, 20);
    assert_int_equal(r->weight, 1);
    assert_int_equal(r->mode, GH_MODE_OBSERVE);
    assert_int_equal(r->n_tiers, 2);
    expect_str(r->tiers[1].name, "premium");
    assert_int_equal(r->tiers[1].limits.items[1].requests, 200);
    assert_int_equal(g->max_body, 1 << 20);
    assert_int_equal(g->headers.profile, GH_HEADERS_HTML);
    expect_str(g->headers.frame_options, "SAMEORIGIN");
    assert_true(rest->max_body == UINT64_MAX);
    assert_int_equal(rest->headers.profile, -1);
    assert_null(rest->upstream.p);
    expect_str(rest->path, "/**");
    unload(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_levels_do_not_contradict),
        cmocka_unit_test(test_command_line),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_near_misses),
        cmocka_unit_test(test_no_near_misses),
        cmocka_unit_test(test_order_of_errors),
        cmocka_unit_test(test_rules_tiers_and_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
