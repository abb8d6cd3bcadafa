/* Effects as bytes and back. */
#include "postgres_world.h"
#include "records/postgres/change.h"

static gh_arena arena;
static gh_effects effects;

static int setup(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 32 << 20);
    effects = (gh_effects){.arena = &arena};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

static gh_effect *add(enum gh_effect_kind kind)
{
    gh_effect *e = gh_effects_add(&effects, kind);
    assert_non_null(e);
    return e;
}

static const gh_effect *there_and_back(void)
{
    gh_str bytes, again;
    gh_effects read;
    assert_true(gh_change_encode(effects.first, &arena, &bytes));
    if (!gh_change_decode(bytes, &arena, &read))
        fail_msg("it can't be read");
    assert_true(gh_change_encode(read.first, &arena, &again));
    assert_true(gh_str_eq(bytes, again));
    return read.first;
}

static void refused(void)
{
    gh_str bytes;
    assert_false(gh_change_encode(effects.first, &arena, &bytes));
}

static void same_text(gh_str a, gh_str b)
{
    assert_true(gh_str_eq(a, b));
}

static void users(void **state)
{
    (void)state;
    gh_effect *e = add(GH_EFFECT_SET_USER);
    e->user = (gh_roster_user){
        INT64_MAX, GH_STR("\xc3\xa5sa"), GH_STR("admin member"), GH_STR("premium"), true, 1700000000};
    e->until_s = UINT64_MAX;
    add(GH_EFFECT_DROP_USER)->id = 5;
    e = add(GH_EFFECT_SET_USER); /* one who was erased */
    e->user = (gh_roster_user){.id = 5, .cutoff_s = 1};
    const gh_effect *read = there_and_back();
    assert_int_equal(read->kind, GH_EFFECT_SET_USER);
    assert_true(read->user.id == INT64_MAX && read->user.disabled && read->user.cutoff_s == 1700000000);
    same_text(read->user.name, GH_STR("\xc3\xa5sa"));
    same_text(read->user.roles, GH_STR("admin member"));
    same_text(read->user.tier, GH_STR("premium"));
    assert_true(read->until_s == UINT64_MAX);
    read = read->next;
    assert_true(read->kind == GH_EFFECT_DROP_USER && read->id == 5);
    read = read->next;
    assert_true(read->user.id == 5 && !read->user.disabled && read->user.name.n == 0 &&
                read->user.cutoff_s == 1);
    assert_null(read->next);
}

static void sessions(void **state)
{
    (void)state;
    gh_effect *e = add(GH_EFFECT_SET_SESSION);
    e->session = (gh_roster_session){.id = 9, .user = 7, .kind = GH_SESSION_TOKENS, .expires_s = INT64_MAX};
    memset(e->session.hash, 0xa1, GH_SECRET_HASH);
    e = add(GH_EFFECT_SET_SESSION);
    e->session = (gh_roster_session){.id = 10,
                                     .user = 7,
                                     .device = 3,
                                     .kind = GH_SESSION_COOKIE,
                                     .rotated_s = 127,
                                     .created_s = 128,
                                     .used_s = 16383,
                                     .expires_s = 16384,
                                     .address = {6, {0x20, 1, 0xd, 0xb8}}};
    memset(e->session.before_hash, 0xb2, GH_SECRET_HASH);
    e = add(GH_EFFECT_END_SESSION);
    e->id = 9;
    e->until_s = 1700003900;
    const gh_effect *read = there_and_back();
    assert_memory_equal(&read->session, &effects.first->session, sizeof read->session);
    read = read->next;
    assert_memory_equal(&read->session, &effects.first->next->session, sizeof read->session);
    read = read->next;
    assert_true(read->kind == GH_EFFECT_END_SESSION && read->id == 9 && read->until_s == 1700003900);
}

