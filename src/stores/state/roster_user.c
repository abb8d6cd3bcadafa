/* Users: adding, changing, dropping, and forgetting those who are of no more interest. The writer's side. */
#include "stores/state/roster_parts.h"

static bool is_barred(const gh_roster_user_entry *u)
{
    return u->disabled || u->cutoff_s != 0;
}

static bool has_entries(const gh_roster_user_entry *u)
{
    return u->first[GH_ROSTER_SESSION] != 0 || u->first[GH_ROSTER_KEY] != 0 ||
           u->first[GH_ROSTER_DEVICE] != 0;
}

/* The length of the tier, the tier, the roles: one text, as few of them differ. */
static gh_roster_text *hold_standing(gh_roster *r, gh_str tier, gh_str roles)
{
    char memory[1 + GH_TIER_MAX + GH_ROLES_TEXT_MAX];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_buf_char(&out, (char)tier.n);
    gh_buf_put(&out, tier);
    gh_buf_put(&out, roles);
    return gh_buf_ok(&out) ? gh_roster_text_hold(&r->texts, gh_buf_str(&out)) : NULL;
}

/* The number of a record with what was given; 0: no memory. */
static uint32_t make_user(gh_roster *r, const gh_roster_user *user, uint64_t cutoff_until_s)
{
    gh_roster_text *standing = hold_standing(r, user->tier, user->roles);
    if (standing == NULL)
        return 0;
    uint32_t number = gh_roster_pool_take(&r->user_pool);
    if (number == 0) {
        gh_roster_text_release(&r->texts, standing);
        return 0;
    }
    gh_roster_user_entry *u = gh_roster_user_at(r, number);
    u->id = user->id;
    u->standing = standing;
    u->cutoff_s = user->cutoff_s;
    u->cutoff_until_s = user->cutoff_s == 0 ? 0 : cutoff_until_s;
    u->disabled = user->disabled;
    u->n_name = (uint8_t)user->name.n;
    if (user->name.n > 0)
        memcpy(u->name, user->name.p, user->name.n);
    return number;
}

/* Nobody can reach it any more. */
static void give_back(gh_roster *r, uint32_t number)
{
    gh_roster_text_release(&r->texts, gh_roster_user_at(r, number)->standing);
    gh_roster_pool_give(&r->user_pool, number);
}

/* The user's entries of one kind get the new record, one after the other. */
static void hand_over(gh_roster *r, enum gh_roster_what what, uint32_t first, uint32_t user)
{
    gh_roster_map *map = &r->kind[what].map;
    for (uint32_t i = first; i != 0; i = gh_roster_entry_at(r, what, i)->next) {
        gh_id id = gh_roster_entry_at(r, what, i)->id;
        gh_roster_map_put(map, id, gh_roster_value(i, user));
    }
}

static void replace(gh_roster *r, uint32_t before, uint32_t user)
{
    const gh_roster_user_entry *old = gh_roster_user_at(r, before);
    gh_roster_user_entry *u = gh_roster_user_at(r, user);
    memcpy(u->first, old->first, sizeof u->first);
    gh_roster_map_put(&r->users, u->id, user);
    for (unsigned what = 0; what < GH_ROSTER_KINDS; what++)
        hand_over(r, (enum gh_roster_what)what, u->first[what], user);
    if (is_barred(old))
        (void)atomic_fetch_sub_explicit(&r->barred, 1, memory_order_release);
    give_back(r, before);
}

bool gh_roster_set_user(gh_roster *r, const gh_roster_user *user, uint64_t cutoff_until_s)
{
    if (user->id == 0 || user->name.n > GH_USER_NAME_MAX || user->tier.n > GH_TIER_MAX ||
        user->roles.n > GH_ROLES_TEXT_MAX || !gh_roster_map_reserve(&r->users, user->id))
        return false;
    uint32_t number = make_user(r, user, cutoff_until_s);
    if (number == 0)
        return false;
    const gh_roster_slot *slot = gh_roster_map_peek(&r->users, user->id);
    bool barred = is_barred(gh_roster_user_at(r, number)), changed = slot != NULL || barred;
    /* Before anybody can see it: who finds none looks no further. */
    if (barred)
        (void)atomic_fetch_add_explicit(&r->barred, 1, memory_order_release);
    if (slot != NULL)
        replace(r, gh_roster_number(slot), number);
    else
        gh_roster_map_put(&r->users, user->id, number);
    r->untidy = true;
    if (changed)
        gh_roster_changed(r);
    return true;
}

