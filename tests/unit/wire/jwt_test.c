#include "wire/jwt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "jose_vectors.h"
#include "unbase64url.h"
#include "wire/jws.h"

static gh_arena arena;
static gh_jwt_claims claims;
static const char *claim;

static enum gh_jwt_result read(const char *payload)
{
    gh_arena_reset(&arena);
    claim = NULL;
    return gh_jwt_read(gh_str_of(payload), &arena, &claims, &claim);
}

#define WHOLE                                                                                                      \
    "{\"iss\":\"https://i.example\",\"sub\":\"u1\",\"aud\":[\"api\",\"b\"],\"exp\":2000,\"nbf\":900,\"iat\":1000," \
    "\"jti\":\"j1\",\"sid\":\"s1\",\"client_id\":\"c1\",\"scope\":\"read write\",\"auth_time\":800,"               \
    "\"roles\":[\"admin\",\"user\"],\"tier\":\"premium\",\"x\":{\"y\":1}}"

static void claims_are_read(void **state)
{
    (void)state;
    assert_int_equal(read(WHOLE), GH_JWT_OK);
    assert_true(gh_str_eq(claims.iss, GH_STR("https://i.example")) && gh_str_eq(claims.sub, GH_STR("u1")));
    assert_true(gh_str_eq(claims.jti, GH_STR("j1")) && gh_str_eq(claims.sid, GH_STR("s1")));
    assert_true(gh_str_eq(claims.client_id, GH_STR("c1")) && gh_str_eq(claims.scope, GH_STR("read write")));
    assert_true(gh_str_eq(claims.tier, GH_STR("premium")));
    assert_true(claims.exp == 2000 && claims.nbf == 900 && claims.iat == 1000 && claims.auth_time == 800);
    assert_int_equal(claims.aud_n, 2);
    assert_true(gh_str_eq(claims.aud[0], GH_STR("api")) && gh_str_eq(claims.aud[1], GH_STR("b")));
    assert_int_equal(claims.roles_n, 2);
    assert_true(gh_str_eq(claims.roles[0], GH_STR("admin")) && gh_str_eq(claims.roles[1], GH_STR("user")));
    assert_non_null(gh_json_lit(gh_json_lit(claims.root, "x"), "y"));
    assert_int_equal(read("{\"aud\":\"api\",\"sub\":\"next\"}"), GH_JWT_OK);
    assert_int_equal(claims.aud_n, 1);
    assert_true(gh_str_eq(claims.aud[0], GH_STR("api")));
    assert_int_equal(read("{}"), GH_JWT_OK);
    assert_true(claims.iss.p == NULL && claims.aud_n == 0 && claims.roles_n == 0 && claims.scope.p == NULL);
    assert_true(claims.exp == GH_JWT_NO_TIME && claims.nbf == GH_JWT_NO_TIME && claims.iat == GH_JWT_NO_TIME);
    assert_int_equal(read("{\"aud\":[],\"roles\":[]}"), GH_JWT_OK);
    assert_true(claims.aud_n == 0 && claims.roles_n == 0);
}

static void times_are_cut_to_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {{"0", 0},
                {"1300819380", 1300819380},
                {"1300819380.999", 1300819380},
                {"0.5", 0},
                {"1.0", 1},
                {"253402300799", 253402300799},
                {"253402300800", -1},
                {"-1", -1},
                {"-0", -1},
                {"1e9", -1},
                {"1.5e9", -1},
                {"1E0", -1},
                {"\"1300819380\"", -1},
                {"null", -1},
                {"true", -1},
                {"[1]", -1},
                {"{}", -1},
                {"18446744073709551617", -1}};
    static const char *const names[] = {"exp", "nbf", "iat", "auth_time"};
    for (size_t i = 0; i < GH_COUNT(rows) * 4; i++) {
        char text[64];
        gh_buf out = gh_buf_over(text, sizeof text);
        gh_buf_printf(&out, "{\"%s\":%s}%c", names[i % 4], rows[i / 4].text, 0);
        enum gh_jwt_result got = read(text);
        if (rows[i / 4].want < 0) {
            assert_int_equal(got, GH_JWT_CLAIM_WRONG);
            assert_string_equal(claim, names[i % 4]);
            continue;
        }
        assert_int_equal(got, GH_JWT_OK);
        const int64_t times[] = {claims.exp, claims.nbf, claims.iat, claims.auth_time};
        assert_true(times[i % 4] == rows[i / 4].want);
    }
}

