#include "base/signing.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/base64url.h"
#include "base/signing_key.h"

_Static_assert(GH_ED25519_SEED == crypto_sign_SEEDBYTES, "a seed of Ed25519");
_Static_assert(GH_ED25519_PUBLIC == crypto_sign_PUBLICKEYBYTES, "a public key of Ed25519");
_Static_assert(GH_ED25519_SECRET == crypto_sign_SECRETKEYBYTES, "a seed and its public key");
_Static_assert(GH_KID_SIZE == (GH_SHA256_SIZE * 8 + 5) / 6, "a hash as base64url");

const char gh_signing_no_memory[] = "no memory left";

/* The first name of an algorithm is the one that is written. */
static const struct {
    gh_str name;
    enum gh_signing_alg alg;
} algs[] = {{GH_STR_INIT("HS256"), GH_HS256},
            {GH_STR_INIT("EdDSA"), GH_EDDSA},
            {GH_STR_INIT("ES256"), GH_ES256},
            {GH_STR_INIT("RS256"), GH_RS256},
            {GH_STR_INIT("Ed25519"), GH_EDDSA}};

gh_str gh_signing_alg_name(enum gh_signing_alg alg)
{
    return algs[alg].name;
}

bool gh_signing_alg_read(gh_str name, enum gh_signing_alg *ret)
{
    for (size_t i = 0; i < GH_COUNT(algs); i++) {
        if (gh_str_eq(name, algs[i].name)) {
            *ret = algs[i].alg;
            return true;
        }
    }
    return false;
}

static gh_str over(const uint8_t *bytes, size_t n)
{
    return (gh_str){(const char *)bytes, n};
}

gh_signing_key *gh_signing_key_secret(gh_str secret, const char **ret_why)
{
    uint8_t id[GH_SHA256_SIZE];
    if (secret.n < GH_SIGNING_SECRET_MIN) {
        *ret_why = "a secret of less than 32 bytes";
        return NULL;
    }
    gh_signing_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        *ret_why = gh_signing_no_memory;
        return NULL;
    }
    key->alg = GH_HS256;
    key->signs = true;
    key->signature_size = GH_SHA256_SIZE;
    gh_hmac_key_init(&key->hmac, secret);
    /* Not the thumbprint of RFC 7638, which is a plain hash of the secret (its section 7 warns of that). */
    gh_hkdf(secret, GH_STR("gatehouse HS256 kid"), id, sizeof id);
    gh_buf kid = gh_buf_over(key->kid, sizeof key->kid);
    gh_base64url_put(&kid, over(id, sizeof id));
    return key;
}

static gh_signing_key *ed25519_new(bool signs, const char **ret_why)
{
    gh_signing_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        *ret_why = gh_signing_no_memory;
        return NULL;
    }
    key->alg = GH_EDDSA;
    key->signs = signs;
    key->signature_size = crypto_sign_BYTES;
    return key;
}

gh_signing_key *gh_signing_key_seed(const uint8_t seed[GH_ED25519_SEED], const char **ret_why)
{
    gh_signing_key *key = ed25519_new(true, ret_why);
    if (key == NULL)
        return NULL;
    crypto_sign_seed_keypair(key->ed25519.public, key->ed25519.secret, seed);
    return gh_signing_key_named(key, ret_why);
}

gh_signing_key *gh_signing_key_ed25519(gh_str x, const char **ret_why)
{
    /* On the curve in its one encoding, of no small order, in the main subgroup. */
    if (x.n != GH_ED25519_PUBLIC || crypto_core_ed25519_is_valid_point((const uint8_t *)x.p) != 1) {
        *ret_why = "not a public key of Ed25519";
        return NULL;
    }
    gh_signing_key *key = ed25519_new(false, ret_why);
    if (key == NULL)
        return NULL;
    memcpy(key->ed25519.public, x.p, x.n);
    return gh_signing_key_named(key, ret_why);
}

void gh_signing_key_free(gh_signing_key *key)
{
    if (key == NULL)
        return;
    if (key->alg == GH_ES256 || key->alg == GH_RS256)
        gh_signing_evp_free(&key->evp);
    gh_wipe(key, sizeof *key);
    free(key);
}

enum gh_signing_alg gh_signing_key_alg(const gh_signing_key *key)
{
    return key->alg;
}

