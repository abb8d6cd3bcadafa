/* uri-host [":" port]. */
#include "unit.h"

#include "wire/target.h"

static const struct {
    gh_str text;
    const char *host; /* NULL: refused */
    unsigned port;
} rows[] = {
    {S("a"), "a", 0},
    {S("a.example"), "a.example", 0},
    {S("A.Example:8080"), "a.example", 8080},
    {S("a.example."), "a.example", 0},
    {S("A.example.:1"), "a.example", 1},
    {S("a_b-c.d:65535"), "a_b-c.d", 65535},
    {S("127.0.0.1:80"), "127.0.0.1", 80},
    {S("[::1]"), "[::1]", 0},
    {S("[::]:80"), "[::]", 80},
    {S("[2001:DB8::A]:443"), "[2001:db8::a]", 443},
    {S("[1:2:3:4:5:6:7:8]"), "[1:2:3:4:5:6:7:8]", 0},
    {S("[::ffff:192.0.2.1]"), "[::ffff:192.0.2.1]", 0},
    {S("[1:2:3:4:5:6:192.0.2.1]"), "[1:2:3:4:5:6:192.0.2.1]", 0},
    {S("[1::]"), "[1::]", 0},
    {S(""), NULL, 0},
    {S("."), NULL, 0},
    {S(".."), NULL, 0},
    {S(":80"), NULL, 0},
    {S(".a"), NULL, 0},
    {S("a..b"), NULL, 0},
    {S("a.."), NULL, 0},
    {S("a:"), NULL, 0},
    {S("a:0"), NULL, 0},
    {S("a:00080"), NULL, 0},
    {S("a:080"), NULL, 0},
    {S("a:65536"), NULL, 0},
    {S("a:100000"), NULL, 0},
    {S("a:+80"), NULL, 0},
    {S("a:80 "), NULL, 0},
    {S("a:80:80"), NULL, 0},
    {S("a:http"), NULL, 0},
    {S("u@a"), NULL, 0},
    {S("u:p@a"), NULL, 0},
    {S("a b"), NULL, 0},
    {S(" a"), NULL, 0},
    {S("a\t"), NULL, 0},
    {S("a,b"), NULL, 0},
    {S("a/b"), NULL, 0},
    {S("a?b"), NULL, 0},
    {S("a#b"), NULL, 0},
    {S("a%2eb"), NULL, 0},
    {S("a\\b"), NULL, 0},
    {S("a\0b"), NULL, 0},
    {S("a*"), NULL, 0},
    {S("b\xc3\xbc"), NULL, 0},
    {S("::1"), NULL, 0},
    {S("["), NULL, 0},
    {S("[]"), NULL, 0},
    {S("[::1"), NULL, 0},
    {S("[::1]x"), NULL, 0},
    {S("[::1]:"), NULL, 0},
    {S("[::1]:0"), NULL, 0},
    {S("[::1]."), NULL, 0},
    {S("[a.example]"), NULL, 0},
    {S("[127.0.0.1]"), NULL, 0},
    {S("[fe80::1%25eth0]"), NULL, 0},
    {S("[v1.a]"), NULL, 0},
    {S("[:]"), NULL, 0},
    {S("[:::]"), NULL, 0},
    {S("[1:2:3:4:5:6:7]"), NULL, 0},
    {S("[1:2:3:4:5:6:7:8:9]"), NULL, 0},
    {S("[1:2:3:4::5:6:7:8]"), NULL, 0},
    {S("[1::2::3]"), NULL, 0},
    {S("[12345::]"), NULL, 0},
    {S("[1:2:]"), NULL, 0},
    {S("[:1:2]"), NULL, 0},
    {S("[g::]"), NULL, 0},
    {S("[::1.2.3]"), NULL, 0},
    {S("[::1.2.3.256]"), NULL, 0},
    {S("[::1.2.3.04]"), NULL, 0},
    {S("[1.2.3.4::]"), NULL, 0},
    {S("[1:2:3:4:5:6:7:1.2.3.4]"), NULL, 0},
};

static void test_rows(void **state)
{
    (void)state;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 65536);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_authority a = {.port = 7};
        unit_row(i, rows[i].text);
        char *text = unit_copy(rows[i].text);
        bool ok = gh_authority_parse((gh_str){text, rows[i].text.n}, &arena, &a);
        assert_int_equal(ok, rows[i].host != NULL);
        assert_true(gh_str_eq(a.host, gh_str_of(rows[i].host)));
        assert_int_equal(a.port, ok ? rows[i].port : 7);
        free(text);
    }
    gh_arena_reset(&arena);
}

static void test_length(void **state)
{
    (void)state;
    char name[300];
    gh_arena none;
    gh_authority a;
    gh_arena_init(&none, NULL, 0, 0);
    memset(name, 'a', sizeof name);
    assert_true(gh_authority_parse((gh_str){name, 255}, &none, &a));
    assert_ptr_equal(a.host.p, name);
    assert_false(gh_authority_parse((gh_str){name, 256}, &none, &a));
    /* Lower case needs memory. */
    assert_false(gh_authority_parse((gh_str)S("A"), &none, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
