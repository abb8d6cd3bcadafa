/* The engine with controls that only take notes. */
#include "decide.h"

static char notes[256];
static gh_buf log_of;

static void note(char what, char who)
{
    gh_buf_char(&log_of, what);
    gh_buf_char(&log_of, who);
    gh_buf_char(&log_of, ' ');
}

static gh_limit limit = {.kind = GH_LIMIT_SLIDING, .requests = 9, .window_ms = 60000};
static char stops = '-'; /* whose judge stops */

static void ask(gh_txn *txn, char who)
{
    note('a', who);
    txn->takes[txn->n_takes++] = (gh_take){.limit = &limit, .key = (uint64_t)who, .weight = 1};
}

static enum gh_judgement judge(gh_txn *txn, char who)
{
    note('j', who);
    return who == stops ? gh_txn_refuse(txn, GH_REASON_METHOD_NOT_ALLOWED, "a test") : GH_PASS;
}

/* clang-format off */
#define CONTROL(who)                                                                              \
    static void ask_##who(gh_txn *txn) { ask(txn, #who[0]); }                                     \
    static enum gh_judgement judge_##who(gh_txn *txn) { return judge(txn, #who[0]); }             \
    static void reply_##who(gh_txn *txn, gh_reply *r) { (void)txn, (void)r; note('r', #who[0]); }
CONTROL(A) CONTROL(B) CONTROL(C) CONTROL(D) CONTROL(E) CONTROL(F)
    /* clang-format on */

    static const gh_control A = {.name = "A", .judge = judge_A, .reply = reply_A};
static const gh_control B = {.name = "B", .judge = judge_B, .reply = reply_B};
static const gh_control C = {.name = "C", .ask = ask_C, .judge = judge_C};
static const gh_control D = {.name = "D", .ask = ask_D, .judge = judge_D, .reply = reply_D};
static const gh_control E = {.name = "E", .ask = ask_E, .judge = judge_E};
static const gh_control F = {.name = "F", .reply = reply_F};

/* A B at the door, C in IDENTITY, D E in ALLOWANCE, F in REPLY. */
static gh_policy *policy_of_six(void)
{
    static const gh_control *const controls[] = {&A, &B, &C, &D, &E, &F};
    static const uint8_t starts[] = {0, 2, 3, 3, 3, 5, 5, 5, 6};
    const char *why;
    gh_policy *p = gh_policy_new();
    assert_non_null(p);
    assert_true(gh_limit_compile(&limit, &why));
    memcpy(p->controls, controls, sizeof controls);
    memcpy(p->stage_starts, starts, sizeof starts);
    p->n_controls = GH_COUNT(controls);
    (void)ask_A, (void)ask_B, (void)ask_F, (void)judge_F, (void)reply_C, (void)reply_E;
    return p;
}

static void run(char stop, const char *expected)
{
    gh_policy *p = policy_of_six();
    gh_request request = {.method = GH_STR("GET"), .target = GH_STR("/")};
    gh_world world = {.now_ms = 1};
    gh_arena arena;
    gh_txn txn;
    gh_reply reply = {.status = 200};
    gh_arena_init(&arena, NULL, 0, 0);
    log_of = gh_buf_over(notes, sizeof notes - 1);
    stops = stop;
    memset(&txn, 0xA5, sizeof txn);
    gh_engine_begin(&txn, p, &request, &arena, &world);
    while (gh_engine_step(&txn) == GH_STEP_ASK) {
        gh_buf_printf(&log_of, "[%u,%u) ", txn.n_answered, txn.n_takes);
        assert_true(gh_buf_room(&log_of) > 0);
    }
    gh_buf_lit(&log_of, "| ");
    gh_engine_reply(&txn, &reply);
    notes[log_of.n] = '\0';
    assert_string_equal(notes, expected);
    assert_int_equal(txn.verdict.outcome, stop == '-' ? GH_OUTCOME_FORWARD : GH_OUTCOME_REFUSE);
    gh_policy_unref(p);
}

static void stages_ask_once_then_judge_in_order(void **state)
{
    (void)state;
    run('-', "jA jB aC [0,1) jC aD aE [1,3) jD jE | rA rB rD rF ");
}

static void nothing_runs_after_a_stop_but_the_replies(void **state)
{
    (void)state;
    run('A', "jA | rA rB rD rF ");
    run('B', "jA jB | rA rB rD rF ");
    run('C', "jA jB aC [0,1) jC | rA rB rD rF ");
    run('D', "jA jB aC [0,1) jC aD aE [1,3) jD | rA rB rD rF ");
    run('E', "jA jB aC [0,1) jC aD aE [1,3) jD jE | rA rB rD rF ");
}

static void begins_with_everything_set(void **state)
{
    (void)state;
    gh_policy *p = policy_of_six();
    gh_world world = {.now_ms = 1};
    gh_txn txn;
    memset(&txn, 0xA5, sizeof txn);
    gh_engine_begin(&txn, p, NULL, NULL, &world);
    assert_int_equal(txn.client.ip.family, 0);
    assert_int_equal(txn.client.n_chain, 0);
    assert_true(gh_str_eq(txn.client.source, GH_STR("peer")));
    assert_false(txn.client.ignored || txn.client.secure || txn.client.secure_known || txn.secure ||
                 txn.asked);
    assert_null(txn.client.why);
    assert_null(txn.client.host.p);
    assert_null(txn.target.path.p);
    assert_ptr_equal(txn.route, &p->fallback);
    assert_int_equal(txn.verdict.outcome, GH_OUTCOME_FORWARD);
    assert_int_equal(txn.verdict.reason, GH_REASON_NONE);
    assert_null(txn.verdict.detail);
    gh_policy_unref(p);
}

static void fields_not_yet_classified_are(void **state)
{
    (void)state;
    gh_policy *p = policy_of_six();
    gh_world world = {.now_ms = 1};
    gh_field fields[] = {{GH_STR("ORIGIN"), GH_STR("x"), 77}, {GH_STR("X-Own"), GH_STR("x"), 77}};
    gh_request request = {.fields = fields, .n_fields = 2, .seen = ~UINT64_C(0)};
    gh_txn txn;
    gh_engine_begin(&txn, p, &request, NULL, &world);
    assert_int_equal(fields[0].id, GH_FIELD_ORIGIN);
    assert_int_equal(fields[1].id, GH_FIELD_UNKNOWN);
    assert_true(request.seen & GH_FIELD_BIT(GH_FIELD_ORIGIN));
    assert_false(request.seen & GH_FIELD_BIT(GH_FIELD_HOST));
    gh_policy_unref(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_ask_once_then_judge_in_order),
        cmocka_unit_test(nothing_runs_after_a_stop_but_the_replies),
        cmocka_unit_test(begins_with_everything_set),
        cmocka_unit_test(fields_not_yet_classified_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
