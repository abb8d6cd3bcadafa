/* Two nodes and a Redis that stops, dies, and comes back with or without its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "counters_world.h"

static uint64_t away(const fleet *f, unsigned at)
{
    return gh_counters_figures_of(f->nodes[at].counters)->away;
}

static void kill_redis(fleet *f)
{
    redis_kill(&f->world->server);
    fleet_until_away(f);
}

/* 40 of 100 are used when Redis dies: both nodes give out half of what they know to be left. */
static void each_node_gives_out_its_share_of_what_is_left(void **state)
{
    fleet *f = *state;
    const gh_limit limits[] = {fleet_limit(100, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL),
                               fleet_limit(100, GH_COUNTING_LEASED, GH_OUTAGE_LOCAL)};
    fleet_until_ready(f);
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        assert_int_equal(fleet_passes(f, 0, &limits[i], 1, 39), 39);
        assert_int_equal(fleet_one(f, 1, &limits[i], 1, 1).answer, GH_TAKE_OK);
    }
    kill_redis(f);
    for (unsigned i = 0; i < GH_COUNT(limits); i++) {
        gh_take t = {.limit = &limits[i], .key = 1, .weight = 1};
        assert_true(fleet_take(f, 0, &t, 1));
        assert_int_equal(t.answer, GH_TAKE_OK);
        /* What is leased counts as used, for those who do not hold it. */
        assert_true(t.remaining <= 30 && t.remaining >= 30 - gh_lease_units(&limits[i]) - 1);
        unsigned passed =
            40 + 1 + fleet_passes(f, 0, &limits[i], 1, 60) + fleet_passes(f, 1, &limits[i], 1, 60);
        assert_true(passed <= 100 && passed + 2 * gh_lease_units(&limits[i]) >= 99);
        t = fleet_one(f, 0, &limits[i], 1, 1);
        assert_int_equal(t.answer, GH_TAKE_REFUSED);
        assert_true(t.retry_ms > 3000000);
    }
    assert_true(away(f, 0) > 60 && away(f, 1) > 60);
}