static void claims_that_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"iss", "sub", "jti", "sid", "client_id", "tier", "scope"};
    static const char *const values[] = {"7",  "null", "true",          "[]",        "[\"a\"]",
                                         "{}", "\"\"", "\"a\\u0000b\"", "\"a\\nb\"", "\"a\\u007fb\""};
    for (size_t i = 0; i < GH_COUNT(names) * GH_COUNT(values); i++) {
        char text[64];
        gh_buf out = gh_buf_over(text, sizeof text);
        gh_buf_printf(&out, "{\"%s\":%s}%c", names[i % GH_COUNT(names)], values[i / GH_COUNT(names)], 0);
        assert_int_equal(read(text), GH_JWT_CLAIM_WRONG);
        assert_string_equal(claim, names[i % GH_COUNT(names)]);
    }
    static const struct {
        const char *text, *claim;
    } rows[] = {
        {"{\"aud\":7}", "aud"},
        {"{\"aud\":null}", "aud"},
        {"{\"aud\":\"\"}", "aud"},
        {"{\"aud\":[\"a\",7]}", "aud"},
        {"{\"aud\":[\"a\",\"\"]}", "aud"},
        {"{\"aud\":[[\"a\"]]}", "aud"},
        {"{\"aud\":{\"a\":\"b\"}}", "aud"},
        {"{\"roles\":\"admin\"}", "roles"},
        {"{\"roles\":{\"admin\":true}}", "roles"},
        {"{\"roles\":[\"admin\",null]}", "roles"},
        {"{\"scope\":\"a  b\"}", "scope"},
        {"{\"scope\":\" a\"}", "scope"},
        {"{\"scope\":\"a \"}", "scope"},
        {"{\"scope\":\"a\\\\b\"}", "scope"},
        {"{\"scope\":\"a\\\"b\"}", "scope"},
        {"{\"scope\":\"\xc3\xa9\"}", "scope"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        assert_int_equal(read(rows[i].text), GH_JWT_CLAIM_WRONG);
        assert_string_equal(claim, rows[i].claim);
    }
}

static void payloads_that_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "null",
                                        "[]",
                                        "\"x\"",
                                        "{",
                                        "{}{}",
                                        "{}\x01",
                                        "{\"iss\":\"a\",\"iss\":\"a\"}",
                                        "{\"sub\":\"a\",\"\\u0073ub\":\"b\"}",
                                        "{\"x\":{\"a\":1,\"a\":2}}",
                                        "{\"sub\":\"\xff\"}",
                                        "{\"sub\":\"\\ud800\"}",
                                        "{\"x\":[[[[[[[[1]]]]]]]]}",
                                        "{'sub':'a'}",
                                        "{\"exp\":01}",
                                        "{\"exp\":NaN}",
                                        "{\"exp\":1e99}"};
    for (size_t i = 0; i < GH_COUNT(texts); i++) {
        claims.sub = GH_STR("before");
        if (read(texts[i]) != GH_JWT_NOT_AN_OBJECT)
            fail_msg("%s", texts[i]);
        assert_true(gh_str_eq(claims.sub, GH_STR("before")));
        assert_null(claim);
    }
}

static enum gh_jwt_result read_long(const char *before, size_t n, const char *after)
{
    char text[2048];
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_buf_put(&out, gh_str_of(before));
    for (size_t i = 0; i < n; i++)
        gh_buf_char(&out, 'a');
    gh_buf_put(&out, gh_str_of(after));
    gh_buf_put(&out, (gh_str){"", 1});
    assert_true(gh_buf_ok(&out));
    return read(text);
}

static enum gh_jwt_result read_many(const char *name, unsigned n)
{
    char text[2048];
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_buf_printf(&out, "{\"%s\":[", name);
    for (unsigned i = 0; i < n; i++)
        gh_buf_printf(&out, "%s\"%u\"", i > 0 ? "," : "", i);
    gh_buf_put(&out, (gh_str){"]}", 3});
    assert_true(gh_buf_ok(&out));
    return read(text);
}

