/* The life of a connection: trials, failures, the end. */
#include "edges/redis/connection.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "edges/redis/parts.h"

static void on_timer(uv_timer_t *timer)
{
    gh_redis *r = timer->data;
    switch (r->state) {
    case GH_REDIS_AWAY:
        if (gh_breaker_try(&r->breaker, uv_now(r->loop)))
            gh_redis_connect(r);
        return;
    case GH_REDIS_LOOKING_UP:
        gh_redis_failf(r, "its name %s can't be looked up in time", gh_redis_host(r));
        return;
    case GH_REDIS_CONNECTING:
        gh_redis_connect_next(r, GH_STR("no connection: it does not answer"));
        return;
    case GH_REDIS_SECURING:
        gh_redis_fail(r, GH_STR("it takes the connection but does not answer (TLS)"));
        return;
    case GH_REDIS_GREETING:
        gh_redis_fail(r, GH_STR("it takes the connection but does not answer"));
        return;
    case GH_REDIS_READY:
        gh_redis_look_for_late(r);
        return;
    case GH_REDIS_LEAVING:
        gh_redis_finish(r);
        return;
    case GH_REDIS_CLOSED:
        return;
    }
}

void gh_redis_wait(gh_redis *r, uint64_t ms)
{
    (void)uv_timer_start(&r->timer, on_timer, ms, 0);
}

void gh_redis_on_prepare(uv_prepare_t *prepare)
{
    (void)uv_prepare_stop(prepare);
    gh_redis_flush(prepare->data);
}

static bool has_moved(const gh_redis *r)
{
    return r->moved_host[0] != '\0';
}

void gh_redis_fail(gh_redis *r, gh_str why)
{
    char memory[GH_REDIS_WHY_SIZE];
    gh_buf whole = gh_buf_over(memory, sizeof memory);
    bool was_ready = r->state == GH_REDIS_READY;
    if (has_moved(r) && !was_ready)
        gh_buf_printf(&whole, "it sent us on to %s port %u: ", r->moved_host, r->moved_port);
    gh_buf_put(&whole, gh_str_cut(why, 0, gh_buf_room(&whole)));
    gh_redis_link_close(r);
    if (r->state == GH_REDIS_LEAVING) {
        gh_redis_finish(r);
        return;
    }
    r->state = GH_REDIS_AWAY;
    r->hops = 0;
    if (was_ready)
        atomic_fetch_sub(&r->shared->ready, 1);
    else
        r->moved_host[0] = '\0'; /* back to redis.url */
    uint64_t now = uv_now(r->loop), random;
    gh_random(&random, sizeof random);
    (void)gh_breaker_bad(&r->breaker, now, random);
    gh_redis_wait(r, r->breaker.trial_ms - now);
    gh_redis_say_lost(r, gh_buf_str(&whole));
    gh_redis_answer_all(r);
}

void gh_redis_failf(gh_redis *r, const char *fmt, ...)
{
    char why[GH_REDIS_WHY_SIZE];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    gh_redis_fail(r, gh_str_cut((gh_str){why, sizeof why - 1}, 0, n > 0 ? (size_t)n : 0));
}

void gh_redis_is_ready(gh_redis *r)
{
    (void)uv_timer_stop(&r->timer);
    r->state = GH_REDIS_READY;
    r->hops = 0;
    (void)gh_breaker_good(&r->breaker, uv_now(r->loop));
    atomic_fetch_add(&r->shared->ready, 1);
    atomic_fetch_add_explicit(&r->shared->connected, 1, memory_order_relaxed);
    if (r->away)
        atomic_store_explicit(&r->shared->back_ms, gh_redis_now_ms(), memory_order_relaxed);
    gh_redis_say_back(r);
}

bool gh_redis_ready(const gh_redis *r)
{
    return r->state == GH_REDIS_READY;
}

static void free_all(gh_redis *r)
{
    free(r->slots);
    free(r->out);
    free(r);
}

void gh_redis_release(gh_redis *r)
{
    if (--r->holds == 0)
        free_all(r);
}

static void on_closed(uv_handle_t *handle)
{
    gh_redis_release(handle->data);
}

gh_redis *gh_redis_new(uv_loop_t *loop, gh_redis_shared *shared, gh_log_lane *lane)
{
    gh_redis *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->loop = loop;
    r->shared = shared;
    r->lane = lane;
    r->timer.data = r->tick.data = r->prepare.data = r;
    bool good = gh_redis_queue_init(r);
    /* These can't fail but for want of a loop; they touch nothing outside the handle. */
    if (!good || uv_timer_init(loop, &r->timer) != 0 || uv_timer_init(loop, &r->tick) != 0 ||
        uv_prepare_init(loop, &r->prepare) != 0) {
        free_all(r);
        return NULL;
    }
    r->holds = 3;
    atomic_fetch_add(&shared->connections, 1);
    gh_breaker_init(&r->breaker, uv_now(loop));
    gh_redis_wait(r, 0);
    (void)uv_timer_start(&r->tick, gh_redis_on_tick, GH_REDIS_TICK_MS, GH_REDIS_TICK_MS);
    return r;
}

void gh_redis_finish(gh_redis *r)
{
    gh_redis_link_close(r);
    r->state = GH_REDIS_CLOSED;
    gh_redis_count(r);
    if (r->looking)
        (void)uv_cancel((uv_req_t *)&r->lookup);
    uv_close((uv_handle_t *)&r->timer, on_closed);
    uv_close((uv_handle_t *)&r->tick, on_closed);
    uv_close((uv_handle_t *)&r->prepare, on_closed);
}

void gh_redis_close(gh_redis *r)
{
    uint64_t away_ms;
    if (r->state >= GH_REDIS_LEAVING)
        return;
    bool was_ready = r->state == GH_REDIS_READY;
    bool last = atomic_fetch_sub(&r->shared->connections, 1) == 1;
    r->state = GH_REDIS_LEAVING;
    if (was_ready)
        atomic_fetch_sub(&r->shared->ready, 1);
    if (r->away)
        (void)!gh_outages_end(&r->shared->outages, uv_now(r->loop), &away_ms);
    gh_redis_answer_all(r);
    if (!was_ready || !last || !gh_redis_beat(r, false)) {
        gh_redis_finish(r);
        return;
    }
    gh_redis_wait(r, r->shared->timeout_ms);
}
