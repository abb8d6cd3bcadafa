#include "operator/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void requests_arrive_as_they_were_sent(void **state)
{
    (void)state;
    static const char every[] = "\x00\x01\n\"\\\x7f\xc3\xbc\xe2\x80\xa8\xf0\x9f\x98\x80";
    const gh_str argv[] = {GH_STR("user"), GH_STR("add"), GH_STR(""), {every, sizeof every - 1}};
    static const gh_str inputs[] = {{NULL, 0}, GH_STR_INIT(""), GH_STR_INIT("\xff\x00 any bytes\n")};
    for (size_t i = 0; i < GH_COUNT(inputs); i++) {
        const gh_operator_request sent = {.argv = argv, .argc = GH_COUNT(argv), .input = inputs[i]};
        gh_operator_request got;
        const char *why = NULL;
        gh_text line = {.cap = GH_MESSAGE_REQUEST_MAX};
        gh_arena arena;
        gh_arena_init(&arena, NULL, 0, 1 << 20);
        assert_true(gh_operator_request_put(&line, &sent));
        assert_int_equal(gh_str_find(gh_text_str(&line), '\n'), line.b.n - 1); /* one line */
        assert_true(
            gh_operator_request_read(gh_str_cut(gh_text_str(&line), 0, line.b.n - 1), &arena, &got, &why));
        assert_int_equal(got.argc, sent.argc);
        for (unsigned k = 0; k < got.argc; k++)
            assert_true(gh_str_eq(got.argv[k], argv[k]));
        assert_true(gh_str_eq(got.input, inputs[i]));
        assert_int_equal(got.input.p == NULL, inputs[i].p == NULL);
        gh_arena_reset(&arena);
        gh_text_free(&line);
    }
}

static void the_largest_input_fits(void **state)
{
    (void)state;
    char *memory = malloc(GH_OPERATOR_INPUT_MAX);
    assert_non_null(memory);
    memset(memory, 0xa5, GH_OPERATOR_INPUT_MAX);
    const gh_str argv[] = {GH_STR("user"), GH_STR("import")};
    const gh_operator_request sent = {.argv = argv, .argc = 2, .input = {memory, GH_OPERATOR_INPUT_MAX}};
    gh_operator_request got;
    const char *why = NULL;
    gh_text line = {.cap = GH_MESSAGE_REQUEST_MAX};
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 3 * (size_t)GH_MESSAGE_REQUEST_MAX);
    assert_true(gh_operator_request_put(&line, &sent));
    assert_true(
        gh_operator_request_read(gh_str_cut(gh_text_str(&line), 0, line.b.n - 1), &arena, &got, &why));
    assert_true(gh_str_eq(got.input, sent.input));
    gh_arena_reset(&arena);
    gh_text_free(&line);
    free(memory);
}

static void other_requests_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "[]",
        "null",
        "{}",
        "{\"argv\":[]}",
        "{\"argv\":\"user\"}",
        "{\"argv\":[1]}",
        "{\"argv\":[\"a\"],\"input\":1}",
        "{\"argv\":[\"a\"],\"input\":\"a\"}",
        "{\"argv\":[\"a\"],\"input\":\"YQ==\"}",
        "{\"argv\":[\"a\"],\"inptu\":\"\"}",
        "{\"argv\":[\"a\"],\"input\":\"\",\"more\":1}",
        "{\"argv\":[\"a\"],\"argv\":[\"b\"]}",
        "{\"argv\":[\"a\"]} x",
        "{\"argv\":[\"a\"]",
    };
    for (size_t i = 0; i < GH_COUNT(lines); i++) {
        gh_operator_request got = {.argc = 99};
        const char *why = NULL;
        gh_arena arena;
        gh_arena_init(&arena, NULL, 0, 1 << 20);
        if (gh_operator_request_read(gh_str_of(lines[i]), &arena, &got, &why))
            fail_msg("%s", lines[i]);
        assert_non_null(why);
        assert_int_equal(got.argc, 99);
        gh_arena_reset(&arena);
    }
}

static void words_have_a_bound(void **state)
{
    (void)state;
    for (unsigned n = GH_OPERATOR_WORDS_MAX; n <= GH_OPERATOR_WORDS_MAX + 1; n++) {
        gh_text line = {.cap = 1 << 20};
        gh_operator_request got;
        const char *why = NULL;
        gh_arena arena;
        gh_arena_init(&arena, NULL, 0, 1 << 20);
        gh_text_lit(&line, "{\"argv\":[");
        for (unsigned i = 0; i < n; i++)
            gh_text_put(&line, i == 0 ? GH_STR("\"a\"") : GH_STR(",\"a\""));
        gh_text_lit(&line, "]}");
        assert_int_equal(gh_operator_request_read(gh_text_str(&line), &arena, &got, &why),
                         n == GH_OPERATOR_WORDS_MAX);
        gh_arena_reset(&arena);
        gh_text_free(&line);
    }
}

static void answers_arrive_as_they_were_sent(void **state)
{
    (void)state;
    gh_text big = {.cap = 1 << 20}, line = {.cap = 1 << 23};
    for (unsigned i = 0; i < 20000; i++) /* longer than a piece, and cut at every place of a character */
        gh_text_put(&big, i % 3 == 0 ? GH_STR("\xe2\x82\xac") : GH_STR("\xf0\x9f\x98\x80\n"));
    const gh_operator_answer sent = {
        .status = 2, .out = gh_text_str(&big), .err = GH_STR("gatehouse: \"no\"\n")};
    gh_operator_answer got;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 23);
    assert_true(gh_operator_answer_put(&line, &sent));
    assert_int_equal(gh_str_find(gh_text_str(&line), '\n'), line.b.n - 1);
    assert_true(gh_operator_answer_read(gh_str_cut(gh_text_str(&line), 0, line.b.n - 1), &arena, &got));
    assert_int_equal(got.status, 2);
    assert_true(gh_str_eq(got.out, sent.out) && gh_str_eq(got.err, sent.err));
    gh_arena_reset(&arena);
    gh_text_free(&line);
    gh_text_free(&big);
}

static void other_answers_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "{}",
                                        "{\"status\":3,\"out\":\"\",\"err\":\"\"}",
                                        "{\"status\":-1,\"out\":\"\",\"err\":\"\"}",
                                        "{\"status\":0,\"out\":null,\"err\":\"\"}",
                                        "{\"status\":0,\"out\":\"\"}",
                                        "HTTP/1.1 400 Bad Request"};
    for (size_t i = 0; i < GH_COUNT(lines); i++) {
        gh_operator_answer got;
        gh_arena arena;
        gh_arena_init(&arena, NULL, 0, 1 << 20);
        assert_false(gh_operator_answer_read(gh_str_of(lines[i]), &arena, &got));
        gh_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_arrive_as_they_were_sent), cmocka_unit_test(the_largest_input_fits),
        cmocka_unit_test(other_requests_are_refused),        cmocka_unit_test(words_have_a_bound),
        cmocka_unit_test(answers_arrive_as_they_were_sent),  cmocka_unit_test(other_answers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
