/* Keys that sign and verify, for the four algorithms of JSON Web Signatures that Gatehouse speaks (RFC 7518 section 3,
 * RFC 8037). One opaque type: the algorithm belongs to the key, and nothing a message says can change it (RFC 8725
 * section 3.1).
 *
 * A key never changes once it is made, so any number of threads may use it at once; its owner frees it after the last
 * use. Functions that make keys answer NULL when the input is no such key, or memory is out; *ret_why (a constant text)
 * then says which.
 *
 * P-256 and RSA are libcrypto's, and two things come with that: the first key of these kinds makes it read its
 * configuration file, once in a process; and signing with them takes randomness from the system, against side
 * channels and for the k of ECDSA. Verifying takes none, and HS256 and Ed25519 never do. */
#ifndef GH_BASE_SIGNING_H
#define GH_BASE_SIGNING_H

#include "base/buf.h"

enum gh_signing_alg {
    GH_HS256, /* HMAC-SHA-256 */
    GH_EDDSA, /* Ed25519 */
    GH_ES256, /* ECDSA on P-256 with SHA-256 */
    GH_RS256  /* RSASSA-PKCS1-v1_5 with SHA-256 */
};

enum {
    GH_SIGNATURE_MAX = 512,        /* bytes: RSA of 4096 bits */
    GH_SIGNING_SECRET_MIN = 32,    /* bytes of a secret for HS256 (RFC 7518 section 3.2) */
    GH_SIGNING_PRIVATE_MAX = 2560, /* bytes of a private key as PKCS#8 */
    GH_SIGNING_JWK_MAX = 1024      /* bytes of a public key as JWK */
};

typedef struct gh_signing_key gh_signing_key;

/* "HS256", "EdDSA", "ES256", "RS256". */
gh_str gh_signing_alg_name(enum gh_signing_alg alg);
/* The reverse, letter by letter; also "Ed25519", the name that RFC 9864 gives to what EdDSA is here. False: another
 * algorithm or none. */
GH_MUST_CHECK bool gh_signing_alg_read(gh_str name, enum gh_signing_alg *ret);

/* HS256 from at least GH_SIGNING_SECRET_MIN bytes. */
GH_MUST_CHECK gh_signing_key *gh_signing_key_secret(gh_str secret, const char **ret_why);
/* EdDSA, ES256 or RS256 from a private key as PKCS#8 (RFC 5958), DER, not encrypted, nothing behind it. RSA as below.
 * Its parts must fit: what it signs must verify. */
GH_MUST_CHECK gh_signing_key *gh_signing_key_private(gh_str der, const char **ret_why);
/* Public keys from the parts of a JWK, decoded (RFC 7518 section 6, RFC 8037 section 2). Points must be on their curve
 * and, for Ed25519, generate the group of prime order; x and y of P-256 have 32 bytes. RSA: n has 2048 to 4096 bits, e
 * is odd, at least 65537 and at most 8 bytes; both without zero bytes in front. */
GH_MUST_CHECK gh_signing_key *gh_signing_key_ed25519(gh_str x, const char **ret_why);
GH_MUST_CHECK gh_signing_key *gh_signing_key_p256(gh_str x, gh_str y, const char **ret_why);
GH_MUST_CHECK gh_signing_key *gh_signing_key_rsa(gh_str n, gh_str e, const char **ret_why);
/* Wipes what is secret; key may be NULL. */
void gh_signing_key_free(gh_signing_key *key);

enum gh_signing_alg gh_signing_key_alg(const gh_signing_key *key);
/* Can it sign, or only verify? */
bool gh_signing_key_signs(const gh_signing_key *key);
/* Its name, 43 characters of base64url: the thumbprint of its public part (RFC 7638). HS256 has no public part: there
 * it is derived with a label from the secret. Lives as long as the key. */
gh_str gh_signing_key_kid(const gh_signing_key *key);

/* The private key as PKCS#8, DER: at most GH_SIGNING_PRIVATE_MAX bytes. The caller wipes them. False: the key is public,
 * or HS256; no room. */
GH_MUST_CHECK bool gh_signing_key_put_private(const gh_signing_key *key, gh_buf *out);
/* The public part as a JWK with kid, use and alg: at most GH_SIGNING_JWK_MAX bytes. False: HS256; no room. */
GH_MUST_CHECK bool gh_signing_key_put_jwk(const gh_signing_key *key, gh_buf *out);

/* False: the key only verifies; memory is out. */
GH_MUST_CHECK bool gh_sign(const gh_signing_key *key, gh_str data, uint8_t ret[GH_SIGNATURE_MAX],
                           size_t *ret_n);
/* Is it this key's signature of data, in the form of JWS (ES256: r and s of 32 bytes each)? */
GH_MUST_CHECK bool gh_verify(const gh_signing_key *key, gh_str data, gh_str signature);

#endif
