#include <sqlite3.h>
#include <unistd.h>

#include "records_world.h"

static gh_op_user_create *create(const char *name, const char *email)
{
    gh_op_user_create *o = world_op(USER_CREATE, gh_op_user_create);
    o->name = world_text(name);
    o->email = world_text(email);
    o->hash = world_text("$1");
    o->roles = world_text("user editor");
    o->tier = world_text("free");
    return o;
}

static bool same(gh_str text, const char *expected)
{
    return expected == NULL ? text.p == NULL : gh_str_eq(text, gh_str_of(expected));
}

static void test_a_user_is_made(void **state)
{
    world *w = *state;
    gh_op_user_create *o = create("Ada", "Ada@Example.COM");
    o->with_session = true;
    o->session = world_session(9, GH_SESSION_COOKIE);
    assert_int_equal(world_do(w, o), GH_OP_OK);
    gh_id id = o->user.id;
    assert_true(same(o->user.name, "ada") && same(o->user.email, "ada@example.com") &&
                same(o->user.tier, "free"));
    assert_true(o->user.has_password && o->user.created_s == world_now_s &&
                o->user.last_login_s == world_now_s);
    assert_true(same(GH_SHORT_STR(o->subject.roles), "user editor") &&
                same(GH_SHORT_STR(o->subject.tier), "free"));
    world_done(o);
    assert_int_equal(world_look(w, GH_LOOKUP_SESSION, 9, 9), GH_LOOKUP_GOOD);
    world_reopen(w);
    gh_lookup look = {.kind = GH_LOOKUP_SESSION, .id = 9};
    world_hash(9, look.hash);
    look = world_lookup(w, look);
    assert_int_equal(look.answer, GH_LOOKUP_GOOD);
    assert_int_equal(look.subject.user, id);
    assert_true(same(GH_SHORT_STR(look.subject.roles), "user editor") &&
                same(GH_SHORT_STR(look.subject.tier), "free"));
}

static void test_names_and_addresses_are_taken_once(void **state)
{
    world *w = *state;
    assert_int_equal(world_once(w, create("ada", "ada@example.com")), GH_OP_OK);
    assert_int_equal(world_once(w, create("ADA", NULL)), GH_OP_EXISTS);
    assert_int_equal(world_once(w, create("bob", "ADA@example.com")), GH_OP_EXISTS);
    /* Nobody may call himself by another's address, nor have another's name for one. */
    assert_int_equal(world_once(w, create("ada@example.com", NULL)), GH_OP_EXISTS);
    assert_int_equal(world_once(w, create("bob", "ada")), GH_OP_EXISTS);
    assert_int_equal(world_once(w, create("bob", NULL)), GH_OP_OK);
    assert_int_equal(world_once(w, create("eve", NULL)), GH_OP_OK);
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM audit WHERE event = 'register' AND detail LIKE '%exists%'"), 4);
    gh_op_user_create *o = create("ada", NULL);
    o->if_absent = true;
    assert_int_equal(world_once(w, o), GH_OP_EXISTS);
    assert_int_equal(
        world_number(w, "SELECT count(*) FROM audit WHERE event = 'register' AND detail LIKE '%exists%'"), 4);
}

static void test_what_cannot_be_is_refused(void **state)
{
    world *w = *state;
    char long_text[400];
    memset(long_text, 'a', sizeof long_text);
    long_text[65] = '\0';
    assert_int_equal(world_once(w, create(long_text, NULL)), GH_OP_WRONG);
    assert_int_equal(world_once(w, create("", NULL)), GH_OP_WRONG);
    memset(long_text, 'a', sizeof long_text);
    long_text[255] = '\0';
    assert_int_equal(world_once(w, create("ada", long_text)), GH_OP_WRONG);
    static const char *const roles[] = {"User", "a  b", " a", "a ", "a a", "a,b", "r\303\266le"};
    for (size_t i = 0; i < GH_COUNT(roles); i++) {
        gh_op_user_create *o = create("ada", NULL);
        o->roles = world_text(roles[i]);
        assert_int_equal(world_once(w, o), GH_OP_WRONG);
    }
    gh_op_user_create *o = create("ada", NULL);
    long_text[33] = '\0';
    o->tier = world_text(long_text);
    assert_int_equal(world_once(w, o), GH_OP_WRONG);
    assert_int_equal(world_number(w, "SELECT count(*) FROM user"), 0);
}

