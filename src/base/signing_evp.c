/* P-256 and RSA, by libcrypto. What a failed call leaves in the thread's queue of errors is taken out again: the queue
 * is shared with other users of libcrypto in the process. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/base64url.h"
#include "base/signing_key.h"

enum { RSA_BITS_MIN = 2048, RSA_BYTES_MAX = 512, RSA_E_MAX = 8, RSA_E_MIN = 65537 };

static gh_signing_key *fail(const char *why, const char **ret_why)
{
    *ret_why = why;
    return NULL;
}

void gh_signing_evp_free(struct gh_signing_evp *evp)
{
    EVP_PKEY_CTX_free(evp->verify);
    EVP_PKEY_CTX_free(evp->sign);
    EVP_PKEY_free(evp->pkey);
}

/* Numbers of a key as bytes */

/* The size of a number of the key, or 0. *ret has room for RSA_BYTES_MAX. */
static size_t number(const EVP_PKEY *pkey, const char *name, uint8_t *ret, size_t pad)
{
    BIGNUM *n = NULL;
    int size = 0;
    if (EVP_PKEY_get_bn_param(pkey, name, &n) == 1 && BN_num_bytes(n) <= RSA_BYTES_MAX)
        size = BN_bn2binpad(n, ret, pad > 0 ? (int)pad : BN_num_bytes(n));
    BN_free(n);
    return size > 0 ? (size_t)size : 0;
}

static bool put_member(const gh_signing_key *key, gh_buf *out, const char *label, const char *name)
{
    uint8_t bytes[RSA_BYTES_MAX];
    size_t n = number(key->evp.pkey, name, bytes, key->alg == GH_ES256 ? GH_P256_SIZE : 0);
    gh_buf_put(out, gh_str_of(label));
    gh_base64url_put(out, (gh_str){(char *)bytes, n});
    return n > 0;
}

bool gh_signing_evp_put_required(const gh_signing_key *key, gh_buf *out)
{
    bool done =
        key->alg == GH_ES256
            ? put_member(key, out, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"", OSSL_PKEY_PARAM_EC_PUB_X) &&
                  put_member(key, out, "\",\"y\":\"", OSSL_PKEY_PARAM_EC_PUB_Y)
            : put_member(key, out, "{\"e\":\"", OSSL_PKEY_PARAM_RSA_E) &&
                  put_member(key, out, "\",\"kty\":\"RSA\",\"n\":\"", OSSL_PKEY_PARAM_RSA_N);
    gh_buf_lit(out, "\"}");
    return done;
}

/* Keys */

/* What is wrong with the public numbers of RSA, or NULL. */
static const char *rsa_wrong(gh_str n, gh_str e)
{
    uint64_t exponent = 0;
    if (n.n == 0 || n.p[0] == 0 || e.n == 0 || e.p[0] == 0)
        return "a number of RSA is empty or begins with zero";
    if (n.n < RSA_BITS_MIN / 8 || n.n > RSA_BYTES_MAX || (n.n == RSA_BITS_MIN / 8 && (n.p[0] & 0x80) == 0))
        return "RSA of less than 2048 bits or more than 4096";
    for (size_t i = 0; i < e.n && i < RSA_E_MAX; i++)
        exponent = exponent << 8 | (uint8_t)e.p[i];
    if (e.n > RSA_E_MAX || exponent < RSA_E_MIN || exponent % 2 == 0)
        return "an exponent of RSA that is even, below 65537 or of more than 8 bytes";
    return (n.p[n.n - 1] & 1) == 0 ? "an even modulus of RSA" : NULL;
}

/* What is wrong with the key for our purposes, or NULL; then *ret says what it is for. */
static const char *kind(const EVP_PKEY *pkey, enum gh_signing_alg *ret)
{
    char curve[32];
    uint8_t n[RSA_BYTES_MAX], e[RSA_BYTES_MAX];
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        size_t n_size = number(pkey, OSSL_PKEY_PARAM_RSA_N, n, 0),
               e_size = number(pkey, OSSL_PKEY_PARAM_RSA_E, e, 0);
        *ret = GH_RS256;
        return rsa_wrong((gh_str){(char *)n, n_size}, (gh_str){(char *)e, e_size});
    }
    if (!EVP_PKEY_is_a(pkey, "EC"))
        return "a kind of key that is not Ed25519, P-256 or RSA";
    if (EVP_PKEY_get_group_name(pkey, curve, sizeof curve, NULL) != 1 ||
        !gh_str_eq(gh_str_of(curve), GH_STR("prime256v1")))
        return "a curve that is not P-256";
    *ret = GH_ES256;
    return NULL;
}

