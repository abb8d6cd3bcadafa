#include "endpoint.h"

#include <string.h>

#include "identity/secret.h"

#define PATH "/api/auth/password"
#define BODY                                                          \
    "{\"current_password\":\"correct horse \\\"battery\\\" staple\"," \
    "\"new_password\":\"seventeen green umbrellas\"}"

static void found(gh_op *op)
{
    gh_op_login_begin *begin = (gh_op_login_begin *)op;
    begin->found = 7;
    begin->stored = GH_STR("$argon2id$stored");
    begin->found_name = GH_STR("ada");
    begin->email = GH_STR("ada@example.org");
    begin->attempt = 31;
}

static void hashed(gh_op *op)
{
    ((gh_op_password_create *)op)->hash = GH_STR("$argon2id$made");
}

static const endpoint_op good[] = {{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
                                   {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
                                   {GH_OP_PASSWORD_CREATE, GH_OP_OK, hashed},
                                   {GH_OP_USER_CHANGE, GH_OP_OK, NULL}};

static void it_is_changed_and_this_session_stays(void **state)
{
    endpoint *e = *state;
    uint8_t prefix[GH_SECRET_HASH];
    endpoint_as(e, GH_PROOF_SESSION);
    e->principal.device = 12;
    endpoint_script(e, good, 4);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "answer 204");
    gh_prefix_hash(&e->policy->identity.keys, &e->txn.client.ip, prefix);
    const gh_op_login_begin *begin = OP_AT(e, 0, gh_op_login_begin);
    assert_int_equal(begin->user, 7);
    assert_int_equal(begin->device, 12);
    assert_null(begin->name.p);
    assert_memory_equal(begin->prefix, prefix, sizeof prefix);
    assert_memory_equal(&begin->limits, &e->policy->identity.attempts, sizeof begin->limits);
    expect_text(OP_AT(e, 1, gh_op_password_verify)->stored, "$argon2id$stored");
    expect_text(OP_AT(e, 1, gh_op_password_verify)->password, ENDPOINT_PASSWORD);
    const gh_op_password_create *create = OP_AT(e, 2, gh_op_password_create);
    expect_text(create->password, "seventeen green umbrellas");
    expect_text(create->name, "ada");
    expect_text(create->email, "ada@example.org");
    assert_int_equal(create->min_length, e->policy->identity.password.min_length);
    const gh_op_user_change *change = OP_AT(e, 3, gh_op_user_change);
    assert_int_equal(change->id, 7);
    assert_int_equal(change->keep_session, 99);
    assert_int_equal(change->attempt, 31); /* for that password alone */
    expect_text(change->hash, "$argon2id$made");
    assert_false(change->set_disabled || change->set_tier);
    assert_null(change->add_role.p);
    expect_lines(e, "Cache-Control: no-store\r\n");
    expect_body(e, "");
}

static void a_wrong_one_is_noted_and_refused(void **state)
{
    static const endpoint_op wrong[] = {{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
                                        {GH_OP_PASSWORD_VERIFY, GH_OP_WRONG, NULL},
                                        {GH_OP_AUDIT, GH_OP_OK, NULL}},
                             down[] = {{GH_OP_LOGIN_BEGIN, GH_OP_OK, NULL},
                                       {GH_OP_PASSWORD_VERIFY, GH_OP_WRONG, NULL},
                                       {GH_OP_AUDIT, GH_OP_UNAVAILABLE, NULL}};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_TOKEN);
    endpoint_script(e, wrong, 3);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "login_failed");
    expect_text(LAST_OP(e, gh_op_audit)->event, "auth_attempt");
    expect_text(LAST_OP(e, gh_op_audit)->detail, "{\"success\":false,\"reason\":\"wrong\"}");
    assert_int_equal(LAST_OP(e, gh_op_audit)->user, 7);
    endpoint_script(e, down, 3); /* and of one without a password */
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "login_failed");
    assert_null(OP_AT(e, 1, gh_op_password_verify)->stored.p);
    endpoint_problem(e);
    expect_absent(e, "battery");
    expect_absent(e, "umbrella");
}

static void weak(gh_op *op)
{
    ((gh_op_password_create *)op)->why_code = "common";
    ((gh_op_password_create *)op)->why = "Choose another.";
}

static void later(gh_op *op)
{
    op->retry_s = 9;
}

static void what_can_fail(void **state)
{
    static const struct {
        endpoint_op script[4];
        unsigned n;
        const char *verdict;
        unsigned retry;
    } rows[] = {
        {{{GH_OP_LOGIN_BEGIN, GH_OP_SLOWED, later}}, 1, "login_slowed", 9},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_UNAVAILABLE, NULL}}, 1, "identity_unavailable", 0},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_BUSY, later},
          {GH_OP_LOGIN_FINISH, GH_OP_WRONG, NULL}},
         3,
         "passwords_busy",
         9},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_UNAVAILABLE, NULL},
          {GH_OP_LOGIN_FINISH, GH_OP_WRONG, NULL}},
         3,
         "identity_unavailable",
         0},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_PASSWORD_CREATE, GH_OP_WRONG, weak}},
         3,
         "password_weak",
         0},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_PASSWORD_CREATE, GH_OP_BUSY, later}},
         3,
         "passwords_busy",
         9},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_PASSWORD_CREATE, GH_OP_OK, hashed},
          {GH_OP_USER_CHANGE, GH_OP_NOT_FOUND, NULL}},
         4,
         "not_found",
         0},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_PASSWORD_CREATE, GH_OP_OK, hashed},
          {GH_OP_USER_CHANGE, GH_OP_UNAVAILABLE, NULL}},
         4,
         "identity_unavailable",
         0},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_PASSWORD_CREATE, GH_OP_OK, hashed},
          {GH_OP_USER_CHANGE, GH_OP_WRONG, NULL}},
         4,
         "login_failed",
         0},
    };
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        endpoint_script(e, rows[i].script, rows[i].n);
        assert_string_equal(endpoint_request(e, "POST", PATH, BODY), rows[i].verdict);
        assert_int_equal(e->txn.verdict.retry_after, rows[i].retry);
        if (strcmp(rows[i].verdict, "password_weak") == 0) {
            endpoint_problem(e);
            expect_member(e, "/errors/0/pointer", "#/new_password");
        }
    }
}

/* Keys act for programs, and what another issuer says is no account of ours. */
static void only_for_who_is_signed_in(void **state)
{
    endpoint *e = *state;
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "credentials_required");
    endpoint_as(e, GH_PROOF_API_KEY);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "proof_not_accepted");
    endpoint_as(e, GH_PROOF_TOKEN);
    e->principal.user = 0;
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "proof_not_accepted");
    endpoint_as(e, GH_PROOF_SESSION);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"new_password\":\"x\"}"), "validation_error");
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"current_password\":\"x\"}"),
                        "validation_error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(it_is_changed_and_this_session_stays),
        ENDPOINT_TEST(a_wrong_one_is_noted_and_refused),
        ENDPOINT_TEST(what_can_fail),
        ENDPOINT_TEST(only_for_who_is_signed_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
