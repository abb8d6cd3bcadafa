#include "edges/identity/stand_in.h"

#include "base/crypto.h"
#include "base/signing_generate.h"

enum { SECRET_BYTES = 32 };

static bool refuse(gh_report *report, const char *why)
{
    gh_report_error(report, NULL, 0, 0, "identity can't be checked: %s", why);
    return false;
}

static bool make_secret(gh_config *config)
{
    uint8_t *secret = gh_arena_alloc(&config->arena, SECRET_BYTES);
    if (secret == NULL)
        return false;
    gh_random(secret, SECRET_BYTES);
    config->secret_key = (gh_str){(const char *)secret, SECRET_BYTES};
    return true;
}

static bool make_ring(gh_config *config, const char **ret_why)
{
    enum gh_signing_alg alg = (enum gh_signing_alg)config->identity.token.algorithm;
    gh_config_forget_ring(config);
    gh_arena_init(&config->ring_memory, NULL, 0, 2 * GH_SIGNING_PRIVATE_MAX);
    gh_identity_ring_key *ring = gh_arena_new(&config->ring_memory, gh_identity_ring_key);
    char *der = gh_arena_alloc(&config->ring_memory, GH_SIGNING_PRIVATE_MAX);
    *ret_why = "out of memory";
    if (ring == NULL || der == NULL)
        return false;
    gh_signing_key *key = gh_signing_key_generate(alg, ret_why);
    if (key == NULL)
        return false;
    gh_buf b = gh_buf_over(der, GH_SIGNING_PRIVATE_MAX);
    bool good = gh_signing_key_put_private(key, &b);
    gh_signing_key_free(key);
    *ring = (gh_identity_ring_key){.alg = alg, .state = GH_KEY_ACTIVE, .pkcs8 = gh_buf_str(&b)};
    config->identity_ring = ring;
    config->n_identity_ring = 1;
    *ret_why = "a signing key can't be written down";
    return good;
}

bool gh_identity_stand_in(gh_config *config, gh_report *report)
{
    const char *why = "the system has no randomness to give";
    if (config->identity.enabled == GH_OFF)
        return true;
    if (!gh_crypto_init())
        return refuse(report, why);
    if (config->secret_key.p == NULL && !make_secret(config))
        return refuse(report, "out of memory");
    return config->identity.token.algorithm == GH_HS256 || make_ring(config, &why) || refuse(report, why);
}
