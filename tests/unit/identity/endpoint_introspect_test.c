#include "endpoint.h"

#include <string.h>

#include "identity/secret.h"
#include "identity/token.h"

#define PATH "/api/auth/introspect"
#define INACTIVE "{\"active\":false}"

static char form[8192];

static const char *form_with(const char *before, gh_str token, const char *after)
{
    gh_buf out = gh_buf_over(form, sizeof form - 1);
    gh_buf_put(&out, gh_str_of(before));
    gh_buf_put(&out, token);
    gh_buf_put(&out, gh_str_of(after));
    assert_true(gh_buf_ok(&out));
    form[out.n] = '\0';
    return form;
}

static gh_str access_token(endpoint *e, const char *scopes, char memory[GH_TOKEN_TEXT_MAX])
{
    gh_subject subject;
    gh_buf out = gh_buf_over(memory, GH_TOKEN_TEXT_MAX);
    endpoint_subject(&subject);
    const gh_token_request request = {
        .subject = &subject, .session = 41, .scopes = gh_str_of(scopes), .life_s = 300};
    assert_true(gh_token_mint(&e->policy->identity, &e->world, &request, &out));
    return gh_buf_str(&out);
}

static const uint8_t chance[GH_SECRET_RANDOM] = "bytes that stand for chance....";

static gh_str secret_of(endpoint *e, enum gh_secret_kind kind, char memory[GH_SECRET_TEXT_MAX])
{
    gh_buf out = gh_buf_over(memory, GH_SECRET_TEXT_MAX);
    gh_secret secret;
    gh_secret_make(&e->policy->identity.keys, kind, 41, 3, chance, &out, &secret);
    return gh_buf_str(&out);
}

static gh_str key_of(endpoint *e, char memory[GH_API_KEY_TEXT_MAX])
{
    const gh_identity_policy *p = &e->policy->identity;
    gh_buf out = gh_buf_over(memory, GH_API_KEY_TEXT_MAX);
    gh_secret secret;
    size_t start;
    gh_api_key_make(&p->keys, p->key.prefix, 55, chance, &out, &secret, &start);
    return gh_buf_str(&out);
}

static void as_a_service(endpoint *e)
{
    endpoint_as(e, GH_PROOF_API_KEY);
}

static void an_access_token(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    char memory[GH_TOKEN_TEXT_MAX], text[64];
    as_a_service(e);
    e->looked = GH_LOOKUP_GOOD;
    gh_str token = access_token(e, "a:b c:d", memory);
    assert_string_equal(
        endpoint_request(e, "POST", PATH, form_with("token=", token, "&token_type_hint=access_token")),
        "answer 200");
    const gh_lookup *l = &e->txn.lookups[e->txn.n_lookups - 1];
    assert_int_equal(l->kind, GH_LOOKUP_TOKEN);
    assert_int_equal(l->user, 7);
    assert_int_equal(l->id, 41);
    assert_int_equal(l->issued_s, ENDPOINT_NOW);
    assert_int_equal(l->now_s, ENDPOINT_NOW);
    assert_true(l->jti != 0);
    expect_member(e, "/active", "true");
    expect_member(e, "/kind", "access_token");
    expect_member(e, "/token_type", "Bearer");
    expect_member(e, "/sub", "0000000000007");
    expect_member(e, "/username", "ada");
    expect_member(e, "/scope", "a:b c:d");
    expect_member(e, "/roles", "[\"user\",\"beta\"]");
    expect_member(e, "/tier", "gold");
    (void)snprintf(text, sizeof text, "%d", ENDPOINT_NOW + 300);
    expect_member(e, "/exp", text);
    (void)snprintf(text, sizeof text, "%d", ENDPOINT_NOW);
    expect_member(e, "/iat", text);
    assert_true(gh_str_eq(gh_str_of(endpoint_member(e, "/iss")), p->issuers[0].issuer));
    assert_true(gh_str_eq(gh_str_of(endpoint_member(e, "/aud")), p->token.audience));
    assert_true(gh_str_eq(gh_str_of(endpoint_member(e, "/client_id")), p->token.client_id));
    expect_lines(e, "Cache-Control: no-store\r\n");
    assert_string_equal(
        endpoint_request(e, "POST", PATH, form_with("token=", access_token(e, NULL, memory), "")),
        "answer 200");
    assert_null(gh_json_lit(e->json, "scope"));
}

static void found(gh_lookup *l)
{
    endpoint_subject(&l->subject);
    l->created_s = ENDPOINT_NOW - 100;
    l->expires_s = ENDPOINT_NOW + 100;
}

static void a_refresh_token(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    char memory[GH_SECRET_TEXT_MAX];
    gh_secret secret;
    as_a_service(e);
    e->looked = GH_LOOKUP_GOOD;
    e->look = found;
    gh_str token = secret_of(e, GH_SECRET_REFRESH, memory);
    assert_true(gh_secret_read(&p->keys, GH_SECRET_REFRESH, token, &secret));
    assert_string_equal(endpoint_request(e, "POST", PATH, form_with("token=", token, "")), "answer 200");
    const gh_lookup *l = &e->txn.lookups[e->txn.n_lookups - 1];
    assert_int_equal(l->kind, GH_LOOKUP_REFRESH);
    assert_int_equal(l->id, 41);
    assert_memory_equal(l->hash, secret.hash, sizeof secret.hash);
    assert_int_equal(l->idle_s, p->token.idle_s);
    assert_int_equal(l->grace_s, p->token.grace_s);
    expect_member(e, "/active", "true");
    expect_member(e, "/kind", "refresh_token");
    expect_member(e, "/sub", "0000000000007");
    expect_member(e, "/username", "ada");
    assert_null(gh_json_lit(e->json, "token_type"));
    assert_null(gh_json_lit(e->json, "scope"));
}

