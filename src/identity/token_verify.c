#include "identity/token.h"

#include <stdatomic.h>

#include "identity/token_fill.h"
#include "wire/jws.h"

void gh_token_hash(const gh_identity_policy *p, gh_str token, uint8_t ret[16])
{
    gh_siphash128(p->keys.cache, token, ret);
}

static enum gh_token_result fault(gh_txn *txn, enum gh_token_result result, const char *why)
{
    txn->token_fault = why;
    return result;
}

/* Nobody's word is taken here: `iss` only says whose keys to try. */
static unsigned issuer_of(const gh_identity_policy *p, gh_str iss)
{
    unsigned i = 0;
    while (i < p->n_issuers && (iss.p == NULL || !gh_str_eq(p->issuers[i].issuer, iss)))
        i++;
    return i;
}

/* By kid; without one the only key of that algorithm, or the first secret. A key without a kid is found only so. */
static const gh_signing_key *key_of(const gh_issuer *issuer, const gh_jws *jws)
{
    const gh_signing_key *found = NULL;
    for (unsigned i = 0; i < issuer->n_keys; i++) {
        const gh_ring_key *k = &issuer->keys[i];
        if (jws->kid.p != NULL && k->kid.p != NULL) {
            if (gh_str_eq(k->kid, jws->kid))
                return k->key;
        } else if (jws->kid.p == NULL && gh_signing_key_alg(k->key) == jws->alg) {
            if (found != NULL && jws->alg != GH_HS256)
                return NULL;
            found = found != NULL ? found : k->key;
        }
    }
    return found;
}

/* What was cut off is remembered as long as a token of ours can live. Another program with the same secret (HS256) may
 * sign one that lives longer: of an erased user, it would count again one day. */
static uint32_t longest_life(const gh_identity_policy *p, unsigned issuer)
{
    uint64_t most = issuer == 0 ? p->token.access_s : p->issuers[issuer].max_lifetime_s;
    return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

static gh_jwt_rules rules_of(const gh_identity_policy *p, unsigned issuer)
{
    const gh_issuer *by = &p->issuers[issuer];
    bool ours = issuer == 0; /* we write them all */
    return (gh_jwt_rules){.issuer = by->issuer,
                          .audiences = by->audiences,
                          .audiences_n = by->n_audiences,
                          .types = by->types,
                          .types_n = by->n_types,
                          .leeway_s = p->token.leeway_s,
                          .max_lifetime_s = longest_life(p, issuer),
                          .need_sub = true,
                          .need_jti = ours,
                          .need_iat = ours,
                          .need_client_id = ours};
}

static enum gh_token_result check_claims(gh_txn *txn, const gh_jws *jws, unsigned issuer,
                                         const gh_jwt_claims *claims)
{
    const gh_jwt_rules rules = rules_of(&txn->policy->identity, issuer);
    const char *claim = NULL;
    enum gh_jwt_result r = gh_jwt_check(claims, jws->typ, &rules, (int64_t)txn->world.unix_s, &claim);
    if (r == GH_JWT_OK)
        return GH_TOKEN_GOOD;
    return fault(txn, r == GH_JWT_EXPIRED ? GH_TOKEN_EXPIRED : GH_TOKEN_INVALID, gh_jwt_why(r));
}

/* A key that is not there: its issuer may have published it since its keys were got, and is asked again now and then. Who
 * makes up kids makes nobody ask more often. */
static enum gh_token_result without_key(gh_txn *txn, unsigned issuer)
{
    const gh_issuer *by = &txn->policy->identity.issuers[issuer];
    uint64_t tried_s = by->tried_s == NULL ? 0 : atomic_load_explicit(by->tried_s, memory_order_relaxed);
    bool may_come = tried_s != 0 && txn->world.unix_s >= tried_s + GH_ISSUER_COOL_DOWN_S;
    if (!by->keys_missing && !may_come)
        return fault(txn, GH_TOKEN_INVALID, "a key that is not known");
    return fault(txn, GH_TOKEN_NO_KEYS, "a key that its issuer has not published, as far as is known");
}

/* A shared secret that is being changed is two for a while, and other programs that have it name no key. */
static enum gh_jws_result verify_secret(const gh_issuer *by, const gh_jws *jws)
{
    enum gh_jws_result r = GH_JWS_SIGNATURE_WRONG;
    for (unsigned i = 0; i < by->n_keys && r != GH_JWS_OK; i++)
        if (gh_signing_key_alg(by->keys[i].key) == GH_HS256)
            r = gh_jws_verify(jws, by->keys[i].key);
    return r;
}

/* The signature comes before what the claims say: of a forged token nothing is told. */
static enum gh_token_result check(gh_txn *txn, const gh_jws *jws, unsigned issuer,
                                  const gh_jwt_claims *claims)
{
    const gh_issuer *by = &txn->policy->identity.issuers[issuer];
    const gh_signing_key *key = key_of(by, jws);
    if (key == NULL)
        return without_key(txn, issuer);
    bool any_secret = jws->kid.p == NULL && gh_signing_key_alg(key) == GH_HS256;
    enum gh_jws_result r = any_secret ? verify_secret(by, jws) : gh_jws_verify(jws, key);
    if (r != GH_JWS_OK)
        return fault(txn, GH_TOKEN_INVALID, gh_jws_why(r));
    return check_claims(txn, jws, issuer, claims);
}

enum gh_token_result gh_token_verify(gh_txn *txn, gh_str token, gh_cached_token *ret)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const char *why = NULL;
    gh_jws jws;
    gh_jwt_claims claims;
    enum gh_jws_result r = gh_jws_read(token, txn->arena, &jws);
    if (r != GH_JWS_OK)
        return fault(txn, GH_TOKEN_INVALID, gh_jws_why(r));
    enum gh_jwt_result read = gh_jwt_read(jws.payload, txn->arena, &claims, &why);
    if (read != GH_JWT_OK)
        return fault(txn, GH_TOKEN_INVALID, gh_jwt_why(read));
    unsigned issuer = issuer_of(p, claims.iss);
    if (issuer == p->n_issuers)
        return fault(txn, GH_TOKEN_INVALID, "an issuer that is not known");
    enum gh_token_result result = check(txn, &jws, issuer, &claims);
    if (result != GH_TOKEN_GOOD)
        return result;
    gh_cached_token filled;
    if (!gh_token_fill(p, issuer, &claims, &filled, &why))
        return fault(txn, GH_TOKEN_INVALID, why);
    filled.policy = txn->policy;
    gh_token_hash(p, token, filled.hash);
    *ret = filled;
    return GH_TOKEN_GOOD;
}
