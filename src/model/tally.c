#include "model/tally.h"

static uint64_t counter_mask(const gh_limit *l)
{
    return (1ULL << l->bits) - 1;
}

/* 192-bit shifts; n < 192. */
static void shift_up(uint64_t w[3], unsigned n)
{
    for (; n >= 64; n -= 64) {
        w[2] = w[1];
        w[1] = w[0];
        w[0] = 0;
    }
    if (n == 0)
        return;
    w[2] = w[2] << n | w[1] >> (64 - n);
    w[1] = w[1] << n | w[0] >> (64 - n);
    w[0] <<= n;
}

static uint64_t counter_at(const gh_limit *l, const uint64_t w[3], unsigned age)
{
    unsigned bit = age * l->bits, at = bit / 64, off = bit % 64;
    uint64_t v = w[at] >> off;
    if (off + l->bits > 64)
        v |= w[at + 1] << (64 - off);
    return v & counter_mask(l);
}

static void count_narrow(const gh_limit *l, gh_tally *t)
{
    uint64_t mask = counter_mask(l), used = 0;
    unsigned span = 0;
    for (uint64_t x = t->word[0]; x; x >>= l->bits, span++)
        used += x & mask;
    t->used = used;
    t->span = span;
}

static void count_wide(const gh_limit *l, gh_tally *t)
{
    uint64_t mask = counter_mask(l), used = 0;
    unsigned span = 0, bits = l->bits; /* 8..32 */
    uint64_t a = t->word[0], b = t->word[1], c = t->word[2];
    for (; a | b | c; span++) {
        used += a & mask;
        a = a >> bits | b << (64 - bits);
        b = b >> bits | c << (64 - bits);
        c >>= bits;
    }
    t->used = used;
    t->span = span;
}

/* Drops what lies above the last counter. */
static void clip(const gh_limit *l, uint64_t w[3])
{
    unsigned bits = (unsigned)l->bits * l->ticks;
    for (unsigned i = 0; i < 3; i++, bits -= bits < 64 ? bits : 64)
        if (bits < 64)
            w[i] &= (1ULL << bits) - 1;
}

static void load_sliding(const gh_limit *l, uint64_t until, const uint64_t *word, gh_tally *t)
{
    t->tick = t->now_ms / l->tick_ms;
    if (!until)
        return;
    uint64_t end = until * GH_TALLY_UNIT_MS / l->tick_ms;
    uint64_t last = end < l->ticks ? 0 : end - l->ticks;
    /* The clock never goes back (the store sees to it); bytes of another limit might say so. */
    uint64_t ticks = t->tick > last ? t->tick - last : 0;
    if (ticks >= l->ticks)
        return;
    unsigned n = (unsigned)ticks * l->bits;
    t->word[0] = word[0];
    if (l->wide) {
        t->word[1] = word[1];
        t->word[2] = word[2];
        shift_up(t->word, n);
        clip(l, t->word);
        count_wide(l, t);
    } else {
        t->word[0] <<= n;
        clip(l, t->word);
        count_narrow(l, t);
    }
}

static uint64_t units_of(const gh_limit *l, uint64_t owed)
{
    return owed / l->window_ms + (owed % l->window_ms != 0);
}

static void load_bucket(const gh_limit *l, uint64_t until, const uint64_t *word, gh_tally *t)
{
    uint64_t end = until * GH_TALLY_UNIT_MS, owed;
    if (end <= t->now_ms)
        return;
    if (__builtin_mul_overflow(end - t->now_ms, l->requests, &owed))
        owed = UINT64_MAX; /* only the bytes of another limit */
    owed = owed > word[0] ? owed - word[0] : 0;
    uint64_t full = l->burst * l->window_ms;
    t->word[0] = owed < full ? owed : full;
    t->used = units_of(l, t->word[0]);
}

void gh_tally_load(const gh_limit *limit, uint64_t now_ms, uint64_t until, const uint64_t *word,
                   gh_tally *ret)
{
    *ret = (gh_tally){.now_ms = now_ms};
    if (limit->kind == GH_LIMIT_SLIDING)
        load_sliding(limit, until, word, ret);
    else if (until)
        load_bucket(limit, until, word, ret);
}

static uint64_t units_at_all(const gh_limit *l)
{
    return l->kind == GH_LIMIT_SLIDING ? l->requests : l->burst;
}

uint64_t gh_tally_room(const gh_limit *limit, const gh_tally *t)
{
    uint64_t all = units_at_all(limit);
    return all > t->used ? all - t->used : 0;
}

