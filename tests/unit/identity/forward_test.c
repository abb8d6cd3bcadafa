/* What goes to the upstream, and what does not. */
#include "identity/token.h"

#include <stdio.h>

#include "base/base64url.h"
#include "identity.h"
#include "wire/jws.h"
#include "wire/jwt.h"

static const char yaml[] =
    "identity:\n"
    "  enabled: on\n"
    "  upstream: {assertion: on, assertion_audience: orders}\n"
    "  issuers:\n"
    "    - {name: partner, issuer: 'https://partner.example', audiences: [api], jwks: 'https://partner.example/jwks',\n"
    "       roles_claim: roles}\n"
    "rate_limits: {enabled: off, default_tier: free, rules: [{name: r, limits: [9/minute], tiers: {free: {limits: [9/minute]}}}]}\n";

enum { ALICE = 42 };

static decide *new_with(const char *config)
{
    decide *d = identity_new(config);
    identity_user(d, ALICE, "alice", "user admin", "");
    return d;
}

/* Into d->head, so that decide_field() finds them. */
static void forward(decide *d, const char *fields)
{
    gh_buf out = gh_buf_over(d->head, sizeof d->head - 1);
    assert_string_equal(decide_request(d, decide_text(d, "GET /x\n%s", fields)), "forward");
    gh_identity_forward(&d->txn, &out);
    assert_true(gh_buf_ok(&out));
    d->head[out.n] = '\0';
}

static const char *const all[] = {"User",   "Name",    "Roles",  "Tier", "Auth",
                                  "Scopes", "Session", "Device", "Key",  "Issuer"};

/* "User=..;Auth=.." of those there are. */
static void expect(decide *d, const char *fields, const char *lines)
{
    char text[1024];
    gh_buf out = gh_buf_over(text, sizeof text);
    forward(d, fields);
    for (size_t i = 0; i < GH_COUNT(all); i++) {
        const char *value = decide_field(d, decide_text(d, "X-Gatehouse-%s", all[i]));
        if (value != NULL)
            gh_buf_printf(&out, "%s=%s;", all[i], value);
    }
    gh_buf_char(&out, '\0');
    assert_string_equal(text, lines);
}

static const char *foreign(decide *d, const char *more)
{
    return decide_text(d, "Authorization: Bearer %s",
                       identity_sign(d, IDENTITY_OUTSIDE, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",
                                     decide_text(d,
                                                 "{\"iss\":\"https://partner.example\",\"aud\":\"api\","
                                                 "\"exp\":1700001000%s}",
                                                 more)));
}

static void the_upstream_learns_who_asks(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    expect(d, "A: b", "Auth=none;");
    expect(
        d, decide_text(d, "Cookie: __Host-session=%s", identity_session(d, ALICE, 1, 7)),
        "User=000000000001a;Name=alice;Roles=user admin;Tier=free;Auth=session;Session=0000000000001;Device="
        "0000000000007;");
    expect(
        d, decide_text(d, "X-API-Key: %s", identity_api_key(d, ALICE, 2, "items:read", "premium")),
        "User=000000000001a;Name=alice;Roles=user admin;Tier=premium;Auth=api_key;Scopes=items:read;Key=0000000000002;");
    expect(d, decide_text(d, "X-Device-Token: %s", identity_device(d, 0, 8)),
           "Auth=none;Device=0000000000008;");
    /* an outside issuer's are in Name and Issuer: User is one of ours, or nobody */
    expect(d, foreign(d, ",\"sub\":\"000000000001a\",\"scope\":\"a b\""),
           "Name=000000000001a;Tier=free;Auth=token;Scopes=a b;Issuer=https://partner.example;");
    decide_free(d);
}

static void no_value_ends_its_line(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    expect(
        d, foreign(d, ",\"sub\":\"J\\u00f6rg 100% \\u2028\",\"roles\":[\"r\\u00f6\"]"),
        "Name=J%C3%B6rg 100%25 %E2%80%A8;Roles=r%C3%B6;Tier=free;Auth=token;Issuer=https://partner.example;");
    assert_string_equal(decide_request(d, decide_text(d, "GET /x\n%s",
                                                      foreign(d, ",\"sub\":\"a\\r\\nX-Gatehouse-User: b\""))),
                        "token_invalid");
    decide_free(d);
}

