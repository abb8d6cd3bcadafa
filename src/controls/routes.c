/* Which route a request takes: the first in the configuration's order that fits. */
#include "controls/controls.h"

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_policy *p = txn->policy;
    gh_method_set method = UINT32_C(1) << txn->method;
    for (unsigned i = 0; i < p->n_routes; i++) {
        if (gh_match_fits(&p->routes[i].match, txn->authority.host, method, txn->target.path)) {
            txn->route = &p->routes[i];
            txn->max_body = txn->route->max_body;
            return GH_PASS;
        }
    }
    if (p->unmatched_refused)
        return gh_txn_refuse(txn, GH_REASON_ROUTE_NOT_FOUND, "no route fits and unmatched is refuse");
    return GH_PASS;
}

const gh_control gh_control_routes = {.name = "routes", .judge = judge};