/* The most that may pass too much (counters.h): a client that used all at one node is new to the others. */
static void a_node_that_has_not_heard_gives_its_share_of_the_whole(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(100, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    assert_int_equal(fleet_passes(f, 0, &l, 1, 100), 100);
    assert_int_equal(fleet_passes(f, 0, &l, 2, 100), 100);
    assert_int_equal(fleet_passes(f, 1, &l, 2, 1), 0);
    kill_redis(f);
    assert_int_equal(fleet_passes(f, 0, &l, 1, 100), 0);
    assert_int_equal(fleet_passes(f, 1, &l, 1, 100), 50);
    assert_int_equal(fleet_passes(f, 1, &l, 2, 100), 0); /* and this one it has heard of, by a refusal */
}

/* Less than one request a node: each lets one pass, or nobody would be let in at all. */
static void one_request_passes_where_the_share_is_none(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(1, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    assert_int_equal(fleet_passes(f, 0, &l, 1, 1), 1);
    kill_redis(f);
    assert_int_equal(fleet_passes(f, 0, &l, 1, 5), 0);
    assert_int_equal(fleet_passes(f, 0, &l, 2, 5), 1);
    gh_take t = fleet_one(f, 0, &l, 3, 2);
    assert_int_equal(t.answer, GH_TAKE_REFUSED);
    assert_true(t.retry_ms == UINT64_MAX);
}

static void open_limits_are_open_and_closed_ones_closed(void **state)
{
    fleet *f = *state;
    const gh_limit open = fleet_limit(2, GH_COUNTING_EXACT, GH_OUTAGE_OPEN),
                   closed = fleet_limit(50, GH_COUNTING_EXACT, GH_OUTAGE_CLOSED),
                   here = fleet_limit(10, GH_COUNTING_LOCAL, GH_OUTAGE_CLOSED);
    fleet_until_ready(f);
    assert_int_equal(fleet_passes(f, 0, &open, 1, 3), 2);
    kill_redis(f);
    assert_int_equal(fleet_passes(f, 0, &open, 1, 20) + fleet_passes(f, 0, &open, 2, 20), 40);
    gh_take t[] = {{.limit = &here, .key = 1, .weight = 1},
                   {.limit = &closed, .key = 1, .weight = 1},
                   {.limit = &open, .key = 1, .weight = 1},
                   {.limit = &here, .key = 1, .weight = 1, .group = 1},
                   {.limit = &open, .key = 1, .weight = 1, .group = 1}};
    assert_true(fleet_take(f, 0, t, 5));
    assert_int_equal(t[0].answer, GH_TAKE_OK);
    assert_int_equal(t[0].remaining, 10); /* nothing of the group was taken */
    assert_int_equal(t[1].answer, GH_TAKE_UNAVAILABLE);
    assert_true(t[1].retry_ms > 0);
    assert_int_equal(t[2].answer, GH_TAKE_OK);
    assert_int_equal(t[3].answer, GH_TAKE_OK);
    assert_int_equal(t[3].remaining, 9);
    assert_int_equal(t[4].answer, GH_TAKE_OK);
    redis_start_again(&f->world->server);
    fleet_until_ready(f);
    /* The table did not follow these: what counts is what Redis knows. */
    assert_int_equal(fleet_passes(f, 0, &open, 2, 3), 2);
    assert_int_equal(fleet_passes(f, 0, &open, 1, 3), 0); /* but what it had refused is remembered */
    assert_int_equal(fleet_passes(f, 0, &closed, 1, 50), 50);
}

/* Redis comes back empty, and nobody has asked meanwhile: what the nodes know is what counts. */
static void counters_do_not_jump_back_when_redis_lost_its_memory(void **state)
{
    fleet *f = *state;
    const gh_limit limits[] = {fleet_limit(100, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL),
                               fleet_limit(1000, GH_COUNTING_LEASED, GH_OUTAGE_LOCAL)};
    fleet_until_ready(f);
    assert_int_equal(fleet_passes(f, 0, &limits[0], 1, 60), 60);
    assert_int_equal(fleet_passes(f, 0, &limits[1], 1, 600), 600);
    kill_redis(f);
    redis_start_again(&f->world->server);
    fleet_until_ready(f);
    gh_take t = fleet_one(f, 0, &limits[0], 1, 1);
    assert_int_equal(t.answer, GH_TAKE_OK);
    assert_int_equal(t.remaining, 39);
    t = fleet_one(f, 0, &limits[1], 1, 1);
    assert_int_equal(t.answer, GH_TAKE_OK);
    assert_true(t.remaining <= 399 && t.remaining >= 398 - 2 * gh_lease_units(&limits[1]));
    /* The other node had never heard of them; Redis has been told. */
    assert_true(fleet_one(f, 1, &limits[0], 1, 1).remaining <= 38);
    assert_true(fleet_one(f, 1, &limits[1], 1, 1).remaining <= 398);
}

/* What a node let pass alone is told by itself, before anybody asks. */
static void what_was_counted_alone_is_told(void **state)
{
    fleet *f = *state;
    enum { KEYS = 500 }; /* more than go at a time */
    const gh_limit l = fleet_limit(100, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL),
                   bucket = {.kind = GH_LIMIT_BUCKET,
                             .requests = 100,
                             .window_ms = 3600000,
                             .burst = 100,
                             .seed = 77,
                             .counting = GH_COUNTING_EXACT,
                             .bits = 64,
                             .ticks = 1,
                             .tick_ms = 3600000};
    fleet_until_ready(f);
    redis_signal(&f->world->server, SIGSTOP);
    gh_take lost = fleet_one(f, 0, &l, 5000, 1); /* waits for the deadline, and is counted alone */
    assert_int_equal(lost.answer, GH_TAKE_OK);
    (void)fleet_one(f, 1, &l, 5001, 1);
    for (uint64_t key = 0; key < KEYS; key++)
        assert_int_equal(fleet_one(f, 0, &l, key, 10).answer, GH_TAKE_OK);
    assert_int_equal(fleet_one(f, 0, &bucket, 1, 10).answer, GH_TAKE_OK);
    redis_signal(&f->world->server, SIGCONT);
    fleet_until_ready(f);
    fleet_wait(f, 4000);
    for (uint64_t key = 0; key < KEYS; key++) {
        gh_take t = fleet_one(f, 1, &l, key, 1);
        assert_int_equal(t.answer, GH_TAKE_OK);
        assert_int_equal(t.remaining, 100 - 2 * 10 - 1); /* as two nodes, of which one has told */
    }
    gh_take t = fleet_one(f, 1, &bucket, 1, 1);
    assert_int_equal(t.remaining, 80); /* a unit that is partly paid for is not told */
}

/* Until all nodes have told, this one's word is needed, too: no more than its share. */
static void after_an_outage_both_must_agree(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(20, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    kill_redis(f);
    (void)fleet_one(f, 1, &l, 99, 1); /* so node 1 has seen the outage */
    redis_start_again(&f->world->server);
    fleet_until_ready(f);
    assert_int_equal(fleet_passes(f, 1, &l, 1, 20), 10);
    /* Node 0 had nothing to count in the outage; Redis has heard the rest from node 1, but for its last request. */
    assert_true(fleet_passes(f, 0, &l, 1, 20) <= 1);
    fleet_wait(f, 5500);
    assert_int_equal(fleet_passes(f, 1, &l, 2, 25), 20); /* and now it is Redis' alone */
}

enum { MANY = 200 };

typedef struct one {
    gh_asking asking;
    gh_take takes[2];
    unsigned answers;
} one;

static one list[MANY];

static void on_answer(gh_asking *asking)
{
    GH_CONTAINER(asking, one, asking)->answers++;
}

static bool all_answered(void *data)
{
    (void)data;
    for (unsigned i = 0; i < MANY; i++)
        if (list[i].answers == 0 && i % 10 != 3)
            return false;
    return true;
}

/* Requests that wait when Redis stops: all are answered in one moment, as the outage says; some had left. What was taken
 * of the node's own counters is taken once. */
static void who_waits_when_redis_stops_is_answered(void **state)
{
    fleet *f = *state;
    const gh_limit l = fleet_limit(100, GH_COUNTING_EXACT, GH_OUTAGE_LOCAL),
                   here = fleet_limit(1000, GH_COUNTING_LOCAL, GH_OUTAGE_LOCAL);
    fleet_until_ready(f);
    redis_signal(&f->world->server, SIGSTOP);
    for (unsigned i = 0; i < MANY; i++) {
        one *o = &list[i];
        *o = (one){.takes = {{.limit = &here, .key = 1, .weight = 1}, {.limit = &l, .key = 1, .weight = 1}}};
        o->asking =
            (gh_asking){.takes = o->takes, .n = 2, .now_ms = uv_now(&f->world->loop), .answered = on_answer};
        assert_false(gh_counters_take(f->nodes[0].counters, &o->asking));
        if (i % 10 == 3)
            gh_counters_leave(f->nodes[0].counters, &o->asking);
    }
    world_until(f->world, all_answered, NULL, "all answers");
    unsigned passed = 0;
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(list[i].answers, i % 10 != 3);
        passed += list[i].answers && list[i].takes[1].answer == GH_TAKE_OK;
    }
    assert_int_equal(passed, 50); /* the share of one of two nodes */
    assert_int_equal(fleet_one(f, 0, &here, 1, 1).remaining, 1000 - 50 - MANY / 10 - 1);
    redis_signal(&f->world->server, SIGCONT);
}

/* A question that fails by itself: somebody has put something else in a key's place. What was spent of a lease for its
 * group is in hand again. (The limits are open in an outage, so nothing else of it is counted.) */
static void what_was_leased_for_a_question_that_fails_is_not_lost(void **state)
{
    fleet *f = *state;
    const gh_limit leased = fleet_limit(1000, GH_COUNTING_LEASED, GH_OUTAGE_OPEN),
                   exact = fleet_limit(1000, GH_COUNTING_EXACT, GH_OUTAGE_OPEN);
    char command[96];
    (void)snprintf(command, sizeof command, "LPUSH {test}:l:%016llx x",
                   (unsigned long long)gh_mix64(1 ^ gh_mix64(exact.seed)));
    redis_tell(&f->world->server, command, NULL, 0);
    fleet_until_ready(f);
    unsigned spent = fleet_passes(f, 0, &leased, 1, 60);
    uint64_t before = gh_counters_figures_of(f->nodes[0].counters)->leased;
    for (unsigned i = 0; i < 10; i++) {
        gh_take t[] = {{.limit = &leased, .key = 1, .weight = 1}, {.limit = &exact, .key = 1, .weight = 1}};
        assert_false(fleet_take(f, 0, t, 2));
        assert_int_equal(t[0].answer, GH_TAKE_OK);
        assert_int_equal(t[1].answer, GH_TAKE_OK);
    }
    assert_true(gh_counters_figures_of(f->nodes[0].counters)->leased > before);
    assert_int_equal(away(f, 0), 10);
    fleet_wait(f, 3000);
    assert_int_equal(fleet_one(f, 1, &leased, 1, 1).remaining, 1000 - spent - 1);
}

/* Requests at both nodes without a pause while Redis is stopped and killed: whatever happens, never more in a window than
 * the limit and what a node may not know of it. */
static void overshoot_is_bounded(void **state)
{
    enum { LIMIT = 60, RUN_MS = 7000, KEYS = 3 };
    static uint64_t log[KEYS][20000];
    size_t n[KEYS] = {0};
    fleet *f = *state;
    gh_limit limits[KEYS];
    uint64_t most = 0, begin = uv_hrtime(), next = 500;
    unsigned event = 0, refused = 0;
    bool stopped = false;
    for (unsigned k = 0; k < KEYS; k++) {
        limits[k] = fleet_limit(LIMIT, k == 1 ? GH_COUNTING_LEASED : GH_COUNTING_EXACT, GH_OUTAGE_LOCAL);
        limits[k].window_ms = 1000;
        const char *why;
        assert_true(gh_limit_compile(&limits[k], &why));
    }
    fleet_until_ready(f);
    for (uint64_t ms = 0; ms < RUN_MS; ms = (uv_hrtime() - begin) / 1000000) {
        if (ms > next) {
            next = ms + 200 + event % 3 * 150;
            stopped = !stopped;
            if (stopped && event % 4 == 0) {
                redis_kill(&f->world->server);
            } else if (!stopped && f->world->server.pid == 0) {
                redis_start_again(&f->world->server);
            } else {
                redis_signal(&f->world->server, stopped ? SIGSTOP : SIGCONT);
            }
            event++;
        }
        for (unsigned k = 0; k < KEYS; k++) {
            /* Key 2 is at one node for a while, then at the other. */
            unsigned at = k == 2 ? (unsigned)(ms / 400 % 2) : (unsigned)rand() % 2;
            gh_take t = fleet_one(f, at, &limits[k], k, 1);
            refused += t.answer == GH_TAKE_REFUSED;
            if (t.answer == GH_TAKE_OK && n[k] < GH_COUNT(log[k]))
                log[k][n[k]++] = (uv_hrtime() - begin) / 1000000;
        }
    }
    if (stopped && f->world->server.pid != 0)
        redis_signal(&f->world->server, SIGCONT);
    for (unsigned k = 0; k < KEYS; k++) {
        for (size_t to = 0, from = 0; to < n[k]; to++) {
            while (log[k][from] + 1000 <= log[k][to])
                from++;
            most = to + 1 - from > most ? to + 1 - from : most;
        }
        print_message("key %u: %zu passed\n", k, n[k]);
        assert_true(n[k] > LIMIT * 2);
    }
    print_message("at most %llu in a second, of %d; %u refused, %u times stopped, killed or back\n",
                  (unsigned long long)most, LIMIT, refused, event);
    assert_true(refused > 100);
    assert_true(most <= LIMIT + LIMIT / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_node_gives_out_its_share_of_what_is_left, fleet_setup,
                                        fleet_teardown),
        cmocka_unit_test_setup_teardown(a_node_that_has_not_heard_gives_its_share_of_the_whole, fleet_setup,
                                        fleet_teardown),
        cmocka_unit_test_setup_teardown(one_request_passes_where_the_share_is_none, fleet_setup,
                                        fleet_teardown),
        cmocka_unit_test_setup_teardown(open_limits_are_open_and_closed_ones_closed, fleet_setup,
                                        fleet_teardown),
        cmocka_unit_test_setup_teardown(counters_do_not_jump_back_when_redis_lost_its_memory, fleet_setup,
                                        fleet_teardown),
        cmocka_unit_test_setup_teardown(what_was_counted_alone_is_told, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(after_an_outage_both_must_agree, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(who_waits_when_redis_stops_is_answered, fleet_setup, fleet_teardown),
        cmocka_unit_test_setup_teardown(what_was_leased_for_a_question_that_fails_is_not_lost, fleet_setup,
                                        fleet_teardown),
        cmocka_unit_test_setup_teardown(overshoot_is_bounded, fleet_setup, fleet_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
