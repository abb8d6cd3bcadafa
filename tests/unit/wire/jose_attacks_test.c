/* What attackers do to tokens, case by case, against a verifier that does all that a gateway does: read, find the key,
 * verify, read the claims, check them. Each key stands in the place of an issuer's; for each case the reason counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64url.h"
#include "base/crypto.h"
#include "base/signing_generate.h"
#include "wire/jwk.h"
#include "wire/jws.h"
#include "wire/jwt.h"

enum { NOW = 1000000, ALGS = 4, NO_KEY = 100, CLAIMS = 200 };

static gh_signing_key *keys[ALGS];
static char public_set[4096];
static gh_jwks set;
static gh_arena set_arena, arena;

static const gh_str audience[] = {GH_STR_INIT("api")};
static const gh_jwt_rules rules = {.issuer = GH_STR_INIT("https://i.example"),
                                   .audiences = audience,
                                   .audiences_n = 1,
                                   .max_lifetime_s = 3600,
                                   .need_sub = true,
                                   .need_jti = true};

/* The keys of the set, and the secret under its own kid. */
static const gh_signing_key *find(const gh_jws *jws)
{
    if (jws->kid.p != NULL && gh_str_eq(jws->kid, gh_signing_key_kid(keys[GH_HS256])))
        return keys[GH_HS256];
    return gh_jwks_find(&set, jws->kid, jws->alg);
}

/* 0: let in; a result of JWS; NO_KEY; CLAIMS and a result of JWT. */
static unsigned verdict(gh_str token)
{
    gh_jws jws;
    gh_jwt_claims claims;
    const char *claim;
    gh_arena_reset(&arena);
    enum gh_jws_result result = gh_jws_read(token, &arena, &jws);
    if (result != GH_JWS_OK)
        return result;
    const gh_signing_key *key = find(&jws);
    if (key == NULL)
        return NO_KEY;
    result = gh_jws_verify(&jws, key);
    if (result != GH_JWS_OK)
        return result;
    enum gh_jwt_result checked = gh_jwt_read(jws.payload, &arena, &claims, &claim);
    if (checked == GH_JWT_OK)
        checked = gh_jwt_check(&claims, jws.typ, &rules, NOW, &claim);
    return checked == GH_JWT_OK ? 0 : CLAIMS + checked;
}

#define GOOD \
    "{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1000600,\"iat\":1000000,\"jti\":\"j1\"}"

static char token_memory[GH_JWS_MAX];

static gh_str signed_by(enum gh_signing_alg alg, const char *payload)
{
    gh_buf out = gh_buf_over(token_memory, sizeof token_memory);
    assert_true(gh_jws_put(&out, keys[alg], GH_STR("at+jwt"), gh_str_of(payload)));
    return gh_buf_str(&out);
}

