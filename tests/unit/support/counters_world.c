#include "counters_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void node_start(fleet *f, node *n)
{
    char url[64], why[GH_REDIS_WHY_SIZE];
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", f->world->server.port);
    const gh_redis_options options = {.url = gh_str_of(url),
                                      .prefix = GH_STR("test"),
                                      .timeout_ms = f->timeout_ms,
                                      .nodes = f->n,
                                      .scripts = gh_counters_scripts,
                                      .n_scripts = GH_COUNTERS_SCRIPTS};
    n->state = gh_state_new(10000);
    n->redis_shared = gh_redis_shared_new(&options, why);
    if (n->redis_shared == NULL)
        fail_msg("%s", why);
    n->redis = gh_redis_new(&f->world->loop, n->redis_shared, gh_log_lane_of(f->world->log, 0));
    n->shared = (gh_counters_shared){.state = n->state, .redis = n->redis_shared};
    n->counters = gh_counters_new(&f->world->loop, &n->shared, n->redis);
    assert_non_null(n->state);
    assert_non_null(n->redis);
    assert_non_null(n->counters);
}

int fleet_setup(void **state)
{
    fleet *f = calloc(1, sizeof *f);
    void *world = NULL;
    int result = redis_world_setup_server(&world);
    f->world = world;
    f->n = 2;
    f->timeout_ms = 500;
    for (unsigned i = 0; i < f->n; i++)
        node_start(f, &f->nodes[i]);
    *state = f;
    return result;
}

static bool loop_is_empty(void *data)
{
    redis_world *w = data;
    uv_unref((uv_handle_t *)&w->pulse);
    bool alive = uv_loop_alive(&w->loop) != 0;
    uv_ref((uv_handle_t *)&w->pulse);
    return !alive;
}

int fleet_teardown(void **state)
{
    fleet *f = *state;
    for (unsigned i = 0; i < f->n; i++) {
        gh_redis_close(f->nodes[i].redis);
        gh_counters_close(f->nodes[i].counters);
    }
    world_until(f->world, loop_is_empty, f->world, "the end of the nodes");
    for (unsigned i = 0; i < f->n; i++) {
        gh_counters_free(f->nodes[i].counters);
        gh_redis_shared_free(f->nodes[i].redis_shared);
        gh_state_free(f->nodes[i].state);
    }
    void *world = f->world;
    free(f);
    return redis_world_teardown(&world);
}

static bool all_ready(void *data)
{
    const fleet *f = data;
    bool ready = true;
    for (unsigned i = 0; i < f->n; i++)
        ready = ready && gh_redis_ready(f->nodes[i].redis);
    return ready;
}

static bool all_away(void *data)
{
    const fleet *f = data;
    bool away = true;
    for (unsigned i = 0; i < f->n; i++)
        away = away && !gh_redis_ready(f->nodes[i].redis);
    return away;
}

void fleet_until_ready(fleet *f)
{
    world_until(f->world, all_ready, f, "a good connection of all nodes");
}

void fleet_until_away(fleet *f)
{
    world_until(f->world, all_away, f, "the outage of all nodes");
}

typedef struct moment {
    uv_loop_t *loop;
    uint64_t at;
} moment;

static bool is_past(void *data)
{
    const moment *m = data;
    return uv_now(m->loop) >= m->at;
}

void fleet_wait(fleet *f, uint64_t ms)
{
    uv_update_time(&f->world->loop);
    world_until(f->world, is_past, &(moment){&f->world->loop, uv_now(&f->world->loop) + ms}, "the time");
}

typedef struct awaited {
    gh_asking asking;
    bool answered;
} awaited;

static void on_answer(gh_asking *asking)
{
    GH_CONTAINER(asking, awaited, asking)->answered = true;
}

static bool is_answered(void *data)
{
    return ((const awaited *)data)->answered;
}

bool fleet_take(fleet *f, unsigned at, gh_take *takes, unsigned n)
{
    uv_update_time(&f->world->loop);
    awaited a = {
        .asking = {.takes = takes, .n = n, .now_ms = uv_now(&f->world->loop), .answered = on_answer}};
    if (gh_counters_take(f->nodes[at].counters, &a.asking))
        return true;
    assert_false(a.answered);
    world_until(f->world, is_answered, &a, "the answer");
    return false;
}

gh_take fleet_one(fleet *f, unsigned at, const gh_limit *limit, uint64_t key, uint32_t weight)
{
    gh_take t = {.limit = limit, .key = key, .weight = weight};
    (void)fleet_take(f, at, &t, 1);
    return t;
}

unsigned fleet_passes(fleet *f, unsigned at, const gh_limit *limit, uint64_t key, unsigned times)
{
    unsigned n = 0;
    for (unsigned i = 0; i < times; i++)
        n += fleet_one(f, at, limit, key, 1).answer == GH_TAKE_OK;
    return n;
}

gh_limit fleet_limit(uint64_t requests, enum gh_counting counting, enum gh_outage outage)
{
    static uint64_t seed;
    gh_limit l = {.requests = requests,
                  .window_ms = 3600000,
                  .seed = ++seed,
                  .counting = (uint8_t)counting,
                  .outage = (uint8_t)outage,
                  .lease_percent = 5};
    const char *why = "";
    if (!gh_limit_compile(&l, &why))
        fail_msg("%s", why);
    return l;
}
