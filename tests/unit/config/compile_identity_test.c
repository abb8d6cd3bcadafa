/* Identity from settings to the policy: figures, cookies, keys of our own. */
#include "identity_helper.h"

static void test_names_of_the_products(void **state)
{
    loaded *l = expect_clean(&(given){.dotenv = "SECRET_KEY=" KEY "\nMAX_SESSION_AGE=43200\n"
                                                "SESSION_CLEANUP_INTERVAL=600\nAUTH_ATTEMPT_TIMEOUT=120\n"
                                                "MAX_AUTH_ATTEMPTS=3\nDEVICE_REGISTRATION_TIMEOUT=900\n"
                                                "MAX_DEVICES_PER_USER=4\nGATEHOUSE_IDENTITY_ENABLED=true\n",
                                      .upstream = "http://a"});
    const gh_identity_config *i = &l->config->identity;
    (void)state;
    expect_str(l->config->secret_key, KEY);
    assert_int_equal(i->enabled, GH_ON);
    assert_int_equal(i->session.max_age, 43200);
    assert_int_equal(i->session.cleanup_interval, 600);
    assert_int_equal(i->attempts.timeout, 120);
    assert_int_equal(i->attempts.max, 3);
    assert_int_equal(i->devices.registration_timeout, 900);
    assert_int_equal(i->devices.max_per_user, 4);
    unload(l);
}

/* Nothing of it where it is off, and nothing is taken into the working directory. */
static void test_off(void **state)
{
    built *b = build("upstreams: [{name: a, servers: [http://a:1]}]\n", NULL, NULL);
    (void)state;
    assert_string_equal(b->text, "");
    assert_false(b->policy->identity.enabled);
    assert_int_equal(b->policy->identity.n_endpoints, 0);
    assert_null(b->l->config->data_folder.p);
    assert_int_equal(b->l->config->identity.n_roles, 0);
    unbuild(b);
}

static void test_defaults(void **state)
{
    built *b = build_good(HS256);
    const gh_identity_policy *i = &b->policy->identity;
    (void)state;
    expect_str(b->l->config->data_folder, "gatehouse-data");
    assert_true(i->enabled && !i->deny_by_default && !i->registration_open);
    expect_str(i->prefix, "/api/auth");
    expect_str(i->new_user_roles, "user");
    assert_null(i->new_user_tier.p);
    expect_str(i->session.name, "__Host-session");
    expect_str(i->session.device_name, "__Host-device");
    expect_str(i->session.csrf_name, "__Host-csrf");
    expect_str(i->session.attributes, "; Path=/; Secure; SameSite=Lax");
    assert_int_equal(i->session.idle_s, 1800);
    assert_int_equal(i->session.absolute_s, 86400);
    assert_int_equal(i->session.most, 20);
    assert_true(i->session.end_oldest);
    assert_int_equal(i->token.access_s, 1800);
    assert_int_equal(i->token.refresh_s, 30 * 86400);
    assert_int_equal(i->token.idle_s, 14 * 86400);
    assert_int_equal(i->token.grace_s, 10);
    assert_int_equal(i->token.leeway_s, 30);
    expect_str(i->token.audience, "api");
    assert_true(i->csrf.enabled && !i->csrf.same_site);
    expect_str(i->csrf.header, "X-CSRF-Token");
    expect_str(i->csrf.field, "csrf_token");
    assert_int_equal(i->password.min_length, 15);
    assert_int_equal(i->attempts.per_account, 5);
    assert_int_equal(i->attempts.per_address, 50);
    assert_int_equal(i->attempts.whole_account, 100);
    assert_int_equal(i->attempts.window_s, 300);
    assert_int_equal(i->verifications.requests, 600);
    assert_int_equal(i->verifications.window_ms, 60000);
    assert_true(i->verifications.ticks > 0);
    assert_int_equal(i->device.most, 10);
    assert_int_equal(i->device.timeout_s, 1800);
    assert_int_equal(i->device.most_anonymous, 20);
    assert_false(i->device.anonymous);
    expect_str(i->key.prefix, "ghk");
    assert_int_equal(i->key.most, 50);
    assert_int_equal(i->key.max_age_s, 0);
    assert_true(i->upstream.headers && !i->upstream.assertion && !i->upstream.forward_credentials);
    unbuild(b);
}

