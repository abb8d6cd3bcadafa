#include "records_world.h"

static gh_op_key_create *create(gh_id user, gh_id id)
{
    gh_op_key_create *o = world_op(KEY_CREATE, gh_op_key_create);
    o->user = user;
    o->id = id;
    o->name = world_text("build");
    o->start = world_text("ghk_0abc");
    o->most = 3;
    world_hash(id, o->hash);
    return o;
}

static gh_lookup look_from(world *w, gh_id id, const char *address)
{
    gh_lookup look = {.kind = GH_LOOKUP_API_KEY, .id = id};
    world_hash(id, look.hash);
    assert_true(gh_ip_parse(gh_str_of(address), &look.address));
    return world_lookup(w, look);
}

static unsigned look(world *w, gh_id id)
{
    return world_look(w, GH_LOOKUP_API_KEY, id, id);
}

static void test_a_key_is_made_and_ends(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    gh_op_key_create *o = create(0, 5);
    o->user_name = world_text("Ada");
    o->scopes = world_text("read write");
    o->tier = world_text("premium");
    o->networks = world_text("192.0.2.0/24 2001:db8::/32");
    assert_int_equal(world_do(w, o), GH_OP_OK);
    assert_int_equal(o->key.user, user);
    assert_true(gh_str_eq(o->key.user_name, GH_STR("ada")) && o->key.expires_s == 0 &&
                o->key.replaced_by == 0);
    world_done(o);
    for (unsigned i = 0; i < 2; i++) {
        gh_lookup found = look_from(w, 5, "192.0.2.77");
        assert_int_equal(found.answer, GH_LOOKUP_GOOD);
        assert_true(found.scoped && gh_str_eq(GH_SHORT_STR(found.scopes), GH_STR("read write")));
        assert_true(gh_str_eq(GH_SHORT_STR(found.tier), GH_STR("premium")));
        assert_int_equal(found.subject.user, user);
        assert_int_equal(look_from(w, 5, "2001:db8::1").answer, GH_LOOKUP_GOOD);
        assert_int_equal(look_from(w, 5, "198.51.100.1").answer, GH_LOOKUP_ADDRESS_REFUSED);
        assert_int_equal(world_look(w, GH_LOOKUP_API_KEY, 5, 6), GH_LOOKUP_MISMATCH);
        world_reopen(w);
    }
    gh_op_key_end *e = world_op(KEY_END, gh_op_key_end);
    e->user = user + 1;
    e->id = 5;
    assert_int_equal(world_once(w, e), GH_OP_NOT_FOUND);
    e = world_op(KEY_END, gh_op_key_end);
    e->user = user;
    e->id = 5;
    assert_int_equal(world_once(w, e), GH_OP_OK);
    assert_int_equal(look(w, 5), GH_LOOKUP_UNKNOWN);
    e = world_op(KEY_END, gh_op_key_end);
    e->id = 5;
    assert_int_equal(world_once(w, e), GH_OP_NOT_FOUND);
}

static void test_refusals(void **state)
{
    world *w = *state;
    static const char *const networks[] = {"10.0.0.1/8", "10.0.0.0/8,192.0.2.0/24", "all", " 10.0.0.0/8",
                                           "10.0.0.0/33"};
    char many[1024] = "";
    gh_id user = world_user(w, "ada", "$1");
    assert_int_equal(world_once(w, create(user + 1, 5)), GH_OP_NOT_FOUND);
    for (size_t i = 0; i < GH_COUNT(networks); i++) {
        gh_op_key_create *o = create(user, 5);
        o->networks = world_text(networks[i]);
        assert_int_equal(world_once(w, o), GH_OP_WRONG);
    }
    for (unsigned i = 0; i < 65; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "%s10.0.0.%u", i == 0 ? "" : " ", i);
    gh_op_key_create *o = create(user, 5);
    o->networks = world_text(many);
    assert_int_equal(world_once(w, o), GH_OP_WRONG);
    memset(many, 'a', sizeof many);
    o = create(user, 5);
    o->scopes = (gh_str){many, GH_SCOPES_TEXT_MAX + 1};
    assert_int_equal(world_once(w, o), GH_OP_WRONG);
    o = create(user, 5);
    o->most = 0;
    assert_int_equal(world_once(w, o), GH_OP_CAP);
    gh_op_user_change *c = world_op(USER_CHANGE, gh_op_user_change);
    c->id = user;
    c->set_disabled = c->disabled = true;
    assert_int_equal(world_once(w, c), GH_OP_OK);
    assert_int_equal(world_once(w, create(user, 5)), GH_OP_DISABLED);
    assert_int_equal(look(w, 5), GH_LOOKUP_UNKNOWN);
}

static void test_the_cap_does_not_count_what_expired(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    for (gh_id id = 1; id <= 3; id++) {
        gh_op_key_create *o = create(user, id);
        o->expires_s = id == 1 ? world_now_s + 10 : 0;
        assert_int_equal(world_once(w, o), GH_OP_OK);
    }
    assert_int_equal(world_once(w, create(user, 4)), GH_OP_CAP);
    world_now_s += 10;
    assert_int_equal(look(w, 1), GH_LOOKUP_EXPIRED);
    assert_int_equal(world_once(w, create(user, 4)), GH_OP_OK);
    assert_int_equal(world_once(w, create(user, 5)), GH_OP_CAP);
}