static void claims_have_limits(void **state)
{
    (void)state;
    assert_int_equal(read_long("{\"sub\":\"", GH_JWT_TEXT_MAX, "\"}"), GH_JWT_OK);
    assert_int_equal(read_long("{\"sub\":\"", GH_JWT_TEXT_MAX + 1, "\"}"), GH_JWT_CLAIM_WRONG);
    assert_int_equal(read_long("{\"aud\":[\"", GH_JWT_TEXT_MAX + 1, "\"]}"), GH_JWT_CLAIM_WRONG);
    assert_int_equal(read_long("{\"roles\":[\"", GH_JWT_TEXT_MAX + 1, "\"]}"), GH_JWT_CLAIM_WRONG);
    assert_int_equal(read_long("{\"scope\":\"", GH_JWT_SCOPE_MAX, "\"}"), GH_JWT_OK);
    assert_int_equal(read_long("{\"scope\":\"", GH_JWT_SCOPE_MAX + 1, "\"}"), GH_JWT_CLAIM_WRONG);
    assert_int_equal(read_many("aud", GH_JWT_AUDIENCES_MAX), GH_JWT_OK);
    assert_int_equal(read_many("aud", GH_JWT_AUDIENCES_MAX + 1), GH_JWT_CLAIM_WRONG);
    assert_int_equal(read_many("roles", GH_JWT_ROLES_MAX), GH_JWT_OK);
    assert_int_equal(claims.roles_n, GH_JWT_ROLES_MAX);
    assert_int_equal(read_many("roles", GH_JWT_ROLES_MAX + 1), GH_JWT_CLAIM_WRONG);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    bool fits = false;
    for (size_t cap = 0; cap < 65536 && !fits; cap += 256) {
        gh_arena small;
        gh_arena_init(&small, NULL, 0, cap);
        enum gh_jwt_result got = gh_jwt_read(GH_STR(WHOLE), &small, &claims, &claim);
        fits = got == GH_JWT_OK;
        assert_true(fits || got == GH_JWT_NO_MEMORY || got == GH_JWT_NOT_AN_OBJECT);
        gh_arena_reset(&small);
    }
    assert_true(fits);
}

static const gh_str audiences[] = {GH_STR_INIT("other"), GH_STR_INIT("api")};
static const gh_jwt_rules rules = {.issuer = GH_STR_INIT("https://i.example"),
                                   .audiences = audiences,
                                   .audiences_n = 2,
                                   .leeway_s = 10,
                                   .max_lifetime_s = 1000,
                                   .need_sub = true,
                                   .need_jti = true,
                                   .need_iat = true,
                                   .need_sid = true,
                                   .need_client_id = true};

static enum gh_jwt_result check(int64_t now)
{
    claim = NULL;
    return gh_jwt_check(&claims, GH_STR("at+jwt"), &rules, now, &claim);
}

static void whole(void)
{
    assert_int_equal(read(WHOLE), GH_JWT_OK);
}

/* exp is 2000, iat 1000, nbf 900; the clocks may differ by 10 seconds. */
static void times_have_sharp_ends(void **state)
{
    (void)state;
    whole();
    assert_int_equal(check(1500), GH_JWT_OK);
    assert_int_equal(check(2009), GH_JWT_OK);
    assert_int_equal(check(2010), GH_JWT_EXPIRED);
    assert_int_equal(check(990), GH_JWT_OK);
    assert_int_equal(check(989), GH_JWT_FROM_THE_FUTURE);
    claims.nbf = 1200;
    assert_int_equal(check(1190), GH_JWT_OK);
    assert_int_equal(check(1189), GH_JWT_NOT_YET_VALID);
    claims.nbf = GH_JWT_NO_TIME;
    assert_int_equal(check(990), GH_JWT_OK);
    assert_int_equal(check(0), GH_JWT_FROM_THE_FUTURE);
    assert_int_equal(check(INT64_C(1) << 40), GH_JWT_EXPIRED);
}

