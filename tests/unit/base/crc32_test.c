#include "base/crc32.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* As the standard defines it: a bit at a time. */
static uint32_t by_bits(gh_str data)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < data.n; i++) {
        crc ^= (unsigned char)data.p[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & (0 - (crc & 1)));
    }
    return ~crc;
}

static void the_value_that_all_catalogues_give(void **state)
{
    (void)state;
    assert_int_equal(gh_crc32(GH_STR("123456789")), 0xCBF43926);
    assert_int_equal(gh_crc32(GH_STR("")), 0);
    assert_int_equal(gh_crc32((gh_str){NULL, 0}), 0);
}

static void every_length_and_place_in_memory(void **state)
{
    (void)state;
    char bytes[96];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 151 + 7);
    for (size_t from = 0; from < 8; from++)
        for (size_t n = 0; from + n <= sizeof bytes; n++) {
            gh_str data = {bytes + from, n};
            assert_int_equal(gh_crc32(data), by_bits(data));
        }
}

/* Each bit alone reaches each row of the table. */
static void every_bit(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 8 * 8; bit++) {
        char bytes[8] = {0};
        bytes[bit / 8] = (char)(1u << bit % 8);
        assert_int_equal(gh_crc32((gh_str){bytes, 8}), by_bits((gh_str){bytes, 8}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_value_that_all_catalogues_give),
        cmocka_unit_test(every_length_and_place_in_memory),
        cmocka_unit_test(every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
