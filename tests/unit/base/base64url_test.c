#include "base/base64url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* RFC 4648 section 10 without its padding; RFC 7515 appendix C. */
static const struct {
    gh_str bytes, text;
} rows[] = {
    {GH_STR_INIT(""), GH_STR_INIT("")},
    {GH_STR_INIT("f"), GH_STR_INIT("Zg")},
    {GH_STR_INIT("fo"), GH_STR_INIT("Zm8")},
    {GH_STR_INIT("foo"), GH_STR_INIT("Zm9v")},
    {GH_STR_INIT("foob"), GH_STR_INIT("Zm9vYg")},
    {GH_STR_INIT("fooba"), GH_STR_INIT("Zm9vYmE")},
    {GH_STR_INIT("foobar"), GH_STR_INIT("Zm9vYmFy")},
    {GH_STR_INIT("\x03\xec\xff\xe0\xc1"), GH_STR_INIT("A-z_4ME")},
};

static bool reads(gh_str text)
{
    uint8_t to[64];
    return gh_base64url_read(text, to);
}

static void the_published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char memory[16];
        uint8_t bytes[16];
        gh_buf out = gh_buf_over(memory, sizeof memory);
        gh_base64url_put(&out, rows[i].bytes);
        assert_true(gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), rows[i].text));
        assert_int_equal(gh_base64url_size(rows[i].bytes.n), rows[i].text.n);
        assert_int_equal(gh_base64url_bytes(rows[i].text.n), rows[i].bytes.n);
        assert_true(gh_base64url_read(rows[i].text, bytes));
        assert_memory_equal(bytes, rows[i].bytes.p, rows[i].bytes.n);
        assert_true(gh_base64url_read(gh_buf_str(&out), (uint8_t *)memory)); /* in place */
        assert_memory_equal(memory, rows[i].bytes.p, rows[i].bytes.n);
    }
    assert_true(reads((gh_str){NULL, 0}));
}

/* Of all texts of two and three characters exactly those are read that writing gives: 256 and 65,536. */
static void each_value_has_one_text(void **state)
{
    (void)state;
    unsigned two = 0, three = 0;
    for (unsigned i = 0; i < 64 * 64 * 64; i++) {
        char text[3] = {alphabet[i >> 12], alphabet[i >> 6 & 63], alphabet[i & 63]}, memory[3];
        uint8_t bytes[2];
        gh_buf out = gh_buf_over(memory, sizeof memory);
        if (gh_base64url_read((gh_str){text, 3}, bytes)) {
            three++;
            gh_base64url_put(&out, (gh_str){(char *)bytes, 2});
            assert_true(gh_buf_ok(&out));
            assert_memory_equal(memory, text, 3);
        }
        if (i < 64 * 64)
            two += reads((gh_str){text + 1, 2});
    }
    assert_int_equal(two, 256);
    assert_int_equal(three, 65536);
}

/* Every byte that is not of the alphabet is refused at every place of a text, in its whole part and in its rest. */
static void other_characters_are_refused(void **state)
{
    (void)state;
    for (size_t n = 2; n <= 11; n++) {
        for (size_t at = 0; n % 4 != 1 && at < n; at++) {
            for (unsigned c = 0; c < 256; c++) {
                char text[11];
                memset(text, 'A', sizeof text);
                text[at] = (char)c;
                bool is_ours = c != 0 && strchr(alphabet, (int)c) != NULL;
                if (!is_ours)
                    assert_false(reads((gh_str){text, n}));
                else if (at < n / 4 * 4)
                    assert_true(reads((gh_str){text, n}));
            }
        }
    }
}

static void no_second_form_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"Zg==",  "Zg=",           "Zm8=",    "Zh",  "Zm9",  "Z",
                                        "Zm9vY", "A+z/",          "Zg\n",    " Zg", "Zg ",  "Zm\n9v",
                                        "Z.m8",  "Zm9vYmF=",      "====",    "=",   "Zg\t", "Zm9v=",
                                        "Zm9v ", "\xef\xbb\xbfZ", "Zm9v\r\n"};
    for (size_t i = 0; i < GH_COUNT(texts); i++)
        assert_false(reads(gh_str_of(texts[i])));
}

static void sizes_are_exact(void **state)
{
    (void)state;
    for (size_t n = 0; n < 100; n++) {
        char memory[140];
        static const char bytes[100];
        gh_buf fits = gh_buf_over(memory, gh_base64url_size(n)), tight = gh_buf_over(memory, 0);
        gh_base64url_put(&fits, (gh_str){bytes, n});
        assert_true(gh_buf_ok(&fits) && fits.n == fits.cap);
        assert_int_equal(gh_base64url_bytes(fits.n), n);
        if (n == 0)
            continue;
        tight.cap = gh_base64url_size(n) - 1;
        gh_base64url_put(&tight, (gh_str){bytes, n});
        assert_true(!gh_buf_ok(&tight) && tight.n == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors),
        cmocka_unit_test(each_value_has_one_text),
        cmocka_unit_test(other_characters_are_refused),
        cmocka_unit_test(no_second_form_is_read),
        cmocka_unit_test(sizes_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