static void lifetimes_have_a_limit(void **state)
{
    (void)state;
    whole();
    claims.exp = 2001; /* 1001 seconds */
    assert_int_equal(check(1500), GH_JWT_LIVES_TOO_LONG);
    claims.exp = GH_JWT_TIME_MAX;
    assert_int_equal(check(1500), GH_JWT_LIVES_TOO_LONG);
    gh_jwt_rules other = rules;
    other.max_lifetime_s = 0;
    assert_int_equal(gh_jwt_check(&claims, GH_STR("at+jwt"), &other, 1500, &claim), GH_JWT_OK);
    other.max_lifetime_s = 1000;
    other.need_iat = false;
    claims.iat = GH_JWT_NO_TIME; /* then it counts from now */
    claims.exp = 2500;
    assert_int_equal(gh_jwt_check(&claims, GH_STR("at+jwt"), &other, 1500, &claim), GH_JWT_OK);
    assert_int_equal(gh_jwt_check(&claims, GH_STR("at+jwt"), &other, 1499, &claim), GH_JWT_LIVES_TOO_LONG);
}

static void each_required_claim_is_missed(void **state)
{
    (void)state;
    static const char *const names[] = {"iss", "aud", "exp", "sub", "jti", "iat", "sid", "client_id"};
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        whole();
        gh_str *const texts[] = {&claims.iss, NULL, NULL,        &claims.sub,
                                 &claims.jti, NULL, &claims.sid, &claims.client_id};
        if (texts[i] != NULL)
            *texts[i] = (gh_str){NULL, 0};
        else if (i == 1)
            claims.aud_n = 0;
        else
            *(i == 2 ? &claims.exp : &claims.iat) = GH_JWT_NO_TIME;
        assert_int_equal(check(1500), GH_JWT_CLAIM_MISSING);
        assert_string_equal(claim, names[i]);
        /* With no rule that asks for more, iss, aud and exp are asked for still. */
        const gh_jwt_rules few = {.issuer = rules.issuer, .audiences = audiences, .audiences_n = 2};
        assert_int_equal(gh_jwt_check(&claims, GH_STR("at+jwt"), &few, 1500, &claim),
                         i < 3 ? GH_JWT_CLAIM_MISSING : GH_JWT_OK);
    }
}

static void issuer_and_audience(void **state)
{
    (void)state;
    static const char *const issuers[] = {"https://i.example/", "https://I.example", "http://i.example",
                                          "i.example", "x"};
    for (size_t i = 0; i < GH_COUNT(issuers); i++) {
        whole();
        claims.iss = gh_str_of(issuers[i]);
        assert_int_equal(check(1500), GH_JWT_ISSUER_WRONG);
    }
    whole();
    const gh_str wrong[] = {GH_STR("API"), GH_STR("api "), GH_STR("ap"), GH_STR("apis")};
    claims.aud = wrong;
    claims.aud_n = GH_COUNT(wrong);
    assert_int_equal(check(1500), GH_JWT_AUDIENCE_WRONG);
    whole();
    gh_jwt_rules nobody = rules;
    nobody.audiences_n = 0;
    assert_int_equal(gh_jwt_check(&claims, GH_STR("at+jwt"), &nobody, 1500, &claim), GH_JWT_AUDIENCE_WRONG);
}

/* RFC 8725 section 3.11: an ID token, a logout token, or any other JWT of the issuer is no access token. */
static void types(void **state)
{
    (void)state;
    static const gh_str outside[] = {GH_STR_INIT("at+jwt"), GH_STR_INIT("JWT")};
    static const struct {
        const char *typ;
        bool ours, outside;
    } rows[] = {
        {"at+jwt", true, true},       {"AT+JWT", true, true},       {"application/at+jwt", true, true},
        {"JWT", false, true},         {"jwt", false, true},         {NULL, false, true},
        {"id+jwt", false, false},     {"logout+jwt", false, false}, {"secevent+jwt", false, false},
        {"dpop+jwt", false, false},   {"refresh", false, false},    {"at+jwt ", false, false},
        {"text/at+jwt", false, false}};
    gh_jwt_rules wide = rules;
    wide.types = outside;
    wide.types_n = 2;
    whole();
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str typ = gh_str_of(rows[i].typ);
        assert_int_equal(gh_jwt_check(&claims, typ, &rules, 1500, &claim),
                         rows[i].ours ? GH_JWT_OK : GH_JWT_TYPE_WRONG);
        assert_int_equal(gh_jwt_check(&claims, typ, &wide, 1500, &claim),
                         rows[i].outside ? GH_JWT_OK : GH_JWT_TYPE_WRONG);
    }
}

