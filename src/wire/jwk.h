/* JSON Web Keys and sets of them (RFC 7517, RFC 7518 section 6, RFC 8037), public ones: what an issuer publishes.
 *
 * Each key gets its algorithm here, for good: the member alg when there is one, else the one its kind has with
 * Gatehouse (RSA: RS256). Keys for other purposes, of other kinds or with wrong parts are passed over, as section 5
 * asks for; a set with a secret in it is refused, since whoever publishes it has lost that key. */
#ifndef GH_WIRE_JWK_H
#define GH_WIRE_JWK_H

#include "base/signing.h"
#include "wire/json.h"

enum {
    GH_JWKS_MAX = 256 * 1024, /* bytes of a set */
    GH_JWKS_KEYS_MAX = 64
};

enum gh_jwk_result {
    GH_JWK_KEY,     /* *ret is a key, owned by the caller */
    GH_JWK_SKIPPED, /* nothing for us */
    GH_JWK_REFUSED  /* a secret is in it */
};

/* One key. *ret_why (a constant text) says why it is none. */
GH_MUST_CHECK enum gh_jwk_result gh_jwk_read(const gh_json *jwk, gh_signing_key **ret, const char **ret_why);

typedef struct gh_jwks_key {
    gh_str kid; /* absent when not given */
    gh_signing_key *key;
} gh_jwks_key;

typedef struct gh_jwks {
    gh_jwks_key keys[GH_JWKS_KEYS_MAX];
    unsigned n;
    unsigned skipped;
    const char *skipped_why; /* of the last one; NULL: none */
} gh_jwks;

typedef struct gh_jwks_error {
    const char *why; /* a constant text */
    gh_str kid;      /* of the key it is about; absent when it has none, or it is about the whole */
} gh_jwks_error;

/* A set. Text and arena must outlive *ret, which gh_jwks_free() frees. False: not a set; over a limit; two keys with the
 * same kid; a key with a secret. A set without a key for us is a set. */
GH_MUST_CHECK bool gh_jwks_read(gh_str text, gh_arena *arena, gh_jwks *ret, gh_jwks_error *ret_error);
void gh_jwks_free(gh_jwks *set);
/* The key of that kid. Without a kid (absent): the one key of that algorithm, when there is no second one. NULL: none. */
const gh_signing_key *gh_jwks_find(const gh_jwks *set, gh_str kid, enum gh_signing_alg alg);

/* Writes a set with the public parts of n keys; those for HS256, which have none, are left out. False: no room. */
GH_MUST_CHECK bool gh_jwks_put(gh_buf *out, const gh_signing_key *const *keys, unsigned n);

#endif
