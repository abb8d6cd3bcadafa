/* The cleanup, run on the records' thread when the test says. */
#include "records/inside.h"
#include "records/sweep.h"
#include "records_world.h"

static void sweep(world *w)
{
    world_sweep(w, 3600, 7200);
}

static gh_id sign_in(world *w, gh_id id, enum gh_session_kind kind, uint64_t life_s)
{
    world_login in = {.name = "ada", .right = true, .session = world_session(id, kind)};
    in.session.expires_s = world_now_s + life_s;
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    return id;
}

static int64_t sessions(world *w)
{
    gh_roster_stats stats;
    int64_t n = world_number(w, "SELECT count(*) FROM session");
    gh_roster_read_stats(w->roster, &stats);
    assert_int_equal(stats.sessions, n); /* memory and disk go together */
    return n;
}

static void test_sessions_go_when_they_are_over(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    sign_in(w, 1, GH_SESSION_COOKIE, 100);
    sign_in(w, 2, GH_SESSION_COOKIE, 86400);
    sign_in(w, 3, GH_SESSION_COOKIE, 86400);
    sign_in(w, 4, GH_SESSION_TOKENS, 86400);
    sweep(w);
    assert_int_equal(sessions(w), 4);
    world_now_s += 100;
    sweep(w);
    assert_int_equal(sessions(w), 3);
    world_now_s += 3400;
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 3, 3), GH_LOOKUP_GOOD); /* used: lives on */
    world_now_s += 100;
    sweep(w);
    assert_int_equal(sessions(w), 2);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 2, 2), GH_LOOKUP_UNKNOWN);
    world_now_s += 3600;
    sweep(w);
    assert_int_equal(sessions(w), 0);
}

static void expire_now(gh_work *w, void *data)
{
    (void)gh_sweep_expired(w, data);
}

/* A use that only memory knows counts: it came after the uses were written. */
static void test_a_use_of_the_moment_counts(void **state)
{
    world *w = *state;
    gh_sweep_spans spans = {.cookie_idle_s = 3600, .token_idle_s = 7200};
    world_user(w, "ada", "$1");
    sign_in(w, 1, GH_SESSION_COOKIE, 86400);
    sign_in(w, 2, GH_SESSION_COOKIE, 86400);
    sweep(w);
    world_now_s += 3600;
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1), GH_LOOKUP_GOOD);
    assert_true(gh_records_call(w->records, expire_now, &spans));
    assert_int_equal(sessions(w), 1);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1), GH_LOOKUP_GOOD);
}

static void test_more_than_a_piece_goes(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    for (gh_id id = 1; id <= 700; id++) {
        sign_in(w, id, GH_SESSION_COOKIE, 100);
        assert_int_equal(world_look(w, GH_LOOKUP_SESSION, id, id), GH_LOOKUP_GOOD);
    }
    world_now_s += 100;
    sweep(w);
    assert_int_equal(sessions(w), 0);
}

static void test_last_uses_are_written(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    sign_in(w, 1, GH_SESSION_COOKIE, 86400);
    gh_op_key_create *k = world_op(KEY_CREATE, gh_op_key_create);
    k->user = user;
    k->id = 5;
    k->most = 1;
    world_hash(5, k->hash);
    assert_int_equal(world_once(w, k), GH_OP_OK);
    world_now_s += 300;
    gh_lookup look = {.kind = GH_LOOKUP_SESSION, .id = 1};
    world_hash(1, look.hash);
    assert_true(gh_ip_parse(GH_STR("2001:db8::7"), &look.address));
    assert_int_equal(world_lookup(w, look).answer, GH_LOOKUP_GOOD);
    assert_int_equal(world_look(w, GH_LOOKUP_API_KEY, 5, 5), GH_LOOKUP_GOOD);
    world_close(w); /* writes them, too */
    assert_int_equal(world_number(w, "SELECT used_s FROM session"), world_now_s);
    assert_int_equal(world_number(w, "SELECT count(*) FROM session WHERE length(address) = 16"), 1);
    assert_int_equal(world_number(w, "SELECT used_s FROM api_key"), world_now_s);
    assert_true(world_open(w));
    world_now_s += 300;
    assert_int_equal(world_lookup(w, (gh_lookup){.kind = GH_LOOKUP_SESSION, .id = 1}).answer,
                     GH_LOOKUP_MISMATCH);
    sweep(w);
    assert_int_equal(world_number(w, "SELECT used_s FROM session"),
                     world_now_s - 300); /* a wrong secret is no use */
}

