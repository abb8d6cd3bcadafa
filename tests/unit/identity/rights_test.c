#include "identity/rights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "identity.h"

enum { READ = 1, WRITE = 2, MANAGE = 4 };

typedef struct unit {
    gh_policy policy;
    gh_txn txn;
    gh_arena arena;
    gh_route route;
    gh_path_pattern pattern;
} unit;

static int setup(void **state)
{
    unit *u = calloc(1, sizeof *u);
    assert_non_null(u);
    gh_arena_init(&u->arena, NULL, 0, 1 << 20);
    identity_roles(&u->policy.identity);
    u->policy.limits.default_tier = GH_STR("free");
    u->txn.policy = &u->policy;
    u->txn.arena = &u->arena;
    *state = u;
    return 0;
}

static int teardown(void **state)
{
    unit *u = *state;
    gh_arena_reset(&u->arena);
    free(u);
    return 0;
}

static void signed_in(unit *u, enum gh_proof proof, const char *roles, const char *scopes)
{
    u->txn.principal = (gh_principal){.proof = proof,
                                      .user = 42,
                                      .name = GH_STR("alice"),
                                      .roles = gh_str_of(roles),
                                      .scopes = scopes == NULL ? (gh_str){NULL, 0} : gh_str_of(scopes)};
    gh_rights_fill(&u->policy.identity, &u->txn.principal);
}

static enum gh_reason judge(unit *u)
{
    gh_str scope = {NULL, 0};
    return gh_rights_judge(&u->txn, &u->route, &scope);
}

static void words_are_whole(void **state)
{
    (void)state;
    gh_str list = GH_STR("items:read items:write");
    assert_true(gh_word_in(list, GH_STR("items:read")));
    assert_true(gh_word_in(list, GH_STR("items:write")));
    assert_false(gh_word_in(list, GH_STR("items")));
    assert_false(gh_word_in(list, GH_STR("tems:read")));
    assert_false(gh_word_in(list, GH_STR("")));
    assert_false(gh_word_in(list, GH_STR("items:read items:write")));
    assert_false(gh_word_in(GH_STR("a  b"), GH_STR("")));
    assert_false(gh_word_in((gh_str){NULL, 0}, GH_STR("a")));
}

static void roles_give_permissions_and_scopes_take(void **state)
{
    unit *u = *state;
    static const struct {
        const char *roles, *scopes;
        uint64_t set, permissions;
    } rows[] = {
        {"", NULL, 0, 0},
        {"user", NULL, 1, READ | WRITE},
        {"user admin", NULL, 3, 15},
        {"admin", "items:read", 2, READ},
        {"admin", "", 2, 0},
        {"admin", "openid profile", 2, 0},
        {"user", "items:read users:manage", 1, READ},
        {"user", "items", 1, 0},
        {"idle", NULL, 4, 0},
        /* names that are not known give nothing, and roles are told apart by case */
        {"root Admin user2", NULL, 0, 0},
        {"unknown user", NULL, 1, READ | WRITE},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        signed_in(u, GH_PROOF_TOKEN, rows[i].roles, rows[i].scopes);
        assert_int_equal(u->txn.principal.role_set, rows[i].set);
        assert_int_equal(u->txn.principal.permissions.word[0], rows[i].permissions);
        assert_int_equal(u->txn.principal.permissions.word[1], 0);
    }
}

static void what_demands_nothing_lets_everybody_in(void **state)
{
    unit *u = *state;
    assert_false(gh_rights_demand(&u->route.require));
    assert_int_equal(judge(u), GH_REASON_NONE);
    u->route.require = (gh_require){.user = true, .public_route = true};
    assert_false(gh_rights_demand(&u->route.require));
    assert_int_equal(judge(u), GH_REASON_NONE);
}

/* 401 before any 403: who is not known is told to sign in, not what is missing. */
static void every_demand_is_one_for_somebody(void **state)
{
    unit *u = *state;
    static gh_claim_rule claim = {GH_STR_INIT("user"), 0, {NULL, 0}};
    static gh_str scope = GH_STR_INIT("x");
    const gh_require demands[] = {
        {.user = true},
        {.proofs = 1 << GH_PROOF_TOKEN},
        {.has_any_role = true},
        {.any_role = 1},
        {.all_permissions = {{READ, 0}}},
        {.all_permissions = {{0, 1}}},
        {.scopes = &scope, .n_scopes = 1},
        {.claims = &claim, .n_claims = 1},
    };
    for (size_t i = 0; i < GH_COUNT(demands); i++) {
        u->route.require = demands[i];
        assert_true(gh_rights_demand(&u->route.require));
        assert_int_equal(judge(u), GH_REASON_CREDENTIALS_REQUIRED);
    }
}

