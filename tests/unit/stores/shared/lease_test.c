/* One loop's leases and refusals, step by step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "limit_contract.h"
#include "stores/shared/lease.h"

static gh_limit limit(uint64_t requests, uint8_t counting)
{
    return contract_limit((gh_limit){
        .requests = requests, .window_ms = 60000, .seed = 5, .counting = counting, .lease_percent = 5});
}

static gh_take take_of(const gh_limit *l, uint64_t key, uint32_t weight)
{
    return (gh_take){.limit = l, .key = key, .weight = weight, .answer = GH_TAKE_UNAVAILABLE};
}

static gh_leases *new_leases(unsigned n)
{
    gh_leases *t = gh_leases_new(n);
    assert_non_null(t);
    return t;
}

/* Three requests in a row make a key busy; the answer to the question they lead to. */
static gh_lease_ask make_busy(gh_leases *t, const gh_limit *l, uint64_t key, uint64_t now)
{
    gh_lease_ask ask = {0};
    for (unsigned i = 0; i < 20; i++) {
        gh_take take = take_of(l, key, 1);
        assert_int_equal(gh_leases_spend(t, &take, now), 0);
        if (gh_leases_wants(t, &take, now, &ask))
            return ask;
    }
    fail_msg("a busy key asks for nothing");
    return ask;
}

static void grant(gh_leases *t, const gh_lease_ask *ask, uint32_t units, uint64_t asked, uint64_t now)
{
    const gh_lease_grant g = {.units = units, .dated = 777, .room = 40, .reset_ms = 5000};
    gh_leases_grant(t, ask, &g, asked, now);
}

static void a_refusal_holds_until_the_server_said(void **arg)
{
    (void)arg;
    const gh_limit l = limit(100, GH_COUNTING_EXACT);
    gh_leases *t = new_leases(64);
    gh_take no = {.limit = &l,
                  .key = 1,
                  .weight = 3,
                  .answer = GH_TAKE_REFUSED,
                  .remaining = 2,
                  .reset_ms = 400,
                  .retry_ms = 900};
    gh_leases_remember(t, &no, 1000);
    gh_take take = take_of(&l, 1, 3);
    assert_true(gh_leases_refuse(t, &take, 1500));
    assert_int_equal(take.answer, GH_TAKE_REFUSED);
    assert_int_equal(take.remaining, 2);
    assert_int_equal(take.reset_ms, 0);
    assert_int_equal(take.retry_ms, 400);
    take.weight = 7;
    assert_true(gh_leases_refuse(t, &take, 1899));
    assert_false(gh_leases_refuse(t, &take, 1900));
    take.weight = 2; /* would have fitted */
    assert_false(gh_leases_refuse(t, &take, 1500));
    take.weight = 3;
    take.key = 2;
    assert_false(gh_leases_refuse(t, &take, 1500));
    gh_leases_free(t);
}

static void what_never_fits_is_asked_again_now_and_then(void **arg)
{
    (void)arg;
    const gh_limit l = limit(100, GH_COUNTING_EXACT);
    gh_leases *t = new_leases(64);
    gh_take no = {.limit = &l,
                  .key = 1,
                  .weight = 101,
                  .answer = GH_TAKE_REFUSED,
                  .remaining = 100,
                  .retry_ms = UINT64_MAX};
    gh_leases_remember(t, &no, 1000);
    assert_true(gh_leases_refuse(t, &no, 60000));
    assert_true(no.retry_ms == UINT64_MAX);
    assert_false(gh_leases_refuse(t, &no, 61000));
    gh_leases_free(t);
}

/* Others may give back what they lease: a refusal of such a limit is old after the life of a lease. */
static void a_refusal_of_a_leased_limit_is_soon_old(void **arg)
{
    (void)arg;
    const gh_limit l = limit(100, GH_COUNTING_LEASED);
    gh_leases *t = new_leases(64);
    gh_take no = {.limit = &l, .key = 1, .weight = 1, .answer = GH_TAKE_REFUSED, .retry_ms = 9000};
    gh_leases_remember(t, &no, 1000);
    assert_true(gh_leases_refuse(t, &no, 1500));
    assert_int_equal(no.retry_ms, 8500); /* what the client is told stays true */
    assert_false(gh_leases_refuse(t, &no, 1000 + GH_LEASE_MS));
    gh_leases_free(t);
}

