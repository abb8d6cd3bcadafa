#include "endpoint.h"

#include <string.h>

#include "identity/secret.h"
#include "identity/token.h"

#define PATH "/api/auth/revoke"

/* identity.token.leeway: so long a token still counts behind its end, so long its revocation is remembered. */
enum { LEEWAY = 30 };

static char form[8192];

static const char *form_with(gh_str token)
{
    (void)snprintf(form, sizeof form, "token=%.*s", (int)token.n, token.p);
    return form;
}

static const uint8_t chance[GH_SECRET_RANDOM] = "bytes that stand for chance....";

static gh_str access_token(endpoint *e, char memory[GH_TOKEN_TEXT_MAX])
{
    gh_subject subject;
    gh_buf out = gh_buf_over(memory, GH_TOKEN_TEXT_MAX);
    endpoint_subject(&subject);
    const gh_token_request request = {.subject = &subject, .session = 41, .life_s = 300};
    assert_true(gh_token_mint(&e->policy->identity, &e->world, &request, &out));
    return gh_buf_str(&out);
}

static gh_str secret_of(endpoint *e, enum gh_secret_kind kind, uint32_t number,
                        char memory[GH_SECRET_TEXT_MAX])
{
    gh_buf out = gh_buf_over(memory, GH_SECRET_TEXT_MAX);
    gh_secret secret;
    gh_secret_make(&e->policy->identity.keys, kind, 41, number, chance, &out, &secret);
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

static void expect_revoked(endpoint *e)
{
    assert_string_equal(e->verdict, "answer 200");
    expect_lines(e, "Cache-Control: no-store\r\n");
    expect_body(e, "");
}

static void a_refresh_token_ends_its_family(void **state)
{
    static const endpoint_op script = {GH_OP_SESSION_END, GH_OP_OK, NULL},
                             gone = {GH_OP_SESSION_END, GH_OP_NOT_FOUND, NULL};
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX];
    endpoint_script(e, &script, 1);
    (void)endpoint_request(e, "POST", PATH, form_with(secret_of(e, GH_SECRET_REFRESH, 3, memory)));
    expect_revoked(e);
    const gh_op_session_end *op = LAST_OP(e, gh_op_session_end);
    assert_int_equal(op->user, 0);
    assert_int_equal(op->session, 41);
    assert_int_equal(op->token_s, e->policy->identity.token.access_s);
    endpoint_script(e, &gone, 1);
    (void)endpoint_request(e, "POST", PATH, form_with(secret_of(e, GH_SECRET_REFRESH, 0, memory)));
    expect_revoked(e);
}

static void an_access_token_ends_alone(void **state)
{
    static const endpoint_op script = {GH_OP_TOKEN_REVOKE, GH_OP_OK, NULL};
    endpoint *e = *state;
    char memory[GH_TOKEN_TEXT_MAX];
    gh_cached_token token;
    endpoint_script(e, &script, 1);
    gh_str text = access_token(e, memory);
    (void)endpoint_request(e, "POST", PATH, form_with(text));
    expect_revoked(e);
    assert_int_equal(gh_token_verify(&e->txn, text, &token), GH_TOKEN_GOOD);
    assert_int_equal(LAST_OP(e, gh_op_token_revoke)->jti, token.jti);
    assert_int_equal(LAST_OP(e, gh_op_token_revoke)->expires_s, ENDPOINT_NOW + 300 + LEEWAY);
}

static void a_key_ends_by_its_secret(void **state)
{
    static const endpoint_op script = {GH_OP_KEY_END, GH_OP_OK, NULL},
                             gone = {GH_OP_KEY_END, GH_OP_NOT_FOUND, NULL};
    /* also from where it may not be used: there it does not belong */
    static const enum gh_lookup_answer known[] = {GH_LOOKUP_GOOD, GH_LOOKUP_DISABLED,
                                                  GH_LOOKUP_ADDRESS_REFUSED};
    endpoint *e = *state;
    char memory[GH_API_KEY_TEXT_MAX];
    gh_str key = key_of(e, memory);
    for (size_t i = 0; i < GH_COUNT(known); i++) {
        e->looked = known[i];
        endpoint_script(e, i == 0 ? &gone : &script, 1);
        (void)endpoint_request(e, "POST", PATH, form_with(key));
        expect_revoked(e);
        assert_int_equal(LAST_OP(e, gh_op_key_end)->id, 55);
        assert_int_equal(LAST_OP(e, gh_op_key_end)->user, 0);
        assert_int_equal(e->txn.lookups[e->txn.n_lookups - 1].kind, GH_LOOKUP_API_KEY);
    }
}

