/* Who asks, as users of the library meet it: nobody can say whether a credential is still in force, so none lets in. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gatehouse/gatehouse.h>

/* Good at the time of the tests, signed with the secret, as another program would make it. */
#define TOKEN                                                                                              \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9."                                                            \
    "eyJpc3MiOiJnYXRlaG91c2UiLCJhdWQiOiJhcGkiLCJzdWIiOiIxN3hmMW0xbWg5dHRkIiwiY2xpZW50X2lkIjoieCIsImp0aSI6" \
    "ImEiLCJuYW1lIjoiZXJpbiIsImlhdCI6MTAwMDAwMCwibmJmIjoxMDAwMDAwLCJleHAiOjEwMDA2MDB9."                    \
    "GeQdW5QAcw_tiv6j5w2Wioq4KYkfrGE8OFDkvJetxvU"

static const char yaml[] = "secret_key: 9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a\n"
                           "hosts: { allowed: [localhost] }\n"
                           "rate_limits: { enabled: off }\n"
                           "identity: { enabled: on, token: { algorithm: HS256 } }\n"
                           "routes: [{ name: own, path: /own, require: { user: on } }]\n";
static const uint8_t key[16] = "0123456789abcde";

static void fill(void *data, void *out, size_t n)
{
    (void)data;
    memset(out, 0xAB, n);
}

typedef struct fixture {
    gh_policy *policy;
    gh_state *state;
    gh_decision *decision;
    gh_world world;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    char errors[1024];
    f = (fixture){.policy = gh_policy_load(gh_str_of(yaml), "test", errors, sizeof errors)};
    if (f.policy == NULL)
        fail_msg("%s", errors);
    f.state = gh_state_new(1000);
    f.decision = gh_decision_new();
    f.world = (gh_world){1000, key, fill, NULL, 1000300};
    assert_true(f.state != NULL && f.decision != NULL);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    gh_decision_free(f->decision);
    gh_state_free(f->state);
    gh_policy_free(f->policy);
    return 0;
}

static void assert_refused(fixture *f, gh_field *field, unsigned status, const char *reason)
{
    gh_details v;
    gh_request r = {.method = GH_STR("GET"),
                    .target = GH_STR("/own"),
                    .host = GH_STR("localhost"),
                    .fields = field,
                    .n_fields = field == NULL ? 0 : 1};
    assert_true(gh_ip_parse(GH_STR("192.0.2.1"), &r.peer));
    assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), GH_OUTCOME_REFUSE);
    gh_decision_details(f->decision, &v);
    assert_int_equal(v.status, status);
    assert_int_equal(v.reason.n, strlen(reason));
    assert_memory_equal(v.reason.p, reason, v.reason.n);
}

static void test_strangers(void **state)
{
    gh_field wrong = {GH_STR("Authorization"), GH_STR("Bearer x.y.z"), 0};
    assert_refused(*state, NULL, 401, "credentials_required");
    assert_refused(*state, &wrong, 401, "token_invalid");
}

/* Right by itself, but nobody could say whether it was revoked. */
static void test_credentials_fail_closed(void **state)
{
    gh_field token = {GH_STR("Authorization"), GH_STR("Bearer " TOKEN), 0};
    gh_field api_key = {GH_STR("X-API-Key"),
                        GH_STR("ghk_f4677fvwt5jcc2tbsq6r6xdxx3jybc2ec330axx48xr9fe62fnzj5cmsffbcx7pj9c0sbhg"),
                        0};
    gh_field session = {GH_STR("Cookie"),
                        GH_STR("__Host-session="
                               "ghs_WrX6Ie91tnwAAAAA1ruUySFPgxTewigPKH_KU2Oiyxj99G4VqyMJdH5cFazTBIV9Ud_C8bd6_"
                               "ZLNClVk"),
                        0};
    assert_refused(*state, &token, 503, "identity_unavailable");
    assert_refused(*state, &api_key, 503, "identity_unavailable");
    assert_refused(*state, &session, 503, "identity_unavailable");
}

static void sign_in(fixture *f)
{
    static const char body[] = "{\"username\":\"alice\",\"password\":\"seventeen green umbrellas\"}";
    gh_field type = {GH_STR("Content-Type"), GH_STR("application/json"), 0};
    gh_details v;
    gh_request r = {.method = GH_STR("POST"),
                    .target = GH_STR("/api/auth/login"),
                    .host = GH_STR("localhost"),
                    .fields = &type,
                    .n_fields = 1,
                    .framing = GH_FRAMING_LENGTH,
                    .content_length = sizeof body - 1};
    assert_true(gh_ip_parse(GH_STR("192.0.2.1"), &r.peer));
    assert_int_equal(gh_decide(f->decision, f->policy, f->state, &f->world, &r), GH_OUTCOME_BODY);
    assert_int_equal(gh_decide_body(f->decision, GH_STR(body)), GH_OUTCOME_REFUSE);
    gh_decision_details(f->decision, &v);
    assert_int_equal(v.status, 503);
}

/* Endpoints ask for work that nobody does here. What they asked with, a password too, goes with the decision. */
static void test_endpoints_without_records(void **state)
{
    sign_in(*state);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 100; i++)
        sign_in(*state);
    assert_true(mallinfo2().uordblks <= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_strangers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_credentials_fail_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_endpoints_without_records, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
