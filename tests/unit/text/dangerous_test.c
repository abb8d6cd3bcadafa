#include "text/dangerous.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "corpus.h"
#include "text/danger_rules.h"
#include "text/decode.h"
#include "text/normal.h"

enum { LENGTH = 10000 };

static gh_arena scratch;

/* What is found; and without the look beforehand the same. */
static enum gh_danger find(gh_str text, gh_danger_set checks)
{
    enum gh_danger found = gh_danger_find(text, checks, LENGTH, &scratch);
    gh_arena_reset(&scratch);
    if (checks != 0)
        assert_int_equal(gh_danger_find_slowly(text, checks, LENGTH, &scratch), found);
    gh_arena_reset(&scratch);
    return found;
}

static enum gh_danger danger_of(gh_str name)
{
    unsigned i = 0;
    while (i < GH_DANGER_COUNT && !gh_str_eq(gh_danger_name((enum gh_danger)i), name))
        i++;
    return (enum gh_danger)i;
}

/* Every attack is found, by the check it is meant for. */
static void attacks(void **state)
{
    (void)state;
    gh_str rest = corpus_read("attacks.txt"), line;
    unsigned missed = 0, n = 0;
    while (corpus_next(&rest, &line)) {
        char memory[512];
        size_t space = gh_str_find(line, ' ');
        enum gh_danger danger = danger_of(gh_str_cut(line, 0, space));
        assert_true(danger < GH_DANGER_COUNT && line.n - space < sizeof memory);
        gh_str text = corpus_text(gh_str_cut(line, space + 1, line.n), memory);
        n++;
        if (find(text, (gh_danger_set)1 << danger) == danger)
            continue;
        print_error("not found: %.*s\n", (int)line.n, line.p);
        missed++;
    }
    print_message("%u attacks, %u not found\n", n, missed);
    assert_true(n >= 400);
    assert_int_equal(missed, 0);
}

/* What ordinary text is taken for something dangerous, a check: rows say how often, and why it stays so. */
static void ordinary(void **state)
{
    (void)state;
    /* clang-format off */
    static const unsigned most[GH_DANGER_COUNT] = {[GH_DANGER_SQL] = 1}; /* "5' or 6 --": a length or an injection */
    static const char *const files[] = {"prose", "people", "music", "chat", "notes", "markup", "code", "math", "data"};
    /* clang-format on */
    unsigned found[GH_DANGER_COUNT] = {0}, n = 0;
    for (size_t i = 0; i < GH_COUNT(files); i++) {
        char name[64];
        gh_buf at = gh_buf_over(name, sizeof name - 1);
        gh_buf_printf(&at, "ordinary/%s.txt", files[i]);
        name[at.n] = '\0';
        gh_str rest = corpus_read(name), line;
        while (corpus_next(&rest, &line)) {
            char memory[512];
            assert_true(line.n < sizeof memory);
            gh_str text = corpus_text(line, memory);
            n++;
            for (unsigned k = 0; k < GH_DANGER_COUNT; k++) {
                if (find(text, (gh_danger_set)1 << k) == GH_DANGER_COUNT)
                    continue;
                found[k]++;
                gh_str check = gh_danger_name((enum gh_danger)k);
                print_message("%.*s: %.*s\n", (int)check.n, check.p, (int)line.n, line.p);
            }
        }
    }
    print_message("%u ordinary texts\n", n);
    assert_true(n >= 600);
    for (unsigned k = 0; k < GH_DANGER_COUNT; k++)
        assert_true(found[k] <= most[k]);
}

