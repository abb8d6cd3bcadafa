/* The request-target's one interpretation, and what has none. */
#include "unit.h"

#include "base/buf.h"
#include "wire/target.h"

static gh_arena arena;

static bool parse(gh_str raw, gh_target *ret, const char **ret_why)
{
    gh_arena_reset(&arena);
    return gh_target_parse(raw, &arena, ret, ret_why);
}

static const struct good {
    gh_str raw;
    const char *path, *query, *authority, *scheme;
} goods[] = {
    {S("/"), "/", NULL, NULL, NULL},
    {S("/a/b-c_d.e~f"), "/a/b-c_d.e~f", NULL, NULL, NULL},
    {S("/a/"), "/a/", NULL, NULL, NULL},
    {S("*"), "*", NULL, NULL, NULL},
    {S("/*"), "/*", NULL, NULL, NULL},
    {S("/a?"), "/a", "", NULL, NULL},
    {S("/a?b=c&d=%2f../?x//\\"), "/a", "b=c&d=%2f../?x//\\", NULL, NULL},
    {S("//"), "/", NULL, NULL, NULL},
    {S("//a///b//"), "/a/b/", NULL, NULL, NULL},
    {S("/."), "/", NULL, NULL, NULL},
    {S("/./"), "/", NULL, NULL, NULL},
    {S("/a/."), "/a/", NULL, NULL, NULL},
    {S("/a/./b"), "/a/b", NULL, NULL, NULL},
    {S("/a/.."), "/", NULL, NULL, NULL},
    {S("/a/../"), "/", NULL, NULL, NULL},
    {S("/a/b/../c"), "/a/c", NULL, NULL, NULL},
    {S("/a//../b"), "/b", NULL, NULL, NULL},
    {S("/a/%2E./b"), "/b", NULL, NULL, NULL},
    {S("/a/%2e%2E/"), "/", NULL, NULL, NULL},
    {S("/a/%2e/b"), "/a/b", NULL, NULL, NULL},
    {S("/a/.../b"), "/a/.../b", NULL, NULL, NULL},
    {S("/.well-known/x"), "/.well-known/x", NULL, NULL, NULL},
    {S("/..a/.b/a.."), "/..a/.b/a..", NULL, NULL, NULL},
    {S("/%61%7E%2d%5F%39"), "/a~-_9", NULL, NULL, NULL},
    {S("/%c3%a9%20%3f%23"), "/%C3%A9%20%3F%23", NULL, NULL, NULL},
    {S("/%0d%0a"), "/%0D%0A", NULL, NULL, NULL},
    {S("/100%25"), "/100%25", NULL, NULL, NULL},
    {S("/100%25zz"), "/100%25zz", NULL, NULL, NULL},
    {S("/%25%25"), "/%25%25", NULL, NULL, NULL},
    {S("/a;v=1/b;x"), "/a;v=1/b;x", NULL, NULL, NULL},
    {S("/a:b@c!$&'()*+,="), "/a:b@c!$&'()*+,=", NULL, NULL, NULL},
    {S("/a\"<>[]^`{|}"), "/a\"<>[]^`{|}", NULL, NULL, NULL},
    {S("http://a.example"), "/", NULL, "a.example", "http"},
    {S("HTTPS://A.example:8443/x/../y?q"), "/y", "q", "A.example:8443", "https"},
    {S("http://[::1]?q"), "/", "q", "[::1]", "http"},
    {S("http://a//b"), "/b", NULL, "a", "http"},
};

static void assert_slice(gh_str s, const char *text)
{
    assert_int_equal(s.p == NULL, text == NULL);
    assert_true(gh_str_eq(s, gh_str_of(text)));
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(goods); i++) {
        const char *why = "";
        gh_target t;
        char *raw = unit_copy(goods[i].raw);
        bool ok = parse((gh_str){raw, goods[i].raw.n}, &t, &why);
        unit_row(i, goods[i].raw);
        assert_true(ok);
        assert_slice(t.path, goods[i].path);
        assert_slice(t.query, goods[i].query);
        assert_slice(t.authority, goods[i].authority);
        assert_slice(t.scheme, goods[i].scheme);
        free(raw);
    }
}

