/* Path templates of OpenAPI: what they match, and how mixed segments are read in one way only. */
#include "unit.h"

#include "base/buf.h"
#include "wire/path_pattern.h"

static gh_arena arena;

static gh_path_pattern compiled(const char *text)
{
    gh_path_pattern pattern = {.n_segments = 0};
    const char *why = "";
    unsigned column = 0;
    if (!gh_path_template_compile(gh_str_of(text), &arena, &pattern, &why, &column))
        fail_msg("%s: %s at %u", text, why, column);
    return pattern;
}

static void matches(void **state)
{
    (void)state;
    static const struct {
        const char *template, *path;
        const char *params; /* joined by ","; NULL: no match */
    } rows[] = {
        {"/", "/", ""},
        {"/a/", "/a/", ""},
        {"/a/", "/a", NULL},
        {"/a/{user-id}/x", "/a/7/x", "7"},
        {"/a/{user.id}/{ }", "/a/7/8", "7,8"},
        {"/a/{b}", "/a/", NULL},
        {"/*/a", "/*/a", ""},
        {"/a b", "/a%20b", ""},
        {"/a%20b", "/a%20b", ""},
        {"/%c3%a9", "/%C3%A9", ""},
        {"/\xc3\xa9/{a}", "/%C3%A9/1", "1"},
        {"/%7Ea%41", "/~aA", ""},
        {"/a\"|", "/a\"|", ""},
        {"/files/{name}.json", "/files/a.json", "a"},
        {"/files/{name}.json", "/files/a.json.json", "a.json"},
        {"/files/{name}.json", "/files/.json", NULL},
        {"/files/{name}.json", "/files/a.jso", NULL},
        {"/files/{name}.json", "/files/a.json/", NULL},
        {"/v{n}", "/v1", "1"},
        {"/v{n}", "/v", NULL},
        {"/v{n}", "/w1", NULL},
        {"/v{n}/x", "/v1/x", "1"},
        {"/aba{n}ba", "/aba", NULL},
        {"/aba{n}ba", "/aba1ba", "1"},
        {"/{owner}:{repo}", "/a:b", "a,b"},
        {"/{owner}:{repo}", "/:b", NULL},
        {"/{owner}:{repo}", "/a:", NULL},
        {"/{owner}:{repo}", "/ab", NULL},
        {"/{owner}:{repo}", "/a:b:c", NULL},  /* "a" and "b:c", or "a:b" and "c"? */
        {"/{owner}:{repo}", "/:a:b", ":a,b"}, /* a parameter is not empty */
        {"/{a}--{b}", "/1---2", NULL},        /* "1" and "-2", or "1-" and "2"? */
        {"/{a}.{b}.{c}", "/1.2.3", "1,2,3"},
        {"/{a}.{b}.{c}", "/1.2.3.4", NULL},
        {"/({lat},{lon})/x", "/(1.5,-2)/x", "1.5,-2"},
        {"/a-{b}%20{c}z", "/a-1%202z", "1,2"},
        {"/{b}%20{c}", "/a%20b", "a,b"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_path_pattern pattern = compiled(rows[i].template);
        gh_path_params params = {.n = 99};
        bool matched = gh_path_pattern_match(&pattern, gh_str_of(rows[i].path), &params);
        if (matched != (rows[i].params != NULL) ||
            gh_path_pattern_match(&pattern, gh_str_of(rows[i].path), NULL) != matched)
            fail_msg("%s and %s", rows[i].template, rows[i].path);
        if (!matched)
            continue;
        char memory[64] = {0};
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        for (unsigned k = 0; k < params.n; k++) {
            gh_buf_put(&out, k == 0 ? GH_STR("") : GH_STR(","));
            gh_buf_put(&out, params.values[k]);
        }
        assert_string_equal(memory, rows[i].params);
        assert_int_equal(params.n, pattern.n_params);
    }
}

static void keeps_its_text_and_prefix(void **state)
{
    (void)state;
    gh_path_pattern pattern = compiled("/%61/b c/{x}.y/z");
    assert_true(gh_str_eq(pattern.text, GH_STR("/%61/b c/{x}.y/z")));
    assert_true(gh_str_eq(pattern.prefix, GH_STR("/a/b%20c")));
    assert_int_equal(pattern.n_leading, 2);
    assert_int_equal(pattern.n_segments, 5);
    assert_false(pattern.segments[2].joined);
    assert_true(pattern.segments[3].joined);
    assert_false(pattern.segments[4].joined);
}

static void refuses_with_a_column(void **state)
{
    (void)state;
    static const struct {
        const char *template;
        unsigned column;
        const char *why; /* a part of the text */
    } rows[] = {
        {"", 1, "begins"},
        {"a", 1, "begins"},
        {"{a}", 1, "begins"},
        {"/a//b", 4, "runs"},
        {"/a/{}", 4, "name"},
        {"/a/{b", 4, "without"},
        {"/a/b}", 5, "without"},
        {"/a/}{b", 4, "without"},
        {"/a/{b}}", 7, "without"},
        {"/{a{b}}", 4, "within"},
        {"/{a/b}", 2, "without"},
        {"/a/{b}{c}", 7, "between"},
        {"/{a}/b/{a}", 8, "taken"},
        {"/{a}.{a}", 6, "taken"},
        {"/a?b", 3, "query"},
        {"/a#b", 3, "query"},
        {"/a\\b", 3, "no path"},
        {"/a\tb", 3, "no path"},
        {"/a/.", 4, "dot"},
        {"/%2e%2E/a", 2, "dot"},
        {"/a%", 3, "two hex"},
        {"/x{a}%4", 6, "two hex"},
        {"/a%2f", 3, "refused"},
        {"/{a}%00", 5, "refused"},
        {"/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}", 34, "8"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_path_pattern pattern = {.n_segments = 99};
        const char *why = "";
        unsigned column = 0;
        if (gh_path_template_compile(gh_str_of(rows[i].template), &arena, &pattern, &why, &column))
            fail_msg("%s", rows[i].template);
        if (column != rows[i].column || strstr(why, rows[i].why) == NULL)
            fail_msg("%s: %s at %u", rows[i].template, why, column);
        assert_int_equal(pattern.n_segments, 99);
    }
    char deep[2 * GH_PATH_SEGMENTS_MAX + 2];
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = i % 2 == 0 ? '/' : 'a';
    gh_path_pattern pattern;
    const char *why;
    unsigned column;
    assert_true(gh_path_template_compile((gh_str){deep, sizeof deep - 2}, &arena, &pattern, &why, &column));
    assert_false(gh_path_template_compile((gh_str){deep, sizeof deep}, &arena, &pattern, &why, &column));
}

/* How many ways there are to read `part` as pieces of literals and parameters, up to two. */
static unsigned ways(const gh_path_segment *pieces, unsigned n, gh_str part)
{
    unsigned found = 0;
    if (n == 0)
        return part.n == 0;
    if (pieces->text.p != NULL)
        return gh_str_starts(part, pieces->text)
                   ? ways(pieces + 1, n - 1, gh_str_cut(part, pieces->text.n, part.n))
                   : 0;
    for (size_t i = 1; i <= part.n && found < 2; i++)
        found += ways(pieces + 1, n - 1, gh_str_cut(part, i, part.n));
    return found;
}

static void property_mixed_segments_match_in_one_way(void **state)
{
    (void)state;
    uint32_t x = 3;
    unsigned counts[3] = {0};
    for (unsigned round = 0; round < 50000; round++) {
        static const gh_str literals[] = {S("a"), S("b"), S("ab"), S("aba"), S("bb")};
        gh_path_segment pieces[7];
        char part[10];
        unsigned n = 0;
        size_t size = 0;
        x = x * 1664525 + 1013904223;
        bool param = (x >> 12 & 1) != 0;
        for (unsigned want = 2 + (x >> 13) % 5; n < want; n++, param = !param) {
            x = x * 1664525 + 1013904223;
            pieces[n] = (gh_path_segment){.joined = n > 0};
            if (!param)
                pieces[n].text = literals[(x >> 12) % GH_COUNT(literals)];
        }
        for (x = x * 1664525 + 1013904223; size < (x >> 8) % sizeof part; size++)
            part[size] = (x >> (12 + size) & 1) != 0 ? 'a' : 'b';
        gh_str text = {part, size}, values[4];
        unsigned have = ways(pieces, n, text);
        counts[have > 1 ? 2 : have]++;
        if (gh_path_pieces_match(pieces, n, text, values) != (have == 1))
            fail_msg("round %u: %u ways of %.*s", round, have, (int)size, part);
        if (have != 1)
            continue;
        const char *at = part;
        for (unsigned i = 0, k = 0; i < n; i++) {
            gh_str piece = pieces[i].text.p != NULL ? pieces[i].text : values[k++];
            assert_true(gh_str_eq((gh_str){at, piece.n}, piece));
            at += piece.n;
        }
        assert_ptr_equal(at, part + size);
    }
    assert_true(counts[0] > 1000 && counts[1] > 500 && counts[2] > 100);
}

static int start(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),
        cmocka_unit_test(keeps_its_text_and_prefix),
        cmocka_unit_test(refuses_with_a_column),
        cmocka_unit_test(property_mixed_segments_match_in_one_way),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
