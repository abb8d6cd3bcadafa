/* Documents in YAML and JSON: what they mean, what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "config/document.h"

enum { ARENA = 64 << 20 };

static gh_json *read_in(gh_arena *arena, gh_str text, gh_json_error *error)
{
    gh_arena_init(arena, NULL, 0, ARENA);
    return gh_document_read(text, arena, error);
}

/* Equal documents. */
static const struct {
    const char *yaml, *json;
} meanings[] = {
    /* plain scalars by the core schema */
    {"[null, Null, NULL, ~]", "[null,null,null,null]"},
    {"a:\nb: ", "{\"a\":null,\"b\":null}"},
    {"[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"},
    {"[yes, no, on, off, y, N, Yes, nULL, tRUE]",
     "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"N\",\"Yes\",\"nULL\",\"tRUE\"]"},
    {"[0, 7, -7, +7, 007, 1.5, 1., .5, -.5, 1e3, 1.5E-3, -0]", "[0,7,-7,7,7,1.5,1,0.5,-0.5,1e3,1.5E-3,-0]"},
    {"[0x1F, 0o17, 0xffffffffffffffff]", "[31,15,18446744073709551615]"},
    {"[0x, 0o8, 0xg, -0x1, 1_000, 1e, 1.2.3, ., +, '-', 2026-01-01, 12:30:45, e5, 1e+]",
     "[\"0x\",\"0o8\",\"0xg\",\"-0x1\",\"1_000\",\"1e\",\"1.2.3\",\".\",\"+\",\"-\",\"2026-01-01\",\"12:30:45\",\"e5\","
     "\"1e+\"]"},
    {"1.0e+15", "1.0e+15"},
    /* quoted and block scalars are texts */
    {"['null', \"true\", '7', \"\", '']", "[\"null\",\"true\",\"7\",\"\",\"\"]"},
    {"a: |\n  7\nb: >\n  null\n", "{\"a\":\"7\\n\",\"b\":\"null\\n\"}"},
    {"\"a\\tb\\u00e9\\0\"", "\"a\\tb\xc3\xa9\\u0000\""},
    {"'.inf'", "\".inf\""},
    /* keys are texts as written */
    {"200: a\n2XX: b\ntrue: c\nnull: d\n'x y': e\n~: f\n",
     "{\"200\":\"a\",\"2XX\":\"b\",\"true\":\"c\",\"null\":\"d\",\"x y\":\"e\",\"~\":\"f\"}"},
    {"'<<': 1", "{\"<<\":1}"},
    /* groups */
    {"a: [1, {b: []}]\nc: {}\n", "{\"a\":[1,{\"b\":[]}],\"c\":{}}"},
    {"- - 1\n  - 2\n- a: 1\n  b: 2\n", "[[1,2],{\"a\":1,\"b\":2}]"},
    {"# a comment\n---\na: 1\n...\n", "{\"a\":1}"},
    {"%YAML 1.2\n---\na: 1\n", "{\"a\":1}"},
    {"\xef\xbb\xbf"
     "a: 1\n",
     "{\"a\":1}"},
    {"\xef\xbb\xbf{\"a\": 1}", "{\"a\":1}"},
    {" \n\t {\"a\": [1]}\n", "{\"a\":[1]}"},
    /* aliases */
    {"a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n",
     "{\"a\":{\"b\":[1,2]},\"c\":{\"b\":[1,2]},\"d\":[{\"b\":[1,2]},{\"b\":[1,2]}]}"},
    {"[&x 1, *x, &x 2, *x]", "[1,1,2,2]"},
    {"a: &x ~\nb: *x\n", "{\"a\":null,\"b\":null}"},
    {"[&x [&y [1], *y], *x, *y]", "[[[1],[1]],[[1],[1]],[1]]"},
};

