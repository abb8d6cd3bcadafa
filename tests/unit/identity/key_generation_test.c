/* What was made with keys that have been changed since: how long it counts, and who may say of which keys it is. */
#include "identity/key_generation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "identity/csrf_token.h"
#include "identity/secret.h"

enum { MOST = 8, SECRETS = 3 };

static const gh_id id = UINT64_C(0x0123456789abcdef);
static const gh_str prefix = GH_STR_INIT("ghk");

/* As the records have them: from the last to the first. */
typedef struct ring {
    gh_key_generation generations[MOST];
    gh_identity_keys keys;
} ring;

static gh_str secret_of(uint32_t generation)
{
    static char text[GH_GENERATION_SECRET];
    memset(text, 's', sizeof text);
    text[0] = (char)generation;
    return (gh_str){text, sizeof text};
}

static void add(ring *r, uint32_t generation, enum gh_key_state state, bool kept)
{
    if (state == GH_KEY_ACTIVE)
        r->keys.active = r->keys.n_generations;
    gh_key_generation_init(&r->generations[r->keys.n_generations++], generation, state, kept,
                           secret_of(generation));
}

/* After so many changes; those before `from` are kept or gone. */
static void after(ring *r, uint32_t changes, uint32_t from, bool kept)
{
    *r = (ring){0};
    r->keys.generations = r->generations;
    add(r, changes + 1, GH_KEY_NEXT, false);
    for (uint32_t g = changes; g < UINT32_MAX && (g >= from || kept); g--)
        add(r, g, g == changes ? GH_KEY_ACTIVE : GH_KEY_RETIRING, g < from);
}

typedef struct made {
    char memory[SECRETS][GH_SECRET_TEXT_MAX], key_memory[GH_API_KEY_TEXT_MAX], csrf_memory[GH_CSRF_TEXT];
    gh_str text[SECRETS], key, csrf;
    gh_secret secret[SECRETS], key_secret;
} made;

static void make(const ring *r, made *ret)
{
    static const uint8_t random[GH_SECRET_RANDOM] = {1, 2, 3};
    size_t start = 0;
    for (unsigned kind = GH_SECRET_SESSION; kind <= GH_SECRET_DEVICE; kind++) {
        gh_buf out = gh_buf_over(ret->memory[kind], sizeof ret->memory[kind]);
        gh_secret_make(&r->keys, kind, id, 5, random, &out, &ret->secret[kind]);
        ret->text[kind] = gh_buf_str(&out);
    }
    gh_buf key = gh_buf_over(ret->key_memory, sizeof ret->key_memory);
    gh_api_key_make(&r->keys, prefix, id, random, &key, &ret->key_secret, &start);
    ret->key = gh_buf_str(&key);
    gh_buf csrf = gh_buf_over(ret->csrf_memory, sizeof ret->csrf_memory);
    gh_csrf_make(&r->keys, id, random, &csrf);
    ret->csrf = gh_buf_str(&csrf);
    assert_true(gh_buf_ok(&key) && gh_buf_ok(&csrf));
}

/* Is it found by the stored hash, and does it say of itself that we have made it? */
static bool counts(const ring *r, const made *m, enum gh_secret_kind kind)
{
    gh_secret read;
    bool shaped = gh_secret_read(&r->keys, kind, m->text[kind], &read),
         authentic = gh_secret_authentic(&r->keys, kind, m->text[kind]);
    assert_int_equal(shaped, authentic);
    if (!shaped)
        return false;
    assert_int_equal(read.generation, m->secret[kind].generation);
    assert_int_equal(read.number, kind == GH_SECRET_DEVICE ? 0 : 5);
    return memcmp(read.hash, m->secret[kind].hash, sizeof read.hash) == 0;
}

static bool key_counts(const ring *r, const made *m)
{
    gh_secret read;
    return gh_api_key_read(&r->keys, prefix, m->key, &read) && read.id == id &&
           read.generation == m->key_secret.generation &&
           memcmp(read.hash, m->key_secret.hash, sizeof read.hash) == 0;
}

