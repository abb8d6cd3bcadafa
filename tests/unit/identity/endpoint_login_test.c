#include "endpoint.h"

#include <string.h>

#include "identity/csrf_token.h"
#include "identity/secret.h"
#include "identity/token.h"

#define PATH "/api/auth/login"
#define BODY "{\"username\":\"Ada@Example.org\",\"password\":\"correct horse \\\"battery\\\" staple\"}"
#define TOKEN_BODY \
    "{\"username\":\"ada\",\"password\":\"correct horse \\\"battery\\\" staple\",\"mode\":\"token\"}"

static void found(gh_op *op)
{
    gh_op_login_begin *begin = (gh_op_login_begin *)op;
    begin->found = 7;
    begin->stored = GH_STR("$argon2id$stored");
    begin->attempt = 31;
}

static void found_disabled(gh_op *op)
{
    found(op);
    ((gh_op_login_begin *)op)->disabled = true;
}

static void found_slow(gh_op *op)
{
    op->retry_s = 17;
}

static void upgraded(gh_op *op)
{
    ((gh_op_password_verify *)op)->upgraded = GH_STR("$argon2id$new");
}

static void finished(gh_op *op)
{
    endpoint_subject(&((gh_op_login_finish *)op)->subject);
}

static const endpoint_op right[] = {{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
                                    {GH_OP_PASSWORD_VERIFY, GH_OP_OK, upgraded},
                                    {GH_OP_LOGIN_FINISH, GH_OP_OK, finished}};

static void log_in(endpoint *e, const char *body)
{
    endpoint_script(e, right, 3);
    assert_string_equal(endpoint_request(e, "POST", PATH, body), "answer 200");
}

static void what_is_asked(void **state)
{
    endpoint *e = *state;
    uint8_t prefix[GH_SECRET_HASH];
    e->principal.device = 12;
    log_in(e, BODY);
    gh_prefix_hash(&e->policy->identity.keys, &e->txn.client.ip, prefix);
    const gh_op_login_begin *begin = OP_AT(e, 0, gh_op_login_begin);
    expect_text(begin->name, "ada@example.org");
    assert_int_equal(begin->user, 0);
    assert_int_equal(begin->device, 12);
    assert_memory_equal(begin->prefix, prefix, sizeof prefix);
    assert_memory_equal(&begin->limits, &e->policy->identity.attempts, sizeof begin->limits);
    const gh_op_password_verify *verify = OP_AT(e, 1, gh_op_password_verify);
    expect_text(verify->password, ENDPOINT_PASSWORD);
    expect_text(verify->stored, "$argon2id$stored");
    const gh_op_login_finish *finish = OP_AT(e, 2, gh_op_login_finish);
    assert_int_equal(finish->user, 7);
    assert_true(finish->right);
    expect_text(finish->upgraded, "$argon2id$new");
    expect_text(finish->tried, "Ada@Example.org");
    assert_int_equal(finish->attempt, 31);
    assert_int_equal(finish->replaces, 0);
    const gh_identity_policy *p = &e->policy->identity;
    assert_int_equal(finish->session.kind, GH_SESSION_COOKIE);
    assert_int_equal(finish->session.device, 12);
    assert_int_equal(finish->session.expires_s, ENDPOINT_NOW + p->session.absolute_s);
    assert_int_equal(finish->session.idle_s, p->session.idle_s);
    assert_int_equal(finish->session.most, p->session.most);
}

static void a_browser_gets_cookies(void **state)
{
    endpoint *e = *state;
    const gh_identity_keys *keys = &e->policy->identity.keys;
    char expected[1024];
    gh_secret secret;
    log_in(e, BODY);
    const gh_op_login_finish *finish = LAST_OP(e, gh_op_login_finish);
    gh_str session = endpoint_between(e->lines, "__Host-session=", ";"),
           csrf = endpoint_between(e->lines, "__Host-csrf=", ";");
    unsigned long age = e->policy->identity.session.absolute_s;
    (void)snprintf(expected, sizeof expected,
                   "Cache-Control: no-store\r\n"
                   "Set-Cookie: __Host-session=%.*s; Path=/; Secure; SameSite=Lax; HttpOnly; Max-Age=%lu\r\n"
                   "Set-Cookie: __Host-csrf=%.*s; Path=/; Secure; SameSite=Lax; Max-Age=%lu\r\n",
                   (int)session.n, session.p, age, (int)csrf.n, csrf.p, age);
    expect_lines(e, expected);
    assert_true(gh_secret_read(keys, GH_SECRET_SESSION, session, &secret));
    assert_true(gh_secret_authentic(keys, GH_SECRET_SESSION, session));
    assert_int_equal(secret.id, finish->session.id);
    assert_int_equal(secret.number, 0);
    assert_memory_equal(secret.hash, finish->session.hash, sizeof secret.hash);
    assert_int_equal(gh_csrf_check(keys, secret.id, csrf), GH_CSRF_GOOD);
    (void)snprintf(expected, sizeof expected,
                   "{\"csrf_token\":\"%.*s\",\"expires_in\":%lu,\"user\":{\"id\":\"0000000000007\","
                   "\"username\":\"ada\",\"roles\":[\"user\",\"beta\"],\"tier\":\"gold\"}}",
                   (int)csrf.n, csrf.p, age);
    expect_body(e, expected);
}

static void others_get_tokens(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    char number[32];
    gh_secret secret;
    log_in(e, TOKEN_BODY);
    expect_lines(e, "Cache-Control: no-store\r\n");
    gh_str refresh = gh_str_of(endpoint_member(e, "/refresh_token"));
    assert_true(gh_secret_read(&p->keys, GH_SECRET_REFRESH, refresh, &secret));
    const gh_op_login_finish *finish = LAST_OP(e, gh_op_login_finish);
    assert_int_equal(secret.id, finish->session.id);
    assert_memory_equal(secret.hash, finish->session.hash, sizeof secret.hash);
    assert_int_equal(finish->session.kind, GH_SESSION_TOKENS);
    assert_int_equal(finish->session.idle_s, p->token.idle_s);
    assert_int_equal(finish->session.expires_s, ENDPOINT_NOW + p->token.refresh_s);
    expect_member(e, "/token_type", "Bearer");
    (void)snprintf(number, sizeof number, "%u", p->token.access_s);
    expect_member(e, "/expires_in", number);
    (void)snprintf(number, sizeof number, "%u",
                   p->token.idle_s > 0 && p->token.idle_s < p->token.refresh_s ? p->token.idle_s
                                                                               : p->token.refresh_s);
    expect_member(e, "/refresh_expires_in", number);
    expect_member(e, "/user/username", "ada");
    gh_cached_token token;
    assert_int_equal(gh_token_verify(&e->txn, gh_str_of(endpoint_member(e, "/access_token")), &token),
                     GH_TOKEN_GOOD);
    assert_int_equal(token.user, 7);
    assert_int_equal(token.session, secret.id);
    assert_int_equal(token.expires_s, ENDPOINT_NOW + p->token.access_s);
    expect_text(GH_SHORT_STR(token.roles), "user beta");
    expect_text(GH_SHORT_STR(token.tier), "gold");
}

static void finished_bound(gh_op *op)
{
    finished(op);
    ((gh_op_login_finish *)op)->bound = 13;
}

static gh_id device_of_token(endpoint *e)
{
    gh_cached_token token;
    assert_int_equal(gh_token_verify(&e->txn, gh_str_of(endpoint_member(e, "/access_token")), &token),
                     GH_TOKEN_GOOD);
    return token.device;
}

/* The records say which device the session has: one that was proved may be another user's. */
static void a_token_has_the_sessions_device(void **state)
{
    endpoint *e = *state;
    endpoint_op script[3] = {right[0], right[1], {GH_OP_LOGIN_FINISH, GH_OP_OK, finished_bound}};
    e->principal.device = 12;
    log_in(e, TOKEN_BODY);
    assert_int_equal(device_of_token(e), 0);
    endpoint_script(e, script, 3);
    assert_string_equal(endpoint_request(e, "POST", PATH, TOKEN_BODY), "answer 200");
    assert_int_equal(device_of_token(e), 13);
}

static void a_browsers_session_is_replaced(void **state)
{
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    log_in(e, BODY);
    assert_int_equal(LAST_OP(e, gh_op_login_finish)->replaces, 99);
    log_in(e, TOKEN_BODY); /* an app's is another one's */
    assert_int_equal(LAST_OP(e, gh_op_login_finish)->replaces, 0);
    endpoint_as(e, GH_PROOF_TOKEN);
    log_in(e, BODY);
    assert_int_equal(LAST_OP(e, gh_op_login_finish)->replaces, 0);
}

/* The whole answer but for the decision's id, and what was asked of whom. */
static void refused_alike(endpoint *e, void (*begun)(gh_op *), enum gh_op_status verified,
                          enum gh_op_status finish, char ret[ENDPOINT_TEXT])
{
    const endpoint_op script[] = {{GH_OP_LOGIN_BEGIN, GH_OP_OK, begun},
                                  {GH_OP_PASSWORD_VERIFY, verified, NULL},
                                  {GH_OP_LOGIN_FINISH, finish, NULL}};
    endpoint_script(e, script, 3);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "login_failed");
    const gh_op_login_finish *op = LAST_OP(e, gh_op_login_finish);
    assert_true(op->session.id != 0 && op->session.expires_s != 0);
    expect_text(OP_AT(e, 1, gh_op_password_verify)->password, ENDPOINT_PASSWORD);
    endpoint_problem(e);
    char *id = strstr(e->body, "urn:gatehouse:decision:");
    assert_non_null(id);
    memset(id + strlen("urn:gatehouse:decision:"), '#', GH_ID_SIZE);
    gh_buf out = gh_buf_over(ret, ENDPOINT_TEXT);
    gh_buf_put(&out, gh_str_of(e->lines));
    gh_buf_put(&out, gh_str_of(e->body));
    gh_buf_char(&out, '\0');
    assert_true(gh_buf_ok(&out));
}

