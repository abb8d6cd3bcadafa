/* No memory for what is on disk already. The roster is a stand-in here, because the real one can't be told when to have
 * none: it says no as often as it is told, and writes down what it is asked. */
#include <sched.h>
#include <stdatomic.h>

#include "records_world.h"

static _Atomic unsigned refuse_endings, refuse_grants, endings, grants;
static _Atomic bool refuse_all_endings;
static int stand_in;

static bool asked(_Atomic unsigned *refuse, _Atomic unsigned *count)
{
    unsigned left = atomic_load(refuse);
    if (left > 0) {
        atomic_store(refuse, left - 1);
        return false;
    }
    atomic_fetch_add(count, 1);
    return true;
}

gh_roster *gh_roster_new(const uint8_t hash_key[16])
{
    (void)hash_key;
    return (gh_roster *)(void *)&stand_in;
}

void gh_roster_free(gh_roster *roster)
{
    (void)roster;
}

void gh_roster_answer(gh_roster *roster, gh_lookup *lookups, unsigned n)
{
    (void)roster;
    (void)lookups;
    (void)n;
}

bool gh_roster_set_user(gh_roster *r, const gh_roster_user *user, uint64_t cutoff_until_s)
{
    (void)r;
    (void)user;
    (void)cutoff_until_s;
    return true;
}

void gh_roster_drop_user(gh_roster *r, gh_id user)
{
    (void)r;
    (void)user;
}

bool gh_roster_set_session(gh_roster *r, const gh_roster_session *session)
{
    (void)r;
    (void)session;
    return asked(&refuse_grants, &grants);
}

bool gh_roster_end_session(gh_roster *r, gh_id session, uint64_t remember_until_s)
{
    (void)r;
    (void)session;
    (void)remember_until_s;
    if (atomic_load(&refuse_all_endings))
        return false;
    return asked(&refuse_endings, &endings);
}

bool gh_roster_set_key(gh_roster *r, const gh_roster_key *key)
{
    (void)r;
    (void)key;
    return true;
}

void gh_roster_end_key(gh_roster *r, gh_id key)
{
    (void)r;
    (void)key;
}

bool gh_roster_set_device(gh_roster *r, const gh_roster_device *device)
{
    (void)r;
    (void)device;
    return true;
}

void gh_roster_end_device(gh_roster *r, gh_id device)
{
    (void)r;
    (void)device;
}

bool gh_roster_revoke_token(gh_roster *r, uint64_t jti, uint64_t expires_s)
{
    (void)r;
    (void)jti;
    (void)expires_s;
    return asked(&refuse_endings, &endings);
}

void gh_roster_sweep(gh_roster *r, uint64_t now_s)
{
    (void)r;
    (void)now_s;
}

bool gh_roster_has_user(const gh_roster *r, gh_id user)
{
    (void)r;
    (void)user;
    return false;
}

void gh_roster_clear(gh_roster *r)
{
    (void)r;
}

unsigned gh_roster_collect_used(gh_roster *r, gh_roster_use *ret, unsigned n)
{
    (void)r;
    (void)ret;
    (void)n;
    return 0;
}

void gh_roster_used(gh_roster *r, const gh_roster_use *use)
{
    (void)r;
    (void)use;
}

uint64_t gh_roster_session_used(gh_roster *r, gh_id session)
{
    (void)r;
    (void)session;
    return 0;
}

void gh_roster_read_stats(gh_roster *r, gh_roster_stats *ret)
{
    (void)r;
    *ret = (gh_roster_stats){0};
}

static int setup(void **state)
{
    refuse_endings = refuse_grants = endings = grants = 0;
    refuse_all_endings = false;
    return world_setup(state);
}

static unsigned sign_in(world *w, gh_id session)
{
    world_login in = {.name = "ada", .right = true, .session = world_session(session, GH_SESSION_COOKIE)};
    return world_sign_in(w, &in);
}

static gh_op_session_end *end_op(gh_id session)
{
    gh_op_session_end *o = world_op(SESSION_END, gh_op_session_end);
    o->session = session;
    return o;
}

