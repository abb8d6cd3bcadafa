/* What is refused in YAML, and where it says that it is. */
#include "load_helper.h"

/* The rest of a configuration that is right. */
#define UP "upstreams: [{name: a, servers: [http://a:1]}]\n"
/* One level more than GH_YAML_DEPTH_MAX below the top. */
#define DEEP_8 "[[[[[[[["
#define DEEP DEEP_8 DEEP_8 DEEP_8 DEEP_8 DEEP_8 DEEP_8 DEEP_8 DEEP_8

static const struct {
    const char *yaml, *report;
} cases[] = {
    /* unknown names */
    {UP "profil: production\n", "g.yaml:2:1: error: unknown setting \"profil\" (did you mean profile?)\n"},
    {UP "zzzzzz: 1\n", "g.yaml:2:1: error: unknown setting \"zzzzzz\"\n"},
    {UP "server:\n  worker: 1\n",
     "g.yaml:3:3: error: unknown setting \"worker\" in server (did you mean workers?)\n"},
    {UP "default_tier: x\n",
     "g.yaml:2:1: error: unknown setting \"default_tier\" (did you mean rate_limits.default_tier?)\n"},
    {UP "server.workers: 1\n",
     "g.yaml:2:1: error: unknown setting \"server.workers\"; write mappings within mappings, without dots\n"},
    {UP "\"a\\nb\": 1\n", "g.yaml:2:1: error: unknown setting \"a\\x0ab\"\n"},
    {UP
     "rate_limits:\n  rules:\n    - name: r\n      limits: [1/second]\n      tiers:\n        t: {limit: [2/second], limits: [1/second]}\n",
     "g.yaml:7:13: error: unknown setting \"limit\" in rate_limits.rules[0].tiers.t (did you mean limits?)\n"},
    {UP "routes: [{name: x, headers: {frame_option: DENY}}]\n",
     "g.yaml:2:30: error: unknown setting \"frame_option\" in routes[0].headers (did you mean frame_options?)\n"},
    /* structure */
    {UP "server: 5\n", "g.yaml:2:9: error: server: must be a mapping with keys and values, not \"5\"\n"},
    {UP "identity:\n  enabled:on\n",
     "g.yaml:3:3: error: identity: must be a mapping with keys and values, not \"enabled:\"; a space belongs behind "
     "the colon\n"},
    {UP "identity:\n  enabled:on\n  registration: open\n",
     "g.yaml:4:15: error: not valid YAML: mapping values are not allowed in this context; a colon needs a space behind "
     "it, as in \"enabled: on\", and what is below a section is indented\n"},
    /* not indented */
    {UP "identity:\nenabled: on\nregistration: open\n",
     "g.yaml:3:1: error: enabled belongs to the section identity above: indent it\n"
     "g.yaml:4:1: error: registration belongs to the section identity above: indent it\n"},
    {UP "identity:\n  session: {}\n  max_age: 1h\n",
     "g.yaml:4:3: error: max_age belongs to the section session above: indent it\n"},
    {UP "server: [1]\n", "g.yaml:2:9: error: server: must be a mapping with keys and values, not a list\n"},
    {UP "routes: {name: x}\n", "g.yaml:2:9: error: routes: must be a list: one \"- \" line for each item\n"},
    {UP "routes: [x]\n", "g.yaml:2:10: error: routes[0]: must be a mapping with keys and values\n"},
    {UP "hosts: {allowed: a.example}\n",
     "g.yaml:2:18: error: hosts.allowed: must be a list: write [...], or one \"- \" line for each item\n"},
    {UP "hosts: {allowed: }\n",
     "g.yaml:2:18: error: hosts.allowed: has no value; write [] for none, or remove it to have the default\n"},
    {UP "hosts: {allowed: []}\n", "g.yaml:2:18: error: hosts.allowed: must have 1 to 4096 items, not 0\n"},
    {UP "hosts: {allowed: [[a]]}\n", "g.yaml:2:19: error: hosts.allowed: must be one value, not a list\n"},
    {UP "profile: [production]\n", "g.yaml:2:10: error: profile: must be one value, not a list\n"},
    {UP "profile: {a: b}\n", "g.yaml:2:10: error: profile: must be one value, not a mapping\n"},
    {UP "profile:\n",
     "g.yaml:2:9: error: profile: has no value; give one, or remove it to have the default\n"},
    {UP "profile: ~\n",
     "g.yaml:2:10: error: profile: has no value; give one, or remove it to have the default\n"},
    {UP "profile: null\n",
     "g.yaml:2:10: error: profile: has no value; give one, or remove it to have the default\n"},
    {"- a\n",
     "g.yaml:1:1: error: must be a mapping with keys and values, such as \"profile: production\"\n"
     "error: no upstream: name the API to protect, as in gatehouse serve http://127.0.0.1:8000, or in upstreams\n"},
    {"upstreams: [{}]\n", "g.yaml:1:13: error: upstreams[0]: has no name\n"
                          "g.yaml:1:13: error: upstreams[0]: has no servers\n"},
    {UP "rate_limits: {rules: [{name: r, limits: [1/day], tiers: [a]}]}\n",
     "g.yaml:2:57: error: rate_limits.rules[0].tiers: must be a mapping from names\n"},
    {UP "rate_limits: {rules: [{name: r, limits: [1/day], tiers: {\"a b\": {limits: [1/day]}}}]}\n",
     "g.yaml:2:58: error: rate_limits.rules[0].tiers: \"a b\" is not a name of at most 64 letters, digits, \"_\", \"-\" and "
     "\".\"\n"},
    /* duplicate keys, at any depth; everything else is still looked at */
    {UP "server: {workers: 1, workers: 2}\nprofile: x\n",
     "g.yaml:2:22: error: \"workers\" is here twice; the first one is on line 2\n"
     "g.yaml:3:10: error: profile: \"x\" is not one of development, production\n"},
    /* what YAML can do and a configuration should not */
    {UP "profile: &a production\n",
     "g.yaml:2:10: error: anchors are not supported; a text that begins with \"&\" needs quotes\n"},
    {UP "profile: *a\n",
     "g.yaml:2:10: error: aliases are not supported; a text that begins with \"*\" needs quotes, as in "
     "\"*.example.com\"\n"},
    {UP "profile: !x production\n",
     "g.yaml:2:10: error: tags are not supported; a text that begins with \"!\" needs quotes\n"},
    {UP "server: !!map {workers: 1}\n",
     "g.yaml:2:9: error: tags are not supported; a text that begins with \"!\" needs quotes\n"},
    {UP "---\nprofile: production\n",
     "g.yaml:2:1: error: a second document begins here; one file holds one\n"},
    {"%TAG ! tag:x,2000:\n---\nprofile: production\n", "g.yaml:1:1: error: tags are not supported\n"},
    {UP "[a]: b\n", "g.yaml:2:1: error: a key must be a plain word\n"},
    {UP "hosts: {allowed: [*.example.com]}\n",
     "g.yaml:2:19: error: aliases are not supported; a text that begins with \"*\" needs quotes, as in "
     "\"*.example.com\"\n"},
    {UP "server:\n\tworkers: 1\n",
     "g.yaml:3:1: error: not valid YAML: while scanning for the next token: found character that cannot start any token; "
     "indent with spaces, not tabs, and put texts that begin with @, ` or % in quotes\n"},
    {UP "routes:\n  - {name: x, path: /a/{id}}\n",
     "g.yaml:3:24: error: not valid YAML: while parsing a flow mapping: did not find expected ',' or '}'; within {...}, "
     "texts with { or } need quotes, as in \"/users/{id}\", and so do those that begin with #\n"},
    {UP "profile: \"\\d\"\n",
     "g.yaml:2:11: error: not valid YAML: while parsing a quoted scalar: found unknown escape character; in double quotes a "
     "backslash is written \\\\, or use single quotes\n"},
    {UP "a: " DEEP "1\n", "g.yaml:2:67: error: nested too deeply\n"},
    {UP "profile: \"\xff\"\n",
     "g.yaml:2:11: error: not valid YAML: invalid leading UTF-8 octet; the file must be UTF-8 text\n"},
    /* values */
    {UP "cors: {enabled: maybe}\n", "g.yaml:2:17: error: cors.enabled: \"maybe\" is neither on nor off\n"},
    {UP "cors: {enabled: 1}\n", "g.yaml:2:17: error: cors.enabled: \"1\" is neither on nor off\n"},
    {UP "profile: prod\n",
     "g.yaml:2:10: error: profile: \"prod\" is not one of development, production (did you mean "
     "production?)\n"},
    {UP "server: {workers: -1}\n", "g.yaml:2:19: error: server.workers: \"-1\" is not a whole number\n"},
    {UP "server: {workers: 010}\n", "g.yaml:2:19: error: server.workers: \"010\" is not a whole number\n"},
    {UP "server: {workers: 1.5}\n", "g.yaml:2:19: error: server.workers: \"1.5\" is not a whole number\n"},
    {UP "server: {workers: 99999999999999999999}\n",
     "g.yaml:2:19: error: server.workers: \"99999999999999999999\" is not a whole number\n"},
    {UP "timeouts: {client_head: 10}\n",
     "g.yaml:2:25: error: timeouts.client_head: \"10\" has no unit: write ms, s, m, h or d "
     "behind the number, as in 500ms, 30s, 5m, 1h\n"},
    {UP "timeouts: {client_head: 1w}\n",
     "g.yaml:2:25: error: timeouts.client_head: \"1w\" is not a duration: write a whole "
     "number and ms, s, m, h or d, as in 500ms, 30s, 5m, 1h\n"},
    {UP "timeouts: {client_head: 2h}\n",
     "g.yaml:2:25: error: timeouts.client_head: \"2h\" is out of range: it must be 100ms to 1h\n"},
    {UP "timeouts: {client_head: 99999999999999999d}\n",
     "g.yaml:2:25: error: timeouts.client_head: \"99999999999999999d\" is out of range: it must be 100ms to 1h\n"},
    {UP "timeouts: {upstream_total: 50ms}\n",
     "g.yaml:2:28: error: timeouts.upstream_total: \"50ms\" is out of range: it must be 0 or 100ms to 1d\n"},
    {UP "cors: {max_age: 1500ms}\n",
     "g.yaml:2:17: error: cors.max_age: \"1500ms\" is not a whole number of seconds\n"},
    {UP "limits: {head: 16kib}\n",
     "g.yaml:2:16: error: limits.head: \"16kib\" is not a size: write a whole number of bytes, or "
     "one with KiB, MiB, GiB, KB, MB or GB, as in 16KiB\n"},
    {UP "limits: {head: 2MiB}\n",
     "g.yaml:2:16: error: limits.head: \"2MiB\" is out of range: it must be 1KiB to 1MiB (bytes)\n"},
    {UP "secret_key: abc\n",
     "g.yaml:2:13: error: secret_key: must have 32 to 4096 bytes, not 3; make one with: openssl rand "
     "-hex 32\n"},
    {UP "log: {file: \"a\\0b\"}\n", "g.yaml:2:13: error: log.file: \"a\\x00b\" holds control characters\n"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(cases); i++)
        expect_report(&(given){.yaml = cases[i].yaml}, cases[i].report);
}

