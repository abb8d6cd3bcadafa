#include "base/id.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static const struct {
    gh_id id;
    gh_str text;
} rows[] = {
    {1, GH_STR_INIT("0000000000001")},
    {31, GH_STR_INIT("000000000000z")},
    {32, GH_STR_INIT("0000000000010")},
    {UINT64_C(0x0123456789abcdef), GH_STR_INIT("028t5cy4tqkff")},
    {UINT64_C(1) << 62, GH_STR_INIT("4000000000000")},
    {INT64_MAX, GH_STR_INIT("7zzzzzzzzzzzz")},
};

static gh_str text_of(gh_id id, char memory[GH_ID_TEXT])
{
    gh_buf out = gh_buf_over(memory, GH_ID_TEXT);
    gh_id_put(&out, id);
    assert_true(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

static void ids_as_text_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char memory[GH_ID_TEXT];
        gh_id id = 0;
        assert_true(gh_str_eq(text_of(rows[i].id, memory), rows[i].text));
        assert_true(gh_id_parse(rows[i].text, &id));
        assert_int_equal(id, rows[i].id);
    }
}

/* Which is what makes a list of them by text a list by number. */
static void their_texts_sort_as_they_do(void **state)
{
    (void)state;
    for (size_t i = 1; i < GH_COUNT(rows); i++)
        assert_true(memcmp(rows[i - 1].text.p, rows[i].text.p, GH_ID_TEXT) < 0);
}

static void what_is_no_id_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const gh_str bad[] = {
        {NULL, 0},
        GH_STR_INIT(""),
        GH_STR_INIT("0"),
        GH_STR_INIT("000000000001"),   /* 12 digits */
        GH_STR_INIT("00000000000001"), /* 14 */
        GH_STR_INIT("0000000000000"),  /* none */
        GH_STR_INIT("8000000000000"),  /* 64 bits */
        GH_STR_INIT("zzzzzzzzzzzzz"),
        GH_STR_INIT("000000000000Z"), /* upper case, and what Crockford lets pass for digits */
        GH_STR_INIT("000000000000i"),
        GH_STR_INIT("000000000000l"),
        GH_STR_INIT("000000000000o"),
        GH_STR_INIT("000000000000u"),
        GH_STR_INIT("000000-000001"),
        GH_STR_INIT(" 000000000001"),
        GH_STR_INIT("000000000001 "),
        GH_STR_INIT("-000000000001"),
        GH_STR_INIT("i000000000001"),
    };
    for (size_t i = 0; i < GH_COUNT(bad); i++) {
        gh_id id = 42;
        assert_false(gh_id_parse(bad[i], &id));
        assert_int_equal(id, 42);
    }
}

/* At each place exactly the 32 digits (8 at the first one) are taken. */
static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (unsigned place = 0; place < GH_ID_TEXT; place++)
        for (unsigned c = 0; c < 256; c++) {
            char text[GH_ID_TEXT];
            memset(text, '1', sizeof text);
            text[place] = (char)c;
            const char *at = c == 0 ? NULL : strchr(digits, (int)c);
            bool is_digit = at != NULL && (place > 0 || at - digits < 8);
            gh_id id;
            assert_int_equal(gh_id_parse((gh_str){text, sizeof text}, &id), is_digit);
        }
}

static void no_more_is_written_than_there_is_room_for(void **state)
{
    (void)state;
    char memory[GH_ID_TEXT] = "xxxxxxxxxxxxx";
    gh_buf out = gh_buf_over(memory, GH_ID_TEXT - 1);
    gh_id_put(&out, 1);
    assert_false(gh_buf_ok(&out));
    assert_memory_equal(memory, "xxxxxxxxxxxxx", GH_ID_TEXT);
}

