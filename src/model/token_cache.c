#include "model/token_cache.h"

#include <stdlib.h>

#include "base/crypto.h"

/* Slots that a hash may be in. So many that few tokens have to share too few: with a thousand tokens and sets of four,
 * some would take each other's place for ever, and each would cost a signature each time. */
enum { WAYS = 16, SETS = GH_TOKEN_CACHE_SLOTS / WAYS };

/* A set's tags are neighbours, so that one look at them tells which slot is worth another. */
struct gh_token_cache {
    uint64_t tag[SETS][WAYS]; /* the first bytes of the slots' hashes */
    gh_cached_token slot[SETS][WAYS];
};
_Static_assert(GH_TOKEN_CACHE_SLOTS % WAYS == 0 && SETS <= 256, "sets of WAYS slots, told by a byte");

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

/* The hash is keyed: any of its bits are as good as chance, and nobody learns them by the time that comparing takes. */
static uint64_t tag_of(const uint8_t hash[16])
{
    uint64_t tag;
    memcpy(&tag, hash, sizeof tag);
    return tag;
}

static size_t set_of(const uint8_t hash[16])
{
    return hash[15] % SETS;
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
    const uint64_t *tag = cache->tag[set_of(hash)], wanted = tag_of(hash);
    const gh_cached_token *slot = cache->slot[set_of(hash)];
    for (unsigned i = 0; i < WAYS; i++)
        if (tag[i] == wanted && slot[i].policy == policy && slot[i].expires_s > now_s &&
            is_same(&slot[i], hash))
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
    size_t set = set_of(token->hash);
    gh_cached_token *slot = cache->slot[set];
    unsigned to = 0;
    for (unsigned i = 1; i < WAYS; i++)
        if (worth_of(&slot[i], token, now_s) < worth_of(&slot[to], token, now_s))
            to = i;
    slot[to] = *token;
    cache->tag[set][to] = tag_of(token->hash);
}
