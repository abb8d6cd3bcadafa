#include "wire/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

static void valid(void **state)
{
    (void)state;
    static const char *const good[] = {"0",
                                       "-0",
                                       "1",
                                       "10",
                                       "0.0",
                                       "-1.50",
                                       "1e5",
                                       "1E5",
                                       "1e+5",
                                       "1e-05",
                                       "0e0",
                                       "12.34e-56",
                                       "123456789012345678901234567890"};
    static const char *const wrong[] = {"",     "-",   "+1",  "01",  "-01",  ".5",  "1.",
                                        "1.e5", "1e",  "1e+", "e5",  "1 ",   " 1",  "1e5.",
                                        "0x1",  "NaN", "1f",  "1,0", "1e5-", "--1", "00"};
    for (size_t i = 0; i < GH_COUNT(good); i++) {
        if (!gh_decimal_valid(gh_str_of(good[i])))
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < GH_COUNT(wrong); i++) {
        if (gh_decimal_valid(gh_str_of(wrong[i])))
            fail_msg("%s", wrong[i]);
    }
}

/* From small to large; "=" on a line of its own would not read well: equal ones stand in one row. */
static void compare(void **state)
{
    (void)state;
    static const char *const rows[][4] = {
        {"-1e1000000000000000"},
        {"-10000000000000000000000000000001"},
        {"-1e31", "-10000000000000000000000000000000", "-0.1e32"},
        {"-2", "-2.000", "-20e-1"},
        {"-1.5"},
        {"-1e-400"},
        {"0", "-0", "0.000e999", "-0e-5"},
        {"1e-400"},
        {"0.1", "1e-1", "0.10000", "0.0001e3"},
        {"0.1000000000000000055511151231257827"},
        {"0.3"},
        {"0.30000000000000004"},
        {"1", "1.0", "0.001e3", "1000E-3"},
        {"9"},
        {"10", "1e1", "1E+1", "0.1e2"},
        {"9007199254740992"},
        {"9007199254740993", "9007199254740993.0"},
        {"1e308"},
        {"1e400", "1E+400", "10e399"},
        {"9.99e400"},
        {"1e1000000000000000", "0.1e1000000000000001"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        for (size_t k = 0; k < GH_COUNT(rows); k++) {
            for (size_t a = 0; a < 4 && rows[i][a] != NULL; a++) {
                for (size_t b = 0; b < 4 && rows[k][b] != NULL; b++) {
                    int got = gh_decimal_compare(gh_str_of(rows[i][a]), gh_str_of(rows[k][b]));
                    if ((got > 0) - (got < 0) != (i > k) - (i < k))
                        fail_msg("%s and %s: %d", rows[i][a], rows[k][b], got);
                }
            }
        }
    }
}

static void integer(void **state)
{
    (void)state;
    static const char *const whole[] = {"0",   "-0",    "0.0",   "0e-9",   "1",      "-1.0",
                                        "1e3", "1.5e1", "1e400", "120e-1", "12.50e2"};
    static const char *const not_whole[] = {
        "0.5", "-1.1", "1e-1", "1.55e1", "125e-1", "1e-400", "1.0000000000000000000001"};
    for (size_t i = 0; i < GH_COUNT(whole); i++) {
        if (!gh_decimal_integer(gh_str_of(whole[i])))
            fail_msg("%s", whole[i]);
    }
    for (size_t i = 0; i < GH_COUNT(not_whole); i++) {
        if (gh_decimal_integer(gh_str_of(not_whole[i])))
            fail_msg("%s", not_whole[i]);
    }
}

/* Twenty digits and more do not fit 64 bits. */
static const struct {
    const char *a, *b;
    bool want;
} multiples[] = {
    {"0", "3", true},
    {"-0.0", "0.7", true},
    {"9", "3", true},
    {"-9", "3", true},
    {"10", "3", false},
    {"4.5", "1.5", true},
    {"35", "1.5", false},
    {"0.0075", "0.0001", true},
    {"0.00751", "0.0001", false},
    {"19.99", "0.01", true},
    {"1e308", "0.123456789", false},
    {"1e308", "0.5", true},
    {"1e10000", "1024", true},
    {"1e9", "1024", false},
    {"1e10", "1024", true},
    {"1e1000000000000", "3", false},
    {"3e1000000000000", "3", true},
    {"1e-5", "1", false},
    {"1", "1e-1000000000000", true},
    {"1", "1e5", false},
    {"100000", "1e5", true},
    {"1e400", "1e400", true},
    {"5", "0", false},
    {"5", "-5", false},
    {"999999999999999999", "999999999999999999", true},
    {"999999999999999998", "999999999999999999", false},
    {"12345678901234567890123", "12345678901234567890123", true},
    {"24691357802469135780246", "12345678901234567890123", true},
    {"24691357802469135780247", "12345678901234567890123", false},
    {"111111110111111111011111111107", "12345678901234567890123", false},
    {"152415787532388367501905199875019052100", "12345678901234567890", true},
    {"152415787532388367501905199875019052101", "12345678901234567890", false},
    {"1e40", "36893488147419103232", false}, /* 2^65 wants 65 zeros */
    {"1e64", "36893488147419103232", false},
    {"1e65", "36893488147419103232", true},
    {"1e99999", "36893488147419103232", true},
};

static void multiple(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(multiples); i++) {
        if (gh_decimal_multiple(gh_str_of(multiples[i].a), gh_str_of(multiples[i].b)) != multiples[i].want)
            fail_msg("%s of %s", multiples[i].a, multiples[i].b);
    }
}