static EVP_PKEY_CTX *prepared(EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *), bool rsa)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(pkey, NULL);
    if (c != NULL && init(c) == 1 && EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 &&
        (!rsa || EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1))
        return c;
    EVP_PKEY_CTX_free(c);
    return NULL;
}

/* Does what it signs verify? A private key whose parts do not fit would give signatures that nobody accepts, or that
 * give it away. */
static bool fits(const gh_signing_key *key)
{
    uint8_t signature[GH_SIGNATURE_MAX];
    size_t n = 0;
    const gh_str data = GH_STR("gatehouse");
    return gh_sign(key, data, signature, &n) && gh_verify(key, data, (gh_str){(char *)signature, n});
}

gh_signing_key *gh_signing_key_evp(EVP_PKEY *pkey, bool signs, const char **ret_why)
{
    enum gh_signing_alg alg = GH_ES256;
    const char *wrong = kind(pkey, &alg);
    gh_signing_key *key = wrong == NULL ? calloc(1, sizeof *key) : NULL;
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return fail(wrong == NULL ? gh_signing_no_memory : wrong, ret_why);
    }
    key->alg = alg;
    key->signs = signs;
    key->signature_size = alg == GH_ES256 ? 2 * GH_P256_SIZE : (uint16_t)EVP_PKEY_get_size(pkey);
    key->evp.pkey = pkey;
    key->evp.verify = prepared(pkey, EVP_PKEY_verify_init, alg == GH_RS256);
    key->evp.sign = signs ? prepared(pkey, EVP_PKEY_sign_init, alg == GH_RS256) : NULL;
    if (key->evp.verify == NULL || (signs && key->evp.sign == NULL))
        wrong = gh_signing_no_memory;
    else if (signs && !fits(key))
        wrong = "a private key whose parts do not fit";
    if (wrong == NULL)
        return gh_signing_key_named(key, ret_why);
    gh_signing_key_free(key);
    return fail(wrong, ret_why);
}

static gh_signing_key *from_pkcs8(gh_str der, const char **ret_why)
{
    uint8_t seed[GH_ED25519_SEED];
    size_t n = sizeof seed;
    const uint8_t *at = (const uint8_t *)der.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.n);
    EVP_PKEY *pkey = info == NULL || at != (const uint8_t *)der.p + der.n ? NULL : EVP_PKCS82PKEY(info);
    PKCS8_PRIV_KEY_INFO_free(info);
    if (pkey == NULL)
        return fail("not a private key as PKCS#8", ret_why);
    if (!EVP_PKEY_is_a(pkey, "ED25519"))
        return gh_signing_key_evp(pkey, true, ret_why);
    bool have = EVP_PKEY_get_raw_private_key(pkey, seed, &n) == 1 && n == sizeof seed;
    EVP_PKEY_free(pkey);
    gh_signing_key *key = have ? gh_signing_key_seed(seed, ret_why) : fail("not a key of Ed25519", ret_why);
    gh_wipe(seed, sizeof seed);
    return key;
}

gh_signing_key *gh_signing_key_private(gh_str der, const char **ret_why)
{
    if (der.n == 0 || der.n > GH_SIGNING_PRIVATE_MAX)
        return fail("not a private key as PKCS#8", ret_why);
    ERR_set_mark();
    gh_signing_key *key = from_pkcs8(der, ret_why);
    ERR_pop_to_mark();
    return key;
}

static gh_signing_key *from_parts(const char *type, OSSL_PARAM *parts, const char *wrong,
                                  const char **ret_why)
{
    EVP_PKEY *pkey = NULL;
    gh_signing_key *key = NULL;
    ERR_set_mark();
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &pkey, EVP_PKEY_PUBLIC_KEY, parts) != 1)
        *ret_why = wrong;
    else
        key = gh_signing_key_evp(pkey, false, ret_why);
    EVP_PKEY_CTX_free(c);
    ERR_pop_to_mark();
    return key;
}

gh_signing_key *gh_signing_key_p256(gh_str x, gh_str y, const char **ret_why)
{
    static const char wrong[] = "not a point of P-256";
    char curve[] = "prime256v1";
    uint8_t point[1 + 2 * GH_P256_SIZE] = {POINT_CONVERSION_UNCOMPRESSED};
    if (x.n != GH_P256_SIZE || y.n != GH_P256_SIZE)
        return fail(wrong, ret_why);
    memcpy(point + 1, x.p, GH_P256_SIZE);
    memcpy(point + 1 + GH_P256_SIZE, y.p, GH_P256_SIZE);
    OSSL_PARAM parts[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve - 1),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end()};
    return from_parts("EC", parts, wrong, ret_why);
}