static void test_switches(void **state)
{
    static const struct {
        const char *yaml;
        int value;
    } switches[] = {
        {UP "admin: {allow_remote: on}\n", GH_ON},     {UP "admin: {allow_remote: off}\n", GH_OFF},
        {UP "admin: {allow_remote: yes}\n", GH_ON},    {UP "admin: {allow_remote: no}\n", GH_OFF},
        {UP "admin: {allow_remote: true}\n", GH_ON},   {UP "admin: {allow_remote: False}\n", GH_OFF},
        {UP "admin: {allow_remote: \"ON\"}\n", GH_ON}, {UP "admin: {}\n", GH_OFF},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(switches); i++) {
        loaded *l = expect_clean(&(given){.yaml = switches[i].yaml});
        assert_int_equal(l->config->admin.allow_remote, switches[i].value);
        unload(l);
    }
}

/* Tools that rewrite YAML 1.1 turn off into false. */
static void test_off_written_as_false(void **state)
{
    loaded *l = expect_clean(&(given){.yaml = UP "server: {proxy_protocol: false}\nadmin: {listen: no}\n"
                                                 "headers: {frame_options: off, xss_protection: 0}\n"
                                                 "rate_limits: {headers: off}\n"});
    (void)state;
    assert_int_equal(l->config->server.proxy_protocol, GH_PROXY_OFF);
    assert_int_equal(l->config->rate_limits.headers, GH_LIMIT_HEADERS_OFF);
    expect_str(l->config->admin.listen, "off");
    expect_str(l->config->headers.set.frame_options, "off");
    expect_str(l->config->headers.set.xss_protection, "0");
    unload(l);
}

