#include "endpoint.h"

#include <string.h>

#define PATH "/api/auth/logout"
#define DROPPED                                                                          \
    "Cache-Control: no-store\r\n"                                                        \
    "Set-Cookie: __Host-session=; Path=/; Secure; SameSite=Lax; HttpOnly; Max-Age=0\r\n" \
    "Set-Cookie: __Host-csrf=; Path=/; Secure; SameSite=Lax; Max-Age=0\r\n"

/* identity.token.leeway: so long a token still counts behind its end, so long its revocation is remembered. */
enum { LEEWAY = 30 };

#define COOKIE "__Host-session=x"

static const endpoint_op ended = {GH_OP_SESSION_END, GH_OP_OK, NULL};

static void this_session_ends(void **state)
{
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    e->cookie = COOKIE;
    endpoint_script(e, &ended, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 204");
    const gh_op_session_end *op = LAST_OP(e, gh_op_session_end);
    assert_int_equal(op->user, 7);
    assert_int_equal(op->session, 99);
    assert_int_equal(op->but, 0);
    assert_int_equal(op->token_s, e->policy->identity.token.access_s);
    expect_lines(e, DROPPED);
    expect_body(e, "");
}

static void or_all_of_them(void **state)
{
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &ended, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"all\":true}"), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_session_end)->user, 7);
    assert_int_equal(LAST_OP(e, gh_op_session_end)->session, 0);
    assert_int_equal(LAST_OP(e, gh_op_session_end)->but, 0);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"all\":false}"), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_session_end)->session, 99);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{}"), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_session_end)->session, 99);
}

static void an_apps_session_has_no_cookies(void **state)
{
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_TOKEN);
    endpoint_script(e, &ended, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_session_end)->session, 99);
    expect_lines(e, "Cache-Control: no-store\r\n");
}

static void a_token_without_a_session_ends_itself(void **state)
{
    static const endpoint_op revoked = {GH_OP_TOKEN_REVOKE, GH_OP_OK, NULL};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_TOKEN);
    e->principal.session = 0;
    e->principal.jti = 1234;
    endpoint_script(e, &revoked, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_token_revoke)->jti, 1234);
    assert_int_equal(LAST_OP(e, gh_op_token_revoke)->expires_s, ENDPOINT_NOW + 1000 + LEEWAY);
    endpoint_script(e, &ended, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"all\":true}"), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_session_end)->session, 0);
}

static void a_dead_session_is_logged_out_already(void **state)
{
    endpoint *e = *state;
    e->cookie = COOKIE;
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 204");
    expect_lines(e, DROPPED);
    static const endpoint_op gone = {GH_OP_SESSION_END, GH_OP_NOT_FOUND, NULL};
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &gone, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 204");
    expect_lines(e, DROPPED);
}

/* As a form on a foreign page sends it: the browser keeps the cookies back, and must not be told to drop them. */
static void no_foreign_page_logs_anybody_out(void **state)
{
    static const char *const cookies[] = {NULL, "other=1", "__Host-csrf=x", "x__Host-session=x"};
    endpoint *e = *state;
    for (size_t i = 0; i < GH_COUNT(cookies); i++) {
        e->cookie = cookies[i];
        endpoint_script(e, NULL, 0);
        assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 204");
        expect_lines(e, "Cache-Control: no-store\r\n");
    }
}

/* What was given away for less can't end what it was made from. */
static void a_narrowed_token_ends_only_itself(void **state)
{
    static const endpoint_op revoked = {GH_OP_TOKEN_REVOKE, GH_OP_OK, NULL};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_TOKEN);
    e->principal.scopes = GH_STR("items:read");
    e->principal.jti = 1234;
    endpoint_script(e, NULL, 0);
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"all\":true}"), "proof_not_accepted");
    endpoint_script(e, &revoked, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_token_revoke)->jti, 1234);
}

/* A session that could not be ended is not said to be over. */
static void what_can_fail(void **state)
{
    static const endpoint_op down = {GH_OP_SESSION_END, GH_OP_UNAVAILABLE, NULL},
                             full = {GH_OP_SESSION_END, GH_OP_BUSY, NULL};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &down, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "identity_unavailable");
    assert_null(e->txn.own.lines.p);
    endpoint_script(e, &full, 1);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "identity_unavailable");
    assert_int_equal(e->txn.verdict.retry_after, 1);
    endpoint_script(e, NULL, 0);
    endpoint_as(e, GH_PROOF_API_KEY);
    assert_string_equal(endpoint_request(e, "POST", PATH, NULL), "proof_not_accepted");
    assert_string_equal(endpoint_request(e, "POST", PATH, "{\"all\":1}"), "validation_error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(this_session_ends),
        ENDPOINT_TEST(or_all_of_them),
        ENDPOINT_TEST(an_apps_session_has_no_cookies),
        ENDPOINT_TEST(a_token_without_a_session_ends_itself),
        ENDPOINT_TEST(a_dead_session_is_logged_out_already),
        ENDPOINT_TEST(no_foreign_page_logs_anybody_out),
        ENDPOINT_TEST(a_narrowed_token_ends_only_itself),
        ENDPOINT_TEST(what_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
