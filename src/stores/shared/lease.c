#include "stores/shared/lease.h"

#include <stdlib.h>

#include "base/crypto.h"

/* BUSY: requests in the time that a lease is spent in, from which on it costs less than asking for each. */
enum { WAYS = 8, FAR_MS = 3600000, BUSY = 3 };

typedef struct lot {
    uint64_t until; /* may be spent before */
    uint64_t dated;
    uint32_t left;
    uint32_t out;    /* spent, but may yet come back */
    uint32_t number; /* 0: none */
} lot;

typedef struct lease lease;
struct lease {
    gh_limit limit; /* of the last take */
    uint64_t key;
    lot lots[GH_LEASE_LOTS];
    lease *next, *prev; /* of those that hold something; NULL: it does not */
    /* demand */
    uint64_t period_end;
    uint32_t wanted, wanted_before; /* in this period, and in the one before it */
    uint64_t quiet_until;           /* no use in asking before */
    bool asking;
    uint8_t slot; /* of the lot asked for */
    /* what the server said last */
    uint32_t refused_weight; /* this and more was refused ... */
    uint64_t refused_until;  /* ... and would be before */
    uint64_t retry_at, reset_at;
    uint64_t room; /* UINT64_MAX: not known */
};

struct gh_leases {
    unsigned sets;
    uint32_t number;
    lease holding; /* list head */
    lease *leases;
    uint64_t *hashes; /* 0: free; WAYS to a set, a set to a cache line */
};

uint32_t gh_lease_ms(const gh_limit *l)
{
    uint64_t life = l->kind == GH_LIMIT_BUCKET ? l->burst * l->window_ms / l->requests : l->window_ms;
    uint64_t ms = life / 10 < GH_LEASE_MS ? life / 10 : GH_LEASE_MS;
    return ms < GH_LEASE_MS_MIN || gh_lease_units(l) < 2 ? 0 : (uint32_t)ms;
}

static uint64_t all_units(const gh_limit *l)
{
    return l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests;
}

uint32_t gh_lease_units(const gh_limit *l)
{
    return (uint32_t)((all_units(l) * l->lease_percent + 99) / 100);
}

static uint64_t hold_ms(const gh_limit *l)
{
    return gh_lease_ms(l) * 3 / 4;
}

gh_leases *gh_leases_new(unsigned n)
{
    gh_leases *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->sets = n / WAYS;
    t->leases = calloc(n, sizeof *t->leases);
    t->hashes = aligned_alloc(64, (size_t)n * sizeof *t->hashes);
    if (t->leases == NULL || t->hashes == NULL) {
        gh_leases_free(t);
        return NULL;
    }
    memset(t->hashes, 0, (size_t)n * sizeof *t->hashes);
    t->holding.next = t->holding.prev = &t->holding;
    return t;
}

void gh_leases_free(gh_leases *t)
{
    if (t == NULL)
        return;
    free(t->leases);
    free(t->hashes);
    free(t);
}

/* ---- the table ---- */

static uint64_t hash_of(const gh_limit *limit, uint64_t key)
{
    uint64_t h = gh_mix64(key ^ gh_mix64(limit->seed));
    return h != 0 ? h : 1;
}

static size_t set_of(const gh_leases *t, uint64_t hash)
{
    return (size_t)((hash >> 32) * t->sets >> 32) * WAYS;
}

static lease *find(const gh_leases *t, const gh_limit *limit, uint64_t key)
{
    uint64_t hash = hash_of(limit, key);
    size_t at = set_of(t, hash);
    for (unsigned i = 0; i < WAYS; i++)
        if (t->hashes[at + i] == hash)
            return &t->leases[at + i];
    return NULL;
}

/* Until when something of it is worth keeping; UINT64_MAX: it must stay. */
static uint64_t worth(const lease *l)
{
    if (l->asking || l->next != NULL || l->lots[0].out > 0 || l->lots[1].out > 0)
        return UINT64_MAX;
    return l->period_end > l->refused_until ? l->period_end : l->refused_until;
}

/* Its place, or a new one for it: a free one, or that of the one that is soonest worth nothing. */
static lease *place(gh_leases *t, const gh_limit *limit, uint64_t key)
{
    uint64_t hash = hash_of(limit, key), least = UINT64_MAX;
    size_t at = set_of(t, hash), best = at;
    for (unsigned i = 0; i < WAYS; i++) {
        if (t->hashes[at + i] == hash) {
            t->leases[at + i].limit = *limit;
            return &t->leases[at + i];
        }
        uint64_t cost = t->hashes[at + i] == 0 ? 0 : worth(&t->leases[at + i]);
        if (cost < least) {
            least = cost;
            best = at + i;
        }
    }
    if (least == UINT64_MAX)
        return NULL;
    t->hashes[best] = hash;
    t->leases[best] = (lease){.limit = *limit, .key = key, .room = UINT64_MAX};
    return &t->leases[best];
}

