#include "operator/moment.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "identity/answer.h"

static void moments_are_read(void **state)
{
    (void)state;
    static const struct {
        gh_str text;
        uint64_t unix_s;
    } rows[] = {
        {GH_STR_INIT("1970-01-01T00:00:00Z"), 0},
        {GH_STR_INIT("2026-11-28T13:01:59Z"), 1795870919},
        {GH_STR_INIT("2026-11-28t13:01:59z"), 1795870919},
        {GH_STR_INIT("2026-11-28T13:01:59.999Z"), 1795870919},
        {GH_STR_INIT("2026-11-28T14:31:59+01:30"), 1795870919},
        {GH_STR_INIT("2026-11-28T08:01:59.5-05:00"), 1795870919},
        {GH_STR_INIT("2000-02-29T00:00:00Z"), 951782400},
        {GH_STR_INIT("2100-03-01T00:00:00Z"), UINT64_C(4107542400)},
        {GH_STR_INIT("1969-12-31T23:30:00-01:00"), 1800},
        {GH_STR_INIT("9999-12-31T23:59:59Z"), UINT64_C(253402300799)},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        uint64_t unix_s = 1;
        if (!gh_moment_read(rows[i].text, &unix_s) || unix_s != rows[i].unix_s)
            fail_msg("row %zu: %llu", i, (unsigned long long)unix_s);
    }
}

static void others_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026-11-28",
        "2026-11-28 13:01:59Z",
        "2026-11-28T13:01:59",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:30:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z",
        "2026-11-28T13:01:59Z ",
    };
    for (size_t i = 0; i < GH_COUNT(texts); i++) {
        uint64_t unix_s = 7;
        if (gh_moment_read(gh_str_of(texts[i]), &unix_s))
            fail_msg("\"%s\" was read", texts[i]);
        assert_int_equal(unix_s, 7);
    }
}

/* Each day's first second of four centuries and more, there and back. */
static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 160000; day++) {
        char memory[GH_MOMENT_TEXT];
        gh_buf b = gh_buf_over(memory, sizeof memory);
        uint64_t unix_s = day * 86400 + day % 86400, read = 0;
        gh_time_put(&b, unix_s);
        assert_true(gh_buf_ok(&b));
        if (!gh_moment_read(gh_buf_str(&b), &read) || read != unix_s)
            fail_msg("%.*s", (int)b.n, b.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
