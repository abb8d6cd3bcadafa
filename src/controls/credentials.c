/* What the request presents to prove who asks: at most one of an access token, an API key and a session, and a device
 * token beside it. Only found here, not believed.
 *
 * A session cookie beside a token or key does not count: browsers add it by themselves, so it says nothing of what the
 * sender wanted, and a sender who can write the other two needs no protection from forged requests. Authorization with
 * another scheme is not ours: it is left alone, and goes to the upstream. */
#include "controls/controls.h"

#include "controls/fields.h"
#include "identity/cookies.h"
#include "identity/secret.h"
#include "model/endpoint.h"

static bool applies(const gh_policy *policy)
{
    return policy->identity.enabled;
}

/* RFC 9110 section 11.4: the scheme's case does not count. What follows "Bearer" is the token, however odd: to be
 * refused rather than to be taken for nothing. */
static bool is_bearer(gh_str value, gh_str *ret_token)
{
    const gh_str scheme = GH_STR("Bearer");
    size_t space = gh_str_find(value, ' '), tab = gh_str_find(value, '\t');
    space = tab < space ? tab : space;
    if (!gh_str_eq_nocase(gh_str_cut(value, 0, space), scheme))
        return false;
    *ret_token = gh_str_trim(gh_str_cut(value, space, value.n));
    return true;
}

typedef struct search {
    enum gh_secret_kind kind;
    gh_str found;
} search;

static bool is_wanted(void *data, gh_str value)
{
    search *s = data;
    if (!gh_secret_looks_like(s->kind, value))
        return false;
    s->found = value;
    return true;
}

static gh_str in_cookie(const gh_txn *txn, gh_str name, enum gh_secret_kind kind)
{
    search s = {kind, {NULL, 0}};
    (void)gh_cookies_find(txn->request, name, is_wanted, &s);
    return s.found;
}

/* Several X-Device-Token fields are none: who could say which is meant? */
static gh_str device(const gh_txn *txn)
{
    gh_str value = {NULL, 0};
    unsigned n = gh_fields_known(txn->request, GH_FIELD_X_DEVICE_TOKEN, &value);
    if (n == 0)
        return in_cookie(txn, txn->policy->identity.session.device_name, GH_SECRET_DEVICE);
    return n == 1 && gh_secret_looks_like(GH_SECRET_DEVICE, value) ? value : (gh_str){NULL, 0};
}

/* Where one signs in or gets new tokens, an old token that a client sends with everything it does is not looked at: it
 * would be kept from getting a better one. */
static bool begins_anew(const gh_route *route)
{
    return route->endpoint != NULL && route->endpoint->csrf_by_origin;
}

static enum gh_judgement find_in_fields(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_credentials *c = &txn->credentials;
    gh_str authorization = {NULL, 0}, token = {NULL, 0};
    unsigned n = gh_fields_known(txn->request, GH_FIELD_AUTHORIZATION, &authorization);
    unsigned n_keys = gh_fields_known(txn->request, GH_FIELD_X_API_KEY, &c->api_key);
    if (n > 1)
        return gh_txn_refuse(txn, GH_REASON_CREDENTIALS_CONFLICT, "several Authorization fields");
    bool bearer = n == 1 && is_bearer(authorization, &token);
    if (n_keys + (bearer ? 1u : 0u) > 1)
        return gh_txn_refuse(txn, GH_REASON_CREDENTIALS_CONFLICT, "several tokens and API keys");
    if (bearer && gh_api_key_looks_like(p->key.prefix, token))
        c->api_key = token;
    else if (bearer)
        c->bearer = token;
    return GH_PASS;
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_identity_policy *p = &txn->policy->identity;
    gh_credentials *c = &txn->credentials;
    if (!begins_anew(txn->route) && find_in_fields(txn) == GH_STOP)
        return GH_STOP;
    if (c->bearer.p == NULL && c->api_key.p == NULL)
        c->session = in_cookie(txn, p->session.name, GH_SECRET_SESSION);
    c->device = device(txn);
    return GH_PASS;
}

const gh_control gh_control_credentials = {.name = "credentials", .applies = applies, .judge = judge};
