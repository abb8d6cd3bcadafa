/* Uses that readers noted, on their way to the records. The writer's side. */
#include "stores/state/roster_parts.h"

enum {
    AT_ONCE = 16, /* uses taken under one lock */
    SHARDS = GH_ROSTER_KINDS * GH_MAP_SHARDS
};

/* Takes the list's first entry off it. False: it has ended, so its use is of no interest, and its memory can go. */
static bool take_first(gh_roster_kind *kind, gh_roster_shard *shard, enum gh_roster_what what,
                       gh_roster_use *ret)
{
    uint32_t number = shard->used;
    gh_roster_entry *e = gh_roster_pool_at(&kind->pool, number);
    shard->used = e->next_used;
    if (e->id == 0) {
        gh_roster_pool_give(&kind->pool, number);
        return false;
    }
    e->noted = false;
    e->next_used = 0;
    *ret = (gh_roster_use){(uint8_t)what, e->id, e->used_s, e->address};
    return true;
}

/* True: the shard's list is empty. */
static bool collect(gh_roster *r, unsigned at, gh_roster_use *ret, unsigned n, unsigned *ret_n)
{
    enum gh_roster_what what = (enum gh_roster_what)(at / GH_MAP_SHARDS);
    gh_roster_kind *kind = &r->kind[what];
    gh_roster_shard *shard = &kind->map.shard[at % GH_MAP_SHARDS];
    unsigned got = 0;
    pthread_mutex_lock(&shard->lock);
    for (unsigned i = 0; i < AT_ONCE && got < n && shard->used != 0; i++)
        got += take_first(kind, shard, what, &ret[got]);
    bool empty = shard->used == 0;
    pthread_mutex_unlock(&shard->lock);
    *ret_n = got;
    return empty;
}

unsigned gh_roster_collect_used(gh_roster *r, gh_roster_use *ret, unsigned n)
{
    unsigned got = 0;
    for (unsigned seen = 0; seen < SHARDS && got < n;) {
        unsigned more;
        bool empty = collect(r, r->cursor, ret + got, n - got, &more);
        got += more;
        if (!empty)
            continue;
        r->cursor = (r->cursor + 1) % SHARDS;
        seen++;
    }
    return got;
}

void gh_roster_used(gh_roster *r, const gh_roster_use *use)
{
    if (use->what >= GH_ROSTER_KINDS || use->id == 0)
        return;
    enum gh_roster_what what = (enum gh_roster_what)use->what;
    gh_roster_map *map = &r->kind[what].map;
    uint64_t hash = gh_roster_map_hash(map, use->id);
    gh_roster_shard *shard = gh_roster_map_shard(map, hash);
    pthread_mutex_lock(&shard->lock);
    const gh_roster_slot *slot = gh_roster_map_find(shard, hash, use->id);
    gh_roster_entry *e = slot == NULL ? NULL : gh_roster_entry_at(r, what, gh_roster_number(slot));
    if (e != NULL && use->used_s > e->used_s) {
        e->used_s = use->used_s;
        if (use->address.family != 0)
            e->address = use->address;
    }
    pthread_mutex_unlock(&shard->lock);
}

uint64_t gh_roster_session_used(gh_roster *r, gh_id session)
{
    gh_roster_kind *kind = &r->kind[GH_ROSTER_SESSION];
    uint64_t hash = gh_roster_map_hash(&kind->map, session), used_s = 0;
    gh_roster_shard *shard = gh_roster_map_shard(&kind->map, hash);
    pthread_mutex_lock(&shard->lock);
    const gh_roster_slot *slot = session == 0 ? NULL : gh_roster_map_find(shard, hash, session);
    if (slot != NULL)
        used_s = gh_roster_entry_at(r, GH_ROSTER_SESSION, gh_roster_number(slot))->used_s;
    pthread_mutex_unlock(&shard->lock);
    return used_s;
}