bool gh_signing_key_signs(const gh_signing_key *key)
{
    return key->signs;
}

gh_str gh_signing_key_kid(const gh_signing_key *key)
{
    return (gh_str){key->kid, sizeof key->kid};
}

bool gh_signing_put_required(const gh_signing_key *key, gh_buf *out)
{
    if (key->alg == GH_HS256)
        return false;
    if (key->alg != GH_EDDSA)
        return gh_signing_evp_put_required(key, out) && gh_buf_ok(out);
    gh_buf_lit(out, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"");
    gh_base64url_put(out, over(key->ed25519.public, sizeof key->ed25519.public));
    gh_buf_lit(out, "\"}");
    return gh_buf_ok(out);
}

gh_signing_key *gh_signing_key_named(gh_signing_key *key, const char **ret_why)
{
    char memory[GH_SIGNING_JWK_MAX];
    uint8_t hash[GH_SHA256_SIZE];
    gh_buf text = gh_buf_over(memory, sizeof memory), kid = gh_buf_over(key->kid, sizeof key->kid);
    if (!gh_signing_put_required(key, &text)) {
        *ret_why = gh_signing_no_memory;
        gh_signing_key_free(key);
        return NULL;
    }
    gh_sha256(gh_buf_str(&text), hash);
    gh_base64url_put(&kid, over(hash, sizeof hash));
    return key;
}

bool gh_signing_key_put_jwk(const gh_signing_key *key, gh_buf *out)
{
    char memory[GH_SIGNING_JWK_MAX];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    if (!gh_signing_put_required(key, &text))
        return false;
    text.n--; /* its closing brace */
    gh_buf_lit(&text, ",\"kid\":\"");
    gh_buf_put(&text, gh_signing_key_kid(key));
    gh_buf_lit(&text, "\",\"use\":\"sig\",\"alg\":\"");
    gh_buf_put(&text, gh_signing_alg_name(key->alg));
    gh_buf_lit(&text, "\"}");
    gh_buf_put(out, gh_buf_str(&text));
    return gh_buf_ok(&text) && gh_buf_ok(out);
}

bool gh_signing_key_put_private(const gh_signing_key *key, gh_buf *out)
{
    /* RFC 8410 section 7: version 0, the algorithm, and the seed as an octet string within one. */
    static const char ed25519_head[] = "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    if (!key->signs || key->alg == GH_HS256)
        return false;
    if (key->alg != GH_EDDSA)
        return gh_signing_evp_put_private(&key->evp, out);
    if (gh_buf_room(out) < sizeof ed25519_head - 1 + GH_ED25519_SEED)
        return false;
    gh_buf_put(out, GH_STR(ed25519_head));
    gh_buf_put(out, over(key->ed25519.secret, GH_ED25519_SEED)); /* libsodium keeps the seed in front */
    return true;
}

bool gh_sign(const gh_signing_key *key, gh_str data, uint8_t ret[GH_SIGNATURE_MAX], size_t *ret_n)
{
    uint8_t hash[GH_SHA256_SIZE];
    if (!key->signs)
        return false;
    switch (key->alg) {
    case GH_HS256:
        gh_hmac(&key->hmac, &data, 1, ret);
        break;
    case GH_EDDSA:
        crypto_sign_detached(ret, NULL, (const uint8_t *)data.p, data.n, key->ed25519.secret);
        break;
    case GH_ES256:
    case GH_RS256:
        gh_sha256(data, hash);
        return gh_signing_evp_sign(key, hash, ret, ret_n);
    }
    *ret_n = key->signature_size;
    return true;
}

bool gh_verify(const gh_signing_key *key, gh_str data, gh_str signature)
{
    uint8_t hash[GH_SHA256_SIZE];
    if (signature.n != key->signature_size)
        return false;
    switch (key->alg) {
    case GH_HS256:
        gh_hmac(&key->hmac, &data, 1, hash);
        return gh_equal_secret(signature, over(hash, sizeof hash));
    case GH_EDDSA:
        return crypto_sign_verify_detached((const uint8_t *)signature.p, (const uint8_t *)data.p, data.n,
                                           key->ed25519.public) == 0;
    case GH_ES256:
    case GH_RS256:
        gh_sha256(data, hash);
        return gh_signing_evp_verify(key, hash, signature);
    }
    return false;
}
