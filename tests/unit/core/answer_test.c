#include <stdio.h>

#include "decide.h"

static void a_refusal_is_a_problem_document(void **state)
{
    (void)state;
    decide *d = decide_new("");
    (void)decide_request(d, "GET /x\nHost: evil.example");
    decide_answer(d);
    expect_field(d, "Content-Type", "application/problem+json");
    expect_field(d, "Cache-Control", "no-store");
    expect_field(d, "Retry-After", NULL);
    expect_field(d, "Content-Length", NULL);
    assert_string_equal(d->body,
                        "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                        "\"detail\":\"This host name is not served here.\","
                        "\"instance\":\"urn:gatehouse:decision:000102030405060708090a0b\","
                        "\"error\":\"host_not_allowed\",\"message\":\"This host name is not served here.\"}");
    decide_free(d);
}

static void a_limited_one_says_when_and_by_what(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits: {default: {requests: 1}}");
    d->world.now_ms = 0;
    (void)decide_request(d, "GET /");
    (void)decide_request(d, "GET /");
    decide_answer(d);
    assert_int_equal(d->txn.verdict.status, 429);
    const char *wait = decide_field(d, "Retry-After");
    char member[64];
    snprintf(member, sizeof member, "\"retry_after\":%s,", wait);
    assert_non_null(strstr(d->body, member));
    assert_non_null(strstr(d->body,
                           "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\","
                           "\"title\":\"Too Many Requests\",\"status\":429,"));
    assert_non_null(strstr(d->body, "\"error\":\"rate_limit_exceeded\","
                                    "\"message\":\"Too many requests. Please try again later.\""));
    assert_non_null(strstr(d->body, ",\"violated-policies\":[\"default\"]}"));
    decide_free(d);
}

/* Nothing of the request, the rules or the log's detail is in the answers of the others. */
static void every_reason_has_its_answer(void **state)
{
    (void)state;
    decide *d = decide_new("rate_limits: { enabled: off }\n");
    for (unsigned r = GH_REASON_NONE + 1; r < GH_REASON_COUNT; r++) {
        const gh_reason_row *row = gh_reason_of((enum gh_reason)r);
        char status[32];
        (void)decide_request(d, "GET /secret-path");
        decide_fail(d, (enum gh_reason)r);
        decide_answer(d);
        snprintf(status, sizeof status, "\"status\":%u,", row->status);
        print_message("%s\n", row->error.p);
        assert_int_equal(d->txn.verdict.status, row->status);
        assert_in_range(row->status, 400, 599);
        assert_true(gh_status_phrase(row->status).n > 0);
        assert_true(row->message.n > 0);
        assert_non_null(strstr(d->body, status));
        assert_non_null(strstr(d->body, row->error.p));
        assert_null(strstr(d->body, "secret"));
        assert_null(strstr(d->body, "a test"));
        expect_field(d, "Retry-After", row->status == 503 ? "5" : NULL);
        assert_int_equal(strstr(d->body, "\"retry_after\":5") != NULL, row->status == 503);
        expect_field(d, "X-Content-Type-Options", "nosniff");
    }
    decide_free(d);
}

static void an_unknown_reason_is_an_internal_error(void **state)
{
    (void)state;
    assert_int_equal(gh_reason_of((enum gh_reason)GH_REASON_COUNT)->status, 500);
    assert_int_equal(gh_status_phrase(299).n, 0);
}

static void the_id_is_made_once(void **state)
{
    (void)state;
    decide *d = decide_new("");
    (void)decide_request(d, "GET /");
    gh_str id = gh_txn_id(&d->txn);
    assert_int_equal(id.n, GH_ID_SIZE);
    assert_true(gh_str_eq(id, GH_STR("000102030405060708090a0b")));
    d->txn.world.random = NULL;
    assert_ptr_equal(gh_txn_id(&d->txn).p, id.p);
    decide_free(d);
}

static void too_little_room_is_noticed(void **state)
{
    (void)state;
    decide *d = decide_new("cors: {enabled: on, origins: [https://a.example]}");
    (void)decide_request(d, "GET /x\nHost: evil.example\nOrigin: https://a.example");
    decide_answer(d);
    size_t head = strlen(d->head), whole = strlen(d->body);
    for (size_t n = 0; n < head + 20; n++) {
        char lines_memory[2048], body_memory[2048];
        gh_buf lines = gh_buf_over(lines_memory, n), body = gh_buf_over(body_memory, n);
        gh_answer_write(&d->txn, &lines, &body);
        assert_true(lines.n <= n && body.n <= n);
        assert_int_equal(gh_buf_ok(&lines), n >= head);
        assert_int_equal(gh_buf_ok(&body), n >= whole);
    }
    decide_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_a_problem_document),
        cmocka_unit_test(a_limited_one_says_when_and_by_what),
        cmocka_unit_test(every_reason_has_its_answer),
        cmocka_unit_test(an_unknown_reason_is_an_internal_error),
        cmocka_unit_test(the_id_is_made_once),
        cmocka_unit_test(too_little_room_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