static void test_a_user_is_shown(void **state)
{
    world *w = *state;
    assert_int_equal(world_once(w, create("ada", "ada@example.com")), GH_OP_OK);
    static const char *const keys[] = {"ada", "ADA", "ada@example.com", "ADA@EXAMPLE.COM"};
    gh_id id = 0;
    for (size_t i = 0; i < GH_COUNT(keys); i++) {
        gh_op_user_get *o = world_op(USER_GET, gh_op_user_get);
        o->name = world_text(keys[i]);
        assert_int_equal(world_do(w, o), GH_OP_OK);
        assert_true(same(o->user.name, "ada") && o->sessions == 0 && o->keys == 0 && o->devices == 0);
        id = o->user.id;
        world_done(o);
    }
    gh_op_user_get *o = world_op(USER_GET, gh_op_user_get);
    o->id = id;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    o = world_op(USER_GET, gh_op_user_get);
    o->id = id + 1;
    assert_int_equal(world_once(w, o), GH_OP_NOT_FOUND);
    o = world_op(USER_GET, gh_op_user_get);
    o->name = world_text("%"); /* no pattern */
    assert_int_equal(world_once(w, o), GH_OP_NOT_FOUND);
}

static void test_users_are_listed_in_pages(void **state)
{
    world *w = *state;
    char name[32], after[32] = "";
    unsigned seen = 0;
    for (unsigned i = 0; i < 25; i++) {
        (void)snprintf(name, sizeof name, "user%02u", i * 7 % 25);
        assert_int_equal(world_once(w, create(name, NULL)), GH_OP_OK);
    }
    for (bool more = true; more;) {
        gh_op_user_list *o = world_op(USER_LIST, gh_op_user_list);
        o->after = world_text(after);
        o->most = 10;
        assert_int_equal(world_do(w, o), GH_OP_OK);
        for (uint32_t i = 0; i < o->n; i++, seen++) {
            (void)snprintf(name, sizeof name, "user%02u", seen);
            assert_true(same(o->users[i].name, name));
        }
        more = o->more;
        (void)snprintf(after, sizeof after, "%s", name);
        world_done(o);
    }
    assert_int_equal(seen, 25);
}

static gh_op_user_change *change(gh_id id)
{
    gh_op_user_change *o = world_op(USER_CHANGE, gh_op_user_change);
    o->id = id;
    return o;
}

static gh_lookup token(world *w, gh_id user, uint64_t issued_s)
{
    return world_lookup(w, (gh_lookup){.kind = GH_LOOKUP_TOKEN, .user = user, .issued_s = issued_s});
}

static gh_lookup session(world *w, gh_id id)
{
    gh_lookup look = {.kind = GH_LOOKUP_SESSION, .id = id};
    world_hash(id, look.hash);
    return world_lookup(w, look);
}

static gh_id user_with_session(world *w, const char *name, gh_id id)
{
    gh_op_user_create *o = create(name, NULL);
    o->with_session = true;
    o->session = world_session(id, GH_SESSION_COOKIE);
    assert_int_equal(world_do(w, o), GH_OP_OK);
    gh_id user = o->user.id;
    world_done(o);
    return user;
}

static void test_roles_change_at_once(void **state)
{
    world *w = *state;
    gh_id user = user_with_session(w, "ada", 9);
    world_now_s += 10;
    assert_int_equal(token(w, user, world_now_s).answer, GH_LOOKUP_GOOD);
    gh_op_user_change *o = change(user);
    o->add_role = world_text("admin");
    o->remove_role = world_text("user");
    assert_int_equal(world_do(w, o), GH_OP_OK);
    assert_true(same(o->user.roles, "editor admin"));
    world_done(o);
    gh_lookup look = session(w, 9);
    assert_int_equal(look.answer, GH_LOOKUP_GOOD);
    assert_true(same(GH_SHORT_STR(look.subject.roles), "editor admin"));
    assert_int_equal(token(w, user, world_now_s).answer, GH_LOOKUP_REVOKED);
    world_now_s++;
    assert_int_equal(token(w, user, world_now_s).answer, GH_LOOKUP_GOOD);
    world_reopen(w);
    assert_int_equal(token(w, user, world_now_s - 1).answer, GH_LOOKUP_REVOKED);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'role_change'"), 2);
    /* What is as it is changes nothing and cuts nobody off. */
    o = change(user);
    o->add_role = world_text("admin");
    o->remove_role = world_text("no-such");
    assert_int_equal(world_once(w, o), GH_OP_OK);
    assert_int_equal(token(w, user, world_now_s).answer, GH_LOOKUP_GOOD);
}

