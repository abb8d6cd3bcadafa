#include "records_world.h"

enum { GRACE = 10 };

static gh_id make_session(world *w, gh_id id, enum gh_session_kind kind, gh_id device)
{
    world_login in = {.name = "ada", .place = 1, .right = true, .session = world_session(id, kind)};
    in.session.device = device;
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    return id;
}

/* Presents secret `number` whose hash is of `hash`; the successor's is of `next`, sealed as that number. */
typedef struct present {
    gh_id session, device;
    uint32_t number;
    uint64_t hash, next;
    bool browser;
    bool repeated, kept; /* answered */
    uint64_t sealed;     /* answered: which successor was given out; 0: none */
    uint64_t cutoff_s;   /* answered */
    gh_id bound;         /* answered */
} present;

static unsigned refresh(world *w, present *p)
{
    gh_op_refresh *o = world_op(REFRESH, gh_op_refresh);
    o->kind = p->browser ? GH_SESSION_COOKIE : GH_SESSION_TOKENS;
    o->session = p->session;
    o->device = p->device;
    o->number = p->number;
    o->grace_s = GRACE;
    world_hash(p->hash, o->hash);
    world_hash(p->next, o->next_hash);
    o->next_sealed = (gh_str){(const char *)&p->next, sizeof p->next};
    unsigned status = world_do(w, o);
    p->repeated = o->repeated;
    p->kept = o->kept;
    p->cutoff_s = o->cutoff_s;
    p->bound = o->bound;
    p->sealed = 0;
    if (status == GH_OP_OK) {
        assert_int_equal(o->sealed.n, o->kept ? 0 : sizeof p->sealed);
        if (!o->kept)
            memcpy(&p->sealed, o->sealed.p, sizeof p->sealed);
        assert_true(o->user != 0 && o->subject.user == o->user);
        assert_int_equal(o->expires_s, o->created_s + 86400);
    } else {
        assert_true(o->sealed.p == NULL && o->user == 0);
    }
    world_done(o);
    return status;
}

static unsigned token_of(world *w, gh_id session)
{
    gh_lookup token = {.kind = GH_LOOKUP_TOKEN, .id = session, .user = w->user, .issued_s = world_now_s};
    return world_lookup(w, token).answer;
}

static void test_a_refresh_token_rotates(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    present p = {.session = 7, .number = 0, .hash = 7, .next = 100};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    assert_true(!p.repeated && p.sealed == 100);
    p = (present){.session = 7, .number = 1, .hash = 100, .next = 101};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    world_reopen(w);
    p = (present){.session = 7, .number = 2, .hash = 101, .next = 102};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    assert_int_equal(token_of(w, 7), GH_LOOKUP_GOOD);
}

static void test_two_tabs_get_the_same_successor(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    present first = {.session = 7, .hash = 7, .next = 100}, second = {.session = 7, .hash = 7, .next = 200};
    assert_int_equal(refresh(w, &first), GH_OP_OK);
    world_now_s += GRACE - 1;
    assert_int_equal(refresh(w, &second), GH_OP_OK);
    assert_true(second.repeated && second.sealed == 100);
    /* and the successor goes on working for both */
    present next = {.session = 7, .number = 1, .hash = 100, .next = 101};
    assert_int_equal(refresh(w, &next), GH_OP_OK);
}

/* Three tabs woke up together. The third had the successor already and made it the one before, while the second was still
 * under way with the first secret: which was then two back, and ended the session. */
static void test_a_browsers_successor_stays_for_its_grace(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_COOKIE, 0);
    present one = {.browser = true, .session = 7, .hash = 7, .next = 100}, two = one,
            three = {.browser = true, .session = 7, .number = 1, .hash = 100, .next = 300};
    two.next = 200;
    assert_int_equal(refresh(w, &one), GH_OP_OK);
    assert_true(!one.kept && one.sealed == 100);
    world_now_s += GRACE - 1;
    assert_int_equal(refresh(w, &three), GH_OP_OK);
    assert_true(three.kept && !three.repeated && three.sealed == 0);
    assert_int_equal(refresh(w, &two), GH_OP_OK);
    assert_true(two.repeated && !two.kept && two.sealed == 100);
    world_now_s += 1;
    assert_int_equal(refresh(w, &three), GH_OP_OK);
    assert_true(!three.kept && three.sealed == 300);
}

