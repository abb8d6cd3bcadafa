#include "identity/answer.h"

#include "endpoint.h"

#include <string.h>

static void moments_are_written_as_the_calendar_has_them(void **state)
{
    static const struct {
        uint64_t unix_s;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {86399, "1970-01-01T23:59:59Z"},
        {86400, "1970-01-02T00:00:00Z"},
        {68169599, "1972-02-28T23:59:59Z"},
        {68169600, "1972-02-29T00:00:00Z"},
        {68256000, "1972-03-01T00:00:00Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {978307199, "2000-12-31T23:59:59Z"},
        {1764333067, "2025-11-28T12:31:07Z"},
        {4107542399, "2100-02-28T23:59:59Z"},
        {4107542400, "2100-03-01T00:00:00Z"}, /* 2100 has no leap day */
        {UINT64_C(253402300799), "9999-12-31T23:59:59Z"},
        {UINT64_C(253402300800), "9999-12-31T23:59:59Z"},
        {UINT64_MAX, "9999-12-31T23:59:59Z"},
    };
    char memory[64];
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        gh_time_put(&out, rows[i].unix_s);
        memory[out.n] = '\0';
        assert_string_equal(memory, rows[i].text);
    }
}

/* Every day of eight hundred years follows the one before. */
static void every_day_follows_the_one_before(void **state)
{
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1970, month = 1, day = 1;
    char memory[64], expected[64];
    (void)state;
    for (uint64_t n = 0; n < 292194; n++) {
        gh_buf out = gh_buf_over(memory, sizeof memory - 1);
        gh_time_put(&out, n * 86400);
        memory[out.n] = '\0';
        (void)snprintf(expected, sizeof expected, "%04u-%02u-%02uT00:00:00Z", year, month, day);
        assert_string_equal(memory, expected);
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (++day <= lengths[month - 1] + (month == 2 && leap))
            continue;
        day = 1;
        if (++month <= 12)
            continue;
        month = 1;
        year++;
    }
}

static void members_and_what_is_not_there(void **state)
{
    char memory[512];
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    (void)state;
    gh_buf_char(&out, '{');
    gh_member_text(&out, "a", GH_STR("x\"\\\n\x7f\xff"));
    gh_member_text(&out, "b", (gh_str){NULL, 0});
    gh_member_text(&out, "c", GH_STR(""));
    gh_member_word(&out, "d", GH_STR(""));
    gh_member_words(&out, "e", GH_STR(" one  two "));
    gh_member_words(&out, "f", GH_STR(""));
    gh_member_words(&out, "g", (gh_str){NULL, 0});
    gh_member_id(&out, "h", 0);
    gh_member_id(&out, "i", UINT64_MAX >> 1);
    gh_member_time(&out, "j", 0);
    gh_member_time(&out, "k", 1);
    gh_member_number(&out, "l", UINT64_MAX);
    gh_member_bool(&out, "m", true);
    gh_member(&out, "n");
    gh_buf_char(&out, '{');
    gh_member_bool(&out, "o", false);
    gh_buf_lit(&out, "}}");
    memory[out.n] = '\0';
    assert_true(gh_buf_ok(&out));
    assert_string_equal(memory,
                        "{\"a\":\"x\\\"\\\\\\n\\u007f\\ufffd\",\"b\":null,\"c\":\"\",\"d\":null,"
                        "\"e\":[\"one\",\"two\"],\"f\":[],\"g\":null,\"h\":null,\"i\":\"7zzzzzzzzzzzz\","
                        "\"j\":null,\"k\":\"1970-01-01T00:00:01Z\",\"l\":18446744073709551615,\"m\":true,"
                        "\"n\":{\"o\":false}}");
}

static void what_does_not_fit_is_no_answer(void **state)
{
    gh_arena arena;
    gh_request request = {.n_fields = 0};
    static gh_txn txn;
    (void)state;
    gh_arena_init(&arena, NULL, 0, 1 << 16);
    txn = (gh_txn){.arena = &arena, .request = &request};
    gh_answer answer = gh_answer_begin(&txn, 0);
    for (unsigned i = 0; i < 2000; i++)
        gh_buf_char(&answer.body, 'x');
    assert_int_equal(gh_answer_end(&txn, 200, &answer), GH_STOP);
    assert_int_equal(txn.verdict.outcome, GH_OUTCOME_REFUSE);
    assert_int_equal(txn.verdict.reason, GH_REASON_INTERNAL_ERROR);
    assert_null(txn.own.body.p);
    /* no memory for it at all */
    answer = gh_answer_begin(&txn, 1 << 20);
    gh_buf_char(&answer.body, '{');
    assert_int_equal(gh_answer_end(&txn, 200, &answer), GH_STOP);
    assert_int_equal(txn.verdict.reason, GH_REASON_INTERNAL_ERROR);
    gh_arena_reset(&arena);
}

/* Secrets in answers go when the operation does: it is wiped. */
static void answers_live_in_the_last_operation(void **state)
{
    gh_arena arena;
    static gh_txn txn;
    (void)state;
    gh_arena_init(&arena, NULL, 0, 1 << 16);
    txn = (gh_txn){.arena = &arena};
    gh_op_audit *op = gh_op_make(AUDIT, gh_op_audit);
    assert_non_null(op);
    txn.ops[txn.n_ops++] = &op->op;
    size_t before = arena.left;
    gh_answer answer = gh_answer_begin(&txn, 100000);
    assert_true(gh_buf_room(&answer.body) > 100000);
    assert_int_equal(arena.left, before);
    gh_txn_end(&txn);
    gh_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_written_as_the_calendar_has_them),
        cmocka_unit_test(every_day_follows_the_one_before),
        cmocka_unit_test(members_and_what_is_not_there),
        cmocka_unit_test(what_does_not_fit_is_no_answer),
        cmocka_unit_test(answers_live_in_the_last_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