static void it_can_be_switched_off(void **state)
{
    (void)state;
    decide *d = new_with("identity: {enabled: on, upstream: {headers: off}}\n");
    forward(d, decide_text(d, "Cookie: __Host-session=%s", identity_session(d, ALICE, 1, 0)));
    assert_string_equal(d->head, "");
    decide_free(d);
    d = decide_new("");
    assert_string_equal(decide_request(d, "GET /x"), "forward");
    gh_buf out = gh_buf_over(d->head, sizeof d->head);
    gh_identity_forward(&d->txn, &out);
    assert_int_equal(out.n, 0);
    assert_int_equal(gh_identity_strip(&d->txn), 0);
    decide_free(d);
}

static void read_assertion(decide *d, gh_jws *jws, gh_jwt_claims *claims)
{
    const char *text = decide_field(d, "X-Gatehouse-Assertion"), *claim = NULL;
    assert_non_null(text);
    const gh_issuer *us = &d->policy->identity.issuers[0];
    text = decide_text(d, "%s", text);
    assert_int_equal(gh_jws_read(gh_str_of(text), &d->kept, jws), GH_JWS_OK);
    assert_int_equal(gh_jws_verify(jws, us->keys[0].key), GH_JWS_OK);
    assert_int_equal(gh_jwt_read(jws->payload, &d->kept, claims, &claim), GH_JWT_OK);
}

static void the_assertion_says_the_same(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    gh_jws jws;
    gh_jwt_claims c;
    forward(d, decide_text(d, "Cookie: __Host-session=%s", identity_session(d, ALICE, 1, 7)));
    read_assertion(d, &jws, &c);
    assert_true(gh_str_eq(jws.typ, GH_STR("gatehouse-assertion+jwt")));
    assert_true(gh_str_eq(c.iss, GH_STR("gatehouse")) && c.aud_n == 1 &&
                gh_str_eq(c.aud[0], GH_STR("orders")));
    assert_true(gh_str_eq(c.sub, GH_STR("000000000001a")) && gh_str_eq(c.sid, GH_STR("0000000000001")));
    assert_true(c.iat == 1700000000 && c.exp == 1700000060 && gh_str_eq(c.jti, gh_txn_id(&d->txn)));
    assert_true(c.roles_n == 2 && gh_str_eq(c.roles[1], GH_STR("admin")) &&
                gh_str_eq(c.tier, GH_STR("free")));
    assert_true(gh_str_eq(gh_json_lit(c.root, "auth")->text, GH_STR("session")));
    assert_true(gh_str_eq(gh_json_lit(c.root, "device")->text, GH_STR("0000000000007")));
    /* it is no access token */
    const char *text = decide_text(d, "%s", decide_field(d, "X-Gatehouse-Assertion"));
    assert_string_equal(decide_request(d, decide_text(d, "GET /x\nAuthorization: Bearer %s", text)),
                        "token_invalid");
    forward(d, "A: b");
    expect_field(d, "X-Gatehouse-Assertion", NULL);
    forward(d, foreign(d, ",\"sub\":\"000000000001a\""));
    read_assertion(d, &jws, &c);
    assert_null(c.sub.p);
    assert_true(gh_str_eq(gh_json_lit(c.root, "name")->text, GH_STR("000000000001a")));
    assert_true(gh_str_eq(gh_json_lit(c.root, "issuer")->text, GH_STR("https://partner.example")));
    decide_free(d);
}

static void no_room_is_said(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    char little[100];
    gh_buf out = gh_buf_over(little, sizeof little);
    forward(d, decide_text(d, "Cookie: __Host-session=%s", identity_session(d, ALICE, 1, 7)));
    gh_identity_forward(&d->txn, &out);
    assert_false(gh_buf_ok(&out));
    decide_free(d);
}

static void expect_stripped(decide *d, const char *fields, uint64_t bits)
{
    assert_string_equal(decide_request(d, decide_text(d, "GET /x\n%s", fields)), "forward");
    if (gh_identity_strip(&d->txn) != bits)
        fail_msg("%llx: %s", (unsigned long long)gh_identity_strip(&d->txn), fields);
}