static void test_an_end_is_tried_until_it_is_done(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    assert_int_equal(sign_in(w, 1), GH_OP_OK);
    refuse_endings = 3;
    assert_int_equal(world_once(w, end_op(1)), GH_OP_OK);
    assert_true(refuse_endings == 0 && endings == 1);
    assert_int_equal(world_said, 2); /* that it began, that it is over */
    assert_string_equal(world_event, "records_memory_recovered");
    refuse_endings = 3;
    gh_op_token_revoke *t = world_op(TOKEN_REVOKE, gh_op_token_revoke);
    t->jti = 5;
    t->expires_s = world_now_s + 100;
    assert_int_equal(world_once(w, t), GH_OP_OK);
    assert_true(refuse_endings == 0 && endings == 2);
}

/* A rotation may end the secret before: it is no mere grant. */
static void test_a_rotation_is_tried_until_it_is_done(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    assert_int_equal(sign_in(w, 1), GH_OP_OK);
    refuse_grants = 150; /* more than a grant alone is tried */
    gh_op_refresh *r = world_op(REFRESH, gh_op_refresh);
    r->session = 1;
    world_hash(1, r->hash);
    r->next_sealed = GH_STR("sealed");
    assert_int_equal(world_once(w, r), GH_OP_OK);
    assert_true(refuse_grants == 0 && grants == 2);
}

static void test_a_grant_is_given_up_in_the_end(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    refuse_grants = 100000;
    assert_int_equal(sign_in(w, 1), GH_OP_OK);
    assert_true(refuse_grants > 99000 && grants == 0);
    refuse_grants = 0;
    assert_int_equal(sign_in(w, 2), GH_OP_OK);
    assert_int_equal(grants, 1);
    world_reopen(w); /* it is on disk: the next start has both */
    assert_int_equal(grants, 3);
}

static _Atomic bool answered;

static void note_answer(gh_op *op)
{
    atomic_store(&answered, true);
    gh_op_unref(op);
}

/* Nobody is told that a session is over while it is not. */
static void test_nobody_is_told_before(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    assert_int_equal(sign_in(w, 1), GH_OP_OK);
    atomic_store(&answered, false);
    refuse_all_endings = true;
    gh_op_session_end *o = end_op(1);
    o->op.finished = note_answer;
    unsigned said = world_said;
    assert_true(gh_records_submit(w->records, &o->op));
    while (world_said == said) /* on disk, and refused */
        (void)sched_yield();
    assert_false(atomic_load(&answered));
    refuse_all_endings = false;
    while (!atomic_load(&answered))
        (void)sched_yield();
    assert_int_equal(o->op.status, GH_OP_OK);
    assert_int_equal(endings, 1);
    world_done(o);
}

static void test_the_end_of_the_process_does_not_wait_for_it(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    assert_int_equal(sign_in(w, 1), GH_OP_OK);
    refuse_all_endings = true;
    gh_op_session_end *o = end_op(1);
    o->op.finished = note_answer;
    assert_true(gh_records_submit(w->records, &o->op));
    world_close(w);
    refuse_all_endings = false;
    assert_true(world_open(w));
    world_done(o);
    assert_int_equal(world_number(w, "SELECT count(*) FROM session"), 0);
}

static void test_what_does_not_fit_at_the_start_is_said(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    assert_int_equal(sign_in(w, 1), GH_OP_OK);
    world_close(w);
    refuse_grants = 1;
    assert_false(world_open(w));
    assert_non_null(strstr(w->why, "not enough memory"));
    assert_true(world_open(w));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_end_is_tried_until_it_is_done),
        TEST(test_a_rotation_is_tried_until_it_is_done),
        TEST(test_a_grant_is_given_up_in_the_end),
        TEST(test_nobody_is_told_before),
        TEST(test_the_end_of_the_process_does_not_wait_for_it),
        TEST(test_what_does_not_fit_at_the_start_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
