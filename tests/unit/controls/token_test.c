#include "decide.h"

#include "identity.h"

static const char yaml[] =
    "identity:\n"
    "  enabled: on\n"
    "  verifications: 3/minute\n"
    "  issuers:\n"
    "    - {name: partner, issuer: 'https://partner.example', audiences: [api], jwks: 'https://partner.example/jwks',\n"
    "       roles_claim: /realm/roles, tier_claim: plan}\n"
    "    - {name: away, issuer: 'https://away.example', audiences: [api], jwks: 'https://away.example/jwks'}\n"
    "routes: [{name: own, path: /own/**, require: {user: on}}, {name: open, path: /**}]\n"
    "rate_limits: {enabled: off}\n";

enum { ALICE = 42 };

static decide *new_unit(void)
{
    decide *d = identity_new(yaml);
    identity_user(d, ALICE, "alice", "user", "");
    return d;
}

static const char *ask(decide *d, const char *token)
{
    return decide_request(d, decide_text(d, "GET /x\nAuthorization: Bearer %s", token));
}

/* Each from another address, so that they do not count together. */
static void expect(decide *d, const char *token, const char *verdict)
{
    static unsigned n;
    n++;
    decide_from(d, decide_text(d, "10.%u.%u.1", n / 250, n % 250));
    const char *got = ask(d, token);
    if (strcmp(got, verdict) != 0)
        fail_msg("%s, not %s: %s (%s)", got, verdict, token, d->txn.token_fault);
}

#define HEADER "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}"
/* What our own tokens have; changes are put behind it. */
#define OWN(changes)                                                                                          \
    "{\"iss\":\"gatehouse\",\"sub\":\"000000000001a\",\"aud\":\"api\",\"exp\":1700001000,\"iat\":1700000000," \
    "\"jti\":\"j\",\"client_id\":\"gatehouse\",\"name\":\"alice\"" changes "}"
#define PARTNERS(changes) \
    "{\"iss\":\"https://partner.example\",\"sub\":\"alice\",\"aud\":\"api\",\"exp\":1700001000" changes "}"

static void what_we_minted_is_believed(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *token = identity_token(d, "alice", "user admin", ALICE, 5, "items:read");
    expect(d, token, "forward");
    const gh_principal *who = &d->txn.principal;
    assert_true(who->proof == GH_PROOF_TOKEN && who->user == ALICE && who->session == 5 && who->jti != 0);
    assert_true(gh_str_eq(who->name, GH_STR("alice")) && gh_str_eq(who->roles, GH_STR("user admin")));
    assert_true(gh_str_eq(who->scopes, GH_STR("items:read")) && who->issuer.p == NULL);
    assert_int_equal(who->issued_s, d->world.unix_s);
    assert_int_equal(who->expires_s, d->world.unix_s + 1800);
    expect(d, identity_sign(d, IDENTITY_OURS, HEADER, OWN("")), "forward");
    assert_true(who->scopes.p == NULL && who->session == 0);
    decide_free(d);
}

static void times_are_kept(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *token = identity_token(d, "alice", "user", ALICE, 5, NULL);
    for (unsigned cached = 0; cached < 2; cached++) {
        d->world.unix_s += 1800 + 30; /* its life and the leeway */
        expect(d, token, "token_expired");
        decide_answer(d);
        expect_field(
            d, "WWW-Authenticate",
            "Bearer realm=\"gatehouse\", error=\"invalid_token\", error_description=\"This access token has "
            "expired. Get a new one with the refresh token.\"");
        d->world.unix_s -= 1;
        expect(d, token, "forward");
        d->world.unix_s -= 1800 + 29;
        expect(d, token, "forward");
    }
    d->world.unix_s -= 31; /* from the future */
    gh_token_cache_clear(d->tokens);
    expect(d, token, "token_invalid");
    decide_free(d);
}

