/* Claims: what is read, written and read again is the same, and written again the same text; what the check lets in is
 * within the rules, at every time. */
#include "fuzz.h"
#include "wire/jwt.h"

enum { ROOM = 1 << 15, CAP = 8 << 20 };

static const gh_str audiences[] = {GH_STR_INIT("api"), GH_STR_INIT("b")};
static const gh_jwt_rules rules = {.issuer = GH_STR_INIT("i"),
                                   .audiences = audiences,
                                   .audiences_n = 2,
                                   .leeway_s = 5,
                                   .max_lifetime_s = 1000,
                                   .need_sub = true};

static bool same_list(const gh_str *a, unsigned a_n, const gh_str *b, unsigned b_n)
{
    if (a_n != b_n)
        return false;
    for (unsigned i = 0; i < a_n; i++) {
        if (!gh_str_eq(a[i], b[i]))
            return false;
    }
    return true;
}

static bool same(const gh_jwt_claims *a, const gh_jwt_claims *b)
{
    return gh_str_eq(a->iss, b->iss) && gh_str_eq(a->sub, b->sub) && gh_str_eq(a->jti, b->jti) &&
           gh_str_eq(a->sid, b->sid) && gh_str_eq(a->client_id, b->client_id) &&
           gh_str_eq(a->scope, b->scope) && gh_str_eq(a->tier, b->tier) && a->exp == b->exp &&
           a->nbf == b->nbf && a->iat == b->iat && a->auth_time == b->auth_time &&
           same_list(a->aud, a->aud_n, b->aud, b->aud_n) &&
           same_list(a->roles, a->roles_n, b->roles, b->roles_n);
}

static void check_again(const gh_jwt_claims *claims, gh_arena *arena)
{
    static char first_text[ROOM], second_text[ROOM];
    gh_jwt_claims again;
    const char *claim = NULL;
    gh_buf first = gh_buf_over(first_text, sizeof first_text),
           second = gh_buf_over(second_text, sizeof second_text);
    gh_jwt_put_claims(&first, claims, (gh_str){NULL, 0});
    FUZZ_CHECK(gh_buf_ok(&first));
    FUZZ_CHECK(gh_jwt_read(gh_buf_str(&first), arena, &again, &claim) == GH_JWT_OK && same(claims, &again));
    gh_jwt_put_claims(&second, &again, (gh_str){NULL, 0});
    FUZZ_CHECK(gh_buf_ok(&second) && gh_str_eq(gh_buf_str(&first), gh_buf_str(&second)));
}

static void check_rules(const gh_jwt_claims *c, int64_t now)
{
    const char *claim = NULL;
    enum gh_jwt_result result = gh_jwt_check(c, GH_STR("at+jwt"), &rules, now, &claim);
    FUZZ_CHECK((result == GH_JWT_CLAIM_MISSING) == (claim != NULL) && gh_jwt_why(result) != NULL);
    FUZZ_CHECK(gh_jwt_check(c, GH_STR("JWT"), &rules, now, &claim) == GH_JWT_TYPE_WRONG);
    if (result != GH_JWT_OK)
        return;
    FUZZ_CHECK(gh_str_eq(c->iss, rules.issuer) && c->sub.n > 0 && c->aud_n > 0);
    FUZZ_CHECK(now < c->exp + 5 && c->nbf <= now + 5 && c->iat <= now + 5);
    FUZZ_CHECK(c->exp - (c->iat < 0 ? now : c->iat) <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t times[] = {0, 1, 999, 1000, 1300819380, GH_JWT_TIME_MAX, INT64_C(1) << 60};
    gh_arena arena;
    gh_jwt_claims claims;
    const char *claim = NULL;
    if (size > ROOM / 8)
        return 0;
    gh_arena_init(&arena, NULL, 0, CAP);
    enum gh_jwt_result result = gh_jwt_read((gh_str){(const char *)data, size}, &arena, &claims, &claim);
    FUZZ_CHECK((result == GH_JWT_CLAIM_WRONG) == (claim != NULL));
    if (result == GH_JWT_OK) {
        check_again(&claims, &arena);
        for (size_t i = 0; i < GH_COUNT(times); i++)
            check_rules(&claims, times[i]);
        for (int64_t d = -6; d <= 6; d++)
            check_rules(&claims, claims.exp + d);
    }
    gh_arena_reset(&arena);
    return 0;
}
