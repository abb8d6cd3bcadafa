/* Answers lookups: the readers' side. */
#include "stores/state/roster_parts.h"

/* A map's value, with its shard locked: what is in it may be read until it is unlocked. */
typedef struct found {
    gh_roster_shard *shard;
    gh_roster_entry *entry; /* NULL: not there */
    const gh_roster_user_entry *user;
    uint32_t number;
} found;

/* Whose an anonymous device is. Sessions and keys always are somebody's. */
static const gh_roster_user_entry nobody;

static found lock_entry(gh_roster *r, enum gh_roster_what what, gh_id id)
{
    gh_roster_map *map = &r->kind[what].map;
    uint64_t hash = gh_roster_map_hash(map, id);
    found f = {.shard = gh_roster_map_shard(map, hash), .user = &nobody};
    pthread_mutex_lock(&f.shard->lock);
    const gh_roster_slot *slot = gh_roster_map_find(f.shard, hash, id);
    if (slot == NULL)
        return f;
    uint32_t user = gh_roster_user_number(slot);
    f.number = gh_roster_number(slot);
    f.entry = gh_roster_entry_at(r, what, f.number);
    /* Both are far away in memory: let them come together. */
    if (user != 0) {
        f.user = gh_roster_user_at(r, user);
        __builtin_prefetch(f.user);
        __builtin_prefetch((const char *)f.user + 64);
    }
    __builtin_prefetch((const char *)f.entry + 64, 1);
    return f;
}

static void unlock(const found *f)
{
    pthread_mutex_unlock(&f->shard->lock);
}

static bool same_hash(const uint8_t a[GH_SECRET_HASH], const uint8_t b[GH_SECRET_HASH])
{
    return gh_equal_secret((gh_str){(const char *)a, GH_SECRET_HASH},
                           (gh_str){(const char *)b, GH_SECRET_HASH});
}

static bool is_set(const uint8_t hash[GH_SECRET_HASH])
{
    static const uint8_t none[GH_SECRET_HASH];
    return !same_hash(hash, none);
}

static void fill_subject(const gh_roster_user_entry *u, gh_subject *ret)
{
    ret->user = u->id;
    ret->name.n = u->n_name;
    memcpy(ret->name.p, u->name, u->n_name);
    if (u->standing == NULL)
        return;
    const char *standing = u->standing->p;
    uint8_t n_tier = (uint8_t)standing[0];
    ret->tier.n = n_tier;
    memcpy(ret->tier.p, standing + 1, n_tier);
    ret->roles.n = (uint8_t)(u->standing->n - 1 - n_tier);
    memcpy(ret->roles.p, standing + 1 + n_tier, ret->roles.n);
}

/* The first use since the last collection puts it on the shard's list. */
static void note_use(const found *f, const gh_lookup *l)
{
    gh_roster_entry *e = f->entry;
    if (l->peeks || l->now_s < e->used_s || (l->now_s == e->used_s && gh_ip_eq(&l->address, &e->address)))
        return;
    e->used_s = l->now_s;
    e->address = l->address;
    if (e->noted)
        return;
    e->noted = true;
    e->next_used = f->shard->used;
    f->shard->used = f->number;
}

/* To the second as the records judge a refresh: a secret that passes here and not there would end its session. Neither a
 * sum nor a difference of times may wrap around. */
static bool is_within(uint64_t since_s, uint64_t span_s, uint64_t now_s)
{
    return now_s < since_s || now_s - since_s < span_s;
}