/* In the list while a lot has something left. */
static void relink(gh_leases *t, lease *l)
{
    bool holds = l->lots[0].left > 0 || l->lots[1].left > 0;
    if (holds == (l->next != NULL))
        return;
    if (holds) {
        l->next = &t->holding;
        l->prev = t->holding.prev;
    }
    l->prev->next = holds ? l : l->next;
    l->next->prev = holds ? l : l->prev;
    if (!holds)
        l->next = l->prev = NULL;
}

bool gh_leases_held(const gh_leases *t)
{
    return t->holding.next != &t->holding;
}

/* ---- refusals ---- */

static uint64_t until(uint64_t at, uint64_t now)
{
    return at > now ? at - now : 0;
}

static uint64_t later(uint64_t at, uint64_t ms)
{
    return at + (ms < FAR_MS ? ms : FAR_MS);
}

bool gh_leases_refuse(gh_leases *t, gh_take *take, uint64_t now_ms)
{
    const lease *l = find(t, take->limit, take->key);
    if (l == NULL || now_ms >= l->refused_until || take->weight < l->refused_weight)
        return false;
    take->answer = GH_TAKE_REFUSED;
    take->remaining = l->room;
    take->reset_ms = until(l->reset_at, now_ms);
    take->retry_ms = l->retry_at == UINT64_MAX ? UINT64_MAX : until(l->retry_at, now_ms);
    return true;
}

void gh_leases_remember(gh_leases *t, const gh_take *take, uint64_t asked_ms)
{
    lease *l = place(t, take->limit, take->key);
    if (l == NULL)
        return;
    l->room = take->remaining;
    l->reset_at = asked_ms + take->reset_ms;
    if (take->answer != GH_TAKE_REFUSED)
        return;
    /* Of a leased limit the others may give something back any moment. */
    bool leased = take->limit->counting == GH_COUNTING_LEASED && gh_lease_ms(take->limit) > 0;
    uint64_t hold = leased ? hold_ms(take->limit) : FAR_MS;
    l->retry_at = take->retry_ms == UINT64_MAX ? UINT64_MAX : asked_ms + take->retry_ms;
    l->refused_until = later(asked_ms, take->retry_ms < hold ? take->retry_ms : hold);
    l->refused_weight = take->weight;
}

void gh_leases_recall(gh_leases *t, gh_take *take, uint64_t now_ms)
{
    const lease *l = find(t, take->limit, take->key);
    take->answer = GH_TAKE_OK;
    take->remaining = l == NULL || l->room > all_units(take->limit) ? all_units(take->limit) : l->room;
    take->reset_ms = l == NULL ? 0 : until(l->reset_at, now_ms);
    take->retry_ms = 0;
}

/* ---- leases ---- */

static void note(lease *l, uint32_t weight, uint64_t now)
{
    if (now >= l->period_end) {
        l->wanted_before = now - l->period_end < hold_ms(&l->limit) ? l->wanted : 0;
        l->wanted = 0;
        l->period_end = now + hold_ms(&l->limit);
    }
    l->wanted = l->wanted > UINT32_MAX - weight ? UINT32_MAX : l->wanted + weight;
}

static uint32_t in_hand(const lease *l, uint64_t now)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < GH_LEASE_LOTS; i++)
        sum += now < l->lots[i].until ? l->lots[i].left : 0;
    return sum;
}

uint32_t gh_leases_spend(gh_leases *t, gh_take *take, uint64_t now_ms)
{
    if (gh_lease_ms(take->limit) == 0)
        return 0;
    lease *l = place(t, take->limit, take->key);
    if (l == NULL)
        return 0;
    note(l, take->weight, now_ms);
    lot *from = NULL; /* the older one that has enough */
    for (unsigned i = 0; i < GH_LEASE_LOTS; i++)
        if (now_ms < l->lots[i].until && l->lots[i].left >= take->weight &&
            (from == NULL || l->lots[i].until < from->until))
            from = &l->lots[i];
    if (from == NULL)
        return 0;
    from->left -= take->weight;
    relink(t, l);
    take->answer = GH_TAKE_OK;
    take->remaining = l->room + in_hand(l, now_ms);
    if (take->remaining > all_units(take->limit))
        take->remaining = all_units(take->limit);
    take->reset_ms = until(l->reset_at, now_ms);
    if (take->reset_ms == 0)
        take->reset_ms = 1;
    take->retry_ms = 0;
    return from->number;
}

static lot *lot_of(const gh_leases *t, const gh_take *take, uint32_t number)
{
    lease *l = find(t, take->limit, take->key);
    for (unsigned i = 0; l != NULL && i < GH_LEASE_LOTS; i++)
        if (l->lots[i].number == number)
            return &l->lots[i];
    return NULL;
}

