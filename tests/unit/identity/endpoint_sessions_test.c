#include "endpoint.h"

#include <string.h>

#define PATH "/api/auth/sessions"

static gh_session_record records[2];

static void listed(gh_op *op)
{
    gh_op_session_list *list = (gh_op_session_list *)op;
    records[0] = (gh_session_record){.id = 99,
                                     .kind = GH_SESSION_COOKIE,
                                     .user_agent = GH_STR("Mozilla/5.0 (X11) \"x\"\x01"),
                                     .created_s = ENDPOINT_NOW - 100,
                                     .used_s = ENDPOINT_NOW,
                                     .expires_s = ENDPOINT_NOW + 1000};
    records[1] = (gh_session_record){.id = 98,
                                     .kind = GH_SESSION_TOKENS,
                                     .device = 12,
                                     .device_name = GH_STR("Ada's phone"),
                                     .created_s = ENDPOINT_NOW - 100};
    assert_true(gh_ip_parse(GH_STR("2001:db8::1"), &records[0].address));
    list->sessions = records;
    list->n = 2;
}

static void ones_sessions_are_listed(void **state)
{
    static const endpoint_op script = {GH_OP_SESSION_LIST, GH_OP_OK, listed};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    assert_int_equal(LAST_OP(e, gh_op_session_list)->user, 7);
    assert_int_equal(LAST_OP(e, gh_op_session_list)->idle_s_cookie, e->policy->identity.session.idle_s);
    expect_body(
        e,
        "{\"sessions\":[{\"id\":\"0000000000033\",\"current\":true,\"kind\":\"cookie\",\"device\":null,"
        "\"device_name\":null,\"address\":\"2001:db8::1\","
        "\"user_agent\":\"Mozilla/5.0 (X11) \\\"x\\\"\\u0001\","
        "\"created_at\":\"2025-11-28T12:29:27Z\",\"last_used_at\":\"2025-11-28T12:31:07Z\","
        "\"expires_at\":\"2025-11-28T12:47:47Z\"},"
        "{\"id\":\"0000000000032\",\"current\":false,\"kind\":\"token\",\"device\":\"000000000000c\","
        "\"device_name\":\"Ada's phone\",\"address\":null,\"user_agent\":null,"
        "\"created_at\":\"2025-11-28T12:29:27Z\",\"last_used_at\":null,\"expires_at\":null}],\"more\":false}");
}

/* As many as are shown fit, with the longest texts. */
static gh_session_record many[1500];
static char agent[256];

static void listed_many(gh_op *op)
{
    memset(agent, 0x01, sizeof agent); /* six bytes each in JSON */
    for (size_t i = 0; i < GH_COUNT(many); i++)
        many[i] = (gh_session_record){.id = UINT64_MAX >> 1, .user_agent = {agent, sizeof agent}};
    ((gh_op_session_list *)op)->sessions = many;
    ((gh_op_session_list *)op)->n = GH_COUNT(many);
}

static void many_fit(void **state)
{
    static const endpoint_op script = {GH_OP_SESSION_LIST, GH_OP_OK, listed_many};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    unsigned shown = gh_json_lit(e->json, "sessions")->n;
    assert_true(shown >= 1000 && shown < GH_COUNT(many));
    expect_member(e, "/more", "true");
}

static void none_is_an_empty_list(void **state)
{
    static const endpoint_op script = {GH_OP_SESSION_LIST, GH_OP_OK, NULL};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_TOKEN);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    expect_body(e, "{\"sessions\":[],\"more\":false}");
}

static void ended_three(gh_op *op)
{
    ((gh_op_session_end *)op)->ended = 3;
}

static void all_others_end(void **state)
{
    static const endpoint_op script = {GH_OP_SESSION_END, GH_OP_OK, ended_three};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "DELETE", PATH, NULL), "answer 200");
    const gh_op_session_end *op = LAST_OP(e, gh_op_session_end);
    assert_int_equal(op->user, 7);
    assert_int_equal(op->session, 0);
    assert_int_equal(op->but, 99);
    assert_int_equal(op->token_s, e->policy->identity.token.access_s);
    expect_body(e, "{\"ended\":3}");
    expect_lines(e, "Cache-Control: no-store\r\n");
}

static void one_ends(void **state)
{
    static const endpoint_op script = {GH_OP_SESSION_END, GH_OP_OK, NULL};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &script, 1);
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/0000000000032", NULL), "answer 204");
    assert_int_equal(LAST_OP(e, gh_op_session_end)->user, 7);
    assert_int_equal(LAST_OP(e, gh_op_session_end)->session, 98);
    assert_int_equal(LAST_OP(e, gh_op_session_end)->but, 0);
    expect_lines(e, "Cache-Control: no-store\r\n");
    /* one's own: logged out */
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/0000000000033", NULL), "answer 204");
    assert_non_null(strstr(e->lines, "Set-Cookie: __Host-session=; "));
    endpoint_as(e, GH_PROOF_TOKEN);
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/0000000000033", NULL), "answer 204");
    expect_lines(e, "Cache-Control: no-store\r\n");
}

static void what_can_fail(void **state)
{
    static const endpoint_op another = {GH_OP_SESSION_END, GH_OP_NOT_FOUND, NULL},
                             down = {GH_OP_SESSION_END, GH_OP_UNAVAILABLE, NULL},
                             list_down = {GH_OP_SESSION_LIST, GH_OP_UNAVAILABLE, NULL};
    static const char *const no_ids[] = {PATH "/x",
                                         PATH "/0000000000000",
                                         PATH "/000000000003",
                                         PATH "/00000000000333",
                                         PATH "/000000000003U",
                                         PATH "/zzzzzzzzzzzzz"};
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    endpoint_script(e, &another, 1);
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/0000000000001", NULL), "not_found");
    endpoint_script(e, &down, 1);
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/0000000000001", NULL), "identity_unavailable");
    assert_string_equal(endpoint_request(e, "DELETE", PATH, NULL), "identity_unavailable");
    endpoint_script(e, &list_down, 1);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "identity_unavailable");
    endpoint_script(e, NULL, 0);
    for (size_t i = 0; i < GH_COUNT(no_ids); i++)
        assert_string_equal(endpoint_request(e, "DELETE", no_ids[i], NULL), "not_found");
    endpoint_as(e, GH_PROOF_API_KEY);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "proof_not_accepted");
    assert_string_equal(endpoint_request(e, "DELETE", PATH, NULL), "proof_not_accepted");
    assert_string_equal(endpoint_request(e, "DELETE", PATH "/0000000000001", NULL), "proof_not_accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(ones_sessions_are_listed),
        ENDPOINT_TEST(many_fit),
        ENDPOINT_TEST(none_is_an_empty_list),
        ENDPOINT_TEST(all_others_end),
        ENDPOINT_TEST(one_ends),
        ENDPOINT_TEST(what_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
