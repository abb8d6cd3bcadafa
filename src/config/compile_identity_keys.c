/* Keys of our own: those derived from secret_key, and those that sign access tokens. */
#include "config/compile_identity.h"
#include "identity/key_generation.h"

static bool no_memory(gh_report *report)
{
    gh_report_error(report, NULL, 0, 0, "out of memory while compiling the keys of identity");
    return false;
}

static void wipe_keys(void *data)
{
    gh_identity_keys *keys = data;
    gh_wipe(keys->generations, keys->n_generations * sizeof *keys->generations);
    gh_wipe(keys, sizeof *keys);
}

/* Exactly one is active. False: reported. */
static bool derive_generations(gh_identity_keys *keys, const gh_config *config, gh_report *report)
{
    unsigned active = 0;
    if (config->n_identity_generations == 0) {
        gh_key_generation_init(&keys->generations[0], 0, GH_KEY_ACTIVE, false, config->secret_key);
        return true;
    }
    for (unsigned i = 0; i < config->n_identity_generations; i++) {
        const gh_identity_generation *from = &config->identity_generations[i];
        gh_key_generation_init(&keys->generations[i], from->id, from->state, from->kept, from->secret);
        if (from->state != GH_KEY_ACTIVE)
            continue;
        keys->active = i;
        active++;
    }
    if (active != 1)
        gh_report_error(report, NULL, 0, 0, "there must be one active generation of keys, and there are %u",
                        active);
    return active == 1;
}

/* One key a purpose: what one of them gives away says nothing of the others. */
static bool derive_keys(gh_policy *p, const gh_config *config, gh_report *report)
{
    gh_identity_keys *keys = &p->identity.keys;
    gh_str secret = config->secret_key, naming = config->identity_naming;
    unsigned n = config->n_identity_generations > 0 ? config->n_identity_generations : 1;
    uint8_t key[GH_SHA256_SIZE];
    keys->generations = gh_arena_array(&p->arena, n, sizeof *keys->generations);
    if (keys->generations == NULL || !gh_policy_own(p, keys, wipe_keys))
        return no_memory(report);
    keys->n_generations = n;
    gh_hkdf(secret, GH_STR("naming"), key, sizeof key);
    gh_hmac_key_init(&keys->naming, naming.p != NULL ? naming : (gh_str){(const char *)key, sizeof key});
    gh_wipe(key, sizeof key);
    gh_hkdf(secret, GH_STR("ring"), keys->ring, sizeof keys->ring);
    gh_hkdf(secret, GH_STR("token-cache"), keys->cache, sizeof keys->cache);
    return derive_generations(keys, config, report);
}

static void free_key(void *key)
{
    gh_signing_key_free(key);
}

/* Takes the key over; NULL: it could not be made, for `why`. */
static bool add_key(gh_policy *p, gh_signing_key *key, gh_str kid, enum gh_key_state state, const char *why,
                    gh_report *report)
{
    gh_issuer *us = &p->identity.issuers[0];
    if (key == NULL) {
        gh_report_error(report, NULL, 0, 0, "the signing key %.*s can't be used: %s", (int)kid.n, kid.p, why);
        return false;
    }
    if (!gh_policy_own(p, key, free_key)) {
        gh_signing_key_free(key);
        return no_memory(report);
    }
    gh_ring_key *to = &us->keys[us->n_keys++];
    to->key = key;
    to->state = state;
    to->kid = kid.n > 0 ? gh_arena_copy(&p->arena, kid) : gh_signing_key_kid(key);
    return to->kid.p != NULL || no_memory(report);
}

/* HS256: the secret's own bytes, so that tokens of other programs with the same SECRET_KEY are believed, and the other
 * way round. */
static bool add_secret(gh_policy *p, gh_str secret, enum gh_key_state state, gh_report *report)
{
    const char *why = NULL;
    gh_signing_key *key = gh_signing_key_secret(secret, &why);
    return add_key(p, key, (gh_str){NULL, 0}, state, why, report);
}

/* What the secret before has signed counts as long as that one is given. */
static bool add_secrets(gh_policy *p, const gh_config *config, gh_report *report)
{
    gh_str previous = config->secret_key_previous;
    if (config->identity.token.algorithm != GH_HS256)
        return true;
    return add_secret(p, config->secret_key, GH_KEY_ACTIVE, report) &&
           (previous.p == NULL || gh_str_eq(previous, config->secret_key) ||
            add_secret(p, previous, GH_KEY_RETIRING, report));
}