static void unknown_disabled_and_wrong_are_one(void **state)
{
    static char unknown[ENDPOINT_TEXT], other[ENDPOINT_TEXT];
    endpoint *e = *state;
    refused_alike(e, NULL, GH_OP_WRONG, GH_OP_WRONG, unknown);
    assert_int_equal(LAST_OP(e, gh_op_login_finish)->user, 0);
    assert_false(LAST_OP(e, gh_op_login_finish)->right);
    assert_null(OP_AT(e, 1, gh_op_password_verify)->stored.p); /* compared with the dummy */
    refused_alike(e, found, GH_OP_WRONG, GH_OP_WRONG, other);
    assert_string_equal(unknown, other);
    refused_alike(e, found_disabled, GH_OP_OK, GH_OP_DISABLED, other);
    assert_string_equal(unknown, other);
    assert_null(OP_AT(e, 1, gh_op_password_verify)->stored.p); /* as an unknown one */
    refused_alike(e, found_disabled, GH_OP_WRONG, GH_OP_WRONG, other);
    assert_string_equal(unknown, other);
    refused_alike(e, found, GH_OP_OK, GH_OP_NOT_FOUND, other); /* erased meanwhile */
    assert_string_equal(unknown, other);
    assert_non_null(strstr(unknown, "\"status\":401"));
    assert_null(strstr(unknown, "Set-Cookie"));
}

