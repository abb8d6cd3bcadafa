/* Is what was proved still in force? Sessions, API keys, devices and verified tokens are looked up in memory, each time:
 * what was ended a moment ago lets nobody in. With the answers it is known who asks.
 *
 * A token or key that is no good is refused on every route, as its sender meant to be known. A session that is over is
 * not: a browser sends its cookie for months, and would be locked out of public pages. There it is nobody, and where
 * somebody is demanded the control `rights` says that the session is over. A wrong device token is no device. */
#include "controls/controls.h"

#include "identity/cookies.h"
#include "identity/rights.h"
#include "identity/secret.h"

static bool applies(const gh_policy *policy)
{
    return policy->identity.enabled;
}

static gh_lookup *add(gh_txn *txn, enum gh_lookup_kind kind, gh_id id)
{
    gh_lookup *l = &txn->lookups[txn->n_lookups++];
    *l = (gh_lookup){.kind = (uint8_t)kind, .answer = GH_LOOKUP_UNAVAILABLE, .id = id};
    l->now_s = txn->world.unix_s;
    l->address = txn->client.ip;
    return l;
}

static void add_secret(gh_txn *txn, enum gh_lookup_kind kind, const gh_secret *secret)
{
    memcpy(add(txn, kind, secret->id)->hash, secret->hash, sizeof secret->hash);
}

/* Several cookies of the name are all looked up: the first that is good counts, so that one that somebody else's page or
 * an older set-up left behind locks nobody out. */
static bool ask_session(void *data, gh_str value)
{
    gh_txn *txn = data;
    const gh_identity_policy *p = &txn->policy->identity;
    gh_secret secret;
    if (!gh_secret_read(&p->keys, GH_SECRET_SESSION, value, &secret))
        return false;
    add_secret(txn, GH_LOOKUP_SESSION, &secret);
    txn->lookups[txn->n_lookups - 1].idle_s = p->session.idle_s;
    txn->lookups[txn->n_lookups - 1].grace_s =
        p->token.grace_s; /* for what is under way while it is renewed */
    return txn->n_lookups - txn->n_looked == GH_SESSIONS_PRESENTED_MAX;
}

static void ask_token(gh_txn *txn)
{
    gh_lookup *l = add(txn, GH_LOOKUP_TOKEN, txn->token->session);
    l->user = txn->token->user;
    l->jti = txn->token->jti;
    l->issued_s = txn->token->issued_s;
}

static void ask(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const gh_credentials *c = &txn->credentials;
    gh_secret secret;
    if (txn->world.unix_s == 0)
        return;
    if (txn->token != NULL)
        ask_token(txn);
    else if (c->api_key.p != NULL && gh_api_key_read(&p->keys, p->key.prefix, c->api_key, &secret))
        add_secret(txn, GH_LOOKUP_API_KEY, &secret);
    else if (c->session.p != NULL)
        (void)gh_cookies_find(txn->request, p->session.name, ask_session, txn);
    if (c->device.p != NULL && gh_secret_read(&p->keys, GH_SECRET_DEVICE, c->device, &secret))
        add_secret(txn, GH_LOOKUP_DEVICE, &secret);
}

/* The first of the kind with the answer; NULL: there is none. */
static const gh_lookup *answered(const gh_txn *txn, enum gh_lookup_kind kind, enum gh_lookup_answer answer)
{
    for (unsigned i = txn->n_looked; i < txn->n_lookups; i++)
        if (txn->lookups[i].kind == kind && txn->lookups[i].answer == answer)
            return &txn->lookups[i];
    return NULL;
}

static enum gh_judgement unavailable(gh_txn *txn)
{
    return gh_txn_refuse(txn, GH_REASON_IDENTITY_UNAVAILABLE,
                         "nobody could say whether the credential is in force");
}

static void be_token(gh_txn *txn)
{
    const gh_cached_token *t = txn->token;
    gh_principal *who = &txn->principal;
    who->proof = GH_PROOF_TOKEN;
    who->user = t->user;
    who->name = GH_SHORT_STR(t->name);
    who->tier = GH_SHORT_STR(t->tier);
    who->roles = GH_SHORT_STR(t->roles);
    if (t->scoped)
        who->scopes = GH_SHORT_STR(t->scopes);
    if (t->issuer != 0)
        who->issuer = txn->policy->identity.issuers[t->issuer].issuer;
    who->session = t->session;
    who->device = t->device;
    who->jti = t->jti;
    who->issued_s = t->issued_s;
    who->expires_s = t->expires_s;
}