static void proofs_roles_and_permissions(void **state)
{
    unit *u = *state;
    signed_in(u, GH_PROOF_API_KEY, "user", NULL);
    static const struct {
        gh_require require;
        enum gh_reason reason;
    } rows[] = {
        {{.user = true}, GH_REASON_NONE},
        {{.proofs = 1 << GH_PROOF_API_KEY}, GH_REASON_NONE},
        {{.proofs = 1 << GH_PROOF_SESSION | 1 << GH_PROOF_TOKEN}, GH_REASON_PROOF_NOT_ACCEPTED},
        {{.any_role = 1, .has_any_role = true}, GH_REASON_NONE},
        {{.any_role = 3, .has_any_role = true}, GH_REASON_NONE},
        {{.any_role = 2, .has_any_role = true}, GH_REASON_ROLE_REQUIRED},
        {{.any_role = 0, .has_any_role = true}, GH_REASON_ROLE_REQUIRED}, /* none of those named is known */
        {{.all_permissions = {{READ | WRITE, 0}}}, GH_REASON_NONE},
        {{.all_permissions = {{READ | MANAGE, 0}}}, GH_REASON_PERMISSION_REQUIRED},
        {{.any_role = 1, .all_permissions = {{MANAGE, 0}}}, GH_REASON_PERMISSION_REQUIRED},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        u->route.require = rows[i].require;
        assert_int_equal(judge(u), rows[i].reason);
    }
}

static void expect_scope(unit *u, enum gh_reason reason, const char *missing)
{
    gh_str scope = {NULL, 0};
    assert_int_equal(gh_rights_judge(&u->txn, &u->route, &scope), reason);
    assert_int_equal(scope.p == NULL, missing == NULL);
    if (missing != NULL)
        assert_true(gh_str_eq(scope, gh_str_of(missing)));
}

static void scopes_narrow(void **state)
{
    unit *u = *state;
    static gh_str scopes[] = {GH_STR_INIT("a"), GH_STR_INIT("b")};
    u->route.require = (gh_require){.scopes = scopes, .n_scopes = 2};
    signed_in(u, GH_PROOF_SESSION, "user", NULL);
    expect_scope(u, GH_REASON_NONE, NULL);
    signed_in(u, GH_PROOF_TOKEN, "user", "b a c");
    expect_scope(u, GH_REASON_NONE, NULL);
    signed_in(u, GH_PROOF_TOKEN, "user", "a");
    expect_scope(u, GH_REASON_INSUFFICIENT_SCOPE, "b");
    signed_in(u, GH_PROOF_TOKEN, "user", "");
    expect_scope(u, GH_REASON_INSUFFICIENT_SCOPE, "a");
    /* an outside issuer that gave none gave none */
    signed_in(u, GH_PROOF_TOKEN, "user", NULL);
    u->txn.principal.issuer = GH_STR("https://issuer.example");
    expect_scope(u, GH_REASON_INSUFFICIENT_SCOPE, "a");
    /* a permission that the roles give and the scopes took away */
    u->route.require = (gh_require){.all_permissions = {{READ | WRITE, 0}}};
    signed_in(u, GH_PROOF_API_KEY, "user", "items:read");
    expect_scope(u, GH_REASON_INSUFFICIENT_SCOPE, "items:write");
    signed_in(u, GH_PROOF_API_KEY, "idle", "items:read");
    expect_scope(u, GH_REASON_PERMISSION_REQUIRED, NULL);
    /* one that no scope can give is named before one that a scope could */
    u->route.require = (gh_require){.all_permissions = {{WRITE | MANAGE, 0}}};
    signed_in(u, GH_PROOF_API_KEY, "user", "items:read");
    assert_int_equal(judge(u), GH_REASON_PERMISSION_REQUIRED);
}