/* A divisor as long as may be, and one digit longer. */
static void long_divisor(void **state)
{
    (void)state;
    static char b[1001];
    memset(b, '7', sizeof b);
    assert_true(gh_decimal_multiple((gh_str){b, 1000}, (gh_str){b, 1000}));
    assert_false(gh_decimal_multiple((gh_str){b, 999}, (gh_str){b, 1000}));
    assert_false(gh_decimal_multiple((gh_str){b, 1001}, (gh_str){b, 1001}));
}

/* All pairs of a few thousandths, against whole numbers. */
static void small_numbers(void **state)
{
    (void)state;
    char x[32], y[32];
    for (unsigned a = 0; a < 700; a += 7) {
        for (unsigned b = 1; b < 200; b++) {
            gh_buf bx = gh_buf_over(x, sizeof x), by = gh_buf_over(y, sizeof y);
            gh_buf_printf(&bx, "%u.%03u", a / 1000, a % 1000);
            gh_buf_printf(&by, "%ue-3", b);
            assert_int_equal(gh_decimal_multiple(gh_buf_str(&bx), gh_buf_str(&by)), a % b == 0);
            int order = gh_decimal_compare(gh_buf_str(&bx), gh_buf_str(&by));
            assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
        }
    }
}

static void from_lexical(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want; /* NULL: no number */
    } rows[] = {
        {"7", "7"},           {"-7.5e3", "-7.5e3"}, {"+7", "7"},        {"007", "7"},  {"-007", "-7"},
        {"00", "0"},          {"+0", "0"},          {"1.", "1"},        {".5", "0.5"}, {"-.5", "-0.5"},
        {"+.5E+2", "0.5e+2"}, {"00.50", "0.50"},    {"1.e5", "1e5"},    {"", NULL},    {".", NULL},
        {"+", NULL},          {"-", NULL},          {"+-1", NULL},      {"--1", NULL}, {"1e", NULL},
        {"e5", NULL},         {".e5", NULL},        {" 1", NULL},       {"1 ", NULL},  {"1_0", NULL},
        {"0x1F", NULL},       {"1,5", NULL},        {"Infinity", NULL}, {"NaN", NULL}, {"1.2.3", NULL},
    };
    char to[16];
    gh_str got;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        bool good = gh_decimal_from_lexical(gh_str_of(rows[i].text), to, sizeof to, &got);
        if (good != (rows[i].want != NULL) || (good && !gh_str_eq(got, gh_str_of(rows[i].want))))
            fail_msg("%s: %.*s", rows[i].text, (int)got.n, got.p);
        assert_true(!good || gh_decimal_valid(got));
    }
    assert_true(gh_decimal_from_lexical(GH_STR("+12"), to, 2, &got));
    assert_false(gh_decimal_from_lexical(GH_STR("+12"), to, 1, &got));
    assert_true(gh_decimal_from_lexical(GH_STR("12"), to, 0, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid),        cmocka_unit_test(compare),      cmocka_unit_test(integer),
        cmocka_unit_test(multiple),     cmocka_unit_test(long_divisor), cmocka_unit_test(small_numbers),
        cmocka_unit_test(from_lexical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
