/* Credentials of ours that are random: session secrets, refresh tokens, device tokens, API keys.
 *
 * Session secret, refresh token and device token are base64url (RFC 4648 section 5) of
 *     id (8) | number (4, big-endian) | random (32) | MAC (16)
 * with a prefix that tells the kind; the MAC over kind, id, number and random shows that we made it, so that an old one
 * can be told from a guess without keeping old ones. What is stored is the keyed hash of the whole text. The number's
 * first byte is the hint of the generation of keys (key_generation.h) that made it; of a device token all of it is the
 * generation.
 *
 * API key: PREFIX "_" base32 of id (8) | random (32), of all generations but 0 the generation (5) behind it, then base32
 * of the CRC-32 of what is before it (4 bytes), so that a mistyped one is found out without a look-up, and leaked ones
 * can be found by their shape. */
#ifndef GH_IDENTITY_SECRET_H
#define GH_IDENTITY_SECRET_H

#include "model/identity.h"

enum gh_secret_kind { GH_SECRET_SESSION, GH_SECRET_REFRESH, GH_SECRET_DEVICE };

enum { GH_SECRET_RANDOM = 32, GH_SECRET_TEXT_MAX = 96, GH_API_KEY_TEXT_MAX = 128 };
enum { GH_SECRET_NUMBER_MAX = 0xffffff };

typedef struct gh_secret {
    gh_id id;
    uint32_t generation;
    uint32_t number;              /* at most GH_SECRET_NUMBER_MAX; of a device token 0 */
    uint8_t hash[GH_SECRET_HASH]; /* of the whole text */
} gh_secret;

/* "ghs_", "ghr_" or "ghd_" and 80 characters. By the active generation. random: GH_SECRET_RANDOM unpredictable bytes.
 * ret->hash is filled in. */
void gh_secret_make(const gh_identity_keys *keys, enum gh_secret_kind kind, gh_id id, uint32_t number,
                    const uint8_t random[GH_SECRET_RANDOM], gh_buf *out, gh_secret *ret);
/* Prefix and length alone: is it worth reading? */
bool gh_secret_looks_like(enum gh_secret_kind kind, gh_str text);
/* The shape only, and the hash: what a lookup needs. False: not of this kind's shape, or of a generation that is not
 * there or not in force. */
GH_MUST_CHECK bool gh_secret_read(const gh_identity_keys *keys, enum gh_secret_kind kind, gh_str text,
                                  gh_secret *ret);
/* Have we made it? Of a text that gh_secret_read() took. */
GH_MUST_CHECK bool gh_secret_authentic(const gh_identity_keys *keys, enum gh_secret_kind kind, gh_str text);

/* A successor is kept sealed by a key that only the secret before it gives. sealed: nonce and text; at most
 * GH_SECRET_TEXT_MAX + 40 bytes. */
void gh_secret_seal(const gh_identity_keys *keys, gh_str before, const uint8_t nonce[GH_SEAL_NONCE_SIZE],
                    gh_str successor, gh_buf *out);
GH_MUST_CHECK bool gh_secret_unseal(const gh_identity_keys *keys, gh_str before, gh_str sealed, gh_buf *out);

/* By the active generation. ret_start: how many characters of it may be shown to tell it by. */
void gh_api_key_make(const gh_identity_keys *keys, gh_str prefix, gh_id id,
                     const uint8_t random[GH_SECRET_RANDOM], gh_buf *out, gh_secret *ret, size_t *ret_start);
GH_MUST_CHECK bool gh_api_key_read(const gh_identity_keys *keys, gh_str prefix, gh_str text, gh_secret *ret);
/* Does it begin like a key of ours? For a bearer token: then it is taken for a key. */
bool gh_api_key_looks_like(gh_str prefix, gh_str text);

/* The keyed hash of a token's jti; never 0. */
uint64_t gh_jti_hash(const gh_identity_keys *keys, gh_str issuer, gh_str jti);
/* The keyed hash of an address's prefix (IPv4: all of it, IPv6: /64), for counting attempts. */
void gh_prefix_hash(const gh_identity_keys *keys, const gh_ip *address, uint8_t ret[GH_SECRET_HASH]);

#endif
