/* What the scripts do, with a list for each state. */
#include "lease_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STATES = 64, TICKS = 96 };

typedef struct tick {
    uint64_t number, units;
} tick;

typedef struct state {
    uint64_t seed, key;
    unsigned n;
    tick ticks[TICKS]; /* in order */
    __int128 full_at;  /* a bucket's, in 1/requests ms */
} state;

struct plain_server {
    unsigned n;
    state states[STATES];
};

plain_server *plain_server_new(void)
{
    plain_server *s = calloc(1, sizeof *s);
    assert_non_null(s);
    return s;
}

void plain_server_free(plain_server *s)
{
    free(s);
}

static state *state_of(plain_server *s, const gh_limit *l, uint64_t key)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->states[i].seed == l->seed && s->states[i].key == key)
            return &s->states[i];
    assert_true(s->n < STATES);
    s->states[s->n] = (state){.seed = l->seed, .key = key};
    return &s->states[s->n++];
}

static void forget_old(state *st, const gh_limit *l, uint64_t now)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < st->n; i++)
        if (st->ticks[i].number + l->ticks > now / l->tick_ms && st->ticks[i].units > 0)
            st->ticks[kept++] = st->ticks[i];
    st->n = kept;
}

static uint64_t used(const state *st)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < st->n; i++)
        sum += st->ticks[i].units;
    return sum;
}

static uint64_t add(state *st, uint64_t number, uint64_t units)
{
    if (st->n == 0 || st->ticks[st->n - 1].number < number) {
        assert_true(st->n < TICKS);
        st->ticks[st->n++] = (tick){number, 0};
    }
    st->ticks[st->n - 1].units += units;
    return st->ticks[st->n - 1].number;
}

static uint64_t retry_of(const state *st, const gh_limit *l, uint64_t now, uint64_t want)
{
    uint64_t left = used(st);
    if (want > l->requests)
        return UINT64_MAX;
    for (unsigned i = 0; i < st->n; i++) {
        left -= st->ticks[i].units;
        if (left + want <= l->requests)
            return (st->ticks[i].number + l->ticks) * l->tick_ms - now;
    }
    return 1;
}

static uint64_t reset_of(const state *st, const gh_limit *l, uint64_t now)
{
    return st->n == 0 ? 0 : (st->ticks[0].number + l->ticks) * l->tick_ms - now;
}

static __int128 owed(const state *st, const gh_limit *l, uint64_t now)
{
    __int128 o = st->full_at - (__int128)now * (__int128)l->requests;
    return o > 0 ? o : 0;
}

static uint64_t bucket_room(const state *st, const gh_limit *l, uint64_t now)
{
    __int128 free = (__int128)(l->burst * l->window_ms) - owed(st, l, now);
    return free < 0 ? 0 : (uint64_t)(free / (__int128)l->window_ms);
}

static void bucket_add(state *st, const gh_limit *l, uint64_t now, uint64_t ahead, uint64_t units)
{
    __int128 from = (__int128)(now + ahead) * (__int128)l->requests;
    if (st->full_at < from && units > 0)
        st->full_at = from;
    st->full_at += (__int128)(units * l->window_ms);
}

static void take(void *data, uint64_t now, gh_take *t)
{
    const gh_limit *l = t->limit;
    state *st = state_of(data, l, t->key);
    bool bucket = l->kind == GH_LIMIT_BUCKET;
    forget_old(st, l, now);
    uint64_t room = bucket ? bucket_room(st, l, now) : l->requests - used(st);
    t->answer = t->weight <= room ? GH_TAKE_OK : GH_TAKE_REFUSED;
    t->retry_ms = 0;
    if (t->answer == GH_TAKE_REFUSED)
        t->retry_ms = bucket ? 1 : retry_of(st, l, now, t->weight);
    else if (bucket)
        bucket_add(st, l, now, 0, t->weight);
    else
        (void)add(st, now / l->tick_ms, t->weight);
    t->remaining = t->answer == GH_TAKE_OK ? room - t->weight : room;
    t->reset_ms = bucket ? 1 : reset_of(st, l, now);
}

static void take_back(state *st, const gh_lease_ask *ask, uint64_t now)
{
    const gh_limit *l = &ask->limit;
    if (l->kind == GH_LIMIT_BUCKET) {
        __int128 back = (__int128)(ask->back * l->window_ms);
        if (now > ask->back_at)
            back -= (__int128)((now - ask->back_at) * l->requests);
        st->full_at -= back > 0 ? back : 0;
    }
    for (unsigned i = 0; i < st->n; i++)
        if (st->ticks[i].number == ask->back_at / l->tick_ms)
            st->ticks[i].units -= st->ticks[i].units < ask->back ? st->ticks[i].units : ask->back;
}

static gh_lease_grant lease(void *data, uint64_t now, const gh_lease_ask *ask)
{
    const gh_limit *l = &ask->limit;
    state *st = state_of(data, l, ask->key);
    bool bucket = l->kind == GH_LIMIT_BUCKET;
    gh_lease_grant g = {0};
    if (ask->back > 0)
        take_back(st, ask, now);
    forget_old(st, l, now);
    uint64_t room = bucket ? bucket_room(st, l, now) : l->requests - used(st);
    if (room >= ask->least)
        g.units = (uint32_t)(room < ask->most ? room : ask->most);
    g.dated = now + ask->ahead_ms;
    if (bucket)
        bucket_add(st, l, now, ask->ahead_ms, g.units);
    else if (g.units > 0)
        g.dated = add(st, g.dated / l->tick_ms, g.units) * l->tick_ms;
    g.room = room - g.units;
    g.reset_ms = bucket ? 1 : reset_of(st, l, now);
    g.retry_ms = g.units > 0 ? 0 : bucket ? 1 : retry_of(st, l, now, ask->least);
    return g;
}

lease_server plain_server_as(plain_server *s)
{
    return (lease_server){take, lease, s};
}