/* A token with a header of the attacker, signed by a key. */
static gh_str forged(const char *header, const char *payload, const gh_signing_key *key)
{
    uint8_t signature[GH_SIGNATURE_MAX];
    size_t n = 0;
    gh_buf out = gh_buf_over(token_memory, sizeof token_memory);
    gh_base64url_put(&out, gh_str_of(header));
    gh_buf_char(&out, '.');
    gh_base64url_put(&out, gh_str_of(payload));
    assert_true(gh_buf_ok(&out));
    assert_true(key == NULL || gh_sign(key, gh_buf_str(&out), signature, &n));
    gh_buf_char(&out, '.');
    gh_base64url_put(&out, (gh_str){(char *)signature, n});
    assert_true(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

/* A header with that alg, and the kid of the key of `of`; the rest behind it. */
static const char *header(const char *alg, enum gh_signing_alg of, const char *rest)
{
    static char memory[4096];
    gh_str kid = gh_signing_key_kid(keys[of]);
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_printf(&out, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\"", alg, (int)kid.n, kid.p);
    gh_buf_put(&out, gh_str_of(rest));
    gh_buf_put(&out, (gh_str){"}", 2});
    assert_true(gh_buf_ok(&out));
    return memory;
}

static void good_tokens_are_let_in(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ALGS; i++) {
        assert_int_equal(verdict(signed_by(i, GOOD)), 0);
        assert_int_equal(
            verdict(forged(header((const char *)gh_signing_alg_name(i).p, i, ""), GOOD, keys[i])), 0);
    }
}

static void no_signature_at_all(void **state)
{
    (void)state;
    static const char *const nones[] = {"none", "None", "NONE", "nOnE", "NoNe", "nONE", "nonE"};
    for (unsigned of = 0; of < ALGS; of++) {
        for (size_t i = 0; i < GH_COUNT(nones); i++) {
            assert_int_equal(verdict(forged(header(nones[i], of, ""), GOOD, NULL)), GH_JWS_ALG_NONE);
            assert_int_equal(verdict(forged(header(nones[i], of, ""), GOOD, keys[of])), GH_JWS_ALG_NONE);
        }
        gh_str whole = signed_by(of, GOOD);
        while (whole.p[whole.n - 1] != '.')
            whole.n--;
        assert_int_equal(verdict(whole), GH_JWS_NO_SIGNATURE);
    }
}

/* A token of each key under the name of each other algorithm, and with the kid of each other key. */
static void the_algorithm_is_changed(void **state)
{
    (void)state;
    for (unsigned signer = 0; signer < ALGS; signer++) {
        for (unsigned other = 0; other < ALGS; other++) {
            if (other == signer)
                continue;
            const char *name = gh_signing_alg_name(other).p;
            assert_int_equal(verdict(forged(header(name, signer, ""), GOOD, keys[signer])),
                             GH_JWS_ALG_NOT_OF_KEY);
            assert_int_equal(verdict(forged(header(name, other, ""), GOOD, keys[signer])),
                             GH_JWS_SIGNATURE_WRONG);
        }
    }
}

/* The public key is known to all: taken as the secret of HS256, it must open nothing. As JWK, as the set, as the raw
 * parts, as the DER and the PEM of a SubjectPublicKeyInfo. */
static void a_public_key_as_secret(void **state)
{
    (void)state;
    const char *why;
    for (unsigned of = GH_EDDSA; of < ALGS; of++) {
        char jwk[GH_SIGNING_JWK_MAX];
        gh_buf out = gh_buf_over(jwk, sizeof jwk);
        assert_true(gh_signing_key_put_jwk(keys[of], &out));
        const gh_str secrets[] = {gh_buf_str(&out), gh_str_of(public_set), gh_signing_key_kid(keys[of])};
        for (size_t i = 0; i < GH_COUNT(secrets); i++) {
            gh_signing_key *fake = gh_signing_key_secret(secrets[i], &why);
            assert_non_null(fake);
            assert_int_equal(verdict(forged(header("HS256", of, ""), GOOD, fake)), GH_JWS_ALG_NOT_OF_KEY);
            assert_int_equal(verdict(forged(header("HS256", GH_HS256, ""), GOOD, fake)),
                             GH_JWS_SIGNATURE_WRONG);
            gh_signing_key_free(fake);
        }
    }
}

static void tricks_with_kid(void **state)
{
    (void)state;
    static const struct {
        const char *kid;
        unsigned want;
    } rows[] = {
        {"\"../../../../dev/null\"", NO_KEY},
        {"\"/etc/passwd\"", NO_KEY},
        {"\"' UNION SELECT 'secret\"", NO_KEY},
        {"\"1; DROP TABLE keys\"", NO_KEY},
        {"\"$(id)|id\"", NO_KEY},
        {"\"https://evil.example/key\"", NO_KEY},
        {"\"key\\u0000\"", GH_JWS_KID_WRONG},
        {"\"\"", GH_JWS_KID_WRONG},
        {"0", GH_JWS_KID_WRONG},
        {"null", GH_JWS_KID_WRONG},
        {"{}", GH_JWS_KID_WRONG},
        {"[\"../key\"]", GH_JWS_KID_WRONG},
        {"\"12345678901234567890123456789012345678901234567890123456789012345678901234567890"
         "1234567890123456789012345678901234567890123456789\"",
         GH_JWS_KID_WRONG},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char text[512];
        gh_buf out = gh_buf_over(text, sizeof text);
        gh_buf_printf(&out, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":%s}%c", rows[i].kid, 0);
        if (verdict(forged(text, GOOD, keys[GH_EDDSA])) != rows[i].want)
            fail_msg("%s", rows[i].kid);
    }
    char longer[256];
    gh_str kid = gh_signing_key_kid(keys[GH_EDDSA]);
    gh_buf out = gh_buf_over(longer, sizeof longer);
    gh_buf_printf(&out, "{\"alg\":\"EdDSA\",\"kid\":\"%.*s\\u0000x\"}%c", (int)kid.n, kid.p, 0);
    assert_int_equal(verdict(forged(longer, GOOD, keys[GH_EDDSA])), GH_JWS_KID_WRONG);
}

/* A key of the attacker, brought along or pointed to, that signs rightly. */
static void keys_brought_along(void **state)
{
    (void)state;
    const char *why;
    char jwk[GH_SIGNING_JWK_MAX], rest[2048];
    gh_signing_key *evil = gh_signing_key_generate(GH_ES256, &why);
    gh_buf out = gh_buf_over(jwk, sizeof jwk - 1), more = gh_buf_over(rest, sizeof rest);
    assert_non_null(evil);
    assert_true(gh_signing_key_put_jwk(evil, &out));
    gh_buf_lit(&more, ",\"jwk\":");
    gh_buf_put(&more, gh_buf_str(&out));
    gh_buf_put(&more, (gh_str){"", 1});
    assert_int_equal(verdict(forged(header("ES256", GH_ES256, rest), GOOD, evil)), GH_JWS_JWK);
    static const struct {
        const char *rest;
        enum gh_jws_result want;
    } rows[] = {{",\"jku\":\"https://evil.example/jwks.json\"", GH_JWS_JKU},
                {",\"x5u\":\"https://evil.example/cert.pem\"", GH_JWS_X5U},
                {",\"x5c\":[\"MIIB\"]", GH_JWS_X5C},
                {",\"crit\":[\"b64\"],\"b64\":false", GH_JWS_CRIT},
                {",\"b64\":false", GH_JWS_B64},
                {",\"zip\":\"DEF\"", GH_JWS_ZIP},
                {",\"enc\":\"A128GCM\"", GH_JWS_ENC}};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        assert_int_equal(verdict(forged(header("ES256", GH_ES256, rows[i].rest), GOOD, evil)), rows[i].want);
        /* Also of the right key: nothing in a token may say such things. */
        assert_int_equal(verdict(forged(header("ES256", GH_ES256, rows[i].rest), GOOD, keys[GH_ES256])),
                         rows[i].want);
    }
    assert_int_equal(verdict(forged(header("ES256", GH_ES256, ""), GOOD, evil)), GH_JWS_SIGNATURE_WRONG);
    gh_signing_key_free(evil);
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ALGS; i++) {
        gh_str token = signed_by(i, GOOD);
        for (size_t n = 0; n < token.n; n++) {
            assert_int_not_equal(verdict((gh_str){token.p, n}), 0);
            assert_int_not_equal(verdict((gh_str){token.p + token.n - n, n}), 0);
        }
        assert_int_equal(verdict(token), 0);
    }
}

