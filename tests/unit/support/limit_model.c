#include "limit_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void model_clear(limit_model *m)
{
    m->n = 0;
    m->why[0] = '\0';
}

void model_add(limit_model *m, uint64_t now_ms, const gh_limit *limit, uint64_t key, uint64_t units)
{
    assert_true(m->n < MODEL_CHARGES);
    m->log[m->n++] = (model_charge){limit->seed, key, now_ms, units};
}

void model_remove(limit_model *m, uint64_t at_ms, const gh_limit *limit, uint64_t key, uint64_t units)
{
    for (unsigned i = m->n; i-- > 0;) {
        model_charge *c = &m->log[i];
        if (c->seed != limit->seed || c->key != key || c->at_ms != at_ms || c->units != units)
            continue;
        memmove(c, c + 1, (m->n - i - 1) * sizeof *c);
        m->n--;
        return;
    }
    fail_msg("nothing was taken at %llu", (unsigned long long)at_ms);
}

uint64_t model_late_ms(const gh_limit *limit)
{
    return limit->ticks * limit->tick_ms - limit->window_ms;
}

static bool of(const model_charge *c, const gh_limit *limit, uint64_t key)
{
    return c->seed == limit->seed && c->key == key;
}

/* Units of charges later than now - back. */
static uint64_t used_within(const limit_model *m, uint64_t now, uint64_t back, const gh_limit *l,
                            uint64_t key)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < m->n; i++)
        if (of(&m->log[i], l, key) && m->log[i].at_ms + back > now)
            sum += m->log[i].units;
    return sum;
}

uint64_t model_in_window(const limit_model *m, uint64_t now_ms, const gh_limit *limit, uint64_t key)
{
    return used_within(m, now_ms, limit->window_ms, limit, key);
}

static bool wrong(limit_model *m, const gh_take *t, uint64_t now, const char *what, uint64_t low,
                  uint64_t high)
{
    (void)snprintf(
        m->why, sizeof m->why,
        "%s of %llu/%llums (kind %d, key %llu, weight %u) at %llu: answer %d, remaining %llu, reset %llu, "
        "retry %llu; expected %llu..%llu",
        what, (unsigned long long)t->limit->requests, (unsigned long long)t->limit->window_ms,
        (int)t->limit->kind, (unsigned long long)t->key, t->weight, (unsigned long long)now, (int)t->answer,
        (unsigned long long)t->remaining, (unsigned long long)t->reset_ms, (unsigned long long)t->retry_ms,
        (unsigned long long)low, (unsigned long long)high);
    return false;
}

