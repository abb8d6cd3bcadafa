/* What a transaction waits for, and what an outage of the records makes of lookups. */
#include "edges/drive.h"

#include <stdlib.h>

#include "rosters.h"

enum { ADA = 1, SESSION = 10, KEY = 20, NOW = 5000 };

/* One control that asks one lookup and keeps its answer. */
static gh_lookup asked;
static unsigned judged;

static void ask_one(gh_txn *txn)
{
    txn->lookups[txn->n_lookups++] = asked;
}

static enum gh_judgement judge_one(gh_txn *txn)
{
    judged++;
    asked = txn->lookups[0];
    return GH_PASS;
}

static const gh_control control = {.name = "test", .ask = ask_one, .judge = judge_one};

typedef struct fixture {
    gh_roster *roster;
    gh_executors executors;
    gh_metrics metrics;
    unsigned checks, submitted;
    uint64_t age_ms[2], fillings[2]; /* before it is looked at, and after */
    unsigned looks;
    bool refuses;
    gh_op *op;
    gh_policy *policy;
    gh_txn *txn;
    gh_drive_state drive;
    gh_arena arena;
} fixture;

static bool submit(void *data, gh_op *op)
{
    fixture *f = data;
    f->submitted++;
    if (f->refuses)
        return false;
    f->op = gh_op_ref(op);
    return true;
}

static uint64_t age(void *data, uint64_t *ret_fillings)
{
    fixture *f = data;
    unsigned i = f->looks++ % 2;
    *ret_fillings = f->fillings[i];
    return f->age_ms[i];
}

static void begin(void *data, gh_op *op)
{
    (void)data;
    assert_int_equal(op->kind, GH_OP_CATCH_UP);
}

static int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->roster = new_roster();
    set_user(f->roster, user_of(ADA));
    set_key(f->roster, key_of(KEY, ADA));
    f->policy = calloc(1, sizeof *f->policy);
    f->policy->controls[0] = &control;
    f->policy->n_controls = 1;
    for (unsigned s = GH_STAGE_STANDING + 1; s < GH_COUNT(f->policy->stage_starts); s++)
        f->policy->stage_starts[s] = 1;
    f->txn = calloc(1, sizeof *f->txn);
    f->executors.roster = f->roster;
    f->executors.submit[GH_OP_RECORDS] = submit;
    f->executors.data[GH_OP_RECORDS] = f;
    f->executors.age_ms = age;
    judged = 0;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    gh_drive_leave(&f->drive, NULL);
    gh_op_unref(f->op);
    gh_txn_end(f->txn);
    gh_roster_free(f->roster);
    free(f->policy);
    free(f->txn);
    free(f);
    return 0;
}

static enum gh_step drive(fixture *f)
{
    gh_drive_tools tools = {
        .executors = &f->executors, .metrics = &f->metrics, .checks = &f->checks, .begin = begin, .data = f};
    return gh_drive(f->txn, &f->drive, &tools);
}

static enum gh_step begin_with(fixture *f, gh_lookup lookup)
{
    gh_world world = {.now_ms = NOW, .unix_s = now_s};
    gh_arena_init(&f->arena, NULL, 0, 65536);
    asked = lookup;
    gh_engine_begin(f->txn, f->policy, NULL, &f->arena, &world);
    return drive(f);
}

static void what_is_known_waits_for_nobody(void **state)
{
    fixture *f = *state;
    assert_int_equal(begin_with(f, lookup_of(GH_LOOKUP_API_KEY, KEY)), GH_STEP_VERDICT);
    assert_int_equal(asked.answer, GH_LOOKUP_GOOD);
    assert_int_equal(f->submitted, 0);
}

static void what_is_not_known_is_looked_for_once_more(void **state)
{
    fixture *f = *state;
    assert_int_equal(begin_with(f, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_STEP_ASK);
    assert_int_equal(f->drive.wait, GH_WAIT_CATCH_UP);
    assert_int_equal(judged, 0);
    set_session(f->roster, session_of(SESSION, ADA)); /* another node's login has come */
    assert_int_equal(drive(f), GH_STEP_VERDICT);
    assert_int_equal(asked.answer, GH_LOOKUP_GOOD);
    assert_int_equal(f->submitted, 1);
    assert_int_equal(judged, 1);
}

static void and_only_once(void **state)
{
    fixture *f = *state;
    assert_int_equal(begin_with(f, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_STEP_ASK);
    assert_int_equal(drive(f), GH_STEP_VERDICT);
    assert_int_equal(asked.answer, GH_LOOKUP_UNKNOWN);
    assert_int_equal(f->submitted, 1);
}

static void nobody_is_asked_where_there_is_one_roster(void **state)
{
    fixture *f = *state;
    f->executors.age_ms = NULL;
    assert_int_equal(begin_with(f, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_STEP_VERDICT);
    assert_int_equal(asked.answer, GH_LOOKUP_UNKNOWN);
    assert_int_equal(f->submitted, 0);
}

static void a_feed_that_takes_nothing_leaves_the_answer(void **state)
{
    fixture *f = *state;
    f->refuses = true;
    assert_int_equal(begin_with(f, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_STEP_VERDICT);
    assert_int_equal(asked.answer, GH_LOOKUP_UNKNOWN);
    assert_int_equal(f->submitted, 1);
    assert_null(f->drive.catch_up);
}

static enum gh_lookup_answer stale(fixture *f, enum gh_lookup_kind kind, gh_id id, uint64_t late_ms)
{
    gh_lookup lookup = lookup_of(kind, id);
    lookup.user = ADA;
    f->age_ms[1] = late_ms;
    assert_int_equal(begin_with(f, lookup), GH_STEP_VERDICT);
    return (enum gh_lookup_answer)asked.answer;
}

static void a_stale_roster_lets_nobody_in_but_tokens(void **state)
{
    fixture *f = *state;
    set_session(f->roster, session_of(SESSION, ADA));
    f->executors.outage_tokens_ms = 3000;
    assert_int_equal(stale(f, GH_LOOKUP_SESSION, SESSION, 1000), GH_LOOKUP_GOOD);
    assert_int_equal(stale(f, GH_LOOKUP_SESSION, SESSION, 1001), GH_LOOKUP_UNAVAILABLE);
    assert_int_equal(stale(f, GH_LOOKUP_API_KEY, KEY, 1001), GH_LOOKUP_UNAVAILABLE);
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 1001), GH_LOOKUP_GOOD);
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 4000), GH_LOOKUP_GOOD);
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 4001), GH_LOOKUP_UNAVAILABLE);
    assert_int_equal(f->submitted, 0);
}

