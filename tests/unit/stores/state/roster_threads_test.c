/* Readers while the one writer changes everything: what they are told is always one of the truths, whole. */
#include <pthread.h>
#include <stdatomic.h>

#include "rosters.h"

enum { READERS = 3, USERS = 8, SESSIONS = 64, ROUNDS = 3000, TOLD = 300 };

typedef struct shared {
    gh_roster *r;
    _Atomic bool over;
    _Atomic uint64_t good, refused;
} shared;

/* A user's texts tell its version: all of them the same one. Ids: 1 to 8; sessions and keys of u: u * 1000 + i. */
static void put_user(gh_roster *r, gh_id id, unsigned version)
{
    static const char names[] = "abcdefghij";
    char text[60];
    memset(text, names[version % 10], sizeof text);
    unsigned n = 1 + version % 30;
    gh_roster_user u = {.id = id, .name = {text, n * 2}, .roles = {text, n}, .tier = {text, n}};
    u.disabled = version % 7 == 0;
    u.cutoff_s = version % 5 == 0 ? now_s : 0;
    assert_true(gh_roster_set_user(r, &u, now_s + 1));
}

static void check_subject(const gh_lookup *l)
{
    gh_str name = GH_SHORT_STR(l->subject.name), roles = GH_SHORT_STR(l->subject.roles),
           tier = GH_SHORT_STR(l->subject.tier);
    assert_int_equal(l->subject.user, l->id / 1000);
    assert_true(gh_str_eq(roles, tier));
    assert_int_equal(name.n, roles.n * 2);
    for (size_t i = 0; i < name.n; i++)
        assert_int_equal(name.p[i], roles.p[0]);
}

static void *read_all(void *data)
{
    shared *sh = data;
    uint64_t good = 0, refused = 0;
    for (uint64_t i = 1; !atomic_load(&sh->over); i++) {
        uint64_t random = gh_mix64(i);
        gh_id user = 1 + random % USERS, id = user * 1000 + (random >> 8) % SESSIONS;
        gh_lookup l[] = {lookup_of(GH_LOOKUP_SESSION, id), lookup_of(GH_LOOKUP_API_KEY, id),
                         lookup_of(GH_LOOKUP_DEVICE, id), token_of(user, id, random % 16)};
        l[0].now_s += i / 1000;
        gh_roster_answer(sh->r, l, GH_COUNT(l));
        for (unsigned k = 0; k < GH_COUNT(l); k++) {
            good += l[k].answer == GH_LOOKUP_GOOD;
            refused += l[k].answer != GH_LOOKUP_GOOD;
            assert_int_not_equal(l[k].answer, GH_LOOKUP_MISMATCH);
            assert_int_not_equal(l[k].answer, GH_LOOKUP_UNAVAILABLE);
            if (l[k].answer == GH_LOOKUP_GOOD && k < 2)
                check_subject(&l[k]);
        }
        gh_roster_stats stats;
        if (i % 64 == 0)
            gh_roster_read_stats(sh->r, &stats);
    }
    (void)atomic_fetch_add(&sh->good, good);
    (void)atomic_fetch_add(&sh->refused, refused);
    return NULL;
}

static void put_entries(gh_roster *r, gh_id user, uint64_t random)
{
    gh_id id = user * 1000 + random % SESSIONS;
    gh_roster_session s = session_of(id, user);
    s.expires_s = UINT64_MAX;
    set_session(r, s);
    gh_roster_key k = key_of(id, user);
    k.scopes = random & 64 ? GH_STR("songs:read") : GH_STR("songs:write");
    set_key(r, k);
    set_device(r, device_of(id, user));
}

static void end_entries(gh_roster *r, gh_id user, uint64_t random)
{
    gh_id id = user * 1000 + random % SESSIONS;
    assert_true(gh_roster_end_session(r, id, random & 64 ? now_s + 1 : 0));
    gh_roster_end_key(r, id);
    gh_roster_end_device(r, id);
}

static void write_all(gh_roster *r)
{
    gh_roster_use uses[32];
    for (unsigned i = 1; i <= ROUNDS; i++) {
        uint64_t random = gh_mix64(i);
        gh_id user = 1 + random % USERS;
        if (random >> 60 == 0)
            gh_roster_drop_user(r, user);
        put_user(r, user, i);
        for (unsigned k = 0; k < 8; k++)
            put_entries(r, user, random >> (k * 6));
        end_entries(r, user, random >> 20);
        (void)gh_roster_collect_used(r, uses, GH_COUNT(uses));
        assert_true(gh_roster_revoke_token(r, random % 16, now_s + 1));
        if (i % 16 == 0)
            gh_roster_sweep(r, now_s + i % 2);
    }
}

static void readers_see_one_of_the_truths(void **state)
{
    (void)state;
    static shared sh;
    pthread_t thread[READERS];
    sh.r = new_roster();
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, read_all, &sh), 0);
    while (atomic_load(&sh.good) == 0 && gh_roster_epoch(sh.r) < 20 * ROUNDS)
        write_all(sh.r);
    atomic_store(&sh.over, true);
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_true(sh.good > 0 && sh.refused > 0);
    gh_roster_free(sh.r);
}

/* What was changed before a reader is told of it is what the reader finds. */
typedef struct handshake {
    gh_roster *r;
    _Atomic unsigned asked, told; /* rounds */
} handshake;

static void *ask_when_told(void *data)
{
    handshake *h = data;
    for (unsigned i = 1; i <= TOLD; i++) {
        while (atomic_load(&h->told) < i)
            sched_yield();
        assert_int_equal(answer(h->r, token_of(1, 0, i)), GH_LOOKUP_REVOKED);
        assert_int_equal(answer(h->r, token_of(1, 0, i + 1)), GH_LOOKUP_GOOD);
        assert_int_equal(answer(h->r, lookup_of(GH_LOOKUP_SESSION, i)), GH_LOOKUP_UNKNOWN);
        assert_int_equal(answer(h->r, lookup_of(GH_LOOKUP_SESSION, i + 1)), GH_LOOKUP_GOOD);
        atomic_store(&h->asked, i);
    }
    return NULL;
}

static void a_change_is_there_for_who_hears_of_it(void **state)
{
    (void)state;
    static handshake h;
    pthread_t thread;
    h.r = new_roster();
    set_user(h.r, user_of(1));
    set_session(h.r, session_of(1, 1));
    assert_int_equal(pthread_create(&thread, NULL, ask_when_told, &h), 0);
    for (unsigned i = 1; i <= TOLD; i++) {
        assert_true(gh_roster_revoke_token(h.r, i, now_s + 100));
        set_session(h.r, session_of(i + 1, 1));
        assert_true(gh_roster_end_session(h.r, i, 0));
        atomic_store(&h.told, i);
        while (atomic_load(&h.asked) < i)
            sched_yield();
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    gh_roster_free(h.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_see_one_of_the_truths),
        cmocka_unit_test(a_change_is_there_for_who_hears_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
