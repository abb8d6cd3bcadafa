/* Many at once: of the last place of anything exactly one gets it. */
#include <pthread.h>
#include <stdatomic.h>

#include "records_world.h"

enum { THREADS = 16, EACH = 8 };

typedef struct crowd {
    world *w;
    unsigned (*ask)(world *w, unsigned i); /* i: 0 .. THREADS * EACH - 1 */
    pthread_barrier_t start;
    _Atomic unsigned next, statuses[16];
} crowd;

static void *one(void *data)
{
    crowd *c = data;
    (void)pthread_barrier_wait(&c->start);
    for (unsigned k = 0; k < EACH; k++) {
        unsigned status = c->ask(c->w, atomic_fetch_add(&c->next, 1));
        atomic_fetch_add(&c->statuses[status], 1);
    }
    return NULL;
}

/* How many of the crowd got which status. */
static const _Atomic unsigned *crowd_asks(world *w, unsigned (*ask)(world *w, unsigned i))
{
    static crowd c;
    pthread_t threads[THREADS];
    memset(&c, 0, sizeof c);
    c.w = w;
    c.ask = ask;
    (void)pthread_barrier_init(&c.start, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one, &c), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    (void)pthread_barrier_destroy(&c.start);
    return c.statuses;
}

static unsigned ask_device(world *w, unsigned i)
{
    gh_op_device_begin *o = world_op(DEVICE_BEGIN, gh_op_device_begin);
    o->user = w->user;
    o->id = i + 1;
    o->most = 5;
    o->timeout_s = 60;
    return world_once(w, o);
}

static unsigned ask_anonymous(world *w, unsigned i)
{
    gh_op_device_begin *o = world_op(DEVICE_BEGIN, gh_op_device_begin);
    o->id = 1000 + i;
    o->most = 3;
    o->timeout_s = 60;
    return world_once(w, o);
}

static unsigned ask_key(world *w, unsigned i)
{
    gh_op_key_create *o = world_op(KEY_CREATE, gh_op_key_create);
    o->user = w->user;
    o->id = i + 1;
    o->most = 4;
    return world_once(w, o);
}

static unsigned ask_session(world *w, unsigned i)
{
    world_login in = {.name = "ada", .right = true, .session = world_session(i + 1, GH_SESSION_COOKIE)};
    in.session.most = 6;
    return world_sign_in(w, &in);
}

static unsigned ask_session_in_turn(world *w, unsigned i)
{
    world_login in = {.name = "ada", .right = true, .session = world_session(5000 + i, GH_SESSION_COOKIE)};
    in.session.most = 6;
    in.session.end_oldest = true;
    return world_sign_in(w, &in);
}

static unsigned ask_name(world *w, unsigned i)
{
    (void)i;
    gh_op_user_create *o = world_op(USER_CREATE, gh_op_user_create);
    o->name = GH_STR("wanted");
    return world_once(w, o);
}

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
    enum { ALL = THREADS * EACH };
    world_user(w, "ada", "$1");
    const _Atomic unsigned *got = crowd_asks(w, ask_device);
    assert_true(got[GH_OP_OK] == 5 && got[GH_OP_CAP] == ALL - 5);
    got = crowd_asks(w, ask_anonymous);
    assert_true(got[GH_OP_OK] == 3 && got[GH_OP_CAP] == ALL - 3);
    got = crowd_asks(w, ask_key);
    assert_true(got[GH_OP_OK] == 4 && got[GH_OP_CAP] == ALL - 4);
    got = crowd_asks(w, ask_session);
    assert_true(got[GH_OP_OK] == 6 && got[GH_OP_CAP] == ALL - 6);
    got = crowd_asks(w, ask_session_in_turn);
    assert_int_equal(got[GH_OP_OK], ALL);
    got = crowd_asks(w, ask_name);
    assert_true(got[GH_OP_OK] == 1 && got[GH_OP_EXISTS] == ALL - 1);
    gh_roster_stats stats;
    gh_roster_read_stats(w->roster, &stats);
    assert_true(stats.sessions == 6 && stats.keys == 4);
    world_user(w, "bob", "$1");
    gh_op_key_create *o = world_op(KEY_CREATE, gh_op_key_create);
    o->user = w->user;
    o->id = 8999;
    o->most = 1;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    got = crowd_asks(w, ask_roll);
    assert_true(got[GH_OP_OK] == 1 && got[GH_OP_NOT_FOUND] == ALL - 1);
}

