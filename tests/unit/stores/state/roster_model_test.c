/* Random operations on the roster and on a plain model of it that is written from roster.h alone: after each, both must
 * answer alike. Few ids and close times, so that everything meets everything. */
#include "rosters.h"

enum {
    STEPS = 60000,
    USERS = 7, /* ids 1 to 6; 0 is nobody */
    IDS = 25,  /* sessions, keys, devices: ids 1 to 24 of each */
    JTIS = 6,
    SECRETS = 3
};

typedef struct model_user {
    bool there, disabled;
    bool bare;     /* dropped, and kept for its cut-off only */
    unsigned text; /* which of the texts */
    uint64_t cutoff_s, until_s;
} model_user;

typedef struct model_entry {
    bool there, noted;
    gh_id user, device;
    uint8_t kind;
    unsigned secret, before; /* 0: none */
    uint64_t rotated_s, created_s, used_s, expires_s;
    gh_ip address;
    unsigned text; /* of a key */
    bool networks;
} model_entry;

typedef struct model {
    gh_roster *r;
    uint64_t random, now_s;
    model_user user[USERS];
    model_entry entry[3][IDS]; /* by enum gh_roster_what */
    uint64_t ended[IDS], revoked[JTIS];
} model;

/* What there is to be had of names, roles, scopes and tiers; the last is absent. */
static const gh_str texts[] = {GH_STR_INIT("one"), GH_STR_INIT("two three"), GH_STR_INIT(""), {NULL, 0}};
static const gh_ip addresses[] = {{4, {10, 0, 0, 1}}, {4, {10, 0, 0, 2}}, {6, {0x20, 1}}};

static uint64_t below(model *m, uint64_t n)
{
    return gh_mix64(m->random++) % n;
}

static bool one_in(model *m, uint64_t n)
{
    return below(m, n) == 0;
}

static void put_hash(unsigned secret, uint8_t ret[GH_SECRET_HASH])
{
    if (secret == 0)
        memset(ret, 0, GH_SECRET_HASH);
    else
        hash_of(secret, ret);
}

static bool has_entries(const model *m, gh_id user)
{
    for (unsigned what = 0; what < 3; what++)
        for (gh_id id = 1; id < IDS; id++)
            if (m->entry[what][id].there && m->entry[what][id].user == user)
                return true;
    return false;
}

static void change_user(model *m)
{
    gh_id id = 1 + below(m, USERS - 1);
    model_user u = {.there = true, .disabled = one_in(m, 4), .text = (unsigned)below(m, GH_COUNT(texts))};
    if (one_in(m, 4)) {
        u.cutoff_s = m->now_s - below(m, 5);
        u.until_s = m->now_s + below(m, 20);
    }
    gh_roster_user user = {.id = id,
                           .name = texts[u.text],
                           .roles = texts[(u.text + 1) % GH_COUNT(texts)],
                           .tier = texts[(u.text + 2) % GH_COUNT(texts)],
                           .disabled = u.disabled,
                           .cutoff_s = u.cutoff_s};
    assert_true(gh_roster_set_user(m->r, &user, u.until_s));
    m->user[id] = u;
}

static void drop_user(model *m)
{
    gh_id id = below(m, USERS);
    model_user *u = &m->user[id];
    gh_roster_drop_user(m->r, id);
    if (id == 0 || !u->there)
        return;
    for (unsigned what = 0; what < 3; what++)
        for (unsigned i = 0; i < IDS; i++)
            if (m->entry[what][i].user == id)
                m->entry[what][i].there = false;
    u->there = u->cutoff_s != 0;
    u->disabled = false;
    u->bare = true;
}

static void keep_later_use(model_entry *e, const model_entry *before)
{
    e->noted = before->there && before->noted;
    if (!before->there || before->used_s <= e->used_s)
        return;
    e->used_s = before->used_s;
    e->address = before->address;
}