static void random_bytes_are_63_bits_and_never_none(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        gh_id want;
    } cases[] = {
        {{0}, 1},
        {{0x80}, 1},
        {{0, 0, 0, 0, 0, 0, 0, 1}, 1},
        {{1, 2, 3, 4, 5, 6, 7, 8}, UINT64_C(0x0102030405060708)},
        {{0x81, 2, 3, 4, 5, 6, 7, 8}, UINT64_C(0x0102030405060708)},
        {{255, 255, 255, 255, 255, 255, 255, 255}, INT64_MAX},
    };
    for (size_t i = 0; i < GH_COUNT(cases); i++)
        assert_int_equal(gh_id_of_random(cases[i].bytes), cases[i].want);
}

/* The vectors of RFC 4648 section 10 without padding, in Crockford's digits: value for value the same. */
static const struct {
    gh_str bytes, text;
} vectors[] = {
    {GH_STR_INIT(""), GH_STR_INIT("")},
    {GH_STR_INIT("f"), GH_STR_INIT("cr")},
    {GH_STR_INIT("fo"), GH_STR_INIT("csqg")},
    {GH_STR_INIT("foo"), GH_STR_INIT("csqpy")},
    {GH_STR_INIT("foob"), GH_STR_INIT("csqpyrg")},
    {GH_STR_INIT("fooba"), GH_STR_INIT("csqpyrk1")},
    {GH_STR_INIT("foobar"), GH_STR_INIT("csqpyrk1e8")},
};

static void bytes_as_text_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(vectors); i++) {
        char memory[16];
        uint8_t back[16] = {0};
        gh_buf out = gh_buf_over(memory, sizeof memory);
        gh_base32_put(&out, (const uint8_t *)vectors[i].bytes.p, vectors[i].bytes.n);
        assert_true(gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), vectors[i].text));
        assert_true(gh_base32_read(vectors[i].text, back, vectors[i].bytes.n));
        assert_memory_equal(back, vectors[i].bytes.p, vectors[i].bytes.n);
        assert_int_equal(back[vectors[i].bytes.n], 0);
    }
}

static void only_the_text_that_would_be_written_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(vectors); i++) {
        uint8_t back[16] = {0};
        for (size_t n = 0; n <= 8; n++)
            assert_int_equal(gh_base32_read(vectors[i].text, back, n), n == vectors[i].bytes.n);
    }
    uint8_t untouched[4] = {9, 9, 9, 9};
    static const gh_str bad[] = {GH_STR_INIT("cs"), GH_STR_INIT("cS"), GH_STR_INIT("c="), GH_STR_INIT("ci")};
    for (size_t i = 0; i < GH_COUNT(bad); i++) /* bits in the padding; other letters */
        assert_false(gh_base32_read(bad[i], untouched, 1));
    assert_false(gh_base32_read(GH_STR("csqpyrl"), untouched, 4));
    assert_false(gh_base32_read(GH_STR("csqpyrh"), untouched, 4));
    assert_int_equal(untouched[0], 9);
}

/* Of all texts of two digits those are read that one byte is written as, and no others. */
static void every_byte_has_one_text(void **state)
{
    (void)state;
    unsigned read = 0;
    for (unsigned i = 0; i < 32 * 32; i++) {
        char text[2] = {digits[i / 32], digits[i % 32]}, memory[2];
        uint8_t byte = 0;
        if (!gh_base32_read((gh_str){text, 2}, &byte, 1))
            continue;
        gh_buf out = gh_buf_over(memory, sizeof memory);
        gh_base32_put(&out, &byte, 1);
        assert_memory_equal(memory, text, 2);
        read++;
    }
    assert_int_equal(read, 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_as_text_and_back),
        cmocka_unit_test(their_texts_sort_as_they_do),
        cmocka_unit_test(what_is_no_id_is_refused_and_changes_nothing),
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(no_more_is_written_than_there_is_room_for),
        cmocka_unit_test(random_bytes_are_63_bits_and_never_none),
        cmocka_unit_test(bytes_as_text_and_back),
        cmocka_unit_test(only_the_text_that_would_be_written_is_read),
        cmocka_unit_test(every_byte_has_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
