/* Bodies in two steps, and OpenAPI documents by a callback, as users of the library see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gatehouse/gatehouse.h>

static const char yaml[] =
    "hosts: { allowed: [localhost] }\n"
    "rate_limits: { default: { requests: 0, window: 60s } }\n"
    "validation: { max_body: 1KiB }\n"
    "routes:\n"
    "  - name: names\n"
    "    path: /names\n"
    "    validate: { body: { type: object, required: [name], properties: { name: { type: string } } } }\n"
    "    sanitize: { text: [/name] }\n";

static const char document[] =
    "openapi: 3.1.0\n"
    "info: { title: t, version: '1' }\n"
    "paths:\n"
    "  /items:\n"
    "    post:\n"
    "      requestBody: { required: true, content: { application/json: { schema: { type: integer } } } }\n"
    "      responses: { '200': { description: ok } }\n";

static const uint8_t key[16] = "0123456789abcde";

static void fill(void *data, void *out, size_t n)
{
    (void)data;
    memset(out, 0xAB, n);
}

static const gh_world world = {1000, key, fill, NULL, 0};

typedef struct post {
    gh_field fields[1];
    gh_request request;
} post;

static void make(post *p, const char *target, const char *type, size_t size)
{
    memset(p, 0, sizeof *p);
    p->fields[0].name = GH_STR("Content-Type");
    p->fields[0].value = gh_str_of(type);
    p->request.method = GH_STR("POST");
    p->request.target = gh_str_of(target);
    p->request.host = GH_STR("localhost");
    p->request.fields = p->fields;
    p->request.n_fields = 1;
    p->request.framing = size == SIZE_MAX ? GH_FRAMING_CHUNKED : GH_FRAMING_LENGTH;
    p->request.content_length = size == SIZE_MAX ? 0 : size;
    if (!gh_ip_parse(GH_STR("192.0.2.1"), &p->request.peer))
        fail();
}

static gh_policy *load(const gh_policy_options *options, const char *text)
{
    char errors[4096] = "";
    gh_policy *policy = gh_policy_load_with(options, gh_str_of(text), "test", errors, sizeof errors);
    if (policy == NULL)
        fail_msg("%s", errors);
    return policy;
}

typedef struct row {
    const char *body;
    enum gh_outcome outcome;
    const char *reason, *passed_on;
} row;

static void decide_rows(gh_policy *policy, const char *target, const row *rows, size_t n)
{
    gh_decision *d = gh_decision_new();
    assert_non_null(d);
    for (size_t i = 0; i < n; i++) {
        post p;
        make(&p, target, "application/json", i % 2 == 0 ? SIZE_MAX : strlen(rows[i].body));
        assert_int_equal(gh_decide(d, policy, NULL, &world, &p.request), GH_OUTCOME_BODY);
        gh_details details;
        gh_decision_details(d, &details);
        assert_int_equal(details.outcome, GH_OUTCOME_BODY);
        assert_int_equal(details.status, 0);
        assert_int_equal(details.max_body, 1024);
        char memory[2][16384];
        gh_space lines = {memory[0], sizeof memory[0], 1}, body = {memory[1], sizeof memory[1], 1};
        assert_false(gh_decision_answer(d, &lines, &body));
        assert_null(gh_decision_body(d).p);
        if (gh_decide_body(d, gh_str_of(rows[i].body)) != rows[i].outcome)
            fail_msg("%s", rows[i].body);
        gh_decision_details(d, &details);
        if (!gh_str_eq(details.reason, gh_str_of(rows[i].reason)))
            fail_msg("%s: %.*s", rows[i].body, (int)details.reason.n, details.reason.p);
        gh_str on = gh_decision_body(d);
        assert_true(rows[i].passed_on == NULL ? on.p == NULL : gh_str_eq(on, gh_str_of(rows[i].passed_on)));
        assert_int_equal(gh_decision_answer(d, &lines, &body), rows[i].outcome == GH_OUTCOME_REFUSE);
        if (rows[i].outcome == GH_OUTCOME_REFUSE)
            assert_non_null(memmem(body.p, body.n, rows[i].reason, strlen(rows[i].reason)));
        /* Asked again it says the same, and reads nothing. */
        assert_int_equal(gh_decide_body(d, GH_STR("?")), rows[i].outcome);
    }
    gh_decision_free(d);
}