static void change_session(model *m)
{
    gh_id id = 1 + below(m, IDS - 1);
    model_entry e = {.there = true,
                     .user = below(m, USERS),
                     .device = below(m, 3),
                     .kind = one_in(m, 5) ? GH_SESSION_TOKENS : GH_SESSION_COOKIE,
                     .secret = 1 + (unsigned)below(m, SECRETS),
                     .before = (unsigned)below(m, SECRETS + 1),
                     .rotated_s = m->now_s - below(m, 10),
                     .created_s = m->now_s - below(m, 100),
                     .used_s = m->now_s - below(m, 20),
                     .expires_s = m->now_s + below(m, 50),
                     .address = addresses[below(m, GH_COUNT(addresses))]};
    gh_roster_session s = {.id = id,
                           .user = e.user,
                           .device = e.device,
                           .kind = e.kind,
                           .rotated_s = e.rotated_s,
                           .created_s = e.created_s,
                           .used_s = e.used_s,
                           .expires_s = e.expires_s,
                           .address = e.address};
    put_hash(e.secret, s.hash);
    put_hash(e.before, s.before_hash);
    bool can = m->user[e.user].there;
    assert_int_equal(gh_roster_set_session(m->r, &s), can);
    if (!can)
        return;
    keep_later_use(&e, &m->entry[GH_ROSTER_SESSION][id]);
    m->entry[GH_ROSTER_SESSION][id] = e;
}

static void change_key(model *m)
{
    static const gh_cidr networks[] = {{{4, {10, 0, 0, 2}}, 32}, {{6, {0x20}}, 8}};
    gh_id id = 1 + below(m, IDS - 1);
    model_entry e = {.there = true,
                     .user = below(m, USERS),
                     .secret = 1 + (unsigned)below(m, SECRETS),
                     .expires_s = one_in(m, 2) ? 0 : m->now_s + below(m, 20),
                     .text = (unsigned)below(m, GH_COUNT(texts)),
                     .networks = one_in(m, 3)};
    gh_roster_key k = {.id = id,
                       .user = e.user,
                       .scopes = texts[e.text],
                       .tier = texts[(e.text + 1) % GH_COUNT(texts)],
                       .networks = networks,
                       .n_networks = e.networks ? 2 : 0,
                       .expires_s = e.expires_s};
    put_hash(e.secret, k.hash);
    bool can = m->user[e.user].there;
    assert_int_equal(gh_roster_set_key(m->r, &k), can);
    if (!can)
        return;
    keep_later_use(&e, &m->entry[GH_ROSTER_KEY][id]);
    m->entry[GH_ROSTER_KEY][id] = e;
}

static void change_device(model *m)
{
    gh_id id = 1 + below(m, IDS - 1);
    model_entry e = {.there = true, .user = below(m, USERS), .secret = 1 + (unsigned)below(m, SECRETS)};
    gh_roster_device d = {.id = id, .user = e.user};
    put_hash(e.secret, d.hash);
    bool can = e.user == 0 || m->user[e.user].there;
    assert_int_equal(gh_roster_set_device(m->r, &d), can);
    if (!can)
        return;
    keep_later_use(&e, &m->entry[GH_ROSTER_DEVICE][id]);
    m->entry[GH_ROSTER_DEVICE][id] = e;
}

static void end_something(model *m)
{
    gh_id id = below(m, IDS);
    unsigned what = (unsigned)below(m, 3);
    uint64_t until_s = one_in(m, 2) ? 0 : m->now_s + below(m, 20);
    if (what == GH_ROSTER_SESSION)
        assert_true(gh_roster_end_session(m->r, id, until_s));
    else if (what == GH_ROSTER_KEY)
        gh_roster_end_key(m->r, id);
    else
        gh_roster_end_device(m->r, id);
    m->entry[what][id].there = false;
    if (what == GH_ROSTER_SESSION && id != 0 && until_s > m->ended[id])
        m->ended[id] = until_s;
}

static void revoke(model *m)
{
    uint64_t jti = below(m, JTIS), until_s = m->now_s + below(m, 20);
    assert_true(gh_roster_revoke_token(m->r, jti, until_s));
    if (jti != 0 && until_s > m->revoked[jti])
        m->revoked[jti] = until_s;
}

static void forget_past(uint64_t *until_s, unsigned n, uint64_t now)
{
    for (unsigned i = 0; i < n; i++)
        if (until_s[i] <= now)
            until_s[i] = 0;
}

