/* Is the access token genuine? One that was found good before costs no signature check; others are looked at only so
 * often for one client address, since a signature is dear to check and cheap to make up. Whether it is still in force
 * is the next stage's question. */
#include "controls/controls.h"

#include "controls/client_key.h"
#include "identity/token.h"
#include "model/endpoint.h"

/* IPv6 clients are counted by this prefix where rate_limits names none. */
enum { IPV6_PREFIX = 64, FULL_RETRY_SECONDS = 10 };

static bool applies(const gh_policy *policy)
{
    return policy->identity.enabled;
}

/* Into the arena: the cache may give its place to another token before this request is over. */
static bool keep(gh_txn *txn, const gh_cached_token *token)
{
    gh_cached_token *copy = gh_arena_new(txn->arena, gh_cached_token);
    if (copy == NULL)
        return false;
    *copy = *token;
    txn->token = copy;
    return true;
}

static void ask_to_verify(gh_txn *txn)
{
    const gh_limit *limit = &txn->policy->identity.verifications;
    uint8_t prefix = txn->policy->limits.ipv6_prefix;
    if (limit->requests == 0)
        return;
    uint64_t key = gh_client_key_of_ip(txn, prefix != 0 ? prefix : IPV6_PREFIX);
    txn->takes[txn->n_takes++] = (gh_take){.limit = limit, .key = key, .weight = 1};
    txn->first_limit = txn->n_takes;
}

static bool is_remembered(gh_txn *txn)
{
    uint8_t hash[16];
    if (txn->token_cache == NULL)
        return false;
    gh_token_hash(&txn->policy->identity, txn->credentials.bearer, hash);
    const gh_cached_token *found =
        gh_token_cache_find(txn->token_cache, hash, txn->policy, txn->world.unix_s);
    return found != NULL && keep(txn, found);
}

static bool endpoint_verifies(const gh_txn *txn)
{
    return txn->route->endpoint != NULL && txn->route->endpoint->verifies;
}

static void ask(gh_txn *txn)
{
    if (txn->world.unix_s == 0)
        return;
    bool unknown = txn->credentials.bearer.p != NULL && !is_remembered(txn);
    if (unknown || endpoint_verifies(txn))
        ask_to_verify(txn);
}

static enum gh_judgement refuse(gh_txn *txn, enum gh_token_result result)
{
    switch (result) {
    case GH_TOKEN_EXPIRED:
        return gh_txn_refuse(txn, GH_REASON_TOKEN_EXPIRED, txn->token_fault);
    case GH_TOKEN_NO_KEYS:
        return gh_txn_refuse(txn, GH_REASON_ISSUER_UNAVAILABLE, txn->token_fault);
    case GH_TOKEN_GOOD:
    case GH_TOKEN_INVALID:
        break;
    }
    return gh_txn_refuse(txn, GH_REASON_TOKEN_INVALID, txn->token_fault);
}

static enum gh_judgement verify(gh_txn *txn)
{
    gh_cached_token token;
    enum gh_token_result result = gh_token_verify(txn, txn->credentials.bearer, &token);
    if (result != GH_TOKEN_GOOD)
        return refuse(txn, result);
    if (txn->token_cache != NULL)
        gh_token_cache_put(txn->token_cache, &token, txn->world.unix_s);
    return keep(txn, &token) ? GH_PASS
                             : gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "no memory for a token");
}

static enum gh_judgement judge(gh_txn *txn)
{
    if (txn->credentials.bearer.p != NULL && txn->world.unix_s == 0)
        return gh_txn_refuse(txn, GH_REASON_IDENTITY_UNAVAILABLE, "the time is not known");
    if (txn->n_takes > txn->n_answered) {
        const gh_take *take = &txn->takes[txn->n_answered];
        bool full = take->answer == GH_TAKE_FULL;
        if (take->answer != GH_TAKE_OK) {
            (void)gh_txn_refuse(txn, full ? GH_REASON_CAPACITY_REDUCED : GH_REASON_VERIFICATION_LIMIT, NULL);
            txn->verdict.retry_after = full ? FULL_RETRY_SECONDS : take->retry_ms / 1000 + 1;
            return GH_STOP;
        }
    }
    return txn->credentials.bearer.p == NULL || txn->token != NULL ? GH_PASS : verify(txn);
}

const gh_control gh_control_token = {.name = "token", .applies = applies, .ask = ask, .judge = judge};