static void a_bit_flipped_anywhere(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ALGS; i++) {
        gh_str token = signed_by(i, GOOD);
        for (size_t bit = 0; bit < 8 * token.n; bit++) {
            token_memory[bit / 8] ^= (char)(1u << bit % 8);
            assert_int_not_equal(verdict(token), 0);
            token_memory[bit / 8] ^= (char)(1u << bit % 8);
        }
        assert_int_equal(verdict(token), 0);
    }
}

/* Each character of the token put twice, left out, or with another one in front that lenient readers skip. */
static void written_in_another_way(void **state)
{
    (void)state;
    static const char skipped[] = {'=', ' ', '\n', '\r', '\t', '+', '/', '%', '\0', '.', ','};
    for (unsigned i = 0; i < ALGS; i++) {
        char copy[GH_JWS_MAX];
        gh_str token = signed_by(i, GOOD);
        for (size_t at = 0; at <= token.n; at++) {
            memcpy(copy, token.p, at);
            memcpy(copy + at + 1, token.p + at, token.n - at);
            for (size_t k = 0; k < GH_COUNT(skipped); k++) {
                copy[at] = skipped[k];
                assert_int_not_equal(verdict((gh_str){copy, token.n + 1}), 0);
            }
            if (at == token.n)
                break;
            memcpy(copy + at, token.p + at + 1, token.n - at - 1);
            assert_int_not_equal(verdict((gh_str){copy, token.n - 1}), 0);
        }
    }
}

