/* Reading: strict, so that nothing has two forms. */
#include "records/postgres/change.h"

enum { NUMBER_MAX = 10 /* bytes of a number */ };

typedef struct reader {
    gh_str rest;
    gh_arena *arena;
    bool failed;
} reader;

static gh_str take(reader *r, size_t n)
{
    if (r->failed || n > r->rest.n) {
        r->failed = true;
        return (gh_str){NULL, 0};
    }
    gh_str part = gh_str_cut(r->rest, 0, n);
    r->rest = gh_str_cut(r->rest, n, r->rest.n);
    return part;
}

static void must(reader *r, bool so)
{
    r->failed = r->failed || !so;
}

static uint8_t take_byte(reader *r)
{
    gh_str byte = take(r, 1);
    return byte.n == 0 ? 0 : (uint8_t)byte.p[0];
}

/* The shortest form alone: a last group of zeros says nothing. */
static uint64_t take_number(reader *r)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < NUMBER_MAX && !r->failed; i++) {
        uint8_t byte = take_byte(r);
        must(r, i < NUMBER_MAX - 1 || byte <= 1); /* 64 bits */
        n |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            must(r, i == 0 || byte != 0);
            return n;
        }
    }
    r->failed = true;
    return 0;
}

static uint64_t take_number_up_to(reader *r, uint64_t most)
{
    uint64_t n = take_number(r);
    must(r, n <= most);
    return r->failed ? 0 : n;
}

static uint64_t take_64(reader *r)
{
    gh_str bytes = take(r, 8);
    uint64_t n = 0;
    for (size_t i = 0; i < bytes.n; i++)
        n = n << 8 | (uint8_t)bytes.p[i];
    return n;
}

static gh_id take_id(reader *r, bool may_be_absent)
{
    uint64_t id = take_64(r);
    must(r, id <= INT64_MAX && (may_be_absent || id != 0));
    return id;
}

static bool take_bool(reader *r)
{
    uint8_t byte = take_byte(r);
    must(r, byte <= 1);
    return byte == 1;
}

static void take_hash(reader *r, uint8_t ret[GH_SECRET_HASH])
{
    gh_str bytes = take(r, GH_SECRET_HASH);
    if (!r->failed)
        memcpy(ret, bytes.p, GH_SECRET_HASH);
}

static gh_str take_text(reader *r, size_t most)
{
    return take(r, take_number_up_to(r, most));
}

static gh_str take_optional(reader *r, size_t most)
{
    return take_bool(r) ? take_text(r, most) : (gh_str){NULL, 0};
}

static gh_ip take_ip(reader *r)
{
    gh_ip ip = {0};
    uint8_t family = take_byte(r);
    must(r, family == 0 || family == 4 || family == 6);
    gh_str bytes = take(r, family == 0 ? 0 : family == 4 ? 4 : 16);
    if (r->failed)
        return ip;
    ip.family = family;
    if (bytes.n > 0)
        memcpy(ip.bytes, bytes.p, bytes.n);
    return ip;
}

static void take_user(reader *r, gh_effect *e)
{
    e->user.id = take_id(r, false);
    e->user.disabled = take_bool(r);
    e->user.name = take_text(r, GH_USER_NAME_MAX);
    e->user.roles = take_text(r, GH_ROLES_TEXT_MAX);
    e->user.tier = take_text(r, GH_TIER_MAX);
    e->user.cutoff_s = take_number(r);
    e->until_s = take_number(r);
}

static void take_session(reader *r, gh_roster_session *s)
{
    s->id = take_id(r, false);
    s->user = take_id(r, false);
    s->device = take_id(r, true);
    s->kind = take_byte(r);
    must(r, s->kind == GH_SESSION_COOKIE || s->kind == GH_SESSION_TOKENS);
    take_hash(r, s->hash);
    take_hash(r, s->before_hash);
    s->rotated_s = take_number(r);
    s->created_s = take_number(r);
    s->used_s = take_number(r);
    s->expires_s = take_number(r);
    s->address = take_ip(r);
}

static gh_cidr take_network(reader *r)
{
    gh_cidr net = {.base = take_ip(r)};
    net.prefix = take_byte(r);
    must(r, net.base.family != 0 && net.prefix <= (net.base.family == 4 ? 32 : 128));
    if (!r->failed) {
        gh_ip masked = gh_ip_mask(&net.base, net.prefix);
        must(r, gh_ip_eq(&masked, &net.base));
    }
    return net;
}

static void take_key(reader *r, gh_roster_key *k)
{
    k->id = take_id(r, false);
    k->user = take_id(r, false);
    take_hash(r, k->hash);
    k->scopes = take_optional(r, GH_SCOPES_TEXT_MAX);
    k->tier = take_text(r, GH_TIER_MAX);
    k->expires_s = take_number(r);
    unsigned n = (unsigned)take_number_up_to(r, GH_CHANGE_NETWORKS);
    gh_cidr *list = n == 0 ? NULL : gh_arena_array(r->arena, n, sizeof *list);
    must(r, n == 0 || list != NULL);
    for (unsigned i = 0; i < n && !r->failed; i++)
        list[i] = take_network(r);
    k->networks = list;
    k->n_networks = n;
}

static void take_device(reader *r, gh_roster_device *d)
{
    d->id = take_id(r, false);
    d->user = take_id(r, true);
    take_hash(r, d->hash);
}

static void take_use(reader *r, gh_roster_use *u)
{
    u->what = take_byte(r);
    must(r, u->what <= GH_ROSTER_DEVICE);
    u->id = take_id(r, false);
    u->used_s = take_number(r);
    u->address = take_ip(r);
}

static void take_effect(reader *r, gh_effect *e)
{
    switch ((enum gh_effect_kind)e->kind) {
    case GH_EFFECT_SET_USER:
        take_user(r, e);
        return;
    case GH_EFFECT_SET_SESSION:
        take_session(r, &e->session);
        return;
    case GH_EFFECT_SET_KEY:
        take_key(r, &e->key);
        return;
    case GH_EFFECT_SET_DEVICE:
        take_device(r, &e->device);
        return;
    case GH_EFFECT_END_SESSION:
        e->id = take_id(r, false);
        e->until_s = take_number(r);
        return;
    case GH_EFFECT_DROP_USER:
    case GH_EFFECT_END_KEY:
    case GH_EFFECT_END_DEVICE:
        e->id = take_id(r, false);
        return;
    case GH_EFFECT_REVOKE_TOKEN:
        e->jti = take_64(r);
        e->until_s = take_number(r);
        return;
    case GH_EFFECT_USED:
        take_use(r, &e->used);
        return;
    case GH_EFFECT_RING:
        return;
    }
    r->failed = true;
}

bool gh_change_decode(gh_str bytes, gh_arena *arena, gh_effects *ret)
{
    reader r = {.rest = bytes, .arena = arena};
    gh_effects effects = {.arena = arena};
    must(&r, take_byte(&r) == GH_CHANGE_VERSION && r.rest.n > 0);
    while (!r.failed && r.rest.n > 0) {
        uint8_t kind = take_byte(&r);
        gh_effect *e = gh_effects_add(&effects, (enum gh_effect_kind)kind);
        if (e == NULL)
            return false;
        take_effect(&r, e);
    }
    if (r.failed)
        return false;
    *ret = effects;
    return true;
}
