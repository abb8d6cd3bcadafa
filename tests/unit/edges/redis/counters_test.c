/* The counters of two nodes on a real Redis: exact, leased and local limits, alone and mixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "counters_world.h"

static unsigned long questions(const fleet *f, unsigned at)
{
    return gh_counters_figures_of(f->nodes[at].counters)->asked;
}

static void exact_counts_are_the_fleets(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(100, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    unsigned passed = 0;
    for (unsigned i = 0; i < 120; i++) {
        gh_take t = {.limit = &l, .key = 1, .weight = 1};
        bool at_once = fleet_take(f, i % 2, &t, 1);
        if (t.answer == GH_TAKE_OK) {
            passed++;
            assert_false(at_once);
            assert_int_equal(t.remaining, 100 - passed);
            assert_true(t.reset_ms > 3500000);
        } else {
            assert_int_equal(t.remaining, 0);
            assert_true(t.retry_ms > 3500000);
        }
    }
    assert_int_equal(passed, 100);
    assert_int_equal(fleet_one(f, 0, &l, 2, 1).answer, GH_TAKE_OK);
}

/* Each node asks once to be told no; then it knows. */
static void a_refusal_is_remembered(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(3, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    assert_int_equal(fleet_passes(f, 0, &l, 1, 4), 3);
    unsigned long before = questions(f, 0);
    for (unsigned i = 0; i < 20; i++) {
        gh_take t = {.limit = &l, .key = 1, .weight = 1};
        assert_true(fleet_take(f, 0, &t, 1));
        assert_int_equal(t.answer, GH_TAKE_REFUSED);
        assert_int_equal(t.remaining, 0);
        assert_true(t.retry_ms > 3500000 && t.reset_ms > 3500000);
    }
    assert_int_equal(questions(f, 0), before);
    assert_int_equal(gh_counters_figures_of(f->nodes[0].counters)->remembered, 20);
    assert_int_equal(fleet_passes(f, 1, &l, 1, 1), 0);
}

static void local_limits_ask_nobody(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(5, GH_COUNTING_LOCAL, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    for (unsigned i = 0; i < 8; i++) {
        gh_take t = {.limit = &l, .key = 1, .weight = 1};
        assert_true(fleet_take(f, i % 2, &t, 1));
        assert_int_equal(t.answer, GH_TAKE_OK);
    }
    assert_int_equal(questions(f, 0) + questions(f, 1), 0);
}

/* A group of two stores is all or nothing, whichever of them says no. */
static void mixed_groups_are_all_or_nothing(void **state)
{
    fleet *f = *state;
    const gh_limit here = fleet_limit(10, GH_COUNTING_LOCAL, GH_OUTAGE_LOCAL),
                   there = fleet_limit(4, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    for (unsigned i = 0; i < 6; i++) {
        gh_take t[] = {{.limit = &here, .key = 1, .weight = 1}, {.limit = &there, .key = 1, .weight = 1}};
        (void)fleet_take(f, 0, t, 2);
        assert_int_equal(t[0].answer, GH_TAKE_OK);
        assert_int_equal(t[1].answer, i < 4 ? GH_TAKE_OK : GH_TAKE_REFUSED);
        assert_int_equal(t[0].remaining, i < 4 ? 9 - i : 6);
        assert_int_equal(t[1].remaining, i < 4 ? 3 - i : 0);
    }
    assert_int_equal(fleet_one(f, 0, &here, 1, 6).answer,
                     GH_TAKE_OK); /* what was refused there was given back */
    unsigned long before = questions(f, 0);
    gh_take t[] = {{.limit = &here, .key = 1, .weight = 1}, {.limit = &there, .key = 2, .weight = 1}};
    assert_true(fleet_take(f, 0, t, 2));
    assert_int_equal(t[0].answer, GH_TAKE_REFUSED);
    assert_int_equal(t[1].answer, GH_TAKE_OK);
    assert_int_equal(questions(f, 0), before);
    assert_int_equal(fleet_one(f, 1, &there, 2, 4).answer, GH_TAKE_OK); /* and there nothing was taken */
}

static void groups_are_independent(void **state)
{
    fleet *f = *state;
    const gh_limit full = fleet_limit(2, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL),
                   free = fleet_limit(50, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL),
                   here = fleet_limit(50, GH_COUNTING_LOCAL, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    for (unsigned i = 0; i < 5; i++) {
        gh_take t[] = {{.limit = &full, .key = 1, .weight = 1, .group = 0},
                       {.limit = &free, .key = 1, .weight = 1, .group = 0},
                       {.limit = &free, .key = 2, .weight = 1, .group = 1},
                       {.limit = &here, .key = 2, .weight = 1, .group = 1},
                       {.limit = &here, .key = 3, .weight = 1, .group = 4}};
        (void)fleet_take(f, 0, t, 5);
        unsigned passed = i < 2 ? i + 1 : 2;
        assert_int_equal(t[0].answer, i < 2 ? GH_TAKE_OK : GH_TAKE_REFUSED);
        assert_int_equal(t[1].answer, GH_TAKE_OK);
        assert_int_equal(t[1].remaining, 50 - passed);
        assert_int_equal(t[2].remaining, 49 - i);
        assert_int_equal(t[3].remaining, 49 - i);
        assert_int_equal(t[4].remaining, 49 - i);
    }
}

/* Many at once, of one turn: each is answered, and no more than the limit pass. */
typedef struct one {
    gh_asking asking;
    gh_take takes[2];
    unsigned answers;
} one;

static unsigned waiting;

static void on_answer(gh_asking *asking)
{
    GH_CONTAINER(asking, one, asking)->answers++;
    waiting--;
}

static bool none_waits(void *data)
{
    (void)data;
    return waiting == 0;
}

static void many_at_once(void **state)
{
    enum { MANY = 600 };
    static one list[MANY];
    fleet *f = *state;
    const gh_limit l = fleet_limit(250, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL),
                   here = fleet_limit(1000, GH_COUNTING_LOCAL, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    unsigned passed = 0;
    for (unsigned i = 0; i < MANY; i++) {
        one *o = &list[i];
        *o = (one){.takes = {{.limit = &l, .key = 1, .weight = 1}, {.limit = &here, .key = 1, .weight = 1}}};
        o->asking =
            (gh_asking){.takes = o->takes, .n = 2, .now_ms = uv_now(&f->world->loop), .answered = on_answer};
        assert_false(gh_counters_take(f->nodes[i % 2].counters, &o->asking));
        waiting++;
    }
    world_until(f->world, none_waits, NULL, "all answers");
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(list[i].answers, 1);
        passed += list[i].takes[0].answer == GH_TAKE_OK;
    }
    assert_int_equal(passed, 250);
    /* What was given back is free again, at both. */
    uint64_t left = fleet_one(f, 0, &here, 1, 1).remaining + fleet_one(f, 1, &here, 1, 1).remaining;
    assert_int_equal(left, 2 * 1000 - 250 - 2);
}

static void who_leaves_is_not_told(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(10, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    one o = {.takes = {{.limit = &l, .key = 1, .weight = 1}}};
    o.asking =
        (gh_asking){.takes = o.takes, .n = 1, .now_ms = uv_now(&f->world->loop), .answered = on_answer};
    assert_false(gh_counters_take(f->nodes[0].counters, &o.asking));
    gh_counters_leave(f->nodes[0].counters, &o.asking);
    gh_counters_leave(f->nodes[0].counters, &o.asking);
    assert_int_equal(fleet_one(f, 0, &l, 1, 1).answer, GH_TAKE_OK);
    assert_int_equal(o.answers, 0);
}

/* One node takes all, by leases; then the other one gets what was given back. */
static void leased_counts_ask_seldom_and_lose_nothing(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(2000, GH_COUNTING_LEASED, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    assert_int_equal(fleet_passes(f, 0, &l, 1, 500), 500);
    const gh_counters_figures *figures = gh_counters_figures_of(f->nodes[0].counters);
    print_message("500 requests: %lu leased, %lu waited, %lu leases asked\n", (unsigned long)figures->leased,
                  (unsigned long)figures->asked, (unsigned long)figures->leases);
    assert_true(figures->leased > 400);
    assert_int_equal(figures->leased + figures->asked, 500);
    unsigned passed = fleet_passes(f, 1, &l, 1, 2000);
    assert_true(passed <= 1500 && passed >= 1500 - 2 * gh_lease_units(&l));
    fleet_wait(f, 2500); /* what is over comes back */
    passed += fleet_passes(f, 1, &l, 1, 300);
    assert_int_equal(passed, 1500);
    assert_int_equal(fleet_passes(f, 0, &l, 1, 10), 0);
}

/* The remaining that clients are shown goes down with each of their requests. */
static void leased_figures_are_plausible(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(1000, GH_COUNTING_LEASED, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    for (uint64_t i = 1; i <= 300; i++) {
        gh_take t = fleet_one(f, 0, &l, 1, 1);
        assert_int_equal(t.answer, GH_TAKE_OK);
        assert_true(t.remaining <= 1000 - i && t.remaining + 2ULL * gh_lease_units(&l) >= 1000 - i);
        assert_true(t.reset_ms > 0 && t.reset_ms <= l.tick_ms * l.ticks + GH_LEASE_MS);
    }
}

/* A leased and an exact limit in one group: when the exact one refuses, what was spent of the lease is in hand again. */
static void what_an_exact_limit_refuses_stays_leased(void **state)
{
    fleet *f = *state;
    const gh_limit leased = fleet_limit(1000, GH_COUNTING_LEASED, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    unsigned passed = fleet_passes(f, 0, &leased, 1, 60), refused = 0;
    for (unsigned i = 0; i < 40; i++) {
        const gh_limit small = fleet_limit(2, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
        gh_take t[] = {{.limit = &small, .key = 5, .weight = 3}, {.limit = &leased, .key = 1, .weight = 1}};
        (void)fleet_take(f, 0, t, 2);
        assert_int_equal(t[0].answer, GH_TAKE_REFUSED);
        assert_int_equal(t[1].answer, GH_TAKE_OK);
        refused++;
    }
    fleet_wait(f, 2500);
    gh_take t = fleet_one(f, 1, &leased, 1, 1);
    assert_int_equal(refused, 40);
    assert_int_equal(t.remaining, 1000 - passed - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(exact_counts_are_the_fleets, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(a_refusal_is_remembered, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(local_limits_ask_nobody, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(mixed_groups_are_all_or_nothing, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(groups_are_independent, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(many_at_once, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(who_leaves_is_not_told, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(leased_counts_ask_seldom_and_lose_nothing, fleet_setup,
                                        fleet_teardown),
        cmocka_unit_test_setup_teardown(leased_figures_are_plausible, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(what_an_exact_limit_refuses_stays_leased, fleet_setup,
                                        fleet_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