static bool within(uint64_t v, uint64_t low, uint64_t high)
{
    return v >= low && v <= high;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* When a window's oldest charge leaves it; 0: there is none. */
static uint64_t first_end(const limit_model *m, uint64_t now, const gh_limit *l, uint64_t key)
{
    for (unsigned i = 0; i < m->n; i++)
        if (of(&m->log[i], l, key) && m->log[i].at_ms + l->window_ms > now)
            return m->log[i].at_ms + l->window_ms;
    return 0;
}

/* The first moment at which `want` fit into the window. */
static uint64_t fits_at(const limit_model *m, uint64_t now, const gh_limit *l, uint64_t key, uint64_t want)
{
    uint64_t used = model_in_window(m, now, l, key), at = now;
    for (unsigned i = 0; i < m->n && used + want > l->requests; i++) {
        if (!of(&m->log[i], l, key) || m->log[i].at_ms + l->window_ms <= now)
            continue;
        used -= m->log[i].units;
        at = m->log[i].at_ms + l->window_ms;
    }
    return at;
}

/* want: what it and those before it in its group want of the state; taken: they have it. */
static bool sliding_agrees(limit_model *m, uint64_t now, const gh_take *t, uint64_t want, bool taken)
{
    const gh_limit *l = t->limit;
    uint64_t late = model_late_ms(l), all = l->requests;
    uint64_t least = model_in_window(m, now, l, t->key);
    uint64_t most = used_within(m, now, l->window_ms + late, l, t->key);
    if (t->answer == GH_TAKE_OK && least + want > all)
        return wrong(m, t, now, "granted too much", least, most);
    if (t->answer == GH_TAKE_REFUSED && most + want <= all)
        return wrong(m, t, now, "refused without need", least, most);
    uint64_t more = taken ? want : 0;
    if (!within(t->remaining, less(all, most + more), less(all, least + more)))
        return wrong(m, t, now, "remaining", less(all, most + more), less(all, least + more));
    uint64_t end = first_end(m, now, l, t->key);
    if (end == 0 && taken)
        end = now + l->window_ms;
    uint64_t low = t->remaining == all ? 0 : most == least ? end - now : 1;
    uint64_t high = t->remaining == all ? 0 : end != 0 ? end + late - now : late;
    if (!within(t->reset_ms, low, high))
        return wrong(m, t, now, "reset", low, high);
    if (t->answer == GH_TAKE_OK || want > all)
        return t->retry_ms == (t->answer == GH_TAKE_OK ? 0 : UINT64_MAX) || wrong(m, t, now, "retry", 0, 0);
    uint64_t at = fits_at(m, now, l, t->key, want);
    low = at > now ? at - now : 1;
    return within(t->retry_ms, low, at + late - now) || wrong(m, t, now, "retry", low, at + late - now);
}

static uint64_t paid(const gh_limit *l, uint64_t ms)
{
    uint64_t v;
    return __builtin_mul_overflow(ms, l->requests, &v) ? UINT64_MAX : v;
}

/* What a bucket owes, in 1/requests ms: a unit weighs window_ms, a millisecond pays `requests`. */
static uint64_t owed(const limit_model *m, uint64_t now, const gh_limit *l, uint64_t key)
{
    uint64_t sum = 0, at = 0;
    for (unsigned i = 0; i < m->n; i++) {
        if (!of(&m->log[i], l, key))
            continue;
        sum = less(sum, paid(l, m->log[i].at_ms - at)) + m->log[i].units * l->window_ms;
        at = m->log[i].at_ms;
    }
    return less(sum, paid(l, now - at));
}

static uint64_t up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

static bool bucket_agrees(limit_model *m, uint64_t now, const gh_take *t, uint64_t want, bool taken)
{
    const gh_limit *l = t->limit;
    uint64_t before = owed(m, now, l, t->key), full = l->burst * l->window_ms;
    bool fits = want <= l->burst && before + want * l->window_ms <= full;
    if ((t->answer == GH_TAKE_OK) != fits)
        return wrong(m, t, now, "answer", fits, fits);
    uint64_t now_owed = before + (taken ? want * l->window_ms : 0), used = up(now_owed, l->window_ms);
    if (t->remaining != less(l->burst, used))
        return wrong(m, t, now, "remaining", less(l->burst, used), less(l->burst, used));
    uint64_t reset = used == 0 ? 0 : up(now_owed - (used - 1) * l->window_ms, l->requests);
    if (t->reset_ms != reset)
        return wrong(m, t, now, "reset", reset, reset);
    uint64_t retry = fits              ? 0
                     : want > l->burst ? UINT64_MAX
                                       : up(before + want * l->window_ms - full, l->requests);
    return t->retry_ms == retry || wrong(m, t, now, "retry", retry, retry);
}

static bool group_agrees(limit_model *m, uint64_t now, const gh_take *takes, unsigned n)
{
    bool taken = true;
    for (unsigned i = 0; i < n; i++)
        taken = taken && takes[i].answer == GH_TAKE_OK;
    for (unsigned i = 0; i < n; i++) {
        uint64_t want = takes[i].weight;
        bool open =
            false; /* one of the same state was refused before: whether that counts is the store's choice */
        for (unsigned k = 0; k < i; k++) {
            if (takes[k].limit->seed != takes[i].limit->seed || takes[k].key != takes[i].key)
                continue;
            want += takes[k].weight;
            open = open || takes[k].answer != GH_TAKE_OK;
        }
        if (takes[i].answer != GH_TAKE_OK && takes[i].answer != GH_TAKE_REFUSED)
            return wrong(m, &takes[i], now, "answer", GH_TAKE_OK, GH_TAKE_REFUSED);
        if (open)
            continue;
        if (!(takes[i].limit->kind == GH_LIMIT_BUCKET ? bucket_agrees : sliding_agrees)(m, now, &takes[i],
                                                                                        want, taken))
            return false;
    }
    for (unsigned i = 0; i < n && taken; i++)
        model_add(m, now, takes[i].limit, takes[i].key, takes[i].weight);
    return true;
}

bool model_agrees(limit_model *m, uint64_t now_ms, const gh_take *takes, unsigned n)
{
    for (unsigned from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && takes[to].group == takes[from].group;)
            to++;
        if (!group_agrees(m, now_ms, takes + from, to - from))
            return false;
    }
    return true;
}
