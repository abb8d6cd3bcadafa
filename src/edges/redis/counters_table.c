/* The node's own table beside Redis: for limits that are counted here alone, as the mirror of those that are not, and as
 * the only counter in an outage. */
#include "edges/redis/counters_parts.h"

enum {
    UNAVAILABLE_RETRY_MS = 2000, /* by then the circuit has been tried again */
    AGREE_MS = 5000              /* by then all nodes have, and have told Redis what they counted alone */
};

/* Takes for the table, and which of the asking's each of them is. */
typedef struct part {
    unsigned n;
    uint8_t of[GH_TAKES_MAX];
    gh_take takes[GH_TAKES_MAX];
} part;

static void put(part *p, const gh_take *take, unsigned of, uint32_t weight)
{
    gh_take *t = &p->takes[p->n];
    *t = *take;
    t->weight = weight;
    p->of[p->n++] = (uint8_t)of;
}

static uint64_t all_of(const gh_limit *l)
{
    return l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests;
}

static bool is_mirrored(const gh_take *take)
{
    return is_shared(take) && take->limit->outage == GH_OUTAGE_LOCAL;
}

/* As many times as there are nodes, of which each has its share of the clients; but at most all there is, so that one
 * request passes when nothing is used. */
static void put_scaled(part *p, const gh_asking *a, unsigned of)
{
    const gh_take *take = &a->takes[of];
    uint64_t all = all_of(take->limit), weight = (uint64_t)take->weight * a->nodes;
    if (weight > all && take->weight <= all)
        weight = all;
    put(p, take, of, weight > UINT32_MAX ? UINT32_MAX : (uint32_t)weight);
}

/* How long a charge may matter. */
static uint64_t life_of(const gh_limit *l)
{
    return l->kind == GH_LIMIT_BUCKET ? l->burst * l->window_ms / l->requests + 1 : l->tick_ms * l->ticks;
}

static bool is_within(uint64_t at, uint64_t ms, uint64_t now)
{
    return gh_unlikely(at != 0) && now < at + ms;
}

/* The last moment at which Redis knew less than this table, as far as can be told: when it counted alone; or when Redis
 * was found again, which may have lost its memory while nobody asked. */
static uint64_t apart_ms(const gh_counters *c)
{
    uint64_t alone = atomic_load_explicit(&c->shared->away_ms, memory_order_relaxed);
    uint64_t back = gh_redis_back_ms(c->shared->redis);
    return alone > back ? alone : back;
}

/* Something counts that Redis may not know of. */
static bool is_recovering(const gh_counters *c, const gh_limit *l, uint64_t now)
{
    return is_within(apart_ms(c), life_of(l), now);
}

bool gh_counters_must_agree(const gh_counters *c, const gh_take *take, uint64_t now_ms)
{
    /* However short the limit's window is: another node may still be counting alone. */
    return is_mirrored(take) && is_within(apart_ms(c), AGREE_MS, now_ms);
}

uint32_t gh_counters_known(gh_counters *c, const gh_limit *l, uint64_t key, uint64_t now_ms)
{
    gh_take take = {.limit = l, .key = key};
    if (gh_likely(!is_recovering(c, l, now_ms)) || !is_mirrored(&take))
        return 0;
    gh_state_take(c->shared->state, now_ms, &take, 1);
    uint64_t used = all_of(l) - take.remaining;
    /* A bucket's last unit is partly paid for: told again and again as a whole one, it never would be. */
    return (uint32_t)(l->kind == GH_LIMIT_BUCKET && used > 0 ? used - 1 : used);
}

/* The table's answer as the asking's: of a scaled take, the figures of one node's share. */
static void copy(const part *p, unsigned i, gh_asking *a)
{
    const gh_take *from = &p->takes[i];
    gh_take *to = &a->takes[p->of[i]];
    to->answer = from->answer;
    to->remaining = is_shared(to) && a->nodes > 1 ? from->remaining / a->nodes : from->remaining;
    to->reset_ms = from->reset_ms;
    to->retry_ms = from->retry_ms;
}

void gh_counters_look(gh_counters *c, gh_asking *a, unsigned from, unsigned to)
{
    part p;
    p.n = 0;
    for (unsigned i = from; i < to; i++) {
        if (is_shared(&a->takes[i]))
            gh_leases_recall(c->leases, &a->takes[i], a->now_ms);
        else
            put(&p, &a->takes[i], i, 0);
    }
    if (p.n > 0)
        gh_state_take(c->shared->state, a->now_ms, p.takes, p.n);
    for (unsigned i = 0; i < p.n; i++)
        copy(&p, i, a);
}

static bool all_ok(const part *p, unsigned from, unsigned to)
{
    bool ok = true;
    for (unsigned i = 0; i < p->n; i++)
        ok = ok && (p->of[i] < from || p->of[i] >= to || p->takes[i].answer == GH_TAKE_OK);
    return ok;
}

/* What the table said of one group. */
static void apply(gh_counters *c, const part *p, gh_asking *a, unsigned from, unsigned to, bool final)
{
    bool ok = all_ok(p, from, to);
    if (!ok)
        gh_counters_look(c, a, from, to); /* the table does not know those it was not asked about */
    for (unsigned i = 0; i < p->n; i++) {
        if (p->of[i] < from || p->of[i] >= to)
            continue;
        copy(p, i, a);
        a->how[p->of[i]] |= ok ? HOW_TABLE : 0;
    }
    if (!ok)
        mark_group(a, from, to, HOW_REFUSED);
    else if (final)
        mark_group(a, from, to, HOW_PASSED);
}

