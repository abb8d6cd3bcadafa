#include "model/limit.h"

static const uint64_t window_min_ms = 1000;
static const uint64_t window_max_ms = 366ULL * 24 * 3600 * 1000;
static const uint64_t units_max = UINT32_MAX;

static const char *compile_bucket(gh_limit *l)
{
    if (l->burst < 1 || l->burst > units_max)
        return "burst must be from 1 to 4294967295";
    /* What a full bucket owes (tally.h) stays far from 2^64, and its time to refill within a year as a
     * window does. */
    uint64_t owed;
    if (__builtin_mul_overflow(l->burst, l->window_ms, &owed) || owed > INT64_MAX)
        return "burst is too large for a window this long";
    if (owed / l->requests > window_max_ms)
        return "burst takes more than 366 days to refill";
    l->bits = 64;
    l->ticks = 1;
    l->wide = false;
    l->tick_ms = l->window_ms;
    return NULL;
}

/* As many ticks as fit; then the tick length that makes all but one of them cover the window, because
 * the newest is only partly gone by. */
static void compile_sliding(gh_limit *l)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(l->requests);
    bool wide = 64 / bits < GH_LIMIT_NARROW_TICKS;
    unsigned ticks = (wide ? 192 : 64) / bits;
    if (ticks > GH_LIMIT_MAX_TICKS)
        ticks = GH_LIMIT_MAX_TICKS;
    uint64_t tick_ms = (l->window_ms + ticks - 2) / (ticks - 1);
    /* Rounding the tick up may have made the last one superfluous. */
    ticks = (unsigned)((l->window_ms + tick_ms - 1) / tick_ms) + 1;
    l->bits = (uint8_t)bits;
    l->ticks = (uint8_t)ticks;
    l->wide = wide;
    l->tick_ms = tick_ms;
}

bool gh_limit_compile(gh_limit *limit, const char **ret_why)
{
    const char *why = NULL;
    if (limit->requests < 1 || limit->requests > units_max)
        why = "requests must be from 1 to 4294967295";
    else if (limit->window_ms < window_min_ms || limit->window_ms > window_max_ms)
        why = "window must be from 1s to 366d";
    else if (limit->kind == GH_LIMIT_BUCKET)
        why = compile_bucket(limit);
    else
        compile_sliding(limit);
    if (!why)
        return true;
    *ret_why = why;
    return false;
}
