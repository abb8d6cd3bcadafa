/* Trusted hosts: a request for a name that is not ours is refused (ASVS 5.0 13.2, host header attacks). */
#include "controls/controls.h"

static bool served(gh_txn *txn, gh_str host)
{
    gh_authority a;
    return gh_authority_parse(host, txn->arena, &a) &&
           gh_host_pattern_any(txn->policy->hosts, txn->policy->n_hosts, a.host);
}

/* Many proxies pass on the X-Forwarded-Host a client wrote, and many upstreams believe it before Host. */
static void judge_forwarded(gh_txn *txn)
{
    if (txn->client.host.p == NULL || served(txn, txn->client.host))
        return;
    txn->client.host = (gh_str){NULL, 0};
    txn->client.ignored = true;
    txn->client.why = "the forwarded host is not in hosts.allowed";
}

static enum gh_judgement judge(gh_txn *txn)
{
    const gh_request *r = txn->request;
    gh_authority host = {{NULL, 0}, 0}, named = {{NULL, 0}, 0};
    if (r->host.p != NULL && !gh_authority_parse(r->host, txn->arena, &host))
        return gh_txn_refuse(txn, GH_REASON_HOST_NOT_ALLOWED, "the Host field is not a host");
    /* RFC 9112 section 3.2.2: an absolute-form's authority stands in for Host; one that says
     * something else is a request of two minds. */
    if (txn->target.authority.p != NULL) {
        if (!gh_authority_parse(txn->target.authority, txn->arena, &named))
            return gh_txn_refuse(txn, GH_REASON_HOST_NOT_ALLOWED, "the target's authority is not a host");
        if (host.host.p != NULL && (!gh_str_eq(host.host, named.host) || host.port != named.port))
            return gh_txn_refuse(txn, GH_REASON_HOST_NOT_ALLOWED, "Host and the target's authority differ");
        host = named;
    }
    txn->authority = host;
    if (!gh_host_pattern_any(txn->policy->hosts, txn->policy->n_hosts, host.host))
        return gh_txn_refuse(txn, GH_REASON_HOST_NOT_ALLOWED, "not in hosts.allowed");
    judge_forwarded(txn);
    return GH_PASS;
}

const gh_control gh_control_hosts = {.name = "hosts", .judge = judge};
