/* What can be said in a configuration and does not fit into a policy is an error with a text, at load. */
#include "config/compile.h"
#include "load_helper.h"

#define UP "upstreams: [{name: a, servers: ['http://a:1']}]\n"
#define EIGHT "[1/1s, 2/2s, 3/3s, 4/4s, 5/5s, 6/6s, 7/7s, 8/8s]"
#define NO_PARENTS "rate_limits:\n  ipv6_parents: []\n  default: {requests: 0}\n  rules:\n"
#define TOO_MANY(rule, n)                                                                       \
    "error: rate limit rule " rule ": with the other rules that count its requests it makes " n \
    " limits for one IPv6 client, each of ipv6_parents counted; at most 32 are possible\n"

static void expect_compiled(const char *yaml, const char *report)
{
    char text[4096];
    loaded *l = expect_clean(&(given){.yaml = yaml});
    gh_policy *policy = gh_policy_compile(l->config, &l->report);
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    gh_report_print(&l->report, &out);
    text[out.n] = '\0';
    if (strcmp(text, report) != 0)
        print_error("given: %s", yaml);
    assert_string_equal(text, report);
    assert_true((policy == NULL) == (report[0] != '\0'));
    gh_policy_unref(policy);
    unload(l);
}

/* More limits than one take holds would be refused at each request. */
static void too_many_limits_for_one_request(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *report;
    } rows[] = {
        {NO_PARENTS "    - {name: a, limits: " EIGHT "}\n    - {name: b, paths: [/x], limits: " EIGHT "}\n"
                    "    - {name: c, paths: ['/**'], limits: " EIGHT "}\n"
                    "    - {name: d, methods: [GET, POST], paths: [/x], limits: " EIGHT "}\n"
                    "    - {name: e, paths: ['/y/{id}'], methods: [PUT], limits: " EIGHT "}\n",
         ""},
        {NO_PARENTS
         "    - {name: a, limits: " EIGHT "}\n    - {name: b, paths: [/y, /x], limits: " EIGHT "}\n"
         "    - {name: c, paths: ['/**'], limits: " EIGHT "}\n"
         "    - {name: d, methods: [GET, POST], limits: " EIGHT "}\n"
         "    - {name: e, methods: [PUT, GET], hosts: [localhost], paths: [/z, /x], limits: " EIGHT "}\n",
         TOO_MANY("e", "40")},
        {NO_PARENTS
         "    - {name: a, paths: [/x], limits: " EIGHT "}\n    - {name: b, paths: [/x], limits: " EIGHT "}\n"
         "    - {name: c, paths: [/x], limits: " EIGHT "}\n    - {name: d, paths: [/x], limits: " EIGHT "}\n"
         "    - {name: e, paths: [/y], limits: " EIGHT "}\n",
         ""},
        {NO_PARENTS
         "    - {name: a, paths: [/x], limits: " EIGHT "}\n    - {name: b, paths: [/x], limits: " EIGHT "}\n"
         "    - {name: c, paths: [/x], limits: " EIGHT "}\n    - {name: d, paths: [/x], limits: " EIGHT "}\n"
         "    - {name: e, mode: observe, paths: [/x], limits: [1/1s]}\n",
         TOO_MANY("e", "33")},
        {"rate_limits:\n  rules:\n    - {name: a, limits: " EIGHT "}\n", ""},
        {"rate_limits:\n  rules:\n    - {name: a, limits: " EIGHT
         "}\n    - {name: b, paths: [/x], limits: [1/1s, 2/2s]}\n",
         TOO_MANY("b", "33")},
        {"rate_limits:\n  rules:\n    - {name: a, limits: " EIGHT "}\n"
         "    - {name: b, paths: [/x], scope: global, limits: [1/1s, 2/2s]}\n",
         ""},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char yaml[4096];
        gh_buf b = gh_buf_over(yaml, sizeof yaml);
        gh_buf_lit(&b, UP);
        gh_buf_put(&b, gh_str_of(rows[i].rules));
        gh_buf_char(&b, '\0');
        assert_true(gh_buf_ok(&b));
        expect_compiled(yaml, rows[i].report);
    }
}

static void put_methods(gh_buf *yaml, unsigned n, unsigned length)
{
    for (unsigned i = 0; i < n; i++) {
        gh_buf_printf(yaml, ", M%02u", i);
        for (unsigned k = 3; k < length; k++)
            gh_buf_char(yaml, 'X');
    }
}

static void methods_fit_or_are_refused(void **state)
{
    (void)state;
    static const struct {
        unsigned n, length;
        const char *report;
    } rows[] = {
        {25, 3, ""},
        {26, 3, "error: methods.allowed: more than 32 methods\n"},
        {25, 60, "error: methods.allowed: the names are too long to be sent in the Allow field\n"},
        {25, 400, "error: methods.allowed: the names are too long to be sent in the Allow field\n"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char yaml[16384];
        gh_buf b = gh_buf_over(yaml, sizeof yaml);
        gh_buf_lit(&b, UP "methods: {allowed: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        put_methods(&b, rows[i].n, rows[i].length);
        gh_buf_lit(&b, "]}\n");
        gh_buf_char(&b, '\0');
        assert_true(gh_buf_ok(&b));
        expect_compiled(yaml, rows[i].report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_limits_for_one_request),
        cmocka_unit_test(methods_fit_or_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
