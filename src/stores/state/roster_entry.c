/* Sessions, keys and devices: adding, changing, ending. The writer's side. */
#include "stores/state/roster_parts.h"

/* A change that can no longer fail; the shard is locked until it is finished. */
typedef struct change {
    enum gh_roster_what what;
    gh_roster_shard *shard;
    gh_roster_entry *entry; /* to be filled; zeros when it is fresh */
    gh_id id;
    uint32_t number, user, user_before;
    bool fresh;
} change;

/* Its user's number, 0 for nobody. False: there is no such user. */
static bool find_user(gh_roster *r, enum gh_roster_what what, gh_id user, uint32_t *ret)
{
    if (user == 0) {
        *ret = 0;
        return what == GH_ROSTER_DEVICE;
    }
    const gh_roster_slot *slot = gh_roster_map_peek(&r->users, user);
    if (slot == NULL)
        return false;
    *ret = gh_roster_number(slot);
    return true;
}

static bool begin(gh_roster *r, enum gh_roster_what what, gh_id id, gh_id user, change *ret)
{
    gh_roster_kind *kind = &r->kind[what];
    change c = {.what = what, .id = id};
    if (id == 0 || !find_user(r, what, user, &c.user))
        return false;
    const gh_roster_slot *slot = gh_roster_map_peek(&kind->map, id);
    c.fresh = slot == NULL;
    if (c.fresh) {
        if (!gh_roster_map_reserve(&kind->map, id))
            return false;
        c.number = gh_roster_pool_take(&kind->pool);
        if (c.number == 0)
            return false;
    } else {
        c.number = gh_roster_number(slot);
        c.user_before = gh_roster_user_number(slot);
    }
    c.entry = gh_roster_entry_at(r, what, c.number);
    c.shard = gh_roster_map_shard(&kind->map, gh_roster_map_hash(&kind->map, id));
    pthread_mutex_lock(&c.shard->lock);
    *ret = c;
    return true;
}

static void link_entry(gh_roster *r, enum gh_roster_what what, uint32_t number, uint32_t user)
{
    if (user == 0)
        return;
    uint32_t *first = &gh_roster_user_at(r, user)->first[what];
    gh_roster_entry *e = gh_roster_entry_at(r, what, number);
    e->prev = 0;
    e->next = *first;
    if (e->next != 0)
        gh_roster_entry_at(r, what, e->next)->prev = number;
    *first = number;
}

static void unlink_entry(gh_roster *r, enum gh_roster_what what, uint32_t number, uint32_t user)
{
    if (user == 0)
        return;
    const gh_roster_entry *e = gh_roster_entry_at(r, what, number);
    if (e->prev != 0)
        gh_roster_entry_at(r, what, e->prev)->next = e->next;
    else
        gh_roster_user_at(r, user)->first[what] = e->next;
    if (e->next != 0)
        gh_roster_entry_at(r, what, e->next)->prev = e->prev;
    r->untidy = true; /* it may have been the user's last one */
}

static void finish(gh_roster *r, const change *c)
{
    c->entry->id = c->id;
    gh_roster_map_put_locked(&r->kind[c->what].map, c->shard, c->id, gh_roster_value(c->number, c->user));
    pthread_mutex_unlock(&c->shard->lock);
    if (c->fresh) {
        link_entry(r, c->what, c->number, c->user);
        return;
    }
    if (c->user != c->user_before) {
        unlink_entry(r, c->what, c->number, c->user_before);
        link_entry(r, c->what, c->number, c->user);
    }
    gh_roster_changed(r);
}

bool gh_roster_set_session(gh_roster *r, const gh_roster_session *session)
{
    change c;
    if (!begin(r, GH_ROSTER_SESSION, session->id, session->user, &c))
        return false;
    gh_roster_session_entry *s = (gh_roster_session_entry *)c.entry;
    s->entry.kind = session->kind;
    memcpy(s->entry.hash, session->hash, sizeof s->entry.hash);
    memcpy(s->before_hash, session->before_hash, sizeof s->before_hash);
    s->device = session->device;
    s->rotated_s = session->rotated_s;
    s->created_s = session->created_s;
    s->expires_s = session->expires_s;
    /* Readers may know of a later use than the records. */
    if (session->used_s >= s->entry.used_s) {
        s->entry.used_s = session->used_s;
        s->entry.address = session->address;
    }
    finish(r, &c);
    return true;
}

/* The texts of a key: NULL where absent or empty. */
typedef struct key_texts {
    gh_roster_text *scopes, *tier, *networks;
} key_texts;

