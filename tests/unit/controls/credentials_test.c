#include "decide.h"

#include "identity.h"

static const char yaml[] = "identity: {enabled: on}\nrate_limits: {enabled: off}\n";

enum { ALICE = 42 };

static decide *new_unit(void)
{
    decide *d = identity_new(yaml);
    identity_user(d, ALICE, "alice", "user", "");
    return d;
}

/* What the request `format` with one text in it comes to, and by which proof it is known. */
static void expect(decide *d, const char *request, const char *verdict, enum gh_proof proof)
{
    const char *got = decide_request(d, request);
    if (strcmp(got, verdict) != 0 || d->txn.principal.proof != proof)
        fail_msg("%s, proof %d, not %s, proof %d: %s", got, (int)d->txn.principal.proof, verdict, (int)proof,
                 request);
}

static void nobody_need_present_anything(void **state)
{
    (void)state;
    decide *d = new_unit();
    expect(d, "GET /", "forward", GH_PROOF_NONE);
    expect(d, "GET /\nCookie: a=b", "forward", GH_PROOF_NONE);
    decide_free(d);
}

static void each_kind_is_found_where_it_is(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *session = identity_session(d, ALICE, 1, 0), *key = identity_api_key(d, ALICE, 2, NULL, ""),
               *token = identity_token(d, "alice", "user", ALICE, 0, NULL);
    expect(d, decide_text(d, "GET /\nCookie: __Host-session=%s", session), "forward", GH_PROOF_SESSION);
    expect(d, decide_text(d, "GET /\nCookie: a=b; __Host-session=%s; c=d", session), "forward",
           GH_PROOF_SESSION);
    expect(d, decide_text(d, "GET /\nX-API-Key: %s", key), "forward", GH_PROOF_API_KEY);
    expect(d, decide_text(d, "GET /\nAuthorization: Bearer %s", key), "forward", GH_PROOF_API_KEY);
    expect(d, decide_text(d, "GET /\nAuthorization: bearer %s", key), "forward", GH_PROOF_API_KEY);
    expect(d, decide_text(d, "GET /\nAuthorization: Bearer %s", token), "forward", GH_PROOF_TOKEN);
    expect(d, decide_text(d, "GET /\nAuthorization: BEARER   %s", token), "forward", GH_PROOF_TOKEN);
    expect(d, decide_text(d, "GET /\nAuthorization: Bearer\t%s", token), "forward", GH_PROOF_TOKEN);
    decide_free(d);
}

/* Values elsewhere are no credentials of ours. */
static void nowhere_else(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *session = identity_session(d, ALICE, 1, 0), *key = identity_api_key(d, ALICE, 2, NULL, ""),
               *token = identity_token(d, "alice", "user", ALICE, 0, NULL);
    expect(d, decide_text(d, "GET /?access_token=%s", token), "forward", GH_PROOF_NONE); /* RFC 9700 4.3.2 */
    expect(d, decide_text(d, "GET /?api_key=%s", key), "forward", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nX_API_Key: %s", key), "forward", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nProxy-Authorization: Bearer %s", token), "forward", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nCookie: session=%s", session), "forward", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nCookie: __host-session=%s", session), "forward", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nX-Session: %s", session), "forward", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nCookie: access_token=%s", token), "forward", GH_PROOF_NONE);
    expect(d, "GET /\nX-Gatehouse-User: 000000000001a\nX-Gatehouse-Roles: admin\nX-Gatehouse-Auth: session",
           "forward", GH_PROOF_NONE);
    decide_free(d);
}

static void other_schemes_are_not_ours(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const char *const values[] = {
        "Basic YTpi", "Digest username=\"a\"", "Negotiate abc", "BearerX abc", "Basic", "Bearers",
        "DPoP abc",   "Basic Bearer abc"};
    for (size_t i = 0; i < GH_COUNT(values); i++)
        expect(d, decide_text(d, "GET /\nAuthorization: %s", values[i]), "forward", GH_PROOF_NONE);
    decide_free(d);
}

