/* The ring of keys on disk: begun, moved on, sealed anew, and what is said of who uses it. */
#include <pthread.h>
#include <stdatomic.h>

#include "model/identity.h"
#include "records_world.h"

static const uint8_t first_seal[GH_SEAL_KEY_SIZE] = "the key that seals the keys",
                     other_seal[GH_SEAL_KEY_SIZE] = "another";
enum { KEEP_S = 100, OVERLAP_S = 1000 };

static gh_stored_key key_of(const char *kid)
{
    return (gh_stored_key){.kid = gh_str_of(kid), .algorithm = GH_STR("EdDSA"), .pkcs8 = gh_str_of(kid)};
}

static void begin(world *w, const char *active, const char *next, uint64_t now_s)
{
    gh_stored_key keys[] = {key_of(active), key_of(next)};
    const gh_keyring_beginning with = {.active = &keys[0],
                                       .next = &keys[1],
                                       .secret = GH_STR("a secret key of the operator, of any length"),
                                       .next_secret = GH_STR("random bytes, thirty-two of them"),
                                       .naming = GH_STR("naming bytes, thirty-two of them"),
                                       .now_s = now_s};
    assert_true(gh_records_begin_ring(w->records, first_seal, &with));
}

static gh_keyring_rotation rotation(const gh_stored_key *fresh, uint64_t now_s)
{
    return (gh_keyring_rotation){.fresh = fresh,
                                 .secret = GH_STR("the secret of a new generation.."),
                                 .now_s = now_s,
                                 .keep_s = KEEP_S,
                                 .overlap_s = OVERLAP_S};
}

static enum gh_keyring_result rotate(world *w, const char *kid, uint64_t now_s)
{
    gh_stored_key key = key_of(kid);
    gh_keyring_rotation r = rotation(&key, now_s);
    return gh_records_rotate_ring(w->records, first_seal, &r);
}

static const char *state_name(unsigned state)
{
    static const char *const states[] = {
        [GH_KEY_NEXT] = "next", [GH_KEY_ACTIVE] = "active", [GH_KEY_RETIRING] = "retiring"};
    return states[state];
}

/* "a:active b:next; 1:next 0:active": as they are; keys oldest first, generations newest first. */
static void ring_is(world *w, const uint8_t *by, const char *expected)
{
    gh_stored_ring ring;
    char text[512];
    gh_arena arena;
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    assert_int_equal(gh_records_read_ring(w->records, by, &arena, &ring), GH_KEYRING_OK);
    for (unsigned i = 0; i < ring.n_keys; i++) {
        const gh_stored_key *k = &ring.keys[i];
        assert_true(gh_str_eq(k->pkcs8, k->kid) && gh_str_eq(k->algorithm, GH_STR("EdDSA")));
        gh_buf_printf(&out, "%s%.*s:%s", i == 0 ? "" : " ", (int)k->kid.n, k->kid.p, state_name(k->state));
    }
    for (unsigned i = 0; i < ring.n_generations; i++) {
        const gh_stored_generation *g = &ring.generations[i];
        gh_str secret = g->id == 0   ? GH_STR("a secret key of the operator, of any length")
                        : g->id == 1 ? GH_STR("random bytes, thirty-two of them")
                                     : GH_STR("the secret of a new generation..");
        assert_true(gh_str_eq(g->secret, secret));
        gh_buf_printf(&out, "%s%u:%s", i == 0 ? "; " : " ", (unsigned)g->id, state_name(g->state));
    }
    if (ring.n_generations > 0)
        assert_true(gh_str_eq(ring.naming, GH_STR("naming bytes, thirty-two of them")));
    gh_buf_char(&out, '\0');
    assert_string_equal(text, expected);
    gh_arena_reset(&arena);
}

static void test_the_ring_turns(void **state)
{
    world *w = *state;
    ring_is(w, first_seal, "");
    begin(w, "a", "b", 1000);
    ring_is(w, first_seal, "a:active b:next; 1:next 0:active");
    begin(w, "x", "y", 1001); /* another node a moment later */
    ring_is(w, first_seal, "a:active b:next; 1:next 0:active");
    assert_int_equal(rotate(w, "c", 1002), GH_KEYRING_OK);
    ring_is(w, first_seal, "a:retiring b:active c:next; 2:next 1:active 0:retiring");
    world_reopen(w);
    assert_int_equal(rotate(w, "d", 1101), GH_KEYRING_OK);
    ring_is(w, first_seal, "a:retiring b:retiring c:active d:next; 3:next 2:active 1:retiring 0:retiring");
    assert_int_equal(rotate(w, "e", 1102), GH_KEYRING_OK); /* a was kept for 100 s */
    ring_is(w, first_seal,
            "b:retiring c:retiring d:active e:next; 4:next 3:active 2:retiring 1:retiring 0:retiring");
    assert_int_equal(rotate(w, "e", 1103), GH_KEYRING_FAILED); /* a kid is used once; nothing is changed */
    ring_is(w, first_seal,
            "b:retiring c:retiring d:active e:next; 4:next 3:active 2:retiring 1:retiring 0:retiring");
    assert_int_equal(rotate(w, "f", 1002 + OVERLAP_S),
                     GH_KEYRING_OK); /* nothing is of generation 0 any more */
    ring_is(w, first_seal, "d:retiring e:active f:next; 5:next 4:active 3:retiring 2:retiring 1:retiring");
}

