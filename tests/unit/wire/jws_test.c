#include "wire/jws.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "jose_vectors.h"
#include "unbase64url.h"

static gh_arena arena;
static gh_jws jws;

static enum gh_jws_result read(gh_str token)
{
    gh_arena_reset(&arena);
    return gh_jws_read(token, &arena, &jws);
}

/* A token with that header; payload and signature are some. */
static enum gh_jws_result read_header(gh_str header)
{
    static char memory[2 * GH_JWS_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_base64url_put(&out, header);
    gh_buf_lit(&out, ".e30.c2ln");
    assert_true(gh_buf_ok(&out));
    return read(gh_buf_str(&out));
}

static void the_published_tokens(void **state)
{
    (void)state;
    const char *why;
    const struct {
        gh_str token;
        gh_signing_key *key;
    } rows[] = {
        {GH_STR(HS256_TOKEN), gh_signing_key_secret(unbase64url(HS256_K), &why)},
        {GH_STR(RS256_TOKEN), gh_signing_key_rsa(unbase64url(RS256_N), unbase64url(RS256_E), &why)},
        {GH_STR(ES256_TOKEN), gh_signing_key_p256(unbase64url(ES256_X), unbase64url(ES256_Y), &why)},
        {GH_STR(EDDSA_TOKEN), gh_signing_key_ed25519(unbase64url(EDDSA_X), &why)},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        assert_int_equal(read(rows[i].token), GH_JWS_OK);
        assert_int_equal(jws.alg, gh_signing_key_alg(rows[i].key));
        assert_int_equal(gh_jws_verify(&jws, rows[i].key), GH_JWS_OK);
        for (size_t other = 0; other < GH_COUNT(rows); other++) {
            if (other != i)
                assert_int_equal(gh_jws_verify(&jws, rows[other].key), GH_JWS_ALG_NOT_OF_KEY);
        }
    }
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        gh_signing_key_free(rows[i].key);
    assert_int_equal(read(GH_STR(ES512_TOKEN)), GH_JWS_ALG_UNKNOWN);
}

static void what_is_read(void **state)
{
    (void)state;
    assert_int_equal(read(GH_STR(HS256_TOKEN)), GH_JWS_OK);
    assert_true(gh_str_eq(jws.signing_input, GH_STR(HS256_HEADER "." JOE_PAYLOAD)));
    assert_true(gh_str_eq(jws.payload, unbase64url(JOE_PAYLOAD)));
    assert_true(gh_str_eq(jws.signature, unbase64url(HS256_SIGNATURE)));
    assert_true(gh_str_eq(jws.typ, GH_STR("JWT")));
    assert_true(jws.kid.p == NULL && jws.cty.p == NULL);
    assert_int_equal(
        read_header(GH_STR(
            "{\"alg\":\"RS256\",\"kid\":\"a b/../~\",\"typ\":\"Application/AT+jwt\",\"cty\":\"JWT\",\"x\":[1]}")),
        GH_JWS_OK);
    assert_int_equal(jws.alg, GH_RS256);
    assert_true(gh_str_eq(jws.kid, GH_STR("a b/../~")));
    assert_true(gh_str_eq(jws.typ, GH_STR("Application/AT+jwt")));
    assert_true(gh_str_eq(jws.cty, GH_STR("JWT")));
    assert_int_equal(gh_json_lit(jws.header, "x")->type, GH_JSON_ARRAY);
    assert_true(gh_str_eq(jws.payload, GH_STR("{}")));
}

static void nothing_is_written_on_failure(void **state)
{
    (void)state;
    jws = (gh_jws){.kid = GH_STR("before")};
    assert_int_equal(read(GH_STR("a.b")), GH_JWS_NOT_THREE_PARTS);
    assert_int_equal(read_header(GH_STR("{\"alg\":\"none\"}")), GH_JWS_ALG_NONE);
    assert_int_equal(read(GH_STR(HS256_HEADER "." JOE_PAYLOAD ".")), GH_JWS_NO_SIGNATURE);
    assert_true(gh_str_eq(jws.kid, GH_STR("before")) && jws.header == NULL);
}

static void headers_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum gh_jws_result want;
    } rows[] = {
        {"", GH_JWS_NOT_AN_OBJECT},
        {"null", GH_JWS_NOT_AN_OBJECT},
        {"[\"alg\",\"HS256\"]", GH_JWS_NOT_AN_OBJECT},
        {"{\"alg\":\"HS256\"", GH_JWS_NOT_AN_OBJECT},
        {"{\"alg\":\"HS256\"}x", GH_JWS_NOT_AN_OBJECT},
        {"{'alg':'HS256'}", GH_JWS_NOT_AN_OBJECT},
        {"\xef\xbb\xbf{\"alg\":\"HS256\"}", GH_JWS_NOT_AN_OBJECT},
        {"{\"alg\":\"HS256\",\"x\":\"\xff\"}", GH_JWS_NOT_AN_OBJECT},
        {"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", GH_JWS_NOT_AN_OBJECT},
        {"{\"alg\":\"HS256\",\"kid\":\"a\",\"\\u006bid\":\"b\"}", GH_JWS_NOT_AN_OBJECT},
        {"{\"alg\":\"HS256\",\"a\":[[[[1]]]]}", GH_JWS_NOT_AN_OBJECT},
        {"{\"alg\":\"HS256\",\"a\":1e999}", GH_JWS_NOT_AN_OBJECT},
        {"{}", GH_JWS_ALG_MISSING},
        {"{\"Alg\":\"HS256\"}", GH_JWS_ALG_MISSING},
        {"{\"alg\":null}", GH_JWS_ALG_MISSING},
        {"{\"alg\":[\"HS256\"]}", GH_JWS_ALG_MISSING},
        {"{\"alg\":\"\"}", GH_JWS_ALG_UNKNOWN},
        {"{\"alg\":\"hs256\"}", GH_JWS_ALG_UNKNOWN},
        {"{\"alg\":\"HS256 \"}", GH_JWS_ALG_UNKNOWN},
        {"{\"alg\":\"HS256\\u0000\"}", GH_JWS_ALG_UNKNOWN},
        {"{\"alg\":\"PS256\"}", GH_JWS_ALG_UNKNOWN},
        {"{\"alg\":\"RSA-OAEP\"}", GH_JWS_ALG_UNKNOWN},
        {"{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", GH_JWS_CRIT},
        {"{\"alg\":\"HS256\",\"crit\":[]}", GH_JWS_CRIT},
        {"{\"alg\":\"HS256\",\"crit\":null}", GH_JWS_CRIT},
        {"{\"alg\":\"HS256\",\"jku\":\"https://evil.example/jwks\"}", GH_JWS_JKU},
        {"{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}", GH_JWS_JWK},
        {"{\"alg\":\"HS256\",\"x5u\":\"https://evil.example/x\"}", GH_JWS_X5U},
        {"{\"alg\":\"HS256\",\"x5c\":[\"AA\"]}", GH_JWS_X5C},
        {"{\"alg\":\"HS256\",\"b64\":false}", GH_JWS_B64},
        {"{\"alg\":\"HS256\",\"b64\":true}", GH_JWS_B64},
        {"{\"alg\":\"HS256\",\"zip\":\"DEF\"}", GH_JWS_ZIP},
        {"{\"alg\":\"HS256\",\"enc\":\"A256GCM\"}", GH_JWS_ENC},
        {"{\"alg\":\"HS256\",\"\\u006a\\u0077k\":{}}", GH_JWS_JWK},
        {"{\"alg\":\"HS256\",\"kid\":\"\"}", GH_JWS_KID_WRONG},
        {"{\"alg\":\"HS256\",\"kid\":7}", GH_JWS_KID_WRONG},
        {"{\"alg\":\"HS256\",\"kid\":[\"a\"]}", GH_JWS_KID_WRONG},
        {"{\"alg\":\"HS256\",\"kid\":null}", GH_JWS_KID_WRONG},
        {"{\"alg\":\"HS256\",\"kid\":\"a\\u0000b\"}", GH_JWS_KID_WRONG},
        {"{\"alg\":\"HS256\",\"kid\":\"a\\nb\"}", GH_JWS_KID_WRONG},
        {"{\"alg\":\"HS256\",\"kid\":\"\xc3\xa9\"}", GH_JWS_KID_WRONG},
        {"{\"alg\":\"HS256\",\"kid\":\"\\u007f\"}", GH_JWS_KID_WRONG},
        {"{\"alg\":\"HS256\",\"typ\":\"\"}", GH_JWS_TYP_WRONG},
        {"{\"alg\":\"HS256\",\"typ\":true}", GH_JWS_TYP_WRONG},
        {"{\"alg\":\"HS256\",\"typ\":\"a\\tb\"}", GH_JWS_TYP_WRONG},
        {"{\"alg\":\"HS256\",\"cty\":{}}", GH_JWS_CTY_WRONG},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        enum gh_jws_result got = read_header(gh_str_of(rows[i].header));
        if (got != rows[i].want)
            fail_msg("%s: %s", rows[i].header, gh_jws_why(got));
    }
}