static void release_texts(gh_roster *r, const key_texts *t)
{
    gh_roster_text_release(&r->texts, t->scopes);
    gh_roster_text_release(&r->texts, t->tier);
    gh_roster_text_release(&r->texts, t->networks);
}

static bool hold(gh_roster *r, gh_str s, bool wanted, gh_roster_text **ret)
{
    *ret = wanted ? gh_roster_text_hold(&r->texts, s) : NULL;
    return !wanted || *ret != NULL;
}

static bool hold_texts(gh_roster *r, const gh_roster_key *key, key_texts *ret)
{
    gh_str networks = {(const char *)key->networks, key->n_networks * sizeof(gh_cidr)};
    key_texts t = {NULL, NULL, NULL};
    if (hold(r, key->scopes, key->scopes.p != NULL, &t.scopes) &&
        hold(r, key->tier, key->tier.n > 0, &t.tier) && hold(r, networks, networks.n > 0, &t.networks)) {
        *ret = t;
        return true;
    }
    release_texts(r, &t);
    return false;
}

bool gh_roster_set_key(gh_roster *r, const gh_roster_key *key)
{
    change c;
    key_texts texts;
    if (key->scopes.n > GH_SCOPES_TEXT_MAX || key->tier.n > GH_TIER_MAX || !hold_texts(r, key, &texts))
        return false;
    if (!begin(r, GH_ROSTER_KEY, key->id, key->user, &c)) {
        release_texts(r, &texts);
        return false;
    }
    gh_roster_key_entry *k = (gh_roster_key_entry *)c.entry;
    key_texts before = {k->scopes, k->tier, k->networks};
    memcpy(k->entry.hash, key->hash, sizeof k->entry.hash);
    k->expires_s = key->expires_s;
    k->scopes = texts.scopes;
    k->tier = texts.tier;
    k->networks = texts.networks;
    finish(r, &c);
    release_texts(r, &before);
    return true;
}

bool gh_roster_set_device(gh_roster *r, const gh_roster_device *device)
{
    change c;
    if (!begin(r, GH_ROSTER_DEVICE, device->id, device->user, &c))
        return false;
    memcpy(c.entry->hash, device->hash, sizeof c.entry->hash);
    finish(r, &c);
    return true;
}

/* One that is on the list of the used ones is given back when it is taken off it (roster_used.c). */
bool gh_roster_end_entry(gh_roster *r, enum gh_roster_what what, gh_id id)
{
    gh_roster_kind *kind = &r->kind[what];
    uint64_t hash = gh_roster_map_hash(&kind->map, id);
    gh_roster_shard *shard = gh_roster_map_shard(&kind->map, hash);
    gh_roster_slot *slot = id == 0 ? NULL : gh_roster_map_find(shard, hash, id);
    if (slot == NULL)
        return false;
    uint32_t number = gh_roster_number(slot), user = gh_roster_user_number(slot);
    gh_roster_entry *e = gh_roster_entry_at(r, what, number);
    pthread_mutex_lock(&shard->lock);
    gh_roster_map_erase_locked(&kind->map, shard, slot);
    e->id = 0;
    pthread_mutex_unlock(&shard->lock);
    unlink_entry(r, what, number, user);
    if (what == GH_ROSTER_KEY) {
        gh_roster_key_entry *k = (gh_roster_key_entry *)e;
        release_texts(r, &(key_texts){k->scopes, k->tier, k->networks});
    }
    if (!e->noted) /* no reader can reach it any more, so none notes it now */
        gh_roster_pool_give(&kind->pool, number);
    gh_roster_changed(r);
    return true;
}

bool gh_roster_end_session(gh_roster *r, gh_id session, uint64_t remember_until_s)
{
    if (session == 0)
        return true;
    const gh_roster_slot *known = gh_roster_map_peek(&r->ended, session);
    if (remember_until_s > 0 && (known == NULL || known->value < remember_until_s)) {
        if (!gh_roster_map_reserve(&r->ended, session))
            return false;
        gh_roster_map_put(&r->ended, session, remember_until_s);
        gh_roster_changed(r);
    }
    (void)gh_roster_end_entry(r, GH_ROSTER_SESSION, session);
    return true;
}

void gh_roster_end_key(gh_roster *r, gh_id key)
{
    (void)gh_roster_end_entry(r, GH_ROSTER_KEY, key);
}

void gh_roster_end_device(gh_roster *r, gh_id device)
{
    (void)gh_roster_end_entry(r, GH_ROSTER_DEVICE, device);
}