void gh_tally_add(const gh_limit *limit, uint64_t units, gh_tally *t)
{
    if (limit->kind == GH_LIMIT_BUCKET) {
        t->word[0] += units * limit->window_ms;
        t->used = units_of(limit, t->word[0]);
        return;
    }
    /* No carry into the next counter: each is as wide as the whole limit. */
    t->word[0] += units;
    t->used += units;
    if (t->span == 0 && units)
        t->span = 1;
}

/* w -= v << bit; the counter there holds at least v. */
static void subtract_at(uint64_t w[3], unsigned bit, uint64_t v)
{
    unsigned at = bit / 64, off = bit % 64;
    uint64_t low = v << off, high = off ? v >> (64 - off) : 0;
    unsigned borrow = w[at] < low;
    w[at] -= low;
    if (at + 1 < GH_TALLY_WORDS)
        w[at + 1] -= high + borrow;
}

static void give_back_sliding(const gh_limit *l, uint64_t units, uint64_t taken_ms, gh_tally *t)
{
    uint64_t tick = taken_ms / l->tick_ms, age = t->tick > tick ? t->tick - tick : 0;
    if (age >= l->ticks)
        return;
    /* The store's clock may have been a little ahead of the taker's: then they are in a newer tick. */
    for (unsigned a = (unsigned)age + 1; a-- > 0 && units > 0;) {
        uint64_t there = counter_at(l, t->word, a), n = there < units ? there : units;
        subtract_at(t->word, a * l->bits, n);
        units -= n;
    }
    (l->wide ? count_wide : count_narrow)(l, t);
}

void gh_tally_give_back(const gh_limit *limit, uint64_t units, uint64_t taken_ms, gh_tally *t)
{
    if (limit->kind == GH_LIMIT_SLIDING) {
        give_back_sliding(limit, units, taken_ms, t);
        return;
    }
    uint64_t since = t->now_ms > taken_ms ? t->now_ms - taken_ms : 0, paid, back;
    if (__builtin_mul_overflow(since, limit->requests, &paid) ||
        __builtin_mul_overflow(units, limit->window_ms, &back) || paid >= back)
        return;
    back -= paid;
    t->word[0] -= back < t->word[0] ? back : t->word[0];
    t->used = units_of(limit, t->word[0]);
}

uint64_t gh_tally_save(const gh_limit *limit, const gh_tally *t, uint64_t *ret_word)
{
    if (limit->kind == GH_LIMIT_BUCKET) {
        uint64_t end_ms = t->now_ms + t->word[0] / limit->requests, part = t->word[0] % limit->requests;
        uint64_t until = (end_ms + (part != 0) + GH_TALLY_UNIT_MS - 1) / GH_TALLY_UNIT_MS;
        ret_word[0] = (until * GH_TALLY_UNIT_MS - end_ms) * limit->requests - part;
        return until;
    }
    ret_word[0] = t->word[0];
    if (limit->wide) {
        ret_word[1] = t->word[1];
        ret_word[2] = t->word[2];
    }
    return ((t->tick + limit->ticks) * limit->tick_ms + GH_TALLY_UNIT_MS - 1) / GH_TALLY_UNIT_MS;
}

/* Time in which a bucket pays back `owed`. */
static uint64_t bucket_ms(const gh_limit *l, uint64_t owed)
{
    return owed / l->requests + (owed % l->requests != 0);
}

uint64_t gh_tally_reset_ms(const gh_limit *limit, const gh_tally *t)
{
    if (t->used == 0)
        return 0;
    if (limit->kind == GH_LIMIT_BUCKET)
        return bucket_ms(limit, t->word[0] - (t->used - 1) * limit->window_ms);
    return (t->tick + limit->ticks - (t->span - 1)) * limit->tick_ms - t->now_ms;
}

uint64_t gh_tally_retry_ms(const gh_limit *limit, const gh_tally *t, uint64_t units)
{
    uint64_t all = units_at_all(limit);
    if (units > all)
        return UINT64_MAX;
    if (t->used + units <= all)
        return 0;
    if (limit->kind == GH_LIMIT_BUCKET)
        return bucket_ms(limit, t->word[0] - (all - units) * limit->window_ms);
    uint64_t used = t->used;
    unsigned age = t->span;
    while (age > 0 && used + units > all)
        used -= counter_at(limit, t->word, --age);
    return (t->tick + limit->ticks - age) * limit->tick_ms - t->now_ms;
}

unsigned gh_tally_level(const gh_limit *limit, const gh_tally *t)
{
    uint64_t all = units_at_all(limit);
    return t->used >= all ? GH_TALLY_BLOCKED : (unsigned)(t->used * 7 / all);
}
