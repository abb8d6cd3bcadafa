/* Roles to sets of permissions, and routes[].require to what the policy demands. */
#include "identity_helper.h"

static bool grants(const gh_identity_policy *p, const char *role, const char *permission)
{
    unsigned r = gh_identity_role(p, gh_str_of(role)), i = gh_identity_permission(p, gh_str_of(permission));
    assert_true(r < p->n_roles);
    assert_true(i < p->n_permissions);
    return gh_permission_in(&p->roles[r].permissions, i);
}

/* Five roles and fifteen or more permissions come with it. */
static void test_default_roles(void **state)
{
    built *b = build_good(HS256);
    const gh_identity_policy *p = &b->policy->identity;
    (void)state;
    assert_int_equal(p->n_roles, 5);
    assert_true(p->n_permissions >= 15);
    assert_true(grants(p, "user", "content:create") && !grants(p, "user", "content:moderate"));
    assert_true(grants(p, "premium", "content:create") && grants(p, "premium", "content:export"));
    assert_true(grants(p, "moderator", "content:moderate") && !grants(p, "moderator", "users:manage"));
    assert_true(grants(p, "service", "tokens:introspect") && !grants(p, "service", "content:create"));
    for (unsigned i = 0; i < p->n_permissions; i++)
        assert_true(gh_permission_in(&p->roles[gh_identity_role(p, GH_STR("admin"))].permissions, i));
    assert_false(
        gh_permission_in(&p->roles[gh_identity_role(p, GH_STR("admin"))].permissions, p->n_permissions));
    unbuild(b);
}

/* "*" is also what only a route knows; nobody else gets that. */
static void test_permission_of_a_route(void **state)
{
    loaded *l =
        load_given(&(given){.yaml = HS256 "routes: [{name: r, require: {permissions: [only:here]}}]\n"});
    (void)state;
    assert_non_null(strstr(l->text, "warning: route r: require.permissions: no role names only:here"));
    l->config->secret_key = GH_STR(KEY);
    gh_policy *policy = gh_policy_compile(l->config, &l->report);
    assert_non_null(policy);
    assert_true(grants(&policy->identity, "admin", "only:here"));
    assert_false(grants(&policy->identity, "moderator", "only:here"));
    gh_policy_unref(policy);
    unload(l);
}

static void test_inclusion(void **state)
{
    built *b =
        build_good(HS256 "  new_user_roles: []\n  roles: {root: [\"*\"], boss: [\"role:chief\"], chief: "
                         "[\"role:root\", x:y], clerk: [a:b], aide: [\"role:clerk\", c:d], none: []}\n");
    const gh_identity_policy *p = &b->policy->identity;
    (void)state;
    expect_str(p->new_user_roles, "");
    assert_int_equal(p->n_permissions, 4);
    assert_true(grants(p, "root", "a:b") && grants(p, "chief", "a:b") && grants(p, "boss", "c:d"));
    assert_true(grants(p, "boss", "tokens:introspect"));
    assert_true(grants(p, "aide", "a:b") && grants(p, "aide", "c:d") && !grants(p, "aide", "x:y"));
    assert_true(grants(p, "clerk", "a:b") && !grants(p, "clerk", "c:d"));
    assert_false(grants(p, "none", "a:b") || grants(p, "none", "tokens:introspect"));
    unbuild(b);
}

/* As many as there is room for, and one more. */
static void test_too_many_permissions(void **state)
{
    char yaml[8192];
    (void)state;
    for (unsigned n = GH_PERMISSIONS_MAX - 1; n <= GH_PERMISSIONS_MAX; n++) {
        gh_buf y = gh_buf_over(yaml, sizeof yaml - 1);
        gh_buf_lit(&y, HS256 "  roles:\n    user: [");
        for (unsigned i = 0; i < n; i++)
            gh_buf_printf(&y, "%sp:%u", i == 0 ? "" : ", ", i);
        gh_buf_lit(&y, "]\n");
        assert_true(gh_buf_ok(&y));
        yaml[y.n] = '\0';
        built *b = build(yaml, KEY, NULL); /* tokens:introspect is one, too */
        assert_string_equal(b->text, n < GH_PERMISSIONS_MAX
                                         ? ""
                                         : "g.yaml:6:5: error: more than 128 different permissions, in "
                                           "identity.roles and routes[].require\n");
        if (b->policy != NULL)
            assert_true(grants(&b->policy->identity, "user", "p:126"));
        unbuild(b);
    }
}