static void figures_of_the_others_are_kept(void **arg)
{
    (void)arg;
    const gh_limit l = limit(100, GH_COUNTING_EXACT);
    gh_leases *t = new_leases(64);
    gh_take take = take_of(&l, 1, 1);
    gh_leases_recall(t, &take, 5);
    assert_int_equal(take.answer, GH_TAKE_OK);
    assert_int_equal(take.remaining, 100);
    assert_int_equal(take.reset_ms, 0);
    gh_take known = {
        .limit = &l, .key = 1, .weight = 1, .answer = GH_TAKE_OK, .remaining = 61, .reset_ms = 3000};
    gh_leases_remember(t, &known, 1000);
    assert_false(gh_leases_refuse(t, &take, 1000));
    gh_leases_recall(t, &take, 2000);
    assert_int_equal(take.remaining, 61);
    assert_int_equal(take.reset_ms, 2000);
    gh_leases_free(t);
}

static void a_lease_is_asked_for_spent_and_lapses(void **arg)
{
    (void)arg;
    const gh_limit l = limit(1000, GH_COUNTING_LEASED);
    gh_leases *t = new_leases(64);
    gh_take take = take_of(&l, 1, 1);
    gh_lease_ask ask = make_busy(t, &l, 1, 5000);
    assert_int_equal(ask.key, 1);
    assert_int_equal(ask.least, 1);
    assert_int_equal(ask.most, 6); /* three before, times two */
    assert_int_equal(ask.back, 0);
    assert_int_equal(ask.ahead_ms, GH_LEASE_MS);
    /* One question at a time. */
    assert_int_equal(gh_leases_spend(t, &take, 5001), 0);
    assert_false(gh_leases_wants(t, &take, 5001, &ask));
    grant(t, &ask, 6, 5000, 5002);
    assert_true(gh_leases_busy(t));
    for (unsigned i = 0; i < 2; i++) {
        assert_true(gh_leases_spend(t, &take, 5010) != 0);
        assert_int_equal(take.answer, GH_TAKE_OK);
        assert_int_equal(take.remaining, 45 - i);
        assert_int_equal(take.reset_ms, 4992);
    }
    assert_true(gh_leases_spend(t, &take, 5010) != 0);
    /* Half is spent, the next is asked for; what is in hand goes on. */
    gh_lease_ask next;
    assert_true(gh_leases_wants(t, &take, 5010, &next));
    assert_true(next.most > 6);
    assert_true(gh_leases_spend(t, &take, 5020) != 0);
    assert_true(gh_leases_spend(t, &take, 5749) != 0);
    assert_int_equal(gh_leases_spend(t, &take, 5750),
                     0); /* three quarters of a second after it was asked for */
    grant(t, &next, 10, 5010, 5752);
    assert_true(gh_leases_spend(t, &take, 5753) != 0);
    /* The rest of the first goes back with the next question. */
    assert_int_equal(gh_leases_spend(t, &take, 5760), 0);
    assert_true(gh_leases_wants(t, &take, 5760, &ask));
    assert_true(ask.back == 1 || ask.back == 9);
    assert_int_equal(ask.back_at, 777);
    gh_leases_free(t);
}

static void what_is_over_is_given_back_by_the_sweep(void **arg)
{
    (void)arg;
    const gh_limit l = limit(1000, GH_COUNTING_LEASED);
    gh_leases *t = new_leases(64);
    gh_lease_ask ask = make_busy(t, &l, 1, 5000), back;
    grant(t, &ask, 5, 5000, 5001);
    gh_lease_ask other = make_busy(t, &l, 2, 5000);
    grant(t, &other, 4, 5000, 5001);
    assert_false(gh_leases_over(t, 5750, &back));
    assert_true(gh_leases_over(t, 6500, &back));
    assert_int_equal(back.key, 1);
    assert_int_equal(back.most, 0);
    assert_int_equal(back.back, 5);
    assert_int_equal(back.back_at, 777);
    gh_leases_grant(t, &back, &(gh_lease_grant){.room = 1}, 6500, 6501);
    assert_true(gh_leases_over(t, 6500, &back));
    assert_int_equal(back.key, 2);
    assert_false(gh_leases_over(t, 6500, &ask));
    assert_false(gh_leases_busy(t));
    gh_leases_grant(t, &back, NULL, 6500, 6501);
    assert_false(gh_leases_over(t, 9500, &back)); /* given back once, whatever became of it */
    gh_leases_free(t);
}

static void a_late_grant_is_not_spent_but_given_back(void **arg)
{
    (void)arg;
    const gh_limit l = limit(1000, GH_COUNTING_LEASED);
    gh_leases *t = new_leases(64);
    gh_take take = take_of(&l, 1, 1);
    gh_lease_ask ask = make_busy(t, &l, 1, 5000);
    grant(t, &ask, 5, 5000, 6000);
    assert_int_equal(gh_leases_spend(t, &take, 6000), 0);
    assert_true(gh_leases_over(t, 7000, &ask));
    assert_int_equal(ask.back, 5);
    gh_leases_free(t);
}

