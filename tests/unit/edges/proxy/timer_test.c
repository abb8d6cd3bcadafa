#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edges/proxy/timer.h"

typedef struct probe {
    gh_timer timer;
    uint64_t expired_at; /* loop time; 0: not yet */
    unsigned times;
    uint64_t again; /* sets itself once more, this much later */
} probe;

static uv_loop_t loop;
static gh_wheel wheel;

static void expired(gh_timer *timer)
{
    probe *p = GH_CONTAINER(timer, probe, timer);
    p->expired_at = uv_now(&loop);
    p->times++;
    if (p->again > 0)
        gh_timer_set(&wheel, timer, uv_now(&loop) + p->again);
    p->again = 0;
}

static int start(void **state)
{
    (void)state;
    return uv_loop_init(&loop) != 0 || gh_wheel_init(&wheel, &loop) != 0;
}

static int stop(void **state)
{
    (void)state;
    gh_wheel_close(&wheel);
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {}
    return uv_loop_close(&loop);
}

static void with(uint64_t deadline, probe *p)
{
    *p = (probe){.timer = {.expired = expired}};
    gh_timer_set(&wheel, &p->timer, deadline);
}

/* One run of the loop for all: it takes real time. The wheel stops by itself when it is empty. */
static void deadlines_are_kept(void **state)
{
    (void)state;
    probe past, soon, later, earlier, cleared, removed, twice, reset;
    uv_update_time(&loop);
    uint64_t now = uv_now(&loop);
    with(now > 0 ? now - 1 : 0, &past);
    with(now + 150, &soon);
    with(now + 100, &later);
    gh_timer_set(&wheel, &later.timer, now + 450); /* found out when it comes by */
    with(now + 100000000, &earlier);               /* beyond the wheel */
    gh_timer_set(&wheel, &earlier.timer, now + 200);
    with(now + 100, &cleared);
    gh_timer_clear(&cleared.timer);
    with(now + 100, &removed);
    gh_timer_remove(&wheel, &removed.timer);
    gh_timer_remove(&wheel, &removed.timer);
    with(now + 100, &twice);
    twice.again = 150;
    with(now + 300, &reset);
    gh_timer_clear(&reset.timer);
    gh_timer_set(&wheel, &reset.timer, now + 350);
    (void)uv_run(&loop, UV_RUN_DEFAULT);

    const struct {
        const probe *p;
        uint64_t deadline;
        unsigned times;
    } rows[] = {{&past, now, 1},  {&soon, now + 150, 1}, {&later, now + 450, 1}, {&earlier, now + 200, 1},
                {&cleared, 0, 0}, {&removed, 0, 0},      {&twice, now + 250, 2}, {&reset, now + 350, 1}};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        assert_int_equal(rows[i].p->times, rows[i].times);
        assert_true(rows[i].p->expired_at >= rows[i].deadline);
        /* Soon after: two ticks, and a busy machine. */
        assert_true(rows[i].times == 0 || rows[i].p->expired_at <= rows[i].deadline + 2000);
        assert_null(rows[i].p->timer.next);
    }
    assert_true(soon.expired_at < later.expired_at);
    assert_int_equal(wheel.n, 0);
    assert_false(uv_is_active((uv_handle_t *)&wheel.uv));
}

static void an_empty_wheel_starts_again(void **state)
{
    (void)state;
    probe p;
    uv_update_time(&loop);
    with(uv_now(&loop) + 50, &p);
    assert_int_equal(wheel.n, 1);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(p.times, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines_are_kept),
        cmocka_unit_test(an_empty_wheel_starts_again),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
