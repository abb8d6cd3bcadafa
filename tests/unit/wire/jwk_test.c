#include "wire/jwk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "jose_vectors.h"
#include "unbase64url.h"
#include "wire/jws.h"

#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" EDDSA_X "\""
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_Y "\""
#define RSA "\"kty\":\"RSA\",\"n\":\"" RS256_N "\",\"e\":\"AQAB\""

static gh_arena arena;
static gh_jwks set;
static gh_jwks_error error;

static bool read(const char *text)
{
    gh_jwks_free(&set);
    gh_arena_reset(&arena);
    return gh_jwks_read(gh_str_of(text), &arena, &set, &error);
}

static void keys_of_each_kind(void **state)
{
    (void)state;
    assert_true(read("{\"keys\":[{" OKP ",\"kid\":\"o\"},{" EC
                     ",\"kid\":\"e\",\"alg\":\"ES256\",\"use\":\"sig\"},{" RSA
                     ",\"kid\":\"r\",\"key_ops\":[\"verify\"]}]}"));
    static const enum gh_signing_alg algs[] = {GH_EDDSA, GH_ES256, GH_RS256};
    static const gh_str kids[] = {GH_STR_INIT("o"), GH_STR_INIT("e"), GH_STR_INIT("r")},
                        tokens[] = {GH_STR_INIT(EDDSA_TOKEN), GH_STR_INIT(ES256_TOKEN),
                                    GH_STR_INIT(RS256_TOKEN)};
    assert_int_equal(set.n, 3);
    assert_int_equal(set.skipped, 0);
    assert_null(set.skipped_why);
    for (unsigned i = 0; i < 3; i++) {
        gh_jws jws;
        assert_true(gh_str_eq(set.keys[i].kid, kids[i]));
        assert_int_equal(gh_signing_key_alg(set.keys[i].key), algs[i]);
        assert_false(gh_signing_key_signs(set.keys[i].key));
        assert_ptr_equal(gh_jwks_find(&set, kids[i], GH_HS256), set.keys[i].key); /* the kid alone counts */
        assert_ptr_equal(gh_jwks_find(&set, (gh_str){NULL, 0}, algs[i]), set.keys[i].key);
        assert_int_equal(gh_jws_read(tokens[i], &arena, &jws), GH_JWS_OK);
        assert_int_equal(gh_jws_verify(&jws, set.keys[i].key), GH_JWS_OK);
    }
    assert_null(gh_jwks_find(&set, GH_STR("x"), GH_EDDSA));
    assert_null(gh_jwks_find(&set, GH_STR(""), GH_EDDSA));
    assert_null(gh_jwks_find(&set, (gh_str){NULL, 0}, GH_HS256));
}

static void without_a_kid_there_must_be_one_key(void **state)
{
    (void)state;
    assert_true(read("{\"keys\":[{" OKP "},{" EC ",\"kid\":\"a\"},{" EC ",\"kid\":\"b\"}]}"));
    assert_int_equal(set.n, 3);
    assert_true(set.keys[0].kid.p == NULL);
    assert_ptr_equal(gh_jwks_find(&set, (gh_str){NULL, 0}, GH_EDDSA), set.keys[0].key);
    assert_null(gh_jwks_find(&set, (gh_str){NULL, 0}, GH_ES256));
    assert_true(read("{\"keys\":[{" OKP "},{" OKP "}]}")); /* none has a kid: none is the same */
    assert_int_equal(set.n, 2);
}

/* RFC 7517 section 5: what is not for us, or not right, is passed over; the keys beside it count. */
static void other_keys_are_passed_over(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "7",
        "null",
        "[]",
        "{}",
        "{\"kty\":\"XYZ\",\"kid\":\"a\"}",
        "{\"kty\":7}",
        "{\"kty\":\"rsa\",\"n\":\"" RS256_N "\",\"e\":\"AQAB\"}",
        "{" RSA ",\"use\":\"enc\"}",
        "{" RSA ",\"use\":7}",
        "{" RSA ",\"key_ops\":[\"encrypt\",7]}",
        "{" RSA ",\"key_ops\":\"verify\"}",
        "{" RSA ",\"alg\":\"RSA-OAEP\"}",
        "{" RSA ",\"alg\":\"PS256\"}",
        "{" RSA ",\"alg\":\"RS512\"}",
        "{" RSA ",\"alg\":\"HS256\"}", /* key confusion, by the issuer itself */
        "{" RSA ",\"alg\":\"ES256\"}",
        "{" RSA ",\"alg\":null}",
        "{" EC ",\"alg\":\"HS256\"}",
        "{" OKP ",\"alg\":\"none\"}",
        "{" RSA ",\"kid\":7}",
        "{" RSA ",\"kid\":\"\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RS256_N "\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RS256_N "\",\"e\":\"Aw\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RS256_N "\",\"e\":\"AQAB=\"}",
        "{\"kty\":\"RSA\",\"n\":\"AA" RS256_N "\",\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_Y "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_X "\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" ES256_X "\"}",
        "{\"kty\":\"EC\",\"x\":\"" ES256_X "\",\"y\":\"" ES256_Y "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" EDDSA_X "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":[\"" EDDSA_X "\"]}",
    };
    for (size_t i = 0; i < GH_COUNT(keys); i++) {
        char memory[2048];
        gh_buf text = gh_buf_over(memory, sizeof memory);
        gh_buf_lit(&text, "{\"keys\":[");
        gh_buf_put(&text, gh_str_of(keys[i]));
        gh_buf_lit(&text, ",{" OKP ",\"kid\":\"good\"}]}");
        gh_buf_put(&text, (gh_str){"", 1});
        assert_true(gh_buf_ok(&text));
        if (!read(memory) || set.n != 1 || set.skipped != 1 || set.skipped_why == NULL)
            fail_msg("%s", keys[i]);
        assert_non_null(gh_jwks_find(&set, GH_STR("good"), GH_EDDSA));
    }
}

