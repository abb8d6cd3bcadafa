#include "base/crypto.h"

#include <sodium.h>

_Static_assert(GH_SIPHASH_KEY_SIZE == crypto_shorthash_KEYBYTES, "the key of SipHash-2-4");
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "the result fits one word");

bool gh_crypto_init(void)
{
    return sodium_init() >= 0;
}

uint64_t gh_siphash64(const uint8_t key[GH_SIPHASH_KEY_SIZE], const void *data, size_t n)
{
    static const uint8_t nothing;
    uint8_t out[crypto_shorthash_BYTES];
    crypto_shorthash(out, n == 0 ? &nothing : data, n, key);
    uint64_t v = 0;
    for (size_t i = 0; i < sizeof out; i++)
        v |= (uint64_t)out[i] << (8 * i);
    return v;
}

void gh_random(void *ret, size_t n)
{
    randombytes_buf(ret, n);
}

bool gh_equal_secret(gh_str a, gh_str b)
{
    return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

void gh_wipe(void *p, size_t n)
{
    if (n > 0)
        sodium_memzero(p, n);
}
