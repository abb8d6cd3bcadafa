#include "wire/host_pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static gh_arena arena;

static gh_host_pattern compiled(const char *text)
{
    gh_host_pattern pattern = {GH_HOST_EXACT, {NULL, 0}};
    const char *why = "";
    if (!gh_host_pattern_compile(gh_str_of(text), &arena, &pattern, &why))
        fail_msg("%s: %s", text, why);
    return pattern;
}

static void matches(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *host;
        bool yes;
    } rows[] = {
        {"api.example.com", "api.example.com", true},
        {"API.Example.com.", "api.example.com", true},
        {"api.example.com", "xapi.example.com", false},
        {"api.example.com", "api.example.com.evil", false},
        {"*.example.com", "a.example.com", true},
        {"*.example.com", "a.b.example.com", true},
        {"*.example.com", "example.com", false},
        {"*.example.com", ".example.com", false},
        {"*.example.com", "badexample.com", false},
        {"*.example.com", "a.example.com.evil", false},
        {"*.localhost", "app.localhost", true},
        {"*", "anything", true},
        {"*", "[::1]", true},
        {"*", "", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"[::1]", "[::1]", true},
        {"::1", "[::1]", true},
        {"[0:0::0:1]", "[::1]", true},
        {"2001:DB8::1", "[2001:db8::1]", true},
        {"my_service", "my_service", true},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_host_pattern pattern = compiled(rows[i].pattern);
        if (gh_host_pattern_match(&pattern, gh_str_of(rows[i].host)) != rows[i].yes)
            fail_msg("%s and %s", rows[i].pattern, rows[i].host);
    }
    gh_host_pattern both[] = {compiled("a.example"), compiled("*.b.example")};
    assert_true(gh_host_pattern_any(both, 2, GH_STR("x.b.example")));
    assert_false(gh_host_pattern_any(both, 2, GH_STR("b.example")));
    assert_false(gh_host_pattern_any(both, 0, GH_STR("a.example")));
}

static void refuses(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        ".",
        "..",
        "*.",
        "*..",
        "**",
        "a*.com",
        "*a.com",
        "a.*.com",
        "*.*.com",
        "a..b",
        ".a",
        "*..a",
        "a b",
        "a/b",
        "https://a",
        "a:80",
        "[::1]:80",
        "[::1",
        "::1]",
        "[]",
        "[1.2.3.4]",
        "[::ffff:1.2.3.4]",
        "*.1.2.3.4",
        "*.[::1]",
        "1.2.3",
        "1.2.3.256",
        "01.2.3.4",
        "a.0x1",
        "\xc3\xa4",
        "a\n",
        "a%41",
        "u@a",
        "a123456789012345678901234567890123456789012345678901234567890123.com",
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_host_pattern pattern = {GH_HOST_ANY, {NULL, 7}};
        const char *why = NULL;
        if (gh_host_pattern_compile(gh_str_of(rows[i]), &arena, &pattern, &why))
            fail_msg("%s", rows[i]);
        assert_non_null(why);
        assert_int_equal(pattern.text.n, 7);
    }
    char longest[300];
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = i % 10 == 9 ? '.' : 'a';
    gh_host_pattern pattern;
    const char *why;
    assert_true(gh_host_pattern_compile((gh_str){longest, 253}, &arena, &pattern, &why));
    assert_false(gh_host_pattern_compile((gh_str){longest, 254}, &arena, &pattern, &why));
    assert_false(gh_host_pattern_compile((gh_str){longest, 299}, &arena, &pattern, &why));
}

static void covers(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool yes;
    } rows[] = {
        {"*", "a", true},       {"*", "*.a", true},    {"*", "*", true},       {"a", "*", false},
        {"*.a", "*", false},    {"a", "a", true},      {"a", "b", false},      {"*.a", "x.a", true},
        {"*.a", "a", false},    {"*.a", "*.a", true},  {"*.a", "*.x.a", true}, {"*.x.a", "*.a", false},
        {"*.a", "*.xa", false}, {"x.a", "*.a", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_host_pattern a = compiled(rows[i].a), b = compiled(rows[i].b);
        if (gh_host_pattern_covers(&a, &b) != rows[i].yes)
            fail_msg("%s covers %s", rows[i].a, rows[i].b);
    }
}

static int start(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),
        cmocka_unit_test(refuses),
        cmocka_unit_test(covers),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
