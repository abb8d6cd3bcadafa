#include "stores/shared/breaker.h"

void gh_breaker_init(gh_breaker *b, uint64_t now_ms)
{
    *b = (gh_breaker){.state = GH_BREAKER_OPEN, .trial_ms = now_ms};
}

bool gh_breaker_try(gh_breaker *b, uint64_t now_ms)
{
    if (b->state != GH_BREAKER_OPEN || now_ms < b->trial_ms)
        return false;
    b->state = GH_BREAKER_HALF_OPEN;
    return true;
}

bool gh_breaker_good(gh_breaker *b, uint64_t now_ms)
{
    if (b->state == GH_BREAKER_CLOSED)
        return false;
    b->state = GH_BREAKER_CLOSED;
    b->closed_ms = now_ms;
    return true;
}

/* Drawn from [half, whole): servers that come back are not asked by everybody in the same moment. */
static uint64_t wait_ms(unsigned failures, uint64_t random)
{
    uint64_t half = GH_BREAKER_FIRST_MS;
    for (unsigned i = 1; i < failures && half < GH_BREAKER_LAST_MS / 2; i++)
        half *= 2;
    if (half > GH_BREAKER_LAST_MS / 2)
        half = GH_BREAKER_LAST_MS / 2;
    return half + random % half;
}

bool gh_breaker_bad(gh_breaker *b, uint64_t now_ms, uint64_t random)
{
    bool opened = b->state == GH_BREAKER_CLOSED;
    if (opened && now_ms >= b->closed_ms && now_ms - b->closed_ms >= GH_BREAKER_STEADY_MS)
        b->failures = 0;
    if (b->failures < UINT32_MAX)
        b->failures++;
    b->state = GH_BREAKER_OPEN;
    b->trial_ms = now_ms + wait_ms(b->failures, random);
    return opened;
}

enum { COUNT_BITS = 16 };
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)

bool gh_outages_begin(gh_outages *o, uint64_t now_ms)
{
    uint64_t old = atomic_load_explicit(&o->word, memory_order_relaxed), word;
    do {
        word = (old & COUNT_MASK) == 0 ? now_ms << COUNT_BITS | 1 : old + 1;
    } while (!atomic_compare_exchange_weak(&o->word, &old, word));
    return (old & COUNT_MASK) == 0;
}

static uint64_t since_ms(uint64_t word, uint64_t now_ms)
{
    uint64_t begin = word >> COUNT_BITS;
    return now_ms > begin ? now_ms - begin : 0; /* another thread's clock may be a little ahead */
}

bool gh_outages_end(gh_outages *o, uint64_t now_ms, uint64_t *ret_ms)
{
    uint64_t old = atomic_fetch_sub(&o->word, 1);
    if ((old & COUNT_MASK) != 1)
        return false;
    *ret_ms = since_ms(old, now_ms);
    return true;
}

unsigned gh_outages_now(const gh_outages *o, uint64_t now_ms, uint64_t *ret_ms)
{
    uint64_t word = atomic_load_explicit(&o->word, memory_order_relaxed);
    unsigned n = (unsigned)(word & COUNT_MASK);
    if (ret_ms != NULL)
        *ret_ms = n == 0 ? 0 : since_ms(word, now_ms);
    return n;
}
