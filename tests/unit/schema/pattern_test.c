#include "schema/pattern.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { YES = GH_MATCH_YES, NO = GH_MATCH_NO };

static gh_arena arena;

static int set_up(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 64 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

typedef struct row {
    const char *pattern, *subject;
    int want;
} row;

/* A NULL pattern repeats the one before. */
/* clang-format off */
static const row rows[] = {
    /* literals, anywhere */
    {"", "", YES}, {NULL, "abc", YES},
    {"b", "abc", YES}, {NULL, "ac", NO}, {NULL, "B", NO}, {NULL, "", NO},
    {"foo", "a foo b", YES}, {NULL, "fo fofoo", YES}, {NULL, "fofo", NO},
    {"abab", "aababab", YES}, {"aab", "aaab", YES}, {"aab", "abab", NO},
    {"\\.", "a.b", YES}, {NULL, "ab", NO},
    {"\\/\\-\\$\\^", "/-$^", YES}, {NULL, "/-$", NO},
    /* anchors: the text's ends, never a line's */
    /* escapes of punctuation mean the character itself */
    {"^\\w+\\@\\w+\\_$", "a@b_", YES}, {NULL, "a@b", NO}, {"[\\_\\ \\\"]", " ", YES}, {NULL, "_", YES}, {NULL, "\"", YES}, {NULL, "\\", NO},
    {"^a", "ab", YES}, {NULL, "ba", NO}, {NULL, "b\na", NO},
    {"a$", "ba", YES}, {NULL, "ab", NO}, {NULL, "a\n", NO}, {NULL, "a\nb", NO},
    {"^$", "", YES}, {NULL, "\n", NO}, {NULL, "a", NO},
    {"^a$", "a", YES}, {NULL, "aa", NO},
    {"$^", "", YES}, {NULL, "a", NO},
    {"a^b", "ab", NO}, {"a$b", "ab", NO},
    {"^a|b$", "ac", YES}, {NULL, "cb", YES}, {NULL, "ca", NO}, {NULL, "bc", NO},
    {"(^|,)x(,|$)", "x", YES}, {NULL, "a,x,b", YES}, {NULL, "ax,b", NO}, {NULL, "a,xb", NO},
    /* the dot */
    {"^.$", "a", YES}, {NULL, "\xc3\xa9", YES}, {NULL, "\xf0\x9f\x98\x80", YES}, {NULL, "\n", NO},
    {NULL, "\r", NO}, {NULL, "\xe2\x80\xa8", NO}, {NULL, "\xe2\x80\xa9", NO}, {NULL, "\xc2\x85", YES}, {NULL, "", NO},
    {NULL, "ab", NO},
    {"^..$", "\xf0\x9f\x98\x80", NO}, {NULL, "\xf0\x9f\x98\x80" "a", YES},
    /* classes */
    {"^[abc]+$", "cab", YES}, {NULL, "cabd", NO}, {NULL, "", NO},
    {"^[^abc]+$", "xyz", YES}, {NULL, "xay", NO}, {NULL, "\n", YES}, {NULL, "\xf0\x9f\x98\x80", YES},
    {"^[a-cx-z]$", "b", YES}, {NULL, "y", YES}, {NULL, "d", NO}, {NULL, "-", NO},
    {"^[a-]$", "-", YES}, {"^[-a]$", "-", YES}, {"^[a\\-c]$", "-", YES}, {NULL, "b", NO},
    {"^[]$", "a", NO}, {NULL, "", NO},
    {"^[^]$", "\n", YES}, {NULL, "", NO},
    {"^[.*+?(){}|^$]$", ".", YES}, {NULL, "^", YES}, {NULL, "a", NO}, {"^[\\]\\\\]$", "]", YES}, {NULL, "\\", YES},
    {"^[[]$", "[", YES}, {"^[\\b]$", "\b", YES}, {NULL, "b", NO},
    {"^[\\d_]$", "5", YES}, {NULL, "_", YES}, {NULL, "a", NO},
    {"^[^\\d]$", "5", NO}, {NULL, "a", YES},
    {"^[\\D]$", "5", NO}, {"^[\\s\\S]$", "\n", YES}, {"^[\\w.-]+$", "a.b-c_1", YES}, {NULL, "a b", NO},
    /* class escapes are ASCII but \s */
    {"^\\d$", "7", YES}, {NULL, "\xd9\xa3", NO}, {NULL, "a", NO},
    {"^\\D$", "\xd9\xa3", YES}, {NULL, "7", NO},
    {"^\\w$", "_", YES}, {NULL, "Z", YES}, {NULL, "\xc3\xa9", NO}, {NULL, "-", NO},
    {"^\\W$", "\xc3\xa9", YES}, {NULL, "q", NO},
    {"^\\s$", " ", YES}, {NULL, "\t", YES}, {NULL, "\v", YES}, {NULL, "\f", YES}, {NULL, "\xc2\xa0", YES},
    {NULL, "\xef\xbb\xbf", YES}, {NULL, "\xe2\x80\xa8", YES}, {NULL, "\xe3\x80\x80", YES}, {NULL, "\xe1\x9a\x80", YES},
    {NULL, "\xc2\x85", NO}, {NULL, "\xe2\x80\x8b", NO}, {NULL, "\xe1\xa0\x8e", NO}, {NULL, "a", NO},
    {"^\\S$", "\xc2\x85", YES}, {NULL, "\xef\xbb\xbf", NO},
    /* escapes of one character */
    {"^\\t\\n\\v\\f\\r$", "\t\n\v\f\r", YES}, {"^\\cJ$", "\n", YES}, {"^\\cj$", "\n", YES}, {"^\\x41$", "A", YES},
    {"^\\u0041$", "A", YES}, {"^\\u{41}$", "A", YES}, {"^\\u{1F600}$", "\xf0\x9f\x98\x80", YES},
    {"^\\ud83d\\ude00$", "\xf0\x9f\x98\x80", YES}, {"^[\\ud83d\\ude00]$", "\xf0\x9f\x98\x80", YES},
    {"\\ud83d", "\xf0\x9f\x98\x80", NO}, {"^[^\\ud800-\\udfff]$", "\xf0\x9f\x98\x80", YES},
    {"^\\u00e9$", "\xc3\xa9", YES}, {NULL, "e", NO}, {"^[\\u{10000}-\\u{10FFFF}]$", "\xf0\x9f\x98\x80", YES},
    {NULL, "\xef\xbf\xbd", NO}, {"^\xc3\xa9+$", "\xc3\xa9\xc3\xa9", YES}, {"^[\xf0\x9f\x98\x80-\xf0\x9f\x98\x82]$", "\xf0\x9f\x98\x81", YES},
    /* properties */
    {"^\\p{Lu}$", "A", YES}, {NULL, "\xc3\x89", YES}, {NULL, "a", NO}, {NULL, "1", NO},
    {"^\\p{L}+$", "a\xc3\xa9\xce\xb1\xe4\xb8\xad", YES}, {NULL, "a1", NO},
    {"^\\P{L}$", "1", YES}, {NULL, "a", NO},
    {"^\\p{Letter}$", "a", YES}, {"^\\p{gc=Nd}$", "\xd9\xa3", YES}, {"^\\p{General_Category=Decimal_Number}$", "5", YES},
    {"^\\p{Script=Greek}+$", "\xce\xb1\xce\xb2", YES}, {NULL, "a", NO}, {"^\\p{sc=Cyrl}$", "\xd0\x96", YES},
    {"^\\p{scx=Hira}$", "\xe3\x83\xbc", YES}, {"^\\p{sc=Hira}$", "\xe3\x83\xbc", NO},
    {"^\\p{Alphabetic}$", "\xc3\xa9", YES}, {"^\\p{Emoji_Presentation}$", "\xf0\x9f\x98\x80", YES}, {"^\\p{ASCII}$", "\xc3\xa9", NO},
    {"^\\p{Any}$", "\xf4\x8f\xbf\xbf", YES}, {"^\\p{Assigned}$", "\xf4\x8f\xbf\xbf", NO}, {"^\\p{Co}$", "\xf4\x8f\xbf\xbd", YES},
    {"^\\p{Co}$", "\xf4\x8f\xbf\xbf", NO}, {"^[\\p{L}\\p{M}' -]+$", "Zo\xc3\xab O'Neil", YES}, {NULL, "x1", NO},
    {"^[^\\p{L}]$", "\xc3\xa9", NO}, {"^[\\P{L}a]$", "a", YES}, {NULL, "b", NO}, {"^\\p{LC}$", "\xc7\x85", YES},
    /* repetition */
    {"^a*$", "", YES}, {NULL, "aaa", YES}, {NULL, "ab", NO}, {"^a?b$", "b", YES}, {NULL, "aab", NO},
    {"^a{3}$", "aaa", YES}, {NULL, "aa", NO}, {NULL, "aaaa", NO}, {"^a{2,}$", "a", NO}, {NULL, "aaaaa", YES},
    {"^a{1,3}$", "", NO}, {NULL, "aaa", YES}, {NULL, "aaaa", NO}, {"^a{0}$", "", YES}, {NULL, "a", NO},
    {"^a+?b*?$", "aab", YES}, {"^(ab)+$", "abab", YES}, {NULL, "aba", NO}, {"^(?:ab){2}c$", "ababc", YES},
    {"^(a|bc)*$", "abca", YES}, {NULL, "ab", NO}, {"^(a*)*$", "aaa", YES}, {"^(?:)*$", "", YES}, {"^(a?){3}$", "aa", YES},
    {NULL, "aaaa", NO}, {"^(?<year>\\d{4})-(?<month>\\d\\d)$", "2024-05", YES}, {NULL, "2024-5", NO},
    {"a.{3}b", "xxa123bxx", YES}, {NULL, "a12b", NO}, {"(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", NO},
    /* word boundaries are ASCII */
    {"\\bfoo\\b", "a foo b", YES}, {NULL, "foo", YES}, {NULL, "afoo", NO}, {NULL, "foo_", NO}, {NULL, "foo\xc3\xa9", YES},
    {"\\Bfoo", "afoo", YES}, {NULL, "foo", NO}, {"\\B", "", YES}, {"\\b", "", NO}, {"^\\b$", "", NO},
    /* lookaround at one character */
    {"^(?!-)[a-z-]+(?<!-)$", "a-b", YES}, {NULL, "-a", NO}, {NULL, "a-", NO},
    {"a(?=b)", "ab", YES}, {NULL, "ac", NO}, {NULL, "a", NO}, {"a(?!b)", "ac", YES}, {NULL, "a", YES}, {NULL, "ab", NO},
    {"(?<=\\$)\\d+", "cost $5", YES}, {NULL, "cost 5", NO}, {"(?<!\\d)7", "17", NO}, {NULL, "7", YES}, {NULL, "a7", YES},
    {"a(?=,|$)", "a", YES}, {NULL, "a,b", YES}, {NULL, "ab", NO}, {"(?<=^|,)b", "b", YES}, {NULL, ",b", YES}, {NULL, "ab", NO},
    {"a(?!$)", "a", NO}, {NULL, "ab", YES},
    /* lookaround at the ends */
    {"^(?=.*[A-Z])(?=.*\\d).{8,}$", "passWord1", YES}, {NULL, "password1", NO}, {NULL, "passWord", NO}, {NULL, "pW1", NO},
    {"^(?!admin$).+$", "admin", NO}, {NULL, "admins", YES}, {"^(?!.*\\.\\.)[a-z.]+$", "a.b", YES}, {NULL, "a..b", NO},
    {"^[a-z.]+(?<!\\.png)$", "a.jpg", YES}, {NULL, "a.png", NO}, {"^(?:(?=a).|b)$|^(?!xx)..(?<=y)$", "b", YES}, {NULL, "zy", YES},
    {NULL, "xx", NO}, {NULL, "zz", NO}, {"^(?=.{3,5}$)(?=a)\\w+$", "abcd", YES}, {NULL, "ab", NO}, {NULL, "abcdef", NO}, {NULL, "bcd", NO},
    {"^(?=ab|cd).*$", "abx", YES}, {NULL, "cdx", YES}, {NULL, "acx", NO},
    /* lookaround further in: PCRE2 */
    {"a(?=bc)b", "abc", YES}, {NULL, "abd", NO}, {"(?<=ab)c", "abc", YES}, {NULL, "bbc", NO},
    {"^(?:(?!foo).)*$", "barfo", YES}, {NULL, "barfoo", NO}, {"x(?!yz)", "xy", YES}, {NULL, "xyz", NO},
    {"a(?=.$)", "ab", YES}, {NULL, "ab\n", NO}, {"[^\\S ](?!..)", "\xef\xbb\xbf", YES}, {NULL, " ", NO},
    /* everyday */
    {"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", "123e4567-e89b-12d3-a456-426614174000", YES},
    {NULL, "123e4567-e89b-12d3-a456-42661417400", NO}, {NULL, "123E4567-e89b-12d3-a456-426614174000", NO},
    {"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,}$", "joe@example.com", YES}, {NULL, "joe@example", NO}, {NULL, "@x.com", NO},
    {"^https?:\\/\\/[^\\s/$.?#].[^\\s]*$", "https://example.com/a?b", YES}, {NULL, "ftp://example.com", NO}, {NULL, "http://a  b", NO},
    {"^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$", "2024-02-29", YES}, {NULL, "2024-13-01", NO}, {NULL, "2024-00-10", NO},
};
/* clang-format on */

/* With the engine asked for; skipped (false) where it can't have the pattern. */
static bool check_row(const char *pattern, const row *r, enum gh_pattern_engine engine)
{
    const char *why = "";
    gh_pattern *compiled = gh_pattern_new_with(gh_str_of(pattern), engine, &arena, &why);
    if (compiled == NULL && engine != GH_PATTERN_ANY)
        return false;
    if (compiled == NULL)
        fail_msg("%s: refused: %s", pattern, why);
    int got = (int)gh_pattern_match(compiled, gh_str_of(r->subject), &arena);
    bool gave_up = engine == GH_PATTERN_BACKTRACKING && got == GH_MATCH_TOO_COSTLY;
    if (got != r->want && !gave_up)
        fail_msg("%s on \"%s\" with engine %d: %d", pattern, r->subject, engine, got);
    gh_pattern_free(compiled);
    return true;
}

static void matches(void **state)
{
    (void)state;
    const char *pattern = NULL;
    size_t automata = 0, backtracking = 0;
    assert_true(GH_COUNT(rows) >= 250);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        pattern = rows[i].pattern == NULL ? pattern : rows[i].pattern;
        assert_true(check_row(pattern, &rows[i], GH_PATTERN_ANY));
        automata += check_row(pattern, &rows[i], GH_PATTERN_AUTOMATA);
        backtracking += check_row(pattern, &rows[i], GH_PATTERN_BACKTRACKING);
    }
    assert_true(automata >= GH_COUNT(rows) - 30);
    assert_true(backtracking == GH_COUNT(rows));
}

