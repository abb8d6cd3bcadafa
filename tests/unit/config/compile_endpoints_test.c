/* Rows of the table of endpoints to routes, and the table itself. */
#include "identity_helper.h"

#include "config/compile_identity.h"
#include "identity/endpoints.h"

#define OBJECT "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":\"string\"}}}"

static const gh_endpoint table[] = {
    {.name = "login", .method = "POST", .path = "/login", .schema = OBJECT},
    {.name = "logout",
     .method = "POST",
     .path = "/logout",
     .schema = OBJECT,
     .body_optional = true,
     .right = GH_RIGHT_USER},
    {.name = "session_end", .method = "DELETE", .path = "/sessions/{id}", .right = GH_RIGHT_SIGNED_IN},
    {.name = "sessions", .method = "GET", .path = "/sessions", .right = GH_RIGHT_SIGNED_IN},
    {.name = "introspect",
     .method = "POST",
     .path = "/introspect",
     .schema = OBJECT,
     .form = true,
     .right = GH_RIGHT_INTROSPECT},
    {.name = "jwks", .method = "GET", .path = "/.well-known/jwks.json", .rooted = true},
};

/* The policy with the routes of `rows` in place of Gatehouse's own. */
static built *build_with(const char *yaml, const gh_endpoint *rows, unsigned n, bool *ret_good)
{
    built *b = build(yaml, KEY, NULL);
    gh_report report;
    assert_non_null(b->policy);
    gh_report_init(&report);
    b->policy->identity.n_endpoints = 0;
    *ret_good = gh_compile_endpoints(b->policy, b->l->config, rows, n, &report);
    gh_buf out = gh_buf_over(b->text, sizeof b->text - 1);
    gh_report_print(&report, &out);
    b->text[out.n] = '\0';
    gh_report_free(&report);
    return b;
}

static const gh_route *route_for(const built *b, const char *method, const char *path)
{
    const gh_identity_policy *p = &b->policy->identity;
    unsigned m = gh_policy_method(b->policy, gh_str_of(method));
    for (unsigned i = 0; i < p->n_endpoints && m < GH_METHODS_MAX; i++)
        if (gh_match_fits(&p->routes[i].match, GH_STR("localhost"), UINT32_C(1) << m, gh_str_of(path)))
            return &p->routes[i];
    return NULL;
}

static void test_routes(void **state)
{
    bool good = false;
    built *b = build_with(HS256 "  endpoints: {jwks: off}\n  prefix: /auth\n", table, GH_COUNT(table), &good);
    (void)state;
    assert_true(good);
    assert_string_equal(b->text, "");
    const gh_route *login = route_for(b, "POST", "/auth/login");
    assert_non_null(login);
    expect_str(login->name, "auth.login");
    assert_ptr_equal(login->endpoint, &table[0]);
    assert_ptr_equal(b->policy->identity.endpoints[0], &table[0]);
    assert_int_equal(login->max_body, 65536);
    assert_true(gh_str_eq(login->headers.block, b->policy->fallback.headers.block));
    assert_true(login->require.public_route && !login->require.user);
    assert_int_equal(login->input.dangers, 0);
    assert_null(login->input.contract);
    assert_null(route_for(b, "GET", "/auth/login"));
    assert_null(route_for(b, "POST", "/api/auth/login"));
    assert_non_null(route_for(b, "GET", "/auth/sessions"));
    assert_ptr_equal(route_for(b, "HEAD", "/auth/sessions"), route_for(b, "GET", "/auth/sessions"));
    assert_non_null(route_for(b, "DELETE", "/auth/sessions/x"));
    assert_null(route_for(b, "HEAD", "/auth/sessions/x"));
    assert_null(route_for(b, "GET", "/.well-known/jwks.json"));
    unbuild(b);
}

static void test_rights(void **state)
{
    bool good = false;
    built *b = build_with(HS256, table, GH_COUNT(table), &good);
    const gh_identity_policy *p = &b->policy->identity;
    (void)state;
    assert_true(good);
    const gh_require *r = &route_for(b, "POST", "/api/auth/logout")->require;
    assert_true(r->user && r->proofs == 0);
    r = &route_for(b, "GET", "/api/auth/sessions")->require;
    assert_true(r->user);
    assert_int_equal(r->proofs, 1 << GH_PROOF_SESSION | 1 << GH_PROOF_TOKEN);
    r = &route_for(b, "POST", "/api/auth/introspect")->require;
    assert_true(r->user);
    assert_true(
        gh_permission_in(&r->all_permissions, gh_identity_permission(p, GH_STR("tokens:introspect"))));
    unbuild(b);
}

