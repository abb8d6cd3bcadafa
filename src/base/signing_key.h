/* What a signing key is made of: for signing*.c alone. */
#ifndef GH_BASE_SIGNING_KEY_H
#define GH_BASE_SIGNING_KEY_H

#include <openssl/evp.h>

#include "base/hash.h"
#include "base/signing.h"

enum {
    GH_KID_SIZE = 43,
    GH_ED25519_SEED = 32,
    GH_ED25519_PUBLIC = 32,
    GH_ED25519_SECRET = 64,
    GH_P256_SIZE = 32
};

/* P-256 or RSA. The contexts are prepared once, and copied for each use: a copy looks nothing up. */
struct gh_signing_evp {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *verify;
    EVP_PKEY_CTX *sign; /* NULL: public */
};

struct gh_signing_key {
    enum gh_signing_alg alg;
    bool signs;
    uint16_t signature_size; /* the only length its signatures have */
    char kid[GH_KID_SIZE];
    union {
        gh_hmac_key hmac;
        struct {
            uint8_t public[GH_ED25519_PUBLIC], secret[GH_ED25519_SECRET];
        } ed25519;
        struct gh_signing_evp evp;
    };
};

extern const char gh_signing_no_memory[];

/* Ed25519 from the 32 bytes that RFC 8032 calls the private key. */
gh_signing_key *gh_signing_key_seed(const uint8_t seed[GH_ED25519_SEED], const char **ret_why);
/* Takes pkey over, also when it fails. */
gh_signing_key *gh_signing_key_evp(EVP_PKEY *pkey, bool signs, const char **ret_why);
/* Sets the kid of a key that is whole otherwise; frees it when that fails. */
gh_signing_key *gh_signing_key_named(gh_signing_key *key, const char **ret_why);
/* The members of a JWK that its thumbprint is made of, in their order (RFC 7638 section 3.2), as an object. */
bool gh_signing_put_required(const gh_signing_key *key, gh_buf *out);

void gh_signing_evp_free(struct gh_signing_evp *evp);
bool gh_signing_evp_put_required(const struct gh_signing_key *key, gh_buf *out);
bool gh_signing_evp_put_private(const struct gh_signing_evp *evp, gh_buf *out);
bool gh_signing_evp_sign(const gh_signing_key *key, const uint8_t hash[GH_SHA256_SIZE], uint8_t *ret,
                         size_t *ret_n);
bool gh_signing_evp_verify(const gh_signing_key *key, const uint8_t hash[GH_SHA256_SIZE], gh_str signature);

#endif