static void test_reuse_after_the_grace_ends_the_family(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    present p = {.session = 7, .hash = 7, .next = 100},
            next = {.session = 7, .number = 1, .hash = 100, .next = 101};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    world_now_s += GRACE;
    assert_int_equal(refresh(w, &p), GH_OP_REUSED);
    assert_int_equal(refresh(w, &next), GH_OP_NOT_FOUND);
    assert_int_equal(token_of(w, 7), GH_LOOKUP_REVOKED);
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM audit WHERE event = 'refresh_reuse' AND user IS NOT NULL"), 1);
    world_reopen(w);
    assert_int_equal(token_of(w, 7), GH_LOOKUP_REVOKED);
    assert_int_equal(refresh(w, &next), GH_OP_NOT_FOUND);
}

static void test_an_older_one_ends_the_family_even_within_the_grace(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    present p = {.session = 7, .hash = 7, .next = 100};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    present q = {.session = 7, .number = 1, .hash = 100, .next = 101};
    assert_int_equal(refresh(w, &q), GH_OP_OK);
    assert_int_equal(refresh(w, &p), GH_OP_REUSED);
}

static void test_another_secret_of_the_same_number_ends_the_family(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    present p = {.session = 7, .hash = 8, .next = 100};
    assert_int_equal(refresh(w, &p), GH_OP_REUSED);
}

static void test_a_number_from_after_a_backup_is_not_known(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    present p = {.session = 7, .number = 5, .hash = 500, .next = 501};
    assert_int_equal(refresh(w, &p), GH_OP_NOT_FOUND);
    p = (present){.session = 7, .hash = 7, .next = 100};
    assert_int_equal(refresh(w, &p), GH_OP_OK); /* nothing was ended */
}

static void test_refresh_refusals(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    make_session(w, 8, GH_SESSION_COOKIE, 0);
    assert_int_equal(token_of(w, 7), GH_LOOKUP_GOOD);
    present none = {.session = 9, .hash = 9, .next = 1}, cookie = {.session = 8, .hash = 8, .next = 1};
    assert_int_equal(refresh(w, &none), GH_OP_NOT_FOUND);
    assert_int_equal(refresh(w, &cookie), GH_OP_NOT_FOUND); /* of the other kind */
    present p = {.session = 7, .hash = 7, .next = 100};
    world_now_s += 3600; /* idle */
    assert_int_equal(refresh(w, &p), GH_OP_EXPIRED);
    world_now_s -= 1;
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    gh_op_user_change *c = world_op(USER_CHANGE, gh_op_user_change);
    c->id = user;
    c->set_disabled = c->disabled = true;
    assert_int_equal(world_once(w, c), GH_OP_OK);
    p = (present){.session = 7, .number = 1, .hash = 100, .next = 101};
    assert_int_equal(refresh(w, &p), GH_OP_NOT_FOUND); /* disabling ended it */
}

/* Who gets a token in the very second in which the older ones were cut off must be told, to date it behind. */
static void test_a_cut_off_is_told(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    present p = {.session = 7, .number = 0, .hash = 7, .next = 100};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    assert_int_equal(p.cutoff_s, 0);
    gh_op_user_change *c = world_op(USER_CHANGE, gh_op_user_change);
    c->id = user;
    c->set_tier = true;
    c->tier = GH_STR("gold");
    assert_int_equal(world_once(w, c), GH_OP_OK);
    p = (present){.session = 7, .number = 1, .hash = 100, .next = 101};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    assert_int_equal(p.cutoff_s, world_now_s);
    /* Cut off again in this second: the token from before that, which is dated behind it, too. */
    c = world_op(USER_CHANGE, gh_op_user_change);
    c->id = user;
    c->set_tier = true;
    assert_int_equal(world_once(w, c), GH_OP_OK);
    p = (present){.session = 7, .number = 2, .hash = 101, .next = 102};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    assert_int_equal(p.cutoff_s, world_now_s + 1);
    for (unsigned i = 0; i < 20;
         i++) { /* and so on, but not without end: it would be a token of times to come */
        c = world_op(USER_CHANGE, gh_op_user_change);
        c->id = user;
        c->set_tier = true;
        c->tier = i % 2 == 0 ? GH_STR("gold") : GH_STR("free");
        assert_int_equal(world_once(w, c), GH_OP_OK);
    }
    p = (present){.session = 7, .number = 3, .hash = 102, .next = 103};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    assert_int_equal(p.cutoff_s, world_now_s + 10);
}

static void test_the_absolute_end_does_not_move(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_session(w, 7, GH_SESSION_TOKENS, 0);
    uint64_t hash = 7;
    for (uint32_t i = 0; i < 24; i++) {
        present p = {.session = 7, .number = i, .hash = hash, .next = 100 + i};
        assert_int_equal(refresh(w, &p), GH_OP_OK);
        hash = 100 + i;
        world_now_s += 3599;
    }
    present p = {.session = 7, .number = 24, .hash = hash, .next = 500};
    world_now_s += 24; /* the day is over */
    assert_int_equal(refresh(w, &p), GH_OP_EXPIRED);
}

