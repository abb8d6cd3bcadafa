#include "stores/shared/lease_parts.h"

/* Requests in the time that a lease is spent in, from which on it costs less than asking for each. */
enum { BUSY = 3 };

uint32_t gh_lease_ms(const gh_limit *l)
{
    uint64_t life = l->kind == GH_LIMIT_BUCKET ? l->burst * l->window_ms / l->requests : l->window_ms;
    uint64_t ms = life / 10 < GH_LEASE_MS ? life / 10 : GH_LEASE_MS;
    return ms < GH_LEASE_MS_MIN || gh_lease_units(l) < 2 ? 0 : (uint32_t)ms;
}

uint32_t gh_lease_units(const gh_limit *l)
{
    return (uint32_t)((all_units(l) * l->lease_percent + 99) / 100);
}

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
    lease *l = gh_lease_place(t, take->limit, take->key);
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
    gh_lease_relink(t, l);
    take->answer = GH_TAKE_OK;
    take->remaining = l->room + in_hand(l, now_ms);
    if (take->remaining > all_units(take->limit))
        take->remaining = all_units(take->limit);
    take->reset_ms = time_until(l->reset_at, now_ms);
    if (take->reset_ms == 0)
        take->reset_ms = 1;
    take->retry_ms = 0;
    return from->number;
}

static lot *lot_of(const gh_leases *t, const gh_take *take, uint32_t number)
{
    lease *l = gh_lease_find(t, take->limit, take->key);
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
    gh_lease_relink(t, gh_lease_find(t, take->limit, take->key));
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
    gh_lease_relink(t, l);
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
    lease *l = gh_lease_find(t, take->limit, take->key);
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
    lease *l = gh_lease_find(t, &ask->limit, ask->key);
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
    gh_lease_relink(t, l);
}

bool gh_leases_over(gh_leases *t, uint64_t now_ms, gh_lease_ask *ret)
{
    for (lease *l = t->busy.next; l != &t->busy; l = l->next) {
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

bool gh_leases_note_alone(gh_leases *t, const gh_take *take)
{
    lease *l = gh_lease_place(t, take->limit, take->key);
    if (l == NULL)
        return false;
    l->alone = true;
    gh_lease_relink(t, l);
    return true;
}

bool gh_leases_alone(gh_leases *t, gh_lease_ask *ret)
{
    for (lease *l = t->busy.next; l != &t->busy; l = l->next) {
        if (!l->alone || l->asking)
            continue;
        gh_lease_ask ask = {0};
        l->alone = false;
        prepare(t, l, &ask);
        *ret = ask;
        return true;
    }
    return false;
}
