#include "endpoint.h"

#include <string.h>

#include "identity/secret.h"

#define PATH "/api/auth/register"
#define BODY(more)                                                                        \
    "{\"username\":\"Ada.L\",\"password\":\"correct horse \\\"battery\\\" staple\"," more \
    "\"email\":\"Ada@Example.org\"}"

static void hashed(gh_op *op)
{
    ((gh_op_password_create *)op)->hash = GH_STR("$argon2id$made");
}

static void created(gh_op *op)
{
    endpoint_subject(&((gh_op_user_create *)op)->subject);
}

static const endpoint_op good[] = {{GH_OP_PASSWORD_CREATE, GH_OP_OK, hashed},
                                   {GH_OP_USER_CREATE, GH_OP_OK, created}};

static void an_account_is_made_with_a_session(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    gh_secret secret;
    endpoint_script(e, good, 2);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY("")), "answer 201");
    const gh_op_password_create *hash = OP_AT(e, 0, gh_op_password_create);
    expect_text(hash->password, ENDPOINT_PASSWORD);
    expect_text(hash->name, "ada.l");
    expect_text(hash->email, "ada@example.org");
    assert_int_equal(hash->min_length, p->password.min_length);
    const gh_op_user_create *create = OP_AT(e, 1, gh_op_user_create);
    expect_text(create->name, "ada.l");
    expect_text(create->email, "ada@example.org");
    expect_text(create->hash, "$argon2id$made");
    assert_true(gh_str_eq(create->roles, p->new_user_roles));
    assert_true(create->with_session && !create->if_absent);
    assert_int_equal(create->session.kind, GH_SESSION_COOKIE);
    gh_str session = endpoint_between(e->lines, "Set-Cookie: __Host-session=", ";");
    assert_true(gh_secret_read(&p->keys, GH_SECRET_SESSION, session, &secret));
    assert_memory_equal(secret.hash, create->session.hash, sizeof secret.hash);
    expect_member(e, "/user/id", "0000000000007");
    assert_int_equal(strlen(endpoint_member(e, "/csrf_token")), 64);
    expect_absent(e, "battery");
    expect_absent(e, "argon2id");
}

static void or_with_tokens(void **state)
{
    endpoint *e = *state;
    endpoint_script(e, good, 2);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY("\"mode\":\"token\",")), "answer 201");
    expect_lines(e, "Cache-Control: no-store\r\n");
    assert_int_equal(LAST_OP(e, gh_op_user_create)->session.kind, GH_SESSION_TOKENS);
    assert_memory_equal(endpoint_member(e, "/refresh_token"), "ghr_", 4);
}

static void or_without_one(void **state)
{
    endpoint *e = *state;
    endpoint_script(e, good, 2);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY("\"mode\":\"none\",")), "answer 201");
    assert_false(LAST_OP(e, gh_op_user_create)->with_session);
    expect_lines(e, "Cache-Control: no-store\r\n");
    expect_body(e, "{\"user\":{\"id\":\"0000000000007\",\"username\":\"ada\",\"roles\":[\"user\",\"beta\"],"
                   "\"tier\":\"gold\"}}");
}

static void an_address_need_not_be_given(void **state)
{
    endpoint *e = *state;
    endpoint_script(e, good, 2);
    assert_string_equal(
        endpoint_request(e, "POST", PATH, "{\"username\":\"ada\",\"password\":\"0123456789abcdef\"}"),
        "answer 201");
    assert_null(OP_AT(e, 0, gh_op_password_create)->email.p);
    assert_null(OP_AT(e, 1, gh_op_user_create)->email.p);
}

static const char *code, *why;

static void weak(gh_op *op)
{
    ((gh_op_password_create *)op)->why_code = code;
    ((gh_op_password_create *)op)->why = why;
}

