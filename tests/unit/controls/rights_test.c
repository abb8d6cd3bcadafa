#include "decide.h"

#include "identity.h"

static const char yaml[] =
    "identity:\n"
    "  enabled: on\n"
    "  roles: {user: [items:read, items:write], admin: ['*'], service: ['tokens:introspect']}\n"
    "  issuers:\n"
    "    - {name: partner, issuer: 'https://partner.example', audiences: [api], jwks: 'https://partner.example/jwks',\n"
    "       roles_claim: roles}\n"
    "rate_limits: {enabled: off}\n"
    "routes:\n"
    "  - {name: admin, path: /admin/**, require: {roles: [admin]}}\n"
    "  - {name: own, path: '/users/{id}', require: {claims: {user: '{id}'}, unless_role: admin}}\n"
    "  - {name: org, path: '/orgs/{org}', require: {claims: {org: '{org}'}}}\n"
    "  - {name: write, path: /items/**, methods: [POST], require: {permissions: [items:write]}}\n"
    "  - {name: scoped, path: /scoped/**, require: {scopes: [reports]}}\n"
    "  - {name: keys, path: /machine/**, require: {proofs: [api_key]}}\n"
    "  - {name: read, path: /read/**, methods: [GET], require: {user: on}}\n"
    "  - {name: device, path: /device/**, require: {device: on}}\n"
    "  - {name: open, path: /**}\n";

enum { ALICE = 42, ADMIN = 43, SERVICE = 44 };

static decide *new_with(const char *config)
{
    decide *d = identity_new(config);
    identity_user(d, ALICE, "alice", "user", "");
    identity_user(d, ADMIN, "root", "admin", "");
    identity_user(d, SERVICE, "service", "service", "");
    return d;
}

static void expect(decide *d, const char *line, const char *fields, const char *verdict)
{
    const char *got = decide_request(d, decide_text(d, "%s\n%s", line, fields));
    if (strcmp(got, verdict) != 0)
        fail_msg("%s, not %s: %s (%s)", got, verdict, line, d->txn.verdict.detail);
}

static const char *key(decide *d, gh_id user, const char *scopes)
{
    return decide_text(d, "X-API-Key: %s", identity_api_key(d, user, user + 100, scopes, ""));
}

static void demands_of_routes(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    const char *alice = key(d, ALICE, NULL), *root = key(d, ADMIN, NULL);
    expect(d, "GET /admin/x", "A: b", "credentials_required");
    decide_answer(d);
    expect_field(d, "WWW-Authenticate", "Bearer realm=\"gatehouse\"");
    expect(d, "GET /admin/x", alice, "role_required");
    decide_answer(d);
    expect_field(d, "WWW-Authenticate", NULL);
    expect(d, "GET /admin/x", root, "forward");
    expect(d, "GET /users/000000000001a", alice, "forward");
    expect(d, "GET /users/000000000001b", alice, "claim_mismatch");
    expect(d, "GET /users/000000000001%61", alice, "forward");
    expect(d, "GET /users/000000000001a", root, "forward");
    expect(d, "GET /users/000000000001a", "A: b", "credentials_required");
    expect(d, "POST /items/1", alice, "forward");
    expect(d, "POST /items/1", key(d, SERVICE, NULL), "permission_required");
    expect(d, "GET /items/1", "A: b", "forward"); /* another method, another route */
    expect(d, "GET /machine/1", alice, "forward");
    expect(d, "GET /anything", "A: b", "forward");
    decide_free(d);
}

static void what_scopes_leave(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    expect(d, "GET /scoped/x", key(d, ALICE, "reports"), "forward");
    expect(d, "GET /scoped/x", key(d, ALICE, "items:read"), "insufficient_scope");
    decide_answer(d);
    expect_field(
        d, "WWW-Authenticate",
        "Bearer realm=\"gatehouse\", error=\"insufficient_scope\", error_description=\"The token or key does not "
        "cover this.\", scope=\"reports\"");
    expect(d, "POST /items/1", key(d, ALICE, "items:read"), "insufficient_scope");
    decide_answer(d);
    assert_non_null(strstr(decide_field(d, "WWW-Authenticate"), "scope=\"items:write\""));
    expect(d, "POST /items/1", key(d, ALICE, "items:read items:write"), "forward");
    expect(d, "GET /admin/x", key(d, ADMIN, "items:read"), "forward"); /* roles are not scopes */
    decide_free(d);
}

