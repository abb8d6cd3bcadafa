#include "decide.h"

#include "identity.h"

static const char yaml[] =
    "identity: {enabled: on, session: {idle_timeout: 30m}}\n"
    "rate_limits: {enabled: off}\n"
    "routes: [{name: own, path: /own/**, require: {user: on}}, {name: open, path: /**}]\n";

enum { ALICE = 42, BOB = 43 };

static decide *new_unit(void)
{
    decide *d = identity_new(yaml);
    identity_user(d, ALICE, "alice", "user", "premium");
    identity_user(d, BOB, "bob", "user admin", "");
    return d;
}

static void expect(decide *d, const char *fields, const char *open, const char *own)
{
    const char *got = decide_request(d, decide_text(d, "GET /x\n%s", fields));
    if (strcmp(got, open) != 0)
        fail_msg("open: %s, not %s: %s (%s)", got, open, fields, d->txn.verdict.detail);
    got = decide_request(d, decide_text(d, "GET /own/x\n%s", fields));
    if (strcmp(got, own) != 0)
        fail_msg("own: %s, not %s: %s (%s)", got, own, fields, d->txn.verdict.detail);
}

static const char *cookie(decide *d, const char *secret)
{
    return decide_text(d, "Cookie: __Host-session=%s", secret);
}

static const char *bearer(decide *d, const char *token)
{
    return decide_text(d, "Authorization: Bearer %s", token);
}

static void a_session_says_who(void **state)
{
    (void)state;
    decide *d = new_unit();
    expect(d, cookie(d, identity_session(d, ALICE, 1, 0)), "forward", "forward");
    const gh_principal *who = &d->txn.principal;
    assert_int_equal(who->proof, GH_PROOF_SESSION);
    assert_true(who->user == ALICE && who->session == 1 && who->key == 0 && who->device == 0 &&
                who->jti == 0);
    assert_true(gh_str_eq(who->name, GH_STR("alice")) && gh_str_eq(who->tier, GH_STR("premium")));
    assert_true(gh_str_eq(who->roles, GH_STR("user")) && who->scopes.p == NULL && who->issuer.p == NULL);
    assert_int_equal(who->expires_s, d->world.unix_s + 86400);
    assert_int_not_equal(who->role_set, 0);
    decide_free(d);
}

/* A session that does not count locks nobody out of where nobody need be known. */
static void a_session_that_is_over_is_nobody(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *secret = identity_session(d, ALICE, 1, 0);
    expect(d, cookie(d, secret), "forward", "forward");
    d->world.unix_s += 1801; /* unused for longer than idle_timeout */
    expect(d, cookie(d, secret), "forward", "session_invalid");
    assert_int_equal(d->txn.principal.proof, GH_PROOF_NONE);
    d->world.unix_s -= 1801;
    expect(d, cookie(d, secret), "forward", "forward");
    d->world.unix_s += 86400; /* its end */
    expect(d, cookie(d, secret), "forward", "session_invalid");
    d->world.unix_s -= 86400;
    assert_true(gh_roster_end_session(d->roster, 1, 0));
    expect(d, cookie(d, secret), "forward", "session_invalid");
    decide_answer(d);
    expect_field(d, "WWW-Authenticate", "Bearer realm=\"gatehouse\"");
    expect_field(d, "Set-Cookie", NULL); /* another tab may have a new one by now */
    decide_free(d);
}

static void another_secret_is_not_the_sessions(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *secret = identity_session(d, ALICE, 1, 0);
    char *wrong = (char *)(uintptr_t)decide_text(d, "%s", secret);
    wrong[40] = wrong[40] == 'A' ? 'B' : 'A';
    expect(d, cookie(d, wrong), "forward", "session_invalid");
    expect(d, cookie(d, "ghs_"), "forward", "credentials_required");
    /* a refresh or device token is no session */
    expect(d, cookie(d, identity_device(d, ALICE, 9)), "forward", "credentials_required");
    decide_free(d);
}

static void any_cookie_that_is_good_counts(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *old = identity_session(d, BOB, 1, 0), *good = identity_session(d, ALICE, 2, 0);
    assert_true(gh_roster_end_session(d->roster, 1, 0));
    expect(d, decide_text(d, "Cookie: __Host-session=x; __Host-session=%s; __Host-session=%s", old, good),
           "forward", "forward");
    assert_true(d->txn.principal.user == ALICE);
    expect(d, decide_text(d, "Cookie: __Host-session=%s\nCookie: __Host-session=%s", old, good), "forward",
           "forward");
    /* as many as three are looked up */
    expect(d,
           decide_text(d,
                       "Cookie: __Host-session=%s; __Host-session=%s; __Host-session=%s; __Host-session=%s",
                       old, old, old, good),
           "forward", "session_invalid");
    decide_free(d);
}

