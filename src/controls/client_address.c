/* Who is at the other end: one resolver, whose answer limits, logs and upstream headers share. */
#include "controls/controls.h"

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_policy *p = txn->policy;
    const gh_request *r = txn->request;
    gh_forwarded_rules rules = {
        .trusted = p->trusted_proxies, .n_trusted = p->n_trusted_proxies, .source = p->address_source};
    gh_client_address_find(&rules, &r->peer, r->fields, r->n_fields, &txn->client);
    txn->secure = r->tls || (txn->client.secure_known && txn->client.secure);
    return GH_PASS;
}

const gh_control gh_control_client_address = {.name = "client_address", .judge = judge};
