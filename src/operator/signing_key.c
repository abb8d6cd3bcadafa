/* `key rotate` */
#include "base/crypto.h"
#include "base/signing_generate.h"
#include "identity/answer.h"
#include "operator/errand.h"

static bool read_algorithm(gh_errand *o, enum gh_signing_alg *ret)
{
    gh_str name = gh_option(o, "algorithm", 0);
    if (o->with->algorithm == GH_HS256) {
        (void)gh_misuse(
            o, "tokens are signed by secret_key (identity.token.algorithm: HS256), and there is no ring to "
               "rotate; a new secret_key ends all tokens and sessions");
        return false;
    }
    *ret = o->with->algorithm;
    if (name.p == NULL || (gh_signing_alg_read(name, ret) && *ret != GH_HS256))
        return true;
    (void)gh_misuse(o, "--algorithm \"%s\" is none of EdDSA, ES256 and RS256", gh_show(o, name));
    return false;
}

static bool record(gh_errand *o, const gh_signing_key *key, gh_str kid)
{
    /* So long is a token of the old key believed. */
    uint32_t keep_s = o->identity->token.access_s + 2 * o->identity->token.leeway_s;
    char *der = gh_arena_alloc(&o->arena, GH_SIGNING_PRIVATE_MAX);
    gh_buf b = gh_buf_over(der, der == NULL ? 0 : GH_SIGNING_PRIVATE_MAX);
    if (!gh_signing_key_put_private(key, &b)) {
        (void)gh_no_memory(o);
        return false;
    }
    const gh_stored_key fresh = {.kid = kid,
                                 .algorithm = gh_signing_alg_name(gh_signing_key_alg(key)),
                                 .pkcs8 = gh_buf_str(&b),
                                 .state = GH_KEY_NEXT,
                                 .created_s = o->now_s,
                                 .changed_s = o->now_s};
    if (gh_records_rotate_keys(o->with->records, o->identity->keys.ring, &fresh, o->now_s, keep_s))
        return true;
    (void)gh_fail(o, "the records could not be written; the keys are as they were: is the disk full?");
    return false;
}

/* Without the private keys, which go with the errand's memory. */
static bool put_ring(gh_errand *o)
{
    static const char *const states[] = {"next", "active", "retiring"};
    gh_stored_key *keys = NULL;
    unsigned n = 0;
    if (!gh_records_read_keys(o->with->records, o->identity->keys.ring, &o->arena, &keys, &n))
        return false;
    bool json = gh_wants_json(o);
    gh_text_put(o->out, json ? GH_STR("{\"keys\":[") : GH_STR(""));
    for (unsigned i = 0; i < n; i++) {
        const char *state = keys[i].state < GH_COUNT(states) ? states[keys[i].state] : "?";
        gh_buf *out = gh_text_room(o->out, 256 + 6 * (keys[i].kid.n + keys[i].algorithm.n));
        if (json) {
            gh_buf_put(out, i == 0 ? GH_STR("\n{") : GH_STR(",\n{"));
            gh_member_text(out, "kid", keys[i].kid);
            gh_member_text(out, "algorithm", keys[i].algorithm);
            gh_member_text(out, "state", gh_str_of(state));
            gh_member_time(out, "created_at", keys[i].created_s);
            gh_buf_char(out, '}');
        } else {
            gh_buf_printf(out, "%-8s  %-5.*s  %.*s\n", state, (int)keys[i].algorithm.n, keys[i].algorithm.p,
                          (int)keys[i].kid.n, keys[i].kid.p);
        }
    }
    gh_text_put(o->out, json ? GH_STR("\n]}\n") : GH_STR(""));
    return true;
}

int gh_operate_key_rotate(gh_errand *o)
{
    enum gh_signing_alg alg;
    const char *why = NULL;
    if (!read_algorithm(o, &alg))
        return GH_EXIT_USAGE;
    gh_signing_key *key = gh_signing_key_generate(alg, &why);
    if (key == NULL)
        return gh_fail(o, "no key could be made: %s", why);
    bool good = record(o, key, gh_signing_key_kid(key));
    gh_signing_key_free(key);
    if (!good)
        return GH_EXIT_FAILED;
    if (o->with->ring_changed != NULL)
        o->with->ring_changed(o->with->data);
    if (!put_ring(o))
        gh_note(o, "the keys are rotated, but could not be read again to show them");
    return GH_EXIT_OK;
}