static void test_too_many_roles_are_refused(void **state)
{
    world *w = *state;
    gh_id user = user_with_session(w, "ada", 9);
    char role[32];
    unsigned status = GH_OP_OK, n = 0;
    for (; n < 50 && status == GH_OP_OK; n++) {
        gh_op_user_change *o = change(user);
        (void)snprintf(role, sizeof role, "role-number-%02u", n);
        o->add_role = world_text(role);
        status = world_once(w, o);
    }
    assert_int_equal(status, GH_OP_CAP);
    assert_int_equal(n, 13); /* "user editor" and 12 of 15 bytes with a space each: 191 */
    gh_op_user_change *o = change(user);
    o->add_role = world_text("No");
    assert_int_equal(world_once(w, o), GH_OP_WRONG);
}

static void test_tier_and_address_change(void **state)
{
    world *w = *state;
    gh_id user = user_with_session(w, "ada", 9);
    (void)user_with_session(w, "bob", 10);
    gh_op_user_change *o = change(0);
    o->name = world_text("Ada");
    o->set_tier = true;
    o->tier = world_text("");
    o->email = world_text("ADA@example.com");
    assert_int_equal(world_do(w, o), GH_OP_OK);
    assert_true(o->user.tier.p == NULL && same(o->user.email, "ada@example.com"));
    world_done(o);
    assert_int_equal(session(w, 9).subject.tier.n, 0);
    o = change(user);
    o->email = world_text("bob"); /* another's name */
    assert_int_equal(world_once(w, o), GH_OP_EXISTS);
    o = change(user);
    o->email = world_text("ada@example.com"); /* his own */
    assert_int_equal(world_once(w, o), GH_OP_OK);
    assert_int_equal(world_once(w, change(12345)), GH_OP_NOT_FOUND);
}

static void test_disabling_ends_everything_at_once(void **state)
{
    world *w = *state;
    gh_id user = user_with_session(w, "ada", 9);
    gh_op_key_create *k = world_op(KEY_CREATE, gh_op_key_create);
    k->user = user;
    k->id = 70;
    k->most = 1;
    world_hash(70, k->hash);
    assert_int_equal(world_once(w, k), GH_OP_OK);
    gh_op_user_change *o = change(user);
    o->set_disabled = o->disabled = true;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_not_equal(session(w, 9).answer, GH_LOOKUP_GOOD);
        assert_int_equal(world_look(w, GH_LOOKUP_API_KEY, 70, 70), GH_LOOKUP_DISABLED);
        assert_int_not_equal(token(w, user, world_now_s).answer, GH_LOOKUP_GOOD);
        world_reopen(w);
    }
    world_now_s += 100000; /* for as long as he is */
    world_reopen(w);
    assert_int_not_equal(token(w, user, world_now_s).answer, GH_LOOKUP_GOOD);
    o = change(user);
    o->set_disabled = true;
    assert_int_equal(world_once(w, o), GH_OP_OK);
    assert_int_equal(world_look(w, GH_LOOKUP_API_KEY, 70, 70), GH_LOOKUP_GOOD);
    assert_int_equal(session(w, 9).answer, GH_LOOKUP_UNKNOWN);
}

