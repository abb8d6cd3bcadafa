#include "records/inside.h"
#include "records/sqlite/connection.h"
#include "records_world.h"

static const gh_attempt_limits few = {
    .per_account = 3, .per_address = 5, .whole_account = 4, .window_s = 900};

static world_login from(const char *name, uint64_t place, bool right)
{
    static gh_id id = 1000;
    return (world_login){.name = name,
                         .place = place,
                         .right = right,
                         .limits = few,
                         .session = world_session(++id, GH_SESSION_COOKIE)};
}

static unsigned try(world *w, const char *name, uint64_t place, bool right, uint64_t *ret_retry_s)
{
    world_login in = from(name, place, right);
    unsigned status = world_sign_in(w, &in);
    if (ret_retry_s != NULL)
        *ret_retry_s = in.retry_s;
    return status;
}

static void test_a_right_password_opens_a_session(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "Ada", "$argon2id$1");
    world_login in = {
        .name = "ADA", .place = 1, .right = true, .session = world_session(77, GH_SESSION_COOKIE)};
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    assert_int_equal(in.subject.user, user);
    assert_int_equal(in.subject.name.n, 3);
    assert_memory_equal(in.subject.name.p, "ada", 3);
    assert_memory_equal(in.subject.roles.p, "user", 4);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 77, 77), GH_LOOKUP_GOOD);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 77, 78), GH_LOOKUP_MISMATCH);
    world_reopen(w);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 77, 77), GH_LOOKUP_GOOD);
    assert_int_equal(world_number(w, "SELECT count(*) FROM login"), 0);
    assert_int_equal(world_number(w, "SELECT last_login_s FROM user"), world_now_s);
}

static void test_begin_tells_what_is_to_be_compared(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$argon2id$1");
    gh_op_login_begin *b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->user = user;
    b->limits = few;
    assert_int_equal(world_do(w, b), GH_OP_OK);
    assert_int_equal(b->found, user);
    assert_true(gh_str_eq(b->stored, GH_STR("$argon2id$1")) && gh_str_eq(b->found_name, GH_STR("ada")));
    assert_true(b->email.p == NULL && !b->disabled && b->attempt != 0);
    world_done(b);
    b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->name = world_text("nobody");
    b->limits = few;
    assert_int_equal(world_do(w, b), GH_OP_OK);
    assert_true(b->found == 0 && b->stored.p == NULL && b->attempt != 0);
    world_done(b);
}

static void test_unknown_wrong_and_disabled_are_one_answer_to_begin(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    assert_int_equal(try(w, "nobody", 1, true, NULL), GH_OP_WRONG);
    assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
    gh_op_user_change *c = world_op(USER_CHANGE, gh_op_user_change);
    c->id = user;
    c->set_disabled = c->disabled = true;
    assert_int_equal(world_once(w, c), GH_OP_OK);
    assert_int_equal(try(w, "ada", 1, true, NULL), GH_OP_DISABLED);
    assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
    assert_int_equal(world_number(w, "SELECT count(*) FROM session"), 0);
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM audit WHERE event = 'auth_attempt' AND detail LIKE '%false%'"),
        4);
    /* whatever the password was: an attacker's guesses at a disabled account are told from those at another */
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE detail LIKE '%\"disabled\"%'"), 2);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE detail LIKE '%\"wrong\"%'"), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE name = 'nobody' AND user IS NULL"), 1);
}

static void test_beyond_the_free_number_the_wait_doubles(void **state)
{
    world *w = *state;
    uint64_t retry_s, most = 0;
    world_user(w, "ada", "$1");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
    for (unsigned i = 0; i < 12; i++) {
        unsigned status = try(w, "ada", 1, true, &retry_s);
        assert_int_equal(status, GH_OP_SLOWED); /* the right password, too */
        assert_int_equal(retry_s, i < 10 ? (uint64_t)1 << i : 900);
        if (retry_s > most)
            most = retry_s;
        world_now_s += retry_s - 1;
        assert_int_equal(try(w, "ada", 1, false, &retry_s), GH_OP_SLOWED);
        assert_int_equal(retry_s, 1); /* knocking does not make it longer */
        world_now_s += 1;
        if (i == 10)
            break; /* a window without an attempt: forgotten */
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
    }
    assert_int_equal(most, 900);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
    assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_SLOWED);
}

static void test_unknown_names_are_slowed_alike(void **state)
{
    world *w = *state;
    uint64_t known, unknown;
    world_user(w, "ada", "$1");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
        assert_int_equal(try(w, "Nobody", 2, false, NULL), GH_OP_WRONG);
    }
    assert_int_equal(try(w, "ada", 1, false, &known), GH_OP_SLOWED);
    assert_int_equal(try(w, "noBody", 2, false, &unknown), GH_OP_SLOWED);
    assert_int_equal(known, unknown);
    assert_int_equal(world_number(w, "SELECT count(DISTINCT length(who)) FROM attempt WHERE kind = 1"), 1);
}

