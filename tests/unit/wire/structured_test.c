#include "wire/structured.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char memory[256];

static gh_buf fresh(void)
{
    return gh_buf_over(memory, sizeof memory);
}

static void check(const gh_buf *out, const char *want)
{
    gh_str got = gh_buf_str(out);
    assert_true(gh_buf_ok(out));
    if (!gh_str_eq(got, gh_str_of(want)))
        fail_msg("%.*s for %s", (int)got.n, got.p, want);
}

static void strings(void **state)
{
    (void)state;
    static const struct {
        gh_str text;
        const char *want; /* NULL: refused */
    } rows[] = {
        {GH_STR_INIT(""), "\"\""},
        {GH_STR_INIT("per ip ~!"), "\"per ip ~!\""},
        {GH_STR_INIT("\"a\\"), "\"\\\"a\\\\\""},
        {GH_STR_INIT("a\"\"b"), "\"a\\\"\\\"b\""},
        {GH_STR_INIT("\x1f"), NULL},
        {GH_STR_INIT("a\r\nX: y"), NULL},
        {GH_STR_INIT("a\x7f"), NULL},
        {GH_STR_INIT("\xc3\xa4"), NULL},
        {GH_STR_INIT("a\0b"), NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_buf out = fresh();
        assert_int_equal(gh_sf_string(&out, rows[i].text), rows[i].want != NULL);
        assert_int_equal(gh_sf_is_string(rows[i].text), rows[i].want != NULL);
        check(&out, rows[i].want == NULL ? "" : rows[i].want);
    }
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *want;
    } rows[] = {{0, "0"},
                {42, "42"},
                {-1, "-1"},
                {GH_SF_INTEGER_MAX, "999999999999999"},
                {-GH_SF_INTEGER_MAX, "-999999999999999"},
                {GH_SF_INTEGER_MAX + 1, NULL},
                {-GH_SF_INTEGER_MAX - 1, NULL},
                {INT64_MAX, NULL},
                {INT64_MIN, NULL}};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_buf out = fresh();
        assert_int_equal(gh_sf_integer(&out, rows[i].value), rows[i].want != NULL);
        check(&out, rows[i].want == NULL ? "" : rows[i].want);
    }
}

static void tokens(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "A1", "*", "*x", "a!#$%&'*+-.^_`|~:/z"};
    static const char *const wrong[] = {"", "1", "a b", "a;b", "a,", "a\"", "a=", "\xc3\xa4", ":a"};
    for (size_t i = 0; i < GH_COUNT(good); i++) {
        gh_buf out = fresh();
        assert_true(gh_sf_token(&out, gh_str_of(good[i])));
        check(&out, good[i]);
    }
    for (size_t i = 0; i < GH_COUNT(wrong); i++) {
        gh_buf out = fresh();
        assert_false(gh_sf_token(&out, gh_str_of(wrong[i])));
        check(&out, "");
    }
    gh_buf out = fresh();
    assert_false(gh_sf_token(&out, (gh_str){"a\0", 2}));
}

static void byte_sequences(void **state)
{
    (void)state;
    /* RFC 4648 section 10. */
    static const char *const rows[][2] = {{"", "::"},
                                          {"f", ":Zg==:"},
                                          {"fo", ":Zm8=:"},
                                          {"foo", ":Zm9v:"},
                                          {"foob", ":Zm9vYg==:"},
                                          {"fooba", ":Zm9vYmE=:"},
                                          {"foobar", ":Zm9vYmFy:"},
                                          {"\xff\xfe\xfb", "://77:"}};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_buf out = fresh();
        gh_sf_bytes(&out, gh_str_of(rows[i][0]));
        check(&out, rows[i][1]);
    }
}

static void lists_with_parameters(void **state)
{
    (void)state;
    gh_buf out = fresh();
    gh_buf_lit(&out, "X: ");
    size_t start = out.n;
    assert_true(gh_sf_member_string(&out, start, GH_STR("a")));
    assert_true(gh_sf_param_integer(&out, GH_STR("q"), 5));
    assert_true(gh_sf_param_string(&out, GH_STR("qu"), GH_STR("x\"y")));
    assert_true(gh_sf_member_string(&out, start, GH_STR("b")));
    assert_true(gh_sf_param_bytes(&out, GH_STR("pk"), GH_STR("foo")));
    assert_true(gh_sf_param_token(&out, GH_STR("*t-1_.*"), GH_STR("tok")));
    check(&out, "X: \"a\";q=5;qu=\"x\\\"y\", \"b\";pk=:Zm9v:;*t-1_.*=tok");
}

static void parameters_refuse_whole(void **state)
{
    (void)state;
    static const char *const keys[] = {"", "A", "1a", "a b", "a=", "\xc3", "-a", "aB"};
    gh_buf out = fresh();
    for (size_t i = 0; i < GH_COUNT(keys); i++) {
        gh_str key = gh_str_of(keys[i]);
        assert_false(gh_sf_param_integer(&out, key, 1));
        assert_false(gh_sf_param_string(&out, key, key));
        assert_false(gh_sf_param_token(&out, key, GH_STR("a")));
        assert_false(gh_sf_param_bytes(&out, key, key));
    }
    assert_false(gh_sf_param_integer(&out, GH_STR("a"), INT64_MAX));
    assert_false(gh_sf_param_string(&out, GH_STR("a"), GH_STR("\n")));
    assert_false(gh_sf_param_token(&out, GH_STR("a"), GH_STR("1")));
    assert_false(gh_sf_member_string(&out, 0, GH_STR("\n")));
    check(&out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(integers),
        cmocka_unit_test(tokens),
        cmocka_unit_test(byte_sequences),
        cmocka_unit_test(lists_with_parameters),
        cmocka_unit_test(parameters_refuse_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