static void be_user(gh_txn *txn, const gh_lookup *l)
{
    gh_principal *who = &txn->principal;
    who->user = l->subject.user;
    who->name = GH_SHORT_STR(l->subject.name);
    who->tier = GH_SHORT_STR(l->subject.tier);
    who->roles = GH_SHORT_STR(l->subject.roles);
    who->issued_s = l->created_s;
    who->expires_s = l->expires_s;
}

static const char *why_revoked(const gh_lookup *l)
{
    switch ((enum gh_lookup_revoked)l->revoked) {
    case GH_REVOKED_TOKEN:
        break;
    case GH_REVOKED_SESSION:
        return "the token's session has ended";
    case GH_REVOKED_USER:
        return "all earlier tokens of the user were revoked, as by another password, role or tier";
    case GH_REVOKED_FOREIGN:
        return "the token's session is another user's";
    }
    return "the token was revoked";
}

static enum gh_judgement judge_token(gh_txn *txn)
{
    const gh_lookup *l = &txn->lookups[txn->n_looked];
    switch ((enum gh_lookup_answer)l->answer) {
    case GH_LOOKUP_GOOD:
        be_token(txn);
        return GH_PASS;
    case GH_LOOKUP_UNAVAILABLE:
        return unavailable(txn);
    case GH_LOOKUP_DISABLED:
        return gh_txn_refuse(txn, GH_REASON_USER_DISABLED, "the token's user is disabled");
    case GH_LOOKUP_EXPIRED:
        return gh_txn_refuse(txn, GH_REASON_TOKEN_EXPIRED, "the token has expired");
    case GH_LOOKUP_UNKNOWN:
    case GH_LOOKUP_MISMATCH:
    case GH_LOOKUP_REVOKED:
    case GH_LOOKUP_ADDRESS_REFUSED:
        break;
    }
    return gh_txn_refuse(txn, GH_REASON_TOKEN_REVOKED, why_revoked(l));
}

static enum gh_judgement judge_key(gh_txn *txn)
{
    const gh_lookup *l = &txn->lookups[txn->n_looked];
    if (txn->n_lookups == txn->n_looked || l->kind != GH_LOOKUP_API_KEY)
        return gh_txn_refuse(txn, GH_REASON_API_KEY_INVALID,
                             "not of the shape of our API keys, or its keys are no more");
    switch ((enum gh_lookup_answer)l->answer) {
    case GH_LOOKUP_GOOD:
        break;
    case GH_LOOKUP_UNAVAILABLE:
        return unavailable(txn);
    case GH_LOOKUP_DISABLED:
        return gh_txn_refuse(txn, GH_REASON_USER_DISABLED, "the API key's user is disabled");
    case GH_LOOKUP_ADDRESS_REFUSED:
        return gh_txn_refuse(txn, GH_REASON_API_KEY_ADDRESS, NULL);
    case GH_LOOKUP_EXPIRED:
        return gh_txn_refuse(txn, GH_REASON_API_KEY_INVALID, "the API key has expired");
    case GH_LOOKUP_UNKNOWN:
    case GH_LOOKUP_MISMATCH:
    case GH_LOOKUP_REVOKED:
        return gh_txn_refuse(txn, GH_REASON_API_KEY_INVALID, "no such API key, or it is revoked");
    }
    be_user(txn, l);
    txn->principal.proof = GH_PROOF_API_KEY;
    txn->principal.key = l->id;
    if (l->scoped)
        txn->principal.scopes = GH_SHORT_STR(l->scopes);
    if (l->tier.n > 0)
        txn->principal.tier = GH_SHORT_STR(l->tier);
    return GH_PASS;
}