/* Numbers are handed to libcrypto in the order of the machine. */
static OSSL_PARAM native(const char *name, gh_str number, uint8_t *memory)
{
    memcpy(memory, number.p, number.n);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (size_t i = 0; i < number.n; i++)
        memory[i] = (uint8_t)number.p[number.n - 1 - i];
#endif
    return OSSL_PARAM_construct_BN(name, memory, number.n);
}

gh_signing_key *gh_signing_key_rsa(gh_str n, gh_str e, const char **ret_why)
{
    uint8_t n_memory[RSA_BYTES_MAX], e_memory[RSA_E_MAX];
    const char *wrong = rsa_wrong(n, e); /* before libcrypto has to do with numbers of any size */
    if (wrong != NULL)
        return fail(wrong, ret_why);
    OSSL_PARAM parts[] = {native(OSSL_PKEY_PARAM_RSA_N, n, n_memory),
                          native(OSSL_PKEY_PARAM_RSA_E, e, e_memory), OSSL_PARAM_construct_end()};
    return from_parts("RSA", parts, "not a public key of RSA", ret_why);
}

bool gh_signing_evp_put_private(const struct gh_signing_evp *evp, gh_buf *out)
{
    ERR_set_mark();
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(evp->pkey);
    int n = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    bool done = n > 0 && (size_t)n <= gh_buf_room(out);
    if (done) {
        uint8_t *to = (uint8_t *)out->p + out->n;
        done = i2d_PKCS8_PRIV_KEY_INFO(info, &to) == n;
        out->n += done ? (size_t)n : 0;
    }
    PKCS8_PRIV_KEY_INFO_free(info); /* wipes the key in it */
    ERR_pop_to_mark();
    return done;
}

/* Signatures */

/* ECDSA: from libcrypto's DER to the r and s of JWS (RFC 7518 section 3.4). */
static bool to_jws(const uint8_t *der, size_t n, uint8_t *ret)
{
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool done = s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s), ret, GH_P256_SIZE) == GH_P256_SIZE &&
                BN_bn2binpad(ECDSA_SIG_get0_s(s), ret + GH_P256_SIZE, GH_P256_SIZE) == GH_P256_SIZE;
    ECDSA_SIG_free(s);
    return done;
}

/* A DER INTEGER of 32 bytes that are not negative. Returns its size. */
static uint8_t put_integer(uint8_t *to, const uint8_t *v)
{
    uint8_t skip = 0;
    while (skip < GH_P256_SIZE - 1 && v[skip] == 0)
        skip++;
    uint8_t sign = v[skip] >> 7, n = (uint8_t)(GH_P256_SIZE - skip);
    to[0] = V_ASN1_INTEGER;
    to[1] = (uint8_t)(n + sign);
    to[2] = 0;
    memcpy(to + 2 + sign, v + skip, n);
    return (uint8_t)(2 + sign + n);
}

enum { INTEGER_MAX = 2 + 1 + GH_P256_SIZE, DER_MAX = 2 + 2 * INTEGER_MAX };

/* The reverse of to_jws(), by hand: it is called for each request. */
static size_t to_der(const uint8_t *rs, uint8_t ret[DER_MAX])
{
    uint8_t n = put_integer(ret + 2, rs);
    n = (uint8_t)(n + put_integer(ret + 2 + n, rs + GH_P256_SIZE));
    ret[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
    ret[1] = n;
    return 2u + n;
}

bool gh_signing_evp_sign(const gh_signing_key *key, const uint8_t hash[GH_SHA256_SIZE], uint8_t *ret,
                         size_t *ret_n)
{
    uint8_t made[GH_SIGNATURE_MAX];
    size_t n = sizeof made;
    ERR_set_mark();
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_dup(key->evp.sign);
    bool done = c != NULL && EVP_PKEY_sign(c, made, &n, hash, GH_SHA256_SIZE) == 1;
    EVP_PKEY_CTX_free(c);
    if (done && key->alg == GH_ES256)
        done = to_jws(made, n, ret);
    else if (done)
        memcpy(ret, made, n);
    if (done)
        *ret_n = key->signature_size;
    ERR_pop_to_mark();
    return done;
}

bool gh_signing_evp_verify(const gh_signing_key *key, const uint8_t hash[GH_SHA256_SIZE], gh_str signature)
{
    uint8_t der[DER_MAX];
    const uint8_t *s = (const uint8_t *)signature.p;
    size_t n = signature.n;
    if (key->alg == GH_ES256) {
        n = to_der(s, der);
        s = der;
    }
    ERR_set_mark();
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_dup(key->evp.verify);
    bool good = c != NULL && EVP_PKEY_verify(c, s, n, hash, GH_SHA256_SIZE) == 1;
    EVP_PKEY_CTX_free(c);
    ERR_pop_to_mark();
    return good;
}
