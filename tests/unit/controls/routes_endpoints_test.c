/* Endpoints of Gatehouse's own beside configured routes. */
#include "decide.h"

#include "identity.h"

static decide *new_unit(void)
{
    return identity_new("identity: {enabled: on, endpoints: {register: off}}\n"
                        "rate_limits: {enabled: off}\n"
                        "methods: {allowed: [GET, HEAD, POST, PUT, DELETE, OPTIONS]}\n"
                        "routes: [{name: taken, path: /api/auth/**}, {name: all, path: /**}]\n");
}

static void expect(decide *d, const char *request, const char *verdict)
{
    const char *got = decide_request(d, request);
    if (strcmp(got, verdict) != 0)
        fail_msg("%s, not %s: %s", got, verdict, request);
}

static void endpoints_win_over_routes(void **state)
{
    (void)state;
    decide *d = new_unit();
    expect(d, "GET /api/auth/csrf", "answer 200");
    assert_non_null(d->txn.route->endpoint);
    expect(d, "GET /api/auth/me", "credentials_required");
    expect(d, "GET /api//auth/./me", "credentials_required");
    expect(d, "GET /.well-known/jwks.json", "answer 200");
    expect(d, "GET /.well-known/other", "forward");
    expect(d, "GET /api/authors", "forward");
    expect(d, "GET /api", "forward");
    assert_null(d->txn.route->endpoint);
    decide_free(d);
}

/* Nothing below the prefix ever goes to an upstream, which would be taken for us. */
static void what_is_below_the_prefix_stays_here(void **state)
{
    (void)state;
    decide *d = new_unit();
    static const char *const paths[] = {"/api/auth",         "/api/auth/",     "/api/auth/nothing",
                                        "/api/auth/me/",     "/api/auth/me/x", "/api/auth/sessions/a/b",
                                        "/api/auth/register"};
    for (size_t i = 0; i < GH_COUNT(paths); i++) {
        expect(d, decide_text(d, "GET %s", paths[i]), "route_not_found");
        expect(d, decide_text(d, "POST %s", paths[i]), "route_not_found");
    }
    decide_free(d);
}

static void another_method_is_told_which(void **state)
{
    (void)state;
    decide *d = new_unit();
    expect(d, "PUT /api/auth/login", "undeclared_method");
    decide_answer(d);
    expect_field(d, "Allow", "POST");
    expect(d, "GET /api/auth/login", "undeclared_method");
    expect(d, "POST /api/auth/sessions", "undeclared_method");
    decide_answer(d);
    expect_field(d, "Allow", "GET, HEAD, DELETE");
    expect(d, "PUT /api/auth/sessions/0000000000001", "undeclared_method");
    decide_answer(d);
    expect_field(d, "Allow", "DELETE");
    expect(d, "DELETE /.well-known/jwks.json", "undeclared_method");
    expect(d, "OPTIONS /api/auth/login", "undeclared_method");
    expect(d, "PATCH /api/auth/login",
           "method_not_allowed"); /* by methods.allowed, which has its own Allow */
    decide_answer(d);
    expect_field(d, "Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
    decide_free(d);
}

static void without_identity_there_are_none(void **state)
{
    (void)state;
    decide *d = decide_new("routes: [{name: all, path: /**}]\n");
    expect(d, "GET /api/auth/me", "forward");
    expect(d, "GET /api/auth/nothing", "forward");
    expect(d, "GET /.well-known/jwks.json", "forward");
    decide_free(d);
}

/* Bodies of endpoints are checked like those of any route. */
static void their_input_is_checked(void **state)
{
    (void)state;
    decide *d = new_unit();
    expect(d, "POST /api/auth/login\nContent-Type: application/json\n\n{\"username\":\"a\"}",
           "validation_error");
    expect(
        d,
        "POST /api/auth/login\nContent-Type: application/json\n\n{\"username\":\"a\",\"password\":\"b\",\"admin\":true}",
        "validation_error");
    expect(
        d,
        "POST /api/auth/login\nContent-Type: application/json\n\n{\"username\":\"a\",\"username\":\"b\",\"password\":\"c\"}",
        "validation_error");
    expect(d, "POST /api/auth/login\nContent-Type: text/html\n\nx", "unsupported_media_type");
    expect(d, "GET /api/auth/csrf\nContent-Type: text/html\n\nx", "body_not_expected");
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_win_over_routes),    cmocka_unit_test(what_is_below_the_prefix_stays_here),
        cmocka_unit_test(another_method_is_told_which), cmocka_unit_test(without_identity_there_are_none),
        cmocka_unit_test(their_input_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