static void test_what_is_set(void **state)
{
    built *b = build_good(
        HS256
        "  prefix: /auth\n  registration: open\n  new_user_roles: [user, premium]\n  new_user_tier: free\n"
        "  session: {cookie: sid, same_site: strict, insecure_cookies: on, at_limit: refuse, max_per_user: 0}\n"
        "  csrf: {same_site: on, exempt_paths: [/hooks/**], origins: [\"HTTPS://A.example:443\"]}\n"
        "  devices: {anonymous: on, anonymous_per_address: 7}\n  api_keys: {max_lifetime: 90d}\n"
        "  upstream: {headers: off, forward_credentials: on}\n");
    const gh_identity_policy *i = &b->policy->identity;
    (void)state;
    assert_true(i->registration_open);
    expect_str(i->prefix, "/auth");
    expect_str(i->new_user_roles, "user premium");
    expect_str(i->new_user_tier, "free");
    expect_str(i->session.name, "sid");
    expect_str(i->session.device_name, "device");
    expect_str(i->session.csrf_name, "csrf");
    expect_str(i->session.attributes, "; Path=/; SameSite=Strict");
    assert_int_equal(i->session.most, 0);
    assert_false(i->session.end_oldest);
    assert_true(i->csrf.same_site);
    assert_int_equal(i->csrf.n_exempt, 1);
    assert_true(gh_path_pattern_match(&i->csrf.exempt[0], GH_STR("/hooks/a"), NULL));
    assert_int_equal(i->csrf.n_origins, 1);
    expect_str(i->csrf.origins[0], "https://a.example");
    assert_true(i->device.anonymous);
    assert_int_equal(i->device.most_anonymous, 7);
    assert_int_equal(i->key.max_age_s, 90 * 86400);
    assert_true(!i->upstream.headers && i->upstream.forward_credentials);
    unbuild(b);
}

/* Pages that may send cookies are those whose requests are believed. */
static void test_origins_of_cors_are_trusted(void **state)
{
    built *b = build_good(HS256 "cors: {enabled: on, credentials: on, origins: [https://a.example]}\n");
    (void)state;
    assert_int_equal(b->policy->identity.csrf.n_origins, 1);
    expect_str(b->policy->identity.csrf.origins[0], "https://a.example");
    unbuild(b);
    b = build_good(HS256 "cors: {enabled: on, origins: [https://a.example]}\n");
    assert_int_equal(b->policy->identity.csrf.n_origins, 0);
    unbuild(b);
}

/* A default is not longer than what was set for the whole. */
static void test_defaults_give_way(void **state)
{
    built *b =
        build_good(ON "  token: {algorithm: HS256, refresh_lifetime: 10m}\n  session: {max_age: 5m}\n");
    const gh_identity_policy *i = &b->policy->identity;
    (void)state;
    assert_int_equal(i->session.idle_s, 300);
    assert_int_equal(i->token.access_s, 600);
    assert_int_equal(i->token.idle_s, 600);
    unbuild(b);
}

static void test_limit_keeps_its_counters(void **state)
{
    uint64_t first, second;
    built *b = build_good(HS256);
    (void)state;
    first = b->policy->identity.verifications.seed;
    unbuild(b);
    b = build_good(HS256 "  prefix: /other\n");
    assert_int_equal(b->policy->identity.verifications.seed, first);
    unbuild(b);
    b = build_good(HS256 "  verifications: 601/minute\n");
    second = b->policy->identity.verifications.seed;
    assert_true(second != first);
    unbuild(b);
}