static enum gh_lookup_answer judge_session(const gh_roster_session_entry *s, const gh_roster_user_entry *u,
                                           const gh_lookup *l, bool *ret_previous)
{
    bool previous = !same_hash(l->hash, s->entry.hash);
    if (s->entry.kind != (l->kind == GH_LOOKUP_REFRESH ? GH_SESSION_TOKENS : GH_SESSION_COOKIE))
        return GH_LOOKUP_UNKNOWN;
    if (previous && !(same_hash(l->hash, s->before_hash) && is_set(s->before_hash) &&
                      is_within(s->rotated_s, l->grace_s, l->now_s)))
        return GH_LOOKUP_MISMATCH;
    if (s->expires_s <= l->now_s)
        return GH_LOOKUP_EXPIRED;
    if (l->idle_s > 0 && l->now_s >= s->entry.used_s && l->now_s - s->entry.used_s >= l->idle_s)
        return GH_LOOKUP_EXPIRED;
    if (u->disabled)
        return GH_LOOKUP_DISABLED;
    *ret_previous = previous;
    return GH_LOOKUP_GOOD;
}

static enum gh_lookup_answer answer_session(const found *f, gh_lookup *l)
{
    const gh_roster_session_entry *s = (const gh_roster_session_entry *)f->entry;
    enum gh_lookup_answer answer = judge_session(s, f->user, l, &l->previous);
    if (answer != GH_LOOKUP_GOOD)
        return answer;
    fill_subject(f->user, &l->subject);
    l->device = s->device;
    l->expires_s = s->expires_s;
    l->created_s = s->created_s;
    if (l->kind == GH_LOOKUP_SESSION) /* to be told about is no use */
        note_use(f, l);
    return GH_LOOKUP_GOOD;
}

static bool may_come_from(const gh_roster_key_entry *k, const gh_ip *address)
{
    gh_str nets = gh_roster_text_str(k->networks);
    return nets.n == 0 ||
           gh_cidr_any((const gh_cidr *)(const void *)nets.p, nets.n / sizeof(gh_cidr), address);
}

static enum gh_lookup_answer answer_key(const found *f, gh_lookup *l)
{
    const gh_roster_key_entry *k = (const gh_roster_key_entry *)f->entry;
    if (!same_hash(l->hash, k->entry.hash))
        return GH_LOOKUP_MISMATCH;
    if (k->expires_s != 0 && k->expires_s <= l->now_s)
        return GH_LOOKUP_EXPIRED;
    if (f->user->disabled)
        return GH_LOOKUP_DISABLED;
    if (!may_come_from(k, &l->address))
        return GH_LOOKUP_ADDRESS_REFUSED;
    gh_str scopes = gh_roster_text_str(k->scopes), tier = gh_roster_text_str(k->tier);
    fill_subject(f->user, &l->subject);
    l->expires_s = k->expires_s;
    l->scoped = scopes.p != NULL;
    l->scopes.n = (uint8_t)scopes.n;
    if (scopes.n > 0)
        memcpy(l->scopes.p, scopes.p, scopes.n);
    l->tier.n = (uint8_t)tier.n;
    if (tier.n > 0)
        memcpy(l->tier.p, tier.p, tier.n);
    note_use(f, l);
    return GH_LOOKUP_GOOD;
}

static enum gh_lookup_answer answer_device(const found *f, gh_lookup *l)
{
    if (!same_hash(l->hash, f->entry->hash))
        return GH_LOOKUP_MISMATCH;
    if (f->user->disabled)
        return GH_LOOKUP_DISABLED;
    l->subject.user = f->user->id;
    note_use(f, l);
    return GH_LOOKUP_GOOD;
}

static enum gh_lookup_answer answer_entry(gh_roster *r, enum gh_roster_what what, gh_lookup *l)
{
    enum gh_lookup_answer answer = GH_LOOKUP_UNKNOWN;
    found f = lock_entry(r, what, l->id);
    if (f.entry != NULL)
        answer = what == GH_ROSTER_SESSION ? answer_session(&f, l)
                 : what == GH_ROSTER_KEY   ? answer_key(&f, l)
                                           : answer_device(&f, l);
    unlock(&f);
    return answer;
}

/* A map that is empty, as those of revocations mostly are, is not locked. */
static bool is_among(gh_roster_map *map, uint64_t key)
{
    return key != 0 && atomic_load_explicit(&map->n, memory_order_acquire) > 0 && gh_roster_map_has(map, key);
}