typedef struct refusal {
    const char *pattern, *why; /* a part of the reason */
} refusal;

/* clang-format off */
static const refusal refusals[] = {
    /* no pattern at all */
    {"a(b", "not closed"}, {"a)b", "unmatched )"}, {"[a", "not closed"}, {"a]", "unmatched }"}, {"a}", "unmatched }"},
    {"a{2", "not closed"}, {"a{", "repetition"}, {"a{,3}", "{0,3}"}, {"a{3,2}", "below its first"}, {"*a", "nothing to repeat"},
    {"a**", "nothing to repeat"}, {"+", "nothing to repeat"}, {"a|?", "nothing to repeat"}, {"(?=a)*", "can't be repeated"},
    {"^*", "can't be repeated"}, {"\\b+", "can't be repeated"}, {"[b-a]", "ends before it begins"}, {"[\\d-z]", "must begin and end with"},
    {"[a-\\w]", "must begin and end with"}, {"a\\", "backslash at the end"}, {"\\x4", "two hexadecimal"}, {"\\u12", "four hexadecimal"},
    {"\\u{110000}", "number of a code point"}, {"\\u{}", "number of a code point"}, {"\\c1", "needs a letter"}, {"\\01", "octal"},
    {"\\p", "property in braces"}, {"\\p{Nope}", "does not name"}, {"\\p{lu}", "does not name"}, {"\\p{sc=greek}", "does not name"},
    {"\\p{Greek}", "does not name"}, {"\\p{L", "not closed"}, {"(?<a>x)(?<a>y)", "same name"}, {"(?<1>x)", "name is made of"},
    {"(?<a", "name is made of"},
    /* other languages' */
    {"\\Aa", "write ^"}, {"a\\Z", "write $"}, {"a\\z", "write $"}, {"\\Ga", "not of ECMA-262"}, {"a\\Kb", "not of ECMA-262"},
    {"\\h", "not of ECMA-262"}, {"\\R", "not of ECMA-262"}, {"\\X", "not of ECMA-262"}, {"\\Qa\\E", "not of ECMA-262"},
    {"\\y", "may not be escaped"}, {"\\é", "may not be escaped"}, {"[\\y]", "may not be escaped"},
    {"[[:alpha:]]", "POSIX"}, {"(?i)a", "inline flags"}, {"(?i:a)", "inline flags"}, {"(?>a)", "atomic"}, {"a++", "possessive"},
    {"a*+", "possessive"}, {"a{2}+", "possessive"}, {"a?+", "possessive"}, {"(?#x)", "comments"}, {"(?R)", "recursion"}, {"(?1)", "recursion"},
    {"(?P<n>a)", "(?<name>...)"}, {"(?|a|b)", "not of ECMA-262"}, {"(*UTF)a", "verbs"},
    /* what can't be checked in bearable time */
    {"(a)\\1", "backreferences"}, {"(?<n>a)\\k<n>", "backreferences"}, {"a{70000}", "65,535"},
    {"x(?!yz)(a+)+b", "the part (a+)+ can match"}, {"x(?!yz)(a|a)*b", "the part (a|a)* can match"}, {"x(?!yz)(a*)*b", "in many ways"},
    {"x(?!yz)([a-z]+\\s?)*b", "in many ways"}, {"x(?!yz)(.*,)*b", "in many ways"}, {"x(?!yz)(a|ab|b)*c", "in many ways"},
    {"x(?=(a+)+b)yz", "the part (a+)+ can match"}, {"x(?!yz)(\\w{1,10}\\s?){1,20}b", "in many ways"}, {"x(?!yz)(a|b|ab)*c", "in many ways"},
    {"x(?!yz)a*a*a*b", "share its text"}, {"x(?!yz)\\d+\\w+[a-z0-9]+!", "share its text"}, {"x(?=a{1,3}b)(?<=x|x+)yz", "fixed length"},
};

