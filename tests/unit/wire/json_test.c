#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

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

static gh_json *read_str(gh_str text)
{
    gh_json_error e;
    gh_json *v = gh_json_read(text, &gh_json_limits_wide, &arena, &e);
    if (v == NULL)
        fail_msg("%.*s: %s", (int)text.n, text.p, e.why);
    return v;
}

static gh_json *read(const char *text)
{
    return read_str(gh_str_of(text));
}

static void check_written(const gh_json *v, const char *want)
{
    char memory[512];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_json_write(&out, v);
    assert_true(gh_buf_ok(&out));
    if (!gh_str_eq(gh_buf_str(&out), gh_str_of(want)))
        fail_msg("%.*s for %s", (int)out.n, out.p, want);
}

static void tree(void **state)
{
    (void)state;
    const gh_json *v =
        read(" {\"a\" : [1, -2.50e+1 ,\"x\"],\r\n\t\"b\":{}, \"\":null,\"t\":true,\"f\":false } ");
    assert_int_equal(v->type, GH_JSON_OBJECT);
    assert_int_equal(v->n, 5);
    assert_int_equal(v->at, 1);
    assert_null(v->next);
    const gh_json *a = gh_json_lit(v, "a");
    assert_int_equal(a->type, GH_JSON_ARRAY);
    assert_int_equal(a->n, 3);
    assert_int_equal(a->at, 2);
    assert_int_equal(a->key_hash, gh_json_hash(GH_STR("a")));
    assert_true(gh_str_eq(a->first->next->text, GH_STR("-2.50e+1")));
    assert_int_equal(a->first->next->at, 12);
    assert_null(a->first->next->next->next);
    assert_ptr_equal(a->next, gh_json_lit(v, "b"));
    assert_null(gh_json_lit(v, "b")->first);
    assert_int_equal(gh_json_lit(v, "")->type, GH_JSON_NULL);
    assert_null(gh_json_lit(v, "c"));
    assert_null(gh_json_lit(a, "a"));
    assert_null(gh_json_get(NULL, GH_STR("a")));
    check_written(v, "{\"a\":[1,-2.50e+1,\"x\"],\"b\":{},\"\":null,\"t\":true,\"f\":false}");
}

static void strings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        gh_str want;
    } rows[] = {
        {"\"\"", GH_STR_INIT("")},
        {"\"plain, and longer than sixteen bytes\"", GH_STR_INIT("plain, and longer than sixteen bytes")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", GH_STR_INIT("\"\\/\b\f\n\r\t")},
        {"\"\\u0000\"", GH_STR_INIT("\0")},
        {"\"\\u0041\\u00e4\\u20AC\"", GH_STR_INIT("A\xc3\xa4\xe2\x82\xac")},
        {"\"\\ud83c\\udfb5\"", GH_STR_INIT("\xf0\x9f\x8e\xb5")},
        {"\"\\uDBFF\\uDFFF\"", GH_STR_INIT("\xf4\x8f\xbf\xbf")},
        {"\"\\uffff\\ud7ff\\ue000\"", GH_STR_INIT("\xef\xbf\xbf\xed\x9f\xbf\xee\x80\x80")},
        {"\"0123456789abcdef0123456789\\n0123456789abcdef0\xc3\xa4\"",
         GH_STR_INIT("0123456789abcdef0123456789\n0123456789abcdef0\xc3\xa4")},
        {"\"\\\\u0041\"", GH_STR_INIT("\\u0041")},
        {"\"\x7f\"", GH_STR_INIT("\x7f")},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const gh_json *v = read(rows[i].text);
        if (v->type != GH_JSON_STRING || !gh_str_eq(v->text, rows[i].want))
            fail_msg("%s", rows[i].text);
    }
}

/* Without escapes nothing is copied. */
static void zero_copy(void **state)
{
    (void)state;
    static const char text[] = "[\"abc\",12]";
    const gh_json *v = read(text);
    assert_ptr_equal(v->first->text.p, text + 2);
    assert_ptr_equal(v->first->next->text.p, text + 7);
}

static void errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        size_t at;
        unsigned line, column;
    } rows[] = {
        {"", "the text ends too early", 0, 1, 1},
        {"[1,\n  2,\n\n x]", "no JSON value", 11, 4, 2},
        {"{\"a\":1,\n\"b\":2,\n\"a\":3}", "a member name that occurs twice", 15, 3, 1},
        {"\"\n\"", "a control character in a string", 1, 1, 2},
        {"[\"\xff\"]", "bytes that are not UTF-8", 2, 1, 3},
        {"1 2", "something behind the value", 2, 1, 3},
        {"\n{\"a\" 1}", "a colon is missing", 6, 2, 6},
        {"{\"a\":1 \"b\":2}", "a comma or the object's end is missing", 7, 1, 8},
        {"[1 2]", "a comma or the array's end is missing", 3, 1, 4},
        {"{a:1}", "a member name in quotes is missing", 1, 1, 2},
        {"[01]", "a number with a leading zero", 1, 1, 2},
        {"[1.]", "a number that lacks a digit here", 3, 1, 4},
        {"[\"\\ud800\"]", "the first half of a surrogate pair without the second", 2, 1, 3},
        {"tru", "a word that JSON does not have", 0, 1, 1},
        {"\"abc", "the text ends inside a string", 4, 1, 5},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_json_error e;
        assert_null(gh_json_read(gh_str_of(rows[i].text), &gh_json_limits_wide, &arena, &e));
        if (strcmp(e.why, rows[i].why) != 0 || e.at != rows[i].at || e.line != rows[i].line ||
            e.column != rows[i].column || e.too_large)
            fail_msg("%s: %s at %zu, line %u, column %u", rows[i].text, e.why, e.at, e.line, e.column);
    }
}

