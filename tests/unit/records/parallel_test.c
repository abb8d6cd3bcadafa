/* Many at once: of the last place of anything exactly one gets it. */
#include <pthread.h>

#include "records_crowd.h"

static unsigned ask_roll(world *w, unsigned i)
{
    gh_op_key_create *o = world_op(KEY_CREATE, gh_op_key_create);
    o->user = w->user;
    o->id = 9000 + i;
    o->most = 1;
    o->rolls = 8999;
    o->overlap_s = 60;
    return world_once(w, o);
}

static void test_the_last_place_of_each_cap(void **state)
{
    world *w = *state;
    gh_roster_stats stats;
    crowd_fights_for_last_places(&w, 1);
    gh_roster_read_stats(w->roster, &stats);
    assert_true(stats.sessions == 6 && stats.keys == 4);
    world_user(w, "bob", "$1");
    gh_op_key_create *o = world_op(KEY_CREATE, gh_op_key_create);
    o->user = w->user;
    o->id = 8999;
    o->most = 1;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    const _Atomic unsigned *got = crowd_asks(&w, 1, ask_roll);
    assert_true(got[GH_OP_OK] == 1 && got[GH_OP_NOT_FOUND] == CROWD - 1);
}

static void test_parallel_refreshes_have_one_successor(void **state)
{
    world *w = *state;
    crowd_refreshes_one_token(&w, 1, 5);
}

/* Lookups go on, from other threads, while the records change what they look at. */
static _Atomic bool stop;

static void *look_on(void *data)
{
    world *w = data;
    uint64_t good = 0;
    while (!atomic_load(&stop))
        for (gh_id id = 5000; id < 5000 + CROWD; id++)
            good += world_look(w, GH_LOOKUP_SESSION, id, id) == GH_LOOKUP_GOOD;
    return good > 0 ? data : NULL;
}

static void test_lookups_go_on(void **state)
{
    world *w = *state;
    pthread_t looker;
    void *found;
    world_user(w, "ada", "$1");
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&looker, NULL, look_on, w), 0);
    const _Atomic unsigned *got = crowd_asks(&w, 1, crowd_ask_session_in_turn);
    assert_int_equal(got[GH_OP_OK], CROWD);
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(looker, &found), 0);
    assert_ptr_equal(found, w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_last_place_of_each_cap),
        TEST(test_parallel_refreshes_have_one_successor),
        TEST(test_lookups_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