/* Must be taken, and by automata. */
static const row everyday[] = {
    {"^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$", "1.0.0-alpha.1+build.5", YES},
    {"^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d+)?(?:Z|[+-]\\d{2}:\\d{2})$", "2024-05-01T10:00:00.5Z", YES},
    {"^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}$", "192.168.0.1", YES},
    {"^((25[0-5]|(2[0-4]|1\\d|[1-9]|)\\d)\\.?\\b){4}$", "10.0.0.255", YES},
    {"^[a-z0-9]+(?:-[a-z0-9]+)*$", "a-slug-1", YES}, {"^\\+[1-9]\\d{1,14}$", "+4915112345678", YES},
    {"^#(?:[0-9a-fA-F]{3}){1,2}$", "#fff", YES}, {"^#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$", "#12345", NO},
    {"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", "Zm9vYg==", YES},
    {"^(\\*|[0-5]?\\d)(/\\d+)? (\\*|[01]?\\d|2[0-3]) (\\*|[12]?\\d|3[01]) (\\*|\\d|1[0-2]) (\\*|[0-6])$", "*/5 0 1 * 6", YES},
    {"^(?:[a-z]+-)+[a-z]+$", "a-b-c", YES}, {"^[A-Z]{2}$", "DE", YES}, {"^[a-z]{2}(?:-[A-Z]{2})?$", "pt-BR", YES},
    {"^[A-Z]{3}$", "EUR", YES}, {"^\\s+|\\s+$", "a ", YES}, {"^[^<>]*$", "a<b", NO}, {"^(true|false)$", "true", YES},
    {"^-?\\d+(\\.\\d{1,2})?$", "-12.50", YES}, {"^[0-9a-fA-F]{24}$", "507f1f77bcf86cd799439011", YES},
    {"^([01]?\\d|2[0-3]):[0-5]\\d$", "23:59", YES}, {"^[A-Za-z_][A-Za-z0-9_]*$", "_a1", YES}, {"^\\$ref$", "$ref", YES}, {"^x-", "x-a", YES},
    {"^(?!-)(?:[a-zA-Z0-9-]{1,63}\\.)+[a-zA-Z]{2,63}$", "api.example.com", YES},
    {"^((?!-)[A-Za-z0-9-]{1,63}(?<!-)\\.)+[A-Za-z]{2,6}$", "a-.example.com", NO},
    {"^[A-Z]{2}\\d{2}[A-Z0-9]{11,30}$", "DE89370400440532013000", YES}, {"^\\d{5}(-\\d{4})?$", "90210-1234", YES},
    {"^arn:aws:[a-z0-9-]+:[a-z0-9-]*:\\d{12}:[\\w/+=,.@:-]+$", "arn:aws:iam::123456789012:role/a", YES},
    {"^[\\p{L}\\p{M}][\\p{L}\\p{M}' .-]{0,99}$", "Ren\xc3\xa9" "e", YES}, {"^data:image/(png|jpeg);base64,[A-Za-z0-9+/]+=*$", "data:image/png;base64,AA==", YES},
    {"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$", "00:1b:44:11:3a:b7", YES}, {"^.{1,255}$", "x", YES}, {"^[\\s\\S]{1,2000}$", "", NO},
    {"^(?:4\\d{12}(?:\\d{3})?|5[1-5]\\d{14})$", "4111111111111111", YES}, {"^[A-Za-z0-9-_]+\\.[A-Za-z0-9-_]+\\.[A-Za-z0-9-_]*$", "a.b.c", YES},
    {"^P(?!$)(\\d+Y)?(\\d+M)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+S)?)?$", "P1DT", NO}, {"^(.*,)*$", "a,b,", YES},
    {"^(?=.*[a-z])(?=.*[A-Z])(?=.*\\d)(?=.*[@$!%*?&])[A-Za-z\\d@$!%*?&]{8,64}$", "Passw0rd!", YES},
};
/* clang-format on */

