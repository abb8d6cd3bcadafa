/* May who asks do this? What the route and the endpoint demand, held against the principal. 401 comes before 403, and
 * both say by WWW-Authenticate (RFC 6750 section 3) what would do. */
#include "identity/rights.h"

#include "controls/controls.h"
#include "model/endpoint.h"

static bool applies(const gh_policy *policy)
{
    return policy->identity.enabled;
}

static enum gh_judgement refuse(gh_txn *txn, enum gh_reason reason, const char *detail)
{
    /* Who sent a session that is over is told so. */
    if (reason == GH_REASON_CREDENTIALS_REQUIRED && txn->session_fault != GH_REASON_NONE)
        reason = txn->session_fault;
    return gh_txn_refuse(txn, reason, detail);
}

static bool has_permission(const gh_txn *txn, gh_str name)
{
    unsigned i = gh_identity_permission(&txn->policy->identity, name);
    return i < GH_PERMISSIONS_MAX && gh_permission_in(&txn->principal.permissions, i);
}

/* One's account is one's own business: not that of a credential which was given away for less, or it could give itself
 * the rest by making a key or setting a password. */
static enum gh_judgement judge_signed_in(gh_txn *txn)
{
    const gh_principal *who = &txn->principal;
    if (who->proof == GH_PROOF_API_KEY)
        return gh_txn_refuse(txn, GH_REASON_PROOF_NOT_ACCEPTED,
                             "an API key where somebody must be signed in");
    if (who->scopes.p != NULL)
        return gh_txn_refuse(txn, GH_REASON_PROOF_NOT_ACCEPTED,
                             "a token of some scopes where somebody must be signed in");
    return GH_PASS;
}

static enum gh_judgement judge_endpoint(gh_txn *txn, enum gh_endpoint_right right)
{
    const gh_principal *who = &txn->principal;
    if (right == GH_RIGHT_ANYONE)
        return GH_PASS;
    if (who->proof == GH_PROOF_NONE)
        return refuse(txn, GH_REASON_CREDENTIALS_REQUIRED, "the endpoint is for those who are known");
    if (right == GH_RIGHT_INTROSPECT)
        return has_permission(txn, GH_STR("tokens:introspect"))
                   ? GH_PASS
                   : gh_txn_refuse(txn, GH_REASON_PERMISSION_REQUIRED, "without tokens:introspect");
    if (who->user == 0)
        return gh_txn_refuse(txn, GH_REASON_PROOF_NOT_ACCEPTED,
                             "an outside issuer's token has no account here");
    return right == GH_RIGHT_SIGNED_IN ? judge_signed_in(txn) : GH_PASS;
}

static enum gh_judgement judge_route(gh_txn *txn, const gh_route *route, const char *detail)
{
    gh_str scope = {NULL, 0};
    enum gh_reason reason = gh_rights_judge(txn, route, &scope);
    if (reason == GH_REASON_NONE)
        return GH_PASS;
    txn->scope = scope;
    return refuse(txn, reason, detail);
}

static bool demands(const gh_route *route)
{
    return gh_rights_demand(&route->require) || route->require.device;
}

/* Many upstreams take "/Admin/" for "/admin". Where the spelling leads past a route with demands to one behind it, those
 * demands hold too. */
static enum gh_judgement judge_spellings(gh_txn *txn)
{
    const gh_policy *p = txn->policy;
    gh_method_set method = UINT32_C(1) << txn->method;
    for (unsigned i = 0; i < p->n_routes && &p->routes[i] != txn->route; i++) {
        const gh_route *route = &p->routes[i];
        if (demands(route) &&
            gh_match_fits_spellings(&route->match, txn->authority.host, method, txn->target.path))
            return judge_route(txn, route, "the route's path in another spelling");
    }
    return GH_PASS;
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_endpoint *endpoint = txn->route->endpoint;
    if (endpoint != NULL && judge_endpoint(txn, endpoint->right) == GH_STOP)
        return GH_STOP;
    if (judge_route(txn, txn->route, NULL) == GH_STOP)
        return GH_STOP;
    return endpoint == NULL ? judge_spellings(txn) : GH_PASS;
}

/* The error code of RFC 6750 section 3.1; absent: nothing was presented, or no token. */
static gh_str error_code(const gh_txn *txn)
{
    static const struct {
        enum gh_reason reason;
        gh_str code;
    } rows[] = {{GH_REASON_TOKEN_INVALID, GH_STR_INIT("invalid_token")},
                {GH_REASON_TOKEN_EXPIRED, GH_STR_INIT("invalid_token")},
                {GH_REASON_TOKEN_REVOKED, GH_STR_INIT("invalid_token")},
                {GH_REASON_API_KEY_INVALID, GH_STR_INIT("invalid_token")},
                {GH_REASON_CREDENTIALS_CONFLICT, GH_STR_INIT("invalid_request")},
                {GH_REASON_INSUFFICIENT_SCOPE, GH_STR_INIT("insufficient_scope")}};
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        if (rows[i].reason == txn->verdict.reason)
            return rows[i].code;
    return (gh_str){NULL, 0};
}

/* A scope-token (RFC 6749 section 3.3) can stand in quotes as it is. */
static bool is_quotable(gh_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] > '~' || text.p[i] == '"' || text.p[i] == '\\')
            return false;
    return text.n > 0;
}

/* RFC 9110 section 15.5.2: every 401 says how one could prove who one is. */
static void reply(gh_txn *txn, gh_reply *r)
{
    gh_str code = error_code(txn);
    if (txn->verdict.outcome != GH_OUTCOME_REFUSE || (txn->verdict.status != 401 && code.p == NULL))
        return;
    gh_buf_lit(r->out, "WWW-Authenticate: Bearer realm=\"gatehouse\"");
    if (code.p != NULL) {
        gh_buf_lit(r->out, ", error=\"");
        gh_buf_put(r->out, code);
        gh_buf_lit(r->out, "\", error_description=\"");
        gh_buf_put(r->out, gh_reason_of(txn->verdict.reason)->message);
        gh_buf_char(r->out, '"');
    }
    if (is_quotable(txn->scope)) {
        gh_buf_lit(r->out, ", scope=\"");
        gh_buf_put(r->out, txn->scope);
        gh_buf_char(r->out, '"');
    }
    gh_buf_lit(r->out, "\r\n");
}

const gh_control gh_control_rights = {.name = "rights", .applies = applies, .judge = judge, .reply = reply};
