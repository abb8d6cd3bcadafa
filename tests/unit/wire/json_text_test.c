#include "wire/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void escapes(void **state)
{
    (void)state;
    static const struct {
        gh_str text;
        const char *want;
    } rows[] = {
        {{NULL, 0}, "\"\""},
        {GH_STR_INIT(""), "\"\""},
        {GH_STR_INIT("plain /text"), "\"plain /text\""},
        {GH_STR_INIT("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\""},
        {GH_STR_INIT("a\0b\x1f\x1b[2J"), "\"a\\u0000b\\u001f\\u001b[2J\""},
        {GH_STR_INIT("\x7f"), "\"\\u007f\""},
        /* C1 controls: the first, NEL, the last; then what follows them. */
        {GH_STR_INIT("\xc2\x80\xc2\x85\xc2\x9f\xc2\xa0"), "\"\\u0080\\u0085\\u009f\xc2\xa0\""},
        {GH_STR_INIT("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"),
         "\"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\""},
        /* Valid UTF-8 stays as it is. */
        {GH_STR_INIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\xaa\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"),
         "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\xaa\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\""},
        /* Lone continuation and lead bytes; a cut sequence before other text. */
        {GH_STR_INIT("\x80"
                     "a\xff"
                     "b\xc3"),
         "\"\\ufffda\\ufffdb\\ufffd\""},
        {GH_STR_INIT("\xe2\x82z"), "\"\\ufffd\\ufffdz\""},
        /* Overlong forms, surrogates, beyond U+10FFFF. */
        {GH_STR_INIT("\xc0\xaf"), "\"\\ufffd\\ufffd\""},
        {GH_STR_INIT("\xc1\x81"), "\"\\ufffd\\ufffd\""},
        {GH_STR_INIT("\xe0\x80\xaf"), "\"\\ufffd\\ufffd\\ufffd\""},
        {GH_STR_INIT("\xf0\x80\x80\xaf"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
        {GH_STR_INIT("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\""},
        {GH_STR_INIT("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
        {GH_STR_INIT("\xf5\x80\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char memory[128] = {0};
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        gh_json_string(&out, rows[i].text);
        assert_true(gh_buf_ok(&out));
        assert_string_equal(memory, rows[i].want);
    }
}

static void pieces_make_one_string(void **state)
{
    (void)state;
    char memory[32] = {0};
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    gh_buf_char(&out, '"');
    gh_json_escape(&out, GH_STR("a\""));
    gh_json_escape(&out, GH_STR("b"));
    gh_buf_char(&out, '"');
    assert_string_equal(memory, "\"a\\\"b\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),
        cmocka_unit_test(pieces_make_one_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