static void test_bodies(void **state)
{
    bool good = false;
    built *b = build_with(HS256, table, GH_COUNT(table), &good);
    (void)state;
    assert_true(good);
    const gh_operation *o = route_for(b, "POST", "/api/auth/login")->input.own;
    assert_true(o->body_declared && o->body_required && o->reads_body);
    assert_int_equal(o->n_media, 1);
    expect_str(o->media[0].range, "application/json");
    assert_non_null(o->media[0].schema);
    o = route_for(b, "POST", "/api/auth/logout")->input.own;
    assert_true(o->body_declared && !o->body_required);
    o = route_for(b, "POST", "/api/auth/introspect")->input.own;
    assert_int_equal(o->n_media, 1);
    expect_str(o->media[0].range, "application/x-www-form-urlencoded");
    o = route_for(b, "DELETE", "/api/auth/sessions/x")->input.own;
    assert_false(o->body_declared || o->body_required || o->reads_body);
    assert_int_equal(o->n_media, 0);
    assert_int_equal(o->pattern.n_params, 1);
    unbuild(b);
}

/* One switch takes all that is below its path. */
static void test_switches(void **state)
{
    bool good = false;
    built *b = build_with(ON "  token: {algorithm: HS256}\n  endpoints: {sessions: off, login: off}\n", table,
                          GH_COUNT(table), &good);
    (void)state;
    assert_true(good);
    assert_int_equal(b->policy->identity.n_endpoints, 2);
    assert_null(route_for(b, "POST", "/api/auth/login"));
    assert_null(route_for(b, "GET", "/api/auth/sessions"));
    assert_null(route_for(b, "DELETE", "/api/auth/sessions/x"));
    assert_non_null(route_for(b, "POST", "/api/auth/logout"));
    unbuild(b);
}

static void test_method_that_is_not_let_in(void **state)
{
    bool good = false;
    built *b = build_with(HS256 "methods: {allowed: [GET, POST]}\ncors: {methods: [GET]}\n", table,
                          GH_COUNT(table), &good);
    (void)state;
    assert_true(good);
    assert_string_equal(
        b->text, "warning: DELETE /api/auth/sessions/{id} never comes here: methods.allowed does not have "
                 "DELETE; add it, or turn identity.endpoints off that need it\n");
    unbuild(b);
}

static void test_schemas_that_can_not_be(void **state)
{
    static const struct {
        const char *schema, *part;
    } rows[] = {{"{", "the schema of the endpoint x is not JSON: "},
                {"{\"type\": \"nothing\"}", "error: endpoint 0: body: "},
                {"{\"tpye\": \"object\"}", "error: endpoint 0: body: "}};
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_endpoint row = {.name = "x", .method = "POST", .path = "/x", .schema = rows[i].schema};
        bool good = true;
        built *b = build_with(HS256, &row, 1, &good);
        assert_false(good);
        assert_non_null(strstr(b->text, rows[i].part));
        unbuild(b);
    }
}

/* Of Gatehouse's own table each row has a switch, and each switch a row. */
static void test_own_table(void **state)
{
    static const char *const names[] = {
#define X(id, name, about) name,
        GH_ENDPOINT_SWITCHES(X)
#undef X
    };
    char yaml[256];
    (void)state;
    built *b = build_good(HS256 "  endpoints: {jwks: off}\n");
    unsigned all = b->policy->identity.n_endpoints + 1;
    unbuild(b);
    assert_int_equal(all, gh_endpoints_n);
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        gh_buf y = gh_buf_over(yaml, sizeof yaml - 1);
        gh_buf_printf(&y, HS256 "  endpoints: {%s: off}\n", names[i]);
        yaml[y.n] = '\0';
        b = build_good(yaml);
        if (strcmp(names[i], "jwks") != 0)
            assert_true(b->policy->identity.n_endpoints < all - 1);
        unbuild(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_method_that_is_not_let_in),
        cmocka_unit_test(test_schemas_that_can_not_be),
        cmocka_unit_test(test_own_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
