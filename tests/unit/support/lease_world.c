#include "lease_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"

enum { LETTERS = 8192, SWEEP_MS = 250, DEADLINE_MS = 50, ORIGIN_MS = 1000000 };

/* A question on its way to the server, then its answer on the way back. */
typedef struct letter {
    bool used, is_lease, told;
    unsigned loop, key;
    uint64_t there, back, deadline; /* 0: never comes there, or back */
    uint64_t asked_ms;              /* by the loop's clock */
    gh_take take;
    gh_lease_ask ask;
    gh_lease_grant grant;
} letter;

typedef struct loop {
    gh_leases *leases;
    int64_t offset_ms, drift_ppm;
} loop;

typedef struct passed {
    uint64_t *at; /* true time of each unit */
    size_t n, room;
} passed;

typedef struct world {
    const lease_plan *plan;
    const lease_server *server;
    lease_result result;
    uint64_t luck, now;
    loop loops[WORLD_LOOPS_MAX];
    passed passed[WORLD_KEYS_MAX];
    letter letters[LETTERS];
    unsigned under_way;
} world;

static uint64_t draw(world *w, uint64_t below)
{
    return gh_mix64(w->luck++) % below;
}

static uint64_t clock_of(const world *w, const loop *l)
{
    int64_t now = (int64_t)w->now;
    return (uint64_t)(now + now * l->drift_ppm / 1000000 + l->offset_ms);
}

static void pass(world *w, unsigned key, uint32_t units)
{
    passed *p = &w->passed[key];
    if (p->n + units > p->room) {
        p->room = p->room * 2 + units + 1024;
        p->at = realloc(p->at, p->room * sizeof *p->at);
        assert_non_null(p->at);
    }
    for (uint32_t i = 0; i < units; i++)
        p->at[p->n++] = w->now;
    w->result.passed += units;
}

static void post(world *w, letter mail)
{
    const lease_plan *p = w->plan;
    uint64_t way[2] = {draw(w, 3), draw(w, 3)};
    if (draw(w, 1000) < p->late)
        way[draw(w, 2)] += draw(w, 3000);
    mail.used = true;
    mail.there = draw(w, 1000) < p->lost ? 0 : w->now + way[0];
    mail.back = mail.there == 0 || draw(w, 1000) < p->lost ? 0 : mail.there + way[1];
    mail.deadline = w->now + (p->deadline_ms > 0 ? p->deadline_ms : DEADLINE_MS);
    mail.asked_ms = clock_of(w, &w->loops[mail.loop]);
    for (unsigned i = 0; i < LETTERS; i++) {
        if (w->letters[i].used)
            continue;
        w->letters[i] = mail;
        w->under_way++;
        return;
    }
    fail_msg("too many letters");
}

/* The server's clock is the true time, from another origin. What is counted exactly passes at the moment in which it is
 * counted, if its loop is told so. */
static void at_server(world *w, letter *m)
{
    uint64_t now = w->now + 1700000000000;
    m->there = 0;
    if (m->is_lease) {
        m->grant = w->server->lease(w->server->data, now, &m->ask);
        w->result.leases++;
        return;
    }
    w->server->take(w->server->data, now, &m->take);
    w->result.takes++;
    if (m->take.answer == GH_TAKE_OK && m->back != 0 && m->back <= m->deadline) {
        w->result.waited += m->take.weight;
        pass(w, m->key, m->take.weight);
    }
}

static void at_loop(world *w, letter *m, bool known)
{
    loop *l = &w->loops[m->loop];
    m->told = true;
    if (m->is_lease)
        gh_leases_grant(l->leases, &m->ask, known ? &m->grant : NULL, m->asked_ms, clock_of(w, l));
    else if (!known)
        w->result.unanswered += m->take.weight;
    else if (m->take.answer == GH_TAKE_REFUSED) {
        w->result.refused += m->take.weight;
        gh_leases_remember(l->leases, &m->take, m->asked_ms);
    }
}

static void deliver(world *w)
{
    for (unsigned i = 0, left = w->under_way; left > 0; i++) {
        letter *m = &w->letters[i];
        if (!m->used)
            continue;
        left--;
        if (m->there != 0 && m->there <= w->now)
            at_server(w, m);
        if (!m->told && m->there == 0 && m->back != 0 && m->back <= w->now && m->back <= m->deadline)
            at_loop(w, m, true);
        if (!m->told && m->deadline <= w->now)
            at_loop(w, m, false);
        if (m->told && m->there == 0) {
            m->used = false;
            w->under_way--;
        }
    }
}

