#include "identity/input.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/ops.h"

static gh_txn txn;
static gh_arena arena;

static void with_body(const char *json)
{
    gh_json_error error;
    txn = (gh_txn){.input_read = true};
    gh_arena_reset(&arena);
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    txn.input.body = gh_json_read(gh_str_of(json), &gh_json_limits_wide, &arena, &error);
    assert_non_null(txn.input.body);
}

static void members_of_the_body(void **state)
{
    (void)state;
    with_body("{\"a\":\"x\",\"b\":true,\"c\":false,\"d\":null,\"e\":[],\"f\":\"\"}");
    assert_true(gh_str_eq(gh_body_text(&txn, "a"), GH_STR("x")));
    assert_null(gh_body_text(&txn, "b").p);
    assert_null(gh_body_text(&txn, "d").p);
    assert_null(gh_body_text(&txn, "none").p);
    assert_non_null(gh_body_text(&txn, "f").p);
    assert_true(gh_body_true(&txn, "b"));
    assert_false(gh_body_true(&txn, "a") || gh_body_true(&txn, "c") || gh_body_true(&txn, "none"));
    txn.input_read = false; /* no body came */
    assert_null(gh_body_text(&txn, "a").p);
}

static void numbers_however_they_are_written(void **state)
{
    static const struct {
        const char *body;
        uint64_t number;
    } rows[] = {
        {"{\"n\":0}", 0},        {"{\"n\":-0.0}", 0},        {"{\"n\":1}", 1},
        {"{\"n\":36e2}", 3600},  {"{\"n\":3600.000}", 3600}, {"{\"n\":0.36E+4}", 3600},
        {"{\"n\":9999}", 9999},  {"{\"n\":10000}", 10000},   {"{\"n\":10001}", 10000},
        {"{\"n\":1e99}", 10000}, {"{\"n\":-5}", 0},          {"{}", 77},
        {"{\"n\":\"12\"}", 77},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        with_body(rows[i].body);
        assert_int_equal(gh_body_number(&txn, "n", 10000, 77), rows[i].number);
    }
    with_body("{\"n\":18446744073709551615}");
    assert_true(gh_body_number(&txn, "n", UINT64_MAX, 0) == UINT64_MAX);
}

static void parameters_of_forms(void **state)
{
    gh_str text = GH_STR("as it was");
    (void)state;
    with_body("{\"a\":\"x\",\"b\":[\"x\",\"y\"],\"c\":\"\"}");
    assert_true(gh_form_text(&txn, "a", &text));
    assert_true(gh_str_eq(text, GH_STR("x")));
    assert_false(gh_form_text(&txn, "b", &text));
    assert_true(gh_str_eq(text, GH_STR("x")));
    assert_true(gh_form_text(&txn, "c", &text));
    assert_null(text.p);
    assert_true(gh_form_text(&txn, "none", &text));
    assert_null(text.p);
}

static void copies_for_operations(void **state)
{
    gh_op_audit *op = gh_op_make(AUDIT, gh_op_audit);
    gh_str copy;
    (void)state;
    assert_non_null(op);
    assert_true(gh_op_copy_name(&op->op, GH_STR("Ada.L\xc3\x84@Example.ORG"), &copy));
    assert_true(gh_str_eq(copy, GH_STR("ada.l\xc3\x84@example.org")));
    assert_true(gh_op_copy_name(&op->op, (gh_str){NULL, 0}, &copy));
    assert_null(copy.p);
    char label[128];
    memset(label, 'x', sizeof label);
    assert_true(gh_op_copy_label(&op->op, (gh_str){label, 64}, &copy));
    assert_int_equal(copy.n, 64);
    assert_true(gh_op_copy_label(&op->op, (gh_str){label, 65}, &copy));
    assert_int_equal(copy.n, 64);
    memcpy(label + 62, "\xe2\x82\xac", 3); /* the euro sign is not cut in two */
    assert_true(gh_op_copy_label(&op->op, (gh_str){label, 70}, &copy));
    assert_int_equal(copy.n, 62);
    assert_true(gh_op_copy_label(&op->op, (gh_str){NULL, 0}, &copy));
    assert_null(copy.p);
    with_body("{\"a\":[\"x\",\"yy\",\"z\"],\"b\":[\"x\"],\"c\":\"x\"}");
    assert_true(gh_op_copy_words(&op->op, gh_body_member(&txn, "a"), &copy));
    assert_true(gh_str_eq(copy, GH_STR("x yy z")));
    assert_true(gh_op_copy_words(&op->op, gh_body_member(&txn, "b"), &copy));
    assert_true(gh_str_eq(copy, GH_STR("x")));
    assert_true(gh_op_copy_words(&op->op, gh_body_member(&txn, "c"), &copy));
    assert_null(copy.p);
    assert_true(gh_op_copy_words(&op->op, NULL, &copy));
    assert_null(copy.p);
    gh_op_unref(&op->op);
}

static int tear_down(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_the_body),
        cmocka_unit_test(numbers_however_they_are_written),
        cmocka_unit_test(parameters_of_forms),
        cmocka_unit_test(copies_for_operations),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