static void sweep(model *m)
{
    gh_roster_sweep(m->r, m->now_s);
    forget_past(m->ended, IDS, m->now_s);
    forget_past(m->revoked, JTIS, m->now_s);
    for (gh_id id = 1; id < USERS; id++) {
        model_user *u = &m->user[id];
        if (u->until_s <= m->now_s)
            u->cutoff_s = 0;
        if (!has_entries(m, id) && !u->disabled && u->cutoff_s == 0)
            u->there = false;
    }
}

static void collect(model *m)
{
    gh_roster_use uses[7];
    unsigned n;
    do {
        n = gh_roster_collect_used(m->r, uses, GH_COUNT(uses));
        for (unsigned i = 0; i < n; i++) {
            model_entry *e = &m->entry[uses[i].what][uses[i].id];
            assert_true(e->there && e->noted);
            assert_int_equal(uses[i].used_s, e->used_s);
            assert_true(gh_ip_eq(&uses[i].address, &e->address));
            e->noted = false;
        }
    } while (n == GH_COUNT(uses));
    for (unsigned what = 0; what < 3; what++)
        for (unsigned id = 0; id < IDS; id++)
            assert_false(m->entry[what][id].there && m->entry[what][id].noted);
}

static enum gh_lookup_answer expect_session(const model_entry *e, const model_user *u, const gh_lookup *l,
                                            unsigned secret, bool *ret_previous)
{
    if (e->kind == GH_SESSION_TOKENS)
        return GH_LOOKUP_UNKNOWN;
    *ret_previous = secret != e->secret;
    if (secret != e->secret && (secret == 0 || secret != e->before || l->now_s >= e->rotated_s + l->grace_s))
        return GH_LOOKUP_MISMATCH;
    if (e->expires_s <= l->now_s || (l->idle_s > 0 && e->used_s + l->idle_s <= l->now_s))
        return GH_LOOKUP_EXPIRED;
    return u->disabled ? GH_LOOKUP_DISABLED : GH_LOOKUP_GOOD;
}

static enum gh_lookup_answer expect_key(const model_entry *e, const model_user *u, const gh_lookup *l,
                                        unsigned secret)
{
    if (secret != e->secret)
        return GH_LOOKUP_MISMATCH;
    if (e->expires_s != 0 && e->expires_s <= l->now_s)
        return GH_LOOKUP_EXPIRED;
    if (u->disabled)
        return GH_LOOKUP_DISABLED;
    return e->networks && gh_ip_eq(&l->address, &addresses[0]) ? GH_LOOKUP_ADDRESS_REFUSED : GH_LOOKUP_GOOD;
}

static bool is_text(gh_str got, unsigned text)
{
    return gh_str_eq(got, texts[text % GH_COUNT(texts)]);
}

static void assert_answer(const model *m, unsigned what, const model_entry *e, bool previous,
                          const gh_lookup *l)
{
    const model_user *u = &m->user[e->user];
    assert_int_equal(l->subject.user, e->user);
    if (what != GH_ROSTER_DEVICE && u->bare)
        assert_int_equal(l->subject.name.n + l->subject.roles.n + l->subject.tier.n, 0);
    else if (what != GH_ROSTER_DEVICE)
        assert_true(is_text(GH_SHORT_STR(l->subject.name), u->text) &&
                    is_text(GH_SHORT_STR(l->subject.roles), u->text + 1) &&
                    is_text(GH_SHORT_STR(l->subject.tier), u->text + 2));
    assert_int_equal(l->previous, previous);
    assert_int_equal(l->device, e->device);
    assert_int_equal(l->expires_s, e->expires_s);
    assert_int_equal(l->created_s, e->created_s);
    assert_int_equal(l->scoped, what == GH_ROSTER_KEY && texts[e->text].p != NULL);
    if (what == GH_ROSTER_KEY)
        assert_true(is_text(GH_SHORT_STR(l->scopes), e->text) && is_text(GH_SHORT_STR(l->tier), e->text + 1));
}