static void scopes_are_whole_words(void **state)
{
    (void)state;
    const gh_str scope = GH_STR("read write:all");
    assert_true(gh_jwt_scope_has(scope, GH_STR("read")) && gh_jwt_scope_has(scope, GH_STR("write:all")));
    assert_false(gh_jwt_scope_has(scope, GH_STR("write")) || gh_jwt_scope_has(scope, GH_STR("rea")));
    assert_false(gh_jwt_scope_has(scope, GH_STR("READ")) || gh_jwt_scope_has(scope, GH_STR("")));
    assert_false(gh_jwt_scope_has(scope, scope) || gh_jwt_scope_has((gh_str){NULL, 0}, GH_STR("read")));
}

static void claims_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *in, *extra, *out;
    } rows[] = {
        {"{}", "", "{}"},
        {"{}", "\"x\":1", "{\"x\":1}"},
        {"{\"tier\":\"t\"}", "\"x\":1,\"y\":2", "{\"tier\":\"t\",\"x\":1,\"y\":2}"},
        {"{\"aud\":[\"a\"],\"roles\":[\"b\"],\"exp\":0}", "", "{\"aud\":\"a\",\"exp\":0,\"roles\":[\"b\"]}"},
        {"{\"sub\":\"a\\\"\\u2028\"}", "", "{\"sub\":\"a\\\"\\u2028\"}"},
        {WHOLE, "\"x\":{\"y\":1}", WHOLE},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char memory[1024];
        gh_buf out = gh_buf_over(memory, sizeof memory);
        assert_int_equal(read(rows[i].in), GH_JWT_OK);
        gh_jwt_put_claims(&out, &claims, gh_str_of(rows[i].extra));
        assert_true(gh_buf_ok(&out) && gh_str_eq(gh_buf_str(&out), gh_str_of(rows[i].out)));
    }
}

static void a_token_comes_back(void **state)
{
    (void)state;
    const char *why;
    char memory[GH_JWS_MAX];
    gh_jws jws;
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_signing_key *key = gh_signing_key_secret(unbase64url(HS256_K), &why);
    whole();
    assert_true(gh_jwt_put(&out, key, GH_STR("at+jwt"), &claims, GH_STR("\"acr\":\"1\"")));
    assert_int_equal(gh_jws_read(gh_buf_str(&out), &arena, &jws), GH_JWS_OK);
    assert_int_equal(gh_jws_verify(&jws, key), GH_JWS_OK);
    gh_jwt_claims again;
    assert_int_equal(gh_jwt_read(jws.payload, &arena, &again, &claim), GH_JWT_OK);
    assert_int_equal(gh_jwt_check(&again, jws.typ, &rules, 1500, &claim), GH_JWT_OK);
    assert_true(gh_str_eq(again.tier, GH_STR("premium")) && gh_json_lit(again.root, "acr") != NULL);
    for (size_t cap = 0; cap < out.n; cap += 7) {
        gh_buf tight = gh_buf_over(memory, cap);
        assert_false(gh_jwt_put(&tight, key, GH_STR("at+jwt"), &claims, GH_STR("\"acr\":\"1\"")));
    }
    gh_signing_key_free(key);
}

static void each_result_has_its_reason(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= GH_JWT_LIVES_TOO_LONG; i++) {
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(gh_jwt_why(i), gh_jwt_why(k));
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
        cmocka_unit_test(claims_are_read),
        cmocka_unit_test(times_are_cut_to_seconds),
        cmocka_unit_test(claims_that_are_refused),
        cmocka_unit_test(payloads_that_are_refused),
        cmocka_unit_test(claims_have_limits),
        cmocka_unit_test(memory_may_be_short),
        cmocka_unit_test(times_have_sharp_ends),
        cmocka_unit_test(lifetimes_have_a_limit),
        cmocka_unit_test(each_required_claim_is_missed),
        cmocka_unit_test(issuer_and_audience),
        cmocka_unit_test(types),
        cmocka_unit_test(scopes_are_whole_words),
        cmocka_unit_test(claims_are_written),
        cmocka_unit_test(a_token_comes_back),
        cmocka_unit_test(each_result_has_its_reason),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
