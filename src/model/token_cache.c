#include "model/token_cache.h"

#include <stdlib.h>

#include "base/crypto.h"

/* Slots that a hash may be in: neighbours, so that one look is one or two pages. */
enum { WAYS = 4 };

struct gh_token_cache {
    gh_cached_token slot[GH_TOKEN_CACHE_SLOTS];
};
_Static_assert(GH_TOKEN_CACHE_SLOTS % WAYS == 0 && (GH_TOKEN_CACHE_SLOTS & (GH_TOKEN_CACHE_SLOTS - 1)) == 0,
               "sets of WAYS slots, a power of two");

gh_token_cache *gh_token_cache_new(void)
{
    return calloc(1, sizeof(gh_token_cache));
}

void gh_token_cache_free(gh_token_cache *cache)
{
    if (cache != NULL)
        gh_wipe(cache, sizeof *cache);
    free(cache);
}

void gh_token_cache_clear(gh_token_cache *cache)
{
    for (unsigned i = 0; i < GH_TOKEN_CACHE_SLOTS; i++)
        cache->slot[i].policy = NULL;
}

/* The hash is keyed: any of its bits are as good as chance. */
static size_t first_of(const uint8_t hash[16])
{
    size_t i = (size_t)hash[0] | (size_t)hash[1] << 8;
    return i * WAYS % GH_TOKEN_CACHE_SLOTS;
}

static bool is_same(const gh_cached_token *t, const uint8_t hash[16])
{
    return gh_equal_secret((gh_str){(const char *)t->hash, 16}, (gh_str){(const char *)hash, 16});
}

const gh_cached_token *gh_token_cache_find(const gh_token_cache *cache, const uint8_t hash[16],
                                           const void *policy, uint64_t now_s)
{
    const gh_cached_token *slot = &cache->slot[first_of(hash)];
    for (unsigned i = 0; i < WAYS; i++)
        if (slot[i].policy == policy && policy != NULL && slot[i].expires_s > now_s &&
            is_same(&slot[i], hash))
            return &slot[i];
    return NULL;
}

void gh_token_cache_put(gh_token_cache *cache, const gh_cached_token *token, uint64_t now_s)
{
    gh_cached_token *slot = &cache->slot[first_of(token->hash)], *to = slot;
    for (unsigned i = 0; i < WAYS; i++) {
        if (slot[i].policy != token->policy || slot[i].expires_s <= now_s || is_same(&slot[i], token->hash)) {
            to = &slot[i];
            break;
        }
        if (slot[i].expires_s < to->expires_s)
            to = &slot[i];
    }
    *to = *token;
}
