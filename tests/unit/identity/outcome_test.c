#include "identity/outcome.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static gh_txn txn;

static const char *judged(enum gh_op_kind kind, unsigned status, uint64_t retry_s)
{
    gh_op *op = gh_op_new(kind, sizeof(gh_op));
    assert_non_null(op);
    op->status = (uint8_t)status;
    op->retry_s = retry_s;
    txn = (gh_txn){.n_ops = 1, .ops = {op}};
    enum gh_judgement j = gh_op_judge(&txn);
    assert_int_equal(j, status == GH_OP_OK ? GH_PASS : GH_STOP);
    gh_txn_end(&txn);
    return status == GH_OP_OK ? "" : gh_reason_of(txn.verdict.reason)->error.p;
}

/* Whatever an executor answers, nothing but OK passes, and what a kind can't answer is our own fault. */
static void nothing_but_ok_passes(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < GH_OP_KIND_COUNT; kind++) {
        assert_string_equal(judged((enum gh_op_kind)kind, GH_OP_OK, 0), "");
        assert_string_equal(judged((enum gh_op_kind)kind, GH_OP_UNAVAILABLE, 0), "identity_unavailable");
        bool hash = gh_op_executor_of((enum gh_op_kind)kind) == GH_OP_PASSWORDS;
        assert_string_equal(judged((enum gh_op_kind)kind, GH_OP_BUSY, 8),
                            hash ? "passwords_busy" : "identity_unavailable");
        assert_int_equal(txn.verdict.retry_after, 8);
        assert_string_equal(judged((enum gh_op_kind)kind, GH_OP_UNSURE + 1, 0), "internal_error");
    }
    assert_string_equal(judged(GH_OP_SESSION_LIST, GH_OP_REUSED, 0), "internal_error");
    assert_string_equal(judged(GH_OP_USER_EXPORT, GH_OP_WRONG, 0), "internal_error");
}

/* What the records can answer beside that, and what it is to the client. */
static void each_answer_has_its_reason(void **state)
{
    static const struct {
        enum gh_op_kind kind;
        enum gh_op_status status;
        const char *error;
    } rows[] = {
        {GH_OP_LOGIN_FINISH, GH_OP_WRONG, "login_failed"},
        {GH_OP_LOGIN_FINISH, GH_OP_DISABLED, "login_failed"},
        {GH_OP_USER_CREATE, GH_OP_EXISTS, "name_taken"},
        {GH_OP_USER_CREATE, GH_OP_WRONG, "invalid_request"},
        {GH_OP_USER_EXPORT, GH_OP_NOT_FOUND, "not_found"},
        {GH_OP_REFRESH, GH_OP_WRONG, "refresh_invalid"},
        {GH_OP_REFRESH, GH_OP_REUSED, "refresh_reused"},
        {GH_OP_REFRESH, GH_OP_DISABLED, "user_disabled"},
        {GH_OP_DEVICE_BEGIN, GH_OP_NOT_FOUND, "not_found"},
        {GH_OP_DEVICE_CONFIRM, GH_OP_WRONG, "not_found"},
        {GH_OP_DEVICE_CONFIRM, GH_OP_EXPIRED, "device_expired"},
        {GH_OP_KEY_CREATE, GH_OP_WRONG, "invalid_request"},
        {GH_OP_KEY_CREATE, GH_OP_DISABLED, "user_disabled"},
        {GH_OP_KEY_LIST, GH_OP_NOT_FOUND, "not_found"},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        assert_string_equal(judged(rows[i].kind, rows[i].status, 0), rows[i].error);
}

static void the_wait_is_told(void **state)
{
    (void)state;
    assert_string_equal(judged(GH_OP_LOGIN_BEGIN, GH_OP_SLOWED, 42), "login_slowed");
    assert_int_equal(txn.verdict.retry_after, 42);
    assert_string_equal(judged(GH_OP_LOGIN_BEGIN, GH_OP_SLOWED, 0), "login_slowed");
    assert_int_equal(txn.verdict.retry_after, 1);
}

static void an_account_is_needed(void **state)
{
    static const struct {
        gh_principal principal;
        const char *error;
    } rows[] = {
        {{.proof = GH_PROOF_NONE}, "credentials_required"},
        {{.proof = GH_PROOF_NONE, .device = 3}, "credentials_required"},
        {{.proof = GH_PROOF_API_KEY, .user = 7}, "proof_not_accepted"},
        {{.proof = GH_PROOF_TOKEN, .user = 0}, "proof_not_accepted"},
        {{.proof = GH_PROOF_TOKEN, .user = 7}, NULL},
        {{.proof = GH_PROOF_SESSION, .user = 7}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        txn = (gh_txn){.principal = rows[i].principal};
        assert_int_equal(gh_needs_account(&txn), rows[i].error == NULL ? GH_PASS : GH_STOP);
        if (rows[i].error != NULL)
            assert_string_equal(gh_reason_of(txn.verdict.reason)->error.p, rows[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_ok_passes),
        cmocka_unit_test(each_answer_has_its_reason),
        cmocka_unit_test(the_wait_is_told),
        cmocka_unit_test(an_account_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