static void found_key(gh_lookup *l)
{
    found(l);
    l->scoped = true;
    l->scopes.n = 3;
    memcpy(l->scopes.p, "a:b", 3);
    l->tier.n = 2;
    memcpy(l->tier.p, "k1", 2);
    l->created_s = l->expires_s = 0;
}

static void an_api_key(void **state)
{
    endpoint *e = *state;
    char memory[GH_API_KEY_TEXT_MAX];
    as_a_service(e);
    e->looked = GH_LOOKUP_GOOD;
    e->look = found_key;
    assert_string_equal(endpoint_request(e, "POST", PATH, form_with("token=", key_of(e, memory), "")),
                        "answer 200");
    assert_int_equal(e->txn.lookups[e->txn.n_lookups - 1].kind, GH_LOOKUP_API_KEY);
    assert_int_equal(e->txn.lookups[e->txn.n_lookups - 1].id, 55);
    expect_member(e, "/kind", "api_key");
    expect_member(e, "/scope", "a:b");
    expect_member(e, "/tier", "k1"); /* the key's own, before the user's */
    assert_null(gh_json_lit(e->json, "exp"));
}

/* Of a token that is not good, that alone is said. */
static void nothing_is_told_of_others(void **state)
{
    static const enum gh_lookup_answer bad[] = {GH_LOOKUP_UNKNOWN,  GH_LOOKUP_MISMATCH,
                                                GH_LOOKUP_EXPIRED,  GH_LOOKUP_REVOKED,
                                                GH_LOOKUP_DISABLED, GH_LOOKUP_ADDRESS_REFUSED};
    static const char *const none[] = {"token=x",     "token=a.b.c",        "token=ghk_0",
                                       "token=ghr_0", "token=%F0%9F%92%A9", "token=x&token_type_hint=what"};
    endpoint *e = *state;
    char memory[GH_TOKEN_TEXT_MAX], secret[GH_SECRET_TEXT_MAX], key[GH_API_KEY_TEXT_MAX];
    as_a_service(e);
    gh_str tokens[] = {access_token(e, NULL, memory), secret_of(e, GH_SECRET_REFRESH, secret),
                       key_of(e, key)};
    e->look = found;
    for (size_t i = 0; i < GH_COUNT(bad); i++) {
        e->looked = bad[i];
        for (size_t k = 0; k < GH_COUNT(tokens); k++) {
            assert_string_equal(endpoint_request(e, "POST", PATH, form_with("token=", tokens[k], "")),
                                "answer 200");
            expect_body(e, INACTIVE);
        }
    }
    e->looked = GH_LOOKUP_GOOD;
    for (size_t i = 0; i < GH_COUNT(none); i++) {
        assert_string_equal(endpoint_request(e, "POST", PATH, none[i]), "answer 200");
        expect_body(e, INACTIVE);
        assert_int_equal(e->txn.n_lookups, 0);
    }
    /* a session's secret and a device's token are not asked about */
    assert_string_equal(
        endpoint_request(e, "POST", PATH, form_with("token=", secret_of(e, GH_SECRET_SESSION, secret), "")),
        "answer 200");
    expect_body(e, INACTIVE);
    /* one byte changed */
    memory[tokens[0].n - 3] ^= 1;
    assert_string_equal(endpoint_request(e, "POST", PATH, form_with("token=", tokens[0], "")), "answer 200");
    expect_body(e, INACTIVE);
}

static void what_can_fail(void **state)
{
    static const char *const bad[] = {"token_type_hint=access_token", "token=", "token=a&token=b",
                                      "token=a&token_type_hint=x&token_type_hint=y", "x=y"};
    endpoint *e = *state;
    char memory[GH_TOKEN_TEXT_MAX];
    as_a_service(e);
    for (size_t i = 0; i < GH_COUNT(bad); i++)
        assert_string_equal(endpoint_request(e, "POST", PATH, bad[i]), "invalid_request");
    e->looked = GH_LOOKUP_UNAVAILABLE;
    assert_string_equal(
        endpoint_request(e, "POST", PATH, form_with("token=", access_token(e, NULL, memory), "")),
        "identity_unavailable");
    /* nobody has asked the roster: the value a lookup begins with */
    assert_int_equal(e->txn.n_lookups, 1);
}

/* What was looked up on the way here stays as it was: the principal's texts are in it. */
static void earlier_lookups_are_kept(void **state)
{
    endpoint *e = *state;
    char memory[GH_TOKEN_TEXT_MAX];
    as_a_service(e);
    e->looked = GH_LOOKUP_GOOD;
    e->lookups_before = GH_LOOKUPS_MAX - 1;
    gh_str token = access_token(e, NULL, memory);
    assert_string_equal(endpoint_request(e, "POST", PATH, form_with("token=", token, "")), "answer 200");
    expect_member(e, "/active", "true");
    assert_int_equal(e->txn.n_lookups, GH_LOOKUPS_MAX);
    e->lookups_before = GH_LOOKUPS_MAX;
    assert_string_equal(endpoint_request(e, "POST", PATH, form_with("token=", token, "")), "internal_error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(an_access_token), ENDPOINT_TEST(a_refresh_token),
        ENDPOINT_TEST(an_api_key),      ENDPOINT_TEST(nothing_is_told_of_others),
        ENDPOINT_TEST(what_can_fail),   ENDPOINT_TEST(earlier_lookups_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