static void test_a_new_password_ends_the_other_sessions(void **state)
{
    world *w = *state;
    gh_id user = user_with_session(w, "ada", 1);
    for (gh_id id = 2; id <= 4; id++) {
        world_login in = {.name = "ada", .place = 1, .right = true, .session = world_session(id, id % 2)};
        assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    }
    world_now_s += 5;
    gh_op_user_change *o = change(user);
    o->hash = world_text("$2");
    o->keep_session = 1;
    assert_int_equal(world_do(w, o), GH_OP_OK);
    assert_int_equal(o->user.password_s, world_now_s);
    world_done(o);
    assert_int_equal(session(w, 1).answer, GH_LOOKUP_GOOD);
    for (gh_id id = 2; id <= 4; id++) {
        assert_int_equal(session(w, id).answer, GH_LOOKUP_UNKNOWN);
        gh_lookup t = {.kind = GH_LOOKUP_TOKEN, .id = id, .user = user, .issued_s = world_now_s};
        assert_int_equal(world_lookup(w, t).answer, GH_LOOKUP_REVOKED);
    }
    assert_int_equal(world_number(w, "SELECT count(*) FROM user WHERE hash = '$2'"), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'password_change'"), 1);
}

static uint64_t begin_attempt(world *w, gh_id user)
{
    gh_op_login_begin *b = world_op(LOGIN_BEGIN, gh_op_login_begin);
    b->user = user;
    b->limits = (gh_attempt_limits){1000, 1000, 1000, 900};
    assert_int_equal(world_do(w, b), GH_OP_OK);
    uint64_t attempt = b->attempt;
    world_done(b);
    return attempt;
}

static unsigned change_password_from(world *w, gh_id user, gh_id session, uint64_t attempt, const char *hash)
{
    gh_op_user_change *o = change(user);
    o->op.actor.session = o->keep_session = session;
    o->attempt = attempt;
    o->hash = world_text(hash);
    return world_once(w, o);
}

static unsigned erase_from(world *w, gh_id user, gh_id session, uint64_t attempt)
{
    gh_op_user_erase *o = world_op(USER_ERASE, gh_op_user_erase);
    o->id = user;
    o->op.actor.session = session;
    o->attempt = attempt;
    return world_once(w, o);
}

/* A thief knows the password and has a session; its owner changes the one and ends the other. What the thief had begun
 * before comes too late. */
static void test_what_was_begun_with_the_old_password_is_not_done(void **state)
{
    world *w = *state;
    gh_id user = user_with_session(w, "ada", 1);
    world_login in = {
        .name = "ada", .place = 2, .right = true, .session = world_session(2, GH_SESSION_COOKIE)};
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
    uint64_t thiefs = begin_attempt(w, user), another = begin_attempt(w, user),
             owners = begin_attempt(w, user);
    assert_int_equal(change_password_from(w, user, 1, owners, "$2"), GH_OP_OK);
    assert_int_equal(change_password_from(w, user, 2, thiefs, "$3"), GH_OP_WRONG);
    assert_int_equal(erase_from(w, user, 2, another), GH_OP_WRONG);
    assert_int_equal(change_password_from(w, user, 1, owners, "$3"), GH_OP_WRONG); /* good once */
    assert_int_equal(world_number(w, "SELECT count(*) FROM user WHERE hash = '$2'"), 1);
    /* The password is known, the session is over. */
    assert_int_equal(change_password_from(w, user, 2, begin_attempt(w, user), "$3"), GH_OP_WRONG);
    assert_int_equal(erase_from(w, user, 2, begin_attempt(w, user)), GH_OP_WRONG);
    assert_int_equal(change_password_from(w, user, 0, begin_attempt(w, user), "$3"), GH_OP_OK);
    assert_int_equal(erase_from(w, user, 0, begin_attempt(w, user)), GH_OP_OK);
}

static void test_export_is_whole_and_without_secrets(void **state)
{
    world *w = *state;
    gh_op_user_create *c = create("ada", "ada@example.com");
    c->with_session = true;
    c->session = world_session(9, GH_SESSION_COOKIE);
    c->op.actor.user_agent = world_text("Browser \"1\"\n");
    assert_true(gh_ip_parse(GH_STR("192.0.2.7"), &c->op.actor.address));
    assert_int_equal(world_do(w, c), GH_OP_OK);
    gh_id user = c->user.id;
    world_done(c);
    gh_op_user_export *o = world_op(USER_EXPORT, gh_op_user_export);
    o->id = user;
    assert_int_equal(world_do(w, o), GH_OP_OK);
    gh_arena arena;
    gh_json_error error;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    const gh_json *json = gh_json_read(o->json, &gh_json_limits_wide, &arena, &error);
    assert_non_null(json);
    assert_true(same(gh_json_lit(gh_json_lit(json, "user"), "email")->text, "ada@example.com"));
    const gh_json *s = gh_json_lit(json, "sessions");
    assert_int_equal(s->n, 1);
    assert_true(same(gh_json_lit(s->first, "user_agent")->text, "Browser \"1\"\n"));
    assert_true(same(gh_json_lit(s->first, "address")->text, "192.0.2.7"));
    assert_int_equal(gh_json_lit(json, "events")->n, 1);
    assert_int_equal(gh_json_lit(json, "events_complete")->type, GH_JSON_TRUE);
    assert_null(memmem(o->json.p, o->json.n, "$1", 2));
    assert_null(memmem(o->json.p, o->json.n, "hash", 4));
    gh_arena_reset(&arena);
    world_done(o);
    o = world_op(USER_EXPORT, gh_op_user_export);
    o->id = user + 1;
    assert_int_equal(world_once(w, o), GH_OP_NOT_FOUND);
}

static void test_an_export_takes_the_events_there_is_room_for(void **state)
{
    world *w = *state;
    gh_id user = world_user(w, "ada", "$1");
    world_sql(
        w,
        "INSERT INTO audit(at_s, event, user, detail) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
        "FROM n WHERE i < 30000) SELECT 1, 'login', a.id, '{\"a\":\"' || replace('0000000000', '0', '0000000000') || "
        "'\"}' FROM user AS a, n");
    gh_op_user_export *o = world_op(USER_EXPORT, gh_op_user_export);
    o->id = user;
    assert_int_equal(world_do(w, o), GH_OP_OK);
    gh_arena arena;
    gh_json_error error;
    gh_arena_init(&arena, NULL, 0, 256 << 20);
    const gh_json *json = gh_json_read(o->json, &gh_json_limits_wide, &arena, &error);
    assert_non_null(json);
    assert_in_range(gh_json_lit(json, "events")->n, 5000, 29999);
    assert_int_equal(gh_json_lit(json, "events_complete")->type, GH_JSON_FALSE);
    gh_arena_reset(&arena);
    world_done(o);
}

/* Is the text anywhere in the folder's files? */
static bool on_disk(world *w, const char *text)
{
    static const char *const names[] = {"gatehouse.db", "gatehouse.db-wal"};
    static char bytes[4 << 20];
    bool found = false;
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
        FILE *file = fopen(path, "rb");
        size_t n = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
        if (file != NULL)
            (void)fclose(file);
        found = found || memmem(bytes, n, text, strlen(text)) != NULL;
    }
    return found;
}

