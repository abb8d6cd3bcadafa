/* Limits by who asks. */
#include "decide.h"

#include "identity.h"

enum { ALICE = 42, BOB = 43, SERVICE = 44 };

static decide *new_with(const char *rules)
{
    char yaml[2048];
    gh_buf text = gh_buf_over(yaml, sizeof yaml);
    gh_buf_printf(
        &text,
        "identity:\n"
        "  enabled: on\n"
        "  roles: {user: [items:read], service: [limits:bypass]}\n"
        "  issuers:\n"
        "    - {name: a, issuer: 'https://a.example', audiences: [api], jwks: 'https://a.example/jwks'}\n"
        "    - {name: b, issuer: 'https://b.example', audiences: [api], jwks: 'https://b.example/jwks'}\n"
        "rate_limits:\n"
        "  default: {requests: 0}\n"
        "%s",
        rules);
    gh_buf_char(&text, '\0');
    assert_true(gh_buf_ok(&text));
    decide *d = identity_new(yaml);
    identity_user(d, ALICE, "alice", "user", "");
    identity_user(d, BOB, "bob", "user", "premium");
    identity_user(d, SERVICE, "service", "service", "");
    return d;
}

/* How many of n pass. */
static unsigned passes(decide *d, const char *fields, unsigned n)
{
    unsigned passed = 0;
    for (unsigned i = 0; i < n; i++) {
        const char *verdict = decide_request(d, decide_text(d, "GET /x\n%s", fields));
        if (strcmp(verdict, "forward") == 0)
            passed++;
        else
            assert_string_equal(verdict, "rate_limit_exceeded");
    }
    return passed;
}

static const char *session(decide *d, gh_id user, gh_id id)
{
    return decide_text(d, "Cookie: __Host-session=%s", identity_session(d, user, id, 0));
}

static const char *key(decide *d, gh_id user, gh_id id, const char *tier)
{
    return decide_text(d, "X-API-Key: %s", identity_api_key(d, user, id, NULL, tier));
}

static const char *outside(decide *d, const char *issuer, const char *sub)
{
    return decide_text(
        d, "Authorization: Bearer %s",
        identity_sign(
            d, IDENTITY_OUTSIDE, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",
            decide_text(d,
                        "{\"iss\":\"https://%s.example\",\"sub\":\"%s\",\"aud\":\"api\",\"exp\":1700001000}",
                        issuer, sub)));
}

static void a_user_is_one_whatever_is_presented(void **state)
{
    (void)state;
    decide *d = new_with("  rules: [{name: r, scope: user, limits: [4/minute]}]\n");
    assert_int_equal(passes(d, session(d, ALICE, 1), 2), 2);
    decide_from(d, "192.0.2.2");
    assert_int_equal(passes(d, session(d, ALICE, 2), 1), 1);
    assert_int_equal(passes(d, key(d, ALICE, 3, ""), 5), 1);
    assert_int_equal(passes(d, session(d, BOB, 4), 5), 4);
    decide_free(d);
}

/* Who is not known is counted by address, apart from those who are. */
static void nobody_is_counted_by_address(void **state)
{
    (void)state;
    decide *d = new_with("  rules: [{name: r, scope: user, limits: [2/minute]}]\n");
    assert_int_equal(passes(d, "A: b", 5), 2);
    assert_int_equal(passes(d, "Cookie: __Host-session=x", 5), 0);
    assert_int_equal(passes(d, session(d, ALICE, 1), 5), 2);
    decide_from(d, "192.0.2.2");
    assert_int_equal(passes(d, "A: b", 5), 2);
    decide_free(d);
}

static void people_of_two_issuers_are_two(void **state)
{
    (void)state;
    decide *d = new_with("  rules: [{name: r, scope: user, limits: [2/minute]}]\n");
    assert_int_equal(passes(d, outside(d, "a", "alice"), 5), 2);
    assert_int_equal(passes(d, outside(d, "b", "alice"), 5), 2);
    assert_int_equal(passes(d, outside(d, "a", "bob"), 5), 2);
    assert_int_equal(passes(d, session(d, ALICE, 1), 5), 2);
    decide_free(d);
}

static void sessions_and_keys_count_alone(void **state)
{
    (void)state;
    decide *d = new_with("  rules: [{name: r, scope: session, limits: [2/minute]}]\n");
    assert_int_equal(passes(d, session(d, ALICE, 1), 5), 2);
    assert_int_equal(passes(d, session(d, ALICE, 2), 5), 2);
    assert_int_equal(passes(d, key(d, ALICE, 3, ""), 5), 2); /* no session: by address */
    assert_int_equal(passes(d, key(d, BOB, 4, ""), 5), 0);
    decide_free(d);
    d = new_with("  rules: [{name: r, scope: api_key, limits: [2/minute]}]\n");
    assert_int_equal(passes(d, key(d, ALICE, 3, ""), 5), 2);
    assert_int_equal(passes(d, key(d, ALICE, 4, ""), 5), 2);
    assert_int_equal(passes(d, session(d, ALICE, 1), 5), 2);
    decide_free(d);
}