static void test_success_forgets_the_pair_and_takes_itself_back(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    world_user(w, "bob", "$1");
    for (unsigned round = 0; round < 4; round++) {
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
        assert_int_equal(try(w, "ada", 1, true, NULL), GH_OP_OK);
    }
    /* Four wrong ones of five free count for the address; right ones are no way to more of them. */
    assert_int_equal(try(w, "bob", 1, false, NULL), GH_OP_WRONG);
    assert_int_equal(try(w, "bob", 1, false, NULL), GH_OP_SLOWED);
    assert_int_equal(try(w, "bob", 2, true, NULL), GH_OP_OK);
}

static void test_an_address_is_slowed_whatever_the_name(void **state)
{
    world *w = *state;
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(try(w, names[i], 7, false, NULL), GH_OP_WRONG);
    assert_int_equal(try(w, "f", 7, false, NULL), GH_OP_SLOWED);
    assert_int_equal(try(w, "f", 8, false, NULL), GH_OP_WRONG);
}

static void test_a_stranger_cannot_keep_the_owner_out(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    assert_int_equal(try(w, "ada", 1, true, NULL), GH_OP_OK);
    for (uint64_t place = 100; place < 104; place++)
        assert_int_equal(try(w, "ada", place, false, NULL), GH_OP_WRONG);
    assert_int_equal(try(w, "ada", 104, false, NULL), GH_OP_SLOWED); /* the whole account, from elsewhere */
    assert_int_equal(try(w, "ada", 1, true, NULL), GH_OP_OK);        /* from where he was before */
}

static gh_id register_device(world *w, gh_id user, gh_id id)
{
    gh_op_device_begin *b = world_op(DEVICE_BEGIN, gh_op_device_begin);
    b->user = user;
    b->id = id;
    world_hash(id, b->hash);
    b->timeout_s = 60;
    b->most = 10;
    assert_int_equal(world_once(w, b), GH_OP_OK);
    gh_op_device_confirm *c = world_op(DEVICE_CONFIRM, gh_op_device_confirm);
    c->user = user;
    c->id = id;
    world_hash(id, c->hash);
    assert_int_equal(world_once(w, c), GH_OP_OK);
    return id;
}

static unsigned try_with(world *w, const char *name, gh_id device, bool right)
{
    world_login in = from(name, 1, right);
    in.device = device;
    in.session.device = device;
    return world_sign_in(w, &in);
}

static void test_a_known_device_has_a_budget_of_its_own(void **state)
{
    world *w = *state;
    gh_id ada = world_user(w, "ada", "$1"), bob = world_user(w, "bob", "$1");
    gh_id device = register_device(w, ada, 501), other = register_device(w, bob, 502);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
    assert_int_equal(try(w, "ada", 1, true, NULL), GH_OP_SLOWED);
    assert_int_equal(try_with(w, "ada", other, true), GH_OP_SLOWED); /* another's device is none */
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(try_with(w, "ada", device, false), GH_OP_WRONG);
    assert_int_equal(try_with(w, "ada", device, true), GH_OP_SLOWED); /* it is limited as well */
    world_now_s += 1;
    assert_int_equal(try_with(w, "ada", device, true), GH_OP_OK);
    assert_int_equal(try(w, "ada", 1, true, NULL), GH_OP_OK); /* success forgot the pair */
}

static void test_the_trail_tells_of_slowing_once(void **state)
{
    world *w = *state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_SLOWED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE detail LIKE '%slowed%'"), 1);
}

static void test_counts_outlive_the_process(void **state)
{
    world *w = *state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_WRONG);
    world_reopen(w);
    assert_int_equal(try(w, "ada", 1, false, NULL), GH_OP_SLOWED);
}

/* A story: the old password is compared while the owner changes it; "right" must not open a session any more. */
static void test_a_password_that_changed_meanwhile_is_wrong(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$old");
    gh_op_login_begin *b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->name = world_text("ada");
    b->limits = few;
    assert_int_equal(world_do(w, b), GH_OP_OK);
    gh_op_user_change *c = world_op(USER_CHANGE, gh_op_user_change);
    c->id = user;
    c->hash = world_text("$new");
    assert_int_equal(world_once(w, c), GH_OP_OK);
    gh_op_login_finish *f = world_op(LOGIN_FINISH, gh_op_login_finish);
    f->user = user;
    f->right = true;
    f->attempt = b->attempt;
    f->session = world_session(5, GH_SESSION_COOKIE);
    assert_int_equal(world_once(w, f), GH_OP_WRONG);
    world_done(b);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 5, 5), GH_LOOKUP_UNKNOWN);
}