static void erase(world *w, const char *name)
{
    gh_op_user_erase *e = world_op(USER_ERASE, gh_op_user_erase);
    e->name = world_text(name);
    assert_int_equal(world_once(w, e), GH_OP_OK);
}

/* Whoever reads the file keeps the write-ahead log from being emptied. Nobody waits for him; it is said once, and done when
 * he has gone. */
static void test_on_sqlite_a_reader_does_not_stop_the_others(void **state)
{
    world *w = *state;
    char path[128];
    sqlite3 *reader;
    (void)world_user(w, "countess", "$1");
    (void)world_user(w, "duchess", "$1");
    (void)snprintf(path, sizeof path, "%s/gatehouse.db", w->folder);
    assert_int_equal(sqlite3_open(path, &reader), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT * FROM user", NULL, NULL, NULL), SQLITE_OK);
    unsigned said = world_said;
    erase(w, "countess");
    erase(w, "duchess");
    (void)world_user(w, "ada", "$1"); /* the log was tried before this one was begun */
    assert_int_equal(world_said, said + 1);
    assert_string_equal(world_event, "records_log_kept");
    assert_true(on_disk(w, "countess"));
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    assert_true(gh_records_adjust(w->records, &w->options)); /* tries at once */
    for (unsigned i = 0; i < 6000 && on_disk(w, "countess"); i++)
        (void)usleep(10000);
    assert_false(on_disk(w, "countess"));
    assert_false(on_disk(w, "duchess"));
    assert_int_equal(world_said, said + 1);
}

/* On SQLite: in the bytes of its files. */
static bool is_kept(world *w, const char *text)
{
    char sql[512];
    if (!w->shared)
        return on_disk(w, text);
    (void)snprintf(
        sql, sizeof sql,
        "SELECT (SELECT count(*) FROM account AS a WHERE a::text LIKE '%%%s%%') + (SELECT count(*) FROM audit "
        "AS a WHERE a::text LIKE '%%%s%%') + (SELECT count(*) FROM session AS a WHERE a::text LIKE '%%%s%%')",
        text, text, text);
    return world_number(w, sql) > 0;
}

static void test_erasing_leaves_the_id_alone(void **state)
{
    world *w = *state;
    gh_op_user_create *c = create("countess", "countess@example.com");
    c->with_session = true;
    c->session = world_session(9, GH_SESSION_COOKIE);
    c->op.actor.user_agent = world_text("Analytical Engine");
    assert_int_equal(world_do(w, c), GH_OP_OK);
    gh_id user = c->user.id;
    world_done(c);
    world_login in = {
        .name = "countess@example.org", .right = false, .session = world_session(11, GH_SESSION_COOKIE)};
    assert_int_equal(world_sign_in(w, &in), GH_OP_WRONG);
    assert_true(is_kept(w, "countess"));
    for (unsigned i = 0; i < 2; i++) {
        gh_op_user_erase *e = world_op(USER_ERASE, gh_op_user_erase);
        e->name = world_text("countess");
        e->op.actor.user = user;
        e->op.actor.user_agent = world_text("Analytical Engine");
        assert_int_equal(world_once(w, e), i == 0 ? GH_OP_OK : GH_OP_NOT_FOUND);
    }
    assert_int_equal(session(w, 9).answer, GH_LOOKUP_UNKNOWN);
    assert_int_equal(token(w, user, world_now_s).answer, GH_LOOKUP_REVOKED);
    world_reopen(w);
    assert_int_equal(token(w, user, world_now_s).answer, GH_LOOKUP_REVOKED);
    assert_false(is_kept(w, "Analytical"));
    assert_false(is_kept(w, "countess@example.com"));
    assert_true(is_kept(w, "countess@example.org")); /* nobody's: it was typed once */
    assert_int_equal(world_number(w, "SELECT count(*) FROM session"), 0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE user IS NOT NULL AND detail IS NULL"),
                     2);
    assert_int_equal(world_once(w, create("countess", "countess@example.com")), GH_OP_OK);
    assert_int_equal(token(w, user, world_now_s).answer, GH_LOOKUP_REVOKED);
}

static void test_on_sqlite_an_erased_users_traces_leave_the_log_while_it_runs(void **state)
{
    world *w = *state;
    assert_int_equal(world_once(w, create("countess", "countess@example.com")), GH_OP_OK);
    gh_op_user_erase *e = world_op(USER_ERASE, gh_op_user_erase);
    e->name = world_text("countess");
    assert_int_equal(world_once(w, e), GH_OP_OK);
    gh_op_user_get *g = world_op(USER_GET, gh_op_user_get); /* answered after the log was emptied */
    g->name = world_text("countess");
    assert_int_equal(world_once(w, g), GH_OP_NOT_FOUND);
    assert_false(on_disk(w, "countess"));
}

static void test_an_event_is_written_down(void **state)
{
    world *w = *state;
    char sql[512];
    gh_op_audit *o = world_op(AUDIT, gh_op_audit);
    o->event = world_text("csrf_refused");
    o->user = world_user(w, "ada", "$1");
    o->detail = world_text("{\"why\":\"stale\"}");
    o->op.actor = (gh_op_actor){.user = world_user(w, "bob", "$1"),
                                .session = 7,
                                .key = 8,
                                .device = 9,
                                .decision = world_text("abc")};
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM audit WHERE event = 'csrf_refused' AND user = %llu AND "
                   "actor_user = %llu AND actor_session = 7 AND actor_key = 8 AND actor_device = 9 AND "
                   "decision = 'abc' AND detail = '{\"why\":\"stale\"}' AND address IS NULL",
                   (unsigned long long)o->user, (unsigned long long)o->op.actor.user);
    assert_int_equal(world_once(w, o), GH_OP_OK);
    assert_int_equal(world_number(w, sql), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_user_is_made),
        TEST(test_names_and_addresses_are_taken_once),
        TEST(test_what_cannot_be_is_refused),
        TEST(test_a_user_is_shown),
        TEST(test_users_are_listed_in_pages),
        TEST(test_roles_change_at_once),
        TEST(test_too_many_roles_are_refused),
        TEST(test_tier_and_address_change),
        TEST(test_disabling_ends_everything_at_once),
        TEST(test_a_new_password_ends_the_other_sessions),
        TEST(test_what_was_begun_with_the_old_password_is_not_done),
        TEST(test_export_is_whole_and_without_secrets),
        TEST(test_an_export_takes_the_events_there_is_room_for),
        TEST(test_on_sqlite_a_reader_does_not_stop_the_others),
        TEST(test_erasing_leaves_the_id_alone),
        TEST(test_on_sqlite_an_erased_users_traces_leave_the_log_while_it_runs),
        TEST(test_an_event_is_written_down),
    };
    world_choose_tests();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