static enum gh_judgement judge_session(gh_txn *txn)
{
    const gh_lookup *l = answered(txn, GH_LOOKUP_SESSION, GH_LOOKUP_GOOD);
    if (l != NULL) {
        be_user(txn, l);
        txn->principal.proof = GH_PROOF_SESSION;
        txn->principal.session = l->id;
        txn->principal.device = l->device;
        return GH_PASS;
    }
    if (answered(txn, GH_LOOKUP_SESSION, GH_LOOKUP_UNAVAILABLE) != NULL)
        return unavailable(txn);
    bool disabled = answered(txn, GH_LOOKUP_SESSION, GH_LOOKUP_DISABLED) != NULL;
    txn->session_fault = disabled ? GH_REASON_USER_DISABLED : GH_REASON_SESSION_INVALID;
    return GH_PASS;
}

/* What a session or token is bound to counts before what is presented beside it, and another
 * user's device is none. */
static void find_device(gh_txn *txn)
{
    gh_principal *who = &txn->principal;
    const gh_lookup *l = answered(txn, GH_LOOKUP_DEVICE, GH_LOOKUP_GOOD);
    if (who->device != 0 || l == NULL)
        return;
    if (who->proof == GH_PROOF_NONE || l->subject.user == 0 || l->subject.user == who->user)
        who->device = l->id;
}

/* X-Device-ID is what the client says of itself. Where it says another one than is proved, an upstream that goes by it
 * would mean another device than we do: then there is none. */
static void compare_device_id(gh_txn *txn)
{
    char memory[GH_ID_TEXT];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    const gh_request *r = txn->request;
    if ((r->seen & GH_FIELD_BIT(GH_FIELD_X_DEVICE_ID)) == 0 || txn->principal.device == 0)
        return;
    gh_id_put(&text, txn->principal.device);
    for (unsigned i = 0; i < r->n_fields; i++)
        if (r->fields[i].id == GH_FIELD_X_DEVICE_ID && !gh_str_eq(r->fields[i].value, gh_buf_str(&text)))
            txn->principal.device = 0;
}

static enum gh_judgement judge_credential(gh_txn *txn)
{
    const gh_credentials *c = &txn->credentials;
    if (txn->token != NULL)
        return judge_token(txn);
    if (c->api_key.p != NULL)
        return judge_key(txn);
    return c->session.p != NULL ? judge_session(txn) : GH_PASS;
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_credentials *c = &txn->credentials;
    if (txn->world.unix_s == 0 && (c->session.p != NULL || c->api_key.p != NULL))
        return gh_txn_refuse(txn, GH_REASON_IDENTITY_UNAVAILABLE, "the time is not known");
    if (judge_credential(txn) == GH_STOP)
        return GH_STOP;
    find_device(txn);
    compare_device_id(txn);
    if (txn->principal.proof != GH_PROOF_NONE)
        gh_rights_fill(&txn->policy->identity, &txn->principal);
    return GH_PASS;
}

/* How the answers to those who are known, be it a device alone, go through caches. */
static void keep_out_of_caches(const gh_txn *txn, gh_reply *r)
{
    static const gh_str vary[] = {[GH_PROOF_SESSION] = GH_STR_INIT("Vary: Cookie\r\n"),
                                  [GH_PROOF_TOKEN] = GH_STR_INIT("Vary: Authorization\r\n"),
                                  [GH_PROOF_API_KEY] = GH_STR_INIT("Vary: Authorization, X-API-Key\r\n")};
    const gh_principal *who = &txn->principal;
    if ((who->proof == GH_PROOF_NONE && who->device == 0) || txn->verdict.outcome != GH_OUTCOME_FORWARD)
        return; /* answers of our own say it themselves */
    if ((r->seen & GH_FIELD_BIT(GH_FIELD_CACHE_CONTROL)) == 0) {
        gh_buf_lit(r->out, "Cache-Control: no-store\r\n");
        return;
    }
    if (who->proof != GH_PROOF_NONE)
        gh_buf_put(r->out, vary[who->proof]);
    if (who->device != 0)
        gh_buf_lit(r->out, "Vary: Cookie, X-Device-Token\r\n");
}

static void reply(gh_txn *txn, gh_reply *r)
{
    keep_out_of_caches(txn, r);
}

const gh_control gh_control_standing = {
    .name = "standing", .applies = applies, .ask = ask, .judge = judge, .reply = reply};
