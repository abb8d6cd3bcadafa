/* Leases over thousands of windows: several loops, clocks that differ, messages that are late or lost. What lease.h states
 * of overshoot, undershoot and messages is held here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lease_world.h"
#include "limit_contract.h"

static lease_result sum;

static lease_result run(const lease_plan *p)
{
    plain_server *s = plain_server_new();
    const lease_server server = plain_server_as(s);
    lease_result r = lease_world_run(p, &server);
    plain_server_free(s);
    sum.windows += r.windows;
    sum.wanted += r.wanted;
    sum.passed += r.passed;
    sum.waited += r.waited;
    sum.unanswered += r.unanswered;
    sum.takes += r.takes;
    sum.leases += r.leases;
    return r;
}

static int show(void **arg)
{
    (void)arg;
    print_message(
        "%lu windows: %lu units wanted, %lu passed, %lu of them after a question, %lu unanswered; %lu takes and %lu "
        "leases asked\n",
        sum.windows, sum.wanted, sum.passed, sum.waited, sum.unanswered, sum.takes, sum.leases);
    sum = (lease_result){0};
    return 0;
}

static gh_limit leased(uint64_t requests, uint64_t window_ms, uint8_t percent)
{
    return contract_limit((gh_limit){.requests = requests,
                                     .window_ms = window_ms,
                                     .seed = 9,
                                     .counting = GH_COUNTING_LEASED,
                                     .lease_percent = percent});
}

static gh_limit leased_bucket(uint64_t requests, uint64_t window_ms, uint64_t burst)
{
    return contract_limit((gh_limit){.kind = GH_LIMIT_BUCKET,
                                     .requests = requests,
                                     .window_ms = window_ms,
                                     .burst = burst,
                                     .seed = 9,
                                     .counting = GH_COUNTING_LEASED,
                                     .lease_percent = 5});
}

/* Units that other loops may hold while one wants them. */
static uint64_t held_by_others(const lease_plan *p)
{
    return 2ULL * (p->loops - 1) * gh_lease_units(&p->limit);
}

/* More is wanted than there is, all the time: never more than the limit (which the world itself checks), and never less
 * than it but for what others hold. */
static void all_there_is_passes_and_no_more(void **arg)
{
    (void)arg;
    static const struct {
        uint64_t requests, window_ms;
        uint8_t percent;
        unsigned loops, per_second, wander_ms;
    } rows[] = {
        {100, 1000, 5, 6, 400, 0},    {100, 2000, 5, 3, 200, 300},  {1000, 5000, 2, 8, 900, 0},
        {1000, 5000, 20, 2, 700, 45}, {60, 1500, 10, 4, 150, 0},    {300, 1000, 50, 2, 900, 700},
        {2000, 10000, 5, 6, 700, 0},  {255, 1000, 5, 3, 1100, 100}, {40, 3000, 5, 6, 60, 0},
    };
    for (unsigned i = 0; i < GH_COUNT(rows); i++) {
        lease_plan p = {.luck = i,
                        .limit = leased(rows[i].requests, rows[i].window_ms, rows[i].percent),
                        .loops = rows[i].loops,
                        .keys = 3,
                        .weight_max = 1,
                        .run_ms = 150000,
                        .per_second = rows[i].per_second,
                        .wander_ms = rows[i].wander_ms};
        lease_result r = run(&p);
        assert_true(r.most > rows[i].requests - held_by_others(&p) && r.most <= rows[i].requests);
        assert_true(r.least + held_by_others(&p) >= rows[i].requests);
    }
}

static void a_bucket_never_gives_more_than_it_holds(void **arg)
{
    (void)arg;
    static const struct {
        uint64_t requests, window_ms, burst;
        unsigned loops, per_second, burst_ms;
    } rows[] = {
        {100, 1000, 100, 4, 300, 0},
        {100, 1000, 100, 4, 300, 700},
        {50, 1000, 500, 6, 200, 0},
        {600, 20000, 200, 2, 100, 5000},
    };
    for (unsigned i = 0; i < GH_COUNT(rows); i++) {
        lease_plan p = {.luck = 100 + i,
                        .limit = leased_bucket(rows[i].requests, rows[i].window_ms, rows[i].burst),
                        .loops = rows[i].loops,
                        .keys = 3,
                        .weight_max = 1,
                        .run_ms = 40000,
                        .per_second = rows[i].per_second,
                        .burst_ms = rows[i].burst_ms};
        lease_result r = run(&p);
        /* Of a bucket that is never full nothing is lost: it gives as fast as it fills. */
        uint64_t refill = r.stretch * rows[i].requests / rows[i].window_ms;
        if (rows[i].burst_ms == 0)
            assert_true(r.least + held_by_others(&p) + rows[i].burst / 10 >= refill);
        assert_true(r.leases > 0);
    }
}

/* Late and lost messages, clocks up to 500 ppm apart, weights, quiet times: not one unit too many. */
static void nothing_that_goes_wrong_lets_too_many_in(void **arg)
{
    (void)arg;
    unsigned long windows = 0;
    for (unsigned i = 0; i < 24; i++) {
        bool bucket = i % 4 == 3;
        lease_plan p = {.luck = 200 + i,
                        .limit = bucket ? leased_bucket(100, 1000, 150)
                                        : leased(i % 2 ? 100 : 700, 1000 + i % 3 * 1500, 5),
                        .loops = 2 + i % 5,
                        .keys = 4,
                        .weight_max = 1 + i % 3 * 2,
                        .run_ms = 40000,
                        .per_second = 150 + i % 4 * 200,
                        .burst_ms = i % 5 * 400,
                        .late = 10 + i % 7 * 20,
                        .lost = i % 6 * 10,
                        .deadline_ms = i % 3 == 0 ? 5000 : 50,
                        .wander_ms = i % 2 * 300};
        lease_result r = run(&p);
        assert_true(r.leases > 0 && r.passed > 0);
        windows += r.windows;
    }
    assert_true(windows > 20000);
}

/* What it is for: of a busy key, few requests wait, and few questions are asked; of a slow key, hardly more than one for
 * each request. */
static void busy_keys_ask_seldom(void **arg)
{
    (void)arg;
    static const struct {
        unsigned per_second;
        double questions, waiting; /* of a request, at most */
    } rows[] = {{4, 1.15, 1.0}, {16, 0.8, 0.5}, {64, 0.2, 0.05}, {256, 0.05, 0.01}, {2000, 0.01, 0.005}};
    for (unsigned i = 0; i < GH_COUNT(rows); i++) {
        lease_plan p = {.luck = 300 + i,
                        .limit = leased(600000, 60000, 5),
                        .loops = 4,
                        .keys = 2,
                        .weight_max = 1,
                        .run_ms = 60000,
                        .per_second = rows[i].per_second};
        lease_result r = run(&p);
        assert_int_equal(r.passed, r.wanted);
        assert_true((double)(r.takes + r.leases) <= rows[i].questions * (double)r.wanted);
        assert_true((double)r.waited <= rows[i].waiting * (double)r.wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(all_there_is_passes_and_no_more, show),
        cmocka_unit_test_teardown(a_bucket_never_gives_more_than_it_holds, show),
        cmocka_unit_test_teardown(nothing_that_goes_wrong_lets_too_many_in, show),
        cmocka_unit_test_teardown(busy_keys_ask_seldom, show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