static void meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(meanings); i++) {
        gh_arena arena, other;
        gh_json_error error;
        const gh_json *a = read_in(&arena, gh_str_of(meanings[i].yaml), &error);
        if (a == NULL)
            fail_msg("%s: %s at %zu", meanings[i].yaml, error.why, error.at);
        gh_arena_init(&other, NULL, 0, ARENA);
        const gh_json *b = gh_json_read(gh_str_of(meanings[i].json), &gh_json_limits_wide, &other, &error);
        assert_non_null(b);
        char text[4096], like[4096];
        gh_buf out = gh_buf_over(text, sizeof text), expected = gh_buf_over(like, sizeof like);
        gh_json_write(&out, a);
        gh_json_write(&expected, b);
        if (!gh_str_eq(gh_buf_str(&out), gh_buf_str(&expected)))
            fail_msg("%s: %.*s", meanings[i].yaml, (int)out.n, out.p);
        assert_true(gh_json_equal(a, b));
        gh_arena_reset(&arena);
        gh_arena_reset(&other);
    }
}

static const struct {
    const char *text, *why; /* a part of it */
    unsigned line, column;
    bool too_large;
} refusals[] = {
    {"", "nothing", 1, 1, false},
    {"# only this\n", "nothing", 2, 1, false},
    {"a: .inf", "not finite", 1, 4, false},
    {"a:\n  - -.INF", "not finite", 2, 5, false},
    {"a: .NaN", "not finite", 1, 4, false},
    {"a: 0x10000000000000000", "64 bits", 1, 4, false},
    {"a: 0o7777777777777777777777777", "64 bits", 1, 4, false},
    {"a: 1\nb: 2\na: 3\n", "twice", 3, 1, false},
    {"{\"a\": 1, \"a\": 2}", "twice", 1, 10, false},
    {"x: {b: 1, c: 2, 'b': 3}", "twice", 1, 17, false},
    {"a: 1\n---\nb: 2\n", "second document", 2, 1, false},
    {"<<: {a: 1}\n", "merge", 1, 1, false},
    {"a: &x {b: 1}\nc:\n  <<: *x\n", "merge", 3, 3, false},
    {"a: *x\n", "without an anchor", 1, 4, false},
    {"a: &x [*x]\n", "without an anchor", 1, 8, false},
    {"&a b: 1\n", "anchor", 1, 1, false},
    {"a: &a b\n*a : 1\n", "alias for a key", 2, 1, false},
    {"? [a]\n: 1\n", "no plain text", 1, 3, false},
    {"a: !!str 1\n", "tag", 1, 4, false},
    {"a: ! 1\n", "tag", 1, 4, false},
    {"a: !x [1]\n", "tag", 1, 4, false},
    {"a: [1\n", "", 2, 1, false},
    {"a: 'b\n", "", 2, 1, false},
    {"\ta: 1\n", "tabs", 1, 1, false},
    {"a: {/b/{c}: 1}\n", "need quotes", 1, 8, false},
    {"a: \xff\n", "", 1, 4, false},
    {"a: \"\\d\"\n", "single quotes", 1, 5, false},
    {"k\xc3\xa9y: .nan\n", "not finite", 1, 7, false}, /* columns count bytes */
    {"{\"a\": tru}", "", 1, 7, false},
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(refusals); i++) {
        gh_arena arena;
        gh_json_error error;
        if (read_in(&arena, gh_str_of(refusals[i].text), &error) != NULL)
            fail_msg("taken: %s", refusals[i].text);
        if (strstr(error.why, refusals[i].why) == NULL || error.line != refusals[i].line ||
            error.column != refusals[i].column || error.too_large != refusals[i].too_large)
            fail_msg("%s: %u:%u: %s", refusals[i].text, error.line, error.column, error.why);
        gh_arena_reset(&arena);
    }
}

/* n times a text and then an end. */
static gh_str repeated(gh_arena *arena, const char *start, const char *part, size_t n, const char *end)
{
    size_t size = strlen(start) + n * strlen(part) + strlen(end);
    gh_buf b = gh_buf_over(gh_arena_alloc(arena, size), size);
    gh_buf_put(&b, gh_str_of(start));
    for (size_t i = 0; i < n; i++)
        gh_buf_put(&b, gh_str_of(part));
    gh_buf_put(&b, gh_str_of(end));
    assert_true(gh_buf_ok(&b));
    return gh_buf_str(&b);
}