/* The checks are looked at in their order, only those that were asked for, and one finds nothing of another. */
static void order(void **state)
{
    (void)state;
    gh_str text = GH_STR("<script>' or 1=1 --\x01");
    gh_danger_set all = ((gh_danger_set)1 << GH_DANGER_COUNT) - 1;
    assert_int_equal(find(text, all), GH_DANGER_SCRIPT);
    assert_int_equal(find(text, all & ~(1u << GH_DANGER_SCRIPT)), GH_DANGER_SQL);
    assert_int_equal(find(text, 1u << GH_DANGER_CONTROL | 1u << GH_DANGER_BIDI), GH_DANGER_CONTROL);
    assert_int_equal(find(text, 1u << GH_DANGER_BIDI | 1u << GH_DANGER_TRAVERSAL), GH_DANGER_COUNT);
    assert_int_equal(find(text, 0), GH_DANGER_COUNT);
    assert_int_equal(find(GH_STR(""), all), GH_DANGER_COUNT);
}

static void length_counts_code_points(void **state)
{
    (void)state;
    gh_danger_set check = 1u << GH_DANGER_TOO_LONG;
    gh_str text = GH_STR("\xc3\xa4\xc3\xb6\xc3\xbc");
    assert_int_equal(gh_danger_find(text, check, 3, &scratch), GH_DANGER_COUNT);
    assert_int_equal(gh_danger_find(text, check, 2, &scratch), GH_DANGER_TOO_LONG);
    gh_arena_reset(&scratch);
}

/* What could not be looked at is refused. */
static void no_memory(void **state)
{
    (void)state;
    for (size_t room = 0; room < 64; room++) {
        gh_arena small;
        gh_arena_init(&small, NULL, 0, room);
        enum gh_danger found = gh_danger_find(GH_STR("a%2541b"), 1u << GH_DANGER_SQL, 9, &small);
        assert_true(found == GH_DANGER_SQL || (found == GH_DANGER_COUNT && room > 0));
        if (room == 0)
            assert_int_equal(found, GH_DANGER_SQL);
        gh_arena_reset(&small);
    }
}

/* Three layers of escapes are not undone: whoever decodes that often has another problem. */
static void layers(void **state)
{
    (void)state;
    gh_danger_set check = 1u << GH_DANGER_SCRIPT;
    assert_int_equal(find(GH_STR("%253Cscript"), check), GH_DANGER_SCRIPT);
    assert_int_equal(find(GH_STR("%25253Cscript"), check), GH_DANGER_COUNT);
    assert_int_equal(gh_danger_find_in_layers(GH_STR("%3Cscript"), check, 0, 0, &scratch), GH_DANGER_COUNT);
    gh_arena_reset(&scratch);
}

/* Bytes that are no UTF-8 are looked at too: cookies and headers may have them. */
static void any_bytes(void **state)
{
    (void)state;
    gh_danger_set all = ((gh_danger_set)1 << GH_DANGER_COUNT) - 1;
    assert_int_equal(find(GH_STR("\xff\xfe<script>\xc3"), all), GH_DANGER_SCRIPT);
    assert_int_equal(find(GH_STR("\xf0\x9f"), all), GH_DANGER_COUNT);
    assert_int_equal(find(GH_STR("..\xc0\xaf..\xc0\xaf"), all), GH_DANGER_TRAVERSAL);
}