/* Is the session, when it is known, another user's? Then the token is not what it says, whoever signed it. */
static bool is_of_another(gh_roster *r, gh_id session, gh_id user)
{
    if (session == 0)
        return false;
    found f = lock_entry(r, GH_ROSTER_SESSION, session);
    bool another = f.entry != NULL && f.user->id != user;
    unlock(&f);
    return another;
}

static enum gh_lookup_answer standing_of(gh_roster *r, gh_id user, uint64_t issued_s)
{
    if (user == 0 || atomic_load_explicit(&r->barred, memory_order_acquire) == 0)
        return GH_LOOKUP_GOOD;
    uint64_t hash = gh_roster_map_hash(&r->users, user);
    gh_roster_shard *shard = gh_roster_map_shard(&r->users, hash);
    enum gh_lookup_answer answer = GH_LOOKUP_GOOD;
    pthread_mutex_lock(&shard->lock);
    const gh_roster_slot *slot = gh_roster_map_find(shard, hash, user);
    if (slot != NULL) {
        const gh_roster_user_entry *u = gh_roster_user_at(r, gh_roster_number(slot));
        if (u->disabled)
            answer = GH_LOOKUP_DISABLED;
        else if (u->cutoff_s != 0 && issued_s <= u->cutoff_s)
            answer = GH_LOOKUP_REVOKED;
    }
    pthread_mutex_unlock(&shard->lock);
    return answer;
}

static enum gh_lookup_answer revoked(gh_lookup *l, enum gh_lookup_revoked by)
{
    l->revoked = (uint8_t)by;
    return GH_LOOKUP_REVOKED;
}

static enum gh_lookup_answer answer_token(gh_roster *r, gh_lookup *l)
{
    if (is_among(&r->revoked, l->jti))
        return revoked(l, GH_REVOKED_TOKEN);
    if (is_among(&r->ended, l->id))
        return revoked(l, GH_REVOKED_SESSION);
    if (is_of_another(r, l->id, l->user))
        return revoked(l, GH_REVOKED_FOREIGN);
    enum gh_lookup_answer answer = standing_of(r, l->user, l->issued_s);
    if (answer == GH_LOOKUP_GOOD)
        l->subject.user = l->user;
    return answer == GH_LOOKUP_REVOKED ? revoked(l, GH_REVOKED_USER) : answer;
}

/* Lookups are reused: nothing of an answer before may show. */
static void clear_answer(gh_lookup *l)
{
    l->subject.user = 0;
    l->subject.name.n = l->subject.tier.n = l->subject.roles.n = 0;
    l->previous = l->scoped = false;
    l->device = 0;
    l->revoked = GH_REVOKED_TOKEN;
    l->expires_s = l->created_s = 0;
    l->scopes.n = l->tier.n = 0;
}

static enum gh_lookup_answer answer(gh_roster *r, gh_lookup *l)
{
    if (l->now_s == 0) /* without the time nobody can say */
        return GH_LOOKUP_UNAVAILABLE;
    switch ((enum gh_lookup_kind)l->kind) {
    case GH_LOOKUP_SESSION:
    case GH_LOOKUP_REFRESH:
        return answer_entry(r, GH_ROSTER_SESSION, l);
    case GH_LOOKUP_API_KEY:
        return answer_entry(r, GH_ROSTER_KEY, l);
    case GH_LOOKUP_DEVICE:
        return answer_entry(r, GH_ROSTER_DEVICE, l);
    case GH_LOOKUP_TOKEN:
        return answer_token(r, l);
    }
    return GH_LOOKUP_UNAVAILABLE;
}

void gh_roster_answer(gh_roster *roster, gh_lookup *lookups, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        clear_answer(&lookups[i]);
        lookups[i].answer = (uint8_t)answer(roster, &lookups[i]);
    }
}