static void test_texts_stay_texts(void **state)
{
    loaded *l = expect_clean(
        &(given){.yaml = "upstreams: [{name: 1.10, servers: [http://a]}]\ndata: {folder: 007}\n"});
    (void)state;
    expect_str(l->config->upstreams[0].name, "1.10");
    expect_str(l->config->data_folder, "007");
    unload(l);
}

static void test_units(void **state)
{
    loaded *l =
        expect_clean(&(given){.yaml = UP "timeouts: {client_head: 500ms, client_body: 30s, client_idle: 5m, "
                                         "upstream_idle: 1h, upstream_body: 1d, upstream_connect: 2 min}\n"
                                         "limits: {head: 16KiB, body: 10MB, target: 1024}\n"
                                         "cors: {max_age: 600}\nrate_limits: {default: {window: 30}}\n"});
    (void)state;
    assert_int_equal(l->config->timeouts.client_head, 500);
    assert_int_equal(l->config->timeouts.client_body, 30000);
    assert_int_equal(l->config->timeouts.client_idle, 300000);
    assert_int_equal(l->config->timeouts.upstream_idle, 3600000);
    assert_int_equal(l->config->timeouts.upstream_body, 86400000);
    assert_int_equal(l->config->timeouts.upstream_connect, 120000);
    assert_int_equal(l->config->limits.head, 16384);
    assert_int_equal(l->config->limits.body, 10000000);
    assert_int_equal(l->config->limits.target, 1024);
    assert_int_equal(l->config->cors.max_age, 600);
    assert_int_equal(l->config->rate_limits.default_window, 30000);
    unload(l);
}