static void a_weak_password_is_explained(void **state)
{
    static const struct {
        const char *code, *type;
    } rows[] = {{"too_short", "password_too_short"},
                {"too_long", "password_too_long"},
                {"not_text", "password_not_text"},
                {"common", "password_common"},
                {"derived_from_user", "password_derived"}};
    static const endpoint_op script = {GH_OP_PASSWORD_CREATE, GH_OP_WRONG, weak};
    endpoint *e = *state;
    endpoint_script(e, &script, 1);
    why = "Choose a longer password: at least 15 characters.";
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        code = rows[i].code;
        assert_string_equal(endpoint_request(e, "POST", PATH, BODY("")), "password_weak");
        assert_true(gh_str_eq(e->txn.verdict.what, gh_str_of(rows[i].type)));
        endpoint_problem(e);
        expect_member(e, "/status", "422");
        expect_member(e, "/errors/0/pointer", "#/password");
        expect_member(e, "/errors/0/type", rows[i].type);
        expect_member(e, "/errors/0/detail", why);
        expect_absent(e, "battery");
    }
}

static void busy(gh_op *op)
{
    op->retry_s = 4;
}

static void what_can_fail(void **state)
{
    static const struct {
        endpoint_op script[2];
        unsigned n;
        const char *verdict;
        unsigned retry;
    } rows[] = {
        {{{GH_OP_PASSWORD_CREATE, GH_OP_BUSY, busy}}, 1, "passwords_busy", 4},
        {{{GH_OP_PASSWORD_CREATE, GH_OP_UNAVAILABLE, NULL}}, 1, "identity_unavailable", 0},
        {{{GH_OP_PASSWORD_CREATE, GH_OP_OK, hashed}, {GH_OP_USER_CREATE, GH_OP_EXISTS, NULL}},
         2,
         "name_taken",
         0},
        {{{GH_OP_PASSWORD_CREATE, GH_OP_OK, hashed}, {GH_OP_USER_CREATE, GH_OP_UNAVAILABLE, NULL}},
         2,
         "identity_unavailable",
         0},
        {{{GH_OP_PASSWORD_CREATE, GH_OP_OK, hashed}, {GH_OP_USER_CREATE, GH_OP_BUSY, busy}},
         2,
         "identity_unavailable",
         4},
    };
    endpoint *e = *state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        endpoint_script(e, rows[i].script, rows[i].n);
        assert_string_equal(endpoint_request(e, "POST", PATH, BODY("")), rows[i].verdict);
        assert_int_equal(e->txn.verdict.retry_after, rows[i].retry);
        assert_null(e->txn.own.lines.p);
    }
}

static void registration_can_be_closed(void **state)
{
    endpoint *e = *state;
    endpoint_script(e, NULL, 0);
    e->policy->identity.registration_open = false;
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY("")), "registration_closed");
    assert_int_equal(e->txn.n_ops, 0);
}

static void names_and_addresses_that_are_none(void **state)
{
    static const char *const rows[] = {
        "{\"username\":\"ad\",\"password\":\"x\"}",
        "{\"username\":\"ada lovelace\",\"password\":\"x\"}",
        "{\"username\":\"ada\\n\",\"password\":\"x\"}",
        "{\"username\":\"ad\xc3\xa4\",\"password\":\"x\"}",
        "{\"username\":\"ada\\u0000\",\"password\":\"x\"}",
        "{\"username\":\"0123456789012345678901234567890123456789012345678901234567890123x\",\"password\":\"x\"}",
        "{\"username\":\"ada\",\"password\":\"x\",\"email\":\"ada\"}",
        "{\"username\":\"ada\",\"password\":\"x\",\"email\":\"a@b@c\"}",
        "{\"username\":\"ada\",\"password\":\"x\",\"roles\":[\"admin\"]}",
        "{\"username\":\"ada\",\"password\":\"x\",\"tier\":\"gold\"}",
    };
    endpoint *e = *state;
    endpoint_script(e, NULL, 0);
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        assert_string_equal(endpoint_request(e, "POST", PATH, rows[i]), "validation_error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(an_account_is_made_with_a_session),
        ENDPOINT_TEST(or_with_tokens),
        ENDPOINT_TEST(or_without_one),
        ENDPOINT_TEST(an_address_need_not_be_given),
        ENDPOINT_TEST(a_weak_password_is_explained),
        ENDPOINT_TEST(what_can_fail),
        ENDPOINT_TEST(registration_can_be_closed),
        ENDPOINT_TEST(names_and_addresses_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