static void what_is_held_for_an_answer_comes_back(void **arg)
{
    (void)arg;
    const gh_limit l = limit(1000, GH_COUNTING_LEASED);
    gh_leases *t = new_leases(64);
    gh_lease_ask ask = make_busy(t, &l, 1, 5000);
    grant(t, &ask, 3, 5000, 5001);
    gh_take take = take_of(&l, 1, 3), small = take_of(&l, 1, 1);
    uint32_t lot = gh_leases_spend(t, &take, 5002);
    assert_true(lot != 0);
    gh_leases_hold(t, &take, lot);
    assert_int_equal(gh_leases_spend(t, &small, 5003), 0);
    /* The lot is empty, but not over: its place is not given away. */
    assert_true(gh_leases_wants(t, &small, 5003, &ask));
    grant(t, &ask, 2, 5003, 5004);
    assert_true(gh_leases_spend(t, &small, 5005) != 0);
    assert_false(gh_leases_wants(t, &small, 5005, &ask));
    gh_leases_settle(t, &take, lot, false);
    assert_int_equal(gh_leases_spend(t, &take, 5006), lot);
    gh_leases_hold(t, &take, lot);
    gh_leases_settle(t, &take, lot, true);
    gh_leases_settle(t, &take, lot, false); /* once only */
    assert_int_equal(gh_leases_spend(t, &take, 5007), 0);
    gh_leases_free(t);
}

static void held_units_that_lapse_are_given_back(void **arg)
{
    (void)arg;
    const gh_limit l = limit(1000, GH_COUNTING_LEASED);
    gh_leases *t = new_leases(64);
    gh_lease_ask ask = make_busy(t, &l, 1, 5000);
    grant(t, &ask, 3, 5000, 5001);
    gh_take take = take_of(&l, 1, 2);
    uint32_t lot = gh_leases_spend(t, &take, 5002);
    gh_leases_hold(t, &take, lot);
    assert_false(gh_leases_over(t, 9000, &ask)); /* not while some of it is out */
    gh_leases_settle(t, &take, lot, false);
    assert_true(gh_leases_over(t, 9000, &ask));
    assert_int_equal(ask.back, 3);
    gh_leases_free(t);
}

static void after_a_no_it_is_quiet(void **arg)
{
    (void)arg;
    const gh_limit l = limit(1000, GH_COUNTING_LEASED);
    gh_leases *t = new_leases(64);
    gh_take take = take_of(&l, 1, 1);
    gh_lease_ask ask = make_busy(t, &l, 1, 5000);
    gh_leases_grant(t, &ask, &(gh_lease_grant){.retry_ms = 20}, 5000, 5001);
    assert_int_equal(gh_leases_spend(t, &take, 5002), 0);
    assert_false(gh_leases_wants(t, &take, 5020, &ask));
    assert_true(gh_leases_wants(t, &take, 5021, &ask));
    gh_leases_grant(t, &ask, NULL, 5021, 5071); /* no answer: for the time of a lease */
    assert_int_equal(gh_leases_spend(t, &take, 5600), 0);
    assert_false(gh_leases_wants(t, &take, 5600, &ask));
    gh_leases_free(t);
}

/* Keys that were counted without the server: each is told once, when somebody asks which; and stays until then. */
static void what_was_counted_alone_is_kept_until_told(void **arg)
{
    (void)arg;
    const gh_limit l = limit(1000, GH_COUNTING_EXACT);
    gh_leases *t = new_leases(8);
    gh_lease_ask ask;
    assert_false(gh_leases_busy(t));
    for (unsigned k = 0; k < 3; k++) {
        gh_take take = take_of(&l, k, 1);
        assert_true(gh_leases_note_alone(t, &take));
        assert_true(gh_leases_note_alone(t, &take));
    }
    for (uint64_t key = 100; key < 2000; key++) {
        gh_take no = {.limit = &l, .key = key, .weight = 1, .answer = GH_TAKE_REFUSED, .retry_ms = 1000};
        gh_leases_remember(t, &no, 5000);
    }
    assert_true(gh_leases_busy(t));
    assert_false(gh_leases_over(t, 1000000, &ask));
    for (unsigned k = 0; k < 3; k++) {
        assert_true(gh_leases_alone(t, &ask));
        assert_int_equal(ask.key, k);
        assert_int_equal(ask.most + ask.back + ask.known, 0);
        gh_leases_grant(t, &ask, NULL, 5000, 5000);
    }
    assert_false(gh_leases_alone(t, &ask));
    assert_false(gh_leases_busy(t));
    unsigned noted = 0;
    for (uint64_t key = 0; key < 20; key++) {
        gh_take take = take_of(&l, key, 1);
        noted += gh_leases_note_alone(t, &take);
    }
    assert_int_equal(noted, 8); /* and who asks hears that there is no room for more */
    gh_leases_free(t);
}

