/* The table: what must hold for every row. */
#include "identity/endpoints.h"

#include <string.h>

#include "endpoint.h"
#include "identity/outcome.h"

static void names_differ_and_ways_too(void **state)
{
    (void)state;
    for (unsigned i = 0; i < gh_endpoints_n; i++) {
        assert_true(strlen(gh_endpoints[i].does) > 0);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(gh_endpoints[i].name, gh_endpoints[k].name);
            assert_false(strcmp(gh_endpoints[i].method, gh_endpoints[k].method) == 0 &&
                         strcmp(gh_endpoints[i].path, gh_endpoints[k].path) == 0);
        }
    }
}

/* What changes something is no GET; what a GET or a row without a body says needs no schema. */
static void bodies_go_with_methods(void **state)
{
    (void)state;
    for (unsigned i = 0; i < gh_endpoints_n; i++) {
        const gh_endpoint *e = &gh_endpoints[i];
        bool get = strcmp(e->method, "GET") == 0;
        assert_true(get || strcmp(e->method, "POST") == 0 || strcmp(e->method, "DELETE") == 0);
        assert_false(get && (e->schema != NULL || e->csrf_by_origin));
        assert_false(e->schema == NULL && (e->form || e->body_optional));
        assert_non_null(e->steps[0].ask);
    }
}

/* Those without a session to bind a token to: exactly these start one or go on with one. */
static void csrf_is_met_by_origin_where_a_session_starts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < gh_endpoints_n; i++) {
        const char *name = gh_endpoints[i].name;
        bool starts =
            strcmp(name, "login") == 0 || strcmp(name, "register") == 0 || strcmp(name, "refresh") == 0;
        assert_int_equal(gh_endpoints[i].csrf_by_origin, starts);
    }
}

static const char *who(const gh_endpoint *e)
{
    switch (e->right) {
    case GH_RIGHT_ANYONE:
        break;
    case GH_RIGHT_USER:
        return "user";
    case GH_RIGHT_SIGNED_IN:
        return "signed in";
    case GH_RIGHT_INTROSPECT:
        return "tokens:introspect";
    }
    return "anyone";
}

/* The table of docs/api.md, row by row. */
static void the_documentation_shows_the_same_table(void **state)
{
    static char text[65536], expected[512];
    FILE *file = fopen(GH_SOURCE_ROOT "/docs/api.md", "r");
    (void)state;
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    gh_str rows = endpoint_between(text, "<!-- endpoints: begin -->", "<!-- endpoints: end -->"), line;
    unsigned i = 0;
    while (gh_str_next(&rows, '\n', &line)) {
        if (!gh_str_starts(line, GH_STR("| [`")))
            continue;
        assert_true(i < gh_endpoints_n);
        const gh_endpoint *e = &gh_endpoints[i++];
        (void)snprintf(expected, sizeof expected, "| [`%s %s`](#", e->method, e->path);
        assert_true(gh_str_starts(line, gh_str_of(expected)));
        (void)snprintf(expected, sizeof expected, ") | %s | %s |", who(e), e->does);
        assert_true(gh_str_ends(line, gh_str_of(expected)));
    }
    assert_int_equal(i, gh_endpoints_n);
}

/* All of the table is compiled with the same code as the routes of a configuration. */
static void every_row_becomes_a_route(void **state)
{
    endpoint *e = *state;
    const gh_identity_policy *p = &e->policy->identity;
    assert_int_equal(p->n_endpoints, gh_endpoints_n - 1); /* HS256 shows no keys */
    for (unsigned i = 0; i < p->n_endpoints; i++) {
        const gh_endpoint *row = p->endpoints[i];
        const gh_operation *own = p->routes[i].input.own;
        assert_ptr_equal(p->routes[i].endpoint, row);
        assert_int_equal(own->body_declared, row->schema != NULL);
        assert_int_equal(own->body_required, row->schema != NULL && !row->body_optional);
        if (row->schema != NULL)
            assert_int_equal(own->media[0].kind, row->form ? GH_MEDIA_FORM : GH_MEDIA_JSON);
    }
}

/* Closed to nobody, and to another issuer's users, whatever the controls before let through. */
static void what_is_ones_own_needs_an_account(void **state)
{
    endpoint *e = *state;
    for (unsigned i = 0; i < gh_endpoints_n; i++) {
        const gh_endpoint *row = &gh_endpoints[i];
        gh_arena arena;
        static gh_txn txn;
        if (row->right != GH_RIGHT_SIGNED_IN)
            continue;
        gh_arena_init(&arena, NULL, 0, 1 << 16);
        txn = (gh_txn){.policy = e->policy, .arena = &arena};
        assert_int_equal(row->steps[0].ask(&txn), GH_STOP);
        assert_int_equal(txn.verdict.reason, GH_REASON_CREDENTIALS_REQUIRED);
        txn.principal = (gh_principal){.proof = GH_PROOF_TOKEN, .name = GH_STR("somebody")};
        assert_int_equal(row->steps[0].ask(&txn), GH_STOP);
        assert_int_equal(txn.verdict.reason, GH_REASON_PROOF_NOT_ACCEPTED);
        assert_int_equal(txn.n_ops, 0);
        gh_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_differ_and_ways_too),
        cmocka_unit_test(bodies_go_with_methods),
        cmocka_unit_test(csrf_is_met_by_origin_where_a_session_starts),
        cmocka_unit_test(the_documentation_shows_the_same_table),
        ENDPOINT_TEST(every_row_becomes_a_route),
        ENDPOINT_TEST(what_is_ones_own_needs_an_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
