/* Tokens made and judged here, for tests that hold them against another implementation: tests/embed/jose_test.py.
 *
 * On standard input a line a command, its words apart by one space (JSON without spaces, that is); on standard output a
 * line an answer:
 *   secret                       the secret of HS256, as base64url
 *   jwks                         the public keys of the other algorithms, as a set
 *   private ALG                  the private key as PKCS#8, as base64url
 *   sign ALG CLAIMS              a token with these claims: only those that Gatehouse knows by name, and "x"
 *   verify JWKS SECRET NOW TOKEN "ok PAYLOAD" or "refused WHY"; JWKS or SECRET may be "-"
 * Tokens must be from https://issuer.example for api, and of type at+jwt. */
#include <stdio.h>
#include <stdlib.h>

#include "base/base64url.h"
#include "base/crypto.h"
#include "base/signing_generate.h"
#include "wire/jwk.h"
#include "wire/jws.h"
#include "wire/jwt.h"

enum { ARENA_CAP = 16 << 20, ALGS = 4, OUT = 64 << 10 };

static gh_signing_key *keys[ALGS];
static uint8_t secret[GH_SIGNING_SECRET_MIN];
static gh_arena arena;

_Noreturn static void die(const char *why)
{
    (void)fprintf(stderr, "jose_tool: %s\n", why);
    exit(2); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static gh_str word(gh_str *rest)
{
    gh_str w;
    if (!gh_str_next(rest, ' ', &w))
        die("a command without all its words");
    return w;
}

static enum gh_signing_alg alg_of(gh_str name)
{
    enum gh_signing_alg alg;
    if (!gh_signing_alg_read(name, &alg))
        die("no such algorithm");
    return alg;
}

static void sign(gh_str rest, gh_buf *out)
{
    char extra_memory[GH_JWS_MAX];
    gh_buf extra = gh_buf_over(extra_memory, sizeof extra_memory);
    gh_jwt_claims claims;
    const char *claim = "payload";
    const gh_signing_key *key = keys[alg_of(word(&rest))];
    if (gh_jwt_read(rest, &arena, &claims, &claim) != GH_JWT_OK)
        die(claim);
    const gh_json *x = gh_json_lit(claims.root, "x");
    if (x != NULL) {
        gh_buf_lit(&extra, "\"x\":");
        gh_json_write(&extra, x);
    }
    if (!gh_buf_ok(&extra) || !gh_jwt_put(out, key, GH_STR("at+jwt"), &claims, gh_buf_str(&extra)))
        die("claims that fit no token");
}

static void refuse(gh_buf *out, const char *why)
{
    gh_buf_lit(out, "refused ");
    gh_buf_put(out, gh_str_of(why));
}

static void check_claims(const gh_jws *jws, int64_t now, gh_buf *out)
{
    static const gh_str audience[] = {GH_STR_INIT("api")};
    static const gh_jwt_rules rules = {.issuer = GH_STR_INIT("https://issuer.example"),
                                       .audiences = audience,
                                       .audiences_n = 1,
                                       .need_sub = true};
    gh_jwt_claims claims;
    const char *claim;
    enum gh_jwt_result result = gh_jwt_read(jws->payload, &arena, &claims, &claim);
    if (result == GH_JWT_OK)
        result = gh_jwt_check(&claims, jws->typ, &rules, now, &claim);
    if (result != GH_JWT_OK) {
        refuse(out, gh_jwt_why(result));
        return;
    }
    gh_buf_lit(out, "ok ");
    gh_json_write(out, claims.root);
}

static void check_token(gh_str token, const gh_jwks *set, const gh_signing_key *shared, int64_t now,
                        gh_buf *out)
{
    gh_jws jws;
    enum gh_jws_result result = gh_jws_read(token, &arena, &jws);
    if (result != GH_JWS_OK) {
        refuse(out, gh_jws_why(result));
        return;
    }
    const gh_signing_key *key = shared != NULL ? shared : gh_jwks_find(set, jws.kid, jws.alg);
    if (key == NULL) {
        refuse(out, "no such key");
        return;
    }
    result = gh_jws_verify(&jws, key);
    if (result != GH_JWS_OK)
        refuse(out, gh_jws_why(result));
    else
        check_claims(&jws, now, out);
}

static void verify(gh_str rest, gh_buf *out)
{
    const char *why = "";
    gh_jwks set = {.n = 0};
    gh_jwks_error error;
    gh_signing_key *shared = NULL;
    uint64_t now = 0;
    gh_str set_text = word(&rest), secret_text = word(&rest);
    if (!gh_str_u64(word(&rest), &now))
        die("no time");
    if (!gh_str_eq(set_text, GH_STR("-")) && !gh_jwks_read(set_text, &arena, &set, &error))
        die(error.why);
    if (!gh_str_eq(secret_text, GH_STR("-"))) {
        uint8_t bytes[4096];
        if (gh_base64url_bytes(secret_text.n) > sizeof bytes || !gh_base64url_read(secret_text, bytes))
            die("no secret");
        shared = gh_signing_key_secret((gh_str){(char *)bytes, gh_base64url_bytes(secret_text.n)}, &why);
        if (shared == NULL)
            die(why);
    }
    check_token(rest, &set, shared, (int64_t)now, out);
    gh_signing_key_free(shared);
    gh_jwks_free(&set);
}

static void put_private(gh_str rest, gh_buf *out)
{
    char memory[GH_SIGNING_PRIVATE_MAX];
    gh_buf der = gh_buf_over(memory, sizeof memory);
    if (!gh_signing_key_put_private(keys[alg_of(word(&rest))], &der))
        die("no private form");
    gh_base64url_put(out, gh_buf_str(&der));
    gh_wipe(memory, sizeof memory);
}

static void run(gh_str rest, gh_buf *out)
{
    const gh_signing_key *const shown[] = {keys[0], keys[1], keys[2], keys[3]};
    gh_str command = word(&rest);
    if (gh_str_eq(command, GH_STR("secret")))
        gh_base64url_put(out, (gh_str){(char *)secret, sizeof secret});
    else if (gh_str_eq(command, GH_STR("jwks"))) {
        if (!gh_jwks_put(out, shown, ALGS))
            die("keys that fit no set");
    } else if (gh_str_eq(command, GH_STR("private")))
        put_private(rest, out);
    else if (gh_str_eq(command, GH_STR("sign")))
        sign(rest, out);
    else if (gh_str_eq(command, GH_STR("verify")))
        verify(rest, out);
    else
        die("no such command");
}

static void make_keys(void)
{
    const char *why = "no randomness";
    if (!gh_crypto_init())
        die(why);
    gh_random(secret, sizeof secret);
    keys[GH_HS256] = gh_signing_key_secret((gh_str){(char *)secret, sizeof secret}, &why);
    for (unsigned i = GH_EDDSA; i < ALGS; i++)
        keys[i] = gh_signing_key_generate(i, &why);
    for (unsigned i = 0; i < ALGS; i++) {
        if (keys[i] == NULL)
            die(why);
    }
}

int main(void)
{
    static char memory[OUT];
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    make_keys();
    gh_arena_init(&arena, NULL, 0, ARENA_CAP);
    while ((n = getline(&line, &room, stdin)) > 0) {
        gh_buf out = gh_buf_over(memory, sizeof memory);
        run((gh_str){line, (size_t)n - (line[n - 1] == '\n')}, &out);
        if (!gh_buf_ok(&out))
            die("an answer that is too long");
        printf("%.*s\n", (int)out.n, out.p);
        (void)fflush(stdout);
        gh_arena_reset(&arena);
    }
    free(line);
    for (unsigned i = 0; i < ALGS; i++)
        gh_signing_key_free(keys[i]);
    return ferror(stdin) != 0 || fflush(stdout) != 0;
}