static void normal_form(void **state)
{
    (void)state;
    static const struct {
        gh_str text;
        bool normal;
    } rows[] = {
        {GH_STR_INIT("plain"), true},
        {GH_STR_INIT("\xc3\xa9"), true},
        {GH_STR_INIT("e\xcc\x81"), false},
        {GH_STR_INIT("\xc3\xa0\xcc\xa7"), true},          /* in order only once it is taken apart */
        {GH_STR_INIT("q\xcc\xa3\xcc\x87"), true},         /* dot below, dot above */
        {GH_STR_INIT("q\xcc\x87\xcc\xa3"), false},        /* out of order */
        {GH_STR_INIT("\xea\xb0\x80\xe1\x86\xa8"), false}, /* a syllable and its final */
        {GH_STR_INIT("\xe0\xa4\x95\xe0\xa4\xbc"), true},  /* excluded from composition */
        {GH_STR_INIT("\xe0\xa5\x98"), false},
        {GH_STR_INIT("\xef\xac\x81"), true}, /* compatibility alone */
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        assert_int_equal(gh_text_is_nfc(rows[i].text), rows[i].normal);
    char marks[2 * 40 + 1] = "q";
    for (size_t i = 0; i < 40; i++)
        memcpy(marks + 1 + 2 * i, "\xcc\x81", 2);
    assert_true(gh_text_is_nfc((gh_str){marks, 1 + 2 * 31}));
    assert_false(gh_text_is_nfc((gh_str){marks, 1 + 2 * 32}));
}

/* What could make a detector look at the same bytes again and again: quadratic work would not end here. */
static void is_linear(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "<a ",     "<a b='",     "/*",        "/**/",         "'or",     "' or 'a",  "javascript\t",
        "\t\t:",   "data:text/", ":",         "../",          "..",      ".",        "\r\n",
        "%0d%0a",  "&#0",        "&",         "%25",          "--",      "(",        "union ",
        ";",       "drop ",      "select a ", "and (select ", "1",       "\xcc\x81", "\xf0\x9f\x8f\xb4",
        "<style>", "<a on",      "\\u",       "a.",           "char(1,", "'or 1",    "union all (",
        "x-"};
    enum { SIZE = 300000 };
    char *in = malloc(SIZE);
    assert_non_null(in);
    for (size_t i = 0; i < GH_COUNT(parts); i++) {
        gh_buf out = gh_buf_over(in, SIZE);
        while (gh_buf_ok(&out))
            gh_buf_put(&out, gh_str_of(parts[i]));
        for (unsigned k = 0; k < GH_DANGER_COUNT; k++)
            (void)find(gh_buf_str(&out), (gh_danger_set)1 << k);
    }
    free(in);
}

/* Every character that stands for ASCII alone is folded to it, whatever ranges are left out for speed. */
static void folds_every_variant(void **state)
{
    (void)state;
    unsigned n = 0;
    for (uint32_t code = 0x80; code <= 0x10FFFF; code++) {
        utf8proc_int32_t parts[32];
        char bytes[4], expected[32];
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        utf8proc_ssize_t size = utf8proc_decompose_char((utf8proc_int32_t)code, parts, GH_COUNT(parts),
                                                        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, NULL);
        bool ascii = size > 0 && size <= (utf8proc_ssize_t)GH_COUNT(parts);
        for (utf8proc_ssize_t i = 0; ascii && i < size; i++) {
            ascii = parts[i] >= ' ' && parts[i] < 0x7F;
            expected[i] = gh_lower((char)parts[i]);
        }
        if (!ascii)
            continue;
        gh_str folded;
        assert_true(gh_text_fold((gh_str){bytes, gh_utf8_put(bytes, code)}, &scratch, &folded));
        assert_true(gh_str_eq(folded, (gh_str){expected, (size_t)size}));
        gh_arena_reset(&scratch);
        n++;
    }
    assert_true(n > 1000);
}

/* Eight bytes at a time or one: the same, wherever the text ends and whatever stands in it. */
static void folds_ascii(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 0x80; c++) {
        for (size_t n = 1; n < 20; n++) {
            char text[20];
            memset(text, 'Q', sizeof text);
            text[n - 1] = (char)c;
            gh_str folded;
            assert_true(gh_text_fold((gh_str){text, n}, &scratch, &folded));
            assert_int_equal(folded.n, n - (c == 0));
            for (size_t i = 0; i < folded.n; i++)
                assert_int_equal(folded.p[i], gh_lower(text[i]));
            gh_arena_reset(&scratch);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks),     cmocka_unit_test(ordinary),
        cmocka_unit_test(order),       cmocka_unit_test(length_counts_code_points),
        cmocka_unit_test(no_memory),   cmocka_unit_test(layers),
        cmocka_unit_test(any_bytes),   cmocka_unit_test(normal_form),
        cmocka_unit_test(is_linear),   cmocka_unit_test(folds_every_variant),
        cmocka_unit_test(folds_ascii),
    };
    gh_arena_init(&scratch, NULL, 0, (size_t)64 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
