#include "schema/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct row {
    const char *format, *text; /* format NULL: as in the row before */
    bool want;
} row;

/* clang-format off */
static const row rows[] = {
    {"date", "2024-02-29", true}, {NULL, "2023-02-29", false}, {NULL, "2000-02-29", true}, {NULL, "1900-02-29", false},
    {NULL, "2024-04-31", false}, {NULL, "2024-00-01", false}, {NULL, "2024-13-01", false}, {NULL, "2024-01-00", false},
    {NULL, "2024-1-01", false}, {NULL, "24-01-01", false}, {NULL, "2024-01-01 ", false}, {NULL, "20240101", false},
    {NULL, "", false}, {NULL, "2024-01-0\xd9\xa1", false},
    {"time", "23:59:59Z", true}, {NULL, "00:00:00.123456789z", true}, {NULL, "12:00:00+05:30", true}, {NULL, "12:00:00-23:59", true},
    {NULL, "12:00:00", false}, {NULL, "24:00:00Z", false}, {NULL, "12:60:00Z", false}, {NULL, "12:00:61Z", false},
    {NULL, "12:00:00.Z", false}, {NULL, "12:00:00,5Z", false}, {NULL, "12:00:00+24:00", false}, {NULL, "12:00:00+05:60", false},
    {NULL, "12:00:00+0530", false}, {NULL, "12:00:00Z+01:00", false}, {NULL, "12:00Z", false}, {NULL, "1:00:00Z", false},
    {NULL, "23:59:60Z", true}, {NULL, "22:59:60Z", false}, {NULL, "23:58:60Z", false}, {NULL, "00:59:60+01:00", true},
    {NULL, "15:59:60-08:00", true}, {NULL, "23:59:60+01:00", false},
    {"date-time", "2024-05-01T10:00:00Z", true}, {NULL, "2024-05-01t10:00:00.5z", true}, {NULL, "2024-05-01 10:00:00Z", false},
    {NULL, "2024-05-01T10:00:00", false}, {NULL, "2024-05-32T10:00:00Z", false}, {NULL, "1998-12-31T23:59:60Z", true},
    {NULL, "2024-05-01", false}, {NULL, "2024-05-01T", false},
    {"duration", "P1Y2M3DT4H5M6S", true}, {NULL, "P4W", true}, {NULL, "PT36H", true}, {NULL, "P1D", true}, {NULL, "P0Y", true},
    {NULL, "PT0S", true}, {NULL, "P1M", true}, {NULL, "PT1M", true}, {NULL, "P", false}, {NULL, "PT", false}, {NULL, "P1YT", false},
    {NULL, "P1", false}, {NULL, "1Y", false}, {NULL, "P1D2H", false}, {NULL, "P2D1Y", false}, {NULL, "P1Y2D", false}, {NULL, "PT1H1S", false},
    {NULL, "P1Y2W", false}, {NULL, "P1W2D", false}, {NULL, "PT1D", false}, {NULL, "P-1D", false}, {NULL, "P1.5D", false}, {NULL, "p1d", false},
    {"email", "joe.bloggs@example.com", true}, {NULL, "a+b_c~d!#$%&'*/=?^`{|}@example.com", true}, {NULL, "\"joe bloggs\"@example.com", true},
    {NULL, "\"a\\\"b@c\"@example.com", true}, {NULL, "joe@[127.0.0.1]", true}, {NULL, "joe@[IPv6:::1]", true}, {NULL, "joe@[127.0.0.300]", false},
    {NULL, "joe@localhost", true}, {NULL, "joe", false}, {NULL, "joe@", false}, {NULL, "@example.com", false}, {NULL, ".joe@example.com", false},
    {NULL, "joe.@example.com", false}, {NULL, "j..e@example.com", false}, {NULL, "joe@ex_ample.com", false}, {NULL, "joe@-a.com", false},
    {NULL, "joe@a@b.com", false}, {NULL, "joe bloggs@example.com", false}, {NULL, "\"joe@example.com", false}, {NULL, "\"a\"b@example.com", false},
    {NULL, "j\xc3\xb6@example.com", false}, {NULL, "joe@example.com\r\nBcc: x@y.z", false}, {NULL, "joe@[IPv6:1]", false}, {NULL, "joe@[::1]", false},
    {NULL, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com", false},
    {"idn-email", "j\xc3\xb6@ex\xc3\xa4mple.com", true}, {NULL, "joe@example.com", true}, {NULL, "j\xc3\xb6", false},
    {"hostname", "example.com", true}, {NULL, "a", true}, {NULL, "1.2.3.example", true}, {NULL, "xn--bcher-kva.example", true}, {NULL, "", false},
    {NULL, ".a", false}, {NULL, "a.", false}, {NULL, "a..b", false}, {NULL, "-a.b", false}, {NULL, "a-.b", false}, {NULL, "a_b", false}, {NULL, "b\xc3\xbc", false},
    {NULL, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", true},
    {NULL, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", false},
    {"idn-hostname", "b\xc3\xbc" "cher.example", true}, {NULL, "-\xc3\xbc", false}, {NULL, "\xc3\xbc..a", false}, {NULL, "a b", false},
    {"ipv4", "192.168.0.1", true}, {NULL, "256.0.0.1", false}, {NULL, "1.2.3", false}, {NULL, "01.2.3.4", false}, {NULL, "1.2.3.4 ", false},
    {NULL, "::ffff:1.2.3.4", false}, {NULL, "1.2.3.4/8", false}, {NULL, "", false},
    {"ipv6", "::1", true}, {NULL, "2001:db8::8a2e:370:7334", true}, {NULL, "::ffff:1.2.3.4", true}, {NULL, "1.2.3.4", false}, {NULL, "::1%eth0", false},
    {NULL, "1::2::3", false}, {NULL, "12345::", false}, {NULL, ":::", false}, {NULL, "", false},
    {"uri", "https://user:pw@example.com:8080/a/b;c=1?q=%20&r#frag", true}, {NULL, "mailto:joe@example.com", true}, {NULL, "urn:isbn:0451450523", true},
    {NULL, "http://[::1]:80/", true}, {NULL, "http://[v1.a:b]/", true}, {NULL, "file:///etc/hosts", true}, {NULL, "a:", true}, {NULL, "/path", false},
    {NULL, "//example.com", false}, {NULL, "1a:b", false}, {NULL, ":a", false}, {NULL, "http://a b", false}, {NULL, "http://a/%zz", false}, {NULL, "http://a/%2", false},
    {NULL, "http://a:b/", false}, {NULL, "http://[::1/", false}, {NULL, "http://[::g]/", false}, {NULL, "http://a/<b>", false}, {NULL, "http://a/\\b", false},
    {NULL, "http://a#b#c", false}, {NULL, "http://\xc3\xbc/", false}, {NULL, "http://a/[b]", false}, {NULL, "http://a@b@c/", false}, {NULL, "", false},
    {NULL, "http://[::1]a/", false}, {NULL, "http://[v.a]/", false}, {NULL, "http://a/\"", false}, {NULL, "javascript:alert(1)", true},
    {"uri-reference", "/a?b#c", true}, {NULL, "", true}, {NULL, "../a", true}, {NULL, "//host/a", true}, {NULL, "a/b:c", true}, {NULL, "1a:b", false}, {NULL, "?a", true},
    {NULL, "#a", true}, {NULL, "\\\\a", false}, {NULL, "a b", false},
    {"iri", "http://b\xc3\xbc" "cher.example/\xc3\xa4?\xee\x80\x80", true}, {NULL, "http://a/\xee\x80\x80", false}, {NULL, "\xc3\xa4", false}, {NULL, "http://a/\xef\xbf\xbe", false},
    {NULL, "http://a/\xf0\x9f\x98\x80", true}, {NULL, "http://a/\xc2\x80", false},
    {"iri-reference", "/\xc3\xa4", true}, {NULL, "\\\xc3\xa4", false},
    {"uuid", "123e4567-e89b-12d3-a456-426614174000", true}, {NULL, "123E4567-E89B-12D3-A456-426614174000", true}, {NULL, "123e4567e89b12d3a456426614174000", false},
    {NULL, "123e4567-e89b-12d3-a456-42661417400g", false}, {NULL, "{123e4567-e89b-12d3-a456-426614174000}", false}, {NULL, "", false},
    {"uri-template", "http://e.com/{id}/x{?q,r*}{#f:3}", true}, {NULL, "", true}, {NULL, "{+a.b_c%20}", true}, {NULL, "{;x,y}{&z}{/p}{.d}", true}, {NULL, "{", false},
    {NULL, "}", false}, {NULL, "{}", false}, {NULL, "{a", false}, {NULL, "{a b}", false}, {NULL, "{=a}", false}, {NULL, "{a:0}", false}, {NULL, "{a:10000}", false},
    {NULL, "{a:9999}", true}, {NULL, "{a*b}", false}, {NULL, "{.}", false}, {NULL, "{a,,b}", false}, {NULL, "{a.}", false}, {NULL, "%2", false}, {NULL, "a b", false}, {NULL, "{{a}}", false},
    {"json-pointer", "", true}, {NULL, "/a/0/~0~1", true}, {NULL, "/", true}, {NULL, "a", false}, {NULL, "/~", false}, {NULL, "/~2", false}, {NULL, "#/a", false},
    {"relative-json-pointer", "0", true}, {NULL, "1/a", true}, {NULL, "2#", true}, {NULL, "0+1/a", true}, {NULL, "0-12#", true}, {NULL, "/a", false}, {NULL, "01", false},
    {NULL, "-1", false}, {NULL, "0##", false}, {NULL, "0+0", false}, {NULL, "", false}, {NULL, "1a", false}, {NULL, "0+", false},
    {"regex", "^(a|b)\\1$", true}, {NULL, "(?<n>a)\\k<n>", true}, {NULL, "^\\S(|(.|\\n)*\\S)\\Z", false}, {NULL, "a(", false}, {NULL, "(a)\\2", false}, {NULL, "\\k<n>", false},
    {NULL, "\\p{L}", true}, {NULL, "\\p{Nope}", false}, {NULL, "a{100000}", true}, {NULL, "(?i)a", false},
    {"byte", "", true}, {NULL, "Zm9v", true}, {NULL, "Zm8=", true}, {NULL, "Zg==", true}, {NULL, "Zg=", false}, {NULL, "Zg", false}, {NULL, "Zm9=", false}, {NULL, "Zh==", false},
    {NULL, "Z===", false}, {NULL, "Zm9v\n", false}, {NULL, "Zm-_", false}, {NULL, "====", false},
};

static const row numbers[] = {
    {"int32", "2147483647", true}, {NULL, "2147483648", false}, {NULL, "-2147483648", true}, {NULL, "-2147483649", false}, {NULL, "1.0", true}, {NULL, "1.5", false},
    {NULL, "2e9", true}, {NULL, "3e9", false},
    {"int64", "9223372036854775807", true}, {NULL, "9223372036854775808", false}, {NULL, "-9223372036854775808", true}, {NULL, "-9223372036854775809", false},
    {NULL, "1e18", true}, {NULL, "1e19", false}, {NULL, "0.5", false},
    {"float", "3.4028235e38", true}, {NULL, "3.5e38", false}, {NULL, "-3.5e38", false}, {NULL, "1e-400", true},
    {"double", "1.7976931348623157e308", true}, {NULL, "1e309", false}, {NULL, "-1e309", false}, {NULL, "1e308", true},
};
/* clang-format on */

static void strings(void **state)
{
    (void)state;
    gh_format_fn *format = NULL;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        if (rows[i].format != NULL)
            format = gh_format_of(gh_str_of(rows[i].format));
        if (format == NULL || format(gh_str_of(rows[i].text)) != rows[i].want)
            fail_msg("row %zu: \"%s\"", i, rows[i].text);
    }
}

static void of_numbers(void **state)
{
    (void)state;
    gh_format_number_fn *format = NULL;
    for (size_t i = 0; i < GH_COUNT(numbers); i++) {
        if (numbers[i].format != NULL)
            format = gh_format_number_of(gh_str_of(numbers[i].format));
        if (format == NULL || format(gh_str_of(numbers[i].text)) != numbers[i].want)
            fail_msg("row %zu: %s", i, numbers[i].text);
    }
}

static void names(void **state)
{
    (void)state;
    static const char *const silent[] = {"password", "binary"};
    for (size_t i = 0; i < GH_COUNT(silent); i++) {
        assert_true(gh_format_known(gh_str_of(silent[i])));
        assert_null(gh_format_of(gh_str_of(silent[i])));
        assert_null(gh_format_number_of(gh_str_of(silent[i])));
    }
    assert_null(gh_format_of(GH_STR("int32")));
    assert_null(gh_format_number_of(GH_STR("date")));
    assert_null(gh_format_of(GH_STR("Date")));
    assert_null(gh_format_of(GH_STR("")));
    assert_false(gh_format_known(GH_STR("datetime")));
    assert_true(gh_format_known(GH_STR("double")));
}

/* A NUL ends nothing. */
static void nul_bytes(void **state)
{
    (void)state;
    static const char *const all[] = {
        "date", "time",         "date-time",    "duration",      "email",         "hostname",
        "ipv4", "ipv6",         "uri",          "uri-reference", "iri-reference", "uuid",
        "byte", "uri-template", "idn-hostname", "idn-email",     "iri",           "relative-json-pointer"};
    for (size_t i = 0; i < GH_COUNT(all); i++) {
        gh_format_fn *format = gh_format_of(gh_str_of(all[i]));
        assert_non_null(format);
        if (format((gh_str){"\0\0\0\0", 4}) || format((gh_str){"a\0b@c", 5}) || format((gh_str){"a@b\0", 4}))
            fail_msg("%s", all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(of_numbers),
        cmocka_unit_test(names),
        cmocka_unit_test(nul_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