static const gh_require *require_of(const built *b, unsigned route)
{
    assert_true(route < b->policy->n_routes);
    return &b->policy->routes[route].require;
}

static void test_require(void **state)
{
    built *b = build_good(
        HS256
        "routes:\n"
        "  - {name: plain, path: /plain}\n"
        "  - {name: user, path: /user, require: {user: on}}\n"
        "  - {name: roles, path: /roles, require: {roles: [admin, moderator]}}\n"
        "  - {name: rest, path: /rest, require: {permissions: [users:manage], scopes: [a, b], proofs: [token, "
        "api_key]}}\n"
        "  - {name: own, path: \"/a/{}/users/{id}/x/{what}\", require: {claims: {user: \"{id}\", tier: gold}, "
        "unless_role: admin}}\n"
        "  - {name: device, path: /device, require: {device: on}}\n"
        "  - {name: open, path: /open, require: {public: on}}\n");
    const gh_identity_policy *p = &b->policy->identity;
    const gh_require *r = require_of(b, 0);
    (void)state;
    assert_false(r->user || r->public_route || r->device || r->has_any_role || r->proofs != 0);
    assert_true(require_of(b, 1)->user && !require_of(b, 1)->has_any_role);
    r = require_of(b, 2);
    assert_true(r->user && r->has_any_role);
    assert_int_equal(r->any_role, UINT64_C(1) << gh_identity_role(p, GH_STR("admin")) |
                                      UINT64_C(1) << gh_identity_role(p, GH_STR("moderator")));
    r = require_of(b, 3);
    assert_true(r->user);
    assert_true(gh_permission_in(&r->all_permissions, gh_identity_permission(p, GH_STR("users:manage"))));
    assert_false(gh_permission_in(&r->all_permissions, gh_identity_permission(p, GH_STR("users:read"))));
    assert_int_equal(r->n_scopes, 2);
    expect_str(r->scopes[1], "b");
    assert_int_equal(r->proofs, 1 << GH_PROOF_TOKEN | 1 << GH_PROOF_API_KEY);
    r = require_of(b, 4);
    assert_true(r->user);
    assert_int_equal(r->n_claims, 2);
    expect_str(r->claims[0].claim, "user");
    assert_int_equal(r->claims[0].parameter, 1);
    assert_null(r->claims[0].value.p);
    expect_str(r->claims[1].claim, "tier");
    expect_str(r->claims[1].value, "gold");
    expect_str(r->any_role_unless, "admin");
    assert_true(require_of(b, 5)->device && !require_of(b, 5)->user);
    assert_true(require_of(b, 6)->public_route && !require_of(b, 6)->user);
    assert_false(b->policy->fallback.require.user);
    unbuild(b);
}

/* Where nothing is said somebody must be known, and only there. */
static void test_deny_by_default(void **state)
{
    built *b = build_good(HS256 "  deny_by_default: on\nroutes:\n"
                                "  - {name: plain, path: /plain}\n"
                                "  - {name: device, path: /device, require: {device: on}}\n"
                                "  - {name: open, path: /open, require: {public: on}}\n");
    (void)state;
    assert_true(require_of(b, 0)->user);
    assert_true(!require_of(b, 1)->user && require_of(b, 1)->device);
    assert_true(!require_of(b, 2)->user && require_of(b, 2)->public_route);
    assert_true(b->policy->fallback.require.user);
    assert_true(b->policy->identity.deny_by_default);
    unbuild(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_roles), cmocka_unit_test(test_permission_of_a_route),
        cmocka_unit_test(test_inclusion),     cmocka_unit_test(test_too_many_permissions),
        cmocka_unit_test(test_require),       cmocka_unit_test(test_deny_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