static void refuses(void **state)
{
    (void)state;
    assert_true(GH_COUNT(refusals) >= 70);
    for (size_t i = 0; i < GH_COUNT(refusals); i++) {
        const refusal *r = &refusals[i];
        const char *why = NULL;
        gh_pattern *compiled = gh_pattern_new(gh_str_of(r->pattern), &arena, &why);
        if (compiled != NULL)
            fail_msg("%s: taken", r->pattern);
        if (strstr(why, r->why) == NULL)
            fail_msg("%s: refused: %s", r->pattern, why);
    }
}

static void takes_everyday_patterns(void **state)
{
    (void)state;
    assert_true(GH_COUNT(everyday) >= 38);
    for (size_t i = 0; i < GH_COUNT(everyday); i++) {
        assert_true(check_row(everyday[i].pattern, &everyday[i], GH_PATTERN_ANY));
        if (!check_row(everyday[i].pattern, &everyday[i], GH_PATTERN_AUTOMATA))
            fail_msg("%s: not by automata", everyday[i].pattern);
    }
}

/* Subjects out of a small alphabet: the automata and PCRE2 say the same of each. */
static void compare_engines(const char *text, uint32_t seed)
{
    static const char *const letters[] = {"a", "b", "1", "2024-05-01", "-",  ".", "A",
                                          "_", " ", "@", "\xc3\xa9",   "\n", "x"};
    const char *why = "";
    gh_pattern *usual = gh_pattern_new_with(gh_str_of(text), GH_PATTERN_AUTOMATA, &arena, &why);
    gh_pattern *tried = gh_pattern_new_with(gh_str_of(text), GH_PATTERN_BACKTRACKING, &arena, &why);
    for (unsigned round = 0; usual != NULL && tried != NULL && round < 60; round++) {
        char memory[256];
        gh_buf subject = gh_buf_over(memory, sizeof memory);
        for (seed = seed * 1664525u + 1013904223u; seed >> 28 != 0; seed = seed * 1664525u + 1013904223u)
            gh_buf_put(&subject, gh_str_of(letters[(seed >> 16) % GH_COUNT(letters)]));
        int want = (int)gh_pattern_match(tried, gh_buf_str(&subject), &arena);
        int got = (int)gh_pattern_match(usual, gh_buf_str(&subject), &arena);
        if (want != GH_MATCH_TOO_COSTLY && got != want)
            fail_msg("%s on \"%.*s\": %d, PCRE2 says %d", text, (int)subject.n, subject.p, got, want);
    }
    gh_pattern_free(usual);
    gh_pattern_free(tried);
}

