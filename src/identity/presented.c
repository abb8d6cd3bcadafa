#include "identity/presented.h"

#include "identity/input.h"

static void read_access(gh_txn *txn, gh_str token, gh_presented *ret)
{
    switch (gh_token_verify(txn, token, &ret->token)) {
    case GH_TOKEN_GOOD:
        ret->kind = GH_PRESENTED_ACCESS;
        break;
    case GH_TOKEN_NO_KEYS:
        ret->no_keys = true;
        break;
    case GH_TOKEN_INVALID:
    case GH_TOKEN_EXPIRED:
        break;
    }
}

enum gh_judgement gh_presented_read(gh_txn *txn, gh_presented *ret)
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_str token, hint;
    if (!gh_form_text(txn, "token", &token) || !gh_form_text(txn, "token_type_hint", &hint) ||
        token.p == NULL)
        return gh_txn_refuse(txn, GH_REASON_INVALID_REQUEST, "token is missing or there twice");
    *ret = (gh_presented){.kind = GH_PRESENTED_NOTHING};
    if (gh_api_key_looks_like(p->key.prefix, token)) {
        if (gh_api_key_read(&p->keys, p->key.prefix, token, &ret->secret))
            ret->kind = GH_PRESENTED_API_KEY;
    } else if (gh_secret_read(&p->keys, GH_SECRET_REFRESH, token, &ret->secret)) {
        if (gh_secret_authentic(&p->keys, GH_SECRET_REFRESH, token))
            ret->kind = GH_PRESENTED_REFRESH;
    } else {
        read_access(txn, token, ret);
    }
    return GH_PASS;
}

static void ask_token(const gh_cached_token *token, gh_lookup *to)
{
    to->kind = GH_LOOKUP_TOKEN;
    to->id = token->session;
    to->user = token->user;
    to->jti = token->jti;
    to->issued_s = token->issued_s;
}

static void ask_secret(enum gh_lookup_kind kind, const gh_secret *secret, gh_lookup *to)
{
    to->kind = (uint8_t)kind;
    to->id = secret->id;
    memcpy(to->hash, secret->hash, sizeof to->hash);
}

enum gh_judgement gh_presented_look(gh_txn *txn, const gh_presented *presented)
{
    const gh_identity_policy *p = &txn->policy->identity;
    if (txn->n_lookups == GH_LOOKUPS_MAX)
        return gh_txn_refuse(txn, GH_REASON_INTERNAL_ERROR, "no room for a lookup");
    gh_lookup *to = &txn->lookups[txn->n_lookups];
    memset(to, 0, sizeof *to);
    to->now_s = txn->world.unix_s;
    to->address = txn->client.ip;
    switch (presented->kind) {
    case GH_PRESENTED_NOTHING:
        return GH_PASS;
    case GH_PRESENTED_ACCESS:
        ask_token(&presented->token, to);
        break;
    case GH_PRESENTED_REFRESH:
        ask_secret(GH_LOOKUP_REFRESH, &presented->secret, to);
        to->idle_s = p->token.idle_s;
        to->grace_s = p->token.grace_s;
        break;
    case GH_PRESENTED_API_KEY:
        ask_secret(GH_LOOKUP_API_KEY, &presented->secret, to);
        break;
    }
    txn->n_lookups++;
    return GH_PASS;
}

const gh_lookup *gh_last_lookup(const gh_txn *txn)
{
    return &txn->lookups[txn->n_lookups - 1];
}
