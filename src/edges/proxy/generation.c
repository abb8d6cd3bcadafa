/* A generation: a configuration with its policy and its upstreams resolved. Made on the main thread. */
#include <netdb.h>
#include <stdlib.h>
#include <sys/un.h>

#include "edges/proxy/proxy.h"

static bool resolve_unix(gh_server *s, gh_str path)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&s->address;
    if (path.n >= sizeof un->sun_path)
        return false;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.p, path.n);
    s->address_size = (socklen_t)sizeof *un;
    s->host = GH_STR("localhost");
    return true;
}

/* "host:port", "[v6]:port" or "host" after the scheme. */
static const char *resolve_host(gh_server *s, gh_str authority)
{
    char host[256], port[8] = "80";
    gh_str name = authority;
    size_t bracket = name.n > 0 && name.p[0] == '[' ? gh_str_find(name, ']') : 0;
    size_t colon = bracket + gh_str_find(gh_str_cut(name, bracket, name.n), ':');
    if (colon < name.n) {
        gh_str digits = gh_str_cut(name, colon + 1, name.n);
        if (digits.n == 0 || digits.n >= sizeof port)
            return "the port is not a number";
        memcpy(port, digits.p, digits.n);
        port[digits.n] = '\0';
        name = gh_str_cut(name, 0, colon);
    }
    if (bracket > 0)
        name = gh_str_cut(name, 1, bracket);
    if (name.n == 0 || name.n >= sizeof host)
        return "the host name is too long";
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int status = getaddrinfo(host, port, &hints, &found);
    if (status != 0)
        return gai_strerror(status);
    /* One address of a name is used. "localhost" has two, and most servers listen on the IPv4 one alone. */
    const struct addrinfo *use = found;
    for (const struct addrinfo *a = found->ai_next; a != NULL && use->ai_family != AF_INET; a = a->ai_next)
        if (a->ai_family == AF_INET)
            use = a;
    memcpy(&s->address, use->ai_addr, use->ai_addrlen);
    s->address_size = use->ai_addrlen;
    freeaddrinfo(found);
    return NULL;
}

const char *gh_server_resolve(gh_server *server)
{
    gh_str name = gh_str_of(server->name);
    if (gh_str_starts(name, GH_STR("unix:")))
        return resolve_unix(server, gh_str_cut(name, 5, name.n)) ? NULL
                                                                 : "the path is too long for a unix socket";
    gh_str authority = gh_str_cut(name, gh_str_starts(name, GH_STR("http://")) ? 7 : 0, name.n);
    if (gh_str_ends(authority, GH_STR("/")))
        authority.n--;
    server->host = authority;
    return resolve_host(server, authority);
}

static gh_server *server_new(gh_str text, const gh_place *place, gh_report *report)
{
    gh_server *s = calloc(1, sizeof *s);
    if (s == NULL || text.n >= sizeof s->name) {
        free(s);
        gh_report_error(report, place->file, place->line, place->column, "out of memory");
        return NULL;
    }
    atomic_init(&s->references, 1);
    memcpy(s->name, text.p, text.n);
    const char *why = gh_server_resolve(s);
    if (why == NULL)
        return s;
    gh_report_error(report, place->file, place->line, place->column,
                    "upstream server %s can't be resolved: %s", s->name, why);
    free(s);
    return NULL;
}

void gh_server_unref(gh_server *server)
{
    if (server != NULL && atomic_fetch_sub(&server->references, 1) == 1)
        free(server);
}

/* The old server of the same name and address goes on with its health and its connections. */
static gh_server *kept_from(const gh_generation *old, const gh_server *fresh)
{
    for (unsigned u = 0; old != NULL && u < old->n_upstreams; u++) {
        for (unsigned i = 0; i < old->upstreams[u].n_servers; i++) {
            gh_server *s = old->upstreams[u].servers[i];
            if (strcmp(s->name, fresh->name) == 0 && s->address_size == fresh->address_size &&
                memcmp(&s->address, &fresh->address, s->address_size) == 0)
                return s;
        }
    }
    return NULL;
}

static bool add_servers(gh_upstream *u, const gh_generation *old, gh_report *report)
{
    u->servers = calloc(u->config->servers.n, sizeof(gh_server *));
    if (u->servers == NULL)
        return false;
    for (unsigned i = 0; i < u->config->servers.n; i++) {
        gh_server *fresh = server_new(u->config->servers.items[i], &u->config->place, report);
        if (fresh == NULL)
            continue;
        gh_server *kept = kept_from(old, fresh);
        if (kept != NULL) {
            gh_server_unref(fresh);
            atomic_fetch_add(&kept->references, 1);
            fresh = kept;
        }
        u->servers[u->n_servers++] = fresh;
    }
    return u->n_servers == u->config->servers.n;
}

/* A configuration belongs to all generations that are made of it. */
static void leave_config(gh_generation *g)
{
    if (g->config_users != NULL && atomic_fetch_sub(g->config_users, 1) == 1) {
        gh_config_free(g->config);
        free(g->config_users);
    }
}

static gh_generation *make(gh_config *config, gh_policy *policy, const gh_generation *old, gh_report *report)
{
    gh_generation *g = calloc(1, sizeof *g);
    if (g == NULL) {
        gh_policy_unref(policy);
        return NULL;
    }
    atomic_init(&g->references, 1);
    g->config = config;
    g->policy = policy;
    g->upstreams = calloc(config->n_upstreams, sizeof *g->upstreams);
    bool good = g->upstreams != NULL;
    for (unsigned i = 0; g->upstreams != NULL && i < config->n_upstreams; i++) {
        g->upstreams[g->n_upstreams].config = &config->upstreams[i];
        g->n_upstreams++;
        good = add_servers(&g->upstreams[i], old, report) && good;
    }
    if (good)
        return g;
    gh_generation_unref(g);
    return NULL;
}

gh_generation *gh_generation_new(gh_config *config, gh_policy *policy, const gh_generation *old,
                                 gh_report *report)
{
    _Atomic unsigned *users = calloc(1, sizeof *users);
    if (users == NULL) {
        gh_policy_unref(policy);
        return NULL;
    }
    atomic_init(users, 1);
    gh_generation *g = make(config, policy, old, report);
    if (g == NULL)
        free(users);
    else
        g->config_users = users;
    return g;
}

gh_generation *gh_generation_renew(const gh_generation *old, gh_policy *policy, gh_report *report)
{
    gh_generation *g = make(old->config, policy, old, report);
    if (g == NULL)
        return NULL;
    atomic_fetch_add(old->config_users, 1);
    g->config_users = old->config_users;
    return g;
}

gh_generation *gh_generation_ref(gh_generation *g)
{
    atomic_fetch_add(&g->references, 1);
    return g;
}

void gh_generation_unref(gh_generation *g)
{
    if (g == NULL || atomic_fetch_sub(&g->references, 1) != 1)
        return;
    for (unsigned i = 0; i < g->n_upstreams; i++) {
        for (unsigned j = 0; j < g->upstreams[i].n_servers; j++)
            gh_server_unref(g->upstreams[i].servers[j]);
        free(g->upstreams[i].servers);
    }
    free(g->upstreams);
    gh_policy_unref(g->policy);
    leave_config(g);
    gh_wipe(g->key, sizeof g->key);
    free(g);
}