static void test_a_ring_of_a_shared_secret_has_no_signing_keys(void **state)
{
    world *w = *state;
    gh_keyring_beginning with = {.secret = GH_STR("a secret key of the operator, of any length"),
                                 .next_secret = GH_STR("random bytes, thirty-two of them"),
                                 .naming = GH_STR("naming bytes, thirty-two of them"),
                                 .now_s = 1000};
    assert_true(gh_records_begin_ring(w->records, first_seal, &with));
    ring_is(w, first_seal, "; 1:next 0:active");
    gh_keyring_rotation r = rotation(NULL, 1001);
    assert_int_equal(gh_records_rotate_ring(w->records, first_seal, &r), GH_KEYRING_OK);
    ring_is(w, first_seal, "; 2:next 1:active 0:retiring");
    /* And from the day that keys sign, it has some. */
    begin(w, "a", "b", 1002);
    ring_is(w, first_seal, "a:active b:next; 2:next 1:active 0:retiring");
}

static void test_it_turns_when_it_is_time(void **state)
{
    world *w = *state;
    gh_stored_key key = key_of("c");
    begin(w, "a", "b", 1000);
    gh_keyring_rotation r = rotation(&key, 1099);
    r.every_s = 100;
    r.settle_s = 10;
    assert_int_equal(gh_records_rotate_ring(w->records, first_seal, &r), GH_KEYRING_NOT_DUE);
    r.now_s = 1100;
    assert_int_equal(gh_records_rotate_ring(w->records, first_seal, &r), GH_KEYRING_OK);
    /* Another node, at the same moment. */
    assert_int_equal(gh_records_rotate_ring(w->records, first_seal, &r), GH_KEYRING_NOT_DUE);
    /* By command: what is next must be known everywhere first. */
    r.every_s = 0;
    r.now_s = 1109;
    assert_int_equal(gh_records_rotate_ring(w->records, first_seal, &r), GH_KEYRING_TOO_SOON);
    ring_is(w, first_seal, "a:retiring b:active c:next; 2:next 1:active 0:retiring");
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'key_rotate'"), 1);
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE detail = '{\"generation\":1}'"), 1);
}

/* Every node reads the ring at its start: what was there at the beginning is known. */
static void test_the_first_keys_need_no_waiting(void **state)
{
    world *w = *state;
    gh_stored_key key = key_of("c");
    begin(w, "a", "b", 1000);
    gh_keyring_rotation r = rotation(&key, 1001);
    r.settle_s = 10;
    assert_int_equal(gh_records_rotate_ring(w->records, first_seal, &r), GH_KEYRING_OK);
    assert_int_equal(gh_records_rotate_ring(w->records, first_seal, &r), GH_KEYRING_TOO_SOON);
}

enum { NODES = 4 };
static world *shared;
static _Atomic unsigned turned;

static void *node(void *data)
{
    const char *kids[] = {"n0", "n1", "n2", "n3"};
    gh_stored_key key = key_of(kids[*(unsigned *)data]);
    gh_keyring_rotation r = rotation(&key, 2000);
    r.every_s = 100;
    if (gh_records_rotate_ring(shared->records, first_seal, &r) == GH_KEYRING_OK)
        atomic_fetch_add(&turned, 1);
    return NULL;
}

static void test_of_many_one_turns_it(void **state)
{
    pthread_t threads[NODES];
    unsigned numbers[NODES];
    shared = *state;
    atomic_store(&turned, 0);
    begin(shared, "a", "b", 1000);
    for (unsigned i = 0; i < NODES; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, node, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&turned), 1);
    assert_int_equal(world_number(shared, "SELECT count(*) FROM key_generation"), 3);
    assert_int_equal(world_number(shared, "SELECT count(*) FROM signing_key"), 3);
}

static void test_only_so_many_are_in_force_at_once(void **state)
{
    world *w = *state;
    char kid[16];
    begin(w, "a", "b", 1000);
    for (unsigned i = 0; i < GH_GENERATIONS_MOST - 2; i++) {
        (void)snprintf(kid, sizeof kid, "k%u", i);
        assert_int_equal(rotate(w, kid, 1001), GH_KEYRING_OK);
    }
    assert_int_equal(rotate(w, "full", 1001 + OVERLAP_S - 1), GH_KEYRING_FULL);
    assert_int_equal(rotate(w, "again", 1001 + OVERLAP_S), GH_KEYRING_OK);
}