/* A number that a user, a session and a key share is three counters. */
static void scopes_do_not_mix(void **state)
{
    (void)state;
    decide *d = new_with(
        "  rules: [{name: u, scope: user, limits: [9/minute]}, {name: k, scope: api_key, limits: [9/minute]}]\n");
    assert_int_equal(passes(d, key(d, ALICE, ALICE, ""), 9), 9);
    assert_int_equal(passes(d, session(d, ALICE, ALICE), 1), 0);
    assert_int_equal(passes(d, key(d, BOB, 7, ""), 9), 9);
    decide_free(d);
}

static void a_device_is_one_that_proved_itself(void **state)
{
    (void)state;
    decide *d = new_with("  rules: [{name: r, scope: device, limits: [2/minute]}]\n");
    const char *device = decide_text(d, "X-Device-Token: %s", identity_device(d, 0, 7));
    assert_int_equal(passes(d, device, 5), 2);
    assert_int_equal(passes(d, decide_text(d, "X-Device-Token: %s", identity_device(d, 0, 8)), 5), 2);
    assert_string_equal(decide_request(d, "GET /x\nX-Device-ID: 0000000000009"), "device_id_required");
    assert_int_equal(d->txn.verdict.status, 400);
    decide_answer(d);
    assert_non_null(strstr(d->body, "\"message\":\"Device ID required\""));
    assert_string_equal(decide_request(d, decide_text(d, "GET /x\n%s\nX-Device-ID: other", device)),
                        "device_id_required");
    decide_free(d);
}

static void tiers_of_users_and_keys(void **state)
{
    (void)state;
    decide *d = new_with(
        "  default_tier: free\n"
        "  rules: [{name: r, scope: user, limits: [1/minute], tiers: {free: {limits: [2/minute]}, premium: {limits: [4/minute]}}}]\n");
    assert_int_equal(passes(d, session(d, ALICE, 1), 9), 2); /* the default tier */
    assert_int_equal(passes(d, session(d, BOB, 2), 9), 4);
    d->world.now_ms += 61000;
    assert_int_equal(passes(d, key(d, ALICE, 3, "premium"), 9), 4);
    assert_int_equal(passes(d, key(d, BOB, 4, "unheard-of"), 9), 1); /* the rule's own */
    decide_free(d);
}

static void services_pass_by_their_credential(void **state)
{
    (void)state;
    decide *d = new_with("  rules: [{name: r, scope: ip, limits: [2/minute]}]\n");
    assert_int_equal(passes(d, key(d, SERVICE, 1, ""), 20), 20);
    assert_int_equal(passes(d, key(d, ALICE, 2, ""), 9), 2);
    /* narrowed by scopes, the permission goes */
    const char *narrow = decide_text(d, "X-API-Key: %s", identity_api_key(d, SERVICE, 3, "items:read", ""));
    assert_int_equal(passes(d, narrow, 9), 0);
    decide_free(d);
}

/* The take for a signature is neither shown nor judged with the limits, enforced or observed. */
static void a_signatures_take_is_apart(void **state)
{
    (void)state;
    decide *d = new_with("  rules:\n"
                         "    - {name: r, scope: user, limits: [2/minute, 100/hour]}\n"
                         "    - {name: o, scope: user, limits: [1/minute], mode: observe}\n");
    const char *token = outside(d, "a", "alice");
    assert_int_equal(passes(d, token, 1), 1);
    assert_int_equal(d->txn.first_limit, 1);
    assert_int_equal(d->txn.n_takes, 4);
    assert_int_equal(d->txn.takes[1].group, 0);
    assert_int_equal(d->txn.takes[3].group, 1);
    assert_int_equal(d->txn.observed, 0);
    decide_reply(d, "200");
    expect_field(d, "RateLimit", "\"r-minute\";r=1;t=61, \"r-hour\";r=99;t=3950");
    assert_int_equal(passes(d, token, 1), 1);
    assert_int_equal(d->txn.first_limit, 0); /* from the cache */
    assert_int_equal(d->txn.observed, 1);
    assert_int_equal(passes(d, token, 1), 0);
    assert_true(gh_str_eq(d->txn.verdict.rule, GH_STR("r")));
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_is_one_whatever_is_presented),
        cmocka_unit_test(nobody_is_counted_by_address),
        cmocka_unit_test(people_of_two_issuers_are_two),
        cmocka_unit_test(sessions_and_keys_count_alone),
        cmocka_unit_test(scopes_do_not_mix),
        cmocka_unit_test(a_device_is_one_that_proved_itself),
        cmocka_unit_test(tiers_of_users_and_keys),
        cmocka_unit_test(services_pass_by_their_credential),
        cmocka_unit_test(a_signatures_take_is_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
