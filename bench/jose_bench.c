/* What tokens cost: CSV on standard output, a row a step of each algorithm. CPU time of the thread; the median of
 * several batches. A token of about 300 bytes (HS256; the others have longer signatures), all that a gateway does with
 * it: read, verify, read the claims, check them. The arena is a request's.
 *   jose_bench [--quick] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/crypto.h"
#include "base/hash.h"
#include "base/signing_generate.h"
#include "wire/jws.h"
#include "wire/jwt.h"

enum { BATCHES = 9, NOW = 1700000000 };

static _Alignas(64) char first[16384];
static char token_memory[GH_JWS_MAX];
static gh_str token;
static gh_signing_key *key;
static gh_hmac_key mac;
static gh_arena arena;
static uint64_t seen; /* so that nothing is optimised away */

static const gh_str audience[] = {GH_STR_INIT("api")};
static const gh_jwt_claims claims = {.iss = GH_STR_INIT("https://gatehouse.example"),
                                     .sub = GH_STR_INIT("usr_8f3b2c"),
                                     .jti = GH_STR_INIT("5rT0dGk"),
                                     .scope = GH_STR_INIT("read"),
                                     .exp = NOW + 600,
                                     .nbf = GH_JWT_NO_TIME,
                                     .iat = NOW,
                                     .auth_time = GH_JWT_NO_TIME,
                                     .aud = audience,
                                     .aud_n = 1};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other programs do not count */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void mac_of_300_bytes(void)
{
    uint8_t out[GH_SHA256_SIZE];
    static const char data[300];
    const gh_str part = {data, sizeof data};
    gh_hmac(&mac, &part, 1, out);
    seen += out[0];
}

static void sign(void)
{
    gh_buf out = gh_buf_over(token_memory, sizeof token_memory);
    seen += gh_jwt_put(&out, key, GH_STR("at+jwt"), &claims, (gh_str){NULL, 0});
    token = gh_buf_str(&out);
}

static void read_only(void)
{
    gh_jws jws;
    gh_arena_reset(&arena);
    seen += gh_jws_read(token, &arena, &jws) == GH_JWS_OK;
}

static void read_and_verify(void)
{
    gh_jws jws;
    gh_arena_reset(&arena);
    seen += gh_jws_read(token, &arena, &jws) == GH_JWS_OK && gh_jws_verify(&jws, key) == GH_JWS_OK;
}

static void whole(void)
{
    static const gh_jwt_rules rules = {.issuer = GH_STR_INIT("https://gatehouse.example"),
                                       .audiences = audience,
                                       .audiences_n = 1,
                                       .max_lifetime_s = 3600,
                                       .need_sub = true,
                                       .need_jti = true};
    gh_jws jws;
    gh_jwt_claims got;
    const char *claim;
    gh_arena_reset(&arena);
    if (gh_jws_read(token, &arena, &jws) != GH_JWS_OK || gh_jws_verify(&jws, key) != GH_JWS_OK ||
        gh_jwt_read(jws.payload, &arena, &got, &claim) != GH_JWT_OK ||
        gh_jwt_check(&got, jws.typ, &rules, NOW, &claim) != GH_JWT_OK)
        abort();
    seen++;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void measure(const char *alg, const char *step, void (*run)(void), double batch_s)
{
    double each[BATCHES];
    for (unsigned b = 0; b < BATCHES; b++) {
        double start = seconds(), end;
        unsigned n = 0;
        do {
            for (unsigned i = 0; i < 20; i++)
                run();
            n += 20;
            end = seconds();
        } while (end - start < batch_s);
        each[b] = (end - start) / n;
    }
    qsort(each, BATCHES, sizeof each[0], ascending);
    printf("%s,%s,%zu,%.3f\n", alg, step, token.n, each[BATCHES / 2] * 1e6);
}

int main(int argc, char **argv)
{
    const char *why = "no randomness";
    const gh_str secret = GH_STR("0123456789abcdef0123456789abcdef");
    double batch_s = argc > 1 && gh_str_eq(gh_str_of(argv[1]), GH_STR("--quick")) ? 0.002 : 0.05;
    if (!gh_crypto_init())
        return 1;
    gh_arena_init(&arena, first, sizeof first, 1 << 20);
    gh_hmac_key_init(&mac, secret);
    printf("algorithm,step,token_bytes,microseconds\n");
    measure("HS256", "hmac_300_bytes", mac_of_300_bytes, batch_s);
    for (unsigned i = 0; i < 4; i++) {
        const char *alg = gh_signing_alg_name(i).p;
        key = i == GH_HS256 ? gh_signing_key_secret(secret, &why) : gh_signing_key_generate(i, &why);
        if (key == NULL)
            return 1;
        sign();
        measure(alg, "sign", sign, batch_s);
        measure(alg, "read", read_only, batch_s);
        measure(alg, "read_verify", read_and_verify, batch_s);
        measure(alg, "read_verify_claims", whole, batch_s);
        gh_signing_key_free(key);
    }
    return seen == 0;
}
