/* What the tests of the roster share: records by small numbers, and lookups of them. */
#ifndef GH_TESTS_ROSTERS_H
#define GH_TESTS_ROSTERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* After what it needs. */
#include <cmocka.h>

#include "base/crypto.h"
#include "stores/state/roster.h"

static const uint64_t now_s = 1700000000;
static const gh_ip home = {4, {192, 0, 2, 1}}, away = {4, {198, 51, 100, 7}};

static inline gh_roster *new_roster(void)
{
    static const uint8_t key[16] = "a key for tables";
    gh_roster *r = gh_roster_new(key);
    assert_non_null(r);
    return r;
}

/* Not 0 in any byte, so that every byte counts. */
static inline void hash_of(uint64_t secret, uint8_t ret[GH_SECRET_HASH])
{
    for (unsigned i = 0; i < GH_SECRET_HASH; i++)
        ret[i] = (uint8_t)(gh_mix64(secret + i) | 1);
}

static inline gh_roster_user user_of(gh_id id)
{
    return (gh_roster_user){
        .id = id, .name = GH_STR("ada"), .roles = GH_STR("admin member"), .tier = GH_STR("premium")};
}

static inline gh_roster_session session_of(gh_id id, gh_id user)
{
    gh_roster_session s = {.id = id,
                           .user = user,
                           .device = 77,
                           .created_s = now_s - 1000,
                           .used_s = now_s - 100,
                           .expires_s = now_s + 1000,
                           .address = home};
    hash_of(id, s.hash);
    return s;
}

static inline gh_roster_key key_of(gh_id id, gh_id user)
{
    gh_roster_key k = {.id = id, .user = user};
    hash_of(id, k.hash);
    return k;
}

static inline gh_roster_device device_of(gh_id id, gh_id user)
{
    gh_roster_device d = {.id = id, .user = user};
    hash_of(id, d.hash);
    return d;
}

static inline void set_user(gh_roster *r, gh_roster_user user)
{
    assert_true(gh_roster_set_user(r, &user, user.cutoff_s == 0 ? 0 : user.cutoff_s + 600));
}

static inline void set_session(gh_roster *r, gh_roster_session session)
{
    assert_true(gh_roster_set_session(r, &session));
}

static inline void set_key(gh_roster *r, gh_roster_key key)
{
    assert_true(gh_roster_set_key(r, &key));
}

static inline void set_device(gh_roster *r, gh_roster_device device)
{
    assert_true(gh_roster_set_device(r, &device));
}

/* The right question for the record of that number. */
static inline gh_lookup lookup_of(enum gh_lookup_kind kind, gh_id id)
{
    gh_lookup l = {.kind = (uint8_t)kind, .id = id, .now_s = now_s, .address = home};
    hash_of(id, l.hash);
    return l;
}

static inline gh_lookup token_of(gh_id user, gh_id session, uint64_t jti)
{
    return (gh_lookup){.kind = GH_LOOKUP_TOKEN,
                       .user = user,
                       .id = session,
                       .jti = jti,
                       .issued_s = now_s - 10,
                       .now_s = now_s,
                       .address = home};
}

static inline gh_lookup ask(gh_roster *r, gh_lookup l)
{
    gh_roster_answer(r, &l, 1);
    return l;
}

static inline enum gh_lookup_answer answer(gh_roster *r, gh_lookup l)
{
    return (enum gh_lookup_answer)ask(r, l).answer;
}

static inline gh_roster_stats stats_of(gh_roster *r)
{
    gh_roster_stats s;
    gh_roster_read_stats(r, &s);
    return s;
}

#define assert_text(text, want) assert_true(gh_str_eq(GH_SHORT_STR(text), GH_STR(want)))

#endif