/* What was meant to prove something and does not, is refused where nobody need be known, too. */
static void what_is_presented_must_be_good(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *token = identity_token(d, "alice", "user", ALICE, 0, NULL),
               *session = identity_session(d, ALICE, 1, 0);
    expect(d, "GET /\nAuthorization: Bearer", "token_invalid", GH_PROOF_NONE);
    expect(d, "GET /\nAuthorization: Bearer ", "token_invalid", GH_PROOF_NONE);
    expect(d, "GET /\nAuthorization: Bearer x", "token_invalid", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nAuthorization: Bearer %s, Bearer %s", token, token), "token_invalid",
           GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nAuthorization: Bearer \"%s\"", token), "token_invalid", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nAuthorization: Bearer %s", session), "token_invalid", GH_PROOF_NONE);
    expect(d, "GET /\nX-API-Key: whatever", "api_key_invalid", GH_PROOF_NONE);
    expect(d, "GET /\nX-API-Key: ghk_", "api_key_invalid", GH_PROOF_NONE);
    expect(d, "GET /\nAuthorization: Bearer ghk_x", "api_key_invalid", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nX-API-Key: %s", token), "api_key_invalid", GH_PROOF_NONE);
    decide_free(d);
}

static void two_at_once_are_a_conflict(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *key = identity_api_key(d, ALICE, 2, NULL, ""),
               *token = identity_token(d, "alice", "user", ALICE, 0, NULL);
    const char *const requests[] = {
        decide_text(d, "GET /\nAuthorization: Bearer %s\nX-API-Key: %s", token, key),
        decide_text(d, "GET /\nAuthorization: Bearer %s\nX-API-Key: %s", key, key),
        decide_text(d, "GET /\nX-API-Key: %s\nX-API-Key: %s", key, key),
        decide_text(d, "GET /\nX-API-Key: %s\nx-api-key: other", key),
        decide_text(d, "GET /\nAuthorization: Bearer %s\nAuthorization: Bearer %s", token, token),
        decide_text(d, "GET /\nAuthorization: Basic YTpi\nAuthorization: Bearer %s", token),
        decide_text(d, "GET /\nauthorization: Bearer %s\nAUTHORIZATION: Basic YTpi", token),
    };
    for (size_t i = 0; i < GH_COUNT(requests); i++)
        expect(d, requests[i], "credentials_conflict", GH_PROOF_NONE);
    decide_answer(d);
    expect_field(
        d, "WWW-Authenticate",
        "Bearer realm=\"gatehouse\", error=\"invalid_request\", error_description=\"Send one credential: two "
        "different ones were sent.\"");
    /* another scheme beside a key: the upstream's business */
    expect(d, decide_text(d, "GET /\nAuthorization: Basic YTpi\nX-API-Key: %s", key), "forward",
           GH_PROOF_API_KEY);
    decide_free(d);
}

/* A browser adds its cookie to what a page asks by token: the token counts, and it alone, even when it is no good. */
static void a_session_beside_a_token_does_not_count(void **state)
{
    (void)state;
    decide *d = new_unit();
    identity_user(d, ALICE + 1, "bob", "user", "");
    const char *session = identity_session(d, ALICE, 1, 0),
               *token = identity_token(d, "bob", "user", ALICE + 1, 0, NULL);
    expect(d, decide_text(d, "POST /\nCookie: __Host-session=%s\nAuthorization: Bearer %s", session, token),
           "forward", GH_PROOF_TOKEN);
    assert_int_equal(d->txn.principal.user, ALICE + 1);
    assert_int_equal(d->txn.principal.session, 0);
    expect(d, decide_text(d, "GET /\nCookie: __Host-session=%s\nAuthorization: Bearer x", session),
           "token_invalid", GH_PROOF_NONE);
    expect(d, decide_text(d, "GET /\nCookie: __Host-session=%s\nX-API-Key: x", session), "api_key_invalid",
           GH_PROOF_NONE);
    decide_free(d);
}

/* Who signs in again sends the old token along: it is not looked at there, and everywhere else it is. */
static void an_old_token_keeps_nobody_from_a_new_one(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const char *const paths[] = {"login", "refresh", "register"};
    for (size_t i = 0; i < GH_COUNT(paths); i++) {
        const char *verdict = decide_request(
            d,
            decide_text(
                d,
                "POST /api/auth/%s\nAuthorization: Bearer x\nX-API-Key: y\nContent-Type: application/json\n\n{}",
                paths[i]));
        assert_null(strstr(verdict, "token"));
        assert_null(strstr(verdict, "key"));
        assert_string_not_equal(verdict, "credentials_conflict");
    }
    expect(d, "GET /api/auth/me\nAuthorization: Bearer x", "token_invalid", GH_PROOF_NONE);
    decide_free(d);
}

static void without_identity_nothing_is_looked_at(void **state)
{
    (void)state;
    decide *d = decide_new("");
    expect(d, "GET /\nAuthorization: Bearer x\nAuthorization: Bearer y\nX-API-Key: z", "forward",
           GH_PROOF_NONE);
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_need_present_anything),
        cmocka_unit_test(each_kind_is_found_where_it_is),
        cmocka_unit_test(nowhere_else),
        cmocka_unit_test(other_schemes_are_not_ours),
        cmocka_unit_test(what_is_presented_must_be_good),
        cmocka_unit_test(two_at_once_are_a_conflict),
        cmocka_unit_test(a_session_beside_a_token_does_not_count),
        cmocka_unit_test(an_old_token_keeps_nobody_from_a_new_one),
        cmocka_unit_test(without_identity_nothing_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
