#include "endpoint.h"

#include <string.h>

#include "identity/csrf_token.h"

#define PATH "/api/auth/csrf"

static void a_session_gets_a_token_that_fits_it(void **state)
{
    endpoint *e = *state;
    char expected[512], first[GH_CSRF_TEXT + 1];
    endpoint_as(e, GH_PROOF_SESSION);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    (void)snprintf(first, sizeof first, "%s", endpoint_member(e, "/csrf_token"));
    assert_int_equal(gh_csrf_check(&e->policy->identity.keys, 99, gh_str_of(first)), GH_CSRF_GOOD);
    (void)snprintf(expected, sizeof expected,
                   "Cache-Control: no-store\r\n"
                   "Set-Cookie: __Host-csrf=%s; Path=/; Secure; SameSite=Lax; Max-Age=1000\r\n",
                   first);
    expect_lines(e, expected);
    expect_member(e, "/header", e->policy->identity.csrf.header.p);
    expect_member(e, "/field", e->policy->identity.csrf.field.p);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    assert_string_not_equal(endpoint_member(e, "/csrf_token"), first);
}

static void a_session_without_an_end_has_the_longest_age(void **state)
{
    endpoint *e = *state;
    char age[64];
    endpoint_as(e, GH_PROOF_SESSION);
    e->principal.expires_s = 0;
    (void)snprintf(age, sizeof age, "; Max-Age=%u\r\n", e->policy->identity.session.absolute_s);
    assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
    assert_non_null(strstr(e->lines, age));
}

static void others_need_none(void **state)
{
    static const enum gh_proof proofs[] = {GH_PROOF_NONE, GH_PROOF_TOKEN, GH_PROOF_API_KEY};
    endpoint *e = *state;
    for (size_t i = 0; i < GH_COUNT(proofs); i++) {
        endpoint_as(e, proofs[i]);
        assert_string_equal(endpoint_request(e, "GET", PATH, NULL), "answer 200");
        expect_member(e, "/csrf_token", "null");
        expect_lines(e, "Cache-Control: no-store\r\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENDPOINT_TEST(a_session_gets_a_token_that_fits_it),
        ENDPOINT_TEST(a_session_without_an_end_has_the_longest_age),
        ENDPOINT_TEST(others_need_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
