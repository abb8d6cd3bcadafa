/* Which texts are looked at, and what becomes of a finding. What is dangerous: tests/unit/text. */
#include "decide.h"

#define JSON "\nContent-Type: application/json\n\n"
#define SCRIPT "<script>alert(1)</script>"

static void everywhere_by_default(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"GET /a?q=plain", "forward"},
        {"GET /a?q=%3Cscript%3Ealert(1)%3C/script%3E", "dangerous_content"},
        {"GET /a?%3Cscript%3E=1", "dangerous_content"},
        {"POST /a" JSON "{\"a\":\"plain\"}", "forward"},
        {"POST /a" JSON "{\"a\":[{\"b\":\"" SCRIPT "\"}]}", "dangerous_content"},
        {"POST /a" JSON "{\"" SCRIPT "\":1}", "dangerous_content"},
        {"POST /a" JSON "\"" SCRIPT "\"", "dangerous_content"},
        {"POST /a\nContent-Type: text/plain\n\n" SCRIPT, "dangerous_content"},
        {"POST /a\nContent-Type: application/x-www-form-urlencoded\n\na=%3Cscript%3E", "dangerous_content"},
        /* what is not text can't be looked into, and what is to be text must be readable */
        {"POST /a\nContent-Type: application/octet-stream\n\n" SCRIPT, "forward"},
        {"POST /a" JSON "{\"a\":\"x\",\"a\":\"y\"}", "validation_error"},
        {"POST /a\nContent-Encoding: gzip" JSON "{}", "unsupported_content_coding"},
        /* headers and cookies only where they are named */
        {"GET /a\nX-A: " SCRIPT, "forward"},
        {"GET /a\nCookie: a=" SCRIPT, "forward"},
    };
    decide *d = decide_new("dangerous_content: {checks: [script]}\n");
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

static void the_named_fields_only(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"POST /n/x" JSON "{\"a\":\"" SCRIPT "\"}", "dangerous_content"},
        {"POST /n/x" JSON "{\"b\":\"" SCRIPT "\"}", "forward"},
        {"POST /n/x?q=" SCRIPT JSON "{}", "forward"},
        {"GET /n/x\nX-A: " SCRIPT, "dangerous_content"},
        {"GET /n/x\nX-A: \xff", "dangerous_content"},
        {"GET /n/x\nX-B: \xff", "forward"},
        {"GET /n/x\nCookie: theme=" SCRIPT, "dangerous_content"},
        {"GET /n/%3Cscript%3E", "dangerous_content"},
        {"GET /off?q=" SCRIPT, "forward"},
    };
    decide *d = decide_new(
        "dangerous_content: {checks: [script]}\n"
        "routes:\n"
        "  - {name: n, path: '/n/{id}', dangerous_content: {fields: [/a, header.x-a, cookie.theme, path.id]}}\n"
        "  - {name: off, path: /off, dangerous_content: {checks: []}}\n");
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
}

static void all_are_found_and_named(void **state)
{
    (void)state;
    decide *d = decide_new("dangerous_content: {checks: [script, control, too_long], max_length: 30}\n"
                           "validation: {max_errors: 3}\n");
    assert_string_equal(
        decide_request(d, "POST /?q=%07" JSON
                          "{\"a\":\"<script>\",\"b\":[\"0123456789012345678901234567890\",\"\\u0007\"]}"),
        "dangerous_content");
    const gh_findings *f = &d->txn.findings;
    assert_int_equal(f->n, 3);
    assert_int_equal(f->omitted, 1);
    assert_int_equal(f->items[0].in, GH_IN_QUERY);
    assert_true(gh_str_eq(f->items[0].name, GH_STR("q")) && gh_str_eq(f->items[0].limit, GH_STR("control")));
    assert_true(gh_str_eq(f->items[1].pointer, GH_STR("/a")) &&
                gh_str_eq(f->items[1].limit, GH_STR("script")));
    assert_true(gh_str_eq(f->items[2].pointer, GH_STR("/b/0")) &&
                gh_str_eq(f->items[2].limit, GH_STR("too_long")));
    decide_free(d);
}

/* A reader that guesses the type, or takes the other line, would get what nobody looked at. */
static void a_type_that_says_nothing_is_no_way_round(void **state)
{
    (void)state;
    static const decide_row rows[] = {
        {"POST /a\n\n{\"a\":\"" SCRIPT "\"}", "unsupported_media_type"},
        {"POST /a\nContent-Type: application/json; charset=utf-8; charset=utf-8\n\n\"" SCRIPT "\"",
         "unsupported_media_type"},
        {"POST /a\nContent-Type: json\n\n\"" SCRIPT "\"", "unsupported_media_type"},
        {"POST /a\nContent-Type: image/png\nContent-Type: application/json\n\n\"" SCRIPT "\"",
         "unsupported_media_type"},
        {"POST /a\nContent-Type:\n\n\"" SCRIPT "\"", "unsupported_media_type"},
        {"POST /a\n\n", "forward"},
        {"GET /a\nContent-Type: json", "forward"},
    };
    decide *d = decide_new("dangerous_content: {checks: [script]}\n");
    expect_rows(d, rows, GH_COUNT(rows));
    decide_free(d);
    d = decide_new("dangerous_content: {checks: [script], mode: observe}\n");
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(decide_request(d, rows[i].request), "forward");
        assert_int_equal(d->txn.reports, GH_REPORT_DANGEROUS);
    }
    decide_free(d);
    d = decide_new("dangerous_content: {checks: [script], mode: observe}\n"
                   "routes: [{name: s, path: /a, sanitize: {text: [/a]}}]\n");
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(decide_request(d, rows[i].request), "unsupported_media_type");
    decide_free(d);
}

static void observed_it_is_reported(void **state)
{
    (void)state;
    decide *d = decide_new("dangerous_content: {checks: [script], mode: observe}\n");
    assert_string_equal(decide_request(d, "POST /" JSON "{\"a\":\"plain\"}"), "forward");
    assert_int_equal(d->txn.reports, 0);
    assert_string_equal(decide_request(d, "POST /" JSON "{\"a\":\"" SCRIPT "\"}"), "forward");
    assert_int_equal(d->txn.reports, GH_REPORT_DANGEROUS);
    assert_int_equal(d->txn.findings.n, 0);
    assert_string_equal(decide_request(d, "POST /" JSON "{"), "forward");
    assert_int_equal(d->txn.reports, GH_REPORT_DANGEROUS);
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everywhere_by_default),   cmocka_unit_test(the_named_fields_only),
        cmocka_unit_test(all_are_found_and_named), cmocka_unit_test(a_type_that_says_nothing_is_no_way_round),
        cmocka_unit_test(observed_it_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
