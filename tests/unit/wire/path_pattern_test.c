#include "wire/path_pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

static gh_arena arena;

static gh_path_pattern compiled(gh_str text)
{
    gh_path_pattern pattern = {.n_segments = 0};
    const char *why = "";
    unsigned column = 0;
    if (!gh_path_pattern_compile(text, &arena, &pattern, &why, &column))
        fail_msg("%.*s: %s at %u", (int)text.n, text.p, why, column);
    return pattern;
}

static void matches(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        const char *params; /* joined by ","; NULL: no match */
    } rows[] = {
        {"/", "/", ""},
        {"/", "/a", NULL},
        {"/", "", NULL},
        {"/a/b", "/a/b", ""},
        {"/a/b", "/a/b/", NULL},
        {"/a/b", "/a/bc", NULL},
        {"/a/b", "/a", NULL},
        {"/a/b", "/A/b", NULL},
        {"/a/", "/a/", ""},
        {"/a/", "/a", NULL},
        {"/users/{id}/x", "/users/42/x", "42"},
        {"/users/{id}/x", "/users//x", NULL},
        {"/users/{id}/x", "/users/42/y", NULL},
        {"/users/{id}/x", "/users/42", NULL},
        {"/users/{id}/x", "/users/4/2/x", NULL},
        {"/users/{id}/x", "/users/42/x/y", NULL},
        {"/{a}", "/x", "x"},
        {"/{a}", "/", NULL},
        {"/{a}/", "/x/", "x"},
        {"/{a}/", "/x", NULL},
        {"/{}/{}", "/x/y", "x,y"},
        {"/{a}/b/{c}", "/1/b/3", "1,3"},
        {"/static/**", "/static", ""},
        {"/static/**", "/static/", ""},
        {"/static/**", "/static/a/b", ""},
        {"/static/**", "/staticx", NULL},
        {"/static/**", "/stati", NULL},
        {"/**", "/", ""},
        {"/**", "/a/b", ""},
        {"/**", "*", NULL},
        {"/**", "", NULL},
        {"/{a}/**", "/", NULL},
        {"/{a}/**", "/x", "x"},
        {"/{a}/**", "/x/y", "x"},
        {"/a%20b/{x}", "/a%20b/c%2Cd", "c%2Cd"},
        {"/a|b", "/a|b", ""},
        {"/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}", "/a/b/c/d/e/f/g/h", "a,b,c,d,e,f,g,h"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_path_pattern pattern = compiled(gh_str_of(rows[i].pattern));
        gh_path_params params = {.n = 99};
        bool matched = gh_path_pattern_match(&pattern, gh_str_of(rows[i].path), &params);
        if (matched != (rows[i].params != NULL) ||
            gh_path_pattern_match(&pattern, gh_str_of(rows[i].path), NULL) != matched)
            fail_msg("%s and %s", rows[i].pattern, rows[i].path);
        if (!matched) {
            assert_int_equal(params.n, 99);
            continue;
        }
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

static void matches_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool matched;
    } rows[] = {
        {"/a/b", "/A/b", true},     {"/a/b", "/a/b/", true},      {"/a/b/", "/a/b", true},
        {"/a/b", "/a/b;x=1", true}, {"/a/b", "/a;x;y/b", true},   {"/a/b", "/;x/a/;y/b/;", true},
        {"/a/b", "/a/bc", false},   {"/a/b", "/a/b/c", false},    {"/a/b", "/a/b/;x/c", false},
        {"/a/b", "/a", false},      {"/a/b", "/ab", false},       {"/a/b", "*", false},
        {"/a/b", "", false},        {"/a;b", "/a;b", true},       {"/a;b", "/a;c", false},
        {"/@a", "/%40A", true},     {"/%C3%A9", "/%C3%A9", true}, {"/%C3%A9", "/%C3%89", false},
        {"/a%3Bb", "/a%3Bb", true}, {"/a", "/a%3Bb", false},      {"/{id}/x", "/7;y/X/", true},
        {"/{id}/x", "/x", false},   {"/a/**", "/A", true},        {"/a/**", "/A/b", true},
        {"/a/**", "/ab", false},    {"/**", "*", false},          {"/", "/", true},
        {"/", "/;x", true},         {"/", "/a", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_path_pattern pattern = compiled(gh_str_of(rows[i].pattern));
        if (gh_path_pattern_match_spellings(&pattern, gh_str_of(rows[i].path)) != rows[i].matched)
            fail_msg("%s and %s", rows[i].pattern, rows[i].path);
    }
}

static void refuses_with_a_column(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        unsigned column;
        const char *why; /* a part of the text */
    } rows[] = {
        {"", 1, "begins"},
        {"a", 1, "begins"},
        {"**", 1, "begins"},
        {"/a//b", 4, "runs"},
        {"//", 2, "runs"},
        {"/a/*", 4, "**"},
        {"/a*", 3, "**"},
        {"/***", 2, "**"},
        {"/**/a", 2, "last"},
        {"/**/", 2, "last"},
        {"/a/{b", 4, "whole segment"},
        {"/a/b}", 5, "whole segment"},
        {"/a/{b}c", 4, "whole segment"},
        {"/a/x{b}", 5, "whole segment"},
        {"/a/{b}{c}", 4, "whole segment"},
        {"/{a-b}", 4, "letters"},
        {"/{a}/b/{a}", 8, "taken"},
        {"/a?b", 3, "query"},
        {"/a#b", 3, "fragment"},
        {"/a b", 3, "escaped"},
        {"/a\\b", 3, "escaped"},
        {"/\xc3\xa4", 2, "escaped"},
        {"/a/.", 4, "dot"},
        {"/../a", 2, "dot"},
        {"/a%", 3, "two hex"},
        {"/a%2", 3, "two hex"},
        {"/a%zz", 3, "two hex"},
        {"/a%2c", 3, "upper"},
        {"/a%41", 3, "unescaped"},
        {"/a%2F", 3, "refused"},
        {"/a%5C", 3, "refused"},
        {"/%00", 2, "refused"},
        {"/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}", 34, "8"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_path_pattern pattern = {.n_segments = 99};
        const char *why = "";
        unsigned column = 0;
        if (gh_path_pattern_compile(gh_str_of(rows[i].pattern), &arena, &pattern, &why, &column))
            fail_msg("%s", rows[i].pattern);
        if (column != rows[i].column || strstr(why, rows[i].why) == NULL)
            fail_msg("%s: %s at %u", rows[i].pattern, why, column);
        assert_int_equal(pattern.n_segments, 99);
    }
    char deep[2 * GH_PATH_SEGMENTS_MAX + 2];
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = i % 2 == 0 ? '/' : 'a';
    gh_path_pattern pattern;
    const char *why;
    unsigned column;
    assert_true(gh_path_pattern_compile((gh_str){deep, sizeof deep - 2}, &arena, &pattern, &why, &column));
    assert_false(gh_path_pattern_compile((gh_str){deep, sizeof deep}, &arena, &pattern, &why, &column));
}

static void covers(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool yes;
    } rows[] = {
        {"/**", "/", true},          {"/**", "/**", true},         {"/**", "/{a}/**", true},
        {"/{a}/**", "/**", false},   {"/{a}", "/x", true},         {"/x", "/{a}", false},
        {"/{a}", "/{b}", true},      {"/{a}", "/", false},         {"/{a}/**", "/", false},
        {"/a/**", "/a", true},       {"/a/**", "/a/", true},       {"/a/**", "/a/b/{c}", true},
        {"/a/**", "/{x}/**", false}, {"/{x}/**", "/a/**", true},   {"/a/**", "/ab", false},
        {"/a/b/**", "/a/**", false}, {"/a", "/a/**", false},       {"/a/{b}", "/a/**", false},
        {"/{a}/x", "/y/{b}", false}, {"/{a}/{b}", "/y/{b}", true}, {"/a/", "/a", false},
        {"/{a}/{b}", "/a/", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_path_pattern a = compiled(gh_str_of(rows[i].a)), b = compiled(gh_str_of(rows[i].b));
        if (gh_path_pattern_covers(&a, &b) != rows[i].yes)
            fail_msg("%s covers %s", rows[i].a, rows[i].b);
    }
}

static uint32_t next_random(uint32_t *x)
{
    *x = *x * 1664525 + 1013904223;
    return *x >> 12;
}

static gh_str random_pattern(uint32_t *x, char *memory, size_t cap)
{
    static const char *const parts[] = {"/a", "/b", "/ab", "/{}"};
    gh_buf out = gh_buf_over(memory, cap);
    for (unsigned n = next_random(x) % 4; n > 0; n--)
        gh_buf_put(&out, gh_str_of(parts[next_random(x) % GH_COUNT(parts)]));
    unsigned end = next_random(x) % 3;
    if (end == 0)
        gh_buf_lit(&out, "/**");
    else if (end == 1 || out.n == 0)
        gh_buf_lit(&out, "/");
    return gh_buf_str(&out);
}

static gh_str random_path(uint32_t *x, char *memory, size_t cap)
{
    static const char *const parts[] = {"/a", "/b", "/ab", "/c", "/"};
    gh_buf out = gh_buf_over(memory, cap);
    for (unsigned n = 1 + next_random(x) % 5; n > 0; n--)
        gh_buf_put(&out, gh_str_of(parts[next_random(x) % GH_COUNT(parts)]));
    return gh_buf_str(&out);
}

/* What a pattern means, said once more and slowly: each segment in turn. */
static bool matches_slowly(gh_str pattern, gh_str path)
{
    gh_str want, got;
    gh_str patterns = gh_str_cut(pattern, 1, pattern.n), paths = gh_str_cut(path, 1, path.n);
    for (;;) {
        bool more_want = gh_str_next(&patterns, '/', &want);
        if (more_want && gh_str_eq(want, GH_STR("**")))
            return true;
        bool more_got = gh_str_next(&paths, '/', &got);
        if (!more_want || !more_got)
            return more_want == more_got ||
                   (!more_got && gh_str_eq(want, GH_STR("**")) && patterns.p == NULL);
        if (gh_str_eq(want, GH_STR("{}")) ? got.n == 0 : !gh_str_eq(want, got))
            return false;
    }
}

static void property_match_means_the_same(void **state)
{
    (void)state;
    uint32_t x = 7;
    unsigned matched = 0;
    for (unsigned round = 0; round < 20000; round++) {
        char one[64], two[64];
        gh_path_pattern pattern = compiled(random_pattern(&x, one, sizeof one));
        gh_str path = random_path(&x, two, sizeof two);
        bool want = matches_slowly(pattern.text, path);
        matched += want;
        if (gh_path_pattern_match(&pattern, path, NULL) != want)
            fail_msg("%.*s and %.*s", (int)pattern.text.n, pattern.text.p, (int)path.n, path.p);
        assert_true(!want || gh_path_pattern_match_spellings(&pattern, path));
        gh_arena_reset(&arena);
    }
    assert_in_range(matched, 1000, 19000);
}

/* A path that b matches, with "zz" for each parameter, which no pattern here names. */
static gh_str witness(const gh_path_pattern *b, bool with_rest, char *memory, size_t cap)
{
    gh_buf out = gh_buf_over(memory, cap);
    for (unsigned i = 0; i < b->n_segments; i++) {
        gh_buf_char(&out, '/');
        gh_buf_put(&out, b->segments[i].text.p == NULL ? GH_STR("zz") : b->segments[i].text);
    }
    if (with_rest && b->rest)
        gh_buf_lit(&out, "/zz");
    else if (out.n == 0)
        gh_buf_char(&out, '/');
    return gh_buf_str(&out);
}

/* covers(a, b) exactly when no path is matched by b alone. */
static void property_covers_is_exact(void **state)
{
    (void)state;
    uint32_t x = 99;
    unsigned covered = 0;
    for (unsigned round = 0; round < 20000; round++) {
        char one[64], two[64], three[64];
        gh_path_pattern a = compiled(random_pattern(&x, one, sizeof one));
        gh_path_pattern b = compiled(random_pattern(&x, two, sizeof two));
        bool says = gh_path_pattern_covers(&a, &b);
        covered += says;
        for (unsigned k = 0; says && k < 8; k++) {
            gh_str path = random_path(&x, three, sizeof three);
            if (gh_path_pattern_match(&b, path, NULL) && !gh_path_pattern_match(&a, path, NULL))
                fail_msg("%.*s does not cover %.*s", (int)a.text.n, a.text.p, (int)b.text.n, b.text.p);
        }
        bool all = true;
        for (unsigned k = 0; k < 2; k++) {
            gh_str path = witness(&b, k == 1, three, sizeof three);
            assert_true(gh_path_pattern_match(&b, path, NULL));
            all = all && gh_path_pattern_match(&a, path, NULL);
        }
        if (all != says)
            fail_msg("%.*s covers %.*s", (int)a.text.n, a.text.p, (int)b.text.n, b.text.p);
        gh_arena_reset(&arena);
    }
    assert_in_range(covered, 1000, 19000);
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
        cmocka_unit_test(matches_spellings),
        cmocka_unit_test(refuses_with_a_column),
        cmocka_unit_test(covers),
        cmocka_unit_test(property_match_means_the_same),
        cmocka_unit_test(property_covers_is_exact),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