static void too_many_attempts_cost_no_hash(void **state)
{
    endpoint *e = *state;
    const endpoint_op slowed = {GH_OP_LOGIN_BEGIN, GH_OP_SLOWED, found_slow};
    endpoint_script(e, &slowed, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "login_slowed");
    assert_int_equal(e->txn.n_ops, 1);
    endpoint_problem(e);
    assert_non_null(strstr(e->lines, "Retry-After: 17\r\n"));
    expect_member(e, "/status", "429");
    expect_member(e, "/retry_after", "17");
}

static void busy(gh_op *op)
{
    op->retry_s = 3;
}

static void what_can_fail(void **state)
{
    static const struct {
        endpoint_op script[3];
        unsigned n;
        const char *verdict;
        unsigned retry;
    } rows[] = {
        {{{GH_OP_LOGIN_BEGIN, GH_OP_UNAVAILABLE, NULL}}, 1, "identity_unavailable", 0},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_BUSY, busy}}, 1, "identity_unavailable", 3},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_BUSY, busy},
          {GH_OP_LOGIN_FINISH, GH_OP_WRONG, NULL}},
         3,
         "passwords_busy",
         3},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_UNAVAILABLE, NULL},
          {GH_OP_LOGIN_FINISH, GH_OP_UNAVAILABLE, NULL}},
         3,
         "identity_unavailable",
         0},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_LOGIN_FINISH, GH_OP_UNAVAILABLE, NULL}},
         3,
         "identity_unavailable",
         0},
        {{{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
          {GH_OP_PASSWORD_VERIFY, GH_OP_OK, NULL},
          {GH_OP_LOGIN_FINISH, GH_OP_CAP, NULL}},
         3,
         "too_many_sessions",
         0},
    };
    endpoint *e = *state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        endpoint_script(e, rows[i].script, rows[i].n);
        assert_string_equal(endpoint_request(e, "POST", PATH, BODY), rows[i].verdict);
        assert_int_equal(e->txn.verdict.retry_after, rows[i].retry);
        assert_null(e->txn.own.lines.p);
    }
}