static void all_count(const ring *r, const made *m)
{
    for (unsigned kind = GH_SECRET_SESSION; kind <= GH_SECRET_DEVICE; kind++)
        assert_true(counts(r, m, kind));
    assert_true(key_counts(r, m));
    assert_int_equal(gh_csrf_check(&r->keys, id, m->csrf), GH_CSRF_GOOD);
    assert_int_equal(gh_csrf_check(&r->keys, id ^ 1, m->csrf), GH_CSRF_STALE);
}

static void nothing_is_lost_over_two_changes(void **state)
{
    (void)state;
    ring r;
    made m[3];
    for (uint32_t changes = 0; changes < GH_COUNT(m); changes++) {
        after(&r, changes, 0, false);
        make(&r, &m[changes]);
        for (uint32_t before = 0; before <= changes; before++) {
            all_count(&r, &m[before]);
            assert_int_equal(m[before].secret[GH_SECRET_SESSION].generation, before);
        }
    }
    assert_int_equal(m[0].key.n, 75); /* as it always was */
    assert_int_equal(m[1].key.n, 83);
}

/* Another node has changed its keys a moment before this one: what it makes is known already. */
static void the_next_ones_are_known_before_they_are_used(void **state)
{
    (void)state;
    ring here, there;
    made m;
    after(&here, 1, 0, false);
    after(&there, 2, 0, false);
    make(&there, &m);
    all_count(&here, &m);
}

static void after_the_overlap_devices_and_api_keys_are_left(void **state)
{
    (void)state;
    ring r;
    made m;
    after(&r, 1, 0, false);
    make(&r, &m);
    after(&r, 2, 2, true);
    assert_false(counts(&r, &m, GH_SECRET_SESSION));
    assert_false(counts(&r, &m, GH_SECRET_REFRESH));
    assert_true(counts(&r, &m, GH_SECRET_DEVICE));
    assert_true(key_counts(&r, &m));
    assert_int_equal(gh_csrf_check(&r.keys, id, m.csrf), GH_CSRF_MISMATCH);
    after(&r, 2, 2, false); /* nobody has any any more: the keys are gone */
    assert_false(counts(&r, &m, GH_SECRET_DEVICE));
    assert_false(key_counts(&r, &m));
}

/* Who has stolen old keys says that what he makes is of newer ones, or has the number of an old one. */
static void a_forged_generation_is_no_use(void **state)
{
    (void)state;
    ring r, stolen;
    made m;
    after(&r, 3, 3, true);
    after(&stolen, 1, 0, false);
    for (uint32_t said = 0; said <= 5; said++) {
        for (unsigned i = 0; i < stolen.keys.n_generations; i++)
            if (stolen.generations[i].state == GH_KEY_ACTIVE)
                stolen.generations[i].id = said;
        make(&stolen, &m);
        /* Known by name, as all of generation 1 are; but not what was stored of it. */
        if (said == 1)
            continue;
        assert_false(gh_secret_authentic(&r.keys, GH_SECRET_SESSION, m.text[GH_SECRET_SESSION]));
        assert_false(gh_secret_authentic(&r.keys, GH_SECRET_REFRESH, m.text[GH_SECRET_REFRESH]));
        assert_false(gh_secret_authentic(&r.keys, GH_SECRET_DEVICE, m.text[GH_SECRET_DEVICE]));
        assert_false(key_counts(&r, &m));
        assert_int_equal(gh_csrf_check(&r.keys, id, m.csrf), GH_CSRF_MISMATCH);
    }
}

/* The hint is under the MAC and in the hash: a real one that is said to be of other keys is none. */
static void the_hint_can_not_be_changed(void **state)
{
    (void)state;
    ring r;
    made m;
    after(&r, 2, 0, false);
    make(&r, &m);
    for (unsigned kind = GH_SECRET_SESSION; kind <= GH_SECRET_DEVICE; kind++) {
        /* Of 8 bytes of id 10 characters and 4 bits are; the hint is in the 2 that follow. */
        for (size_t at = 4 + 10; at < 4 + 16; at++) {
            char was = m.memory[kind][at];
            gh_secret read;
            m.memory[kind][at] = was == 'A' ? 'B' : 'A';
            assert_false(gh_secret_authentic(&r.keys, kind, m.text[kind]));
            if (gh_secret_read(&r.keys, kind, m.text[kind], &read))
                assert_memory_not_equal(read.hash, m.secret[kind].hash, sizeof read.hash);
            m.memory[kind][at] = was;
        }
        assert_true(counts(&r, &m, kind));
    }
}

