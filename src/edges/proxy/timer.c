#include "edges/proxy/timer.h"

#include <string.h>

static void insert(gh_wheel *wheel, gh_timer *timer, uint64_t deadline)
{
    uint64_t tick = deadline / GH_WHEEL_TICK_MS + 1;
    if (tick <= wheel->tick)
        tick = wheel->tick + 1;
    if (tick > wheel->tick + GH_WHEEL_SLOTS - 1)
        tick = wheel->tick + GH_WHEEL_SLOTS - 1;
    gh_timer *head = &wheel->slots[tick % GH_WHEEL_SLOTS];
    timer->due = tick;
    timer->next = head->next;
    timer->prev = head;
    head->next->prev = timer;
    head->next = timer;
    wheel->n++;
}

static void take_out(gh_wheel *wheel, gh_timer *timer)
{
    /* What is in a slot has neighbours. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    timer->prev->next = timer->next;
    timer->next->prev = timer->prev;
    timer->next = timer->prev = NULL;
    wheel->n--;
}

static void look_at(gh_wheel *wheel, gh_timer *timer, uint64_t now)
{
    take_out(wheel, timer);
    if (timer->deadline == 0)
        return;
    if (timer->deadline > now) {
        insert(wheel, timer, timer->deadline);
        return;
    }
    timer->deadline = 0;
    timer->expired(timer);
}

static void on_tick(uv_timer_t *uv)
{
    gh_wheel *wheel = uv->data;
    uint64_t now = uv_now(uv->loop);
    uint64_t until = now / GH_WHEEL_TICK_MS;
    while (wheel->tick < until) {
        wheel->tick++;
        gh_timer *head = &wheel->slots[wheel->tick % GH_WHEEL_SLOTS];
        /* What is put back goes to later slots, so this ends. */
        while (head->next != head)
            look_at(wheel, head->next, now);
    }
    if (wheel->n == 0)
        (void)uv_timer_stop(uv);
}

int gh_wheel_init(gh_wheel *wheel, uv_loop_t *loop)
{
    memset(wheel, 0, sizeof *wheel);
    for (unsigned i = 0; i < GH_WHEEL_SLOTS; i++)
        wheel->slots[i].next = wheel->slots[i].prev = &wheel->slots[i];
    int status = uv_timer_init(loop, &wheel->uv);
    wheel->uv.data = wheel;
    wheel->tick = uv_now(loop) / GH_WHEEL_TICK_MS;
    return status;
}

void gh_wheel_close(gh_wheel *wheel)
{
    (void)uv_timer_stop(&wheel->uv);
    uv_close((uv_handle_t *)&wheel->uv, NULL);
}

void gh_timer_set(gh_wheel *wheel, gh_timer *timer, uint64_t deadline)
{
    timer->deadline = deadline;
    if (timer->next != NULL) {
        if (deadline / GH_WHEEL_TICK_MS + 1 >= timer->due)
            return;
        take_out(wheel, timer);
    }
    if (!uv_is_active((uv_handle_t *)&wheel->uv)) {
        wheel->tick = uv_now(wheel->uv.loop) / GH_WHEEL_TICK_MS;
        (void)uv_timer_start(&wheel->uv, on_tick, GH_WHEEL_TICK_MS, GH_WHEEL_TICK_MS);
    }
    insert(wheel, timer, deadline);
}

void gh_timer_remove(gh_wheel *wheel, gh_timer *timer)
{
    timer->deadline = 0;
    if (timer->next != NULL)
        take_out(wheel, timer);
}
