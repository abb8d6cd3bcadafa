/* Writing: nothing that no reader would take. */
#include "records/postgres/change.h"

enum { USER_MOST = 512, KEY_MOST = 2048, OTHER_MOST = 192 }; /* bytes of an effect */

static void put_byte(gh_buf *out, uint8_t byte)
{
    gh_buf_char(out, (char)byte);
}

static void put_number(gh_buf *out, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        put_byte(out, (uint8_t)(n | 0x80));
    put_byte(out, (uint8_t)n);
}

/* What no reader would take is not written: the whole row fails. */
static void must_be(gh_buf *out, bool so)
{
    out->overflow = out->overflow || !so;
}

static void put_64(gh_buf *out, uint64_t n)
{
    for (unsigned i = 0; i < 8; i++)
        put_byte(out, (uint8_t)(n >> (56 - 8 * i)));
}

static void put_id(gh_buf *out, gh_id id)
{
    must_be(out, id != 0 && id <= INT64_MAX);
    put_64(out, id);
}

static void put_optional_id(gh_buf *out, gh_id id)
{
    must_be(out, id <= INT64_MAX);
    put_64(out, id);
}

static void put_bytes(gh_buf *out, const void *bytes, size_t n)
{
    gh_buf_put(out, (gh_str){bytes, n});
}

static void put_text(gh_buf *out, gh_str text, size_t most)
{
    must_be(out, text.n <= most);
    put_number(out, text.n);
    gh_buf_put(out, text);
}

static void put_optional(gh_buf *out, gh_str text, size_t most)
{
    put_byte(out, text.p != NULL);
    if (text.p != NULL)
        put_text(out, text, most);
}

static void put_ip(gh_buf *out, const gh_ip *ip)
{
    put_byte(out, ip->family);
    put_bytes(out, ip->bytes, ip->family == 0 ? 0 : ip->family == 4 ? 4 : 16);
}

static void put_user(gh_buf *out, const gh_effect *e)
{
    put_id(out, e->user.id);
    put_byte(out, e->user.disabled);
    put_text(out, e->user.name, GH_USER_NAME_MAX);
    put_text(out, e->user.roles, GH_ROLES_TEXT_MAX);
    put_text(out, e->user.tier, GH_TIER_MAX);
    put_number(out, e->user.cutoff_s);
    put_number(out, e->until_s);
}

static void put_session(gh_buf *out, const gh_roster_session *s)
{
    put_id(out, s->id);
    put_id(out, s->user);
    put_optional_id(out, s->device);
    put_byte(out, s->kind);
    put_bytes(out, s->hash, sizeof s->hash);
    put_bytes(out, s->before_hash, sizeof s->before_hash);
    put_number(out, s->rotated_s);
    put_number(out, s->created_s);
    put_number(out, s->used_s);
    put_number(out, s->expires_s);
    put_ip(out, &s->address);
}

static void put_key(gh_buf *out, const gh_roster_key *k)
{
    put_id(out, k->id);
    put_id(out, k->user);
    put_bytes(out, k->hash, sizeof k->hash);
    put_optional(out, k->scopes, GH_SCOPES_TEXT_MAX);
    put_text(out, k->tier, GH_TIER_MAX);
    put_number(out, k->expires_s);
    must_be(out, k->n_networks <= GH_CHANGE_NETWORKS);
    put_number(out, k->n_networks);
    for (unsigned i = 0; i < k->n_networks; i++) {
        put_ip(out, &k->networks[i].base);
        put_byte(out, k->networks[i].prefix);
    }
}

static void put_device(gh_buf *out, const gh_roster_device *d)
{
    put_id(out, d->id);
    put_optional_id(out, d->user);
    put_bytes(out, d->hash, sizeof d->hash);
}

static void put_use(gh_buf *out, const gh_roster_use *u)
{
    put_byte(out, u->what);
    put_id(out, u->id);
    put_number(out, u->used_s);
    put_ip(out, &u->address);
}

static void put(gh_buf *out, const gh_effect *e)
{
    put_byte(out, e->kind);
    switch ((enum gh_effect_kind)e->kind) {
    case GH_EFFECT_SET_USER:
        put_user(out, e);
        return;
    case GH_EFFECT_SET_SESSION:
        put_session(out, &e->session);
        return;
    case GH_EFFECT_SET_KEY:
        put_key(out, &e->key);
        return;
    case GH_EFFECT_SET_DEVICE:
        put_device(out, &e->device);
        return;
    case GH_EFFECT_END_SESSION:
        put_id(out, e->id);
        put_number(out, e->until_s);
        return;
    case GH_EFFECT_DROP_USER:
    case GH_EFFECT_END_KEY:
    case GH_EFFECT_END_DEVICE:
        put_id(out, e->id);
        return;
    case GH_EFFECT_REVOKE_TOKEN:
        put_64(out, e->jti);
        put_number(out, e->until_s);
        return;
    case GH_EFFECT_USED:
        put_use(out, &e->used);
        return;
    case GH_EFFECT_RING:
        return;
    }
}

static size_t most_of(const gh_effect *first)
{
    size_t n = 1;
    for (const gh_effect *e = first; e != NULL; e = e->next)
        n += e->kind == GH_EFFECT_SET_KEY ? KEY_MOST : e->kind == GH_EFFECT_SET_USER ? USER_MOST : OTHER_MOST;
    return n;
}

bool gh_change_encode(const gh_effect *first, gh_arena *arena, gh_str *ret)
{
    if (first == NULL) {
        *ret = (gh_str){NULL, 0};
        return true;
    }
    size_t most = most_of(first);
    char *memory = gh_arena_alloc(arena, most);
    if (memory == NULL)
        return false;
    gh_buf out = gh_buf_over(memory, most);
    put_byte(&out, GH_CHANGE_VERSION);
    for (const gh_effect *e = first; e != NULL; e = e->next)
        put(&out, e);
    if (!gh_buf_ok(&out))
        return false;
    *ret = gh_buf_str(&out);
    return true;
}