/* "none" in each of the 16 ways to write it, also with a signature that would do for the key otherwise. */
static void alg_none_in_every_case(void **state)
{
    (void)state;
    for (unsigned upper = 0; upper < 16; upper++) {
        char header[] = "{\"alg\":\"none\"}";
        for (unsigned i = 0; i < 4; i++)
            header[8 + i] = (char)(header[8 + i] ^ (upper >> i & 1 ? 0x20 : 0));
        assert_int_equal(read_header(gh_str_of(header)), GH_JWS_ALG_NONE);
    }
    /* RFC 7519 section 6.1 */
    assert_int_equal(read(GH_STR("eyJhbGciOiJub25lIn0." JOE_PAYLOAD ".")), GH_JWS_ALG_NONE);
}

/* Texts of the most that is allowed, and of one byte more. */
static void texts_have_a_length(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned max;
        enum gh_jws_result beyond;
    } rows[] = {{"kid", GH_JWS_KID_MAX, GH_JWS_KID_WRONG},
                {"typ", GH_JWS_TYPE_MAX, GH_JWS_TYP_WRONG},
                {"cty", GH_JWS_TYPE_MAX, GH_JWS_CTY_WRONG}};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        for (unsigned more = 0; more < 2; more++) {
            char memory[256];
            gh_buf out = gh_buf_over(memory, sizeof memory);
            gh_buf_printf(&out, "{\"alg\":\"HS256\",\"%s\":\"%0*d\"}", rows[i].name,
                          (int)(rows[i].max + more), 1);
            assert_true(gh_buf_ok(&out));
            assert_int_equal(read_header(gh_buf_str(&out)), more == 1 ? rows[i].beyond : GH_JWS_OK);
        }
    }
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *token;
        enum gh_jws_result want;
    } rows[] = {
        {"", GH_JWS_NOT_THREE_PARTS},
        {".", GH_JWS_NOT_THREE_PARTS},
        {"..", GH_JWS_NOT_AN_OBJECT},
        {"...", GH_JWS_NOT_THREE_PARTS},
        {"....", GH_JWS_ENCRYPTED},
        {".....", GH_JWS_NOT_THREE_PARTS},
        {"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d", GH_JWS_ENCRYPTED}, /* RFC 7516 A.1 */
        {HS256_HEADER, GH_JWS_NOT_THREE_PARTS},
        {HS256_HEADER "." JOE_PAYLOAD, GH_JWS_NOT_THREE_PARTS},
        {HS256_TOKEN ".", GH_JWS_NOT_THREE_PARTS},
        {HS256_HEADER ".." HS256_SIGNATURE, GH_JWS_NO_PAYLOAD}, /* detached: RFC 7515 appendix F */
        {HS256_HEADER "." JOE_PAYLOAD ".", GH_JWS_NO_SIGNATURE},
        {" " HS256_TOKEN, GH_JWS_NOT_BASE64URL},
        {HS256_TOKEN " ", GH_JWS_NOT_BASE64URL},
        {HS256_TOKEN "\n", GH_JWS_NOT_BASE64URL},
        {HS256_TOKEN "=", GH_JWS_NOT_BASE64URL},
        {HS256_HEADER "==." JOE_PAYLOAD "." HS256_SIGNATURE, GH_JWS_NOT_BASE64URL},
        {HS256_HEADER "." JOE_PAYLOAD "=." HS256_SIGNATURE, GH_JWS_NOT_BASE64URL},
        {"{\"payload\":\"" JOE_PAYLOAD "\",\"protected\":\"" HS256_HEADER
         "\",\"signature\":\"" HS256_SIGNATURE "\"}",
         GH_JWS_NOT_THREE_PARTS}, /* the JSON form */
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        enum gh_jws_result got = read(gh_str_of(rows[i].token));
        if (got != rows[i].want)
            fail_msg("%s: %s", rows[i].token, gh_jws_why(got));
    }
    assert_int_equal(read((gh_str){NULL, 0}), GH_JWS_NOT_THREE_PARTS);
}

