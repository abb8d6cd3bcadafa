/* A roster that is cleared knows nothing, can be filled anew, and takes no more memory for it. */
#include <pthread.h>
#include <stdatomic.h>

#include "rosters.h"

enum {
    ADA = 1,
    BOB = 2,
    ERASED = 3,
    SESSION = 10,
    ENDED = 11,
    KEY = 20,
    DEVICE = 30,
    ANONYMOUS = 31,
    JTI = 99
};

static void fill(gh_roster *r)
{
    static const gh_cidr nets[] = {{{4, {192, 0, 2}}, 24}};
    gh_roster_user bob = user_of(BOB), erased = {.id = ERASED, .cutoff_s = now_s};
    bob.disabled = true;
    bob.cutoff_s = now_s - 5;
    set_user(r, user_of(ADA));
    set_user(r, bob);
    set_user(r, erased);
    set_session(r, session_of(SESSION, ADA));
    gh_roster_key key = key_of(KEY, BOB);
    key.scopes = GH_STR("a b");
    key.networks = nets;
    key.n_networks = 1;
    set_key(r, key);
    set_device(r, device_of(DEVICE, ADA));
    set_device(r, device_of(ANONYMOUS, 0));
    assert_true(gh_roster_end_session(r, ENDED, now_s + 100));
    assert_true(gh_roster_revoke_token(r, JTI, now_s + 100));
}

static void is_empty(gh_roster *r)
{
    gh_roster_stats s = stats_of(r);
    assert_int_equal(s.users + s.sessions + s.keys + s.devices + s.revocations, 0);
    assert_false(gh_roster_has_user(r, ADA) || gh_roster_has_user(r, BOB) || gh_roster_has_user(r, ERASED));
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_API_KEY, KEY)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, DEVICE)), GH_LOOKUP_UNKNOWN);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, ANONYMOUS)), GH_LOOKUP_UNKNOWN);
}

static void is_full(gh_roster *r)
{
    assert_true(gh_roster_has_user(r, ADA) && gh_roster_has_user(r, BOB) && !gh_roster_has_user(r, 0));
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_SESSION, SESSION)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_API_KEY, KEY)), GH_LOOKUP_DISABLED);
    assert_int_equal(answer(r, lookup_of(GH_LOOKUP_DEVICE, ANONYMOUS)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, token_of(ADA, SESSION, JTI)), GH_LOOKUP_REVOKED);
    assert_int_equal(answer(r, token_of(ADA, ENDED, 0)), GH_LOOKUP_REVOKED);
    assert_int_equal(answer(r, token_of(BOB, 0, 0)), GH_LOOKUP_DISABLED);
    assert_int_equal(answer(r, token_of(ERASED, 0, 0)), GH_LOOKUP_REVOKED);
}

static void nothing_is_left(void **state)
{
    (void)state;
    gh_roster *r = new_roster();
    gh_roster_clear(r);
    is_empty(r);
    fill(r);
    is_full(r);
    uint64_t epoch = gh_roster_epoch(r);
    gh_roster_clear(r);
    assert_true(gh_roster_epoch(r) != epoch); /* whoever was let in is looked at again */
    is_empty(r);
    assert_int_equal(answer(r, token_of(ADA, SESSION, JTI)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, token_of(BOB, ENDED, 0)), GH_LOOKUP_GOOD);
    assert_int_equal(answer(r, token_of(ERASED, 0, 0)), GH_LOOKUP_GOOD);
    fill(r);
    is_full(r);
    gh_roster_sweep(r, now_s);
    is_full(r);
    gh_roster_free(r);
}

static void fill_many(gh_roster *r, unsigned n)
{
    for (gh_id i = 1; i <= n; i++) {
        set_user(r, user_of(i));
        set_session(r, session_of(1000000 + i, i));
        if (i % 3 == 0)
            set_device(r, device_of(2000000 + i, i % 2 == 0 ? i : 0));
        assert_true(gh_roster_revoke_token(r, i, now_s + 100));
    }
}

static void no_more_memory_is_taken(void **state)
{
    (void)state;
    gh_roster *r = new_roster();
    fill_many(r, 20000);
    uint64_t bytes = stats_of(r).bytes;
    for (unsigned i = 0; i < 10; i++) {
        gh_roster_clear(r);
        assert_int_equal(stats_of(r).sessions, 0);
        fill_many(r, 20000);
    }
    assert_true(stats_of(r).bytes <= bytes);
    assert_int_equal(stats_of(r).sessions, 20000);
    gh_roster_free(r);
}

static void uses_of_before_are_forgotten(void **state)
{
    (void)state;
    gh_roster *r = new_roster();
    gh_roster_use uses[8];
    fill(r);
    gh_lookup l = lookup_of(GH_LOOKUP_SESSION, SESSION);
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    gh_roster_clear(r);
    fill(r); /* its records are others than the one whose use waits to be collected */
    assert_int_equal(gh_roster_collect_used(r, uses, GH_COUNT(uses)), 0);
    l.now_s++;
    assert_int_equal(answer(r, l), GH_LOOKUP_GOOD);
    assert_int_equal(gh_roster_collect_used(r, uses, GH_COUNT(uses)), 1);
    assert_true(uses[0].id == SESSION && uses[0].used_s == now_s + 1);
    gh_roster_free(r);
}

static _Atomic bool over;
static _Atomic unsigned wrong;

static void *look(void *data)
{
    gh_roster *r = data;
    while (!atomic_load(&over)) {
        gh_lookup l = ask(r, lookup_of(GH_LOOKUP_SESSION, SESSION));
        bool good = l.answer == GH_LOOKUP_GOOD && l.subject.user == ADA &&
                    gh_str_eq(GH_SHORT_STR(l.subject.roles), GH_STR("admin member"));
        if (!good && l.answer != GH_LOOKUP_UNKNOWN)
            atomic_fetch_add(&wrong, 1);
        enum gh_lookup_answer token = answer(r, token_of(BOB, 0, 0));
        if (token != GH_LOOKUP_DISABLED && token != GH_LOOKUP_GOOD && token != GH_LOOKUP_REVOKED)
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void readers_find_all_or_nothing(void **state)
{
    pthread_t readers[2];
    (void)state;
    gh_roster *r = new_roster();
    atomic_store(&over, false);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, look, r), 0);
    for (unsigned i = 0; i < 2000; i++) {
        gh_roster_use uses[8];
        fill(r);
        gh_roster_clear(r);
        (void)gh_roster_collect_used(r, uses, GH_COUNT(uses));
    }
    atomic_store(&over, true);
    for (unsigned i = 0; i < 2; i++)
        (void)pthread_join(readers[i], NULL);
    assert_int_equal(wrong, 0);
    is_empty(r);
    gh_roster_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left),
        cmocka_unit_test(no_more_memory_is_taken),
        cmocka_unit_test(uses_of_before_are_forgotten),
        cmocka_unit_test(readers_find_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