static void make_device(world *w, gh_id user, gh_id id)
{
    gh_op_device_begin *b = world_op(DEVICE_BEGIN, gh_op_device_begin);
    b->user = user;
    b->id = id;
    b->name = world_text("phone");
    b->timeout_s = 60;
    b->most = 10;
    assert_int_equal(world_once(w, b), GH_OP_OK);
    gh_op_device_confirm *c = world_op(DEVICE_CONFIRM, gh_op_device_confirm);
    c->user = user;
    c->id = id;
    assert_int_equal(world_once(w, c), GH_OP_OK);
}

static void test_a_bound_token_wants_its_device(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    make_device(w, user, 50);
    make_session(w, 7, GH_SESSION_TOKENS, 50);
    present p = {.session = 7, .hash = 7, .next = 100}, old = p;
    assert_int_equal(refresh(w, &p), GH_OP_WRONG);
    p.device = 51;
    assert_int_equal(refresh(w, &p), GH_OP_WRONG);
    p.device = 50;
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    assert_int_equal(p.bound, 50);
    /* Whoever has an old token and not the device can't end it. */
    world_now_s += GRACE;
    assert_int_equal(refresh(w, &old), GH_OP_WRONG);
    old.device = 50;
    assert_int_equal(refresh(w, &old), GH_OP_REUSED);
}

static void test_a_device_that_is_not_his_is_not_bound(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    make_device(w, world_user(w, "bob", "$1"), 50);
    make_session(w, 7, GH_SESSION_TOKENS, 50);
    present p = {.session = 7, .hash = 7, .next = 100, .device = 50};
    assert_int_equal(refresh(w, &p), GH_OP_OK);
    assert_int_equal(p.bound, 0); /* whatever is proved beside the token */
    world_login in = {
        .name = "ada", .right = true, .session = {.id = 8, .expires_s = world_now_s + 60, .device = 50}};
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    assert_int_equal(in.bound, 0);
}

static gh_op_session_list *list(world *w, gh_id user, uint32_t idle_s)
{
    gh_op_session_list *o = world_op(SESSION_LIST, gh_op_session_list);
    o->user = user;
    o->idle_s_cookie = idle_s;
    assert_int_equal(world_do(w, o), GH_OP_OK);
    return o;
}

static void test_sessions_are_listed(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    make_device(w, user, 50);
    make_session(w, 1, GH_SESSION_COOKIE, 0);
    world_now_s += 100;
    make_session(w, 2, GH_SESSION_TOKENS, 50);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1),
                     GH_LOOKUP_GOOD); /* a use that is not on disk yet */
    gh_op_session_list *o = list(w, user, 0);
    assert_int_equal(o->n, 2);
    assert_int_equal(o->sessions[0].id, 1);
    assert_int_equal(o->sessions[0].used_s, world_now_s);
    assert_int_equal(o->sessions[0].created_s, world_now_s - 100);
    assert_int_equal(o->sessions[1].kind, GH_SESSION_TOKENS);
    assert_int_equal(o->sessions[1].device, 50);
    assert_true(gh_str_eq(o->sessions[1].device_name, GH_STR("phone")));
    world_done(o);
    world_now_s += 200;
    o = list(w, user, 200);
    assert_int_equal(o->n, 1);
    world_done(o);
    o = list(w, user + 1, 0);
    assert_int_equal(o->n, 0);
    world_done(o);
}

static unsigned end(world *w, gh_id user, gh_id session, gh_id but, uint32_t *ret_ended)
{
    gh_op_session_end *o = world_op(SESSION_END, gh_op_session_end);
    o->user = user;
    o->session = session;
    o->but = but;
    o->token_s = 60;
    unsigned status = world_do(w, o);
    *ret_ended = o->ended;
    world_done(o);
    return status;
}

static void test_ending_sessions(void **state)
{
    world *w = *state;
    uint32_t ended;
    gh_id user = world_user(w, "ada", "$1");
    for (gh_id id = 1; id <= 5; id++)
        make_session(w, id, id % 2 == 0 ? GH_SESSION_TOKENS : GH_SESSION_COOKIE, 0);
    assert_int_equal(end(w, user + 1, 1, 0, &ended), GH_OP_NOT_FOUND); /* another's */
    assert_int_equal(ended, 0);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1), GH_LOOKUP_GOOD);
    assert_int_equal(end(w, user, 1, 0, &ended), GH_OP_OK);
    assert_int_equal(ended, 1);
    assert_int_equal(end(w, user, 1, 0, &ended), GH_OP_NOT_FOUND);
    assert_int_equal(end(w, 0, 2, 0, &ended), GH_OP_OK); /* the operator */
    assert_int_equal(token_of(w, 2), GH_LOOKUP_REVOKED);
    assert_int_equal(end(w, user, 0, 3, &ended), GH_OP_OK);
    assert_int_equal(ended, 2);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 3, 3), GH_LOOKUP_GOOD);
    assert_int_equal(end(w, user, 0, 0, &ended), GH_OP_OK);
    assert_int_equal(ended, 1);
    assert_int_equal(end(w, user, 0, 0, &ended), GH_OP_OK);
    assert_int_equal(ended, 0);
    world_reopen(w);
    for (gh_id id = 1; id <= 5; id++)
        assert_int_equal(token_of(w, id), GH_LOOKUP_REVOKED);
    world_now_s += 1800 + 300; /* as long as an access token may be taken at all */
    world_reopen(w);
    gh_roster_stats stats;
    gh_roster_read_stats(w->roster, &stats);
    assert_int_equal(stats.revocations, 0);
}