static void keys_and_devices(void **state)
{
    gh_cidr nets[64];
    (void)state;
    for (unsigned i = 0; i < 64; i++)
        nets[i] = (gh_cidr){{6, {0x20, 1, 0xd, 0xb8, (uint8_t)i}}, 128};
    nets[5] = (gh_cidr){{4, {10}}, 8};
    gh_effect *e = add(GH_EFFECT_SET_KEY);
    e->key = (gh_roster_key){.id = 1,
                             .user = 7,
                             .scopes = GH_STR("a b"),
                             .tier = GH_STR("bulk"),
                             .networks = nets,
                             .n_networks = 64};
    e = add(GH_EFFECT_SET_KEY); /* narrowed to nothing */
    e->key = (gh_roster_key){.id = 2, .user = 7, .scopes = GH_STR(""), .expires_s = 5};
    e = add(GH_EFFECT_SET_KEY); /* not narrowed */
    e->key = (gh_roster_key){.id = 3, .user = 7};
    add(GH_EFFECT_END_KEY)->id = 2;
    add(GH_EFFECT_SET_DEVICE)->device = (gh_roster_device){.id = 4};
    add(GH_EFFECT_SET_DEVICE)->device = (gh_roster_device){.id = 5, .user = 7, .hash = {1, 2, 3}};
    add(GH_EFFECT_END_DEVICE)->id = 4;
    const gh_effect *read = there_and_back();
    assert_int_equal(read->key.n_networks, 64);
    for (unsigned i = 0; i < 64; i++)
        assert_true(gh_ip_eq(&read->key.networks[i].base, &nets[i].base) &&
                    read->key.networks[i].prefix == nets[i].prefix);
    same_text(read->key.scopes, GH_STR("a b"));
    same_text(read->key.tier, GH_STR("bulk"));
    read = read->next;
    assert_true(read->key.scopes.p != NULL && read->key.scopes.n == 0 && read->key.expires_s == 5);
    read = read->next;
    assert_null(read->key.scopes.p);
    assert_true(read->next->id == 2);
    read = read->next->next;
    assert_true(read->device.id == 4 && read->device.user == 0);
    static const gh_roster_device wanted = {.id = 5, .user = 7, .hash = {1, 2, 3}};
    assert_memory_equal(&read->next->device, &wanted, sizeof wanted);
}

static void the_others(void **state)
{
    (void)state;
    gh_effect *e = add(GH_EFFECT_REVOKE_TOKEN);
    e->jti = UINT64_MAX;
    e->until_s = 1;
    add(GH_EFFECT_USED)->used = (gh_roster_use){GH_ROSTER_SESSION, 9, 1700000000, {4, {192, 0, 2, 1}}};
    add(GH_EFFECT_USED)->used = (gh_roster_use){GH_ROSTER_DEVICE, 10, 5, {0}};
    add(GH_EFFECT_RING);
    const gh_effect *read = there_and_back();
    assert_true(read->jti == UINT64_MAX && read->until_s == 1);
    read = read->next;
    assert_true(read->used.what == GH_ROSTER_SESSION && read->used.id == 9 &&
                read->used.used_s == 1700000000);
    assert_int_equal(read->used.address.family, 4);
    assert_true(read->next->used.what == GH_ROSTER_DEVICE && read->next->used.address.family == 0);
    assert_int_equal(read->next->next->kind, GH_EFFECT_RING);
}

static void nothing_is_no_bytes(void **state)
{
    gh_str bytes = GH_STR("x");
    gh_effects read;
    (void)state;
    assert_true(gh_change_encode(NULL, &arena, &bytes));
    assert_null(bytes.p);
    assert_false(gh_change_decode(GH_STR(""), &arena, &read));
    assert_false(gh_change_decode(GH_STR("\x01"), &arena, &read));
}