static void whose_user_is_disabled_is_nobody(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *secret = identity_session(d, ALICE, 1, 0), *key = identity_api_key(d, ALICE, 2, NULL, ""),
               *token = identity_token(d, "alice", "user", ALICE, 1, NULL);
    expect(d, bearer(d, token), "forward", "forward");
    gh_roster_user disabled = {
        .id = ALICE, .name = GH_STR("alice"), .roles = GH_STR("user"), .disabled = true};
    assert_true(gh_roster_set_user(d->roster, &disabled, 0));
    expect(d, cookie(d, secret), "forward", "user_disabled");
    expect(d, decide_text(d, "X-API-Key: %s", key), "user_disabled", "user_disabled");
    expect(d, bearer(d, token), "user_disabled", "user_disabled");
    decide_free(d);
}

static void what_nobody_answers_is_not_let_in(void **state)
{
    (void)state;
    decide *d = new_unit();
    gh_roster *roster = d->roster;
    const char *secret = identity_session(d, ALICE, 1, 0), *key = identity_api_key(d, ALICE, 2, NULL, ""),
               *token = identity_token(d, "alice", "user", ALICE, 1, NULL);
    d->roster = NULL;
    expect(d, cookie(d, secret), "identity_unavailable", "identity_unavailable");
    expect(d, decide_text(d, "X-API-Key: %s", key), "identity_unavailable", "identity_unavailable");
    expect(d, bearer(d, token), "identity_unavailable", "identity_unavailable");
    expect(d, "A: b", "forward", "credentials_required");
    d->roster = roster;
    d->world.unix_s = 0;
    expect(d, cookie(d, secret), "identity_unavailable", "identity_unavailable");
    expect(d, decide_text(d, "X-API-Key: %s", key), "identity_unavailable", "identity_unavailable");
    expect(d, bearer(d, token), "identity_unavailable", "identity_unavailable");
    decide_answer(d);
    expect_field(d, "Retry-After", "5");
    decide_free(d);
}

static void an_api_key_says_who_and_how_much(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *key = identity_api_key(d, ALICE, 2, "items:read", "enterprise");
    expect(d, decide_text(d, "X-API-Key: %s", key), "forward", "forward");
    const gh_principal *who = &d->txn.principal;
    assert_int_equal(who->proof, GH_PROOF_API_KEY);
    assert_true(who->user == ALICE && who->key == 2 && who->session == 0);
    assert_true(gh_str_eq(who->tier, GH_STR("enterprise")) && gh_str_eq(who->scopes, GH_STR("items:read")));
    /* without its own: its user's */
    expect(d, decide_text(d, "X-API-Key: %s", identity_api_key(d, ALICE, 3, NULL, "")), "forward", "forward");
    assert_true(gh_str_eq(who->tier, GH_STR("premium")) && who->scopes.p == NULL);
    gh_roster_end_key(d->roster, 2);
    expect(d, decide_text(d, "X-API-Key: %s", key), "api_key_invalid", "api_key_invalid");
    decide_answer(d);
    expect_field(
        d, "WWW-Authenticate",
        "Bearer realm=\"gatehouse\", error=\"invalid_token\", error_description=\"This API key is not valid here.\"");
    decide_free(d);
}

static void a_token_is_in_force_until_it_is_not(void **state)
{
    (void)state;
    for (unsigned cached = 0; cached < 2; cached++) {
        decide *d = new_unit();
        const char *by_session = identity_token(d, "alice", "user", ALICE, 1, NULL),
                   *by_jti = identity_token(d, "alice", "user", ALICE, 2, NULL),
                   *by_user = identity_token(d, "bob", "admin", BOB, 3, NULL);
        (void)identity_session(d, ALICE, 1, 0);
        if (cached == 0) {
            gh_token_cache_free(d->tokens);
            d->tokens = NULL;
        }
        for (unsigned i = 0; i < 2; i++) { /* the second time from the cache, where there is one */
            expect(d, bearer(d, by_session), "forward", "forward");
            expect(d, bearer(d, by_user), "forward", "forward");
            expect(d, bearer(d, by_jti), "forward", "forward");
        }
        uint64_t jti = d->txn.principal.jti;
        assert_int_not_equal(jti, 0);
        assert_true(gh_roster_end_session(d->roster, 1, d->world.unix_s + 10000));
        expect(d, bearer(d, by_session), "token_revoked", "token_revoked");
        assert_string_equal(d->txn.verdict.detail, "the token's session has ended");
        assert_true(gh_roster_revoke_token(d->roster, jti, d->world.unix_s + 10000));
        expect(d, bearer(d, by_jti), "token_revoked", "token_revoked");
        assert_string_equal(d->txn.verdict.detail, "the token was revoked");
        gh_roster_user cut = {
            .id = BOB, .name = GH_STR("bob"), .roles = GH_STR("user"), .cutoff_s = d->world.unix_s};
        assert_true(gh_roster_set_user(d->roster, &cut, d->world.unix_s + 10000));
        expect(d, bearer(d, by_user), "token_revoked", "token_revoked");
        assert_string_equal(
            d->txn.verdict.detail,
            "all earlier tokens of the user were revoked, as by another password, role or tier");
        /* one that is issued later is good */
        d->world.unix_s += 1;
        expect(d, bearer(d, identity_token(d, "bob", "user", BOB, 4, NULL)), "forward", "forward");
        decide_free(d);
    }
}

