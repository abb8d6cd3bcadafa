#include "stores/state/roster_parts.h"

#include <stdlib.h>

/* What a session and its user take (roster.h); the maps add at most twice 24 bytes. */
_Static_assert(sizeof(gh_roster_session_entry) <= 112 && sizeof(gh_roster_user_entry) <= 112,
               "a session with its user takes 300 bytes or less");

gh_roster *gh_roster_new(const uint8_t hash_key[16])
{
    static const uint32_t size[GH_ROSTER_KINDS] = {
        [GH_ROSTER_SESSION] = sizeof(gh_roster_session_entry),
        [GH_ROSTER_KEY] = sizeof(gh_roster_key_entry),
        [GH_ROSTER_DEVICE] = sizeof(gh_roster_entry),
    };
    gh_roster *r = aligned_alloc(64, sizeof *r);
    if (r == NULL)
        return NULL;
    if (!gh_roster_texts_init(&r->texts, hash_key)) {
        free(r);
        return NULL;
    }
    for (unsigned i = 0; i < GH_ROSTER_KINDS; i++) {
        gh_roster_map_init(&r->kind[i].map, hash_key);
        gh_roster_pool_init(&r->kind[i].pool, size[i]);
    }
    gh_roster_map_init(&r->users, hash_key);
    gh_roster_map_init(&r->revoked, hash_key);
    gh_roster_map_init(&r->ended, hash_key);
    gh_roster_pool_init(&r->user_pool, sizeof(gh_roster_user_entry));
    atomic_init(&r->barred, 0);
    atomic_init(&r->epoch, 1);
    r->untidy = false;
    r->cursor = 0;
    return r;
}

void gh_roster_free(gh_roster *roster)
{
    if (roster == NULL)
        return;
    for (unsigned i = 0; i < GH_ROSTER_KINDS; i++) {
        gh_roster_map_free(&roster->kind[i].map);
        gh_roster_pool_free(&roster->kind[i].pool);
    }
    gh_roster_map_free(&roster->users);
    gh_roster_map_free(&roster->revoked);
    gh_roster_map_free(&roster->ended);
    gh_roster_pool_free(&roster->user_pool);
    gh_roster_texts_free(&roster->texts);
    gh_wipe(roster, sizeof *roster);
    free(roster);
}

uint64_t gh_roster_epoch(const gh_roster *roster)
{
    return atomic_load_explicit(&roster->epoch, memory_order_acquire);
}

static uint64_t read(const _Atomic uint64_t *figure)
{
    return atomic_load_explicit(figure, memory_order_relaxed);
}

void gh_roster_read_stats(gh_roster *r, gh_roster_stats *ret)
{
    gh_roster_stats s = {
        .sessions = read(&r->kind[GH_ROSTER_SESSION].map.n),
        .keys = read(&r->kind[GH_ROSTER_KEY].map.n),
        .devices = read(&r->kind[GH_ROSTER_DEVICE].map.n),
        .users = read(&r->users.n),
        .revocations = read(&r->revoked.n) + read(&r->ended.n),
        .bytes = sizeof *r + read(&r->users.bytes) + read(&r->user_pool.bytes) + read(&r->texts.bytes) +
                 read(&r->revoked.bytes) + read(&r->ended.bytes),
    };
    for (unsigned i = 0; i < GH_ROSTER_KINDS; i++)
        s.bytes += read(&r->kind[i].map.bytes) + read(&r->kind[i].pool.bytes);
    *ret = s;
}

bool gh_roster_revoke_token(gh_roster *r, uint64_t jti, uint64_t expires_s)
{
    if (jti == 0)
        return true;
    const gh_roster_slot *known = gh_roster_map_peek(&r->revoked, jti);
    if (known != NULL && known->value >= expires_s)
        return true;
    if (!gh_roster_map_reserve(&r->revoked, jti))
        return false;
    gh_roster_map_put(&r->revoked, jti, expires_s);
    gh_roster_changed(r);
    return true;
}

void gh_roster_sweep(gh_roster *r, uint64_t now_s)
{
    gh_roster_map_erase_up_to(&r->revoked, now_s);
    gh_roster_map_erase_up_to(&r->ended, now_s);
    if (r->untidy)
        gh_roster_sweep_users(r, now_s);
}
