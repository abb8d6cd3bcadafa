/* What all cryptography rests on: randomness, comparison, wiping. hash.h and signing.h have the rest.
 *
 * All are pure but gh_random(), which asks the operating system. The library proper never
 * calls gh_random(): keys and nonces come to it from its caller, so that a decision can be
 * replayed. Only the program (stores, edges, cli) may call it. */
#ifndef GH_BASE_CRYPTO_H
#define GH_BASE_CRYPTO_H

#include <stdint.h>

#include "base/slice.h"

enum { GH_SIPHASH_KEY_SIZE = 16 };

/* Once, before anything else here and before threads start; more calls do no harm. False: the
 * system has no source of randomness, and the program must not go on. */
GH_MUST_CHECK bool gh_crypto_init(void);

/* SipHash-2-4 of n bytes: a table's hash which clients who do not know the key cannot steer.
 * data may be NULL when n is 0. The result is the same on every machine. */
uint64_t gh_siphash64(const uint8_t key[GH_SIPHASH_KEY_SIZE], const void *data, size_t n);

/* Fills n bytes with randomness fit for keys. Cannot fail after gh_crypto_init(). */
void gh_random(void *ret, size_t n);

/* Equality in a time that tells nothing of the contents; the lengths may leak. */
bool gh_equal_secret(gh_str a, gh_str b);

/* Zeroes memory in a way the compiler keeps. */
void gh_wipe(void *p, size_t n);

/* A bijective finaliser with full avalanche (the one of SplitMix64): makes hashes that were
 * combined by xor or addition fit for a table again. No secret in it: feed it keyed hashes. */
static inline uint64_t gh_mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

#endif