/* Bits behind the last byte, which lenient readers drop: three other last characters mean the same bytes to them. */
static void bits_behind_the_end(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (unsigned i = 0; i < ALGS; i++) {
        gh_str token = signed_by(i, GOOD);
        char last = token.p[token.n - 1];
        for (const char *c = alphabet; *c != '\0'; c++) {
            token_memory[token.n - 1] = *c;
            assert_int_equal(verdict(token) == 0, *c == last);
        }
    }
}

static void claims_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        enum gh_jwt_result want;
    } rows[] = {
        {"{\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1000600,\"jti\":\"j\"}", GH_JWT_CLAIM_MISSING},
        {"{\"iss\":\"https://i.example\",\"aud\":\"api\",\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_CLAIM_MISSING},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_CLAIM_MISSING},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"jti\":\"j\"}",
         GH_JWT_CLAIM_MISSING},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1000600}",
         GH_JWT_CLAIM_MISSING},
        {"{\"iss\":\"https://evil.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_ISSUER_WRONG},
        {"{\"iss\":[\"https://i.example\"],\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_CLAIM_WRONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"web\",\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_AUDIENCE_WRONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":[\"web\",\"a\"],\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_AUDIENCE_WRONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":{\"api\":\"api\"},\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_CLAIM_WRONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1000000,\"jti\":\"j\"}",
         GH_JWT_EXPIRED},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":0,\"jti\":\"j\"}",
         GH_JWT_EXPIRED},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":\"1000600\",\"jti\":\"j\"}",
         GH_JWT_CLAIM_WRONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":null,\"jti\":\"j\"}",
         GH_JWT_CLAIM_WRONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1e300,\"jti\":\"j\"}",
         GH_JWT_NOT_AN_OBJECT},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1e12,\"jti\":\"j\"}",
         GH_JWT_CLAIM_WRONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":-1,\"jti\":\"j\"}",
         GH_JWT_CLAIM_WRONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1000600,\"nbf\":1000001,\"jti\":\"j\"}",
         GH_JWT_NOT_YET_VALID},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1000600,\"iat\":1000001,\"jti\":\"j\"}",
         GH_JWT_FROM_THE_FUTURE},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1003601,\"iat\":1000000,\"jti\":\"j\"}",
         GH_JWT_LIVES_TOO_LONG},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":999000,\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_NOT_AN_OBJECT},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"sub\":\"admin\",\"aud\":\"api\",\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_NOT_AN_OBJECT},
        {"{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"\\u0073ub\":\"admin\",\"aud\":\"api\",\"exp\":1000600,\"jti\":\"j\"}",
         GH_JWT_NOT_AN_OBJECT},
        {"\"https://i.example\"", GH_JWT_NOT_AN_OBJECT},
        {"[" GOOD "]", GH_JWT_NOT_AN_OBJECT},
    };
    for (unsigned alg = 0; alg < ALGS; alg++) {
        for (size_t i = 0; i < GH_COUNT(rows); i++) {
            unsigned got = verdict(signed_by(alg, rows[i].payload));
            if (got != CLAIMS + rows[i].want)
                fail_msg("%u: %s", got, rows[i].payload);
        }
    }
}

/* Tokens of the same key that are for something else. */
static void types_of_others(void **state)
{
    (void)state;
    static const char *const types[] = {
        "JWT", "id+jwt", "logout+jwt", "refresh+jwt", "at", "at+jwt2", "application/application/at+jwt"};
    for (size_t i = 0; i < GH_COUNT(types); i++) {
        gh_buf out = gh_buf_over(token_memory, sizeof token_memory);
        assert_true(gh_jws_put(&out, keys[GH_ES256], gh_str_of(types[i]), GH_STR(GOOD)));
        assert_int_equal(verdict(gh_buf_str(&out)), CLAIMS + GH_JWT_TYPE_WRONG);
    }
    gh_buf out = gh_buf_over(token_memory, sizeof token_memory);
    assert_true(gh_jws_put(&out, keys[GH_ES256], (gh_str){NULL, 0}, GH_STR(GOOD)));
    assert_int_equal(verdict(gh_buf_str(&out)), CLAIMS + GH_JWT_TYPE_WRONG);
}