static void test_a_body_is_handed_in_and_judged(void **state)
{
    static const row rows[] = {
        {"{\"name\":\"a\"}", GH_OUTCOME_FORWARD, "none", NULL},
        {"{\"name\":\"a\"}", GH_OUTCOME_FORWARD, "none", NULL},
        {"{\"name\":1}", GH_OUTCOME_REFUSE, "validation_error", NULL},
        {"{}", GH_OUTCOME_REFUSE, "validation_error", NULL},
        {"{", GH_OUTCOME_REFUSE, "validation_error", NULL},
        {"{\"name\":\" <b> \"}", GH_OUTCOME_FORWARD, "none", "{\"name\":\"&lt;b&gt;\"}"},
        {"{\"name\":\"a\"}", GH_OUTCOME_FORWARD, "none", NULL},
    };
    (void)state;
    gh_policy *policy = load(NULL, yaml);
    decide_rows(policy, "/names", rows, sizeof rows / sizeof rows[0]);
    gh_policy_free(policy);
}

static void test_a_body_is_bounded(void **state)
{
    (void)state;
    char large[1025];
    memset(large, ' ', sizeof large);
    memcpy(large, "{\"name\":\"a\"}", 12);
    gh_policy *policy = load(NULL, yaml);
    gh_decision *d = gh_decision_new();
    post p;
    make(&p, "/names", "application/json", SIZE_MAX);
    assert_int_equal(gh_decide(d, policy, NULL, &world, &p.request), GH_OUTCOME_BODY);
    assert_int_equal(gh_decide_body(d, (gh_str){large, 1024}), GH_OUTCOME_FORWARD);
    assert_int_equal(gh_decide(d, policy, NULL, &world, &p.request), GH_OUTCOME_BODY);
    assert_int_equal(gh_decide_body(d, (gh_str){large, 1025}), GH_OUTCOME_REFUSE);
    gh_details details;
    gh_decision_details(d, &details);
    assert_int_equal(details.status, 413);
    make(&p, "/names", "application/json", 1025);
    assert_int_equal(gh_decide(d, policy, NULL, &world, &p.request), GH_OUTCOME_REFUSE);
    gh_decision_free(d);
    gh_policy_free(policy);
}

static void test_no_body_is_asked_for_where_nobody_looks_into_it(void **state)
{
    (void)state;
    gh_policy *policy = load(NULL, yaml);
    gh_decision *d = gh_decision_new();
    post p;
    assert_int_equal(gh_decide_body(d, GH_STR("{}")), GH_OUTCOME_REFUSE); /* nothing was asked yet */
    assert_null(gh_decision_body(d).p);
    make(&p, "/other", "application/json", SIZE_MAX);
    assert_int_equal(gh_decide(d, policy, NULL, &world, &p.request), GH_OUTCOME_FORWARD);
    make(&p, "/names", "text/plain", SIZE_MAX);
    assert_int_equal(gh_decide(d, policy, NULL, &world, &p.request), GH_OUTCOME_REFUSE);
    assert_int_equal(gh_decide_body(d, GH_STR("{\"name\":\"a\"}")), GH_OUTCOME_REFUSE);
    gh_decision_free(d);
    gh_policy_free(policy);
}

static bool give(void *data, gh_str name, gh_str *ret_text, const char **ret_why)
{
    if (!gh_str_eq(name, GH_STR("api.yaml"))) {
        *ret_why = "there is only one";
        return false;
    }
    *ret_text = *(const gh_str *)data;
    return true;
}