static gh_op_key_create *roll(gh_id user, gh_id id, gh_id old, uint32_t overlap_s)
{
    gh_op_key_create *o = create(user, id);
    o->name = (gh_str){NULL, 0};
    o->rolls = old;
    o->overlap_s = overlap_s;
    return o;
}

static void test_a_key_is_rolled_over(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    gh_op_key_create *o = create(user, 1);
    o->scopes = world_text("read");
    o->networks = world_text("192.0.2.0/24");
    o->tier = world_text("premium");
    o->expires_s = world_now_s + 1000;
    o->most = 1;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    o = roll(user, 2, 1, 100);
    o->most = 1;
    assert_int_equal(world_do(w, o), GH_OP_OK);
    assert_true(gh_str_eq(o->key.scopes, GH_STR("read")) &&
                gh_str_eq(o->key.networks, GH_STR("192.0.2.0/24")));
    assert_true(gh_str_eq(o->key.name, GH_STR("build")) && gh_str_eq(o->key.tier, GH_STR("premium")));
    assert_int_equal(o->key.expires_s, world_now_s + 1000);
    world_done(o);
    assert_int_equal(look_from(w, 1, "192.0.2.1").answer, GH_LOOKUP_GOOD);
    assert_int_equal(look_from(w, 2, "192.0.2.1").answer, GH_LOOKUP_GOOD);
    assert_int_equal(look_from(w, 2, "192.0.3.1").answer, GH_LOOKUP_ADDRESS_REFUSED);
    assert_int_equal(world_once(w, roll(user, 3, 1, 100)), GH_OP_NOT_FOUND); /* once */
    o = roll(user, 3, 2, 100);
    o->most = 1;
    assert_int_equal(world_once(w, o), GH_OP_CAP); /* of those that live on there may be as many, too */
    assert_int_equal(world_once(w, roll(user + 1, 3, 2, 100)), GH_OP_NOT_FOUND);
    world_reopen(w);
    assert_int_equal(look_from(w, 1, "192.0.2.1").answer, GH_LOOKUP_GOOD);
    world_now_s += 100;
    assert_int_equal(look_from(w, 1, "192.0.2.1").answer, GH_LOOKUP_EXPIRED);
    o = roll(user, 3, 2, 0); /* at once */
    o->most = 1;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    assert_int_equal(look_from(w, 2, "192.0.2.1").answer, GH_LOOKUP_UNKNOWN);
    assert_int_equal(look_from(w, 3, "192.0.2.1").answer, GH_LOOKUP_GOOD);
}

static void test_a_roll_over_never_lengthens_the_old_ones_life(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1"), other = world_user(w, "bob", "$1");
    gh_op_key_create *o = create(user, 1);
    o->expires_s = world_now_s + 10;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    assert_int_equal(world_once(w, roll(other, 2, 1, 100)), GH_OP_NOT_FOUND);
    o = roll(user, 2, 1, 100);
    o->expires_s = world_now_s + 5000;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    world_now_s += 10;
    assert_int_equal(look(w, 1), GH_LOOKUP_EXPIRED);
    assert_int_equal(look(w, 2), GH_LOOKUP_GOOD);
    world_now_s += 5000;
    assert_int_equal(world_once(w, roll(user, 3, 2, 100)), GH_OP_NOT_FOUND); /* over */
}

static void test_keys_are_listed(void **state)
{
    world *w = *state;
    gh_id ada = world_user(w, "ada", "$1"), bob = world_user(w, "bob", "$1");
    assert_int_equal(world_once(w, create(bob, 3)), GH_OP_OK);
    assert_int_equal(world_once(w, create(ada, 1)), GH_OP_OK);
    gh_op_key_create *c = create(ada, 2);
    c->expires_s = world_now_s + 10;
    assert_int_equal(world_once(w, c), GH_OP_OK);
    gh_op_key_list *o = world_op(KEY_LIST, gh_op_key_list);
    assert_int_equal(world_do(w, o), GH_OP_OK);
    assert_int_equal(o->n, 3);
    assert_true(o->keys[0].id == 1 && o->keys[1].id == 2 && o->keys[2].id == 3);
    assert_true(gh_str_eq(o->keys[2].user_name, GH_STR("bob")) &&
                gh_str_eq(o->keys[2].start, GH_STR("ghk_0abc")));
    world_done(o);
    world_now_s += 10;
    o = world_op(KEY_LIST, gh_op_key_list);
    o->user_name = world_text("ADA");
    assert_int_equal(world_do(w, o), GH_OP_OK);
    assert_int_equal(o->n, 1);
    world_done(o);
    o = world_op(KEY_LIST, gh_op_key_list);
    o->user_name = world_text("eve");
    assert_int_equal(world_once(w, o), GH_OP_NOT_FOUND);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_key_is_made_and_ends),
        TEST(test_refusals),
        TEST(test_the_cap_does_not_count_what_expired),
        TEST(test_a_key_is_rolled_over),
        TEST(test_a_roll_over_never_lengthens_the_old_ones_life),
        TEST(test_keys_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
