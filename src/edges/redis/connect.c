/* From a name to a socket that is connected. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "base/ip.h"
#include "edges/redis/parts.h"

const char *gh_redis_host(const gh_redis *r)
{
    return r->moved_host[0] != '\0' ? r->moved_host : r->shared->url->host;
}

static uint16_t port_of(const gh_redis *r)
{
    return r->moved_host[0] != '\0' ? r->moved_port : r->shared->url->port;
}

bool gh_redis_follow(gh_redis *r, gh_str error)
{
    gh_str host;
    uint16_t port;
    if (r->shared->url->scheme == GH_REDIS_UNIX || r->hops >= GH_REDIS_HOPS_MAX ||
        !gh_redis_moved_to(error, &host, &port))
        return false;
    if (host.n == 0)
        host = gh_str_of(gh_redis_host(r));
    if (host.n > GH_REDIS_HOST_MAX)
        return false;
    memmove(r->moved_host, host.p, host.n);
    r->moved_host[host.n] = '\0';
    r->moved_port = port;
    r->hops++;
    return true;
}

void gh_redis_connect_next(gh_redis *r, gh_str why)
{
    int error = 0;
    gh_redis_link_close(r);
    while (r->next_address < r->n_addresses) {
        error = gh_redis_link_open(r, &r->addresses[r->next_address++]);
        if (error == 0) {
            r->state = GH_REDIS_CONNECTING;
            gh_redis_wait(r, r->shared->connect_ms);
            return;
        }
    }
    if (error != 0)
        gh_redis_failf(r, "no connection: %s", strerrordesc_np(error));
    else
        gh_redis_fail(r, why);
}

static void connect_first(gh_redis *r)
{
    r->next_address = 0;
    gh_redis_connect_next(r, GH_STR("its name has no address"));
}

static void add_address(gh_redis *r, const void *name, size_t size)
{
    if (r->n_addresses == GH_REDIS_ADDRESSES_MAX || size > sizeof r->addresses[0].name)
        return;
    gh_redis_address *a = &r->addresses[r->n_addresses++];
    memcpy(&a->name, name, size);
    a->size = (socklen_t)size;
}

static void add_unix(gh_redis *r)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    gh_str path = gh_str_of(r->shared->url->path);
    memcpy(name.sun_path, path.p, path.n); /* the URL's longest path fits, with its NUL */
    add_address(r, &name, sizeof name);
}

static void add_ip(gh_redis *r, const gh_ip *ip)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port_of(r))};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port_of(r))};
    if (ip->family == 4) {
        memcpy(&in.sin_addr, ip->bytes, sizeof in.sin_addr);
        add_address(r, &in, sizeof in);
        return;
    }
    memcpy(&in6.sin6_addr, ip->bytes, sizeof in6.sin6_addr);
    add_address(r, &in6, sizeof in6);
}

static void look_up(gh_redis *r);

static void on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    gh_redis *r = GH_CONTAINER(lookup, gh_redis, lookup);
    bool wanted = r->state == GH_REDIS_LOOKING_UP;
    bool stale =
        r->lookup_trial != r->trial; /* of a trial that was given up, and may have had another name */
    r->looking = false;
    for (const struct addrinfo *a = found; wanted && !stale && a != NULL; a = a->ai_next)
        add_address(r, a->ai_addr, a->ai_addrlen);
    uv_freeaddrinfo(found);
    if (wanted && stale)
        look_up(r);
    else if (wanted && status != 0)
        gh_redis_failf(r, "its name %s can't be looked up: %s", gh_redis_host(r), uv_strerror(status));
    else if (wanted)
        connect_first(r);
    gh_redis_release(r);
}

static void look_up(gh_redis *r)
{
    char service[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    r->state = GH_REDIS_LOOKING_UP;
    gh_redis_wait(r, r->shared->connect_ms);
    if (r->looking) /* the resolver is still busy with the trial before */
        return;
    (void)snprintf(service, sizeof service, "%u", port_of(r));
    int status = uv_getaddrinfo(r->loop, &r->lookup, on_looked_up, gh_redis_host(r), service, &hints);
    if (status != 0) {
        gh_redis_failf(r, "its name can't be looked up: %s", uv_strerror(status));
        return;
    }
    r->looking = true;
    r->lookup_trial = r->trial;
    r->holds++;
}

void gh_redis_connect(gh_redis *r)
{
    gh_ip ip;
    r->trial++;
    r->n_addresses = 0;
    if (r->shared->url->scheme == GH_REDIS_UNIX) {
        add_unix(r);
    } else if (gh_ip_parse(gh_str_of(gh_redis_host(r)), &ip)) {
        add_ip(r, &ip);
    } else {
        look_up(r);
        return;
    }
    connect_first(r);
}
