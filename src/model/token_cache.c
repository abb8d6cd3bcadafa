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
    gh_wipe(cache, sizeof *cache);
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
    if (policy == NULL || now_s == 0) /* without the time nobody can say what has expired */
        return NULL;
    const gh_cached_token *slot = &cache->slot[first_of(hash)];
    for (unsigned i = 0; i < WAYS; i++)
        if (slot[i].policy == policy && slot[i].expires_s > now_s && is_same(&slot[i], hash))
            return &slot[i];
    return NULL;
}

/* How much there is to lose with a slot: nothing, what is of no use any more, or the time until it expires. */
static uint64_t worth_of(const gh_cached_token *slot, const gh_cached_token *token, uint64_t now_s)
{
    if (is_same(slot, token->hash))
        return 0; /* first of all, so that no token is there twice */
    if (slot->policy != token->policy || slot->expires_s <= now_s)
        return 1;
    return slot->expires_s - now_s + 1;
}

void gh_token_cache_put(gh_token_cache *cache, const gh_cached_token *token, uint64_t now_s)
{
    gh_cached_token *slot = &cache->slot[first_of(token->hash)], *to = slot;
    for (unsigned i = 1; i < WAYS; i++)
        if (worth_of(&slot[i], token, now_s) < worth_of(to, token, now_s))
            to = &slot[i];
    *to = *token;
}