void gh_leases_hold(gh_leases *t, const gh_take *take, uint32_t number)
{
    lot *o = lot_of(t, take, number);
    if (o != NULL)
        o->out += take->weight;
}

void gh_leases_settle(gh_leases *t, const gh_take *take, uint32_t number, bool spent)
{
    lot *o = lot_of(t, take, number);
    if (o == NULL || o->out < take->weight)
        return;
    o->out -= take->weight;
    if (spent)
        return;
    o->left += take->weight;
    relink(t, find(t, take->limit, take->key));
}

/* A lot for new units: one that is used up, or one that has lapsed, whose units go back with the question. */
static bool pick_slot(lease *l, uint64_t now, gh_lease_ask *ret)
{
    for (unsigned i = 0; i < GH_LEASE_LOTS; i++) {
        lot *o = &l->lots[i];
        if (o->out > 0 || (o->left > 0 && now < o->until))
            continue;
        if (o->left == 0 && l->lots[1 - i].left > 0 && now >= l->lots[1 - i].until)
            continue; /* the other one has something to give back */
        l->slot = (uint8_t)i;
        ret->back = o->left;
        ret->back_at = o->dated;
        *o = (lot){.left = 0};
        return true;
    }
    return false;
}

static void prepare(gh_leases *t, lease *l, gh_lease_ask *ret)
{
    ret->limit = l->limit;
    ret->key = l->key;
    ret->ahead_ms = gh_lease_ms(&l->limit);
    l->asking = true;
    relink(t, l);
}

/* Twice what was wanted lately, in takes before this one; 0: too little to be worth a lease. */
static uint64_t most_of(const lease *l, const gh_take *take)
{
    uint64_t lately = l->wanted > take->weight ? l->wanted - take->weight : 0,
             cap = gh_lease_units(take->limit);
    if (lately < l->wanted_before)
        lately = l->wanted_before;
    return lately < BUSY * (uint64_t)take->weight ? 0 : 2 * lately < cap ? 2 * lately : cap;
}

bool gh_leases_wants(gh_leases *t, const gh_take *take, uint64_t now_ms, gh_lease_ask *ret)
{
    lease *l = find(t, take->limit, take->key);
    if (l == NULL || l->asking || now_ms < l->quiet_until || gh_lease_ms(take->limit) == 0)
        return false;
    /* What will have lapsed before an answer can be of use is not in hand any more. */
    uint64_t soon = now_ms + hold_ms(take->limit) / 4;
    uint64_t most = most_of(l, take);
    if (most < take->weight || 2ULL * in_hand(l, soon) > most)
        return false;
    gh_lease_ask ask = {.least = take->weight, .most = (uint32_t)most};
    if (!pick_slot(l, now_ms, &ask))
        return false;
    prepare(t, l, &ask);
    *ret = ask;
    return true;
}

void gh_leases_grant(gh_leases *t, const gh_lease_ask *ask, const gh_lease_grant *grant, uint64_t asked_ms,
                     uint64_t now_ms)
{
    lease *l = find(t, &ask->limit, ask->key);
    if (l == NULL || !l->asking)
        return;
    l->asking = false;
    if (grant == NULL) {
        l->quiet_until = now_ms + hold_ms(&ask->limit);
        return;
    }
    l->room = grant->room;
    l->reset_at = now_ms + grant->reset_ms;
    if (ask->most > 0 && grant->units == 0)
        l->quiet_until =
            now_ms + (grant->retry_ms < hold_ms(&ask->limit) ? grant->retry_ms : hold_ms(&ask->limit));
    if (grant->units == 0)
        return;
    if (++t->number == 0)
        t->number = 1;
    l->lots[l->slot] = (lot){.until = asked_ms + hold_ms(&ask->limit),
                             .dated = grant->dated,
                             .left = grant->units,
                             .number = t->number};
    relink(t, l);
}

bool gh_leases_over(gh_leases *t, uint64_t now_ms, gh_lease_ask *ret)
{
    for (lease *l = t->holding.next; l != &t->holding; l = l->next) {
        for (unsigned i = 0; i < GH_LEASE_LOTS && !l->asking; i++) {
            /* A key that is still busy asks again soon, and takes it along. */
            if (l->lots[i].left == 0 || l->lots[i].out > 0 || now_ms < l->lots[i].until + hold_ms(&l->limit))
                continue;
            gh_lease_ask ask = {.back = l->lots[i].left, .back_at = l->lots[i].dated};
            l->lots[i] = (lot){.left = 0};
            prepare(t, l, &ask);
            *ret = ask;
            return true;
        }
    }
    return false;
}