static void look_up(model *m)
{
    unsigned what = (unsigned)below(m, 3), secret = (unsigned)below(m, SECRETS + 1);
    gh_lookup l = {.kind = (uint8_t)what, /* the kinds have the same order */
                   .id = below(m, IDS),
                   .now_s = m->now_s,
                   .idle_s = (uint32_t)below(m, 15),
                   .grace_s = (uint32_t)below(m, 8),
                   .address = addresses[below(m, GH_COUNT(addresses))]};
    model_entry *e = &m->entry[what][l.id];
    const model_user *u = &m->user[e->user];
    if (one_in(m, 2))
        secret = e->secret;
    put_hash(secret, l.hash);
    bool previous = false;
    enum gh_lookup_answer want = GH_LOOKUP_UNKNOWN;
    if (e->there)
        want = what == GH_ROSTER_SESSION ? expect_session(e, u, &l, secret, &previous)
               : what == GH_ROSTER_KEY   ? expect_key(e, u, &l, secret)
               : secret != e->secret     ? GH_LOOKUP_MISMATCH
               : u->disabled             ? GH_LOOKUP_DISABLED
                                         : GH_LOOKUP_GOOD;
    gh_roster_answer(m->r, &l, 1);
    assert_int_equal(l.answer, want);
    if (want != GH_LOOKUP_GOOD)
        return;
    assert_answer(m, what, e, previous, &l);
    bool same = l.now_s == e->used_s && gh_ip_eq(&l.address, &e->address);
    if (l.now_s < e->used_s || same)
        return;
    e->used_s = l.now_s;
    e->address = l.address;
    e->noted = true;
}

static enum gh_lookup_answer expect_token(const model *m, const gh_lookup *l)
{
    const model_entry *s = &m->entry[GH_ROSTER_SESSION][l->id];
    const model_user *u = &m->user[l->user];
    if (m->revoked[l->jti] != 0 || m->ended[l->id] != 0 || (s->there && s->user != l->user))
        return GH_LOOKUP_REVOKED;
    if (!u->there)
        return GH_LOOKUP_GOOD;
    if (u->disabled)
        return GH_LOOKUP_DISABLED;
    return u->cutoff_s != 0 && l->issued_s <= u->cutoff_s ? GH_LOOKUP_REVOKED : GH_LOOKUP_GOOD;
}

static void look_up_token(model *m)
{
    gh_lookup l = {.kind = GH_LOOKUP_TOKEN,
                   .id = one_in(m, 3) ? 0 : below(m, IDS),
                   .user = below(m, USERS),
                   .jti = one_in(m, 2) ? 0 : below(m, JTIS),
                   .issued_s = m->now_s - below(m, 10),
                   .now_s = m->now_s};
    if (m->entry[GH_ROSTER_SESSION][l.id].there && !one_in(m, 3))
        l.user = m->entry[GH_ROSTER_SESSION][l.id].user;
    gh_roster_answer(m->r, &l, 1);
    assert_int_equal(l.answer, expect_token(m, &l));
    assert_int_equal(l.subject.user, l.answer == GH_LOOKUP_GOOD ? l.user : 0);
}

static void compare_stats(const model *m)
{
    gh_roster_stats got = stats_of(m->r), want = {.bytes = got.bytes};
    for (unsigned i = 0; i < IDS; i++) {
        want.sessions += m->entry[GH_ROSTER_SESSION][i].there;
        want.keys += m->entry[GH_ROSTER_KEY][i].there;
        want.devices += m->entry[GH_ROSTER_DEVICE][i].there;
        want.users += i < USERS && m->user[i].there;
        want.revocations += m->ended[i] != 0;
        want.revocations += i < JTIS && m->revoked[i] != 0;
    }
    assert_memory_equal(&got, &want, sizeof got);
}

static void step(model *m)
{
    static void (*const rare[])(model *) = {change_user,    change_user,    drop_user,      change_session,
                                            change_session, change_session, change_session, change_session,
                                            change_key,     change_key,     change_device,  change_device,
                                            end_something,  revoke};
    if (one_in(m, 5))
        m->now_s += below(m, 4);
    if (one_in(m, 3))
        rare[below(m, GH_COUNT(rare))](m);
    if (one_in(m, 50))
        sweep(m);
    if (one_in(m, 20))
        collect(m);
    if (one_in(m, 3))
        look_up_token(m);
    else
        look_up(m);
    compare_stats(m);
}

static void both_answer_alike(void **state)
{
    (void)state;
    static model m;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        m = (model){.r = new_roster(), .random = seed << 32, .now_s = now_s};
        for (unsigned i = 0; i < STEPS; i++)
            step(&m);
        gh_roster_free(m.r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_answer_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