/* The id in a key is no secret: its shape alone ends nothing. */
static void a_guessed_key_ends_nothing(void **state)
{
    static const enum gh_lookup_answer unknown[] = {GH_LOOKUP_UNKNOWN, GH_LOOKUP_MISMATCH, GH_LOOKUP_EXPIRED,
                                                    GH_LOOKUP_REVOKED};
    endpoint *e = *state;
    char memory[GH_API_KEY_TEXT_MAX];
    endpoint_script(e, NULL, 0);
    for (size_t i = 0; i < GH_COUNT(unknown); i++) {
        e->looked = unknown[i];
        (void)endpoint_request(e, "POST", PATH, form_with(key_of(e, memory)));
        expect_revoked(e);
        assert_int_equal(e->txn.n_ops, 0);
    }
}

static void what_is_no_token_is_answered_alike(void **state)
{
    static const char *const none[] = {"token=x", "token=ghk_1", "token=ghr_1", "token=a.b.c&x=y"};
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX], access[GH_TOKEN_TEXT_MAX];
    endpoint_script(e, NULL, 0);
    for (size_t i = 0; i < GH_COUNT(none); i++) {
        (void)endpoint_request(e, "POST", PATH, none[i]);
        expect_revoked(e);
    }
    (void)endpoint_request(e, "POST", PATH, form_with(secret_of(e, GH_SECRET_SESSION, 0, memory)));
    expect_revoked(e);
    gh_str forged = secret_of(e, GH_SECRET_REFRESH, 0, memory);
    memory[10] = memory[10] == 'A' ? 'B' : 'A';
    (void)endpoint_request(e, "POST", PATH, form_with(forged));
    expect_revoked(e);
    gh_str expired = access_token(e, access);
    e->world.unix_s += 100000;
    (void)endpoint_request(e, "POST", PATH, form_with(expired));
    expect_revoked(e);
    assert_int_equal(e->txn.n_ops + e->txn.n_lookups, 0);
}

static void what_can_fail(void **state)
{
    static const endpoint_op family_down = {GH_OP_SESSION_END, GH_OP_UNAVAILABLE, NULL},
                             token_down = {GH_OP_TOKEN_REVOKE, GH_OP_UNAVAILABLE, NULL},
                             key_down = {GH_OP_KEY_END, GH_OP_UNAVAILABLE, NULL};
    endpoint *e = *state;
    char memory[GH_SECRET_TEXT_MAX], access[GH_TOKEN_TEXT_MAX], key[GH_API_KEY_TEXT_MAX];
    endpoint_script(e, &family_down, 1);
    (void)endpoint_request(e, "POST", PATH, form_with(secret_of(e, GH_SECRET_REFRESH, 0, memory)));
    assert_string_equal(e->verdict, "identity_unavailable");
    endpoint_script(e, &token_down, 1);
    (void)endpoint_request(e, "POST", PATH, form_with(access_token(e, access)));
    assert_string_equal(e->verdict, "identity_unavailable");
    endpoint_script(e, &key_down, 1);
    e->looked = GH_LOOKUP_GOOD;
    (void)endpoint_request(e, "POST", PATH, form_with(key_of(e, key)));
    assert_string_equal(e->verdict, "identity_unavailable");
    endpoint_script(e, NULL, 0);
    e->looked = GH_LOOKUP_UNAVAILABLE;
    (void)endpoint_request(e, "POST", PATH, form_with(key_of(e, key)));
    assert_string_equal(e->verdict, "identity_unavailable");
    assert_string_equal(endpoint_request(e, "POST", PATH, "token=a&token=b"), "invalid_request");
    assert_string_equal(endpoint_request(e, "POST", PATH, "x=y"), "invalid_request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(a_refresh_token_ends_its_family),    ENDPOINT_TEST(an_access_token_ends_alone),
        ENDPOINT_TEST(a_key_ends_by_its_secret),           ENDPOINT_TEST(a_guessed_key_ends_nothing),
        ENDPOINT_TEST(what_is_no_token_is_answered_alike), ENDPOINT_TEST(what_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