void gh_counters_reserve(gh_counters *c, gh_asking *a)
{
    part p;
    p.n = 0;
    for (unsigned i = 0; i < a->n; i++) {
        const gh_take *take = &a->takes[i];
        if (a->how[i] & HOW_ANSWERED)
            continue;
        if (!is_shared(take))
            put(&p, take, i, take->weight);
        else if (gh_counters_must_agree(c, take, a->now_ms))
            put_scaled(&p, a, i);
    }
    if (p.n == 0)
        return;
    gh_state_take(c->shared->state, a->now_ms, p.takes, p.n);
    for (unsigned from = 0, to; from < a->n; from = to) {
        to = group_end(a, from);
        if (!(a->how[from] & HOW_ANSWERED))
            apply(c, &p, a, from, to, false);
    }
}

static void give_back(gh_counters *c, gh_asking *a, uint64_t now)
{
    part p;
    p.n = 0;
    for (unsigned i = 0; i < a->n; i++) {
        gh_take *take = &a->takes[i];
        if (!(a->how[i] & HOW_REFUSED) || !(a->how[i] & HOW_TABLE) || (a->how[i] & HOW_SETTLED))
            continue;
        if (is_shared(take)) {
            put_scaled(&p, a, i);
        } else {
            put(&p, take, i, take->weight);
            take->remaining += take->weight;
        }
    }
    if (p.n > 0)
        gh_state_give_back(c->shared->state, now, a->now_ms, p.takes, p.n);
}

/* What Redis says is the fleet's: the table knows no less. Not while Redis may not know all. */
static void follow(gh_counters *c, gh_asking *a, uint64_t now)
{
    part p;
    p.n = 0;
    for (unsigned i = 0; i < a->n; i++) {
        const gh_take *take = &a->takes[i];
        bool passed = (a->how[i] & HOW_PASSED) && !(a->how[i] & HOW_TABLE);
        bool heard = (a->how[i] & HOW_REFUSED) && (a->how[i] & HOW_ASKED) && !(a->how[i] & HOW_AGAIN);
        if ((!passed && !heard) || (a->how[i] & HOW_SETTLED) || !is_mirrored(take))
            continue;
        put(&p, take, i, passed ? take->weight : 0);
        if (is_recovering(c, take->limit, now))
            p.takes[p.n - 1].remaining = UINT64_MAX;
    }
    if (p.n > 0)
        gh_state_charge(c->shared->state, now, p.takes, p.n);
}

void gh_counters_settle(gh_counters *c, gh_asking *a, uint64_t now_ms)
{
    uint8_t any = 0;
    for (unsigned i = 0; i < a->n; i++)
        any |= a->how[i] & HOW_SETTLED ? 0 : a->how[i];
    if (any & HOW_REFUSED)
        give_back(c, a, now_ms);
    if (any & HOW_ANSWERED)
        follow(c, a, now_ms);
    for (unsigned i = 0; i < a->n; i++)
        a->how[i] |= a->how[i] & HOW_ANSWERED ? HOW_SETTLED : 0;
}

/* ---- alone ---- */

static void close_group(gh_counters *c, gh_asking *a, unsigned from, unsigned to)
{
    gh_counters_look(c, a, from, to);
    for (unsigned i = from; i < to; i++) {
        gh_take *take = &a->takes[i];
        if (!is_shared(take) || take->limit->outage != GH_OUTAGE_CLOSED)
            continue;
        take->answer = GH_TAKE_UNAVAILABLE;
        take->retry_ms = UNAVAILABLE_RETRY_MS;
    }
    mark_group(a, from, to, HOW_REFUSED);
}

static bool is_closed(const gh_asking *a, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        if (is_shared(&a->takes[i]) && a->takes[i].limit->outage == GH_OUTAGE_CLOSED)
            return true;
    return false;
}

static void note_alone(gh_counters *c, const gh_take *take, uint64_t now)
{
    atomic_store_explicit(&c->shared->away_ms, now, memory_order_relaxed);
    (void)gh_leases_note_alone(c->leases, take); /* no room: see counters.h */
    gh_counters_wake_sweep(c);
}

static void put_group(part *p, gh_counters *c, gh_asking *a, unsigned from, unsigned to, uint64_t now)
{
    for (unsigned i = from; i < to; i++) {
        gh_take *take = &a->takes[i];
        if (!is_shared(take)) {
            put(p, take, i, take->weight);
        } else if (is_mirrored(take)) {
            put_scaled(p, a, i);
            note_alone(c, take, now);
        } else {
            gh_leases_recall(c->leases, take, now); /* open */
        }
    }
}

void gh_counters_alone(gh_counters *c, gh_asking *a, uint64_t now_ms)
{
    part p;
    p.n = 0;
    count_figure(&c->figures.away);
    for (unsigned from = 0, to; from < a->n; from = to) {
        to = group_end(a, from);
        if (a->how[from] & HOW_ANSWERED)
            continue;
        if (is_closed(a, from, to))
            close_group(c, a, from, to);
        else
            put_group(&p, c, a, from, to, now_ms);
    }
    if (p.n > 0)
        gh_state_take(c->shared->state, now_ms, p.takes, p.n);
    for (unsigned from = 0, to; from < a->n; from = to) {
        to = group_end(a, from);
        if (!(a->how[from] & HOW_ANSWERED))
            apply(c, &p, a, from, to, true);
    }
}