static unsigned ask_attempt(world *w, unsigned i)
{
    gh_op_login_begin *o = world_op(LOGIN_BEGIN, gh_op_login_begin);
    o->name = world_text(i % 2 == 0 ? "ADA" : "ada");
    o->limits = (gh_attempt_limits){7, 1000, 1000, 900};
    return world_once(w, o);
}

static void test_so_many_attempts_and_no_more(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    const _Atomic unsigned *got = crowd_asks(w, ask_attempt);
    assert_true(got[GH_OP_OK] == 7 && got[GH_OP_SLOWED] == THREADS * EACH - 7);
}

/* --- parallel refreshes of one token */

static _Atomic uint64_t successor;
static _Atomic unsigned first_ones, others;

static unsigned ask_refresh(world *w, unsigned i)
{
    uint64_t mine = 1000 + i, sealed = 0, none = 0;
    gh_op_refresh *o = world_op(REFRESH, gh_op_refresh);
    o->kind = GH_SESSION_TOKENS;
    o->session = 7;
    o->grace_s = 10;
    world_hash(7, o->hash);
    world_hash(mine, o->next_hash);
    o->next_sealed = (gh_str){(const char *)&mine, sizeof mine};
    unsigned status = world_do(w, o);
    if (status == GH_OP_OK) {
        memcpy(&sealed, o->sealed.p, sizeof sealed);
        if (!o->repeated)
            atomic_fetch_add(&first_ones, 1);
        if (!atomic_compare_exchange_strong(&successor, &none, sealed) && none != sealed)
            atomic_fetch_add(&others, 1);
    }
    world_done(o);
    return status;
}

static void test_parallel_refreshes_have_one_successor(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    for (unsigned round = 0; round < 5; round++) {
        world_login in = {.name = "ada", .right = true, .session = world_session(7, GH_SESSION_TOKENS)};
        assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
        atomic_store(&successor, 0);
        atomic_store(&first_ones, 0);
        const _Atomic unsigned *got = crowd_asks(w, ask_refresh);
        assert_int_equal(got[GH_OP_OK], THREADS * EACH);
        assert_true(first_ones == 1 && others == 0);
        gh_op_refresh *o = world_op(REFRESH, gh_op_refresh); /* the one successor is good */
        o->kind = GH_SESSION_TOKENS;
        o->session = 7;
        o->number = 1;
        world_hash(successor, o->hash);
        world_hash(2, o->next_hash);
        o->next_sealed = GH_STR("sealed");
        assert_int_equal(world_once(w, o), GH_OP_OK);
        gh_op_session_end *e = world_op(SESSION_END, gh_op_session_end);
        e->session = 7;
        assert_int_equal(world_once(w, e), GH_OP_OK);
    }
}

/* Lookups go on, from other threads, while the records change what they look at. */
static _Atomic bool stop;

static void *look_on(void *data)
{
    world *w = data;
    uint64_t good = 0;
    while (!atomic_load(&stop))
        for (gh_id id = 5000; id < 5000 + THREADS * EACH; id++)
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
    const _Atomic unsigned *got = crowd_asks(w, ask_session_in_turn);
    assert_int_equal(got[GH_OP_OK], THREADS * EACH);
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(looker, &found), 0);
    assert_ptr_equal(found, w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_last_place_of_each_cap),
        TEST(test_so_many_attempts_and_no_more),
        TEST(test_parallel_refreshes_have_one_successor),
        TEST(test_lookups_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