static void an_attack_list(void **state)
{
    (void)state;
    decide *d = new_unit();
    const struct {
        const char *header, *payload;
    } rows[] = {
        {"{\"alg\":\"none\",\"typ\":\"at+jwt\"}", OWN("")},
        {"{\"alg\":\"NoNe\",\"typ\":\"at+jwt\"}", OWN("")},
        {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", OWN("")},
        {"{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}", OWN("")},
        {"{\"alg\":\"EdDSA\"}", OWN("")}, /* no typ */
        {"{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}", OWN("")},
        {"{\"alg\":\"EdDSA\",\"typ\":\"gatehouse-assertion+jwt\"}", OWN("")},
        {"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"../../dev/null\"}", OWN("")},
        {"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"\"}", OWN("")},
        {"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"jku\":\"https://evil.example\"}", OWN("")},
        {"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"jwk\":{}}", OWN("")},
        {"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"x5u\":\"https://evil.example\"}", OWN("")},
        {"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"crit\":[\"b64\"],\"b64\":false}", OWN("")},
        {"{\"alg\":\"EdDSA\",\"alg\":\"none\",\"typ\":\"at+jwt\"}", OWN("")},
        {HEADER, OWN(",\"sub\":\"000000000001b\"")}, /* a claim twice */
        {HEADER, OWN(",\"sid\":\"5\"")},
        {HEADER, OWN(",\"device\":7")},
        {HEADER, OWN(",\"nbf\":1700000100")},
        {HEADER, OWN(",\"scope\":\"a  b\"")},
        {HEADER, "{\"iss\":\"gatehouse\"}"},
        {HEADER, "[]"},
        {HEADER,
         "{\"iss\":\"GATEHOUSE\",\"sub\":\"000000000001a\",\"aud\":\"api\",\"exp\":1700001000,\"iat\":1700000000,"
         "\"jti\":\"j\",\"client_id\":\"x\",\"name\":\"a\"}"},
        {HEADER,
         "{\"iss\":\"gatehouse\",\"sub\":\"000000000001a\",\"aud\":\"other\",\"exp\":1700001000,\"iat\":1700000000,"
         "\"jti\":\"j\",\"client_id\":\"x\",\"name\":\"a\"}"},
        {HEADER,
         "{\"iss\":\"gatehouse\",\"sub\":\"alice\",\"aud\":\"api\",\"exp\":1700001000,\"iat\":1700000000,"
         "\"jti\":\"j\",\"client_id\":\"x\",\"name\":\"a\"}"},
        {HEADER,
         "{\"iss\":\"gatehouse\",\"sub\":\"000000000001a\",\"aud\":\"api\",\"iat\":1700000000,\"jti\":\"j\","
         "\"client_id\":\"x\",\"name\":\"a\"}"}, /* no exp */
        {HEADER,
         "{\"iss\":\"gatehouse\",\"sub\":\"000000000001a\",\"aud\":\"api\",\"exp\":1700001000,\"iat\":1700000000,"
         "\"client_id\":\"x\",\"name\":\"a\"}"}, /* no jti: could not be revoked */
        {HEADER,
         "{\"sub\":\"000000000001a\",\"aud\":\"api\",\"exp\":1700001000,\"iat\":1700000000,\"jti\":\"j\"}"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        expect(d, identity_sign(d, IDENTITY_OURS, rows[i].header, rows[i].payload), "token_invalid");
    /* signed by somebody else, in our name */
    expect(d, identity_sign(d, IDENTITY_STRANGER, HEADER, OWN("")), "token_invalid");
    expect(d, identity_sign(d, IDENTITY_OUTSIDE, HEADER, OWN("")), "token_invalid");
    decide_free(d);
}

/* Any change of any character, and any cut. */
static void a_changed_token_is_none(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *token = identity_token(d, "alice", "user", ALICE, 5, NULL);
    size_t n = strlen(token);
    for (size_t i = 0; i < n; i += 7) {
        char *changed = (char *)(uintptr_t)decide_text(d, "%s", token);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        expect(d, changed, "token_invalid");
        expect(d, decide_text(d, "%.*s", (int)i, token), "token_invalid");
    }
    expect(d, decide_text(d, "%s=", token), "token_invalid");
    expect(d, decide_text(d, "%s.", token), "token_invalid");
    expect(d, decide_text(d, "%s.x.y", token), "token_invalid");
    expect(d, token, "forward");
    decide_free(d);
}

static void an_outside_issuers_are_nobody_of_ours(void **state)
{
    (void)state;
    decide *d = new_unit();
    const gh_principal *who = &d->txn.principal;
    expect(d,
           identity_sign(
               d, IDENTITY_OUTSIDE, HEADER,
               PARTNERS(
                   ",\"plan\":\"gold\",\"realm\":{\"roles\":[\"other\",\"not admin\",\"admin\",7,\"user\"]},"
                   "\"roles\":[\"moderator\"],\"scope\":\"a b\",\"sid\":\"0000000000005\"")),
           "forward");
    assert_true(who->proof == GH_PROOF_TOKEN && who->user == 0 && who->session == 0);
    assert_true(gh_str_eq(who->name, GH_STR("alice")) &&
                gh_str_eq(who->issuer, GH_STR("https://partner.example")));
    assert_true(gh_str_eq(who->roles, GH_STR("admin user other"))); /* those that are known come first */
    assert_true(gh_str_eq(who->tier, GH_STR("gold")) && gh_str_eq(who->scopes, GH_STR("a b")));
    /* signed with our own key, in the partner's name, and the reverse */
    expect(d, identity_sign(d, IDENTITY_OURS, HEADER, PARTNERS("")), "token_invalid");
    /* an id of a user of ours as subject */
    expect(
        d,
        identity_sign(
            d, IDENTITY_OUTSIDE, HEADER,
            "{\"iss\":\"https://partner.example\",\"sub\":\"000000000001a\",\"aud\":\"api\",\"exp\":1700001000}"),
        "forward");
    assert_int_equal(who->user, 0);
    /* other types than it is configured for; those of ID tokens are not told apart from JWT */
    expect(d, identity_sign(d, IDENTITY_OUTSIDE, "{\"alg\":\"EdDSA\",\"typ\":\"logout+jwt\"}", PARTNERS("")),
           "token_invalid");
    expect(d,
           identity_sign(d, IDENTITY_OUTSIDE, HEADER,
                         "{\"iss\":\"https://partner.example\",\"aud\":\"api\",\"exp\":1700001000}"),
           "token_invalid"); /* nobody */
    expect(d, identity_sign(d, IDENTITY_OUTSIDE, HEADER, PARTNERS(",\"iat\":1600000000")),
           "token_invalid"); /* too long a life */
    decide_free(d);
}

static void keys_that_are_missing_are_said_to_be(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *away = identity_sign(
        d, IDENTITY_OUTSIDE, HEADER,
        "{\"iss\":\"https://away.example\",\"sub\":\"alice\",\"aud\":\"api\",\"exp\":1700001000}");
    const char *made_up = identity_sign(
        d, IDENTITY_OUTSIDE, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"new\"}", PARTNERS(""));
    expect(d, away, "issuer_unavailable");
    /* asked for a moment ago: it is not among them */
    expect(d, made_up, "token_invalid");
    d->world.unix_s += 29;
    expect(d, made_up, "token_invalid");
    d->world.unix_s += 1;
    expect(d, made_up, "issuer_unavailable");
    expect(d,
           identity_sign(d, IDENTITY_OURS, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"new\"}", OWN("")),
           "token_invalid"); /* ours are all here */
    decide_free(d);
}

static void signatures_are_looked_at_so_often(void **state)
{
    (void)state;
    decide *d = new_unit();
    const char *good = identity_token(d, "alice", "user", ALICE, 5, NULL),
               *other = identity_token(d, "alice", "user", ALICE, 6, NULL);
    assert_string_equal(ask(d, good), "forward");
    for (unsigned i = 0; i < 10; i++) /* remembered: costs nothing */
        assert_string_equal(ask(d, good), "forward");
    assert_string_equal(ask(d, "x.y.z"), "token_invalid");
    assert_string_equal(ask(d, "x.y.z"), "token_invalid");
    assert_string_equal(ask(d, "x.y.z"), "verification_limit");
    assert_int_equal(d->txn.verdict.status, 429);
    decide_answer(d);
    assert_non_null(decide_field(d, "Retry-After"));
    expect_field(d, "RateLimit", NULL);
    assert_string_equal(ask(d, other), "verification_limit"); /* a good one, too */
    assert_string_equal(ask(d, good), "forward");             /* but not one that is known */
    assert_string_equal(decide_request(d, "GET /x"), "forward");
    decide_from(d, "192.0.2.2");
    assert_string_equal(ask(d, other), "forward");
    decide_from(d, "192.0.2.1");
    d->world.now_ms += 61000;
    assert_string_equal(ask(d, "x.y.z"), "token_invalid");
    decide_free(d);
}

/* Revocations are remembered as long as our tokens can live, so nothing of ours may live longer. */
static void none_of_ours_lives_longer_than_what_ends_it(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const char own[] =
        "{\"iss\":\"gatehouse\",\"sub\":\"000000000001a\",\"aud\":\"api\",\"exp\":%u,\"iat\":%u,"
        "\"jti\":\"j\",\"client_id\":\"gatehouse\",\"name\":\"alice\"}";
    const unsigned now = 1700000000, life = d->policy->identity.token.access_s;
    expect(d, identity_sign(d, IDENTITY_OURS, HEADER, decide_text(d, own, now + life, now)), "forward");
    expect(d, identity_sign(d, IDENTITY_OURS, HEADER, decide_text(d, own, now + life + 1, now)),
           "token_invalid");
    expect(d, identity_sign(d, IDENTITY_OURS, HEADER, decide_text(d, own, now + 86400, now)),
           "token_invalid");
    decide_free(d);
}

/* Whoever may have a token revoked may have its signature looked at: it costs the same, and counts with the others. */
static void revoking_counts_too(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const char revoke[] =
        "POST /api/auth/revoke\nContent-Type: application/x-www-form-urlencoded\n\ntoken=x.y.z";
    const char *good = identity_token(d, "alice", "user", ALICE, 5, NULL);
    assert_string_equal(ask(d, "x.y.z"), "token_invalid");
    assert_string_equal(decide_request(d, revoke), "answer 200");
    assert_string_equal(decide_request(d, revoke), "answer 200");
    assert_string_equal(decide_request(d, revoke), "verification_limit");
    assert_int_equal(d->txn.verdict.status, 429);
    assert_string_equal(ask(d, good), "verification_limit");
    assert_string_equal(decide_request(d, "POST /api/auth/logout"), "answer 204"); /* looks at none */
    decide_free(d);
}

/* IPv6 clients have many addresses each. */
static void neighbours_count_together(void **state)
{
    (void)state;
    decide *d = new_unit();
    for (unsigned i = 0; i < 3; i++) {
        decide_from(d, decide_text(d, "2001:db8::%u", i + 1));
        assert_string_equal(ask(d, "x.y.z"), "token_invalid");
    }
    decide_from(d, "2001:db8::99");
    assert_string_equal(ask(d, "x.y.z"), "verification_limit");
    decide_free(d);
}

/* What one policy found good says nothing under another. */
static void a_new_policy_looks_again(void **state)
{
    (void)state;
    decide *d = new_unit(), *other = identity_new("identity: {enabled: on, token: {audience: elsewhere}}\n");
    const char *token = identity_token(d, "alice", "user", ALICE, 5, NULL);
    expect(d, token, "forward");
    gh_token_cache *own = other->tokens;
    other->tokens = d->tokens; /* as a worker's is, over a reload */
    expect(other, token, "token_invalid");
    other->tokens = own;
    expect(d, token, "forward");
    decide_free(d);
    decide_free(other);
}

static void what_does_not_fit_is_refused_not_cut(void **state)
{
    (void)state;
    decide *d = new_unit();
    char word[252];
    memset(word, 'a', sizeof word);
    expect(
        d,
        identity_sign(
            d, IDENTITY_OUTSIDE, HEADER,
            decide_text(
                d,
                "{\"iss\":\"https://partner.example\",\"sub\":\"%.*s\",\"aud\":\"api\",\"exp\":1700001000}",
                128, word)),
        "forward");
    expect(
        d,
        identity_sign(
            d, IDENTITY_OUTSIDE, HEADER,
            decide_text(
                d,
                "{\"iss\":\"https://partner.example\",\"sub\":\"%.*s\",\"aud\":\"api\",\"exp\":1700001000}",
                129, word)),
        "token_invalid");
    expect(d,
           identity_sign(
               d, IDENTITY_OUTSIDE, HEADER,
               decide_text(
                   d,
                   "{\"iss\":\"https://partner.example\",\"sub\":\"a\",\"aud\":\"api\",\"exp\":1700001000,"
                   "\"scope\":\"%.*s\"}",
                   241, word)),
           "token_invalid");
    expect(d,
           identity_sign(
               d, IDENTITY_OUTSIDE, HEADER,
               decide_text(
                   d,
                   "{\"iss\":\"https://partner.example\",\"sub\":\"a\",\"aud\":\"api\",\"exp\":1700001000,"
                   "\"plan\":\"%.*s\"}",
                   33, word)),
           "token_invalid");
    /* names that mean nothing here are left out when there is no room; those that do are not */
    expect(d,
           identity_sign(
               d, IDENTITY_OUTSIDE, HEADER,
               decide_text(
                   d,
                   "{\"iss\":\"https://partner.example\",\"sub\":\"a\",\"aud\":\"api\",\"exp\":1700001000,"
                   "\"realm\":{\"roles\":[\"%.*s\",\"user\"]}}",
                   190, word)),
           "forward");
    assert_true(gh_str_eq(d->txn.principal.roles, GH_STR("user")));
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_minted_is_believed),
        cmocka_unit_test(times_are_kept),
        cmocka_unit_test(an_attack_list),
        cmocka_unit_test(a_changed_token_is_none),
        cmocka_unit_test(an_outside_issuers_are_nobody_of_ours),
        cmocka_unit_test(keys_that_are_missing_are_said_to_be),
        cmocka_unit_test(signatures_are_looked_at_so_often),
        cmocka_unit_test(none_of_ours_lives_longer_than_what_ends_it),
        cmocka_unit_test(revoking_counts_too),
        cmocka_unit_test(neighbours_count_together),
        cmocka_unit_test(a_new_policy_looks_again),
        cmocka_unit_test(what_does_not_fit_is_refused_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