static void request(world *w, unsigned key)
{
    const lease_plan *p = w->plan;
    unsigned at =
        p->wander_ms > 0 ? (unsigned)((w->now / p->wander_ms + key) % p->loops) : (unsigned)draw(w, p->loops);
    loop *l = &w->loops[at];
    uint64_t now = clock_of(w, l);
    letter mail = {.loop = at, .key = key};
    mail.take = (gh_take){.limit = &p->limit, .key = key, .weight = 1 + (uint32_t)draw(w, p->weight_max)};
    w->result.wanted += mail.take.weight;
    if (gh_leases_refuse(l->leases, &mail.take, now)) {
        w->result.refused += mail.take.weight;
        return;
    }
    uint32_t lot = gh_leases_spend(l->leases, &mail.take, now);
    if (lot != 0)
        pass(w, key, mail.take.weight);
    letter more = {.loop = at, .key = key, .is_lease = true};
    if (gh_leases_wants(l->leases, &mail.take, now, &more.ask))
        post(w, more);
    if (lot == 0)
        post(w, mail);
}

static void sweep(world *w)
{
    for (unsigned i = 0; i < w->plan->loops; i++) {
        letter back = {.loop = i, .is_lease = true};
        while (gh_leases_busy(w->loops[i].leases) &&
               gh_leases_over(w->loops[i].leases, clock_of(w, &w->loops[i]), &back.ask))
            post(w, back);
    }
}

static bool busy(const world *w, unsigned key)
{
    const lease_plan *p = w->plan;
    return p->burst_ms == 0 || ((w->now + key * 333) / p->burst_ms) % 2 == 0;
}

static void check_most(world *w, const passed *p)
{
    const gh_limit *l = &w->plan->limit;
    bool bucket = l->kind == GH_LIMIT_BUCKET;
    uint64_t most = bucket ? l->burst + l->requests : l->requests;
    for (size_t to = 0, from = 0; to < p->n; to++) {
        while (p->at[from] + l->window_ms <= p->at[to])
            from++;
        if (to + 1 - from > w->result.most)
            w->result.most = to + 1 - from;
        if (to + 1 - from > most)
            fail_msg("luck %llu: %zu in a window, of %llu", (unsigned long long)w->plan->luck, to + 1 - from,
                     (unsigned long long)most);
    }
}

/* A bucket in every stretch, not only of a window: what was owed never passes its depth. */
static void check_bucket(world *w, const passed *p)
{
    const gh_limit *l = &w->plan->limit;
    uint64_t owed = 0, at = 0;
    for (size_t i = 0; i < p->n; i++) {
        uint64_t paid = (p->at[i] - at) * l->requests;
        owed = (owed > paid ? owed - paid : 0) + l->window_ms;
        at = p->at[i];
        if (owed > l->burst * l->window_ms)
            fail_msg("luck %llu: more than the bucket holds at %llu", (unsigned long long)w->plan->luck,
                     (unsigned long long)at);
    }
}

static void check_least(world *w, const passed *p)
{
    uint64_t from = ORIGIN_MS, end = ORIGIN_MS + w->plan->run_ms;
    for (size_t a = 0, b = 0; from + w->result.stretch < end; from += 10, w->result.windows++) {
        while (a < p->n && p->at[a] < from)
            a++;
        while (b < p->n && p->at[b] < from + w->result.stretch)
            b++;
        if (b - a < w->result.least)
            w->result.least = b - a;
    }
}

static void check(world *w)
{
    const gh_limit *l = &w->plan->limit;
    uint64_t late = l->kind == GH_LIMIT_BUCKET ? 0 : l->ticks * l->tick_ms - l->window_ms;
    w->result.least = UINT64_MAX;
    w->result.stretch = l->window_ms + late + gh_lease_ms(l) + SWEEP_MS + 2 * DEADLINE_MS;
    for (unsigned k = 0; k < w->plan->keys; k++) {
        check_most(w, &w->passed[k]);
        if (l->kind == GH_LIMIT_BUCKET)
            check_bucket(w, &w->passed[k]);
        check_least(w, &w->passed[k]);
        free(w->passed[k].at);
    }
}

lease_result lease_world_run(const lease_plan *plan, const lease_server *server)
{
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->plan = plan;
    w->server = server;
    w->luck = plan->luck << 32;
    for (unsigned i = 0; i < plan->loops; i++) {
        w->loops[i].leases = gh_leases_new(64);
        assert_non_null(w->loops[i].leases);
        w->loops[i].offset_ms = (int64_t)draw(w, 100000);
        w->loops[i].drift_ppm = (int64_t)draw(w, 1001) - 500;
    }
    for (w->now = ORIGIN_MS; w->now < ORIGIN_MS + plan->run_ms; w->now++) {
        deliver(w);
        for (unsigned k = 0; k < plan->keys; k++)
            for (unsigned n = plan->per_second / 1000 + (draw(w, 1000) < plan->per_second % 1000);
                 n > 0 && busy(w, k); n--)
                request(w, k);
        if (w->now % SWEEP_MS == 0)
            sweep(w);
    }
    check(w);
    for (unsigned i = 0; i < plan->loops; i++)
        gh_leases_free(w->loops[i].leases);
    lease_result r = w->result;
    free(w);
    return r;
}
