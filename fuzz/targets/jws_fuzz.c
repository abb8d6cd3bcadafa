/* JWS: a token that is read is made of exactly what was read; the input as a header keeps its promises; nobody who does
 * not have the secret writes a token that verifies. */
#include "base/base64url.h"
#include "fuzz.h"
#include "wire/jws.h"

enum { ROOM = 2 * GH_JWS_MAX, CAP = 4 << 20 };

static gh_arena arena;
static gh_signing_key *key;

static gh_str member(const gh_jws *jws, gh_str name)
{
    const gh_json *v = gh_json_get(jws->header, name);
    return v == NULL ? (gh_str){NULL, 0} : v->text;
}

static void check_header(const gh_jws *jws)
{
    static const char *const never[] = {"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"};
    enum gh_signing_alg alg;
    for (size_t i = 0; i < GH_COUNT(never); i++)
        FUZZ_CHECK(gh_json_get(jws->header, gh_str_of(never[i])) == NULL);
    FUZZ_CHECK(gh_signing_alg_read(member(jws, GH_STR("alg")), &alg) && alg == jws->alg);
    FUZZ_CHECK(gh_str_eq(member(jws, GH_STR("kid")), jws->kid) && jws->kid.n <= GH_JWS_KID_MAX);
    FUZZ_CHECK(gh_str_eq(member(jws, GH_STR("typ")), jws->typ) &&
               gh_str_eq(member(jws, GH_STR("cty")), jws->cty));
    /* A type is one other type at most: itself, with or without its prefix. */
    FUZZ_CHECK(!gh_jws_type_is(jws->typ, GH_STR("at+jwt")) || jws->typ.n == 6 || jws->typ.n == 18);
    for (size_t i = 0; i < jws->kid.n; i++)
        FUZZ_CHECK(jws->kid.p[i] >= ' ' && jws->kid.p[i] <= '~');
}

/* The token again, from what was read of it. */
static void check_again(gh_str token, const gh_jws *jws)
{
    static char memory[ROOM];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_put(&out, gh_str_cut(token, 0, gh_str_find(token, '.') + 1));
    gh_base64url_put(&out, jws->payload);
    FUZZ_CHECK(gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), jws->signing_input));
    gh_buf_char(&out, '.');
    gh_base64url_put(&out, jws->signature);
    FUZZ_CHECK(gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), token));
}

static void check_token(gh_str token)
{
    gh_jws jws;
    gh_arena_reset(&arena);
    enum gh_jws_result result = gh_jws_read(token, &arena, &jws);
    FUZZ_CHECK(result != GH_JWS_NO_MEMORY && gh_jws_why(result) != NULL);
    if (result != GH_JWS_OK)
        return;
    check_header(&jws);
    check_again(token, &jws);
    result = gh_jws_verify(&jws, key);
    FUZZ_CHECK(result == (jws.alg == GH_HS256 ? GH_JWS_SIGNATURE_WRONG : GH_JWS_ALG_NOT_OF_KEY));
}

/* The input as the header of a token that is right otherwise. */
static void check_as_header(gh_str in)
{
    static char memory[ROOM];
    gh_jws jws;
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_base64url_put(&out, in);
    gh_buf_lit(&out, ".e30.c2ln");
    gh_arena_reset(&arena);
    if (!gh_buf_ok(&out) || out.n > GH_JWS_MAX)
        return;
    enum gh_jws_result result = gh_jws_read(gh_buf_str(&out), &arena, &jws);
    FUZZ_CHECK(result != GH_JWS_NOT_BASE64URL && result != GH_JWS_NOT_THREE_PARTS &&
               result != GH_JWS_NO_MEMORY);
    if (result == GH_JWS_OK)
        check_header(&jws);
}

/* The input as a payload that we sign. */
static void check_as_payload(gh_str in)
{
    static char memory[ROOM];
    gh_jws jws;
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_arena_reset(&arena);
    if (in.n == 0 || !gh_jws_put(&out, key, GH_STR("at+jwt"), in))
        return;
    FUZZ_CHECK(gh_jws_read(gh_buf_str(&out), &arena, &jws) == GH_JWS_OK && gh_str_eq(jws.payload, in));
    FUZZ_CHECK(gh_jws_verify(&jws, key) == GH_JWS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why;
    gh_str in = {(const char *)data, size};
    if (key == NULL) {
        key = gh_signing_key_secret(GH_STR("a secret that is in no corpus, 32+"), &why);
        gh_arena_init(&arena, NULL, 0, CAP);
        FUZZ_CHECK(key != NULL);
    }
    check_token(in);
    check_as_header(in);
    check_as_payload(in);
    return 0;
}