/* What is sealed for a moment outlives a change in that moment. */
static void a_successor_outlives_a_change(void **state)
{
    (void)state;
    static const uint8_t nonce[GH_SEAL_NONCE_SIZE] = {9};
    ring r;
    char memory[GH_SECRET_TEXT_MAX + 40], opened[GH_SECRET_TEXT_MAX];
    gh_buf sealed = gh_buf_over(memory, sizeof memory), out = gh_buf_over(opened, sizeof opened);
    after(&r, 1, 0, false);
    gh_secret_seal(&r.keys, GH_STR("before"), nonce, GH_STR("after"), &sealed);
    after(&r, 3, 0, false);
    assert_true(gh_secret_unseal(&r.keys, GH_STR("before"), gh_buf_str(&sealed), &out));
    assert_true(gh_str_eq(gh_buf_str(&out), GH_STR("after")));
    out.n = 0;
    after(&r, 3, 2, true);
    assert_false(gh_secret_unseal(&r.keys, GH_STR("before"), gh_buf_str(&sealed), &out));
    assert_int_equal(out.n, 0);
}

static void hints_tell_those_in_force_apart(void **state)
{
    (void)state;
    assert_int_equal(gh_key_generation_hint(0), 0);
    for (uint32_t g = 1; g < 2000; g++) {
        assert_int_not_equal(gh_key_generation_hint(g), 0);
        for (uint32_t k = 1; k < GH_GENERATIONS_MOST && k < g; k++)
            assert_int_not_equal(gh_key_generation_hint(g), gh_key_generation_hint(g - k));
    }
    assert_int_not_equal(gh_key_generation_hint(UINT32_MAX), 0);
}

/* After 255 changes a hint comes again: the kept generation of that hint is not taken for the one in force. */
static void a_hint_that_comes_again_is_the_new_one(void **state)
{
    (void)state;
    ring r = {.keys = {.generations = r.generations}};
    ring old = {.keys = {.generations = old.generations}};
    made m;
    add(&old, 1, GH_KEY_ACTIVE, false);
    add(&r, 256, GH_KEY_ACTIVE, false);
    add(&r, 1, GH_KEY_RETIRING, true);
    make(&old, &m);
    assert_false(gh_secret_authentic(&r.keys, GH_SECRET_SESSION, m.text[GH_SECRET_SESSION]));
    assert_true(counts(&r, &m, GH_SECRET_DEVICE) && key_counts(&r, &m));
    make(&r, &m);
    all_count(&r, &m);
}

/* Each API key has one text: generation 0 is not written, and no other number of it is taken. */
static void an_api_key_has_one_text(void **state)
{
    (void)state;
    ring r = {.keys = {.generations = r.generations}};
    made m;
    add(&r, UINT32_MAX, GH_KEY_ACTIVE, false);
    add(&r, 0, GH_KEY_RETIRING, true);
    make(&r, &m);
    all_count(&r, &m);
    r.generations[0].id = 0;
    r.generations[1].id = 7;
    make(&r, &m);
    assert_int_equal(m.key.n, 75);
    all_count(&r, &m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_over_two_changes),
        cmocka_unit_test(the_next_ones_are_known_before_they_are_used),
        cmocka_unit_test(after_the_overlap_devices_and_api_keys_are_left),
        cmocka_unit_test(a_forged_generation_is_no_use),
        cmocka_unit_test(the_hint_can_not_be_changed),
        cmocka_unit_test(a_successor_outlives_a_change),
        cmocka_unit_test(hints_tell_those_in_force_apart),
        cmocka_unit_test(a_hint_that_comes_again_is_the_new_one),
        cmocka_unit_test(an_api_key_has_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