/* --- sealed */

static enum gh_keyring_result read_by(world *w, const uint8_t *by)
{
    gh_stored_ring ring;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    enum gh_keyring_result result = gh_records_read_ring(w->records, by, &arena, &ring);
    gh_arena_reset(&arena);
    return result;
}

static void test_another_secret_does_not_open_the_ring(void **state)
{
    world *w = *state;
    begin(w, "the-key-id", "another-id", 1000);
    assert_int_equal(read_by(w, other_seal), GH_KEYRING_SEALED);
    /* A key is bound to its kid, a generation to its number: rows can't be exchanged. */
    static const char *const changes[] = {
        "UPDATE signing_key SET kid = 'third' WHERE kid = 'another-id'",
        "UPDATE key_generation SET id = 7 WHERE id = 1",
        ("UPDATE key_generation SET sealed = (SELECT sealed FROM key_generation WHERE id = 0), "
         "nonce = (SELECT nonce FROM key_generation WHERE id = 0) WHERE id = 1"),
        "UPDATE key_generation SET sealed = x'00'",
        "UPDATE secret SET value = CAST(substr(value, 2) || x'00' AS BLOB) WHERE name = 'sealed-naming'"};
    for (size_t i = 0; i < GH_COUNT(changes); i++) {
        world_sql(w, changes[i]);
        assert_int_equal(read_by(w, first_seal), GH_KEYRING_SEALED);
        world_sql(w, "DELETE FROM signing_key; DELETE FROM key_generation; DELETE FROM secret WHERE name = "
                     "'sealed-naming'");
        begin(w, "the-key-id", "another-id", 1000);
        assert_int_equal(read_by(w, first_seal), GH_KEYRING_OK);
    }
}

static void test_the_ring_is_sealed_anew(void **state)
{
    world *w = *state;
    begin(w, "a", "b", 1000);
    assert_int_equal(rotate(w, "c", 1001), GH_KEYRING_OK);
    assert_int_equal(gh_records_reseal_ring(w->records, other_seal, first_seal, 1002), GH_KEYRING_OK);
    ring_is(w, other_seal, "a:retiring b:active c:next; 2:next 1:active 0:retiring");
    assert_int_equal(read_by(w, first_seal), GH_KEYRING_SEALED);
    /* Another node, which does the same a moment later. */
    assert_int_equal(gh_records_reseal_ring(w->records, other_seal, first_seal, 1003), GH_KEYRING_OK);
    ring_is(w, other_seal, "a:retiring b:active c:next; 2:next 1:active 0:retiring");
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'secret_key_change'"), 1);
    /* And one that has not heard of it can't put keys into it that nobody else could open. */
    assert_int_equal(rotate(w, "d", 1004), GH_KEYRING_SEALED);
    ring_is(w, other_seal, "a:retiring b:active c:next; 2:next 1:active 0:retiring");
}

static void test_what_neither_secret_opens_stays_as_it_is(void **state)
{
    world *w = *state;
    static const uint8_t third_seal[GH_SEAL_KEY_SIZE] = "a third_seal";
    begin(w, "a", "b", 1000);
    assert_int_equal(gh_records_reseal_ring(w->records, third_seal, other_seal, 1001), GH_KEYRING_SEALED);
    ring_is(w, first_seal, "a:active b:next; 1:next 0:active");
    /* Be it a single row, and the last of them. */
    world_sql(
        w, "UPDATE secret SET value = CAST(substr(value, 2) || x'00' AS BLOB) WHERE name = 'sealed-naming'");
    assert_int_equal(gh_records_reseal_ring(w->records, other_seal, first_seal, 1001), GH_KEYRING_SEALED);
    assert_int_equal(rotate(w, "c", 1002), GH_KEYRING_OK); /* by the one it had */
    assert_int_equal(world_number(w, "SELECT count(*) FROM audit WHERE event = 'secret_key_change'"), 0);
}

/* --- who uses it */

static void sign_in(world *w, gh_id id, uint32_t generation)
{
    world_login in = {.name = "ada", .right = true, .session = world_session(id, GH_SESSION_TOKENS)};
    in.session.generation = generation;
    assert_int_equal(world_sign_in(w, &in), GH_OP_OK);
}

static void make_key(world *w, gh_id id, uint32_t generation, uint64_t expires_s)
{
    gh_op_key_create *k = world_op(KEY_CREATE, gh_op_key_create);
    k->user = w->user;
    k->id = id;
    k->most = 10;
    k->generation = generation;
    k->expires_s = expires_s;
    world_hash(id, k->hash);
    assert_int_equal(world_once(w, k), GH_OP_OK);
}

