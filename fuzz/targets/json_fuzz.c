/* JSON: what is read, written and read again is equal, and written again the same; where the text stands in
 * memory changes nothing; limits only ever refuse. Besides, UTF-8 and numbers of the same input. */
#include "fuzz.h"

#include "text/utf8.h"
#include "wire/decimal.h"
#include "wire/json.h"

enum { ROOM = 1 << 16, WRITTEN = 6 * ROOM + 16, CAP = 64 << 20 };

static char first_text[WRITTEN], second_text[WRITTEN], moved[ROOM + 1];
static const gh_json_limits wide = {
    .depth = 512, .values = SIZE_MAX, .number = SIZE_MAX, .exponent = SIZE_MAX};

static gh_json *read_wide(gh_str in, gh_arena *arena, gh_json_error *e)
{
    return gh_json_read(in, &wide, arena, e);
}

static gh_str written(const gh_json *v, char memory[WRITTEN])
{
    gh_buf out = gh_buf_over(memory, WRITTEN);
    gh_json_write(&out, v);
    FUZZ_CHECK(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

static void check_error(gh_str in, const gh_json_error *e)
{
    unsigned line = 1;
    size_t begin = 0;
    FUZZ_CHECK(e->why != NULL && e->at <= in.n);
    for (size_t i = 0; i < e->at; i++) {
        if (in.p[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    FUZZ_CHECK(e->line == line && e->column == e->at - begin + 1);
}

static void check_numbers(gh_str a, gh_str b)
{
    FUZZ_CHECK(gh_decimal_valid(a) && gh_decimal_valid(b));
    int ab = gh_decimal_compare(a, b), ba = gh_decimal_compare(b, a);
    FUZZ_CHECK((ab < 0) == (ba > 0) && (ab == 0) == (ba == 0));
    FUZZ_CHECK(gh_decimal_compare(a, a) == 0);
    bool above = gh_decimal_compare(a, GH_STR("0")) > 0;
    FUZZ_CHECK(gh_decimal_multiple(a, a) == (above && a.n <= 1000) || a.n > 1000 ||
               gh_decimal_compare(a, GH_STR("0")) == 0);
    FUZZ_CHECK(gh_decimal_integer(a) == gh_decimal_multiple(a, GH_STR("1")));
    if (ab == 0)
        FUZZ_CHECK(gh_decimal_integer(a) == gh_decimal_integer(b));
    if (above && ab < 0 && gh_decimal_compare(b, GH_STR("0")) > 0)
        FUZZ_CHECK(!gh_decimal_multiple(a, b)); /* 0 < a < b */
}

static void check_tree(const gh_json *v)
{
    uint32_t n = 0;
    if (v->type == GH_JSON_STRING)
        FUZZ_CHECK(gh_utf8_valid(v->text) == v->text.n);
    if (v->type == GH_JSON_NUMBER)
        FUZZ_CHECK(gh_decimal_valid(v->text));
    if (v->type != GH_JSON_ARRAY && v->type != GH_JSON_OBJECT)
        return;
    for (const gh_json *item = v->first; item != NULL; item = item->next, n++) {
        check_tree(item);
        if (v->type == GH_JSON_OBJECT)
            FUZZ_CHECK(gh_json_get(v, item->key) == item && gh_utf8_valid(item->key) == item->key.n);
        if (item->next != NULL && item->type == GH_JSON_NUMBER && item->next->type == GH_JSON_NUMBER)
            check_numbers(item->text, item->next->text);
    }
    FUZZ_CHECK(n == v->n);
}

/* The same text one byte further on, behind a space. */
static void check_moved(gh_str in, const gh_json *v, gh_arena *arena)
{
    gh_json_error e;
    moved[0] = ' ';
    if (in.n > 0)
        memcpy(moved + 1, in.p, in.n);
    const gh_json *again = read_wide((gh_str){moved, in.n + 1}, arena, &e);
    FUZZ_CHECK((again == NULL) == (v == NULL));
    FUZZ_CHECK(v == NULL || gh_json_equal(v, again));
}

static void check_limits(gh_str in, bool good, gh_arena *arena)
{
    static const gh_json_limits narrow = {.depth = 3, .values = 8, .number = 5, .exponent = 9};
    gh_arena small;
    gh_json_error e;
    FUZZ_CHECK(good || gh_json_read(in, &narrow, arena, &e) == NULL);
    gh_arena_init(&small, NULL, 0, 512);
    const gh_json *v = gh_json_read(in, &wide, &small, &e);
    FUZZ_CHECK(good || v == NULL);
    FUZZ_CHECK(!good || v != NULL || e.too_large);
    gh_arena_reset(&small);
}

static void check_utf8(gh_str in)
{
    gh_str valid = gh_str_cut(in, 0, gh_utf8_valid(in)), rest = valid;
    size_t count = gh_utf8_count(valid), seen = 0;
    while (rest.n > 0) {
        char to[4];
        size_t before = rest.n, at = valid.n - rest.n;
        uint32_t point = gh_utf8_next(&rest);
        FUZZ_CHECK(point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff));
        FUZZ_CHECK(gh_utf8_put(to, point) == before - rest.n);
        FUZZ_CHECK(gh_str_eq((gh_str){to, before - rest.n}, gh_str_cut(valid, at, valid.n - rest.n)));
        seen++;
    }
    FUZZ_CHECK(seen == count);
    gh_str first = gh_utf8_first(valid, count / 2);
    FUZZ_CHECK(gh_utf8_count(first) == count / 2 && gh_utf8_valid(first) == first.n);
    FUZZ_CHECK(gh_utf8_first(valid, count).n == valid.n);
}

static void check_lexical(gh_str in)
{
    static char memory[ROOM + 8];
    gh_str number;
    if (!gh_decimal_from_lexical(in, memory, sizeof memory, &number))
        FUZZ_CHECK(!gh_decimal_valid(in));
    else
        FUZZ_CHECK(gh_decimal_valid(number) && (number.p != in.p || number.n == in.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str in = {(const char *)data, size};
    gh_json_error e;
    gh_arena arena;
    if (size > ROOM)
        return 0;
    check_utf8(in);
    check_lexical(in);
    gh_arena_init(&arena, NULL, 0, CAP);
    const gh_json *v = read_wide(in, &arena, &e);
    if (v == NULL)
        check_error(in, &e);
    else {
        gh_str once = written(v, first_text);
        check_tree(v);
        const gh_json *again = read_wide(once, &arena, &e);
        FUZZ_CHECK(again != NULL && gh_json_equal(v, again) && gh_json_equal(again, v));
        FUZZ_CHECK(gh_str_eq(once, written(again, second_text)));
    }
    check_limits(in, v != NULL, &arena);
    if (!gh_str_starts(in, GH_STR("\xef\xbb\xbf")))
        check_moved(in, v, &arena);
    gh_arena_reset(&arena);
    return 0;
}
