#include "text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Every code point: written, it is valid, one, and reads as itself; its surrogates are no text. */
static void every_code_point(void **state)
{
    (void)state;
    char to[4];
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        gh_str s = {to, gh_utf8_put(to, point)};
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        assert_int_equal(gh_utf8_valid(s), surrogate ? 0 : s.n);
        if (surrogate)
            continue;
        assert_int_equal(gh_utf8_count(s), 1);
        for (size_t cut = 1; cut < s.n; cut++)
            assert_int_equal(gh_utf8_valid(gh_str_cut(s, 0, cut)), 0);
        assert_int_equal(gh_utf8_next(&s), point);
        assert_int_equal(s.n, 0);
    }
}

/* Every sequence of two bytes, and of three and four with a valid rest, is valid only if it is some code point's. */
static void every_lead(void **state)
{
    (void)state;
    unsigned valid[5] = {0};
    for (unsigned lead = 0x80; lead < 0x100; lead++) {
        for (unsigned second = 0; second < 0x100; second++) {
            char s[4] = {(char)lead, (char)second, (char)0x80, (char)0xbf};
            size_t length = gh_utf8_sequence(s, 4);
            valid[length]++;
            s[2] = 'x';
            assert_int_equal(gh_utf8_sequence(s, 4), length == 2 ? 2 : 0);
        }
    }
    assert_int_equal(valid[1], 0);
    assert_int_equal(valid[2], 30 * 64);                 /* C2..DF */
    assert_int_equal(valid[3], 16 * 64 - 32 - 32);       /* E0: from A0; ED: to 9F */
    assert_int_equal(valid[4], (64 - 16) + 3 * 64 + 16); /* F0: from 90; F4: to 8F */
}

static void valid_prefix(void **state)
{
    (void)state;
    static const struct {
        gh_str text;
        size_t want;
    } rows[] = {
        {GH_STR_INIT(""), 0},
        {GH_STR_INIT("plain ASCII, longer than a word"), 31},
        {GH_STR_INIT("a\0b"), 3},
        {GH_STR_INIT("\xc3\xa4"), 2},
        {GH_STR_INIT("12345678\xc3"), 8},
        {GH_STR_INIT("1234567\xc3\xa4\x80"), 9},
        {GH_STR_INIT("\xc0\x80"), 0},
        {GH_STR_INIT("\xc1\xbf"), 0},
        {GH_STR_INIT("\xe0\x9f\xbf"), 0},
        {GH_STR_INIT("\xed\xa0\x80"), 0},
        {GH_STR_INIT("\xf0\x8f\xbf\xbf"), 0},
        {GH_STR_INIT("\xf4\x90\x80\x80"), 0},
        {GH_STR_INIT("\xf5\x80\x80\x80"), 0},
        {GH_STR_INIT("\xff"), 0},
        {GH_STR_INIT("12345678\x80 234567"), 8},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        if (gh_utf8_valid(rows[i].text) != rows[i].want)
            fail_msg("row %zu: %zu", i, gh_utf8_valid(rows[i].text));
    }
}

/* "a" and characters of two, three and four bytes, over and over: counts and cuts at every place. */
static void count_and_first(void **state)
{
    (void)state;
    static const char unit[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\xb5";
    char text[10 * (sizeof unit - 1)];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = unit[i % (sizeof unit - 1)];
    gh_str s = {text, sizeof text};
    assert_int_equal(gh_utf8_count(s), 40);
    size_t n = 0;
    for (size_t count = 0; count <= 40; count++) {
        gh_str first = gh_utf8_first(s, count);
        assert_int_equal(first.n, n);
        assert_int_equal(gh_utf8_count(first), count);
        n += count % 4 + 1;
    }
    assert_int_equal(gh_utf8_first(s, 41).n, s.n);
    assert_int_equal(gh_utf8_first(s, SIZE_MAX).n, s.n);
    assert_int_equal(gh_utf8_first(GH_STR(""), 3).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(every_lead),
        cmocka_unit_test(valid_prefix),
        cmocka_unit_test(count_and_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