static void test_everything_else_has_its_time(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    sign_in(w, 1, GH_SESSION_COOKIE, 86400);
    gh_op_session_end *e = world_op(SESSION_END, gh_op_session_end);
    e->session = 1;
    assert_int_equal(world_once(w, e), GH_OP_OK);
    gh_op_token_revoke *t = world_op(TOKEN_REVOKE, gh_op_token_revoke);
    t->jti = 5;
    t->expires_s = world_now_s + 1000;
    assert_int_equal(world_once(w, t), GH_OP_OK);
    gh_op_user_change *c = world_op(USER_CHANGE, gh_op_user_change);
    c->id = user;
    c->add_role = GH_STR("admin");
    assert_int_equal(world_once(w, c), GH_OP_OK);
    for (gh_id id = 1; id <= 2; id++) {
        gh_op_device_begin *d = world_op(DEVICE_BEGIN, gh_op_device_begin);
        d->id = id;
        d->most = 5;
        d->timeout_s = 60;
        assert_int_equal(world_once(w, d), GH_OP_OK);
    }
    gh_op_device_confirm *f = world_op(DEVICE_CONFIRM, gh_op_device_confirm);
    f->id = 2;
    assert_int_equal(world_once(w, f), GH_OP_OK);
    gh_op_key_create *k = world_op(KEY_CREATE, gh_op_key_create);
    k->user = user;
    k->id = 5;
    k->most = 1;
    k->expires_s = world_now_s + 500;
    assert_int_equal(world_once(w, k), GH_OP_OK);
    world_login wrong = {.name = "eve", .place = 3};
    assert_int_equal(world_sign_in(w, &wrong), GH_OP_WRONG);
    static const char *const rows =
        "SELECT (SELECT count(*) FROM ended_session) + (SELECT count(*) FROM revoked_token) + "
        "(SELECT count(*) FROM user_cutoff) + (SELECT count(*) FROM device) + "
        "(SELECT count(*) FROM api_key) + (SELECT count(*) FROM attempt WHERE n > 0)";
    sweep(w);
    assert_int_equal(world_number(w, rows), 1 + 1 + 1 + 2 + 1 + 3);
    world_now_s += 60;
    sweep(w);
    assert_int_equal(world_number(w, rows), 1 + 1 + 1 + 1 + 1 + 3); /* the registration */
    world_now_s += 500;
    sweep(w);
    assert_int_equal(world_number(w, rows), 1 + 1 + 1 + 1 + 0 + 3); /* the key */
    world_now_s += 800;
    sweep(w);
    assert_int_equal(world_number(w, rows), 1 + 0 + 1 + 1 + 0 + 0); /* the token, the attempts */
    world_now_s += 1000;
    sweep(w);
    assert_int_equal(world_number(w, rows), 1); /* the session's end, the cut-off; a device has no end */
    assert_int_equal(world_number(w, "SELECT count(*) FROM known_place"), 1);
    world_now_s += 90 * 86400;
    sweep(w);
    assert_int_equal(world_number(w, "SELECT count(*) FROM known_place"), 0);
    world_now_s += 90 * 86400;
    sweep(w);
    assert_int_equal(world_number(w, rows), 0); /* nobody's and unused for half a year */
    gh_roster_stats stats;
    gh_roster_read_stats(w->roster, &stats);
    assert_true(stats.devices == 0 && stats.keys == 0 && stats.revocations == 0 && stats.sessions == 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sessions_go_when_they_are_over), TEST(test_a_use_of_the_moment_counts),
        TEST(test_more_than_a_piece_goes),         TEST(test_last_uses_are_written),
        TEST(test_everything_else_has_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