static void test_bounds_of_a_file(void **state)
{
    enum { TOO_MANY_KEYS = 300, LARGE = (4 << 20) + 1 };
    char keys[TOO_MANY_KEYS * 8];
    gh_buf b = gh_buf_over(keys, sizeof keys - 1);
    char *large = test_malloc(LARGE + 1);
    (void)state;
    for (unsigned i = 0; i < TOO_MANY_KEYS; i++)
        gh_buf_printf(&b, "k%u: 1\n", i);
    keys[b.n] = '\0';
    expect_report(&(given){.yaml = keys}, "g.yaml:257:1: error: too many keys in one mapping: at most 256\n");
    memset(large, '#', LARGE);
    large[LARGE] = '\0';
    loaded *l = load_given(&(given){.yaml = large});
    assert_string_equal(l->text, "g.yaml: error: too large: at most 4194304 bytes\n");
    unload(l);
    test_free(large);
}

static void test_empty_files_and_sections(void **state)
{
    static const char *const yamls[] = {"",
                                        "# nothing\n",
                                        "---\n",
                                        "server:\ncors:\n",
                                        "\xef\xbb\xbfprofile: development\n",
                                        "%YAML 1.2\n---\nprofile: development\n",
                                        "routes:\n",
                                        "routes: []\r\n"};
    (void)state;
    for (size_t i = 0; i < GH_COUNT(yamls); i++)
        unload(expect_clean(&(given){.yaml = yamls[i], .upstream = "http://a"}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_off_written_as_false),
        cmocka_unit_test(test_texts_stay_texts),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_bounds_of_a_file),
        cmocka_unit_test(test_empty_files_and_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