/* Each key is of the secret, and no two are alike. */
static void test_derived_keys(void **state)
{
    built *b = build_good(HS256);
    gh_identity_keys keys = b->policy->identity.keys;
    gh_key_generation first = keys.generations[0];
    const gh_hmac_key *macs[] = {&first.credential, &first.authentic, &first.csrf, &keys.naming, &first.seal};
    uint8_t seal[GH_SEAL_KEY_SIZE], one[GH_SHA256_SIZE], other[GH_SHA256_SIZE];
    gh_str text = GH_STR("text");
    gh_hmac_key expected;
    (void)state;
    assert_int_equal(keys.n_generations, 1);
    assert_true(first.id == 0 && first.state == GH_KEY_ACTIVE && !first.kept && keys.active == 0);
    unbuild(b);
    for (size_t i = 0; i < GH_COUNT(macs); i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(macs[i], macs[k], sizeof *macs[i]);
    gh_hkdf(GH_STR(KEY), GH_STR("ring"), seal, sizeof seal);
    assert_memory_equal(seal, keys.ring, sizeof seal);
    gh_hkdf(GH_STR(KEY), GH_STR("csrf"), seal, sizeof seal);
    gh_hmac_key_init(&expected, (gh_str){(const char *)seal, sizeof seal});
    gh_hmac(&expected, &text, 1, one);
    gh_hmac(&first.csrf, &text, 1, other);
    assert_memory_equal(one, other, sizeof one);
    b = build(HS256, KEY "0", NULL);
    assert_memory_not_equal(&b->policy->identity.keys.generations[0].csrf, &first.csrf, sizeof first.csrf);
    assert_memory_not_equal(b->policy->identity.keys.ring, keys.ring, sizeof keys.ring);
    assert_memory_not_equal(b->policy->identity.keys.cache, keys.cache, sizeof keys.cache);
    unbuild(b);
}

static void test_secret_is_needed(void **state)
{
    static const char report[] =
        "error: identity.enabled needs secret_key (SECRET_KEY) of 32 bytes or more; make one with: openssl rand -hex "
        "32\n";
    (void)state;
    static const char *const secrets[] = {NULL, "", "0123456789abcdef0123456789abcde"};
    for (size_t i = 0; i < GH_COUNT(secrets); i++) {
        built *b = build(HS256, secrets[i], NULL);
        assert_string_equal(b->text, report);
        unbuild(b);
    }
}

/* HS256 is by the secret itself: what another program signs with the same SECRET_KEY is believed. */
static void test_secret_signs(void **state)
{
    const char *why = NULL;
    uint8_t signature[GH_SIGNATURE_MAX];
    size_t n = 0;
    built *b = build_good(HS256);
    const gh_issuer *us = &b->policy->identity.issuers[0];
    gh_signing_key *key = gh_signing_key_secret(GH_STR(KEY), &why);
    (void)state;
    assert_int_equal(us->n_keys, 1);
    assert_int_equal(b->policy->identity.active_key, 0);
    assert_true(gh_sign(key, GH_STR("data"), signature, &n));
    assert_true(gh_verify(us->keys[0].key, GH_STR("data"), (gh_str){(const char *)signature, n}));
    assert_true(gh_str_eq(us->keys[0].kid, gh_signing_key_kid(key)));
    expect_str(us->name, "gatehouse");
    expect_str(us->issuer, "gatehouse");
    assert_int_equal(us->n_audiences, 1);
    expect_str(us->audiences[0], "api");
    assert_int_equal(us->n_types, 1);
    expect_str(us->types[0], "at+jwt");
    assert_null(us->jwks.p);
    gh_signing_key_free(key);
    unbuild(b);
}

static void test_ring(void **state)
{
    char der[48];
    gh_identity_ring_key keys[] = {{.kid = GH_STR("k1"), .alg = GH_EDDSA, .state = GH_KEY_RETIRING},
                                   {.alg = GH_EDDSA, .state = GH_KEY_ACTIVE}};
    ring r = {keys, 2, NULL};
    (void)state;
    keys[0].pkcs8 = keys[1].pkcs8 = eddsa_pkcs8(der);
    built *b = build(ON, KEY, &r);
    assert_string_equal(b->text, "");
    const gh_issuer *us = &b->policy->identity.issuers[0];
    assert_int_equal(us->n_keys, 2);
    assert_int_equal(b->policy->identity.active_key, 1);
    expect_str(us->keys[0].kid, "k1");
    assert_int_equal(us->keys[0].state, GH_KEY_RETIRING);
    expect_str(us->keys[1].kid, EDDSA_KID);
    assert_true(gh_signing_key_signs(us->keys[1].key));
    unbuild(b);
    /* with HS256 the ring only verifies what was signed before */
    b = build(HS256, KEY, &r);
    assert_string_equal(b->text, "");
    us = &b->policy->identity.issuers[0];
    assert_int_equal(us->n_keys, 3);
    assert_int_equal(b->policy->identity.active_key, 0);
    assert_int_equal(gh_signing_key_alg(us->keys[0].key), GH_HS256);
    assert_int_equal(us->keys[2].state, GH_KEY_RETIRING);
    unbuild(b);
}

/* Another algorithm does not stop the server: the key that is there signs until it is rotated. */
static void test_ring_of_another_algorithm(void **state)
{
    char der[48];
    gh_identity_ring_key key = {.alg = GH_EDDSA, .state = GH_KEY_ACTIVE, .pkcs8 = eddsa_pkcs8(der)};
    built *b = build(ON "  token: {algorithm: ES256}\n", KEY, &(ring){&key, 1, NULL});
    (void)state;
    assert_string_equal(
        b->text,
        "warning: identity.token.algorithm is ES256, but the active signing key is of EdDSA and goes "
        "on signing; make a new one with: gatehouse key rotate\n");
    assert_non_null(b->policy);
    assert_int_equal(
        gh_signing_key_alg(b->policy->identity.issuers[0].keys[b->policy->identity.active_key].key),
        GH_EDDSA);
    unbuild(b);
}

static void test_rings_that_can_not_be(void **state)
{
    char der[48];
    gh_identity_ring_key one[] = {{.kid = GH_STR("k1"), .alg = GH_EDDSA, .state = GH_KEY_ACTIVE},
                                  {.kid = GH_STR("k2"), .alg = GH_EDDSA, .state = GH_KEY_ACTIVE}};
    gh_identity_ring_key wrong = {.kid = GH_STR("k3"), .alg = GH_ES256, .state = GH_KEY_ACTIVE},
                         bad = {.kid = GH_STR("k4"),
                                .alg = GH_EDDSA,
                                .state = GH_KEY_ACTIVE,
                                .pkcs8 = GH_STR("0.")};
    gh_identity_ring_key next = {.kid = GH_STR("k5"), .alg = GH_EDDSA, .state = GH_KEY_NEXT};
    (void)state;
    one[0].pkcs8 = one[1].pkcs8 = wrong.pkcs8 = next.pkcs8 = eddsa_pkcs8(der);
    const struct {
        const char *yaml;
        ring ring;
        const char *part;
    } rows[] = {
        {ON,
         {NULL, 0, NULL},
         "identity.token.algorithm EdDSA needs one active signing key, and there are 0; "},
        {ON, {&next, 1, NULL}, "EdDSA needs one active signing key, and there are 0; "},
        {ON, {one, 2, NULL}, "EdDSA needs one active signing key, and there are 2; "},
        {ON, {&wrong, 1, NULL}, "the signing key k3 is of another algorithm than its record says"},
        {ON, {&bad, 1, NULL}, "the signing key k4 can't be used: "},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        built *b = build(rows[i].yaml, KEY, &rows[i].ring);
        assert_null(b->policy);
        assert_non_null(strstr(b->text, rows[i].part));
        unbuild(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_the_products),
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_what_is_set),
        cmocka_unit_test(test_origins_of_cors_are_trusted),
        cmocka_unit_test(test_defaults_give_way),
        cmocka_unit_test(test_limit_keeps_its_counters),
        cmocka_unit_test(test_derived_keys),
        cmocka_unit_test(test_secret_is_needed),
        cmocka_unit_test(test_secret_signs),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_ring_of_another_algorithm),
        cmocka_unit_test(test_rings_that_can_not_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
