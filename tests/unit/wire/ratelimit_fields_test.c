#include "wire/ratelimit_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef bool writer(gh_buf *out, const gh_ratelimit_item *items, unsigned n);

static const gh_ratelimit_item items[] = {
    {GH_STR_INIT("login"), 5, 60, 0, 37},
    {GH_STR_INIT("per \"day\""), 2000, 86400, 1412, 5210},
    {GH_STR_INIT("open"), 10, 0, 10, 0},
    {GH_STR_INIT("huge"), UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
    {GH_STR_INIT("b\nd"), 1, 1, 1, 1},
};

static void check(writer *write, unsigned from, unsigned n, const char *want)
{
    char memory[512];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_lit(&out, "RateLimit: ");
    size_t start = out.n;
    assert_int_equal(write(&out, items + from, n), want != NULL);
    assert_true(gh_buf_ok(&out));
    gh_str got = gh_str_cut(gh_buf_str(&out), start, out.n);
    if (!gh_str_eq(got, want == NULL ? GH_STR("") : gh_str_of(want)))
        fail_msg("%.*s for %s", (int)got.n, got.p, want);
}

static void policies(void **state)
{
    (void)state;
    check(gh_ratelimit_put_policy, 0, 1, "\"login\";q=5;w=60");
    check(gh_ratelimit_put_policy, 0, 3,
          "\"login\";q=5;w=60, \"per \\\"day\\\"\";q=2000;w=86400, \"open\";q=10");
    check(gh_ratelimit_put_policy, 3, 1, "\"huge\";q=999999999999999;w=999999999999999");
    check(gh_ratelimit_put_policy, 0, 0, NULL);
    check(gh_ratelimit_put_policy, 3, 2, NULL);
}

static void what_is_left(void **state)
{
    (void)state;
    check(gh_ratelimit_put, 0, 1, "\"login\";r=0;t=37");
    check(gh_ratelimit_put, 0, 3, "\"login\";r=0;t=37, \"per \\\"day\\\"\";r=1412;t=5210, \"open\";r=10");
    check(gh_ratelimit_put, 3, 1, "\"huge\";r=999999999999999;t=999999999999999");
    check(gh_ratelimit_put, 0, 0, NULL);
    check(gh_ratelimit_put, 3, 2, NULL);
}

static void tightest(void **state)
{
    (void)state;
    static const gh_ratelimit_item rows[] = {{GH_STR_INIT("a"), 9, 9, 3, 5},
                                             {GH_STR_INIT("b"), 9, 9, 2, 5},
                                             {GH_STR_INIT("c"), 9, 9, 2, 7},
                                             {GH_STR_INIT("d"), 9, 9, 2, 7}};
    assert_null(gh_ratelimit_tightest(rows, 0));
    assert_ptr_equal(gh_ratelimit_tightest(rows, 1), &rows[0]);
    assert_ptr_equal(gh_ratelimit_tightest(rows, 2), &rows[1]);
    assert_ptr_equal(gh_ratelimit_tightest(rows, 4), &rows[2]);
}

static void legacy(void **state)
{
    (void)state;
    char memory[256] = {0};
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    gh_ratelimit_put_legacy(&out, &items[0]);
    assert_string_equal(memory, "X-RateLimit-Limit: 5\r\nX-RateLimit-Remaining: 0\r\n"
                                "X-RateLimit-Reset: 37\r\nX-RateLimit-Window: 60\r\n");
}

static void stays_within_the_buffer(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 16; cap++) {
        char memory[16];
        gh_buf out = gh_buf_over(memory, cap);
        assert_true(gh_ratelimit_put(&out, items, 1));
        assert_int_equal(gh_buf_ok(&out), cap >= sizeof "\"login\";r=0;t=37" - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies),
        cmocka_unit_test(what_is_left),
        cmocka_unit_test(tightest),
        cmocka_unit_test(legacy),
        cmocka_unit_test(stays_within_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
