/* Generations of keys: those for sessions, refresh tokens, devices, API keys, CSRF tokens and what is derived for them
 * rotate together, so that each credential is of one generation and says of which, or is tried with all.
 *
 * A credential's generation is no secret, and proves nothing: a forged one names keys that did not make it. Pure. */
#ifndef GH_IDENTITY_KEY_GENERATION_H
#define GH_IDENTITY_KEY_GENERATION_H

#include "model/identity.h"

enum { GH_GENERATION_HINTS = 255 };

/* Derives the keys. */
void gh_key_generation_init(gh_key_generation *ret, uint32_t id, enum gh_key_state state, bool kept,
                            gh_str secret);

static inline const gh_key_generation *gh_key_generation_active(const gh_identity_keys *keys)
{
    return &keys->generations[keys->active];
}

/* One byte that tells generations in force apart: 0 of generation 0, else 1 to 255 in turn. */
uint8_t gh_key_generation_hint(uint32_t id);
/* In force: what browsers and logins have. NULL: none. */
const gh_key_generation *gh_key_generation_hinted(const gh_identity_keys *keys, uint8_t hint);
/* In force or kept: what API keys and devices have. NULL: none. */
const gh_key_generation *gh_key_generation_find(const gh_identity_keys *keys, uint32_t id);

#endif