static unsigned finish(world *w, gh_id user, uint64_t attempt, gh_id session)
{
    gh_op_login_finish *f = world_op(LOGIN_FINISH, gh_op_login_finish);
    f->user = user;
    f->right = true;
    f->attempt = attempt;
    f->session = world_session(session, GH_SESSION_COOKIE);
    return world_once(w, f);
}

/* A story: while others flooded the sign-in, who found no room for his password was slowed as one who guesses. */
static void test_what_nobody_compared_is_no_attempt(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    for (unsigned i = 0; i < 4 * few.per_address; i++) {
        gh_op_login_begin *b = world_op(LOGIN_BEGIN, gh_op_login_begin);
        b->name = world_text(i % 2 == 0 ? "ada" : "nobody");
        b->limits = few;
        assert_int_equal(world_do(w, b), GH_OP_OK);
        gh_op_login_finish *f = world_op(LOGIN_FINISH, gh_op_login_finish);
        f->user = user;
        f->right = f->unseen = true;
        f->attempt = b->attempt;
        f->session = world_session(5, GH_SESSION_COOKIE);
        assert_int_equal(world_once(w, f), GH_OP_WRONG);
        world_done(b);
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM attempt WHERE n > 0"), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM login"), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM session"), 0);
    for (unsigned i = 0; i < few.per_account; i++)
        assert_int_equal(try(w, "ada", 0, false, NULL), GH_OP_WRONG);
    assert_int_equal(try(w, "ada", 0, true, NULL), GH_OP_SLOWED);
}

/* A story: a password typed where the name should be stood in the audit trail for good. */
static void test_the_trail_keeps_what_could_be_a_name(void **state)
{
    world *w = *state;
    assert_int_equal(try(w, "Some.Body@Example.com", 1, true, NULL), GH_OP_WRONG);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE name = 'some.body@example.com'"), 1);
    assert_int_equal(try(w, "grey otter 71", 2, true, NULL), GH_OP_WRONG);
    assert_int_equal(try(w, "Tr0ub4dor&3", 3, true, NULL), GH_OP_WRONG);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'auth_attempt'"), 3);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE name IS NOT NULL"), 1);
}

static void test_an_attempt_is_good_once_and_for_its_user(void **state)
{
    world *w = *state;
    gh_id ada = world_user(w, "ada", "$1"), bob = world_user(w, "bob", "$1");
    gh_op_login_begin *b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->name = world_text("ada");
    b->limits = few;
    assert_int_equal(world_do(w, b), GH_OP_OK);
    uint64_t attempt = b->attempt;
    world_done(b);
    assert_int_equal(finish(w, ada, attempt, 1), GH_OP_OK);
    assert_int_equal(finish(w, ada, attempt, 2), GH_OP_WRONG);
    assert_int_equal(finish(w, ada, 0, 3), GH_OP_WRONG);
    b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->name = world_text("ada");
    b->limits = few;
    assert_int_equal(world_do(w, b), GH_OP_OK);
    attempt = b->attempt;
    world_done(b);
    assert_int_equal(finish(w, bob, attempt, 4), GH_OP_WRONG);
}

/* The statements that were run, each with a line end behind it. */
static char statements[16384];

static int note_statement(unsigned what, void *data, void *statement, void *text)
{
    (void)what;
    (void)data;
    (void)text;
    size_t n = strlen(statements);
    (void)snprintf(statements + n, sizeof statements - n, "%s\n", sqlite3_sql(statement));
    return 0;
}

static void start_noting(gh_work *w, void *data)
{
    (void)data;
    (void)sqlite3_trace_v2(((gh_sqlite *)w->sql)->db, SQLITE_TRACE_STMT, note_statement, NULL);
}

static void statements_of(world *w, const char *name, char ret[16384])
{
    statements[0] = '\0';
    assert_int_equal(try(w, name, 1, false, NULL), GH_OP_WRONG);
    assert_true(gh_records_call(w->records, start_noting, NULL)); /* nothing of it is under way any more */
    memcpy(ret, statements, sizeof statements);
}

static void test_on_sqlite_the_work_is_the_same_for_unknown_names(void **state)
{
    world *w = *state;
    static char known[16384], unknown[16384];
    world_user(w, "ada", "$1");
    assert_true(gh_records_call(w->records, start_noting, NULL));
    statements_of(w, "ada", known);
    statements_of(w, "eve", unknown);
    assert_true(strlen(known) > 1000);
    assert_string_equal(known, unknown);
}