/* What is written can be read by every node: else it is not written. */
static void what_can_not_be_is_not_written(void **state)
{
    static char text[GH_SCOPES_TEXT_MAX + 1];
    static const gh_cidr nets[65];
    (void)state;
    memset(text, 'x', sizeof text);
    add(GH_EFFECT_END_SESSION)->id = 0;
    refused();
    effects.first->id = UINT64_C(1) << 63;
    refused();
    effects.first->id = 1;
    gh_effect *e = add(GH_EFFECT_SET_USER);
    e->user = (gh_roster_user){.id = 1, .name = {text, GH_USER_NAME_MAX + 1}};
    refused();
    e->user = (gh_roster_user){.id = 1, .roles = {text, GH_ROLES_TEXT_MAX + 1}};
    refused();
    e->user = (gh_roster_user){.id = 1, .tier = {text, GH_TIER_MAX + 1}};
    refused();
    e->user = (gh_roster_user){.id = 1,
                               .name = {text, GH_USER_NAME_MAX},
                               .roles = {text, GH_ROLES_TEXT_MAX},
                               .tier = {text, GH_TIER_MAX}};
    (void)there_and_back();
    e = add(GH_EFFECT_SET_KEY);
    e->key = (gh_roster_key){.id = 1, .user = 1, .networks = nets, .n_networks = 65};
    refused();
    e->key = (gh_roster_key){.id = 1, .user = 1, .scopes = {text, GH_SCOPES_TEXT_MAX + 1}};
    refused();
    e->key = (gh_roster_key){.id = 1, .user = 0};
    refused();
    e->key = (gh_roster_key){.id = 1, .user = 1, .scopes = {text, GH_SCOPES_TEXT_MAX}};
    (void)there_and_back();
}

/* A byte less, a byte more, another byte: nothing is guessed. */
static void a_row_that_is_not_whole(void **state)
{
    gh_str bytes;
    gh_effects read;
    static char copy[512];
    (void)state;
    gh_effect *e = add(GH_EFFECT_SET_USER);
    e->user = (gh_roster_user){.id = 7, .name = GH_STR("ada"), .roles = GH_STR("member")};
    e = add(GH_EFFECT_SET_SESSION);
    e->session = (gh_roster_session){.id = 9, .user = 7, .expires_s = 1700000000};
    assert_true(gh_change_encode(effects.first, &arena, &bytes));
    size_t user_end = 1 + 1 + 8 + 1 + 4 + 7 + 1 + 1 + 1;
    for (size_t n = 0; n < bytes.n; n++)
        assert_true(gh_change_decode((gh_str){bytes.p, n}, &arena, &read) == (n == user_end));
    memcpy(copy, bytes.p, bytes.n);
    copy[bytes.n] = 99;
    assert_false(gh_change_decode((gh_str){copy, bytes.n + 1}, &arena, &read));
    copy[0] = 2; /* a newer Gatehouse's */
    assert_false(gh_change_decode((gh_str){copy, bytes.n}, &arena, &read));
}

static void no_memory(void **state)
{
    gh_arena small;
    gh_str bytes, none;
    gh_effects read;
    (void)state;
    add(GH_EFFECT_END_SESSION)->id = 1;
    assert_true(gh_change_encode(effects.first, &arena, &bytes));
    gh_arena_init(&small, NULL, 0, 16);
    assert_false(gh_change_encode(effects.first, &small, &none));
    assert_false(gh_change_decode(bytes, &small, &read));
    gh_arena_reset(&small);
}

/* All sessions of a user who has very many. */
static void a_hundred_thousand_at_once(void **state)
{
    (void)state;
    unsigned n = 0;
    gh_arena_reset(&arena);
    gh_arena_init(&arena, NULL, 0, 256 << 20);
    effects = (gh_effects){.arena = &arena};
    for (unsigned i = 0; i < 100000; i++)
        add(GH_EFFECT_END_SESSION)->id = i + 1;
    for (const gh_effect *e = there_and_back(); e != NULL; e = e->next)
        assert_true(e->id == ++n);
    assert_int_equal(n, 100000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(users),
        TEST(sessions),
        TEST(keys_and_devices),
        TEST(the_others),
        TEST(nothing_is_no_bytes),
        TEST(what_can_not_be_is_not_written),
        TEST(a_row_that_is_not_whole),
        TEST(no_memory),
        TEST(a_hundred_thousand_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
