#include "wire/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void reads_what_browsers_send(void **state)
{
    (void)state;
    static const struct {
        const char *text, *scheme, *host;
        uint16_t port;
    } rows[] = {
        {"https://app.example.com", "https", "app.example.com", 0},
        {"http://localhost:3000", "http", "localhost", 3000},
        {"http://127.0.0.1:65535", "http", "127.0.0.1", 65535},
        {"http://[::1]:8080", "http", "[::1]", 8080},
        {"https://[2001:db8::1]", "https", "[2001:db8::1]", 0},
        {"https://xn--bcher-kva.example", "https", "xn--bcher-kva.example", 0},
        {"https://a_b.example.", "https", "a_b.example.", 0},
        {"capacitor://localhost", "capacitor", "localhost", 0},
        {"app://-", "app", "-", 0},
        {"moz-extension://6f3c1a8e-7c5b", "moz-extension", "6f3c1a8e-7c5b", 0},
        {"http://a:443", "http", "a", 443},
        {"https://a:80", "https", "a", 80},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_origin origin;
        if (gh_origin_parse(gh_str_of(rows[i].text), &origin) != GH_ORIGIN_TUPLE)
            fail_msg("%s", rows[i].text);
        assert_true(gh_str_eq(origin.scheme, gh_str_of(rows[i].scheme)));
        assert_true(gh_str_eq(origin.host, gh_str_of(rows[i].host)));
        assert_int_equal(origin.port, rows[i].port);
        assert_int_equal(gh_origin_parse(gh_str_of(rows[i].text), NULL), GH_ORIGIN_TUPLE);
    }
    assert_int_equal(gh_origin_parse(GH_STR("null"), NULL), GH_ORIGIN_NULL);
}

static void refuses_everything_else(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "*",
        "NULL",
        "null ",
        "https",
        "https:",
        "https://",
        "https:///",
        "https:/a",
        "//a",
        "://a",
        "a.example",
        "HTTPS://a",
        "https://A",
        "https://a/",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://u@a",
        "https://a:",
        "https://a:0",
        "https://a:443",
        "http://a:80",
        "https://a:0443",
        "https://a:65536",
        "https://a:1:2",
        "https://a:x",
        "https://a b",
        " https://a",
        "https://a ",
        "https://a, https://b",
        "https://a https://b",
        "https://.a",
        "https://a..b",
        "https://.",
        "https://a..",
        "https://[::1",
        "https://::1",
        "https://[::1]x",
        "https://[0:0::1]",
        "https://[::A]",
        "https://[1.2.3.4]",
        "https://[::ffff:1.2.3.4]",
        "https://1.2.3",
        "https://01.2.3.4",
        "https://1.2.3.4.5",
        "https://a.0x1f",
        "https://a%41",
        "https://\xc3\xa4",
        "1https://a",
        "ht_tps://a",
        "https://a\\b",
        "https://a*",
        "https://*.a",
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        if (gh_origin_parse(gh_str_of(rows[i]), NULL) != GH_ORIGIN_INVALID)
            fail_msg("%s", rows[i]);
    char longest[GH_ORIGIN_MAX + 1];
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "https://", 8);
    assert_int_equal(gh_origin_parse((gh_str){longest, sizeof longest}, NULL), GH_ORIGIN_INVALID);
}

static void configured_ones_become_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want; /* NULL: refused */
    } rows[] = {
        {"https://app.example.com", "https://app.example.com"},
        {"HTTPS://App.Example.COM:443", "https://app.example.com"},
        {"http://a:80", "http://a"},
        {"http://a:443", "http://a:443"},
        {"http://[0:0::1]:8080", "http://[::1]:8080"},
        {"Capacitor://localhost", "capacitor://localhost"},
        {"null", NULL},
        {"*", NULL},
        {"https://*.example.com", NULL},
        {"https://a/", NULL},
        {"https://u@a", NULL},
        {"a.example", NULL},
        {"https://b\xc3\xbc"
         "cher.example",
         NULL},
        {"https://a:0", NULL},
        {"https://a:", NULL},
        {"https://a:080", NULL},
        {"https://[::1", NULL},
        {"https://[1.2.3.4]", NULL},
        {"", NULL},
    };
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 65536);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str got;
        const char *why = NULL;
        if (gh_origin_configure(gh_str_of(rows[i].text), &arena, &got, &why) != (rows[i].want != NULL))
            fail_msg("%s: %s", rows[i].text, why);
        if (rows[i].want == NULL)
            assert_non_null(why);
        else if (!gh_str_eq(got, gh_str_of(rows[i].want)))
            fail_msg("%.*s for %s", (int)got.n, got.p, rows[i].want);
    }
    gh_arena_reset(&arena);
}

static void says_why(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"null", "\"null\""},    {"https://*.a", "wildcard"}, {"https://a/", "path"},
        {"https://u@a", "user"}, {"a.example", "scheme"},     {"https://\xc3\xa4", "xn--"},
    };
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 65536);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str got;
        const char *why = "";
        assert_false(gh_origin_configure(gh_str_of(rows[i][0]), &arena, &got, &why));
        if (strstr(why, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], why);
    }
    gh_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_browsers_send),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(configured_ones_become_canonical),
        cmocka_unit_test(says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
