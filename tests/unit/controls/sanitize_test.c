/* What goes to the upstream in a body's place. How texts are rewritten: tests/unit/contract, tests/unit/text. */
#include "decide.h"

#define JSON "\nContent-Type: application/json\n\n"

static void expect_body(decide *d, const char *request, const char *body)
{
    assert_string_equal(decide_request(d, request), "forward");
    gh_str now = d->txn.new_body;
    assert_int_equal(now.p == NULL, body == NULL);
    if (body == NULL)
        return;
    assert_int_equal(now.n, strlen(body));
    assert_memory_equal(now.p, body, now.n);
}

static void the_named_texts_are_rewritten(void **state)
{
    (void)state;
    decide *d = decide_new("routes:\n"
                           "  - {name: r, path: /r, sanitize: {text: [/a], filename: [/f], max_length: 4}}\n"
                           "  - {name: s, path: /s}\n");
    expect_body(d, "POST /r" JSON "{\"a\":\" <b> \",\"f\":\"../x\",\"c\":\"<\"}",
                "{\"a\":\"&lt;b&gt;\",\"f\":\"x\",\"c\":\"<\"}");
    expect_body(d, "POST /r" JSON "{ \"a\" : \"abcd\" }", NULL);
    expect_body(d, "POST /r" JSON "{\"a\":\"abcde\"}", "{\"a\":\"abcd\"}");
    expect_body(d, "POST /s" JSON "{\"a\":\"<\"}", NULL);
    expect_body(d, "GET /r", NULL);
    expect_body(d, "POST /r\nContent-Type: image/png\n\n<", NULL);
    assert_string_equal(decide_request(d, "POST /r" JSON "{\"a\":\"<\""), "validation_error");
    assert_string_equal(decide_request(d, "POST /r\nContent-Encoding: br" JSON "{}"),
                        "unsupported_content_coding");
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_named_texts_are_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