static const gh_str refused[] = {
    S(""),
    S("a"),
    S("a/b"),
    S("?q"),
    S("**"),
    S("*?q"),
    S("/.."),
    S("/../"),
    S("/../a"),
    S("/a/../.."),
    S("/a/../../b"),
    S("/%2e%2e/"),
    S("/%2e%2E"),
    S("/./.."),
    S("//.."),
    S("/a/..%2f"),
    S("/a%2fb"),
    S("/a%2Fb"),
    S("/a%5cb"),
    S("/a%5Cb"),
    S("/a\\b"),
    S("/\\..\\a"),
    S("/%00"),
    S("/a%00.html"),
    S("/a\0b"),
    S("/%252e"),
    S("/%252E%252e/"),
    S("/%252f"),
    S("/%25%32%66"),
    S("/%25%32f"),
    S("/%252%66"),
    S("/%2525"),
    S("/%25aF"),
    S("/%c0%ae%c0%ae/"),
    S("/%C0%AF"),
    S("/%c1%9c"),
    S("/%e0%80%af"),
    S("/%f0%80%80%af"),
    S("/%"),
    S("/%2"),
    S("/%2x"),
    S("/%x2"),
    S("/%%32e"),
    S("/%2%65"),
    S("/%u002e"),
    S("/a#b"),
    S("/#"),
    S("/a b"),
    S("/a\tb"),
    S("/a\r\nb"),
    S("/a\x7f"),
    S("/\x80"),
    S("/caf\xc3\xa9"),
    S("/..;/a"),
    S("/a/..;x/b"),
    S("/a/.;x/b"),
    S("/a/%2e%2e;x"),
    S("/a/..%3b/b"),
    S("/a/..;"),
    S("/a?b#c"),
    S("/a?%"),
    S("/a?%zz"),
    S("/a?b c"),
    S("/a?\xe9"),
    S("/a?\0"),
    S("http://"),
    S("http:///a"),
    S("http://?q"),
    S("http:/a"),
    S("http:a"),
    S("http://u@a/"),
    S("http://u:p@a/"),
    S("http://a#f"),
    S("http://a:0/"),
    S("http://a:/"),
    S("http://a:99999/"),
    S("http://a b/"),
    S("http://a%2eb/"),
    S("http://a\\b/"),
    S("http://[::1/"),
    S("ftp://a/b"),
    S("file:///etc/passwd"),
    S("javascript://a"),
    S("httpx://a"),
    S("a.example:443"),
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(refused); i++) {
        const char *why = NULL;
        gh_target t = {.path = S("untouched")};
        unit_row(i, refused[i]);
        assert_false(parse(refused[i], &t, &why));
        assert_non_null(why);
        assert_slice(t.path, "untouched");
    }
}

static bool has_shape(gh_str path, const char *shape)
{
    gh_str s = gh_str_of(shape);
    return memmem(path.p, path.n, s.p, s.n) != NULL;
}

/* Whatever comes out: none of the shapes that upstreams disagree about, and nothing left to normalise. */
static void check_normal(gh_str path)
{
    static const char *const shapes[] = {"//",  "/./", "/../", "/..;", "/.;", "%2F", "%5C", "%00",
                                         "%2E", "%2e", "%41",  "%7E",  "\\",  "#",   "?"};
    assert_true(path.n > 0 && path.p[0] == '/');
    for (size_t i = 0; i < GH_COUNT(shapes); i++)
        assert_false(has_shape(path, shapes[i]));
    assert_false(gh_str_ends(path, GH_STR("/.")) || gh_str_ends(path, GH_STR("/..")));
    for (size_t i = 0; i + 5 <= path.n; i++)
        if (memcmp(path.p + i, "%25", 3) == 0)
            assert_false(gh_hex_value(path.p[i + 3]) >= 0 && gh_hex_value(path.p[i + 4]) >= 0);
    gh_arena again;
    gh_arena_init(&again, NULL, 0, 4096);
    gh_target t;
    const char *why = "";
    assert_true(gh_target_parse(path, &again, &t, &why));
    assert_true(gh_str_eq(t.path, path));
    gh_arena_reset(&again);
}

/* All strings of up to six of the pieces that matter. */
static void test_property(void **state)
{
    (void)state;
    static const char *const pieces[] = {"/", ".", "%2e", "%2F", "a", ";", "%25", "2", "%66"};
    enum { PIECES = GH_COUNT(pieces), LONGEST = 6 };
    unsigned taken = 0, total = 0;
    for (unsigned length = 0; length <= LONGEST; length++) {
        unsigned n = 1;
        for (unsigned k = 0; k < length; k++)
            n *= PIECES;
        for (unsigned i = 0; i < n; i++) {
            char memory[64];
            gh_buf b = gh_buf_over(memory, sizeof memory);
            gh_buf_char(&b, '/');
            for (unsigned k = 0, v = i; k < length; k++, v /= PIECES)
                gh_buf_put(&b, gh_str_of(pieces[v % PIECES]));
            const char *why;
            gh_target t;
            total++;
            if (!parse(gh_buf_str(&b), &t, &why))
                continue;
            taken++;
            check_normal(t.path);
        }
    }
    assert_true(taken > total / 10 && taken < total);
}

static void test_memory(void **state)
{
    (void)state;
    gh_arena none;
    gh_target t;
    const char *why = NULL;
    gh_arena_init(&none, NULL, 0, 0);
    /* Nothing to normalise: nothing copied. */
    gh_str plain = S("/plain/path?q");
    assert_true(gh_target_parse(plain, &none, &t, &why));
    assert_ptr_equal(t.path.p, plain.p);
    assert_false(gh_target_parse((gh_str)S("/a/../b"), &none, &t, &why));
    assert_non_null(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_property),
        cmocka_unit_test(test_memory),
    };
    gh_arena_init(&arena, NULL, 0, 65536);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gh_arena_reset(&arena);
    return failed;
}
