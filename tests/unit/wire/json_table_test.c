/* What is JSON and what is not, a row a check; and every row cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/utf8.h"
#include "wire/json.h"

static const struct {
    const char *what;
    gh_str text;
    bool good;
} rows[] = {
#define YES(what, text) {what, GH_STR_INIT(text), true},
#define NO(what, text) {what, GH_STR_INIT(text), false},
#include "json_table.inc"
#undef YES
#undef NO
};

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

/* Of memory that ends where the text ends, so that a sanitizer sees a byte read too many. */
static const gh_json *read_copy(gh_str text, char **ret_memory, gh_json_error *e)
{
    char *memory = malloc(text.n == 0 ? 1 : text.n);
    assert_non_null(memory);
    memcpy(memory, text.p, text.n);
    *ret_memory = memory;
    return gh_json_read((gh_str){memory, text.n}, &gh_json_limits_wide, &arena, e);
}

static void all_rows(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char *memory;
        gh_json_error e;
        bool good = read_copy(rows[i].text, &memory, &e) != NULL;
        free(memory);
        if (good != rows[i].good) {
            print_error("row %zu, %s: %s\n", i, rows[i].what, good ? "accepted" : e.why);
            wrong++;
        }
        if (!good &&
            (e.why == NULL || e.too_large || e.at > rows[i].text.n || e.line == 0 || e.column == 0)) {
            print_error("row %zu, %s: the report is wrong\n", i, rows[i].what);
            wrong++;
        }
    }
    printf("%zu texts\n", GH_COUNT(rows));
    assert_true(GH_COUNT(rows) >= 200);
    assert_int_equal(wrong, 0);
}

/* No two rows are one. */
static void rows_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(rows[i].what, rows[k].what) == 0)
                fail_msg("%s is there twice", rows[i].what);
        }
    }
}

static bool is_space(gh_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (memchr(" \t\r\n", s.p[i], 4) == NULL)
            return false;
    }
    return true;
}

/* A text that was JSON is none when it is cut, but for white space behind it and for numbers. */
static void cut_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str text = rows[i].text;
        for (size_t n = 0; n < text.n; n++) {
            char *memory;
            gh_json_error e;
            const gh_json *v = read_copy(gh_str_cut(text, 0, n), &memory, &e);
            bool may = !rows[i].good || is_space(gh_str_cut(text, n, text.n)) ||
                       (v != NULL && v->type == GH_JSON_NUMBER);
            if (v != NULL && !may)
                fail_msg("row %zu, %s: accepted though cut at %zu", i, rows[i].what, n);
            if (v == NULL && rows[i].good && is_space(gh_str_cut(text, n, text.n)))
                fail_msg("row %zu, %s: refused without its last white space", i, rows[i].what);
            free(memory);
        }
    }
}

/* Every row behind sixteen lengths of white space and as an item: what is read in steps must not care where a
 * text begins. */
static void anywhere(void **state)
{
    (void)state;
    static char memory[1024];
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        for (size_t space = 0; space < 16; space++) {
            gh_json_error e;
            gh_buf out = gh_buf_over(memory, sizeof memory);
            gh_buf_put(&out, gh_str_cut(GH_STR("                "), 0, space));
            gh_buf_lit(&out, "[\"\",");
            gh_buf_put(&out, rows[i].text);
            gh_buf_lit(&out, "]");
            assert_true(gh_buf_ok(&out));
            bool good = gh_json_read(gh_buf_str(&out), &gh_json_limits_wide, &arena, &e) != NULL;
            if (rows[i].good && !good)
                fail_msg("row %zu, %s: refused behind %zu spaces: %s", i, rows[i].what, space, e.why);
        }
        gh_arena_reset(&arena);
    }
}

/* Every byte that may not stand for itself in a string, at each place of a step of sixteen. */
static void every_byte_in_a_string(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (size_t at = 0; at < 40; at++) {
            char text[42];
            gh_json_error e;
            memset(text, 'x', sizeof text);
            text[0] = text[sizeof text - 1] = '"';
            text[1 + at] = (char)c;
            bool want = c >= ' ' && c < 0x80 && c != '"' && c != '\\';
            bool good = gh_json_read((gh_str){text, sizeof text}, &gh_json_limits_wide, &arena, &e) != NULL;
            if (good != want)
                fail_msg("byte %02x at %zu", c, at);
        }
        gh_arena_reset(&arena);
    }
}

/* Every unit of UTF-16 as an escape, alone; and its text. */
static void every_escape(void **state)
{
    (void)state;
    for (uint32_t unit = 0; unit < 0x10000; unit++) {
        char text[16], want[4];
        gh_json_error e;
        int n = snprintf(text, sizeof text, "\"\\u%04x\"", unit);
        const gh_json *v = gh_json_read((gh_str){text, (size_t)n}, &gh_json_limits_wide, &arena, &e);
        assert_int_equal(v != NULL, unit < 0xd800 || unit > 0xdfff);
        if (v != NULL)
            assert_true(gh_str_eq(v->text, (gh_str){want, gh_utf8_put(want, unit)}));
        gh_arena_reset(&arena);
    }
}

static gh_str nested(char *memory, size_t depth, const char *open, const char *middle, char close)
{
    gh_buf out = gh_buf_over(memory, 16384);
    for (size_t i = 0; i < depth; i++)
        gh_buf_put(&out, gh_str_of(open));
    gh_buf_put(&out, gh_str_of(middle));
    for (size_t i = 0; i < depth && close != 0; i++)
        gh_buf_char(&out, close);
    assert_true(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

/* To each limit and one over it; a limit above the largest is the largest. */
static void nesting(void **state)
{
    (void)state;
    static char memory[16384];
    static const unsigned depths[] = {1, 2, 127, 128, 511, 512, 513, 4000};
    static const char *const opens[] = {"[", "{\"a\":", "[ ", "{ \"a\" : "};
    gh_json_error e;
    for (size_t i = 0; i < GH_COUNT(depths); i++) {
        gh_json_limits limits = gh_json_limits_wide;
        limits.depth = depths[i];
        size_t most = depths[i] < GH_JSON_DEPTH_MAX ? depths[i] : GH_JSON_DEPTH_MAX;
        for (size_t k = 0; k < GH_COUNT(opens); k++) {
            char close = opens[k][0] == '[' ? ']' : '}';
            assert_non_null(gh_json_read(nested(memory, most, opens[k], "1", close), &limits, &arena, &e));
            assert_null(gh_json_read(nested(memory, most + 1, opens[k], "1", close), &limits, &arena, &e));
            assert_true(e.too_large);
            assert_null(gh_json_read(nested(memory, most, opens[k], "1", 0), &limits, &arena, &e));
            assert_false(e.too_large);
        }
        /* depth, not number: as many again, beside each other */
        assert_non_null(gh_json_read(GH_STR("[[],[],[],{},{},{}]"), &gh_json_limits_wide, &arena, &e));
    }
    assert_non_null(
        gh_json_read(nested(memory, 0, "", "1", 0), &(gh_json_limits){.values = 1, .number = 1}, &arena, &e));
    assert_null(gh_json_read(GH_STR("[]"), &(gh_json_limits){.values = 1, .number = 1}, &arena, &e));
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(all_rows),
        test(rows_differ),
        test(cut_everywhere),
        test(anywhere),
        test(every_byte_in_a_string),
        test(every_escape),
        test(nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