static void credentials_of_ours_stay_here(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    const char *key = identity_api_key(d, ALICE, 2, NULL, "");
    const uint64_t authorization = GH_FIELD_BIT(GH_FIELD_AUTHORIZATION),
                   cookie = GH_FIELD_BIT(GH_FIELD_COOKIE);
    expect_stripped(d, "A: b", 0);
    expect_stripped(d, "Authorization: Basic YTpi\nCookie: a=b", cookie);
    expect_stripped(
        d, decide_text(d, "Authorization: Bearer %s", identity_token(d, "alice", "user", ALICE, 0, NULL)),
        authorization);
    expect_stripped(d, decide_text(d, "Authorization: Bearer %s", key), authorization);
    expect_stripped(d, decide_text(d, "X-API-Key: %s", key), GH_FIELD_BIT(GH_FIELD_X_API_KEY));
    expect_stripped(d, decide_text(d, "X-API-Key: %s\nAuthorization: Basic YTpi", key),
                    GH_FIELD_BIT(GH_FIELD_X_API_KEY));
    expect_stripped(d, decide_text(d, "X-Device-Token: %s", identity_device(d, 0, 8)),
                    GH_FIELD_BIT(GH_FIELD_X_DEVICE_TOKEN));
    /* What a client says of itself goes on only with its proof. */
    expect_stripped(d, "X-Device-ID: 0000000000008", GH_FIELD_BIT(GH_FIELD_X_DEVICE_ID));
    expect_stripped(
        d, decide_text(d, "X-Device-ID: 0000000000008\nX-Device-Token: %s", identity_device(d, 0, 8)),
        GH_FIELD_BIT(GH_FIELD_X_DEVICE_TOKEN));
    expect_stripped(
        d, decide_text(d, "X-Device-ID: 0000000000009\nX-Device-Token: %s", identity_device(d, 0, 8)),
        GH_FIELD_BIT(GH_FIELD_X_DEVICE_TOKEN) | GH_FIELD_BIT(GH_FIELD_X_DEVICE_ID));
    expect_stripped(d, foreign(d, ",\"sub\":\"a\""), 0); /* the upstream may know its issuer, too */
    decide_free(d);
    d = new_with("identity: {enabled: on, upstream: {forward_credentials: on}}\n");
    expect_stripped(d, decide_text(d, "X-API-Key: %s\nCookie: a=b", identity_api_key(d, ALICE, 2, NULL, "")),
                    0);
    decide_free(d);
}

static void cookies_of_others_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"a=b", "a=b"},
        {"a=b; c=d", "a=b; c=d"},
        {"__Host-session=x", ""},
        {"a=b; __Host-session=x; c=d", "a=b; c=d"},
        {"__Host-session=x; __Host-csrf=y;__Host-device=z", ""},
        {"a=b; __Host-session = x; __Host-session=y", "a=b"},
        {"a=\"b; c\"; __Host-session=x", "a=\"b; c\""},
        {"session=x; __host-session=y", "session=x; __host-session=y"},
        {"__Host-session", ""},
        {";; a=b ;;", "a=b"},
        {"", ""},
    };
    decide *d = new_with(yaml);
    assert_string_equal(decide_request(d, "GET /x"), "forward");
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char text[128];
        gh_buf out = gh_buf_over(text, sizeof text);
        gh_buf_lit(&out, "Cookie: ");
        gh_identity_strip_cookies(&d->txn, gh_str_of(rows[i].before), &out);
        gh_buf_char(&out, '\0');
        assert_string_equal(text + 8, rows[i].after);
    }
    decide_free(d);
}

static void mint_says_no(void **state)
{
    (void)state;
    decide *d = new_with(yaml);
    char text[GH_TOKEN_TEXT_MAX];
    gh_buf out = gh_buf_over(text, sizeof text), little = gh_buf_over(text, 100);
    gh_subject who = {.user = ALICE}, nobody = {.user = 0}, many = {.user = ALICE};
    gh_token_request good = {.subject = &who}, none = {.subject = &nobody}, roles = {.subject = &many};
    gh_token_request empty = {.subject = &who, .scopes = GH_STR("")};
    gh_world timeless = d->world;
    timeless.unix_s = 0;
    for (unsigned i = 0; i < 33; i++)
        memcpy(many.roles.p + i * 2, "a ", 2);
    many.roles.n = 66;
    assert_false(gh_token_mint(&d->policy->identity, &d->world, &none, &out));
    assert_false(gh_token_mint(&d->policy->identity, &d->world, &roles, &out));
    assert_false(gh_token_mint(&d->policy->identity, &d->world, &empty, &out)); /* would be unlimited */
    assert_false(gh_token_mint(&d->policy->identity, &timeless, &good, &out));
    assert_false(gh_token_mint(&d->policy->identity, &d->world, &good, &little));
    out = gh_buf_over(text, sizeof text);
    assert_true(gh_token_mint(&d->policy->identity, &d->world, &good, &out));
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_upstream_learns_who_asks),
        cmocka_unit_test(no_value_ends_its_line),
        cmocka_unit_test(it_can_be_switched_off),
        cmocka_unit_test(the_assertion_says_the_same),
        cmocka_unit_test(no_room_is_said),
        cmocka_unit_test(credentials_of_ours_stay_here),
        cmocka_unit_test(cookies_of_others_go_on),
        cmocka_unit_test(mint_says_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
