#include "records_world.h"

static void test_a_right_password_opens_a_session(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "Ada", "$argon2id$1");
    world_login in = {
        .name = "ADA", .place = 1, .right = true, .session = world_session(77, GH_SESSION_COOKIE)};
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    assert_int_equal(in.subject.user, user);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 77, 77), GH_LOOKUP_GOOD);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 77, 78), GH_LOOKUP_MISMATCH);
    world_reopen(w);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 77, 77), GH_LOOKUP_GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_right_password_opens_a_session, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