static void kinds_of_proof(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    const char *session = decide_text(d, "Cookie: __Host-session=%s", identity_session(d, ALICE, 1, 0));
    expect(d, "GET /machine/x", session, "proof_not_accepted");
    expect(d, "GET /device/x", session, "device_required");
    expect(d, "GET /device/x", decide_text(d, "X-Device-Token: %s", identity_device(d, 0, 8)), "forward");
    expect(d, "GET /device/x", "X-Device-ID: 0000000000008", "device_required");
    decide_free(d);
}

/* An upstream answers HEAD as GET, body aside: what is kept from the one is kept from the other. */
static void head_is_kept_as_get_is(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    expect(d, "GET /read/x", "A: b", "credentials_required");
    expect(d, "HEAD /read/x", "A: b", "credentials_required");
    expect(d, "HEAD /Read/x", "A: b", "credentials_required");
    expect(d, "HEAD /read/x", key(d, ALICE, NULL), "forward");
    expect(d, "POST /read/x", "A: b", "forward");
    decide_free(d);
}

/* Upstreams that take other spellings for the same path must not give away what a route keeps. */
static void other_spellings_lead_nowhere_else(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    static const char *const paths[] = {"/Admin/x",  "/ADMIN/x",   "/admin;a=b/x", "/admin/../admin/x",
                                        "//admin/x", "/%61dmin/x", "/admin/",      "/./admin/x"};
    const char *alice = key(d, ALICE, NULL);
    for (size_t i = 0; i < GH_COUNT(paths); i++) {
        expect(d, decide_text(d, "GET %s", paths[i]), "A: b", "credentials_required");
        expect(d, decide_text(d, "GET %s", paths[i]), alice, "role_required");
        expect(d, decide_text(d, "GET %s", paths[i]), key(d, ADMIN, NULL), "forward");
    }
    /* whose it is can't be said of a path that is none of the route's */
    expect(d, "GET /users/000000000001a/", alice, "claim_mismatch");
    expect(d, "GET /Users/000000000001a", alice, "claim_mismatch");
    expect(d, "GET /users/000000000001a;x=y", alice, "claim_mismatch");
    expect(d, "GET /admins/x", "A: b", "forward"); /* another path is another path */
    decide_free(d);
}

static void denied_by_default(void **state)
{
    (void)state;
    decide *d = new_with("identity: {enabled: on, deny_by_default: on}\n"
                         "rate_limits: {enabled: off}\n"
                         "routes:\n"
                         "  - {name: open, path: /open/**, require: {public: on}}\n"
                         "  - {name: some, path: /some/**}\n");
    expect(d, "GET /some/x", "A: b", "credentials_required");
    expect(d, "GET /no/route", "A: b", "credentials_required");
    expect(d, "GET /open/x", "A: b", "forward");
    expect(d, "GET /some/x", key(d, ALICE, NULL), "forward");
    expect(d, "GET /open/x", "Authorization: Bearer x", "token_invalid");
    expect(d, "GET /.well-known/jwks.json", "A: b", "answer 200");
    decide_free(d);
}

/* A preflight carries no credentials (WHATWG Fetch): it is answered before anybody is asked for. */
static void preflights_are_not_asked_who_they_are(void **state)
{
    (void)state;
    decide *d = new_with("identity: {enabled: on, deny_by_default: on}\n"
                         "cors: {enabled: on, origins: ['https://a.example'], methods: [GET]}\n");
    expect(d, "OPTIONS /some/x", "Origin: https://a.example\nAccess-Control-Request-Method: GET",
           "answer 204");
    expect(d, "GET /some/x", "Origin: https://a.example", "credentials_required");
    decide_answer(d);
    expect_field(d, "Access-Control-Allow-Origin", "https://a.example");
    decide_free(d);
}

