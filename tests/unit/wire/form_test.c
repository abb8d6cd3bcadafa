/* Forms, queries, cookies: pairs of names and values. */
#include "unit.h"

#include "wire/form.h"

static gh_arena arena;

/* Pairs as "name>value" joined by "|"; the raw value behind "~" where it differs. */
static const char *shown(const gh_pairs *pairs)
{
    static char memory[512];
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    for (unsigned i = 0; i < pairs->n; i++) {
        const gh_pair *pair = &pairs->items[i];
        assert_non_null(pair->name.p);
        assert_non_null(pair->value.p);
        if (i > 0)
            gh_buf_char(&out, '|');
        gh_buf_put(&out, pair->name);
        gh_buf_char(&out, '>');
        gh_buf_put(&out, pair->value);
        if (!gh_str_eq(pair->value, pair->raw)) {
            gh_buf_char(&out, '~');
            gh_buf_put(&out, pair->raw);
        }
    }
    assert_true(gh_buf_ok(&out));
    memory[out.n] = '\0';
    return memory;
}

static void reads_forms(void **state)
{
    (void)state;
    static const struct {
        gh_str in;
        const char *pairs; /* NULL: BAD */
    } rows[] = {
        {S(""), ""},
        {S("a=1"), "a>1"},
        {S("a=1&b=2&a=3"), "a>1|b>2|a>3"},
        {S("&&a=1&&"), "a>1"},
        {S("a"), "a>"},
        {S("a&b="), "a>|b>"},
        {S("=1"), ">1"},
        {S("="), ">"},
        {S("a=b=c"), "a>b=c"},
        {S("a=1;b=2"), "a>1;b=2"},
        {S("a+b=c+d"), "a b>c d~c+d"},
        {S("%61%3D=%26"), "a=>&~%26"},
        {S("a=%2c,"), "a>,,~%2c,"},
        {S("a=%2B"), "a>+~%2B"},
        {S("a=%C3%A9"), "a>\xc3\xa9~%C3%A9"},
        {S("a=\xc3\xa9"), "a>\xc3\xa9"},
        {S("a=%25%34%31"), "a>%41~%25%34%31"},
        {S("a%5Bx%5D=1&a[y]=2"), "a[x]>1|a[y]>2"},
        {S("a=%0D%0a"), "a>\r\n~%0D%0a"},
        {S("a=%"), NULL},
        {S("a=%1"), NULL},
        {S("a=%1g"), NULL},
        {S("a=%%31"), NULL},
        {S("%=1"), NULL},
        {S("a=%00"), NULL},
        {S("a\0b=1"), NULL},
        {S("a=%C3"), NULL},
        {S("a=%FF"), NULL},
        {S("a=\xff"), NULL},
        {S("a=%C0%AF"), NULL},
        {S("a=%ED%A0%80"), NULL},
        {S("%E9=1"), NULL},
        {S("a=\xc3&b=\xa9"), NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        unit_row(i, rows[i].in);
        char *copy = unit_copy(rows[i].in);
        gh_pairs pairs = {.n = 99};
        enum gh_pairs_result result = gh_form_read((gh_str){copy, rows[i].in.n}, 10, &arena, &pairs);
        assert_int_equal(result, rows[i].pairs == NULL ? GH_PAIRS_BAD : GH_PAIRS_OK);
        if (result == GH_PAIRS_OK)
            assert_string_equal(shown(&pairs), rows[i].pairs);
        else
            assert_int_equal(pairs.n, 99);
        free(copy);
        gh_arena_reset(&arena);
    }
}

static void reads_cookies(void **state)
{
    (void)state;
    static const struct {
        gh_str in;
        const char *pairs;
    } rows[] = {
        {S(""), ""},
        {S("a=1"), "a>1"},
        {S("a=1; b=2;c=3;"), "a>1|b>2|c>3"},
        {S(" a = 1 ;\tb=2"), "a>1|b>2"},
        {S("a; b=2; ; =3"), "b>2|>3"},
        {S("a=\"x y\"; b=%41+"), "a>\"x y\"|b>%41+"},
        {S("a=b=c, d"), "a>b=c, d"},
        {S("a=\xc3\xa9"), "a>\xc3\xa9"},
        {S("a=\xe9"), NULL},
        {S("a=\n"), NULL},
        {S("a=\x7f"), NULL},
        {S("a=\0"), NULL},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        unit_row(i, rows[i].in);
        gh_pairs pairs = {.n = 99};
        enum gh_pairs_result result = gh_cookie_read(rows[i].in, 10, &arena, &pairs);
        assert_int_equal(result, rows[i].pairs == NULL ? GH_PAIRS_BAD : GH_PAIRS_OK);
        if (result == GH_PAIRS_OK)
            assert_string_equal(shown(&pairs), rows[i].pairs);
    }
}

static void counts_pairs(void **state)
{
    (void)state;
    gh_pairs pairs;
    assert_int_equal(gh_form_read(GH_STR("a=1&b=1&&"), 2, &arena, &pairs), GH_PAIRS_OK);
    assert_int_equal(gh_form_read(GH_STR("a=1&b=1&c"), 2, &arena, &pairs), GH_PAIRS_TOO_MANY);
    assert_int_equal(gh_form_read(GH_STR(""), 0, &arena, &pairs), GH_PAIRS_OK);
    assert_int_equal(gh_form_read(GH_STR("a"), 0, &arena, &pairs), GH_PAIRS_TOO_MANY);
    assert_int_equal(gh_cookie_read(GH_STR("a=1; b=1"), 1, &arena, &pairs), GH_PAIRS_TOO_MANY);
}

static void says_that_memory_is_out(void **state)
{
    (void)state;
    gh_arena none;
    gh_pairs pairs;
    gh_str text;
    char memory[sizeof(gh_pair) + 16] __attribute__((aligned(16)));
    gh_arena_init(&none, memory, sizeof memory / 16 * 16, 0);
    assert_int_equal(gh_form_read(GH_STR("a=%41&b=%42"), 10, &none, &pairs), GH_PAIRS_MEMORY);
    assert_int_equal(gh_form_read(GH_STR("a=%41%42%43%44%45%46%47%48%49%4A%4B"), 10, &none, &pairs),
                     GH_PAIRS_MEMORY);
    assert_int_equal(gh_cookie_read(GH_STR("a=1;b=2"), 10, &none, &pairs), GH_PAIRS_MEMORY);
    assert_false(gh_percent_decode(
        GH_STR("%41%42%43%44%45%46%47%48%49%4A%4B%41%42%43%44%45%46%47%48%49%4A%4B"), false, &none, &text));
}

static void decodes_percent(void **state)
{
    (void)state;
    gh_str text, plain = GH_STR("a+b");
    assert_true(gh_percent_decode(plain, false, &arena, &text));
    assert_ptr_equal(text.p, plain.p);
    assert_true(gh_percent_decode(plain, true, &arena, &text) && gh_str_eq(text, GH_STR("a b")));
    assert_true(gh_percent_decode(GH_STR("%ff%00"), false, &arena, &text));
    assert_true(gh_str_eq(text, GH_STR("\xff\0")));
    assert_false(gh_percent_decode(GH_STR("%f"), false, &arena, &text));
}

static void property_what_is_written_is_read(void **state)
{
    (void)state;
    char memory[128 * 3 + 4], text[128];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_pairs pairs;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)(i + 1); /* all of ASCII but NUL */
    gh_str all = {text, sizeof text - 1};
    gh_form_put(&out, all);
    gh_buf_char(&out, '=');
    gh_form_put(&out, GH_STR("a-b*c_d.e f~\xc3\xa9"));
    assert_true(gh_buf_ok(&out));
    assert_int_equal(gh_form_read(gh_buf_str(&out), 10, &arena, &pairs), GH_PAIRS_OK);
    assert_int_equal(pairs.n, 1);
    assert_true(gh_str_eq(pairs.items[0].name, all));
    assert_true(gh_str_eq(pairs.items[0].value, GH_STR("a-b*c_d.e f~\xc3\xa9")));
    assert_true(gh_str_eq(pairs.items[0].raw, GH_STR("a-b*c_d.e+f%7E%C3%A9")));
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
        cmocka_unit_test(reads_forms),     cmocka_unit_test(reads_cookies),
        cmocka_unit_test(counts_pairs),    cmocka_unit_test(says_that_memory_is_out),
        cmocka_unit_test(decodes_percent), cmocka_unit_test(property_what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
