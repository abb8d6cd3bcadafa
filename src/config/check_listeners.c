/* Addresses to listen on. */
#include "config/load.h"

struct endpoint {
    gh_str socket; /* a UNIX socket's path; absent: ip and port */
    gh_ip ip;
    uint64_t port;
};

/* "ip:port", "[v6]:port", "unix:/path"; its form has been checked. */
static bool parse(gh_str text, struct endpoint *ret)
{
    *ret = (struct endpoint){0};
    if (gh_str_starts(text, GH_STR("unix:"))) {
        ret->socket = gh_str_cut(text, sizeof "unix:" - 1, text.n);
        return true;
    }
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    if (colon == 0 || !gh_str_u64(gh_str_cut(text, colon, text.n), &ret->port))
        return false;
    gh_str host = gh_str_cut(text, 0, colon - 1);
    if (gh_str_starts(host, GH_STR("[")))
        host = gh_str_cut(host, 1, host.n - 1);
    if (gh_str_eq_nocase(host, GH_STR("localhost")))
        host = GH_STR("127.0.0.1");
    return gh_ip_parse(host, &ret->ip);
}

static bool is_same(const struct endpoint *a, const struct endpoint *b)
{
    if (a->socket.p != NULL || b->socket.p != NULL)
        return a->socket.p != NULL && b->socket.p != NULL && gh_str_eq(a->socket, b->socket);
    return a->port != 0 && a->port == b->port && gh_ip_eq(&a->ip, &b->ip);
}

static bool is_any(const gh_ip *ip)
{
    for (size_t i = 0; i < sizeof ip->bytes; i++)
        if (ip->bytes[i] != 0)
            return false;
    return true;
}

static bool is_local(const struct endpoint *e)
{
    return e->socket.p != NULL || gh_ip_is_loopback(&e->ip);
}

static void check_listen(gh_load *l)
{
    const gh_str_list *listen = &l->config->server.listen;
    struct endpoint a, b;
    for (unsigned i = 0; i < listen->n; i++)
        for (unsigned k = 0; k < i; k++) {
            gh_place place = gh_load_place(l, &listen->items[i]);
            if (parse(listen->items[i], &a) && parse(listen->items[k], &b) && is_same(&a, &b))
                gh_load_error(l, &place, "server.listen: %.*s is here twice", (int)listen->items[i].n,
                              listen->items[i].p);
        }
}

static void check_admin(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place place = gh_load_place(l, &c->admin.listen);
    struct endpoint admin, other;
    if (!parse(c->admin.listen, &admin))
        return; /* "off" */
    for (unsigned i = 0; i < c->server.listen.n; i++)
        if (parse(c->server.listen.items[i], &other) && is_same(&admin, &other))
            gh_load_error(l, &place, "admin.listen: server.listen has this address already");
    if (is_local(&admin) || c->admin.allow_remote == GH_ON)
        return;
    if (c->profile == GH_PROFILE_PRODUCTION)
        gh_load_error(
            l, &place,
            "admin.listen: other machines reach this address, and nobody is asked who they are; use 127.0.0.1, "
            "or set admin.allow_remote: on when a firewall keeps strangers out");
    else
        gh_load_warning(l, &place,
                        "admin.listen: other machines may reach this address; production refuses it unless "
                        "admin.allow_remote is on");
}

/* An upstream that is Gatehouse itself would be asked by itself without an end. */
static void check_loop(gh_load *l, const gh_str *item)
{
    const gh_config *c = l->config;
    gh_str server = *item;
    gh_place place = gh_load_place(l, item);
    struct endpoint target, listen;
    gh_str address = gh_str_starts(server, GH_STR("http://")) ? gh_str_cut(server, 7, server.n) : server;
    if (!parse(address, &target))
        return;
    for (unsigned i = 0; i < c->server.listen.n; i++) {
        if (!parse(c->server.listen.items[i], &listen))
            continue;
        bool any = listen.socket.p == NULL && target.socket.p == NULL && is_any(&listen.ip) &&
                   gh_ip_is_loopback(&target.ip) && listen.port == target.port;
        if (any || is_same(&target, &listen))
            gh_load_error(l, &place, "the upstream %.*s is Gatehouse itself (server.listen)", (int)server.n,
                          server.p);
    }
}

/* The header is believed from trusted peers only, so without any nobody could connect. */
static void check_proxy_protocol(gh_load *l)
{
    gh_place place = gh_load_place(l, &l->config->server.proxy_protocol);
    if (l->config->server.proxy_protocol != GH_PROXY_OFF && l->config->client_address.trusted_proxies.n == 0)
        gh_load_error(
            l, &place,
            "server.proxy_protocol: name the balancers that send it in client_address.trusted_proxies");
}

void gh_check_listeners(gh_load *l)
{
    const gh_config *c = l->config;
    check_proxy_protocol(l);
    check_listen(l);
    check_admin(l);
    for (unsigned i = 0; i < c->n_upstreams; i++)
        for (unsigned k = 0; k < c->upstreams[i].servers.n; k++)
            check_loop(l, &c->upstreams[i].servers.items[k]);
}