static void engines_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        if (rows[i].pattern != NULL)
            compare_engines(rows[i].pattern, (uint32_t)i + 1);
    for (size_t i = 0; i < GH_COUNT(everyday); i++)
        compare_engines(everyday[i].pattern, (uint32_t)i + 1);
}

static void refuses_what_is_too_long_or_too_deep(void **state)
{
    (void)state;
    static char text[5000];
    const char *why = NULL;
    memset(text, 'a', sizeof text);
    assert_null(gh_pattern_new((gh_str){text, GH_PATTERN_LENGTH_MAX + 1}, &arena, &why));
    assert_non_null(strstr(why, "longer than"));
    text[0] = '^';
    gh_pattern *longest = gh_pattern_new((gh_str){text, GH_PATTERN_LENGTH_MAX}, &arena, &why);
    assert_non_null(longest);
    gh_pattern_free(longest);
    memset(text, '(', sizeof text);
    assert_null(gh_pattern_new((gh_str){text, 100}, &arena, &why));
    assert_non_null(strstr(why, "64 deep"));
}

/* Patterns that are exponential for those who go back: n bytes are read once a part, 2 n bytes twice as many. */
static void work_is_linear(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(a+)+$",    "^(a|a)*$",    "(a*)*b",          "^(a?){50}a{50}$", "a*a*a*a*b",
        "(.*,)*\\d", "^\\s+|\\s+$", ".*foo.*bar.*baz", "(?:a|aa)+$",      "^(?=(a+)+b)(?!a*c)a+$"};
    static char text[20001];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '!';
    for (size_t i = 0; i < GH_COUNT(patterns); i++) {
        const char *why = "";
        size_t once, twice;
        gh_pattern *pattern = gh_pattern_new(gh_str_of(patterns[i]), &arena, &why);
        if (pattern == NULL || gh_pattern_engine_of(pattern) != GH_PATTERN_AUTOMATA)
            fail_msg("%s: %s", patterns[i], why);
        gh_str whole = {text, sizeof text}, half = {text + 10000, sizeof text - 10000};
        assert_int_equal(gh_pattern_match_counted(pattern, half, &arena, &once), NO);
        assert_int_equal(gh_pattern_match_counted(pattern, whole, &arena, &twice), NO);
        assert_true(twice <= 2 * once && once <= 3 * half.n);
        gh_pattern_free(pattern);
    }
}

