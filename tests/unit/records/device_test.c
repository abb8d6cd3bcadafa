#include "records_world.h"

typedef struct asked {
    gh_id user, id;
    uint64_t hash, place;
    uint32_t most, timeout_s;
} asked;

static unsigned begin(world *w, asked a)
{
    gh_op_device_begin *o = world_op(DEVICE_BEGIN, gh_op_device_begin);
    o->user = a.user;
    o->id = a.id;
    o->name = world_text("phone");
    o->most = a.most;
    o->timeout_s = a.timeout_s == 0 ? 60 : a.timeout_s;
    world_hash(a.hash == 0 ? a.id : a.hash, o->hash);
    world_hash(a.place, o->prefix);
    return world_once(w, o);
}

static unsigned confirm(world *w, gh_id user, gh_id id, uint64_t hash)
{
    gh_op_device_confirm *o = world_op(DEVICE_CONFIRM, gh_op_device_confirm);
    o->user = user;
    o->id = id;
    world_hash(hash, o->hash);
    return world_once(w, o);
}

static unsigned end(world *w, gh_id user, gh_id id)
{
    gh_op_device_end *o = world_op(DEVICE_END, gh_op_device_end);
    o->user = user;
    o->id = id;
    return world_once(w, o);
}

static uint32_t count(world *w, gh_id user, uint32_t *ret_confirmed)
{
    gh_op_device_list *o = world_op(DEVICE_LIST, gh_op_device_list);
    o->user = user;
    assert_int_equal(world_do(w, o), GH_OP_OK);
    uint32_t n = o->n;
    *ret_confirmed = 0;
    for (uint32_t i = 0; i < n; i++) {
        *ret_confirmed += o->devices[i].confirmed;
        assert_true(gh_str_eq(o->devices[i].name, GH_STR("phone")));
    }
    world_done(o);
    return n;
}

static void test_a_device_counts_when_it_is_confirmed(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    assert_int_equal(begin(w, (asked){user, 5, .most = 3}), GH_OP_OK);
    assert_int_equal(world_look(w, GH_LOOKUP_DEVICE, 5, 5), GH_LOOKUP_UNKNOWN);
    assert_int_equal(confirm(w, user, 5, 6), GH_OP_WRONG);
    assert_int_equal(confirm(w, user + 1, 5, 5), GH_OP_NOT_FOUND);
    assert_int_equal(confirm(w, 0, 5, 5), GH_OP_NOT_FOUND);
    assert_int_equal(confirm(w, user, 6, 5), GH_OP_NOT_FOUND);
    world_now_s += 59;
    assert_int_equal(confirm(w, user, 5, 5), GH_OP_OK);
    world_now_s += 1000;
    assert_int_equal(confirm(w, user, 5, 5), GH_OP_OK); /* again */
    assert_int_equal(confirm(w, user, 5, 6), GH_OP_WRONG);
    assert_int_equal(world_look(w, GH_LOOKUP_DEVICE, 5, 5), GH_LOOKUP_GOOD);
    world_reopen(w);
    assert_int_equal(world_look(w, GH_LOOKUP_DEVICE, 5, 5), GH_LOOKUP_GOOD);
}

static void test_a_registration_that_is_not_confirmed_expires(void **state)
{
    world *w = *state;
    uint32_t confirmed;
    gh_id user = world_user(w, "ada", "$1");
    assert_int_equal(begin(w, (asked){user, 5, .most = 1}), GH_OP_OK);
    assert_int_equal(begin(w, (asked){user, 6, .most = 1}), GH_OP_CAP); /* it has the place meanwhile */
    assert_int_equal(count(w, user, &confirmed), 1);
    world_now_s += 60;
    assert_int_equal(confirm(w, user, 5, 5), GH_OP_EXPIRED);
    assert_int_equal(count(w, user, &confirmed), 0);
    assert_int_equal(begin(w, (asked){user, 6, .most = 1}), GH_OP_OK);
    assert_int_equal(confirm(w, user, 6, 6), GH_OP_OK);
    assert_int_equal(begin(w, (asked){user, 7, .most = 1}), GH_OP_CAP);
    assert_int_equal(count(w, user, &confirmed), 1);
    assert_int_equal(confirmed, 1);
}

static void test_refusals(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    assert_int_equal(begin(w, (asked){user + 1, 5, .most = 1}), GH_OP_NOT_FOUND);
    assert_int_equal(begin(w, (asked){user, 5, .most = 0}), GH_OP_CAP); /* none at all */
    assert_int_equal(begin(w, (asked){user, 5, .most = 1}), GH_OP_OK);
    assert_int_equal(end(w, user + 1, 5), GH_OP_NOT_FOUND);
    assert_int_equal(end(w, 0, 5), GH_OP_NOT_FOUND);
    assert_int_equal(end(w, user, 6), GH_OP_NOT_FOUND);
    assert_int_equal(end(w, user, 5), GH_OP_OK);
    assert_int_equal(confirm(w, user, 5, 5), GH_OP_NOT_FOUND);
}

static void test_anonymous_devices_are_counted_by_place(void **state)
{
    world *w = *state;
    assert_int_equal(begin(w, (asked){0, 5, .place = 1, .most = 2}), GH_OP_OK);
    assert_int_equal(begin(w, (asked){0, 6, .place = 1, .most = 2}), GH_OP_OK);
    assert_int_equal(confirm(w, 0, 6, 6), GH_OP_OK);
    assert_int_equal(begin(w, (asked){0, 7, .place = 1, .most = 2}), GH_OP_CAP);
    assert_int_equal(begin(w, (asked){0, 7, .place = 2, .most = 2}), GH_OP_OK);
    gh_lookup look = {.kind = GH_LOOKUP_DEVICE, .id = 6};
    world_hash(6, look.hash);
    world_reopen(w);
    look = world_lookup(w, look);
    assert_int_equal(look.answer, GH_LOOKUP_GOOD);
    assert_int_equal(look.subject.user, 0);
    assert_int_equal(end(w, 0, 6), GH_OP_OK);
    assert_int_equal(world_look(w, GH_LOOKUP_DEVICE, 6, 6), GH_LOOKUP_UNKNOWN);
}

static void test_the_end_of_a_device_ends_its_sessions(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    assert_int_equal(begin(w, (asked){user, 5, .most = 3}), GH_OP_OK);
    assert_int_equal(confirm(w, user, 5, 5), GH_OP_OK);
    for (gh_id id = 10; id < 13; id++) {
        world_login in = {.name = "ada", .right = true, .session = world_session(id, GH_SESSION_COOKIE)};
        in.session.device = id == 12 ? 0 : 5;
        assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    }
    assert_int_equal(end(w, user, 5), GH_OP_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 10, 10), GH_LOOKUP_UNKNOWN);
        assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 11, 11), GH_LOOKUP_UNKNOWN);
        assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 12, 12), GH_LOOKUP_GOOD);
        gh_lookup token = {.kind = GH_LOOKUP_TOKEN, .id = 10, .user = user, .issued_s = world_now_s};
        assert_int_equal(world_lookup(w, token).answer, GH_LOOKUP_REVOKED);
        world_reopen(w);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_device_counts_when_it_is_confirmed),
        TEST(test_a_registration_that_is_not_confirmed_expires),
        TEST(test_refusals),
        TEST(test_anonymous_devices_are_counted_by_place),
        TEST(test_the_end_of_a_device_ends_its_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
