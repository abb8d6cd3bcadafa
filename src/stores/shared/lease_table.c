#include <stdlib.h>

#include "base/crypto.h"
#include "stores/shared/lease_parts.h"

/* After so long the server is asked again in any case: somebody may have reset a counter there. */
enum { FAR_MS = 60000 };

gh_leases *gh_leases_new(unsigned n)
{
    gh_leases *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->sets = n / GH_LEASE_WAYS;
    t->leases = calloc(n, sizeof *t->leases);
    t->hashes = aligned_alloc(64, (size_t)n * sizeof *t->hashes);
    if (t->leases == NULL || t->hashes == NULL) {
        gh_leases_free(t);
        return NULL;
    }
    memset(t->hashes, 0, (size_t)n * sizeof *t->hashes);
    t->busy.next = t->busy.prev = &t->busy;
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

static uint64_t hash_of(const gh_limit *limit, uint64_t key)
{
    uint64_t h = gh_mix64(key ^ gh_mix64(limit->seed));
    return h != 0 ? h : 1;
}

static size_t set_of(const gh_leases *t, uint64_t hash)
{
    return (size_t)((hash >> 32) * t->sets >> 32) * GH_LEASE_WAYS;
}

lease *gh_lease_find(const gh_leases *t, const gh_limit *limit, uint64_t key)
{
    uint64_t hash = hash_of(limit, key);
    size_t at = set_of(t, hash);
    for (unsigned i = 0; i < GH_LEASE_WAYS; i++)
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

lease *gh_lease_place(gh_leases *t, const gh_limit *limit, uint64_t key)
{
    uint64_t hash = hash_of(limit, key), least = UINT64_MAX;
    size_t at = set_of(t, hash), best = at;
    for (unsigned i = 0; i < GH_LEASE_WAYS; i++) {
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

void gh_lease_relink(gh_leases *t, lease *l)
{
    bool holds = l->lots[0].left > 0 || l->lots[1].left > 0 || l->alone;
    if (holds == (l->next != NULL))
        return;
    if (holds) {
        l->next = &t->busy;
        l->prev = t->busy.prev;
    }
    l->prev->next = holds ? l : l->next;
    l->next->prev = holds ? l : l->prev;
    if (!holds)
        l->next = l->prev = NULL;
}

bool gh_leases_busy(const gh_leases *t)
{
    return t->busy.next != &t->busy;
}

/* ---- refusals ---- */

static uint64_t later(uint64_t at, uint64_t ms)
{
    return at + (ms < FAR_MS ? ms : FAR_MS);
}

bool gh_leases_refuse(gh_leases *t, gh_take *take, uint64_t now_ms)
{
    const lease *l = gh_lease_find(t, take->limit, take->key);
    if (l == NULL || now_ms >= l->refused_until || take->weight < l->refused_weight)
        return false;
    for (unsigned i = 0; i < GH_LEASE_LOTS; i++)
        if (now_ms < l->lots[i].until && l->lots[i].left >= take->weight)
            return false;
    take->answer = GH_TAKE_REFUSED;
    take->remaining = l->room;
    take->reset_ms = time_until(l->reset_at, now_ms);
    take->retry_ms = l->retry_at == UINT64_MAX ? UINT64_MAX : time_until(l->retry_at, now_ms);
    return true;
}

void gh_leases_remember(gh_leases *t, const gh_take *take, uint64_t asked_ms)
{
    lease *l = gh_lease_place(t, take->limit, take->key);
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
    const lease *l = gh_lease_find(t, take->limit, take->key);
    take->answer = GH_TAKE_OK;
    take->remaining = l == NULL || l->room > all_units(take->limit) ? all_units(take->limit) : l->room;
    take->reset_ms = l == NULL ? 0 : time_until(l->reset_at, now_ms);
    take->retry_ms = 0;
}