static void limits(void **state)
{
    (void)state;
    static const gh_json_limits narrow = {.depth = 2, .values = 5, .number = 6, .exponent = 20};
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"[[1]]", true},
        {"[[[1]]]", false},
        {"[{\"a\":[]}]", false},
        {"[[],[],[]]", true},
        {"[1,2,3,4]", true},
        {"[1,2,3,4,5]", false},
        {"123456", true},
        {"1234567", false},
        {"1e20", true},
        {"1e-20", true},
        {"1e21", false},
        {"1e-21", false},
        {"1e0020", true},
        {"{\"a\":1,\"b\":2,\"c\":3,\"d\":4}", true},
        {"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_json_error e;
        bool good = gh_json_read(gh_str_of(rows[i].text), &narrow, &arena, &e) != NULL;
        if (good != rows[i].good || e.too_large == good)
            fail_msg("%s: %s", rows[i].text, good ? "accepted" : e.why);
    }
}

/* Without memory: refused as too large, wherever it ends. */
static void memory(void **state)
{
    (void)state;
    static const char text[] = "{\"k\\u0041\":[1,2,3,{\"\\n\":\"\\t\"}],\"z\":\"\\ud83c\\udfb5\"}";
    bool done = false;
    for (size_t cap = 0; cap < 2048; cap += 16) {
        gh_arena small;
        gh_json_error e;
        gh_arena_init(&small, NULL, 0, cap);
        done = gh_json_read(gh_str_of(text), &gh_json_limits_wide, &small, &e) != NULL;
        if (!done)
            assert_true(e.too_large);
        gh_arena_reset(&small);
    }
    assert_true(done);
}

static void equality(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool want;
    } rows[] = {
        {"null", "null", true},
        {"null", "false", false},
        {"true", "true", true},
        {"true", "1", false},
        {"0", "false", false},
        {"1", "1.0", true},
        {"1", "10e-1", true},
        {"1", "2", false},
        {"0", "-0", true},
        {"1", "\"1\"", false},
        {"\"a\"", "\"\\u0061\"", true},
        {"\"a\"", "\"A\"", false},
        {"[]", "{}", false},
        {"[]", "[]", true},
        {"[1,2]", "[1,2]", true},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1,2,3]", false},
        {"{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1}", true},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":[{\"x\":1,\"y\":[]}]}", "{\"a\":[{\"y\":[],\"x\":1}]}", true},
        {"[[[]]]", "[[[0]]]", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const gh_json *a = read(rows[i].a), *b = read(rows[i].b);
        if (gh_json_equal(a, b) != rows[i].want || gh_json_equal(b, a) != rows[i].want)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        assert_true(gh_json_equal(a, a));
    }
}

enum { MANY = 300 };

/* {"k<i>":<i>, ...} with the numbers in the order i * step mod n; `odd`: that one member has another value. */
static gh_json *many(unsigned n, unsigned step, unsigned odd)
{
    gh_buf out = gh_buf_over(gh_arena_alloc(&arena, n * 24 + 2), n * 24 + 2);
    for (unsigned i = 0; i < n; i++) {
        unsigned k = i * step % n;
        gh_buf_printf(&out, "%c\"k%u\":%u", i == 0 ? '{' : ',', k, k == odd ? n : k);
    }
    gh_buf_char(&out, '}');
    assert_true(gh_buf_ok(&out));
    return read_str(gh_buf_str(&out));
}

static void equality_of_many(void **state)
{
    (void)state;
    for (unsigned n = GH_JSON_FEW; n < MANY; n += 71) {
        const gh_json *a = many(n, 1, UINT32_MAX), *b = many(n, 13, UINT32_MAX);
        assert_true(gh_json_equal(a, b));
        assert_true(gh_json_equal(b, a));
        for (unsigned odd = 0; odd < n; odd++)
            assert_false(gh_json_equal(a, many(n, 13, odd)));
        assert_false(gh_json_equal(a, many(n + 1, 1, UINT32_MAX)));
    }
}

/* The member whose name an earlier one has. */
static const gh_json *twice(gh_json *object)
{
    const gh_json *ret;
    assert_true(gh_json_index(object, &arena, &ret));
    return ret;
}

