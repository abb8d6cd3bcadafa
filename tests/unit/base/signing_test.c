#include "base/signing.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/signing_generate.h"
#include "hex.h"
#include "jose_vectors.h"
#include "unbase64url.h"

static const char *why;
static gh_signing_key *keys[4]; /* one of each algorithm, made once: they can sign */

static gh_str over(const uint8_t *p, size_t n)
{
    return (gh_str){(const char *)p, n};
}

static gh_signing_key *must(gh_signing_key *key)
{
    assert_non_null(key);
    return key;
}

static void names_of_algorithms(void **state)
{
    (void)state;
    static const char *const others[] = {"none",   "None",   "NONE",  "nOnE",   "hs256",   "HS384",
                                         "HS512",  "RS384",  "RS512", "PS256",  "ES384",   "ES256K",
                                         "ES512",  "eddsa",  "EDDSA", "Ed448",  "ed25519", "",
                                         "HS256 ", " HS256", "HS25",  "HS2566", "A256GCM", "dir"};
    enum gh_signing_alg alg = GH_RS256;
    for (unsigned i = 0; i < 4; i++) {
        assert_true(gh_signing_alg_read(gh_signing_alg_name(i), &alg));
        assert_int_equal(alg, i);
    }
    assert_true(gh_signing_alg_read(GH_STR("Ed25519"), &alg));
    assert_int_equal(alg, GH_EDDSA);
    for (size_t i = 0; i < GH_COUNT(others); i++)
        assert_false(gh_signing_alg_read(gh_str_of(others[i]), &alg));
    assert_false(gh_signing_alg_read((gh_str){"HS256", 6}, &alg)); /* with its NUL */
    assert_false(gh_signing_alg_read((gh_str){NULL, 0}, &alg));
    assert_int_equal(alg, GH_EDDSA);
}

