/* `key rotate` */
#include "identity/answer.h"
#include "operator/errand.h"
#include "operator/new_keys.h"
#include "operator/table.h"

static bool read_algorithm(gh_errand *o, enum gh_signing_alg *ret)
{
    gh_str name = gh_option(o, "algorithm", 0);
    *ret = o->with->algorithm;
    if (name.p == NULL)
        return true;
    if (o->with->algorithm == GH_HS256) {
        (void)gh_misuse(o,
                        "--algorithm: tokens are signed by secret_key (identity.token.algorithm: HS256), and "
                        "there is no ring of signing keys");
        return false;
    }
    if (gh_signing_alg_read(name, ret) && *ret != GH_HS256)
        return true;
    (void)gh_misuse(o, "--algorithm \"%s\" is none of EdDSA, ES256 and RS256", gh_show(o, name));
    return false;
}

static const char *state_name(unsigned state)
{
    static const char *const names[] = {"next", "active", "retiring"};
    return state < GH_COUNT(names) ? names[state] : "?";
}

static void put_keys_json(gh_errand *o, const gh_stored_ring *ring)
{
    for (unsigned i = 0; i < ring->n_keys; i++) {
        const gh_stored_key *key = &ring->keys[i];
        gh_buf *out = gh_text_room(o->out, 256 + 6 * (key->kid.n + key->algorithm.n));
        gh_buf_put(out, i == 0 ? GH_STR("\n{") : GH_STR(",\n{"));
        gh_member_text(out, "kid", key->kid);
        gh_member_text(out, "algorithm", key->algorithm);
        gh_member_text(out, "state", gh_str_of(state_name(key->state)));
        gh_member_time(out, "created_at", key->created_s);
        gh_buf_char(out, '}');
    }
}

static void put_generations_json(gh_errand *o, const gh_stored_ring *ring)
{
    for (unsigned i = 0; i < ring->n_generations; i++) {
        const gh_stored_generation *g = &ring->generations[i];
        gh_buf *out = gh_text_room(o->out, 256);
        gh_buf_put(out, i == 0 ? GH_STR("\n{") : GH_STR(",\n{"));
        gh_member_number(out, "generation", g->id);
        gh_member_text(out, "state", gh_str_of(state_name(g->state)));
        gh_member_time(out, "created_at", g->created_s);
        gh_member_time(out, "changed_at", g->changed_s);
        gh_buf_char(out, '}');
    }
}

static void put_text(gh_errand *o, const gh_stored_ring *ring)
{
    for (unsigned i = 0; i < ring->n_keys; i++) {
        const gh_stored_key *key = &ring->keys[i];
        gh_text_printf(o->out, "%-8s  %-5.*s  %.*s\n", state_name(key->state), (int)key->algorithm.n,
                       key->algorithm.p, (int)key->kid.n, key->kid.p);
    }
    for (unsigned i = 0; i < ring->n_generations; i++)
        gh_text_printf(o->out, "%-8s  generation %u\n", state_name(ring->generations[i].state),
                       (unsigned)ring->generations[i].id);
}

/* Without the secrets, which go with the errand's memory. */
static bool put_ring(gh_errand *o)
{
    gh_stored_ring ring;
    if (gh_records_read_ring(o->with->records, o->identity->keys.ring, &o->arena, &ring) != GH_KEYRING_OK)
        return false;
    if (!gh_wants_json(o)) {
        put_text(o, &ring);
        return true;
    }
    gh_text_lit(o->out, "{\"keys\":[");
    put_keys_json(o, &ring);
    gh_text_lit(o->out, "\n],\"generations\":[");
    put_generations_json(o, &ring);
    gh_text_lit(o->out, "\n]}\n");
    return true;
}

int gh_operate_key_rotate(gh_errand *o)
{
    const gh_identity_policy *p = o->identity;
    char memory[GH_NEW_KEYS_WHY];
    gh_new_keys with = {.records = o->with->records, .seal = p->keys.ring, .now_s = o->now_s, .why = memory};
    const gh_rotation rotation = {.keep_s = p->token.access_s + 2u * p->token.leeway_s,
                                  .overlap_s = p->rotation.overlap_s,
                                  .settle_s = o->with->settle_s};
    const char *why = NULL;
    if (!read_algorithm(o, &with.algorithm))
        return GH_EXIT_USAGE;
    if (gh_new_keys_rotate(&with, &rotation, &why) != GH_KEYRING_OK)
        return gh_fail(o, "%s", why);
    if (o->with->ring_changed != NULL)
        o->with->ring_changed(o->with->data);
    if (!put_ring(o))
        gh_note(o, "the keys are rotated, but could not be read again to show them");
    return GH_EXIT_OK;
}