static const char *with_device(decide *d, const char *secret, const char *device, const char *more)
{
    return decide_text(d, "Cookie: __Host-session=%s\nX-Device-Token: %s\n%s", secret, device, more);
}

static void expect_device(decide *d, const char *fields, gh_id device)
{
    assert_string_equal(decide_request(d, decide_text(d, "GET /x\n%s", fields)), "forward");
    if (d->txn.principal.device != device)
        fail_msg("device %llu, not %llu: %s", (unsigned long long)d->txn.principal.device,
                 (unsigned long long)device, fields);
}

static void a_device_counts_when_it_proves_itself(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *secret = identity_session(d, ALICE, 1, 0), *own = identity_device(d, ALICE, 7),
               *anonymous = identity_device(d, 0, 8), *bobs = identity_device(d, BOB, 9);
    char *wrong = (char *)(uintptr_t)decide_text(d, "%s", own);
    wrong[50] = wrong[50] == 'A' ? 'B' : 'A';
    expect_device(d, with_device(d, secret, own, "A: b"), 7);
    expect_device(d, with_device(d, secret, anonymous, "A: b"), 8);
    expect_device(d, with_device(d, secret, bobs, "A: b"), 0); /* another user's */
    expect_device(d, with_device(d, secret, wrong, "A: b"), 0);
    expect_device(d, with_device(d, secret, "x", "A: b"), 0);
    expect_device(d, decide_text(d, "X-Device-Token: %s", anonymous), 8);
    assert_int_equal(d->txn.principal.proof, GH_PROOF_NONE);
    expect_device(d, decide_text(d, "Cookie: __Host-device=%s", anonymous), 8);
    expect_device(d, decide_text(d, "X-Device-Token: %s\nX-Device-Token: %s", own, anonymous), 0);
    /* what the client says of itself is no proof */
    expect_device(d, "X-Device-ID: 0000000000008", 0);
    expect_device(d, decide_text(d, "X-Device-Token: %s\nX-Device-ID: 0000000000008", anonymous), 8);
    expect_device(d, decide_text(d, "X-Device-Token: %s\nX-Device-ID: 0000000000007", anonymous), 0);
    expect_device(
        d, decide_text(d, "X-Device-Token: %s\nX-Device-ID: 0000000000008\nX-Device-ID: 1", anonymous), 0);
    gh_roster_end_device(d->roster, 8);
    expect_device(d, decide_text(d, "X-Device-Token: %s", anonymous), 0);
    decide_free(d);
}

static void what_a_session_is_bound_to_comes_first(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *secret = identity_session(d, ALICE, 1, 5), *own = identity_device(d, ALICE, 7);
    expect_device(d, cookie(d, secret), 5);
    expect_device(d, with_device(d, secret, own, "A: b"), 5);
    expect_device(d, with_device(d, secret, own, "X-Device-ID: 0000000000005"), 5);
    expect_device(d, with_device(d, secret, own, "X-Device-ID: 0000000000007"), 0);
    decide_free(d);
}

static void answers_to_people_stay_out_of_caches(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *secret = identity_session(d, ALICE, 1, 0);
    expect(d, cookie(d, secret), "forward", "forward");
    decide_reply(d, "200\nContent-Type: text/plain");
    expect_field(d, "Cache-Control", "no-store");
    expect_field(d, "Vary", NULL);
    decide_reply(d, "200\nCache-Control: private, max-age=60");
    expect_field(d, "Cache-Control", "private, max-age=60");
    expect_field(d, "Vary", "Cookie");
    assert_string_equal(decide_request(d, "GET /x"), "forward");
    decide_reply(d, "200\nContent-Type: text/plain");
    expect_field(d, "Cache-Control", NULL);
    /* a device without a user is told to the upstream, too */
    assert_string_equal(
        decide_request(d, decide_text(d, "GET /x\nX-Device-Token: %s", identity_device(d, 0, 8))), "forward");
    decide_reply(d, "200\nContent-Type: text/plain");
    expect_field(d, "Cache-Control", "no-store");
    decide_reply(d, "200\nCache-Control: public");
    expect_field(d, "Vary", "Cookie, X-Device-Token");
    /* a refusal says it once */
    expect(d, cookie(d, identity_device(d, ALICE, 9)), "forward", "credentials_required");
    decide_answer(d);
    expect_field(d, "Cache-Control", "no-store");
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_says_who),
        cmocka_unit_test(a_session_that_is_over_is_nobody),
        cmocka_unit_test(another_secret_is_not_the_sessions),
        cmocka_unit_test(any_cookie_that_is_good_counts),
        cmocka_unit_test(whose_user_is_disabled_is_nobody),
        cmocka_unit_test(what_nobody_answers_is_not_let_in),
        cmocka_unit_test(an_api_key_says_who_and_how_much),
        cmocka_unit_test(a_token_is_in_force_until_it_is_not),
        cmocka_unit_test(a_device_counts_when_it_proves_itself),
        cmocka_unit_test(what_a_session_is_bound_to_comes_first),
        cmocka_unit_test(answers_to_people_stay_out_of_caches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