static void what_is_known_to_be_revoked_stays_so(void **state)
{
    fixture *f = *state;
    set_session(f->roster, session_of(SESSION, ADA));
    assert_true(gh_roster_end_session(f->roster, SESSION, now_s + 1000));
    f->executors.outage_tokens_ms = 3000;
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 2000), GH_LOOKUP_REVOKED);
}

static void without_a_time_for_tokens_they_are_closed_too(void **state)
{
    fixture *f = *state;
    f->executors.outage_tokens_ms = 0;
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 1000), GH_LOOKUP_GOOD);
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 1001), GH_LOOKUP_UNAVAILABLE);
}

/* The process was stopped between its look at the clock and the roster, or the machine slept: what was up to date then is
 * not now. The loop's clock says nothing of it. */
static void a_loop_whose_clock_stands_still_lets_nobody_in(void **state)
{
    fixture *f = *state;
    set_session(f->roster, session_of(SESSION, ADA));
    f->age_ms[0] = 0;
    assert_int_equal(stale(f, GH_LOOKUP_SESSION, SESSION, 600000), GH_LOOKUP_UNAVAILABLE);
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 600000), GH_LOOKUP_UNAVAILABLE);
}

/* A roster that is not filled knows of nothing that was revoked. It was let in for the first minute of the machine. */
static void a_roster_that_is_not_filled_lets_no_token_in(void **state)
{
    fixture *f = *state;
    f->executors.outage_tokens_ms = 60000;
    f->age_ms[0] = UINT64_MAX;
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, UINT64_MAX), GH_LOOKUP_UNAVAILABLE);
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 0), GH_LOOKUP_UNAVAILABLE);
    f->age_ms[0] = 0;
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, UINT64_MAX), GH_LOOKUP_UNAVAILABLE);
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 0), GH_LOOKUP_GOOD);
}

static void what_was_emptied_meanwhile_has_not_answered(void **state)
{
    fixture *f = *state;
    f->executors.outage_tokens_ms = 60000;
    f->fillings[1] = 1;
    assert_int_equal(stale(f, GH_LOOKUP_TOKEN, SESSION, 0), GH_LOOKUP_UNAVAILABLE);
}

static void a_roster_is_complete_for_a_second(void **state)
{
    fixture *f = *state;
    f->age_ms[0] = f->age_ms[1] = 1000;
    assert_true(gh_roster_is_complete(&f->executors));
    f->age_ms[0] = f->age_ms[1] = 1001;
    assert_false(gh_roster_is_complete(&f->executors));
    f->executors.age_ms = NULL;
    assert_true(gh_roster_is_complete(&f->executors));
}

static void who_leaves_is_forgotten(void **state)
{
    fixture *f = *state;
    assert_int_equal(begin_with(f, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_STEP_ASK);
    gh_drive_leave(&f->drive, NULL);
    assert_null(f->drive.catch_up);
    assert_int_equal(f->drive.wait, GH_WAIT_NOTHING);
    assert_null(f->op->asker);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_known_waits_for_nobody),
        TEST(what_is_not_known_is_looked_for_once_more),
        TEST(and_only_once),
        TEST(nobody_is_asked_where_there_is_one_roster),
        TEST(a_feed_that_takes_nothing_leaves_the_answer),
        TEST(a_stale_roster_lets_nobody_in_but_tokens),
        TEST(what_is_known_to_be_revoked_stays_so),
        TEST(without_a_time_for_tokens_they_are_closed_too),
        TEST(a_loop_whose_clock_stands_still_lets_nobody_in),
        TEST(a_roster_that_is_not_filled_lets_no_token_in),
        TEST(what_was_emptied_meanwhile_has_not_answered),
        TEST(a_roster_is_complete_for_a_second),
        TEST(who_leaves_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