static void make_device(world *w, gh_id id, uint32_t generation)
{
    gh_op_device_begin *d = world_op(DEVICE_BEGIN, gh_op_device_begin);
    d->user = w->user;
    d->id = id;
    d->generation = generation;
    d->timeout_s = 600;
    d->most = 10;
    world_hash(id, d->hash);
    assert_int_equal(world_once(w, d), GH_OP_OK);
    gh_op_device_confirm *c = world_op(DEVICE_CONFIRM, gh_op_device_confirm);
    c->user = w->user;
    c->id = id;
    world_hash(id, c->hash);
    assert_int_equal(world_once(w, c), GH_OP_OK);
}

static void refresh(world *w, gh_id id, uint32_t generation)
{
    gh_op_refresh *r = world_op(REFRESH, gh_op_refresh);
    r->kind = GH_SESSION_TOKENS;
    r->session = id;
    world_hash(id, r->hash);
    world_hash(id + 1000, r->next_hash);
    r->next_generation = generation;
    r->next_sealed = GH_STR("sealed");
    r->grace_s = 10;
    assert_int_equal(world_once(w, r), GH_OP_OK);
}

/* "2:0/0/0 1:1/2/0 0:2/1/1": sessions, keys and devices of each generation. */
static void uses_are(world *w, const char *expected)
{
    gh_generation_use *uses = NULL;
    unsigned n = 0;
    char text[256];
    gh_arena arena;
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    assert_true(gh_records_count_generations(w->records, world_now_s, &arena, &uses, &n));
    for (unsigned i = 0; i < n; i++)
        gh_buf_printf(&out, "%s%u:%u/%u/%u", i == 0 ? "" : " ", (unsigned)uses[i].id,
                      (unsigned)uses[i].sessions, (unsigned)uses[i].keys, (unsigned)uses[i].devices);
    gh_buf_char(&out, '\0');
    assert_string_equal(text, expected);
    gh_arena_reset(&arena);
}

static void test_what_still_uses_old_keys_is_counted(void **state)
{
    world *w = *state;
    (void)world_user(w, "ada", "$1");
    uses_are(w, "");
    begin(w, "a", "b", world_now_s);
    sign_in(w, 1, 0);
    sign_in(w, 2, 0);
    make_key(w, 11, 0, 0);
    make_key(w, 12, 0, world_now_s + 5);
    make_device(w, 21, 0);
    uses_are(w, "1:0/0/0 0:2/2/1");
    assert_int_equal(rotate(w, "c", world_now_s), GH_KEYRING_OK);
    sign_in(w, 3, 1);
    refresh(w, 1, 1); /* the login goes on with new keys */
    make_key(w, 13, 1, 0);
    uses_are(w, "2:0/0/0 1:2/1/0 0:1/2/1");
    world_now_s += 10;
    uses_are(w, "2:0/0/0 1:2/1/0 0:1/1/1"); /* a key has expired */
    world_reopen(w);
    uses_are(w, "2:0/0/0 1:2/1/0 0:1/1/1");
}

static void test_old_keys_stay_while_they_are_used(void **state)
{
    world *w = *state;
    (void)world_user(w, "ada", "$1");
    begin(w, "a", "b", 1000);
    make_key(w, 11, 0, 0);
    assert_int_equal(rotate(w, "c", 1001), GH_KEYRING_OK);
    assert_int_equal(rotate(w, "d", 1001 + OVERLAP_S), GH_KEYRING_OK);
    assert_int_equal(rotate(w, "e", 1001 + 2 * OVERLAP_S), GH_KEYRING_OK);
    uses_are(w, "4:0/0/0 3:0/0/0 2:0/0/0 0:0/1/0");
    gh_op_key_end *end = world_op(KEY_END, gh_op_key_end);
    end->id = 11;
    assert_int_equal(world_once(w, end), GH_OP_OK);
    assert_int_equal(rotate(w, "f", 1001 + 3 * OVERLAP_S), GH_KEYRING_OK);
    uses_are(w, "5:0/0/0 4:0/0/0 3:0/0/0");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_ring_turns),
        TEST(test_a_ring_of_a_shared_secret_has_no_signing_keys),
        TEST(test_it_turns_when_it_is_time),
        TEST(test_the_first_keys_need_no_waiting),
        TEST(test_of_many_one_turns_it),
        TEST(test_only_so_many_are_in_force_at_once),
        TEST(test_another_secret_does_not_open_the_ring),
        TEST(test_the_ring_is_sealed_anew),
        TEST(test_what_neither_secret_opens_stays_as_it_is),
        TEST(test_what_still_uses_old_keys_is_counted),
        TEST(test_old_keys_stay_while_they_are_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
