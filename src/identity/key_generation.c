#include "identity/key_generation.h"

_Static_assert((int)GH_GENERATIONS_MOST < (int)GH_GENERATION_HINTS, "a hint means one of them");

static void derive(gh_str secret, gh_str label, gh_hmac_key *ret)
{
    uint8_t key[GH_SHA256_SIZE];
    gh_hkdf(secret, label, key, sizeof key);
    gh_hmac_key_init(ret, (gh_str){(const char *)key, sizeof key});
    gh_wipe(key, sizeof key);
}

void gh_key_generation_init(gh_key_generation *ret, uint32_t id, enum gh_key_state state, bool kept,
                            gh_str secret)
{
    ret->id = id;
    ret->state = state;
    ret->kept = kept;
    derive(secret, GH_STR("credential"), &ret->credential);
    derive(secret, GH_STR("authentic"), &ret->authentic);
    derive(secret, GH_STR("csrf"), &ret->csrf);
    derive(secret, GH_STR("seal"), &ret->seal);
}

uint8_t gh_key_generation_hint(uint32_t id)
{
    return id == 0 ? 0 : (uint8_t)(1 + (id - 1) % GH_GENERATION_HINTS);
}

const gh_key_generation *gh_key_generation_hinted(const gh_identity_keys *keys, uint8_t hint)
{
    for (unsigned i = 0; i < keys->n_generations; i++)
        if (!keys->generations[i].kept && gh_key_generation_hint(keys->generations[i].id) == hint)
            return &keys->generations[i];
    return NULL;
}

const gh_key_generation *gh_key_generation_find(const gh_identity_keys *keys, uint32_t id)
{
    for (unsigned i = 0; i < keys->n_generations; i++)
        if (keys->generations[i].id == id)
            return &keys->generations[i];
    return NULL;
}