static bool add_ring(gh_policy *p, const gh_config *config, gh_report *report)
{
    bool secret_signs = config->identity.token.algorithm == GH_HS256;
    for (unsigned i = 0; i < config->n_identity_ring; i++) {
        const gh_identity_ring_key *from = &config->identity_ring[i];
        enum gh_key_state state =
            secret_signs && from->state == GH_KEY_ACTIVE ? GH_KEY_RETIRING : from->state;
        const char *why = NULL;
        if (!add_key(p, gh_signing_key_private(from->pkcs8, &why), from->kid, state, why, report))
            return false;
        if (gh_signing_key_alg(p->identity.issuers[0].keys[p->identity.issuers[0].n_keys - 1].key) !=
            from->alg) {
            gh_report_error(report, NULL, 0, 0,
                            "the signing key %.*s is of another algorithm than its record says",
                            (int)from->kid.n, from->kid.p);
            return false;
        }
    }
    return true;
}

/* Exactly one key signs. Where another algorithm has been configured since it was made, it goes on until the next
 * rotation: a server that could not sign would be worse. */
static bool find_active(gh_policy *p, const gh_config *config, gh_report *report)
{
    const gh_issuer *us = &p->identity.issuers[0];
    enum gh_signing_alg alg = (enum gh_signing_alg)config->identity.token.algorithm, used;
    gh_str name = gh_signing_alg_name(alg);
    unsigned active = 0;
    for (unsigned i = 0; i < us->n_keys; i++)
        if (us->keys[i].state == GH_KEY_ACTIVE) {
            active++;
            p->identity.active_key = i;
        }
    if (active != 1) {
        gh_report_error(
            report, NULL, 0, 0,
            "identity.token.algorithm %.*s needs one active signing key, and there are %u; a program "
            "without a data folder takes HS256",
            (int)name.n, name.p, active);
        return false;
    }
    used = gh_signing_key_alg(us->keys[p->identity.active_key].key);
    if (used != alg)
        gh_report_warning(
            report, NULL, 0, 0,
            "identity.token.algorithm is %.*s, but the active signing key is of %.*s and goes on "
            "signing; make a new one with: gatehouse key rotate",
            (int)name.n, name.p, (int)gh_signing_alg_name(used).n, gh_signing_alg_name(used).p);
    return true;
}

static bool describe_us(gh_policy *p, const gh_config *config, gh_report *report)
{
    gh_issuer *us = &p->identity.issuers[0];
    us->name = GH_STR("gatehouse");
    us->issuer = config->identity.token.issuer;
    us->roles_claim = GH_STR("roles");
    us->tier_claim = GH_STR("tier");
    /* What is revoked is remembered for as long as a token of ours lives. Who else has the secret may make one that lives
     * longer, and would be good again. */
    if (config->identity.token.algorithm == GH_HS256)
        us->max_lifetime_s = config->identity.token.access_lifetime;
    us->audiences = gh_arena_new(&p->arena, gh_str);
    us->types = gh_arena_new(&p->arena, gh_str);
    us->keys = gh_arena_array(&p->arena, config->n_identity_ring + 2u, sizeof *us->keys);
    if (us->audiences == NULL || us->types == NULL || us->keys == NULL)
        return no_memory(report);
    us->audiences[0] = config->identity.token.audience;
    us->types[0] = GH_STR("at+jwt");
    us->n_audiences = us->n_types = 1;
    return true;
}

bool gh_compile_identity_keys(gh_policy *p, const gh_config *config, gh_report *report)
{
    if (config->secret_key.n < GH_SIGNING_SECRET_MIN) {
        gh_report_error(
            report, NULL, 0, 0,
            "identity.enabled needs secret_key (SECRET_KEY) of %d bytes or more; make one with: openssl "
            "rand -hex 32",
            GH_SIGNING_SECRET_MIN);
        return false;
    }
    p->identity.issuers =
        gh_arena_array(&p->arena, config->identity.n_issuers + 1u, sizeof *p->identity.issuers);
    if (p->identity.issuers == NULL)
        return no_memory(report);
    p->identity.n_issuers = 1;
    return derive_keys(p, config, report) && describe_us(p, config, report) &&
           add_secrets(p, config, report) && add_ring(p, config, report) && find_active(p, config, report);
}