/* Backtracking gives up; its memory is its own, so none of the caller's is used up. */
static void backtracking_has_limits(void **state)
{
    (void)state;
    static char text[100000];
    const char *why = "";
    memset(text, 'a', sizeof text);
    gh_pattern *pattern = gh_pattern_new_with(GH_STR("(a+)+b"), GH_PATTERN_BACKTRACKING, &arena, &why);
    assert_non_null(pattern);
    char *at = arena.at;
    assert_int_equal(gh_pattern_match(pattern, (gh_str){text, sizeof text}, &arena), GH_MATCH_TOO_COSTLY);
    assert_ptr_equal(arena.at, at);
    gh_pattern_free(pattern);
    /* Also where PCRE2 would begin anew at each place: no start is free of charge. */
    pattern = gh_pattern_new_with(GH_STR("[a-z]+x"), GH_PATTERN_BACKTRACKING, &arena, &why);
    assert_non_null(pattern);
    assert_int_equal(gh_pattern_match(pattern, (gh_str){text, sizeof text}, &arena), GH_MATCH_TOO_COSTLY);
    gh_arena none;
    gh_arena_init(&none, NULL, 0, 0);
    assert_int_equal(gh_pattern_match(pattern, GH_STR("aax"), &none), GH_MATCH_TOO_COSTLY);
    gh_pattern_free(pattern);
    gh_pattern_free(NULL);
}