/* The path goes through the same reading as a request's does. */
static enum gh_reason claim_is(unit *u, const char *pattern, const char *claim, const char *path)
{
    const char *why = NULL;
    unsigned column = 0;
    static gh_claim_rule rule;
    rule = (gh_claim_rule){gh_str_of(claim), 0, {NULL, 0}};
    u->route.require = (gh_require){.claims = &rule, .n_claims = 1, .any_role_unless = GH_STR("admin")};
    assert_true(gh_path_pattern_compile(gh_str_of(pattern), &u->arena, &u->pattern, &why, &column));
    u->route.match = (gh_match){.paths = &u->pattern, .n_paths = 1};
    assert_true(gh_target_parse(gh_str_of(path), &u->arena, &u->txn.target, &why));
    return judge(u);
}

static void ones_own_path_alone(void **state)
{
    unit *u = *state;
    static const struct {
        const char *claim, *path;
        bool own;
    } rows[] = {
        {"name", "/users/alice", true},
        {"name", "/users/%61lice", true}, /* the same path (RFC 3986 section 6.2.2.2) */
        {"name", "/users/x/../alice", true},
        {"name", "/users//alice", true},
        {"name", "/users/bob/../alice?id=bob", true},
        {"name", "/users/bob", false},
        {"name", "/users/Alice", false},
        {"name", "/users/alice%20", false},
        {"name", "/users/alice;x", false},
        {"name", "/users/alic", false},
        {"name", "/users/alice.json", false},
        {"name", "/users/alice/", false}, /* no such path of the route: no parameter, so nobody's */
        {"name", "/users/", false},
        {"user", "/users/000000000001a", true},
        {"user", "/users/000000000001A", false},
        {"user", "/users/1a", false},
        {"user", "/users/42", false},
        {"sub", "/users/000000000001a", true},
        {"tier", "/users/free", true},
        {"tier", "/users/premium", false},
        {"unheard-of", "/users/alice", false},
        {"", "/users/alice", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        signed_in(u, GH_PROOF_SESSION, "user", NULL);
        enum gh_reason reason = claim_is(u, "/users/{id}", rows[i].claim, rows[i].path);
        if (reason != (rows[i].own ? GH_REASON_NONE : GH_REASON_CLAIM_MISMATCH))
            fail_msg("row %zu: %s %s", i, rows[i].claim, rows[i].path);
    }
}

static void escapes_that_must_be_are_decoded_once(void **state)
{
    unit *u = *state;
    signed_in(u, GH_PROOF_SESSION, "user", NULL);
    u->txn.principal.name = GH_STR("a@b c");
    assert_int_equal(claim_is(u, "/users/{id}", "name", "/users/a%40b%20c"), GH_REASON_NONE);
    assert_int_equal(claim_is(u, "/users/{id}", "name", "/users/a@b%20c"), GH_REASON_NONE);
    assert_int_equal(claim_is(u, "/users/{id}", "name", "/users/a@b+c"), GH_REASON_CLAIM_MISMATCH);
    u->txn.principal.name = GH_STR("a%40b");
    assert_int_equal(claim_is(u, "/users/{id}", "name", "/users/a%40b"), GH_REASON_CLAIM_MISMATCH);
    u->txn.principal.name = GH_STR("");
    assert_int_equal(claim_is(u, "/users/{id}", "name", "/users/a"), GH_REASON_CLAIM_MISMATCH);
}

/* A name or id of an outside issuer's is nobody's of ours, however it reads. */
static void principals_are_not_confused(void **state)
{
    unit *u = *state;
    signed_in(u, GH_PROOF_TOKEN, "user", NULL);
    u->txn.principal.issuer = GH_STR("https://issuer.example");
    u->txn.principal.user = 0;
    u->txn.principal.name = GH_STR("alice");
    assert_int_equal(claim_is(u, "/users/{id}", "name", "/users/alice"), GH_REASON_CLAIM_MISMATCH);
    u->txn.principal.name = GH_STR("000000000001a");
    assert_int_equal(claim_is(u, "/users/{id}", "user", "/users/000000000001a"), GH_REASON_CLAIM_MISMATCH);
    assert_int_equal(claim_is(u, "/users/{id}", "user", "/users/0000000000000"), GH_REASON_CLAIM_MISMATCH);
}

/* {"sub":"s","org":"acme","n":42,"list":["acme"],"deep":{"x/y":"z"},"yes":true} */
static const char token[] =
    "e30.eyJzdWIiOiJzIiwib3JnIjoiYWNtZSIsIm4iOjQyLCJsaXN0IjpbImFjbWUiXSwiZGVlcCI6eyJ4L3kiOiJ6"
    "In0sInllcyI6dHJ1ZX0.c2ln";

static void claims_of_a_verified_token(void **state)
{
    unit *u = *state;
    static const struct {
        const char *claim, *path;
        bool own;
    } rows[] = {
        {"org", "/orgs/acme", true},     {"org", "/orgs/other", false},  {"n", "/orgs/42", true},
        {"n", "/orgs/42.0", false},      {"list", "/orgs/acme", false},  {"/list/0", "/orgs/acme", true},
        {"/deep/x~1y", "/orgs/z", true}, {"yes", "/orgs/true", false},   {"none", "/orgs/acme", false},
        {"sub", "/orgs/s", true},        {"/nowhere", "/orgs/x", false},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        signed_in(u, GH_PROOF_TOKEN, "user", NULL);
        u->txn.principal.issuer = GH_STR("https://issuer.example");
        u->txn.principal.user = 0;
        u->txn.credentials.bearer = gh_str_of(token);
        enum gh_reason reason = claim_is(u, "/orgs/{id}", rows[i].claim, rows[i].path);
        if (reason != (rows[i].own ? GH_REASON_NONE : GH_REASON_CLAIM_MISMATCH))
            fail_msg("row %zu: %s %s", i, rows[i].claim, rows[i].path);
        /* the same text beside another proof is not the token that was verified */
        signed_in(u, GH_PROOF_SESSION, "user", NULL);
        if (rows[i].own)
            assert_int_equal(claim_is(u, "/orgs/{id}", rows[i].claim, rows[i].path),
                             GH_REASON_CLAIM_MISMATCH);
    }
}

static void fixed_values_and_the_role_that_may_all(void **state)
{
    unit *u = *state;
    static gh_claim_rule rule = {GH_STR_INIT("tier"), 0, GH_STR_INIT("premium")};
    u->route.require = (gh_require){.claims = &rule, .n_claims = 1, .any_role_unless = GH_STR("admin")};
    signed_in(u, GH_PROOF_SESSION, "user", NULL);
    assert_int_equal(judge(u), GH_REASON_CLAIM_MISMATCH);
    u->txn.principal.tier = GH_STR("premium");
    assert_int_equal(judge(u), GH_REASON_NONE);
    signed_in(u, GH_PROOF_SESSION, "user admin", NULL);
    assert_int_equal(judge(u), GH_REASON_NONE);
    u->route.require.any_role_unless = GH_STR("nobody-knows-it");
    signed_in(u, GH_PROOF_SESSION, "admin nobody-knows-it", NULL);
    assert_int_equal(judge(u), GH_REASON_CLAIM_MISMATCH);
}

static void a_device_comes_last(void **state)
{
    unit *u = *state;
    u->route.require = (gh_require){.device = true};
    assert_false(gh_rights_demand(&u->route.require));
    assert_int_equal(judge(u), GH_REASON_DEVICE_REQUIRED);
    u->txn.principal.device = 7; /* anonymous: nobody else is known */
    assert_int_equal(judge(u), GH_REASON_NONE);
    u->route.require.user = true;
    assert_int_equal(judge(u), GH_REASON_CREDENTIALS_REQUIRED);
    signed_in(u, GH_PROOF_SESSION, "user", NULL);
    assert_int_equal(judge(u), GH_REASON_DEVICE_REQUIRED);
    u->txn.principal.device = 7;
    assert_int_equal(judge(u), GH_REASON_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_whole),
        cmocka_unit_test_setup_teardown(roles_give_permissions_and_scopes_take, setup, teardown),
        cmocka_unit_test_setup_teardown(what_demands_nothing_lets_everybody_in, setup, teardown),
        cmocka_unit_test_setup_teardown(every_demand_is_one_for_somebody, setup, teardown),
        cmocka_unit_test_setup_teardown(proofs_roles_and_permissions, setup, teardown),
        cmocka_unit_test_setup_teardown(scopes_narrow, setup, teardown),
        cmocka_unit_test_setup_teardown(ones_own_path_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(escapes_that_must_be_are_decoded_once, setup, teardown),
        cmocka_unit_test_setup_teardown(principals_are_not_confused, setup, teardown),
        cmocka_unit_test_setup_teardown(claims_of_a_verified_token, setup, teardown),
        cmocka_unit_test_setup_teardown(fixed_values_and_the_role_that_may_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_comes_last, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