static void endpoints_ask_for_what_they_need(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    const char *session = decide_text(d, "Cookie: __Host-session=%s", identity_session(d, ALICE, 1, 0));
    const char *whole =
        decide_text(d, "Authorization: Bearer %s", identity_token(d, "alice", "user", ALICE, 2, NULL));
    const char *scoped =
        decide_text(d, "Authorization: Bearer %s", identity_token(d, "alice", "user", ALICE, 2, "x"));
    const char *outside = decide_text(
        d, "Authorization: Bearer %s",
        identity_sign(
            d, IDENTITY_OUTSIDE, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",
            "{\"iss\":\"https://partner.example\",\"sub\":\"000000000001a\",\"aud\":\"api\",\"exp\":1700001000,"
            "\"roles\":[\"admin\"]}"));
    expect(d, "GET /api/auth/me", "A: b", "credentials_required");
    expect(d, "GET /api/auth/me", session, "answer 200");
    expect(d, "GET /api/auth/me", whole, "answer 200");
    expect(d, "GET /api/auth/me", key(d, ALICE, "items:read"), "answer 200");
    expect(d, "GET /api/auth/me", outside, "proof_not_accepted"); /* no account here */
    /* what would give a lesser credential the rest */
    static const char *const own[] = {"GET /api/auth/sessions", "DELETE /api/auth/sessions",
                                      "GET /api/auth/keys", "GET /api/auth/account"};
    for (size_t i = 0; i < GH_COUNT(own); i++) {
        expect(d, own[i], "A: b", "credentials_required");
        expect(d, own[i], key(d, ALICE, NULL), "proof_not_accepted");
        expect(d, own[i], scoped, "proof_not_accepted");
        expect(d, own[i], outside, "proof_not_accepted");
        expect(d, own[i], whole, "identity_unavailable"); /* let in; here nobody does the work */
    }
    static const char form[] = "Content-Type: application/x-www-form-urlencoded";
    expect(d, decide_text(d, "POST /api/auth/introspect\n%s", form), "\ntoken=x", "credentials_required");
    expect(d, decide_text(d, "POST /api/auth/introspect\n%s", form),
           decide_text(d, "%s\n\ntoken=x", key(d, ALICE, NULL)), "permission_required");
    expect(d, decide_text(d, "POST /api/auth/introspect\n%s", form),
           decide_text(d, "%s\n\ntoken=x", key(d, SERVICE, NULL)), "answer 200");
    decide_free(d);
}

static void claims_of_outside_tokens(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    const char *token = decide_text(
        d, "Authorization: Bearer %s",
        identity_sign(
            d, IDENTITY_OUTSIDE, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",
            "{\"iss\":\"https://partner.example\",\"sub\":\"000000000001a\",\"aud\":\"api\",\"exp\":1700001000,"
            "\"org\":\"acme\"}"));
    for (unsigned i = 0; i < 2; i++) { /* verified, then remembered */
        expect(d, "GET /orgs/acme", token, "forward");
        expect(d, "GET /orgs/other", token, "claim_mismatch");
        expect(d, "GET /users/000000000001a", token, "claim_mismatch"); /* its `sub` is not our user */
    }
    expect(d, "GET /orgs/acme", key(d, ALICE, NULL), "claim_mismatch");
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demands_of_routes),
        cmocka_unit_test(what_scopes_leave),
        cmocka_unit_test(head_is_kept_as_get_is),
        cmocka_unit_test(kinds_of_proof),
        cmocka_unit_test(other_spellings_lead_nowhere_else),
        cmocka_unit_test(denied_by_default),
        cmocka_unit_test(preflights_are_not_asked_who_they_are),
        cmocka_unit_test(endpoints_ask_for_what_they_need),
        cmocka_unit_test(claims_of_outside_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