static void other_documents_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kid;
    } rows[] = {
        {"", NULL},
        {"null", NULL},
        {"[]", NULL},
        {"{}", NULL},
        {"{\"keys\":{}}", NULL},
        {"{\"keys\":[]", NULL},
        {"{\"keys\":[],\"keys\":[]}", NULL},
        {"{\"keys\":[{" OKP ",\"kty\":\"OKP\"}]}", NULL},
        {"{\"keys\":[{" OKP "},{" OKP ",\"d\":\"" EDDSA_D "\",\"kid\":\"mine\"}]}", "mine"},
        {"{\"keys\":[{" RSA ",\"d\":null,\"use\":\"enc\"}]}", NULL},
        {"{\"keys\":[{\"kty\":\"XYZ\",\"d\":\"AA\",\"kid\":\"x\"}]}", "x"},
        {"{\"keys\":[{\"kty\":\"oct\",\"k\":\"" HS256_K "\",\"kid\":\"shared\"}]}", "shared"},
        {"{\"keys\":[{" OKP ",\"kid\":\"one\"},{" EC ",\"kid\":\"two\"},{" RSA ",\"kid\":\"one\"}]}", "one"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        error = (gh_jwks_error){NULL, {NULL, 0}};
        if (read(rows[i].text) || error.why == NULL)
            fail_msg("%s", rows[i].text);
        assert_int_equal(set.n, 0);
        assert_true(gh_str_eq(error.kid, gh_str_of(rows[i].kid)));
    }
}

static const char *many(unsigned n, size_t size)
{
    static char memory[GH_JWKS_MAX + 2];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_lit(&out, "{\"keys\":[");
    for (unsigned i = 0; i < n; i++)
        gh_buf_printf(&out, "%s{" OKP ",\"kid\":\"%u\"}", i > 0 ? "," : "", i);
    gh_buf_lit(&out, "]}");
    while (out.n < size)
        gh_buf_char(&out, ' ');
    gh_buf_put(&out, (gh_str){"", 1});
    assert_true(gh_buf_ok(&out));
    return memory;
}

static void documents_have_limits(void **state)
{
    (void)state;
    assert_true(read(many(GH_JWKS_KEYS_MAX, 0)));
    assert_int_equal(set.n, GH_JWKS_KEYS_MAX);
    assert_non_null(gh_jwks_find(&set, GH_STR("63"), GH_EDDSA));
    assert_false(read(many(GH_JWKS_KEYS_MAX + 1, 0)));
    assert_true(read(many(1, GH_JWKS_MAX)));
    assert_false(read(many(1, GH_JWKS_MAX + 1)));
    assert_true(read("{\"keys\":[],\"more\":1}"));
    assert_int_equal(set.n, 0);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const char *why;
    char memory[4096];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_signing_key *keys[] = {gh_signing_key_secret(unbase64url(HS256_K), &why),
                              gh_signing_key_ed25519(unbase64url(EDDSA_X), &why),
                              gh_signing_key_p256(unbase64url(ES256_X), unbase64url(ES256_Y), &why),
                              gh_signing_key_rsa(unbase64url(RS256_N), unbase64url(RS256_E), &why)};
    const gh_signing_key *const shown[] = {keys[0], keys[1], keys[2], keys[3]};
    assert_true(gh_jwks_put(&out, shown, 4));
    gh_buf_put(&out, (gh_str){"", 1});
    assert_true(gh_buf_ok(&out) && read(memory));
    assert_int_equal(set.n, 3); /* the secret is not in it */
    for (unsigned i = 0; i < 3; i++) {
        assert_true(gh_str_eq(set.keys[i].kid, gh_signing_key_kid(keys[i + 1])));
        assert_int_equal(gh_signing_key_alg(set.keys[i].key), gh_signing_key_alg(keys[i + 1]));
    }
    gh_buf tight = gh_buf_over(memory, out.n - 2);
    assert_false(gh_jwks_put(&tight, shown, 4));
    out.n = 0;
    assert_true(gh_jwks_put(&out, shown, 1));
    assert_true(gh_str_eq(gh_buf_str(&out), GH_STR("{\"keys\":[]}")));
    for (unsigned i = 0; i < 4; i++)
        gh_signing_key_free(keys[i]);
}

static int begin(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 4 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    gh_jwks_free(&set);
    gh_arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_each_kind),          cmocka_unit_test(without_a_kid_there_must_be_one_key),
        cmocka_unit_test(other_keys_are_passed_over), cmocka_unit_test(other_documents_are_refused),
        cmocka_unit_test(documents_have_limits),      cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