/* Of two objects, one read and one built by hand. */
static void built(void **state)
{
    (void)state;
    gh_json *object = gh_json_new(&arena, GH_JSON_OBJECT), *last = NULL;
    gh_json *array = gh_json_new(&arena, GH_JSON_ARRAY), *last_item = NULL;
    gh_json_append(object, &last, GH_STR("list"), array);
    gh_json_append(array, &last_item, (gh_str){NULL, 0}, gh_json_new(&arena, GH_JSON_TRUE));
    gh_json_append(array, &last_item, (gh_str){NULL, 0}, gh_json_new_string(&arena, GH_STR("\n")));
    gh_json_append(object, &last, GH_STR("z"), gh_json_new(&arena, GH_JSON_NULL));
    check_written(object, "{\"list\":[true,\"\\n\"],\"z\":null}");
    assert_true(gh_json_equal(object, read("{\"z\":null,\"list\":[true,\"\\n\"]}")));
    assert_null(twice(object));
    gh_json *again = gh_json_new(&arena, GH_JSON_NULL);
    gh_json_append(object, &last, GH_STR("list"), again);
    assert_ptr_equal(twice(object), again);
}

static void built_of_many(void **state)
{
    (void)state;
    const gh_json *like = many(MANY, 7, UINT32_MAX);
    gh_json *object = gh_json_new(&arena, GH_JSON_OBJECT), *last = NULL;
    for (unsigned i = 0; i < MANY; i++) {
        char text[16];
        gh_buf key = gh_buf_over(text, sizeof text);
        gh_buf_printf(&key, "k%u", i);
        gh_json *item = gh_json_new(&arena, GH_JSON_NUMBER);
        item->text = gh_arena_copy(&arena, gh_str_cut(gh_buf_str(&key), 1, key.n));
        gh_json_append(object, &last, gh_arena_copy(&arena, gh_buf_str(&key)), item);
    }
    assert_true(gh_json_equal(object, like));
    assert_true(gh_json_equal(like, object));
    assert_null(twice(object));
    assert_true(gh_json_equal(object, like));
    gh_json *again = gh_json_new(&arena, GH_JSON_NULL);
    gh_json_append(object, &last, GH_STR("k77"), again);
    assert_ptr_equal(twice(object), again);
}

static void pointers(void **state)
{
    (void)state;
    const gh_json *v = read(
        "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"m~n\":8,\"~1\":9,\"o\":{\"\":{\"\":3}},\"01\":4}");
    static const struct {
        const char *pointer, *want; /* NULL: nothing */
    } rows[] = {
        {"/foo/0", "\"bar\""},
        {"/foo/1", "\"baz\""},
        {"/foo/2", NULL},
        {"/foo/-", NULL},
        {"/foo/01", NULL},
        {"/foo/", NULL},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/a/b", NULL},
        {"/m~0n", "8"},
        {"/~01", "9"},
        {"/m~n", NULL},
        {"/m~", NULL},
        {"/o//", "3"},
        {"/01", "4"},
        {"foo", NULL},
        {"/foo/0/x", NULL},
        {"/foo/18446744073709551616", NULL},
    };
    assert_ptr_equal(gh_json_pointer(v, GH_STR("")), v);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const gh_json *got = gh_json_pointer(v, gh_str_of(rows[i].pointer));
        if ((got == NULL) != (rows[i].want == NULL))
            fail_msg("%s", rows[i].pointer);
        if (got != NULL)
            check_written(got, rows[i].want);
    }
    char memory_of[64];
    gh_buf out = gh_buf_over(memory_of, sizeof memory_of);
    gh_json_pointer_put(&out, GH_STR("a/b~c"));
    gh_json_pointer_put(&out, GH_STR(""));
    assert_true(gh_str_eq(gh_buf_str(&out), GH_STR("/a~1b~0c/")));
}

/* What is too deep is not written and not equal, whoever built it. */
static void deep_built(void **state)
{
    (void)state;
    gh_json *root = gh_json_new(&arena, GH_JSON_ARRAY), *at = root;
    for (unsigned i = 0; i < GH_JSON_DEPTH_MAX; i++) {
        gh_json *last = NULL, *inner = gh_json_new(&arena, GH_JSON_ARRAY);
        gh_json_append(at, &last, (gh_str){NULL, 0}, inner);
        at = inner;
    }
    static char memory_of[4096];
    gh_buf out = gh_buf_over(memory_of, sizeof memory_of);
    gh_json_write(&out, root);
    assert_false(gh_buf_ok(&out));
    assert_false(gh_json_equal(root, root));
    out = gh_buf_over(memory_of, sizeof memory_of);
    gh_json_write(&out, root->first);
    assert_true(gh_buf_ok(&out));
    assert_int_equal(out.n, 2 * GH_JSON_DEPTH_MAX);
    assert_true(gh_json_equal(root->first, root->first));
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(tree),   test(strings),       test(zero_copy), test(errors),
        test(limits), test(memory),        test(equality),  test(equality_of_many),
        test(built),  test(built_of_many), test(pointers),  test(deep_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