static void a_token_has_a_size(void **state)
{
    (void)state;
    static char memory[GH_JWS_MAX + 4];
    memset(memory, 'A', sizeof memory);
    memcpy(memory, HS256_TOKEN, sizeof HS256_TOKEN - 1);
    /* The signature grows, until the whole is as long as may be. */
    size_t n = GH_JWS_MAX;
    while (read((gh_str){memory, n}) == GH_JWS_NOT_BASE64URL)
        n--; /* not all lengths are those of a base64url text */
    assert_in_range(n, GH_JWS_MAX - 1, GH_JWS_MAX);
    assert_int_equal(read((gh_str){memory, n}), GH_JWS_OK);
    assert_int_equal(read((gh_str){memory, GH_JWS_MAX + 1}), GH_JWS_TOO_LONG);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    gh_arena small;
    bool fits = false;
    for (size_t cap = 0; cap < 8192 && !fits; cap += 64) {
        gh_arena_init(&small, NULL, 0, cap);
        enum gh_jws_result got = gh_jws_read(GH_STR(HS256_TOKEN), &small, &jws);
        fits = got == GH_JWS_OK;
        assert_true(fits || got == GH_JWS_NO_MEMORY || got == GH_JWS_NOT_AN_OBJECT);
        gh_arena_reset(&small);
    }
    assert_true(fits);
}