/* The tokens of RFC 7515 A.1 to A.3 and RFC 8037 A.4 verify; where the algorithm is without chance, signing gives them. */
static void the_published_signatures(void **state)
{
    (void)state;
    const struct {
        gh_signing_key *key;
        gh_str data, signature;
        bool repeats;
    } rows[] = {
        {gh_signing_key_secret(unbase64url(HS256_K), &why), GH_STR(HS256_HEADER "." JOE_PAYLOAD),
         unbase64url(HS256_SIGNATURE), true},
        {gh_signing_key_rsa(unbase64url(RS256_N), unbase64url(RS256_E), &why),
         GH_STR(RS256_HEADER "." JOE_PAYLOAD), unbase64url(RS256_SIGNATURE), false},
        {gh_signing_key_p256(unbase64url(ES256_X), unbase64url(ES256_Y), &why),
         GH_STR(ES256_HEADER "." JOE_PAYLOAD), unbase64url(ES256_SIGNATURE), false},
        {gh_signing_key_ed25519(unbase64url(EDDSA_X), &why), GH_STR(EDDSA_HEADER "." EDDSA_PAYLOAD),
         unbase64url(EDDSA_SIGNATURE), false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        uint8_t made[GH_SIGNATURE_MAX];
        size_t n = 0;
        assert_true(gh_verify(must(rows[i].key), rows[i].data, rows[i].signature));
        assert_int_equal(gh_sign(rows[i].key, rows[i].data, made, &n), rows[i].repeats);
        assert_true(!rows[i].repeats || gh_str_eq(over(made, n), rows[i].signature));
        gh_signing_key_free(rows[i].key);
    }
}

/* RFC 8037 A.1 as PKCS#8 (RFC 8410 section 7): the head of each such key, then the seed. */
static void ed25519_is_without_chance(void **state)
{
    (void)state;
    char der[48];
    uint8_t made[GH_SIGNATURE_MAX];
    size_t n = 0;
    memcpy(der, unhex("302e020100300506032b657004220420").p, 16);
    memcpy(der + 16, unbase64url(EDDSA_D).p, 32);
    gh_signing_key *key = must(gh_signing_key_private((gh_str){der, sizeof der}, &why));
    assert_int_equal(gh_signing_key_alg(key), GH_EDDSA);
    assert_true(gh_sign(key, GH_STR(EDDSA_HEADER "." EDDSA_PAYLOAD), made, &n));
    assert_true(gh_str_eq(over(made, n), unbase64url(EDDSA_SIGNATURE)));
    char memory[GH_SIGNING_PRIVATE_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    assert_true(gh_signing_key_put_private(key, &out));
    assert_true(gh_str_eq(gh_buf_str(&out), (gh_str){der, sizeof der}));
    gh_signing_key_free(key);
}

static void thumbprints(void **state)
{
    (void)state;
    gh_signing_key *rsa = must(gh_signing_key_rsa(unbase64url(THUMBPRINT_N), unbase64url("AQAB"), &why));
    gh_signing_key *ed = must(gh_signing_key_ed25519(unbase64url(EDDSA_X), &why));
    assert_true(gh_str_eq(gh_signing_key_kid(rsa), GH_STR(THUMBPRINT)));
    assert_true(gh_str_eq(gh_signing_key_kid(ed), GH_STR(EDDSA_KID)));
    gh_signing_key_free(rsa);
    gh_signing_key_free(ed);
}

static void a_public_key_as_jwk(void **state)
{
    (void)state;
    char memory[GH_SIGNING_JWK_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_signing_key *ed = must(gh_signing_key_ed25519(unbase64url(EDDSA_X), &why));
    gh_signing_key *p256 = must(gh_signing_key_p256(unbase64url(ES256_X), unbase64url(ES256_Y), &why));
    gh_signing_key *rsa = must(gh_signing_key_rsa(unbase64url(THUMBPRINT_N), unbase64url("AQAB"), &why));
    assert_true(gh_signing_key_put_jwk(ed, &out));
    assert_true(gh_str_eq(gh_buf_str(&out),
                          GH_STR("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" EDDSA_X
                                 "\",\"kid\":\"" EDDSA_KID "\",\"use\":\"sig\",\"alg\":\"EdDSA\"}")));
    out.n = 0;
    assert_true(gh_signing_key_put_jwk(p256, &out));
    assert_true(gh_str_starts(gh_buf_str(&out), GH_STR("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" ES256_X
                                                       "\",\"y\":\"" ES256_Y "\",\"kid\":\"")));
    assert_true(gh_str_ends(gh_buf_str(&out), GH_STR("\",\"use\":\"sig\",\"alg\":\"ES256\"}")));
    out.n = 0;
    assert_true(gh_signing_key_put_jwk(rsa, &out));
    assert_true(gh_str_eq(gh_buf_str(&out),
                          GH_STR("{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" THUMBPRINT_N
                                 "\",\"kid\":\"" THUMBPRINT "\",\"use\":\"sig\",\"alg\":\"RS256\"}")));
    gh_buf tight = gh_buf_over(memory, out.n - 1);
    assert_false(gh_signing_key_put_jwk(rsa, &tight));
    out.n = 0;
    assert_false(gh_signing_key_put_jwk(keys[GH_HS256], &out)); /* a secret is in no JWK Set */
    assert_int_equal(out.n, 0);
    gh_signing_key_free(ed);
    gh_signing_key_free(p256);
    gh_signing_key_free(rsa);
}

static void each_algorithm_signs_what_it_verifies(void **state)
{
    (void)state;
    static const size_t sizes[] = {32, 64, 64, 256};
    static char data[1000];
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(gh_signing_key_alg(keys[i]), i);
        assert_true(gh_signing_key_signs(keys[i]));
        for (size_t length = 0; length <= sizeof data; length += 250) {
            uint8_t made[GH_SIGNATURE_MAX];
            size_t n = 0;
            assert_true(gh_sign(keys[i], (gh_str){data, length}, made, &n));
            assert_int_equal(n, sizes[i]);
            assert_true(gh_verify(keys[i], (gh_str){data, length}, over(made, n)));
            for (unsigned other = 0; other < 4; other++)
                assert_int_equal(gh_verify(keys[other], (gh_str){data, length}, over(made, n)), other == i);
        }
    }
}

/* A bit of the data or of the signature flipped, at every place; the signature cut at every place, or longer. */
static void a_change_anywhere_is_seen(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t made[GH_SIGNATURE_MAX], longer[GH_SIGNATURE_MAX + 1] = {0};
        char data[] = "header.payload";
        const gh_str text = {data, sizeof data - 1};
        size_t n = 0;
        assert_true(gh_sign(keys[i], text, made, &n));
        for (size_t bit = 0; bit < 8 * n; bit++) {
            made[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(gh_verify(keys[i], text, over(made, n)));
            made[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * text.n; bit++) {
            data[bit / 8] ^= (char)(1u << bit % 8);
            assert_false(gh_verify(keys[i], text, over(made, n)));
            data[bit / 8] ^= (char)(1u << bit % 8);
        }
        for (size_t cut = 0; cut < n; cut++) {
            assert_false(gh_verify(keys[i], text, over(made, cut)));
            assert_false(gh_verify(keys[i], text, over(made + n - cut, cut)));
        }
        assert_false(gh_verify(keys[i], text, (gh_str){NULL, 0}));
        memcpy(longer, made, n);
        assert_false(gh_verify(keys[i], text, over(longer, n + 1)));
        memcpy(longer + 1, made, n);
        longer[0] = 0;
        assert_false(gh_verify(keys[i], text, over(longer, n + 1)));
        assert_true(gh_verify(keys[i], text, over(made, n)));
    }
}

/* The order of P-256. */
#define P256_ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define ALL_ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

/* r and s must be from 1 to the order less 1 (CVE-2022-21449: 0 was taken, for any data and key). */
static void es256_refuses_numbers_out_of_range(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        ZERO ZERO,      ZERO ONE,        ONE ZERO,        P256_ORDER P256_ORDER, P256_ORDER ONE,
        ONE P256_ORDER, ZERO P256_ORDER, P256_ORDER ZERO, ALL_ONES ALL_ONES,     ONE ONE};
    uint8_t made[GH_SIGNATURE_MAX];
    size_t n = 0;
    const gh_str data = GH_STR("data");
    for (size_t i = 0; i < GH_COUNT(wrong); i++)
        assert_false(gh_verify(keys[GH_ES256], data, unhex(wrong[i])));
    assert_true(gh_sign(keys[GH_ES256], data, made, &n));
    for (unsigned half = 0; half < 2; half++) {
        static const char *const numbers[] = {ZERO, P256_ORDER, ALL_ONES};
        for (size_t i = 0; i < GH_COUNT(numbers); i++) {
            uint8_t changed[64];
            memcpy(changed, made, sizeof changed);
            memcpy(changed + 32 * (size_t)half, unhex(numbers[i]).p, 32);
            assert_false(gh_verify(keys[GH_ES256], data, over(changed, sizeof changed)));
        }
    }
}

/* What other libraries give by default: it is not the form of JWS, and no length of it is taken for one. */
static void es256_refuses_der(void **state)
{
    (void)state;
    uint8_t made[GH_SIGNATURE_MAX], der[80];
    size_t n = 0;
    const gh_str data = GH_STR("data");
    assert_true(gh_sign(keys[GH_ES256], data, made, &n));
    ECDSA_SIG *s = ECDSA_SIG_new();
    assert_non_null(s);
    assert_int_equal(ECDSA_SIG_set0(s, BN_bin2bn(made, 32, NULL), BN_bin2bn(made + 32, 32, NULL)), 1);
    uint8_t *to = der;
    int size = i2d_ECDSA_SIG(s, &to);
    ECDSA_SIG_free(s);
    assert_in_range(size, 68, 72);
    for (size_t length = 1; length <= sizeof der; length++)
        assert_false(gh_verify(keys[GH_ES256], data, over(der, length)));
}

/* s and the order less s are both signatures (RFC 7518 does not ask for the smaller one): a signature is no name of
 * a token. */
static void es256_has_two_signatures(void **state)
{
    (void)state;
    uint8_t made[GH_SIGNATURE_MAX];
    size_t n = 0;
    unsigned borrow = 0;
    const gh_str data = GH_STR("data"), order = unhex(P256_ORDER);
    assert_true(gh_sign(keys[GH_ES256], data, made, &n));
    for (unsigned i = 32; i-- > 0;) {
        unsigned v = (uint8_t)order.p[i] - made[32 + i] - borrow;
        made[32 + i] = (uint8_t)v;
        borrow = v >> 8 & 1;
    }
    assert_true(gh_verify(keys[GH_ES256], data, over(made, n)));
}

/* S must be below the order of the group: else each signature would have a second form (RFC 8032 section 5.1.7). */
static void ed25519_refuses_a_second_form(void **state)
{
    (void)state;
    uint8_t made[GH_SIGNATURE_MAX];
    size_t n = 0;
    unsigned carry = 0;
    const gh_str data = GH_STR("data");
    const gh_str order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    assert_true(gh_sign(keys[GH_EDDSA], data, made, &n));
    for (unsigned i = 0; i < 32; i++) {
        carry += made[32 + i] + (unsigned)(uint8_t)order.p[i];
        made[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_false(gh_verify(keys[GH_EDDSA], data, over(made, n)));
}

/* All points of small order and their second encodings: with such a key one signature would fit many texts. */
static const char *const small_order[] = {
    ZERO,
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static void ed25519_refuses_points_of_small_order(void **state)
{
    (void)state;
    uint8_t signature[64] = {0}, mixed[32];
    for (size_t i = 0; i < GH_COUNT(small_order); i++) {
        gh_str point = unhex(small_order[i]);
        why = NULL;
        assert_null(gh_signing_key_ed25519(point, &why));
        assert_non_null(why);
        memcpy(signature, point.p, 32); /* R of small order, S = 0 */
        assert_false(gh_verify(keys[GH_EDDSA], GH_STR("data"), over(signature, 64)));
    }
    /* A good key plus a point of order 8: on the curve, but outside of the main group. */
    assert_int_equal(crypto_core_ed25519_add(mixed, (const uint8_t *)unbase64url(EDDSA_X).p,
                                             (const uint8_t *)unhex(small_order[2]).p),
                     0);
    assert_null(gh_signing_key_ed25519(over(mixed, 32), &why));
}

static void public_parts_are_checked(void **state)
{
    (void)state;
    char x[33] = {0}, y[33] = {0}, n[513] = {0};
    gh_str ed = unbase64url(EDDSA_X);
    memcpy(x, unbase64url(ES256_X).p, 32);
    memcpy(y, unbase64url(ES256_Y).p, 32);
    assert_null(gh_signing_key_ed25519((gh_str){ed.p, 31}, &why));
    assert_null(gh_signing_key_ed25519((gh_str){NULL, 0}, &why));
    assert_null(gh_signing_key_p256((gh_str){x, 32}, (gh_str){y, 31}, &why));
    assert_null(gh_signing_key_p256((gh_str){x, 33}, (gh_str){y, 32}, &why));
    assert_null(gh_signing_key_p256((gh_str){x, 32}, (gh_str){x, 32}, &why)); /* not on the curve */
    assert_null(gh_signing_key_p256(unhex(ZERO), unhex(ZERO), &why));
    assert_null(gh_signing_key_p256(unhex(ALL_ONES), unhex(ALL_ONES), &why)); /* not below the prime */
    y[31] ^= 1;
    assert_null(gh_signing_key_p256((gh_str){x, 32}, (gh_str){y, 32}, &why));
    memcpy(n, unbase64url(RS256_N).p, 256);
    const gh_str good = {n, 256}, f4 = GH_STR("\1\0\1");
    static const gh_str exponents[] = {GH_STR_INIT(""),         GH_STR_INIT("\3"),
                                       GH_STR_INIT("\1"),       GH_STR_INIT("\xff\xff"),
                                       GH_STR_INIT("\0\1\0\1"), GH_STR_INIT("\1\0\2"),
                                       GH_STR_INIT("\1\0"),     GH_STR_INIT("\1\0\0\0\0\0\0\0\1")};
    for (size_t i = 0; i < GH_COUNT(exponents); i++)
        assert_null(gh_signing_key_rsa(good, exponents[i], &why));
    assert_null(gh_signing_key_rsa((gh_str){n, 255}, f4, &why));
    assert_null(gh_signing_key_rsa((gh_str){NULL, 0}, f4, &why));
    n[0] &= 0x7f; /* 2047 bits */
    assert_null(gh_signing_key_rsa(good, f4, &why));
    n[0] = (char)0x80;
    n[255] ^= 1;
    assert_null(gh_signing_key_rsa(good, f4, &why)); /* even */
    n[255] = n[511] = n[512] = 1;
    assert_null(gh_signing_key_rsa((gh_str){n, 513}, f4, &why));
    gh_signing_key *largest = must(gh_signing_key_rsa((gh_str){n, 512}, f4, &why));
    gh_signing_key_free(largest);
    n[0] = 0; /* a zero in front */
    assert_null(gh_signing_key_rsa((gh_str){n, 257}, f4, &why));
}

static void secrets_have_a_length(void **state)
{
    (void)state;
    static const char text[64] = "0123456789abcdef0123456789abcdef";
    for (size_t n = 0; n < GH_SIGNING_SECRET_MIN; n++)
        assert_null(gh_signing_key_secret((gh_str){text, n}, &why));
    gh_signing_key *a = must(gh_signing_key_secret((gh_str){text, 32}, &why));
    gh_signing_key *b = must(gh_signing_key_secret((gh_str){text, 33}, &why));
    assert_int_equal(gh_signing_key_kid(a).n, 43);
    assert_false(gh_str_eq(gh_signing_key_kid(a), gh_signing_key_kid(b)));
    gh_signing_key_free(a);
    gh_signing_key_free(b);
    gh_signing_key_free(NULL);
}

static bool same_jwk(const gh_signing_key *a, const gh_signing_key *b)
{
    char left[GH_SIGNING_JWK_MAX], right[GH_SIGNING_JWK_MAX];
    gh_buf a_out = gh_buf_over(left, sizeof left), b_out = gh_buf_over(right, sizeof right);
    return gh_signing_key_put_jwk(a, &a_out) && gh_signing_key_put_jwk(b, &b_out) &&
           gh_str_eq(gh_buf_str(&a_out), gh_buf_str(&b_out));
}

/* A key written and read again is the same; cut anywhere, or with something behind it, it is none. */
static void private_keys_come_back(void **state)
{
    (void)state;
    for (unsigned i = GH_EDDSA; i <= GH_RS256; i++) {
        char memory[GH_SIGNING_PRIVATE_MAX + 1];
        gh_buf out = gh_buf_over(memory, GH_SIGNING_PRIVATE_MAX);
        uint8_t made[GH_SIGNATURE_MAX];
        size_t n = 0;
        assert_true(gh_signing_key_put_private(keys[i], &out));
        gh_signing_key *again = must(gh_signing_key_private(gh_buf_str(&out), &why));
        assert_true(same_jwk(keys[i], again));
        assert_true(gh_sign(again, GH_STR("data"), made, &n));
        assert_true(gh_verify(keys[i], GH_STR("data"), over(made, n)));
        gh_signing_key_free(again);
        memory[out.n] = 0;
        assert_null(gh_signing_key_private((gh_str){memory, out.n + 1}, &why));
        for (size_t cut = 0; cut < out.n; cut++)
            assert_null(gh_signing_key_private((gh_str){memory, cut}, &why));
        gh_buf tight = gh_buf_over(memory, out.n - 1);
        assert_false(gh_signing_key_put_private(keys[i], &tight));
        assert_int_equal(tight.n, 0);
    }
    assert_int_equal(ERR_peek_error(), 0); /* nothing is left in libcrypto's queue */
}

static void secrets_and_public_keys_have_no_private_form(void **state)
{
    (void)state;
    char memory[GH_SIGNING_PRIVATE_MAX];
    uint8_t made[GH_SIGNATURE_MAX];
    size_t n = 0;
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_signing_key *public[] = {gh_signing_key_p256(unbase64url(ES256_X), unbase64url(ES256_Y), &why),
                                gh_signing_key_ed25519(unbase64url(EDDSA_X), &why),
                                gh_signing_key_rsa(unbase64url(RS256_N), unbase64url(RS256_E), &why)};
    assert_false(gh_signing_key_put_private(keys[GH_HS256], &out));
    for (size_t i = 0; i < GH_COUNT(public); i++) {
        assert_false(gh_signing_key_signs(must(public[i])));
        assert_false(gh_sign(public[i], GH_STR("data"), made, &n));
        assert_false(gh_signing_key_put_private(public[i], &out));
        gh_signing_key_free(public[i]);
    }
    assert_int_equal(out.n, 0);
    assert_null(gh_signing_key_generate(GH_HS256, &why));
}

/* Takes pkey; its PKCS#8 must be refused. */
static void refuse_key(EVP_PKEY *pkey)
{
    uint8_t der[4096], *to = der;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    assert_non_null(info);
    int n = i2d_PKCS8_PRIV_KEY_INFO(info, &to);
    assert_in_range(n, 1, sizeof der);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(pkey);
    why = NULL;
    assert_null(gh_signing_key_private(over(der, (size_t)n), &why));
    assert_non_null(why);
}

static EVP_PKEY *rsa_with_exponent(unsigned long e)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *exponent = BN_new();
    assert_true(c != NULL && exponent != NULL && BN_set_word(exponent, e) == 1);
    assert_true(EVP_PKEY_keygen_init(c) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(c, 2048) == 1);
    assert_true(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(c, exponent) == 1 && EVP_PKEY_generate(c, &pkey) == 1);
    BN_free(exponent);
    EVP_PKEY_CTX_free(c);
    return pkey;
}

static void other_kinds_of_private_keys_are_refused(void **state)
{
    (void)state;
    refuse_key(EVP_EC_gen("P-384"));
    refuse_key(EVP_EC_gen("secp256k1"));
    refuse_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"));
    refuse_key(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
    refuse_key(EVP_RSA_gen(1024));
    refuse_key(EVP_RSA_gen(4160));
    refuse_key(rsa_with_exponent(3));
    assert_null(gh_signing_key_private(GH_STR("-----BEGIN PRIVATE KEY-----\n"), &why));
    /* P-256, but without the envelope of PKCS#8 (RFC 5915). */
    assert_null(gh_signing_key_private(
        unhex(
            "30770201010420544f4cac1f70ddd9454482508934314d03553ce47ee84b799fc294db82611ac5a00a06082a8648ce3d030107"
            "a14403420004cfe58aef7626bb8a60902c90bfcc52875ff1bbfb57d19769a65225bba37a25deed1fd426891490614166871d"
            "430cc5049d936c391b20aaf37c66efcdd79b520e"),
        &why));
}

/* A private number of P-256 that is not the one of its public point, bit by bit. */
static void private_keys_must_fit(void **state)
{
    (void)state;
    char memory[GH_SIGNING_PRIVATE_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    assert_true(gh_signing_key_put_private(keys[GH_ES256], &out));
    gh_str der = gh_buf_str(&out);
    size_t at = 0;
    while (at + 2 < der.n && !(der.p[at] == 0x04 && der.p[at + 1] == 0x20))
        at++; /* the octet string of 32 bytes */
    assert_true(at + 2 + 32 < der.n);
    for (size_t bit = 0; bit < 256; bit++) {
        memory[at + 2 + bit / 8] ^= (char)(1u << bit % 8);
        assert_null(gh_signing_key_private(der, &why));
        memory[at + 2 + bit / 8] ^= (char)(1u << bit % 8);
    }
    gh_signing_key *key = must(gh_signing_key_private(der, &why));
    gh_signing_key_free(key);
}

enum { THREADS = 4, ROUNDS = 50 };

static void *use_all(void *wrong)
{
    for (unsigned i = 0; i < 4 * ROUNDS; i++) {
        uint8_t made[GH_SIGNATURE_MAX];
        size_t n = 0;
        const gh_signing_key *key = keys[i % 4];
        const gh_str data = over((const uint8_t *)&i, sizeof i);
        if (!gh_sign(key, data, made, &n) || !gh_verify(key, data, over(made, n)))
            *(bool *)wrong = true;
        made[n - 1] ^= 1;
        if (gh_verify(key, data, over(made, n)))
            *(bool *)wrong = true;
    }
    return NULL;
}

static void threads_share_keys(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    bool wrong[THREADS] = {false};
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_all, &wrong[i]), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(wrong[i]);
    }
}

static int make_keys(void **state)
{
    (void)state;
    if (!gh_crypto_init())
        return -1;
    keys[GH_HS256] = gh_signing_key_secret(unbase64url(HS256_K), &why);
    for (unsigned i = GH_EDDSA; i <= GH_RS256; i++)
        keys[i] = gh_signing_key_generate(i, &why);
    return keys[0] == NULL || keys[1] == NULL || keys[2] == NULL || keys[3] == NULL ? -1 : 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        gh_signing_key_free(keys[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_algorithms),
        cmocka_unit_test(the_published_signatures),
        cmocka_unit_test(ed25519_is_without_chance),
        cmocka_unit_test(thumbprints),
        cmocka_unit_test(a_public_key_as_jwk),
        cmocka_unit_test(each_algorithm_signs_what_it_verifies),
        cmocka_unit_test(a_change_anywhere_is_seen),
        cmocka_unit_test(es256_refuses_numbers_out_of_range),
        cmocka_unit_test(es256_refuses_der),
        cmocka_unit_test(es256_has_two_signatures),
        cmocka_unit_test(ed25519_refuses_a_second_form),
        cmocka_unit_test(ed25519_refuses_points_of_small_order),
        cmocka_unit_test(public_parts_are_checked),
        cmocka_unit_test(secrets_have_a_length),
        cmocka_unit_test(private_keys_come_back),
        cmocka_unit_test(secrets_and_public_keys_have_no_private_form),
        cmocka_unit_test(other_kinds_of_private_keys_are_refused),
        cmocka_unit_test(private_keys_must_fit),
        cmocka_unit_test(threads_share_keys),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
