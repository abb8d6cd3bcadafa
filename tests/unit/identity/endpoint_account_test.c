#include "endpoint.h"

#include <string.h>

#define PATH "/api/auth/account"
#define BODY "{\"password\":\"correct horse \\\"battery\\\" staple\"}"

static void exported(gh_op *op)
{
    ((gh_op_user_export *)op)->json = GH_STR("{\"user\":{\"username\":\"ada\"},\"sessions\":[]}");
}

static void everything_known_is_given(void **state)
{
    static const endpoint_op script = {GH_OP_USER_EXPORT, GH_OP_OK, exported};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_user_export)->id, 7);
    assert_ptr_equal(e->txn.own.body.p, LAST_OP(e, gh_op_user_export)->json.p); /* where it lies */
    expect_body(e, "{\"user\":{\"username\":\"ada\"},\"sessions\":[]}");
    expect_text(e->txn.own.type, "application/json");
    expect_lines(e, "Cache-Control: no-store\r\n"
                    "Content-Disposition: attachment; filename=\"account.json\"\r\n");
}

static void found(gh_op *op)
{
    gh_op_login_begin *begin = (gh_op_login_begin *)op;
    begin->found = 7;
    begin->stored = GH_STR("$argon2id$stored");
    begin->attempt = 31;
}

static void it_is_erased_for_the_password(void **state)
{
    static const endpoint_op script[] = {{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
                                         {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
                                         {GH_OP_USER_ERASE, GH_OP_OK, NULL}};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, script, 3);
    assert_string_equal(endpoint_request(e, "DELETE", PATH, BODY), "answer 204");
    assert_int_equal(OP_AT(e, 0, gh_op_login_begin)->user, 7);
    expect_text(OP_AT(e, 1, gh_op_password_verify)->password, ENDPOINT_PASSWORD);
    expect_text(OP_AT(e, 1, gh_op_password_verify)->stored, "$argon2id$stored");
    assert_int_equal(LAST_OP(e, gh_op_user_erase)->id, 7);
    assert_int_equal(LAST_OP(e, gh_op_user_erase)->attempt, 31);
    expect_lines(e, "Cache-Control: no-store\r\n"
                    "Set-Cookie: __Host-session=; Path=/; Secure; SameSite=Lax; HttpOnly; Max-Age=0\r\n"
                    "Set-Cookie: __Host-csrf=; Path=/; Secure; SameSite=Lax; Max-Age=0\r\n"
                    "Set-Cookie: __Host-device=; Path=/; Secure; SameSite=Lax; HttpOnly; Max-Age=0\r\n");
}

static void later(gh_op *op)
{
    op->retry_s = 9;
}

static void what_can_fail(void **state)
{
    static const struct {
        endpoint_op script[3];
        unsigned n;
        const char *verdict;
    } rows[] = {
        {{{GH_OP_LOGIN_BEGIN, GH_OP_SLOWED, later}}, 1, "login_slowed"},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_BUSY, later},
          {GH_OP_LOGIN_FINISH, GH_OP_WRONG, NULL}},
         3,
         "passwords_busy"},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_WRONG, NULL},
          {GH_OP_AUDIT, GH_OP_OK, NULL}},
         3,
         "login_failed"},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_USER_ERASE, GH_OP_UNAVAILABLE, NULL}},
         3,
         "identity_unavailable"},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_USER_ERASE, GH_OP_NOT_FOUND, NULL}},
         3,
         "not_found"},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_USER_ERASE, GH_OP_WRONG, NULL}},
         3,
         "login_failed"},
    };
    static const endpoint_op down = {GH_OP_USER_EXPORT, GH_OP_UNAVAILABLE, NULL};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        endpoint_script(e, rows[i].script, rows[i].n);
        assert_string_equal(endpoint_request(e, "DELETE", PATH, BODY), rows[i].verdict);
        assert_null(e->txn.own.lines.p);
    }
    endpoint_script(e, &down, 1);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "identity_unavailable");
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "DELETE", PATH, "{}"), "validation_error");
    endpoint_as(e, GH_PROOF_API_KEY);
    assert_string_equal(endpoint_request(e, "DELETE", PATH, BODY), "proof_not_accepted");
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "proof_not_accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(everything_known_is_given),
        ENDPOINT_TEST(it_is_erased_for_the_password),
        ENDPOINT_TEST(what_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