bool gh_roster_has_user(const gh_roster *r, gh_id user)
{
    return user != 0 && gh_roster_map_peek(&r->users, user) != NULL;
}

static void forget(gh_roster *r, uint32_t number)
{
    const gh_roster_user_entry *u = gh_roster_user_at(r, number);
    bool barred = is_barred(u);
    gh_roster_map_erase(&r->users, u->id);
    give_back(r, number);
    if (barred)
        (void)atomic_fetch_sub_explicit(&r->barred, 1, memory_order_release);
}

/* Without entries only tokens' readers can reach the record, under the shard of its id. */
static void strip(gh_roster *r, gh_roster_user_entry *u)
{
    gh_roster_shard *shard = gh_roster_map_shard(&r->users, gh_roster_map_hash(&r->users, u->id));
    pthread_mutex_lock(&shard->lock);
    u->disabled = false;
    pthread_mutex_unlock(&shard->lock);
    gh_wipe(u->name, sizeof u->name);
    u->n_name = 0;
    gh_roster_text_release(&r->texts, u->standing);
    u->standing = NULL;
}

void gh_roster_drop_user(gh_roster *r, gh_id user)
{
    const gh_roster_slot *slot = gh_roster_map_peek(&r->users, user);
    if (user == 0 || slot == NULL)
        return;
    uint32_t number = gh_roster_number(slot);
    gh_roster_user_entry *u = gh_roster_user_at(r, number);
    for (unsigned what = 0; what < GH_ROSTER_KINDS; what++)
        while (u->first[what] != 0)
            (void)gh_roster_end_entry(r, (enum gh_roster_what)what,
                                      gh_roster_entry_at(r, (enum gh_roster_what)what, u->first[what])->id);
    if (u->cutoff_s != 0)
        strip(r, u);
    else
        forget(r, number);
    gh_roster_changed(r);
}

static void end_cutoff(gh_roster *r, gh_roster_user_entry *u)
{
    gh_roster_shard *shard = gh_roster_map_shard(&r->users, gh_roster_map_hash(&r->users, u->id));
    pthread_mutex_lock(&shard->lock);
    u->cutoff_s = u->cutoff_until_s = 0;
    pthread_mutex_unlock(&shard->lock);
    if (!u->disabled)
        (void)atomic_fetch_sub_explicit(&r->barred, 1, memory_order_release);
}

/* All users in the order of memory: some 10 ms for a million of them, when there was something to be forgotten. */
void gh_roster_sweep_users(gh_roster *r, uint64_t now_s)
{
    r->untidy = false;
    for (uint32_t i = 1; i < r->user_pool.fresh; i++) {
        gh_roster_user_entry *u = gh_roster_user_at(r, i);
        if (u->id == 0)
            continue;
        if (u->cutoff_s != 0 && u->cutoff_until_s <= now_s)
            end_cutoff(r, u);
        if (!has_entries(u) && !is_barred(u))
            forget(r, i);
        else if (u->cutoff_s != 0)
            r->untidy = true;
    }
}

/* Devices of nobody: the only entries that no user's list has. */
static void end_anonymous(gh_roster *r)
{
    gh_roster_map *map = &r->kind[GH_ROSTER_DEVICE].map;
    for (unsigned s = 0; s < GH_MAP_SHARDS; s++) {
        const gh_roster_shard *shard = &map->shard[s];
        for (uint32_t i = 0; i < shard->cap;) /* what comes into a gap is looked at again */
            if (shard->slots[i].key == 0)
                i++;
            else
                (void)gh_roster_end_entry(r, GH_ROSTER_DEVICE, shard->slots[i].key);
    }
}

void gh_roster_clear(gh_roster *r)
{
    for (uint32_t i = 1; i < r->user_pool.fresh; i++) {
        gh_roster_user_entry *u = gh_roster_user_at(r, i);
        if (u->id == 0)
            continue;
        if (u->cutoff_s != 0)
            end_cutoff(r, u);
        gh_roster_drop_user(r, u->id);
    }
    end_anonymous(r);
    gh_roster_map_erase_up_to(&r->revoked, UINT64_MAX);
    gh_roster_map_erase_up_to(&r->ended, UINT64_MAX);
    r->untidy = false;
    gh_roster_changed(r);
}
