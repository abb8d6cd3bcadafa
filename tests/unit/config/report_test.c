/* A report keeps what it is told, in lines a terminal can show. */
#include "load_helper.h"

static void test_lines(void **state)
{
    char name[] = "a.yaml", text[512];
    gh_report r;
    (void)state;
    gh_report_init(&r);
    gh_report_error(&r, name, 3, 5, "%s", "one");
    memcpy(name, "gone!", 5); /* the report has its own copy */
    gh_report_warning(&r, "a.env", 7, 0, "two %d", 2);
    gh_report_error(&r, "environment", 0, 0, "three");
    gh_report_error(&r, NULL, 0, 0, "four");
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_report_print(&r, &out);
    expect_str(gh_buf_str(&out), "a.yaml:3:5: error: one\n"
                                 "a.env:7: warning: two 2\n"
                                 "environment: error: three\n"
                                 "error: four\n");
    assert_int_equal(r.errors, 3);
    gh_report_free(&r);
}

/* However much is wrong, memory is bounded and nothing is lost from the count. */
static void test_many(void **state)
{
    static char large[5000], printed[1 << 20];
    gh_report r;
    (void)state;
    memset(large, 'x', sizeof large - 1);
    gh_report_init(&r);
    for (unsigned i = 0; i < 2000; i++)
        gh_report_error(&r, "a", i, 0, "%s", large);
    assert_int_equal(r.errors, 2000);
    assert_true(r.n > 100 && r.n < 2000);
    assert_true(r.items[0].text.n < sizeof large);
    gh_buf out = gh_buf_over(printed, sizeof printed);
    gh_report_print(&r, &out);
    assert_true(gh_buf_ok(&out));
    assert_true(gh_str_ends(gh_buf_str(&out), GH_STR("error: and 1500 more errors, which are not shown\n")));
    gh_report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