/* A pattern whose automaton is too large still works; reading what is not UTF-8 stays inside. */
static void falls_back(void **state)
{
    (void)state;
    const char *why = "";
    gh_pattern_free(gh_pattern_new(GH_STR("a.{500}b"), &arena, &why));
    assert_string_equal(why, "");
    gh_pattern *pattern = gh_pattern_new(GH_STR("a[ab]{40}c"), &arena, &why);
    assert_non_null(pattern);
    assert_int_equal(gh_pattern_engine_of(pattern), GH_PATTERN_BACKTRACKING);
    assert_int_equal(gh_pattern_match(pattern, GH_STR("aaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbc"), &arena),
                     YES);
    assert_int_equal(gh_pattern_match(pattern, GH_STR("aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbc"), &arena),
                     NO);
    gh_pattern_free(pattern);
    pattern = gh_pattern_new(GH_STR("^.$"), &arena, &why);
    assert_non_null(pattern);
    assert_int_equal(gh_pattern_match(pattern, GH_STR("\xf0\x9f"), &arena), YES);
    gh_pattern_free(pattern);
}

/* Looking a property up takes milliseconds and some memory: once a pattern is enough. */
static void properties_are_looked_up_once(void **state)
{
    (void)state;
    enum { TIMES = 700 };
    static const char one[] = "\\p{L}";
    char text[TIMES * (sizeof one - 1)];
    const char *why = NULL;
    for (size_t i = 0; i < TIMES; i++)
        memcpy(text + i * (sizeof one - 1), one, sizeof one - 1);
    gh_pattern *pattern = gh_pattern_new((gh_str){text, sizeof text}, &arena, &why);
    if (pattern == NULL)
        fail_msg("%s", why);
    char subject[TIMES];
    memset(subject, 'x', sizeof subject);
    assert_int_equal(gh_pattern_match(pattern, (gh_str){subject, sizeof subject}, &arena), YES);
    assert_int_equal(gh_pattern_match(pattern, (gh_str){subject, sizeof subject - 1}, &arena), NO);
    gh_pattern_free(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(matches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_everyday_patterns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(engines_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_too_long_or_too_deep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(work_is_linear, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backtracking_has_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(falls_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(properties_are_looked_up_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
