/* Upstreams and routes. */
#include "config/load.h"

static void check_servers(gh_load *l, const gh_upstream_config *u)
{
    for (unsigned i = 0; i < u->servers.n; i++)
        for (unsigned k = 0; k < i; k++) {
            gh_place place = gh_load_place(l, &u->servers.items[i]);
            gh_str server = u->servers.items[i];
            if (gh_str_eq(server, u->servers.items[k]))
                gh_load_error(l, &place, "upstream %.*s: the server %.*s is here twice", (int)u->name.n,
                              u->name.p, (int)server.n, server.p);
        }
}

static void check_health(gh_load *l, const gh_upstream_config *u)
{
    const uint64_t *fields[] = {&u->health_interval, &u->health_timeout, &u->healthy_after,
                                &u->unhealthy_after};
    for (size_t i = 0; i < GH_COUNT(fields) && u->health_path.p == NULL; i++) {
        gh_place place = gh_load_place(l, fields[i]);
        if (place.file == NULL)
            continue;
        gh_load_warning(l, &place, "upstream %.*s: this has no effect without health.path", (int)u->name.n,
                        u->name.p);
        return;
    }
}

void gh_check_upstreams(gh_load *l)
{
    const gh_config *c = l->config;
    if (c->n_upstreams == 0 && !l->input->no_upstream)
        gh_load_error(
            l, &((gh_place){0}),
            "no upstream: name the API to protect, as in gatehouse serve http://127.0.0.1:8000, or in upstreams");
    for (unsigned i = 0; i < c->n_upstreams; i++) {
        const gh_upstream_config *u = &c->upstreams[i];
        gh_place place = gh_load_place(l, &u->name);
        for (unsigned k = 0; k < i; k++)
            if (u->name.n > 0 && gh_str_eq(u->name, c->upstreams[k].name))
                gh_load_error(l, &place, "two upstreams have the name %.*s", (int)u->name.n, u->name.p);
        check_servers(l, u);
        check_health(l, u);
    }
}

static void check_upstream_of(gh_load *l, const gh_route_config *r)
{
    const gh_config *c = l->config;
    gh_nearest nearest = gh_nearest_to(r->upstream);
    char mean[GH_QUOTED_MAX];
    gh_place place = gh_load_place(l, &r->upstream);
    for (unsigned i = 0; i < c->n_upstreams; i++) {
        if (gh_str_eq(c->upstreams[i].name, r->upstream))
            return;
        gh_nearest_offer(&nearest, c->upstreams[i].name);
    }
    gh_load_error(l, &place, "route %.*s: there is no upstream %.*s%s", (int)r->name.n, r->name.p,
                  (int)r->upstream.n, r->upstream.p, gh_did_you_mean(gh_nearest_name(&nearest), mean));
}

static bool methods_cover(const gh_config *c, const gh_str_list *a, const gh_str_list *b)
{
    if (b->n == 0)
        b = &c->methods.allowed;
    for (unsigned i = 0; i < b->n; i++)
        if (!gh_check_has(a, b->items[i]))
            return false;
    return true;
}

/* Routes are tried in order: one behind another that takes all its requests is never reached. */
static void check_reach(gh_load *l, const gh_path_pattern *patterns, unsigned at)
{
    const gh_config *c = l->config;
    const gh_route_config *r = &c->routes[at];
    for (unsigned i = 0; i < at; i++) {
        const gh_route_config *first = &c->routes[i];
        if (patterns[i].segments == NULL || patterns[at].segments == NULL ||
            !gh_path_pattern_covers(&patterns[i], &patterns[at]) ||
            !methods_cover(c, &first->methods, &r->methods) ||
            !gh_check_hosts_cover(l, &first->hosts, &r->hosts))
            continue;
        gh_load_error(
            l, &r->place,
            "route%s%.*s is never reached: the route%s%.*s on line %u takes all its requests; put this one first",
            r->name.n > 0 ? " " : "", (int)r->name.n, r->name.p, first->name.n > 0 ? " " : "",
            (int)first->name.n, first->name.p, first->place.line);
        return;
    }
}

void gh_check_routes(gh_load *l)
{
    const gh_config *c = l->config;
    gh_path_pattern *patterns = gh_arena_array(&l->scratch, c->n_routes + 1u, sizeof *patterns);
    gh_place unmatched = gh_load_place(l, &c->unmatched);
    if (patterns == NULL) {
        gh_load_no_memory(l);
        return;
    }
    if (c->unmatched == GH_UNMATCHED_REFUSE && c->n_routes == 0)
        gh_load_error(l, &unmatched,
                      "unmatched: refuse without routes would refuse every request; name the routes");
    for (unsigned i = 0; i < c->n_routes; i++) {
        const gh_route_config *r = &c->routes[i];
        gh_place place = gh_load_place(l, &r->name);
        for (unsigned k = 0; k < i; k++)
            if (r->name.n > 0 && gh_str_eq(r->name, c->routes[k].name))
                gh_load_error(l, &place, "two routes have the name %.*s", (int)r->name.n, r->name.p);
        if (r->upstream.p != NULL)
            check_upstream_of(l, r);
        gh_check_let_in(l, "route", r->name, &r->methods, &r->hosts);
        if (!gh_check_pattern(&l->scratch, r->path, &patterns[i]))
            patterns[i].segments = NULL;
        check_reach(l, patterns, i);
    }
}
