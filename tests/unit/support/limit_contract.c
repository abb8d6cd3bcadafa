#include "limit_contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "limit_model.h"

enum { LIMITS = 4, KEYS = 3, STEPS = 40, TAKES = 7 };

typedef struct run {
    const limit_store *store;
    limit_model model;
    uint64_t luck, now;
    gh_limit limits[LIMITS];
    unsigned long takes, granted, refused;
} run;

static uint64_t draw(run *r, uint64_t below)
{
    return gh_mix64(r->luck++) % below;
}

gh_limit contract_limit(gh_limit limit)
{
    const char *why = "";
    if (!gh_limit_compile(&limit, &why))
        fail_msg("%s", why);
    return limit;
}

static gh_limit some_limit(run *r, unsigned i)
{
    static const uint64_t requests[] = {1,   2,   3,   7,    10,    60,    100,     127,
                                        128, 255, 256, 1000, 65535, 65536, 1000000, 4294967295};
    static const uint64_t windows[] = {1000, 1001, 2500, 7777, 60000, 3600000, 86400000, 366 * 86400000ULL};
    gh_limit l = {.requests = requests[draw(r, GH_COUNT(requests))],
                  .window_ms = windows[draw(r, GH_COUNT(windows))],
                  .seed = 1000 + i};
    if (draw(r, 3) == 0) {
        static const uint64_t bursts[] = {1, 2, 5, 50, 1000};
        l.kind = GH_LIMIT_BUCKET;
        l.burst = bursts[draw(r, GH_COUNT(bursts))];
        const char *why;
        if (!gh_limit_compile(&l, &why))
            l.burst = 1; /* takes too long to refill */
    }
    return contract_limit(l);
}

/* Mostly what makes the answer change soon: little, or a good part of the whole. */
static uint32_t some_weight(run *r, const gh_limit *l)
{
    uint64_t all = l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests;
    switch (draw(r, 8)) {
    case 0:
        return (uint32_t)(all / 2 + 1 > UINT32_MAX ? UINT32_MAX : all / 2 + 1);
    case 1:
    case 2:
        return (uint32_t)(all / 5 + 1);
    case 3:
        return (uint32_t)(all < UINT32_MAX ? all + draw(r, 2) : all);
    default:
        return 1;
    }
}

/* No time, a little, about a tick, about a window, of one of the limits; and now and then exactly at an edge. */
static void pass_time(run *r)
{
    const gh_limit *l = &r->limits[draw(r, LIMITS)];
    uint64_t edge = l->tick_ms * (r->now / l->tick_ms + 1);
    switch (draw(r, 8)) {
    case 0:
        r->now += draw(r, l->window_ms / 50 + 2);
        break;
    case 1:
        r->now += draw(r, l->tick_ms + 2);
        break;
    case 2:
        r->now += l->window_ms - 1 + draw(r, 3);
        break;
    case 3:
        r->now = edge - draw(r, 2);
        break;
    case 4:
        r->now += draw(r, l->window_ms + 2);
        break;
    default:
        break;
    }
}

static void step(run *r)
{
    gh_take takes[TAKES];
    unsigned n = 1 + (unsigned)draw(r, TAKES);
    uint8_t group = 0;
    for (unsigned i = 0; i < n; i++) {
        const gh_limit *l = &r->limits[draw(r, LIMITS)];
        group = (uint8_t)(group + (i > 0 && draw(r, 3) == 0));
        takes[i] = (gh_take){.limit = l, .key = draw(r, KEYS), .weight = some_weight(r, l), .group = group};
    }
    r->store->take(r->store->data, r->now, takes, n);
    if (!model_agrees(&r->model, r->now, takes, n))
        fail_msg("take of luck %llu: %s", (unsigned long long)r->luck, r->model.why);
    for (unsigned i = 0; i < n; i++) {
        r->takes++;
        r->granted += takes[i].answer == GH_TAKE_OK;
        r->refused += takes[i].answer == GH_TAKE_REFUSED;
    }
}

void limit_contract_run(const limit_store *store, unsigned sequences)
{
    run *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->store = store;
    for (unsigned i = 0; i < sequences; i++) {
        store->clear(store->data);
        model_clear(&r->model);
        r->luck = (uint64_t)i << 32;
        r->now = 1700000000000 + draw(r, 86400000);
        for (unsigned k = 0; k < LIMITS; k++)
            r->limits[k] = some_limit(r, k);
        for (unsigned k = 0; k < STEPS; k++) {
            pass_time(r);
            step(r);
        }
    }
    print_message("%u sequences: %lu takes, %lu OK, %lu refused\n", sequences, r->takes, r->granted,
                  r->refused);
    assert_true(r->granted > r->takes / 10 && r->refused > r->takes / 10);
    free(r);
}
