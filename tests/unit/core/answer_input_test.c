/* Answers that say what is wrong with the input, whole. */
#include <stdio.h>

#include "decide.h"

#define ROUTES                                                                                             \
    "routes: [{name: r, methods: [POST], path: /r, validate: {query: {properties: {n: {type: integer}}}, " \
    "body: {required: [a], properties: {a: {type: array, items: {type: string, maxLength: 2}}}}}}]\n"
#define ID "urn:gatehouse:decision:000102030405060708090a0b"
#define TEXT "The request is not what is taken here. The answer lists what to correct."
#define REQUEST "POST /r?n=x\nContent-Type: application/json\n\n"

static void ask(decide *d, const char *request, const char *verdict)
{
    assert_string_equal(decide_request(d, request), verdict);
    decide_answer(d);
}

static void a_problem_document(void **state)
{
    (void)state;
    decide *d = decide_new(ROUTES);
    ask(d, REQUEST "{\"a\":[\"xx\",\"yyy\"]}", "validation_error");
    expect_field(d, "Content-Type", "application/problem+json");
    expect_field(d, "Cache-Control", "no-store");
    expect_field(d, "X-Content-Type-Options", "nosniff");
    assert_string_equal(
        d->body,
        "{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,\"detail\":\"" TEXT
        "\",\"instance\":\"" ID "\",\"error\":\"validation_error\",\"message\":\"" TEXT "\",\"errors\":["
        "{\"in\":\"query\",\"name\":\"n\",\"detail\":\"must be an integer\",\"type\":\"int_parsing\",\"keyword\":\"type\"},"
        "{\"in\":\"body\",\"pointer\":\"#/a/1\",\"detail\":\"must have at most 2 characters\","
        "\"type\":\"string_too_long\",\"keyword\":\"maxLength\"}]}");
    assert_int_equal(d->txn.verdict.status, 422);
    assert_memory_equal(d->txn.verdict.what.p, "query n: int_parsing (and 1 more)", d->txn.verdict.what.n);
    decide_free(d);
}

static void the_shape_of_fastapi(void **state)
{
    (void)state;
    decide *d = decide_new("validation: {errors: fastapi, status: 400}\n" ROUTES);
    ask(d, REQUEST "{\"a\":[\"xx\",\"yyy\"]}", "validation_error");
    expect_field(d, "Content-Type", "application/json");
    assert_int_equal(d->txn.verdict.status, 400);
    assert_string_equal(
        d->body,
        "{\"detail\":[{\"type\":\"int_parsing\",\"loc\":[\"query\",\"n\"],\"msg\":\"must be an integer\"},"
        "{\"type\":\"string_too_long\",\"loc\":[\"body\",\"a\",1],\"msg\":\"must have at most 2 characters\"}],"
        "\"error\":\"validation_error\",\"message\":\"" TEXT "\",\"instance\":\"" ID "\"}");
    ask(d, "POST /r\nContent-Type: text/plain\n\nx", "unsupported_media_type");
    expect_field(d, "Content-Type", "application/problem+json");
    expect_field(d, "Accept", "application/json");
    decide_free(d);
}

static void status_400_is_in_the_document_too(void **state)
{
    (void)state;
    decide *d = decide_new("validation: {status: 400, max_errors: 1}\n" ROUTES);
    ask(d, REQUEST "{\"a\":[\"xx\",\"yyy\"]}", "validation_error");
    assert_non_null(strstr(d->body, "\"title\":\"Bad Request\",\"status\":400,"));
    assert_non_null(strstr(d->body, "\"keyword\":\"type\"}],\"errors_omitted\":1}"));
    decide_free(d);
}

static void nothing_of_an_observed_finding_is_left(void **state)
{
    (void)state;
    decide *d = decide_new(
        "dangerous_content: {checks: [script]}\n"
        "routes: [{name: r, methods: [POST], path: /r, validate: {mode: observe, body: {type: object}}}]\n");
    assert_string_equal(decide_request(d, "POST /r\nContent-Type: application/json\n\n[1]"), "forward");
    assert_int_equal(d->txn.reports, GH_REPORT_VALIDATION);
    ask(d, "POST /r\nContent-Type: application/json\n\n[\"<script>\"]", "dangerous_content");
    assert_int_equal(d->txn.findings.n, 1);
    assert_non_null(strstr(d->body, "\"errors\":[{\"in\":\"body\",\"pointer\":\"#/0\","));
    assert_null(strstr(d->body, "errors_omitted"));
    assert_null(strstr(d->body, "<script>"));
    decide_free(d);
}

/* However little room there is for findings, the answer is whole and counts them. */
static void a_small_buffer_costs_findings_only(void **state)
{
    static const char *const shapes[] = {"problem", "fastapi"};
    (void)state;
    for (size_t i = 0; i < GH_COUNT(shapes); i++) {
        char yaml[1024], lines[4096], body[4096];
        (void)snprintf(yaml, sizeof yaml, "validation: {errors: %s}\n" ROUTES, shapes[i]);
        decide *d = decide_new(yaml);
        (void)decide_request(d, REQUEST "{\"a\":[\"xxx\",\"yyy\",\"zzz\"]}");
        for (size_t cap = 1024; cap < 2048; cap++) {
            gh_buf l = gh_buf_over(lines, sizeof lines), b = gh_buf_over(body, cap);
            gh_json_error e;
            gh_arena arena;
            gh_arena_init(&arena, NULL, 0, 1 << 16);
            gh_answer_write(&d->txn, &l, &b);
            assert_true(gh_buf_ok(&b));
            const gh_json *json = gh_json_read(gh_buf_str(&b), &gh_json_limits_wide, &arena, &e);
            if (json == NULL)
                fail_msg("%s at %zu: %.*s", e.why, e.at, (int)b.n, b.p);
            const gh_json *errors = gh_json_get(json, gh_str_of(i == 0 ? "errors" : "detail"));
            const gh_json *omitted = gh_json_lit(json, "errors_omitted");
            uint64_t n = 0;
            assert_true(omitted == NULL || gh_str_u64(omitted->text, &n));
            assert_int_equal(errors->n + n, 4);
            gh_arena_reset(&arena);
        }
        decide_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_document),
        cmocka_unit_test(the_shape_of_fastapi),
        cmocka_unit_test(status_400_is_in_the_document_too),
        cmocka_unit_test(nothing_of_an_observed_finding_is_left),
        cmocka_unit_test(a_small_buffer_costs_findings_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
