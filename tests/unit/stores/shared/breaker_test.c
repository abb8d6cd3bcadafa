/* A circuit breaker: times and randomness are the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "stores/shared/breaker.h"

static void one_trial_at_the_start(void **state)
{
    (void)state;
    gh_breaker b;
    gh_breaker_init(&b, 1000);
    assert_int_equal(b.state, GH_BREAKER_OPEN);
    assert_false(gh_breaker_try(&b, 999));
    assert_true(gh_breaker_try(&b, 1000));
    assert_int_equal(b.state, GH_BREAKER_HALF_OPEN);
    assert_false(gh_breaker_try(&b, 5000)); /* one at a time */
    assert_true(gh_breaker_good(&b, 1010));
    assert_int_equal(b.state, GH_BREAKER_CLOSED);
    assert_false(gh_breaker_good(&b, 1020)); /* no news */
    assert_false(gh_breaker_try(&b, 9000));
}

static void only_the_first_failure_opens(void **state)
{
    (void)state;
    gh_breaker b;
    gh_breaker_init(&b, 0);
    assert_true(gh_breaker_try(&b, 0));
    assert_false(gh_breaker_bad(&b, 0, 0)); /* it was not closed */
    assert_true(gh_breaker_try(&b, b.trial_ms));
    assert_true(gh_breaker_good(&b, b.trial_ms));
    assert_true(gh_breaker_bad(&b, 500, 0));
    assert_false(gh_breaker_bad(&b, 500, 0));
}

/* [100,200) [200,400) [400,800) [800,1600) [1000,2000) [1000,2000) ... whatever the random number. */
static void waits_double_up_to_a_cap(void **state)
{
    (void)state;
    static const uint64_t half[] = {100, 200, 400, 800, 1000, 1000, 1000};
    static const uint64_t numbers[] = {0, 1, 99, 100, 12345678901, UINT64_MAX};
    for (size_t k = 0; k < GH_COUNT(numbers); k++) {
        gh_breaker b;
        uint64_t now = 7, most = 0;
        gh_breaker_init(&b, now);
        for (size_t i = 0; i < GH_COUNT(half); i++) {
            assert_true(gh_breaker_try(&b, now));
            (void)gh_breaker_bad(&b, now, numbers[k]);
            uint64_t wait = b.trial_ms - now;
            assert_true(wait >= half[i] && wait < 2 * half[i]);
            assert_true(wait >= GH_BREAKER_FIRST_MS && wait < GH_BREAKER_LAST_MS);
            assert_false(gh_breaker_try(&b, b.trial_ms - 1));
            now = b.trial_ms;
            most = wait > most ? wait : most;
        }
        assert_true(most >= GH_BREAKER_LAST_MS / 2);
    }
}

static void the_random_number_spreads_trials(void **state)
{
    (void)state;
    gh_breaker a, b;
    gh_breaker_init(&a, 0);
    gh_breaker_init(&b, 0);
    (void)gh_breaker_bad(&a, 0, 1);
    (void)gh_breaker_bad(&b, 0, 60);
    assert_int_not_equal(a.trial_ms, b.trial_ms);
}

static uint64_t wait_after(gh_breaker *b, uint64_t good_for_ms, uint64_t *now)
{
    assert_true(gh_breaker_try(b, b->trial_ms));
    *now = b->trial_ms;
    assert_true(gh_breaker_good(b, *now));
    *now += good_for_ms;
    assert_true(gh_breaker_bad(b, *now, 0));
    return b->trial_ms - *now;
}

/* It comes and goes: the waits stay long. It was well for a while: they are short again. */
static void a_server_that_flaps_keeps_its_waits(void **state)
{
    (void)state;
    gh_breaker b;
    uint64_t now = 0;
    gh_breaker_init(&b, 0);
    (void)gh_breaker_bad(&b, 0, 0);
    assert_int_equal(wait_after(&b, 10, &now), 200);
    assert_int_equal(wait_after(&b, GH_BREAKER_STEADY_MS - 1, &now), 400);
    assert_int_equal(wait_after(&b, 10, &now), 800);
    assert_int_equal(wait_after(&b, GH_BREAKER_STEADY_MS, &now), 100);
}

static void many_failures_do_not_wrap(void **state)
{
    (void)state;
    gh_breaker b;
    gh_breaker_init(&b, 0);
    b.failures = UINT32_MAX;
    (void)gh_breaker_bad(&b, 0, 0);
    assert_int_equal(b.failures, UINT32_MAX);
    assert_int_equal(b.trial_ms, 1000);
}

static void the_first_and_the_last_write_the_line(void **state)
{
    (void)state;
    gh_outages o = {0};
    uint64_t ms = 77;
    assert_int_equal(gh_outages_now(&o, 5, &ms), 0);
    assert_int_equal(ms, 0);
    assert_true(gh_outages_begin(&o, 1000));
    assert_false(gh_outages_begin(&o, 1200));
    assert_int_equal(gh_outages_now(&o, 1500, &ms), 2);
    assert_int_equal(ms, 500);
    assert_int_equal(gh_outages_now(&o, 900, &ms), 2); /* another thread's clock is behind */
    assert_int_equal(ms, 0);
    ms = 77;
    assert_false(gh_outages_end(&o, 2000, &ms));
    assert_int_equal(ms, 77);
    assert_true(gh_outages_end(&o, 4000, &ms));
    assert_int_equal(ms, 3000);
    assert_true(gh_outages_begin(&o, 9000)); /* another outage */
    assert_int_equal(gh_outages_now(&o, 9001, NULL), 1);
}

enum { THREADS = 4, ROUNDS = 20000 };

typedef struct shared_count {
    gh_outages outages;
    atomic_uint first, last;
} shared_count;

static void *lose_and_find(void *data)
{
    shared_count *s = data;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t ms;
        if (gh_outages_begin(&s->outages, 1000 + i))
            atomic_fetch_add(&s->first, 1);
        if (gh_outages_end(&s->outages, 2000 + i, &ms))
            atomic_fetch_add(&s->last, 1);
    }
    return NULL;
}

/* As many ends as beginnings, whoever comes first. */
static void threads_agree(void **state)
{
    (void)state;
    static shared_count s;
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, lose_and_find, &s), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(gh_outages_now(&s.outages, 0, NULL), 0);
    assert_int_equal(atomic_load(&s.first), atomic_load(&s.last));
    assert_true(atomic_load(&s.first) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_trial_at_the_start),
        cmocka_unit_test(only_the_first_failure_opens),
        cmocka_unit_test(waits_double_up_to_a_cap),
        cmocka_unit_test(the_random_number_spreads_trials),
        cmocka_unit_test(a_server_that_flaps_keeps_its_waits),
        cmocka_unit_test(many_failures_do_not_wrap),
        cmocka_unit_test(the_first_and_the_last_write_the_line),
        cmocka_unit_test(threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