static void members_that_occur_twice(void **state)
{
    (void)state;
    assert_int_equal(verdict(forged(header("ES256", GH_ES256, ",\"alg\":\"ES256\""), GOOD, keys[GH_ES256])),
                     GH_JWS_NOT_AN_OBJECT);
    assert_int_equal(
        verdict(forged(header("ES256", GH_ES256, ",\"\\u0061lg\":\"none\""), GOOD, keys[GH_ES256])),
        GH_JWS_NOT_AN_OBJECT);
    assert_int_equal(verdict(forged(header("ES256", GH_ES256, ",\"kid\":\"x\""), GOOD, keys[GH_ES256])),
                     GH_JWS_NOT_AN_OBJECT);
    assert_int_equal(verdict(forged(header("ES256", GH_ES256, ",\"typ\":\"JWT\""), GOOD, keys[GH_ES256])),
                     GH_JWS_NOT_AN_OBJECT);
}

static void tokens_that_are_large(void **state)
{
    (void)state;
    static char huge[64 * 1024];
    memset(huge, 'A', sizeof huge);
    assert_int_equal(verdict((gh_str){huge, sizeof huge}), GH_JWS_TOO_LONG);
    assert_int_equal(verdict((gh_str){huge, GH_JWS_MAX}), GH_JWS_NOT_THREE_PARTS);
    memset(huge, '.', sizeof huge);
    assert_int_equal(verdict((gh_str){huge, GH_JWS_MAX}), GH_JWS_NOT_THREE_PARTS);
    memset(huge, '[', sizeof huge); /* a header of nested arrays */
    gh_buf out = gh_buf_over(token_memory, sizeof token_memory);
    gh_base64url_put(&out, (gh_str){huge, 5000});
    gh_buf_lit(&out, ".e30.c2ln");
    assert_int_equal(verdict(gh_buf_str(&out)), GH_JWS_NOT_AN_OBJECT);
}

/* JWE of the kinds there are: five parts, whatever is in them (RFC 7516 section 9). */
static void encrypted_tokens(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}",
        "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\",\"p2c\":2147483647,\"p2s\":\"AA\"}",
        "{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\",\"zip\":\"DEF\"}"};
    for (size_t i = 0; i < GH_COUNT(headers); i++) {
        gh_buf out = gh_buf_over(token_memory, sizeof token_memory);
        gh_base64url_put(&out, gh_str_of(headers[i]));
        gh_buf_lit(&out, "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA");
        assert_int_equal(verdict(gh_buf_str(&out)), GH_JWS_ENCRYPTED);
        /* And as if it were signed. */
        assert_int_equal(verdict(forged(headers[i], GOOD, keys[GH_RS256])), i == 3 ? GH_JWS_ZIP : GH_JWS_ENC);
    }
}

static int begin(void **state)
{
    (void)state;
    const char *why;
    gh_jwks_error error;
    if (!gh_crypto_init())
        return -1;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    gh_arena_init(&set_arena, NULL, 0, 1 << 20);
    keys[GH_HS256] = gh_signing_key_secret(GH_STR("0123456789abcdef0123456789abcdef"), &why);
    for (unsigned i = GH_EDDSA; i < ALGS; i++)
        keys[i] = gh_signing_key_generate(i, &why);
    const gh_signing_key *const shown[] = {keys[0], keys[1], keys[2], keys[3]};
    gh_buf out = gh_buf_over(public_set, sizeof public_set - 1);
    return gh_jwks_put(&out, shown, ALGS) && gh_jwks_read(gh_buf_str(&out), &set_arena, &set, &error) &&
                   set.n == 3
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    gh_jwks_free(&set);
    for (unsigned i = 0; i < ALGS; i++)
        gh_signing_key_free(keys[i]);
    gh_arena_reset(&arena);
    gh_arena_reset(&set_arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_tokens_are_let_in),   cmocka_unit_test(no_signature_at_all),
        cmocka_unit_test(the_algorithm_is_changed), cmocka_unit_test(a_public_key_as_secret),
        cmocka_unit_test(tricks_with_kid),          cmocka_unit_test(keys_brought_along),
        cmocka_unit_test(cut_at_every_byte),        cmocka_unit_test(a_bit_flipped_anywhere),
        cmocka_unit_test(written_in_another_way),   cmocka_unit_test(bits_behind_the_end),
        cmocka_unit_test(claims_of_others),         cmocka_unit_test(types_of_others),
        cmocka_unit_test(members_that_occur_twice), cmocka_unit_test(tokens_that_are_large),
        cmocka_unit_test(encrypted_tokens),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
