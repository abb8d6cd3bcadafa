#include "operator/table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void columns_stand_below_each_other(void **state)
{
    (void)state;
    static const char *const heads[] = {"NAME", "ID", "WHEN"};
    gh_arena arena;
    gh_text out = {.cap = 1 << 20};
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    gh_table t = gh_table_of(&arena, heads, 3);
    gh_table_cell(&t, GH_STR("j\xc3\xbcrgen"));
    gh_table_id(&t, 31);
    gh_table_time(&t, 0);
    gh_table_cell(&t, (gh_str){NULL, 0});
    gh_table_id(&t, 0);
    gh_table_time(&t, 1795870919);
    gh_table_put(&t, &out);
    assert_true(gh_buf_ok(&out.b));
    assert_true(gh_str_eq(gh_text_str(&out), GH_STR("NAME    ID             WHEN\n"
                                                    "j\xc3\xbcrgen  000000000000z  -\n"
                                                    "-       -              2026-11-28T13:01:59Z\n")));
    gh_text_free(&out);
    gh_arena_reset(&arena);
}

static void nothing_moves_the_cursor_or_reorders(void **state)
{
    (void)state;
    static const struct {
        gh_str text, shown;
    } rows[] = {
        {GH_STR_INIT("plain \"text\" \\ here"), GH_STR_INIT("plain \"text\" \\ here")},
        {GH_STR_INIT("\x1b[2J"), GH_STR_INIT("\\u001b[2J")},
        {GH_STR_INIT("a\nb\tc\r"), GH_STR_INIT("a\\nb\\tc\\r")},
        {GH_STR_INIT("\xe2\x80\xaegnp.exe"), GH_STR_INIT("\\u202egnp.exe")},
        {GH_STR_INIT("\xc2\x9b"
                     "31m"),
         GH_STR_INIT("\\u009b31m")},
        {GH_STR_INIT("\xff\xc3"), GH_STR_INIT("\\ufffd\\ufffd")},
        {GH_STR_INIT("\xf0\x9f\x98\x80"), GH_STR_INIT("\xf0\x9f\x98\x80")},
        {GH_STR_INIT(""), GH_STR_INIT("")},
    };
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str shown = gh_shown(&arena, rows[i].text);
        assert_non_null(shown.p);
        if (!gh_str_eq(shown, rows[i].shown))
            fail_msg("row %zu: %.*s", i, (int)shown.n, shown.p);
    }
    gh_arena_reset(&arena);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    static const char *const heads[] = {"NAME"};
    gh_arena arena;
    gh_text out = {.cap = 1 << 20};
    gh_arena_init(&arena, NULL, 0, 64);
    gh_table t = gh_table_of(&arena, heads, 1);
    for (unsigned i = 0; i < 10; i++)
        gh_table_cell(&t, GH_STR("somebody"));
    gh_table_put(&t, &out);
    assert_false(gh_buf_ok(&out.b));
    gh_text_free(&out);
    gh_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_below_each_other),
        cmocka_unit_test(nothing_moves_the_cursor_or_reorders),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