/* A flood of sign-ins made those that found no room look like guesses, and slowed who came back as told. */
static void what_nobody_compared_is_no_attempt(void **state)
{
    static const endpoint_op script[] = {{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
                                         {GH_OP_PASSWORD_VERIFY, GH_OP_BUSY, busy},
                                         {GH_OP_LOGIN_FINISH, GH_OP_WRONG, NULL}};
    endpoint *e = *state;
    endpoint_script(e, script, GH_COUNT(script));
    assert_string_equal(endpoint_request(e, "POST", PATH, BODY), "passwords_busy");
    const gh_op_login_finish *finish = LAST_OP(e, gh_op_login_finish);
    assert_true(finish->unseen);
    assert_false(finish->right);
    assert_int_equal(finish->attempt, 31);
}

static void bodies_that_are_refused(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"username\":\"ada\"}",
        "{\"password\":\"x\"}",
        "{\"username\":\"\",\"password\":\"x\"}",
        "{\"username\":\"ada\",\"password\":\"\"}",
        "{\"username\":\"ada\",\"password\":7}",
        "{\"username\":[\"ada\"],\"password\":\"x\"}",
        "{\"username\":\"ada\",\"password\":\"x\",\"mode\":\"none\"}",
        "{\"username\":\"ada\",\"password\":\"x\",\"mode\":\"Cookie\"}",
        "{\"username\":\"ada\",\"password\":\"x\",\"admin\":true}",
        "{\"username\":\"ada\",\"username\":\"bob\",\"password\":\"x\"}",
        "{\"username\":\"ada\",\"password\":\"x\"",
    };
    endpoint *e = *state;
    endpoint_script(e, NULL, 0);
    for (size_t i = 0; i < GH_COUNT(bodies); i++) {
        assert_string_equal(endpoint_request(e, "POST", PATH, bodies[i]), "validation_error");
        assert_int_equal(e->txn.n_ops, 0);
    }
}

/* What the client sent and what is stored is in no answer and in no reason for the log. */
static void secrets_stay_where_they_are(void **state)
{
    endpoint *e = *state;
    log_in(e, BODY);
    expect_absent(e, "battery");
    expect_absent(e, "argon2id");
    log_in(e, TOKEN_BODY);
    expect_absent(e, "battery");
    expect_absent(e, "ghs_");
    const endpoint_op wrong[] = {{GH_OP_LOGIN_BEGIN, GH_OP_OK, found},
                                 {GH_OP_PASSWORD_VERIFY, GH_OP_WRONG, NULL},
                                 {GH_OP_LOGIN_FINISH, GH_OP_WRONG, NULL}};
    endpoint_script(e, wrong, 3);
    (void)endpoint_request(e, "POST", PATH, BODY);
    endpoint_problem(e);
    expect_absent(e, "battery");
    expect_absent(e, "example.org");
}

/* Two logins share no secret. */
static void secrets_are_new_each_time(void **state)
{
    endpoint *e = *state;
    char first[ENDPOINT_TEXT];
    log_in(e, BODY);
    (void)snprintf(first, sizeof first, "%s", e->lines);
    log_in(e, BODY);
    assert_string_not_equal(first, e->lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(what_is_asked),
        ENDPOINT_TEST(a_browser_gets_cookies),
        ENDPOINT_TEST(others_get_tokens),
        ENDPOINT_TEST(a_token_has_the_sessions_device),
        ENDPOINT_TEST(a_browsers_session_is_replaced),
        ENDPOINT_TEST(unknown_disabled_and_wrong_are_one),
        ENDPOINT_TEST(too_many_attempts_cost_no_hash),
        ENDPOINT_TEST(what_can_fail),
        ENDPOINT_TEST(what_nobody_compared_is_no_attempt),
        ENDPOINT_TEST(bodies_that_are_refused),
        ENDPOINT_TEST(secrets_stay_where_they_are),
        ENDPOINT_TEST(secrets_are_new_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