static unsigned revoke(world *w, uint64_t jti, uint64_t expires_s)
{
    gh_op_token_revoke *o = world_op(TOKEN_REVOKE, gh_op_token_revoke);
    o->jti = jti;
    o->expires_s = expires_s;
    return world_once(w, o);
}

static unsigned token_with(world *w, uint64_t jti)
{
    return world_lookup(w, (gh_lookup){.kind = GH_LOOKUP_TOKEN, .jti = jti, .issued_s = world_now_s}).answer;
}

static void test_revoking_access_tokens(void **state)
{
    world *w = *state;
    uint64_t high = UINT64_C(0xfedcba9876543210); /* a hash has all its bits */
    assert_int_equal(revoke(w, high, world_now_s + 100), GH_OP_OK);
    assert_int_equal(revoke(w, 5, world_now_s - 300), GH_OP_OK); /* over already */
    assert_int_equal(token_with(w, high), GH_LOOKUP_REVOKED);
    assert_int_equal(token_with(w, 5), GH_LOOKUP_GOOD);
    assert_int_equal(revoke(w, high, world_now_s + 50), GH_OP_OK); /* again, and it does not become shorter */
    world_now_s += 100 + 299; /* a clock that is behind would still take it */
    world_reopen(w);
    assert_int_equal(token_with(w, high), GH_LOOKUP_REVOKED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'token_revoke'"), 1);
}

static uint64_t remembered(world *w, gh_id session)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "SELECT until_s FROM ended_session WHERE id = %llu",
                   (unsigned long long)session);
    return (uint64_t)world_number(w, sql) - world_now_s;
}

static uint64_t end_and_see(world *w, gh_id session)
{
    uint32_t ended;
    make_session(w, session, GH_SESSION_TOKENS, 0);
    assert_int_equal(end(w, w->user, session, 0, &ended), GH_OP_OK);
    return remembered(w, session);
}

/* When access tokens live shorter than before, some that were made before are still out there. */
static void test_ends_are_remembered_for_as_long_as_any_token_lives(void **state)
{
    world *w = *state;
    gh_records_options options = w->options;
    world_user(w, "ada", "$1");
    assert_int_equal(end_and_see(w, 1), 2100);
    options.access_s = 60;
    assert_true(gh_records_adjust(w->records, &options));
    world_now_s += 1799;
    assert_int_equal(end_and_see(w, 2), 2100);
    w->options.access_s = 120;
    world_reopen(w);
    assert_int_equal(end_and_see(w, 3), 2100);
    world_now_s += 1;
    world_reopen(w);
    assert_int_equal(end_and_see(w, 4), 420);
    options.access_s = 7200;
    assert_true(gh_records_adjust(w->records, &options));
    assert_int_equal(end_and_see(w, 5), 7500);
    options.access_s = 120;
    assert_true(gh_records_adjust(w->records, &options));
    world_reopen(w);
    assert_int_equal(end_and_see(w, 6), 7500);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_refresh_token_rotates),
        TEST(test_two_tabs_get_the_same_successor),
        TEST(test_a_browsers_successor_stays_for_its_grace),
        TEST(test_reuse_after_the_grace_ends_the_family),
        TEST(test_an_older_one_ends_the_family_even_within_the_grace),
        TEST(test_another_secret_of_the_same_number_ends_the_family),
        TEST(test_a_number_from_after_a_backup_is_not_known),
        TEST(test_refresh_refusals),
        TEST(test_a_cut_off_is_told),
        TEST(test_the_absolute_end_does_not_move),
        TEST(test_a_bound_token_wants_its_device),
        TEST(test_a_device_that_is_not_his_is_not_bound),
        TEST(test_sessions_are_listed),
        TEST(test_ending_sessions),
        TEST(test_revoking_access_tokens),
        TEST(test_ends_are_remembered_for_as_long_as_any_token_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
