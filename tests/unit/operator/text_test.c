#include "operator/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void grows_to_its_cap(void **state)
{
    (void)state;
    gh_text t = {.cap = 10000};
    for (unsigned i = 0; i < 1000; i++)
        gh_text_lit(&t, "0123456789");
    assert_true(gh_buf_ok(&t.b));
    assert_int_equal(t.b.n, 10000);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(t.b.p[i], '0' + i % 10);
    gh_text_lit(&t, "x");
    assert_false(gh_buf_ok(&t.b));
    assert_int_equal(t.b.n, 10000); /* what is there stays */
    gh_text_free(&t);
    assert_true(gh_buf_ok(&t.b));
    gh_text_lit(&t, "again");
    assert_true(gh_str_eq(gh_text_str(&t), GH_STR("again")));
    gh_text_free(&t);
}

static void room_is_there_or_said_to_be_missing(void **state)
{
    (void)state;
    gh_text t = {.cap = 100};
    gh_buf *b = gh_text_room(&t, 100);
    assert_true(gh_buf_ok(b) && gh_buf_room(b) >= 100);
    gh_text_put(&t, GH_STR("12345"));
    b = gh_text_room(&t, 96);
    assert_false(gh_buf_ok(b));
    gh_text_free(&t);
    b = gh_text_room(&t, SIZE_MAX);
    assert_false(gh_buf_ok(b));
    gh_text_free(&t);
    gh_text none = {.cap = 0};
    gh_text_put(&none, GH_STR(""));
    assert_true(gh_buf_ok(&none.b));
    gh_text_lit(&none, "x");
    assert_false(gh_buf_ok(&none.b));
    gh_text_free(&none);
}

static void printf_has_a_bound(void **state)
{
    (void)state;
    char big[GH_TEXT_PRINTF_MAX + 2];
    memset(big, 'x', sizeof big);
    gh_text t = {.cap = 1 << 20};
    gh_text_printf(&t, "%.*s", GH_TEXT_PRINTF_MAX - 1, big);
    assert_true(gh_buf_ok(&t.b));
    assert_int_equal(t.b.n, GH_TEXT_PRINTF_MAX - 1);
    gh_text_printf(&t, "%.*s", GH_TEXT_PRINTF_MAX, big);
    assert_false(gh_buf_ok(&t.b));
    gh_text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_cap),
        cmocka_unit_test(room_is_there_or_said_to_be_missing),
        cmocka_unit_test(printf_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
