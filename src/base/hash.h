/* Hashes, keyed hashes, derived keys, and sealing of small secrets. All are pure: keys and nonces are handed in.
 *
 * Outputs of fixed size never fail. Keys are values of the caller: wipe them (gh_wipe) when they are done with. Any
 * number of threads may use the same key. */
#ifndef GH_BASE_HASH_H
#define GH_BASE_HASH_H

#include "base/crypto.h"

enum {
    GH_SHA256_SIZE = 32,
    GH_SIPHASH128_SIZE = 16,
    GH_HKDF_MAX = 255 * GH_SHA256_SIZE, /* bytes that one secret and label can give */
    GH_SEAL_KEY_SIZE = 32,
    GH_SEAL_NONCE_SIZE = 24, /* long enough to be drawn by chance for every message */
    GH_SEAL_EXTRA = 16       /* bytes that a sealed text is longer than the plain one */
};

/* SHA-256 (FIPS 180-4). */
void gh_sha256(gh_str data, uint8_t ret[GH_SHA256_SIZE]);

/* HMAC-SHA-256 (RFC 2104) with the key's share of the work done once: both states after their key block. */
typedef struct gh_hmac_key {
    _Alignas(8) uint8_t inner[112];
    _Alignas(8) uint8_t outer[112];
} gh_hmac_key;

/* A secret of any length; one of more than 64 bytes is hashed first, as the RFC says. */
void gh_hmac_key_init(gh_hmac_key *ret, gh_str secret);
/* Over n parts in a row: where one ends and the next begins is not told apart, so parts of free length need a
 * length or a separator between them. */
void gh_hmac(const gh_hmac_key *key, const gh_str *parts, unsigned n, uint8_t ret[GH_SHA256_SIZE]);

/* HKDF-SHA256 (RFC 5869) without a salt: n <= GH_HKDF_MAX bytes for the purpose that the label names. The secret must
 * be hard to guess as it is; this is not for passwords. */
void gh_hkdf(gh_str secret, gh_str label, uint8_t *ret, size_t n);

/* SipHash-2-4 with 128 bits: a short name for a text that nobody without the key can foresee or make collide. */
void gh_siphash128(const uint8_t key[GH_SIPHASH_KEY_SIZE], gh_str data, uint8_t ret[GH_SIPHASH128_SIZE]);

/* XChaCha20-Poly1305 (RFC 8439 with the longer nonce of draft-irtf-cfrg-xchacha-03). A nonce may be used once with a
 * key. `about` is bound to the text but not kept in it: the same must be given to open it; may be absent. Writes
 * plain.n + GH_SEAL_EXTRA bytes; ret may be plain.p itself. */
void gh_seal(const uint8_t key[GH_SEAL_KEY_SIZE], const uint8_t nonce[GH_SEAL_NONCE_SIZE], gh_str about,
             gh_str plain, uint8_t *ret);
/* The reverse: writes sealed.n - GH_SEAL_EXTRA bytes; ret may be sealed.p itself. False: not sealed with this key,
 * nonce and `about`, or changed since; those bytes of ret are then zero. */
GH_MUST_CHECK bool gh_open(const uint8_t key[GH_SEAL_KEY_SIZE], const uint8_t nonce[GH_SEAL_NONCE_SIZE],
                           gh_str about, gh_str sealed, uint8_t *ret);

#endif