static void expect_too_large(gh_str text, const char *why)
{
    gh_arena arena;
    gh_json_error error;
    assert_null(read_in(&arena, text, &error));
    if (!error.too_large || strstr(error.why, why) == NULL)
        fail_msg("%u:%u: %s", error.line, error.column, error.why);
    gh_arena_reset(&arena);
}

static void bounds(void **state)
{
    (void)state;
    gh_arena texts;
    gh_arena_init(&texts, NULL, 0, ARENA);
    expect_too_large(repeated(&texts, "", "[", 129, ""), "deep");
    expect_too_large(repeated(&texts, "", "- ", 129, "1"), "deep");
    /* each line stands for ten times the one before */
    expect_too_large(GH_STR("a: &a [1,1,1,1,1,1,1,1,1,1]\n"
                            "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                            "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                            "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
                            "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"),
                     "aliases");
    /* aliases cannot make it deeper than it may be: 100 and 29 */
    gh_str deep = repeated(&texts, "a: &a ", "[", 100, "");
    gh_buf b = gh_buf_over(gh_arena_alloc(&texts, 1000), 1000);
    gh_buf_put(&b, deep);
    gh_buf_put(&b, repeated(&texts, "1", "]", 100, "\nb: "));
    gh_buf_put(&b, repeated(&texts, "", "[", 28, "*a"));
    gh_buf_put(&b, repeated(&texts, "", "]", 28, "\n"));
    expect_too_large(gh_buf_str(&b), "deep");
    expect_too_large(repeated(&texts, "", "- &a 1\n", 1001, ""), "anchors");
    gh_arena_reset(&texts);
}

/* Members are looked at for doubles in n log n. */
static void many_members(void **state)
{
    (void)state;
    gh_arena texts, arena;
    gh_json_error error;
    enum { N = 50000, SIZE = N * 16 };
    gh_arena_init(&texts, NULL, 0, ARENA);
    gh_buf b = gh_buf_over(gh_arena_alloc(&texts, SIZE), SIZE);
    for (unsigned i = 0; i < N; i++)
        gh_buf_printf(&b, "k%u: %u\n", i, i);
    const gh_json *root = read_in(&arena, gh_buf_str(&b), &error);
    assert_non_null(root);
    assert_int_equal(root->n, N);
    gh_arena_reset(&arena);
    gh_buf_lit(&b, "k7: 1\n");
    assert_null(read_in(&arena, gh_buf_str(&b), &error));
    assert_int_equal(error.line, N + 1);
    gh_arena_reset(&arena);
    gh_arena_reset(&texts);
}

static void offsets(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf"
                               "\xc3\xa9: 1\nb:\n  - x\n  - {c: d}\n";
    gh_arena arena;
    gh_json_error error;
    const gh_json *root = read_in(&arena, GH_STR(text), &error);
    assert_non_null(root);
    const gh_json *list = gh_json_lit(root, "b");
    unsigned line, column;
    gh_document_place(GH_STR(text), list->at, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 1);
    gh_document_place(GH_STR(text), list->first->at, &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 5);
    gh_document_place(GH_STR(text), gh_json_lit(list->first->next, "c")->at, &line, &column);
    assert_int_equal(line, 4);
    assert_int_equal(column, 6);
    gh_document_place(GH_STR(text), 1000, &line, &column);
    assert_int_equal(line, 5);
    gh_arena_reset(&arena);
}

static void without_memory(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 20000; cap += 500) {
        gh_arena arena;
        gh_json_error error;
        gh_arena_init(&arena, NULL, 0, cap);
        const gh_json *root =
            gh_document_read(GH_STR("a: &x [1, 0x1f, 007]\nb: *x\nc: {d: e, f: g}\n"), &arena, &error);
        if (root == NULL)
            assert_true(error.too_large);
        gh_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meaning),      cmocka_unit_test(refused), cmocka_unit_test(bounds),
        cmocka_unit_test(many_members), cmocka_unit_test(offsets), cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
