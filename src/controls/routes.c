/* Which route a request takes: an endpoint of Gatehouse's own, else the first in the configuration's order that fits.
 * What is below the prefix of the endpoints and is none goes nowhere: an upstream that had something there would be
 * taken for us. */
#include "controls/controls.h"

#include "model/endpoint.h"

static void take(gh_txn *txn, const gh_route *route)
{
    txn->route = route;
    txn->max_body = route->max_body;
}

static bool is_below(gh_str prefix, gh_str path)
{
    return prefix.n > 0 && gh_str_starts(path, prefix) && (path.n == prefix.n || path.p[prefix.n] == '/');
}

/* RFC 9110 section 15.5.6: a 405 says what the address takes. */
static enum gh_judgement refuse_method(gh_txn *txn, gh_method_set methods)
{
    enum { ALLOW_MAX = 128 };
    char *memory = gh_arena_alloc(txn->arena, ALLOW_MAX);
    gh_buf allow = gh_buf_over(memory, memory == NULL ? 0 : ALLOW_MAX);
    for (unsigned i = 0; i < txn->policy->n_methods; i++) {
        if ((methods >> i & 1) == 0)
            continue;
        gh_buf_put(&allow, allow.n > 0 ? GH_STR(", ") : GH_STR(""));
        gh_buf_put(&allow, txn->policy->methods[i]);
    }
    txn->allow = gh_buf_str(&allow);
    return gh_txn_refuse(txn, GH_REASON_UNDECLARED_METHOD, "the endpoint has other methods");
}

/* GH_PASS with *found false: it is none of ours. */
static enum gh_judgement judge_own(gh_txn *txn, bool *found)
{
    const gh_identity_policy *p = &txn->policy->identity;
    const gh_method_set method = UINT32_C(1) << txn->method;
    const bool below = is_below(p->prefix, txn->target.path);
    gh_method_set others = 0;
    *found = false;
    for (unsigned i = 0; i < p->n_endpoints; i++) {
        const gh_match *match = &p->routes[i].match;
        if ((!below && !p->endpoints[i]->rooted) ||
            !gh_match_fits(match, txn->authority.host, UINT32_MAX, txn->target.path))
            continue;
        *found = true;
        take(txn, &p->routes[i]);
        if ((match->methods & method) != 0)
            return GH_PASS;
        others |= match->methods;
    }
    if (*found)
        return refuse_method(txn, others);
    return below ? gh_txn_refuse(txn, GH_REASON_ROUTE_NOT_FOUND, "below identity.prefix, and no endpoint")
                 : GH_PASS;
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_policy *p = txn->policy;
    gh_method_set method = UINT32_C(1) << txn->method;
    bool found = false;
    if (p->identity.enabled && judge_own(txn, &found) == GH_STOP)
        return GH_STOP;
    if (found)
        return GH_PASS;
    for (unsigned i = 0; i < p->n_routes; i++) {
        if (gh_match_fits(&p->routes[i].match, txn->authority.host, method, txn->target.path)) {
            take(txn, &p->routes[i]);
            return GH_PASS;
        }
    }
    if (p->unmatched_refused)
        return gh_txn_refuse(txn, GH_REASON_ROUTE_NOT_FOUND, "no route fits and unmatched is refuse");
    return GH_PASS;
}

static void reply(gh_txn *txn, gh_reply *r)
{
    if (txn->verdict.reason != GH_REASON_UNDECLARED_METHOD || txn->route->endpoint == NULL)
        return;
    gh_buf_lit(r->out, "Allow: ");
    gh_buf_put(r->out, txn->allow);
    gh_buf_lit(r->out, "\r\n");
}

const gh_control gh_control_routes = {.name = "routes", .judge = judge, .reply = reply};