static void test_an_upgraded_hash_is_stored(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$bcrypt");
    gh_op_login_begin *b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->name = world_text("ada");
    b->limits = few;
    assert_int_equal(world_do(w, b), GH_OP_OK);
    gh_op_login_finish *f = world_op(LOGIN_FINISH, gh_op_login_finish);
    f->user = user;
    f->right = true;
    f->attempt = b->attempt;
    f->upgraded = world_text("$argon2id$new");
    f->session = world_session(5, GH_SESSION_COOKIE);
    assert_int_equal(world_once(w, f), GH_OP_OK);
    world_done(b);
    assert_int_equal(world_number(w, "SELECT count(*) FROM user WHERE hash = '$argon2id$new'"), 1);
}

static void test_a_session_of_the_browser_is_replaced(void **state)
{
    world *w = *state;
    gh_id ada = world_user(w, "ada", "$1");
    world_user(w, "bob", "$1");
    world_login in = from("ada", 1, true);
    gh_id before = in.session.id;
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    gh_lookup token = {.kind = GH_LOOKUP_TOKEN, .id = before, .user = ada, .issued_s = world_now_s};
    assert_int_equal(world_lookup(w, token).answer, GH_LOOKUP_GOOD);
    in = from("bob", 1, true);
    in.replaces = before;
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, before, before), GH_LOOKUP_UNKNOWN);
    assert_int_equal(world_lookup(w, token).answer, GH_LOOKUP_REVOKED);
}

static unsigned sign_in_capped(world *w, gh_id id, uint32_t most, bool end_oldest, gh_id replaces)
{
    world_login in = from("ada", 1, true);
    in.session = world_session(id, GH_SESSION_COOKIE);
    in.session.most = most;
    in.session.end_oldest = end_oldest;
    in.replaces = replaces;
    return world_sign_in(w, &in);
}

static void test_the_cap_of_sessions(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    for (gh_id id = 1; id <= 3; id++, world_now_s++)
        assert_int_equal(sign_in_capped(w, id, 3, false, 0), GH_OP_OK);
    assert_int_equal(sign_in_capped(w, 4, 3, false, 0), GH_OP_CAP);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 4, 4), GH_LOOKUP_UNKNOWN);
    assert_int_equal(sign_in_capped(w, 5, 3, false, 2), GH_OP_OK); /* in the place of another */
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 2, 2), GH_LOOKUP_UNKNOWN);
    /* 1 was used last: 3 is the least used one */
    world_now_s++;
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1), GH_LOOKUP_GOOD);
    assert_int_equal(sign_in_capped(w, 6, 3, true, 0), GH_OP_OK);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 3, 3), GH_LOOKUP_UNKNOWN);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 1, 1), GH_LOOKUP_GOOD);
    assert_int_equal(sign_in_capped(w, 7, 1, true, 0), GH_OP_OK); /* a cap that was lowered */
    assert_int_equal(world_number(w, "SELECT count(*) FROM session"), 1);
    world_now_s += 3600; /* idle: does not count */
    assert_int_equal(sign_in_capped(w, 8, 1, false, 0), GH_OP_OK);
}

static void test_a_failed_sign_in_at_the_cap_ends_nothing(void **state)
{
    world *w = *state;
    world_user(w, "ada", "$1");
    world_user(w, "bob", "$1");
    world_login in = from("bob", 1, true);
    gh_id of_bob = in.session.id;
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    assert_int_equal(sign_in_capped(w, 1, 1, false, 0), GH_OP_OK);
    assert_int_equal(sign_in_capped(w, 2, 1, false, of_bob), GH_OP_CAP);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, of_bob, of_bob), GH_LOOKUP_GOOD);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_right_password_opens_a_session),
        TEST(test_begin_tells_what_is_to_be_compared),
        TEST(test_unknown_wrong_and_disabled_are_one_answer_to_begin),
        TEST(test_beyond_the_free_number_the_wait_doubles),
        TEST(test_unknown_names_are_slowed_alike),
        TEST(test_success_forgets_the_pair_and_takes_itself_back),
        TEST(test_an_address_is_slowed_whatever_the_name),
        TEST(test_a_stranger_cannot_keep_the_owner_out),
        TEST(test_a_known_device_has_a_budget_of_its_own),
        TEST(test_the_trail_tells_of_slowing_once),
        TEST(test_counts_outlive_the_process),
        TEST(test_a_password_that_changed_meanwhile_is_wrong),
        TEST(test_what_nobody_compared_is_no_attempt),
        TEST(test_the_trail_keeps_what_could_be_a_name),
        TEST(test_an_attempt_is_good_once_and_for_its_user),
        TEST(test_on_sqlite_the_work_is_the_same_for_unknown_names),
        TEST(test_an_upgraded_hash_is_stored),
        TEST(test_a_session_of_the_browser_is_replaced),
        TEST(test_the_cap_of_sessions),
        TEST(test_a_failed_sign_in_at_the_cap_ends_nothing),
    };
    world_choose_tests();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