static void test_a_document_comes_from_the_caller(void **state)
{
    static const char config[] = "hosts: { allowed: [localhost] }\n"
                                 "rate_limits: { default: { requests: 0, window: 60s } }\n"
                                 "openapi: { document: api.yaml }\n"
                                 "validation: { max_body: 1KiB }\n";
    static const row rows[] = {
        {"7", GH_OUTCOME_FORWARD, "none", NULL},
        {"\"7\"", GH_OUTCOME_REFUSE, "validation_error", NULL},
    };
    (void)state;
    char copy[sizeof document];
    memcpy(copy, document, sizeof document);
    gh_str text = {copy, sizeof copy - 1};
    gh_policy_options options = {.read_document = give, .data = &text};
    gh_policy *policy = load(&options, config);
    memset(copy, '!', sizeof copy); /* borrowed only while loading */
    decide_rows(policy, "/items", rows, 2);
    post p;
    gh_decision *d = gh_decision_new();
    make(&p, "/nothing", "application/json", SIZE_MAX);
    assert_int_equal(gh_decide(d, policy, NULL, &world, &p.request), GH_OUTCOME_REFUSE);
    gh_details details;
    gh_decision_details(d, &details);
    assert_true(gh_str_eq(details.reason, GH_STR("undeclared_path")));
    gh_decision_free(d);
    gh_policy_free(policy);
}

static void test_a_document_that_is_not_there_is_an_error(void **state)
{
    static const char config[] = "hosts: { allowed: [localhost] }\nopenapi: { document: other.yaml }\n";
    (void)state;
    char errors[1024];
    gh_str text = {document, sizeof document - 1};
    gh_policy_options options = {.read_document = give, .data = &text};
    assert_null(gh_policy_load_with(&options, gh_str_of(config), "p", errors, sizeof errors));
    assert_non_null(strstr(errors, "there is only one"));
    assert_null(gh_policy_load(gh_str_of(config), "p", errors, sizeof errors));
    assert_non_null(strstr(errors, "other.yaml can't be read"));
    text = GH_STR("openapi: 3.1.0\npaths: {");
    static const char broken[] = "hosts: { allowed: [localhost] }\nopenapi: { document: api.yaml }\n";
    assert_null(gh_policy_load_with(&options, gh_str_of(broken), "p", errors, sizeof errors));
    assert_non_null(strstr(errors, "api.yaml:"));
}

/* What only a server can do is refused; what was asked for it, a password among it, goes with the decision. */
static void test_who_signs_in_is_refused_and_forgotten(void **state)
{
    (void)state;
    gh_policy *policy = load(NULL, "hosts: { allowed: [localhost] }\n"
                                   "rate_limits: { default: { requests: 0 } }\n"
                                   "secret_key: 5d0c6f5f0a9b4c0e8f7a6b5c4d3e2f1a5d0c6f5f0a9b4c0e\n"
                                   "identity: { enabled: on, token: { algorithm: HS256 } }\n");
    static const char body[] = "{\"username\":\"ada\",\"password\":\"seventeen green umbrellas\"}";
    const gh_world now = {1000, key, fill, NULL, 1764333067};
    gh_state *counts = gh_state_new(1 << 20);
    gh_decision *d = gh_decision_new();
    gh_details details;
    post p;
    for (unsigned i = 0; i < 3; i++) {
        make(&p, "/api/auth/login", "application/json", sizeof body - 1);
        assert_int_equal(gh_decide(d, policy, counts, &now, &p.request), GH_OUTCOME_BODY);
        assert_int_equal(gh_decide_body(d, gh_str_of(body)), GH_OUTCOME_REFUSE);
        gh_decision_details(d, &details);
        assert_true(gh_str_eq(details.reason, GH_STR("identity_unavailable")));
    }
    gh_decision_free(d);
    gh_state_free(counts);
    gh_policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_is_handed_in_and_judged),
        cmocka_unit_test(test_a_body_is_bounded),
        cmocka_unit_test(test_no_body_is_asked_for_where_nobody_looks_into_it),
        cmocka_unit_test(test_a_document_comes_from_the_caller),
        cmocka_unit_test(test_a_document_that_is_not_there_is_an_error),
        cmocka_unit_test(test_who_signs_in_is_refused_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
