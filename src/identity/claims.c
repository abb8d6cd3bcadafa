#include "identity/claims.h"

#include "base/base64url.h"
#include "wire/json.h"

/* No narrower than those of wire/jwt, which has read it before. */
static const gh_json_limits limits = {.depth = 16, .values = 1024, .number = 32, .exponent = 308};

/* The payload of a token that was verified before: no signature is looked at here. */
static const gh_json *payload_of(const gh_txn *txn)
{
    gh_str token = txn->credentials.bearer;
    gh_json_error error;
    gh_str part = gh_str_cut(token, gh_str_find(token, '.') + 1, token.n);
    part = gh_str_cut(part, 0, gh_str_find(part, '.'));
    size_t n = gh_base64url_bytes(part.n);
    uint8_t *bytes = gh_arena_alloc(txn->arena, n);
    if (bytes == NULL || !gh_base64url_read(part, bytes))
        return NULL;
    return gh_json_read((gh_str){(const char *)bytes, n}, &limits, txn->arena, &error);
}

static bool claim_of_token(const gh_txn *txn, gh_str claim, gh_str *ret)
{
    if (txn->principal.proof != GH_PROOF_TOKEN)
        return false;
    const gh_json *payload = payload_of(txn);
    const gh_json *value = claim.n > 0 && claim.p[0] == '/' && payload != NULL
                               ? gh_json_pointer(payload, claim)
                               : gh_json_get(payload, claim);
    if (value == NULL || (value->type != GH_JSON_STRING && value->type != GH_JSON_NUMBER))
        return false;
    *ret = value->text;
    return true;
}

static bool user_id(const gh_txn *txn, gh_str *ret)
{
    char *memory = txn->principal.user != 0 ? gh_arena_alloc(txn->arena, GH_ID_TEXT) : NULL;
    if (memory == NULL)
        return false;
    gh_buf text = gh_buf_over(memory, GH_ID_TEXT);
    gh_id_put(&text, txn->principal.user);
    *ret = gh_buf_str(&text);
    return true;
}

bool gh_claim_of(const gh_txn *txn, gh_str claim, gh_str *ret)
{
    const gh_principal *who = &txn->principal;
    if (who->proof == GH_PROOF_NONE)
        return false;
    if (gh_str_eq(claim, GH_STR("user")))
        return user_id(txn, ret);
    if (gh_str_eq(claim, GH_STR("sub")) && who->user != 0)
        return user_id(txn, ret);
    if (gh_str_eq(claim, GH_STR("name"))) { /* of an outside issuer's it is not what the rule means */
        *ret = who->name;
        return who->user != 0;
    }
    if (gh_str_eq(claim, GH_STR("tier"))) {
        *ret = who->tier.n > 0 ? who->tier : txn->policy->limits.default_tier;
        return true;
    }
    return claim_of_token(txn, claim, ret);
}
