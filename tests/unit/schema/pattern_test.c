#include "schema/pattern.h"

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
    {"^https?:\\/\\/[^\\s/$.?#].[^\\s]*$", "https://example.com/a?b", YES}, {NULL, "ftp://example.com", NO}, {NULL, "http://a b", NO},
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
    int got = gh_pattern_match(compiled, gh_str_of(r->subject), &arena);
    if (got != r->want)
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
