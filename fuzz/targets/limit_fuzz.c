/* Bytes become a sequence of takes, groups and moments on a small table. An oracle remembers every unit
 * granted: a key never gets more than its limit in any window, as long as nothing was evicted. */
#include <stdlib.h>

#include "stores/state/embedded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYS = 8, LIMITS = 6, GRANTS = 1024 };

typedef struct grant {
    uint64_t at, units;
    uint8_t key, limit;
} grant;

typedef struct run {
    gh_state *s;
    gh_limit limits[LIMITS];
    uint64_t now;
    unsigned n;
    grant log[GRANTS];
} run;

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void set_limits(run *r)
{
    static const gh_limit limits[LIMITS] = {
        {.requests = 1, .window_ms = 1000, .seed = 11},
        {.requests = 10, .window_ms = 60000, .seed = 12},
        {.requests = 127, .window_ms = 7001, .seed = 13},
        {.requests = 300, .window_ms = 3600000, .seed = 14},
        {.requests = 4294967295, .window_ms = 366 * 86400000ULL, .seed = 15},
        {.kind = GH_LIMIT_BUCKET, .requests = 7, .window_ms = 10000, .burst = 5, .seed = 16},
    };
    for (unsigned i = 0; i < LIMITS; i++) {
        const char *why = NULL;
        r->limits[i] = limits[i];
        require(gh_limit_compile(&r->limits[i], &why));
    }
}

static bool evicted(run *r)
{
    gh_state_stats stats;
    gh_state_read_stats(r->s, r->now, &stats);
    return stats.evicted != 0;
}

/* Units granted in the window that ends now; a bucket may give its depth more than a window's refill. */
static void check_window(run *r, unsigned key, unsigned limit)
{
    const gh_limit *l = &r->limits[limit];
    uint64_t sum = 0;
    for (unsigned i = r->n; i-- > 0;) {
        const grant *g = &r->log[i];
        if (g->key == key && g->limit == limit && g->at + l->window_ms > r->now)
            sum += g->units;
    }
    require(sum <= l->requests + (l->kind == GH_LIMIT_BUCKET ? l->burst : 0) || evicted(r));
}

static void take(run *r, const uint8_t *bytes, unsigned n)
{
    gh_take takes[GH_TAKES_MAX];
    uint8_t group = 0;
    for (unsigned i = 0; i < n; i++) {
        uint8_t a = bytes[2 * i], b = bytes[2 * i + 1];
        uint32_t weight = b & 0x80 ? 1u << (b & 31) : (b & 0x7Fu) + 1;
        group = (uint8_t)(group + (a >> 6 == 3));
        takes[i] = (gh_take){
            .limit = &r->limits[(a >> 3) % LIMITS], .key = a % KEYS, .weight = weight, .group = group};
    }
    gh_state_take(r->s, r->now, takes, n);
    for (unsigned from = 0, to; from < n; from = to) {
        bool pass = true;
        for (to = from; to < n && takes[to].group == takes[from].group; to++)
            pass &= takes[to].answer == GH_TAKE_OK;
        for (unsigned i = from; i < to; i++) {
            require((takes[i].answer == GH_TAKE_REFUSED) <= (takes[i].retry_ms > 0));
            if (pass && r->n < GRANTS)
                r->log[r->n++] = (grant){r->now, takes[i].weight, (uint8_t)takes[i].key,
                                         (uint8_t)(takes[i].limit - r->limits)};
        }
    }
    for (unsigned i = 0; i < n; i++)
        check_window(r, (unsigned)takes[i].key, (unsigned)(takes[i].limit - r->limits));
}

/* Fresh keys by the hundred. */
static void flood(run *r, uint8_t seed)
{
    for (uint64_t i = 0; i < 300; i++) {
        gh_take t = {.limit = &r->limits[seed % LIMITS], .key = 1000 + seed * 1000ULL + i, .weight = 1};
        gh_state_take(r->s, r->now, &t, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static run r;
    r.now = 0;
    r.n = 0;
    set_limits(&r);
    r.s = gh_state_new(1);
    require(r.s != NULL);
    for (size_t i = 0; i + 1 < size && r.n < GRANTS;) {
        uint8_t op = data[i++], x = data[i++];
        unsigned n = 1 + (op >> 3);
        switch (op & 7) {
        case 0:
            r.now += x;
            break;
        case 1:
            r.now += (uint64_t)x << 12;
            break;
        case 2:
            r.now += (uint64_t)x << (op >> 3);
            break;
        case 3:
            flood(&r, x);
            break;
        default:
            if (n > (size - i) / 2)
                n = (unsigned)((size - i) / 2);
            take(&r, data + i, n);
            i += 2 * (size_t)n;
            break;
        }
    }
    gh_state_free(r.s);
    return 0;
}
