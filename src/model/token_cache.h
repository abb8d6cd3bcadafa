/* Access tokens that were found good, by keyed hash, until they expire: a repeat costs no signature check. Fixed
 * memory, one writer: each worker has its own. What it says is never more than "the signature and the claims were
 * right": revocation is looked up each time. */
#ifndef GH_MODEL_TOKEN_CACHE_H
#define GH_MODEL_TOKEN_CACHE_H

#include "model/principal.h"

enum { GH_TOKEN_CACHE_SLOTS = 4096 };

/* A principal without pointers. */
typedef struct gh_cached_token {
    uint8_t hash[16];   /* keyed, of the whole token */
    const void *policy; /* by which it was found good */
    uint64_t expires_s, issued_s;
    gh_id user, session, device;
    uint64_t jti;
    uint16_t issuer; /* index of policy->identity.issuers */
    GH_SHORT_TEXT(name, 128);
    GH_SHORT_TEXT(tier, GH_TIER_MAX);
    GH_SHORT_TEXT(roles, GH_ROLES_TEXT_MAX);
    bool scoped;
    GH_SHORT_TEXT(scopes, GH_SCOPES_TEXT_MAX);
} gh_cached_token;

typedef struct gh_token_cache gh_token_cache;

GH_MUST_CHECK gh_token_cache *gh_token_cache_new(void); /* NULL: no memory */
void gh_token_cache_free(gh_token_cache *cache);
/* NULL: not there, expired, found good by another policy, or the time is not known (0). Lives until the next put. */
const gh_cached_token *gh_token_cache_find(const gh_token_cache *cache, const uint8_t hash[16],
                                           const void *policy, uint64_t now_s);
/* Forgets all: with each new policy, as a freed one's address may come again. */
void gh_token_cache_clear(gh_token_cache *cache);
/* Takes the place of what is least useful among a few: itself, then what has expired or is of another policy, then what
 * expires soonest. */
void gh_token_cache_put(gh_token_cache *cache, const gh_cached_token *token, uint64_t now_s);

#endif