static void types_are_compared_as_media_types(void **state)
{
    (void)state;
    assert_true(gh_jws_type_is(GH_STR("at+jwt"), GH_STR("AT+JWT")));
    assert_true(gh_jws_type_is(GH_STR("application/at+jwt"), GH_STR("at+jwt")));
    assert_true(gh_jws_type_is(GH_STR("at+jwt"), GH_STR("APPLICATION/at+JWT")));
    assert_false(gh_jws_type_is(GH_STR("text/at+jwt"), GH_STR("at+jwt")));
    /* The prefix was once taken off at reading and again at comparing. */
    assert_false(gh_jws_type_is(GH_STR("application/application/at+jwt"), GH_STR("at+jwt")));
    assert_false(gh_jws_type_is(GH_STR("application/application/at+jwt"), GH_STR("application/at+jwt")));
    assert_false(gh_jws_type_is(GH_STR("application/a/b"), GH_STR("a/b")));
    assert_true(gh_jws_type_is(GH_STR("application/a/b"), GH_STR("Application/A/b")));
    assert_false(gh_jws_type_is(GH_STR("at+jw"), GH_STR("at+jwt")));
    assert_false(gh_jws_type_is(GH_STR(""), GH_STR("at+jwt")));
}

static void a_token_of_ours(void **state)
{
    (void)state;
    const char *why;
    char memory[GH_JWS_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_signing_key *key = gh_signing_key_secret(unbase64url(HS256_K), &why);
    gh_signing_key *public = gh_signing_key_ed25519(unbase64url(EDDSA_X), &why);
    assert_true(gh_jws_put(&out, key, GH_STR("at+jwt"), GH_STR("{\"a\":1}")));
    assert_int_equal(read(gh_buf_str(&out)), GH_JWS_OK);
    assert_int_equal(gh_jws_verify(&jws, key), GH_JWS_OK);
    assert_true(gh_str_eq(jws.payload, GH_STR("{\"a\":1}")));
    assert_true(gh_str_eq(jws.typ, GH_STR("at+jwt")) && gh_str_eq(jws.kid, gh_signing_key_kid(key)));
    size_t size = out.n;
    for (size_t cap = 0; cap < size; cap++) {
        gh_buf tight = gh_buf_over(memory, cap);
        assert_false(gh_jws_put(&tight, key, GH_STR("at+jwt"), GH_STR("{\"a\":1}")));
    }
    out = gh_buf_over(memory, sizeof memory);
    assert_true(gh_jws_put(&out, key, (gh_str){NULL, 0}, GH_STR("{}")));
    assert_int_equal(read(gh_buf_str(&out)), GH_JWS_OK);
    assert_true(jws.typ.p == NULL);
    out.n = 0;
    assert_false(gh_jws_put(&out, public, GH_STR("at+jwt"), GH_STR("{}")));
    gh_signing_key_free(key);
    gh_signing_key_free(public);
}

static void each_result_has_its_reason(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= GH_JWS_SIGNATURE_WRONG; i++) {
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(gh_jws_why(i), gh_jws_why(k));
    }
}

static int begin(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_tokens),
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(nothing_is_written_on_failure),
        cmocka_unit_test(headers_that_are_refused),
        cmocka_unit_test(alg_none_in_every_case),
        cmocka_unit_test(texts_have_a_length),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(a_token_has_a_size),
        cmocka_unit_test(memory_may_be_short),
        cmocka_unit_test(types_are_compared_as_media_types),
        cmocka_unit_test(a_token_of_ours),
        cmocka_unit_test(each_result_has_its_reason),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