static void which_limits_have_leases(void **arg)
{
    (void)arg;
    gh_limit l = limit(1000, GH_COUNTING_LEASED);
    assert_int_equal(gh_lease_ms(&l), 1000);
    assert_int_equal(gh_lease_units(&l), 50);
    l.window_ms = 2000;
    assert_int_equal(gh_lease_ms(&l), 200);
    l = limit(20, GH_COUNTING_LEASED); /* one unit: no use */
    assert_int_equal(gh_lease_ms(&l), 0);
    l = limit(21, GH_COUNTING_LEASED);
    assert_int_equal(gh_lease_ms(&l), 1000);
    l = contract_limit((gh_limit){
        .kind = GH_LIMIT_BUCKET, .requests = 100, .window_ms = 1000, .burst = 200, .lease_percent = 5});
    assert_int_equal(gh_lease_ms(&l), 200); /* it fills in two seconds */
    assert_int_equal(gh_lease_units(&l), 10);
    l.burst = 40; /* in 400 ms: a lease would be too short to be spent */
    assert_int_equal(gh_lease_ms(&l), 0);
    gh_leases *t = new_leases(64);
    gh_lease_ask ask;
    for (unsigned i = 0; i < 10; i++) {
        gh_take take = take_of(&l, 1, 1);
        assert_int_equal(gh_leases_spend(t, &take, 100), 0);
        assert_false(gh_leases_wants(t, &take, 100, &ask));
    }
    gh_leases_free(t);
}

/* A flood of keys takes the places of what is worth least, never of what is held or asked for. */
static void a_full_table_keeps_what_matters(void **arg)
{
    (void)arg;
    const gh_limit l = limit(1000, GH_COUNTING_LEASED), exact = limit(50, GH_COUNTING_EXACT);
    gh_leases *t = new_leases(8);
    gh_lease_ask held = make_busy(t, &l, 1, 5000), asked = make_busy(t, &l, 2, 5000), more;
    grant(t, &held, 5, 5000, 5001);
    gh_take no = {.limit = &exact, .key = 3, .weight = 1, .answer = GH_TAKE_REFUSED, .retry_ms = 30000};
    gh_leases_remember(t, &no, 5000);
    for (uint64_t key = 100; key < 5000; key++) {
        gh_take take = take_of(&l, key, 1);
        assert_int_equal(gh_leases_spend(t, &take, 5002), 0);
    }
    gh_take take = take_of(&l, 1, 1);
    assert_true(gh_leases_spend(t, &take, 5003) != 0);
    assert_true(gh_leases_refuse(t, &no, 5003));
    grant(t, &asked, 5, 5000, 5004);
    take.key = 2;
    assert_true(gh_leases_spend(t, &take, 5005) != 0);
    /* When all hold something, another key is counted exactly and remembered nowhere. */
    for (uint64_t key = 10; key < 40; key++) {
        for (unsigned i = 0; i < 5; i++) {
            take = take_of(&l, key, 1);
            if (gh_leases_spend(t, &take, 5010) == 0 && gh_leases_wants(t, &take, 5010, &more))
                grant(t, &more, 2, 5010, 5010);
        }
    }
    take = take_of(&l, 9999, 1);
    assert_int_equal(gh_leases_spend(t, &take, 5011), 0);
    assert_false(gh_leases_wants(t, &take, 5011, &more));
    unsigned back = 0;
    while (gh_leases_over(t, 100000, &more)) {
        gh_leases_grant(t, &more, &(gh_lease_grant){.room = 1}, 100000, 100000);
        back++;
    }
    assert_true(back >= 8);
    assert_false(gh_leases_busy(t));
    gh_leases_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_holds_until_the_server_said),
        cmocka_unit_test(what_never_fits_is_asked_again_now_and_then),
        cmocka_unit_test(a_refusal_of_a_leased_limit_is_soon_old),
        cmocka_unit_test(figures_of_the_others_are_kept),
        cmocka_unit_test(a_lease_is_asked_for_spent_and_lapses),
        cmocka_unit_test(what_is_over_is_given_back_by_the_sweep),
        cmocka_unit_test(a_late_grant_is_not_spent_but_given_back),
        cmocka_unit_test(what_is_held_for_an_answer_comes_back),
        cmocka_unit_test(held_units_that_lapse_are_given_back),
        cmocka_unit_test(after_a_no_it_is_quiet),
        cmocka_unit_test(what_was_counted_alone_is_kept_until_told),
        cmocka_unit_test(which_limits_have_leases),
        cmocka_unit_test(a_full_table_keeps_what_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
