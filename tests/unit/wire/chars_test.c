/* The fast scanners stop where the rules of RFC 9110 and RFC 3986 say, at every byte and every offset. */
#include "unit.h"

#include "wire/chars.h"

static bool value_byte(unsigned c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

static bool visible_byte(unsigned c)
{
    return c > ' ' && c < 0x7f;
}

static void check_scanner(const char *(*scan)(const char *, const char *), bool (*rule)(unsigned))
{
    enum { LONGEST = 40 };
    for (unsigned c = 0; c < 256; c++)
        for (size_t n = 1; n <= LONGEST; n += 3)
            for (size_t at = 0; at < n; at++) {
                char bytes[LONGEST];
                memset(bytes, 'x', n);
                bytes[at] = (char)c;
                char *copy = unit_copy((gh_str){bytes, n});
                assert_int_equal(scan(copy, copy + n) - copy, rule(c) ? n : at);
                free(copy);
            }
}

static void test_scanners(void **state)
{
    (void)state;
    check_scanner(gh_skip_value, value_byte);
    check_scanner(gh_skip_visible, visible_byte);
}

static unsigned folded(unsigned c)
{
    if (c >= 'A' && c <= 'Z')
        return c + 'a' - 'A';
    bool token =
        visible_byte(c) && strchr("\"(),/:;<=>?@[\\]{}", (int)c) == NULL; /* RFC 9110 section 5.6.2 */
    return token ? c : 0;
}

static void test_folding(void **state)
{
    (void)state;
    enum { LONGEST = 40 };
    for (unsigned c = 0; c < 256; c++)
        for (size_t n = 1; n <= LONGEST; n += 3)
            for (size_t at = 0; at < n; at++) {
                char bytes[LONGEST], expected[LONGEST];
                memset(bytes, 'X', n);
                memset(expected, 'x', n);
                bytes[at] = (char)c;
                expected[at] = (char)folded(c);
                char *copy = unit_copy((gh_str){bytes, n}), *low = unit_copy((gh_str){bytes, n});
                size_t size = folded(c) != 0 ? n : at;
                assert_int_equal(gh_fold_token(copy, copy + n, low) - copy, size);
                assert_memory_equal(low, expected, size);
                free(copy);
                free(low);
            }
}

static void test_classes(void **state)
{
    (void)state;
    static const struct {
        unsigned class;
        const char *members;
    } rows[] = {
        {GH_CHAR_UNRESERVED, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"},
        {GH_CHAR_REG_NAME, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"},
        {GH_CHAR_HEX, "0123456789abcdefABCDEF"},
    };
    for (unsigned c = 1; c < 256; c++) {
        for (size_t i = 0; i < GH_COUNT(rows); i++)
            assert_int_equal(gh_char_is((char)c, rows[i].class), strchr(rows[i].members, (int)c) != NULL);
        assert_int_equal(gh_char_is((char)c, GH_CHAR_PATH),
                         visible_byte(c) && strchr("%\\#?", (int)c) == NULL);
        assert_int_equal(gh_char_is((char)c, GH_CHAR_QUERY), visible_byte(c) && strchr("%#", (int)c) == NULL);
        assert_int_equal(gh_char_is((char)c, GH_CHAR_QUOTED),
                         c == ' ' || (visible_byte(c) && strchr("\"\\", (int)c) == NULL));
    }
    assert_int_equal(gh_char_class[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scanners),
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
