#include "endpoint.h"

#include <string.h>

#include "identity/rights.h"

#define PATH "/api/auth/me"

static void by_a_session(void **state)
{
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_SESSION);
    e->principal.device = 12;
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    expect_body(e,
                "{\"user\":{\"id\":\"0000000000007\",\"username\":\"ada\",\"roles\":[\"user\",\"beta\"],"
                "\"tier\":\"gold\",\"issuer\":null},\"proof\":\"session\",\"permissions\":[],\"scopes\":null,"
                "\"session\":\"0000000000033\",\"device\":\"000000000000c\",\"api_key\":null,"
                "\"expires_at\":\"2025-11-28T12:47:47Z\"}");
    expect_lines(e, "Cache-Control: no-store\r\n");
    assert_int_equal(e->txn.n_ops, 0);
}

static void by_a_key_with_scopes(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    endpoint_as(e, GH_PROOF_API_KEY);
    e->principal.roles = GH_STR("admin");
    e->principal.tier = (gh_str){NULL, 0};
    gh_rights_fill(p, &e->principal);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    expect_member(e, "/proof", "api_key");
    expect_member(e, "/api_key", "000000000001q");
    expect_member(e, "/session", "null");
    expect_member(e, "/user/tier", "null");
    unsigned n = gh_json_lit(e->json, "permissions")->n;
    assert_true(n > 1);
    e->principal.scopes = p->permissions[0];
    gh_rights_fill(p, &e->principal);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    assert_int_equal(gh_json_lit(e->json, "permissions")->n, 1);
    assert_int_equal(gh_json_lit(e->json, "scopes")->n, 1);
    assert_true(gh_str_eq(gh_json_lit(e->json, "permissions")->first->text, p->permissions[0]));
}

/* Names of outside issuers hold what they like. */
static void of_another_issuer(void **state)
{
    endpoint *e = *state;
    endpoint_as(e, GH_PROOF_TOKEN);
    e->principal.user = 0;
    e->principal.name = GH_STR("a\"\\\n\xff</script>\xc3\xa4");
    e->principal.issuer = GH_STR("https://id.example.org/");
    e->principal.roles = (gh_str){NULL, 0};
    e->principal.expires_s = 0;
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    expect_member(e, "/user/id", "null");
    expect_member(e, "/user/issuer", "https://id.example.org/");
    expect_member(e, "/user/username", "a\"\\\n\xef\xbf\xbd</script>\xc3\xa4");
    expect_member(e, "/user/roles", "[]");
    expect_member(e, "/expires_at", "null");
}

static void of_nobody(void **state)
{
    endpoint *e = *state;
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "credentials_required");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(by_a_session),
        ENDPOINT_TEST(by_a_key_with_scopes),
        ENDPOINT_TEST(of_another_issuer),
        ENDPOINT_TEST(of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
