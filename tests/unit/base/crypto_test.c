#include "base/crypto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The vectors of the SipHash paper (appendix A and the reference code): key 00..0f, input 00..n-1. */
static void siphash_gives_the_published_vectors(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        uint64_t want;
    } rows[] = {{0, UINT64_C(0x726fdb47dd0e0e31)},
                {1, UINT64_C(0x74f839c593dc67fd)},
                {8, UINT64_C(0x93f5f5799a932462)},
                {15, UINT64_C(0xa129ca6149be45e5)}};
    uint8_t key[GH_SIPHASH_KEY_SIZE], data[16];
    for (uint8_t i = 0; i < 16; i++)
        key[i] = data[i] = i;
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        assert_true(gh_siphash64(key, data, rows[i].n) == rows[i].want);
    assert_true(gh_siphash64(key, NULL, 0) == rows[0].want);
}

static void random_differs(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    gh_random(a, sizeof a);
    gh_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void secrets_compare_whole(void **state)
{
    (void)state;
    assert_true(gh_equal_secret(GH_STR("abc"), GH_STR("abc")));
    assert_false(gh_equal_secret(GH_STR("abc"), GH_STR("abd")));
    assert_false(gh_equal_secret(GH_STR("abc"), GH_STR("ab")));
    assert_true(gh_equal_secret(GH_STR(""), (gh_str){NULL, 0}));
}

static void wipe_zeroes(void **state)
{
    (void)state;
    char text[] = "secret";
    static const char zero[sizeof text];
    gh_wipe(text, sizeof text);
    assert_memory_equal(text, zero, sizeof text);
    gh_wipe(NULL, 0);
}

/* One flipped input bit must flip about half of the output bits. */
static void mix_avalanches(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        unsigned flipped = 0;
        for (uint64_t x = 1; x <= 256; x++)
            flipped += (unsigned)__builtin_popcountll(gh_mix64(x) ^ gh_mix64(x ^ UINT64_C(1) << bit));
        assert_in_range(flipped, 256 * 28, 256 * 36);
    }
}

static int init(void **state)
{
    (void)state;
    return gh_crypto_init() && gh_crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_published_vectors),
        cmocka_unit_test(random_differs),
        cmocka_unit_test(secrets_compare_whole),
        cmocka_unit_test(wipe_zeroes),
        cmocka_unit_test(mix_avalanches),
    };
    return cmocka_run_group_tests(tests, init, NULL);
}
