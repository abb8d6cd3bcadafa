/* routes[].require, and rules that count by who is asking. */
#include "config/load.h"
#include "config/rights.h"

/* Where the first demand of a route was written; file NULL: it has none. */
static gh_place place_of(gh_load *l, const gh_require_config *r)
{
    const void *fields[] = {&r->user,        &r->public_route, &r->device, &r->roles,
                            &r->permissions, &r->scopes,       &r->proofs, &r->unless_role};
    for (size_t i = 0; i < GH_COUNT(fields); i++) {
        gh_place place = gh_load_place(l, fields[i]);
        if (place.file != NULL)
            return place;
    }
    return r->n_claims > 0 ? r->claims[0].place : (gh_place){0};
}

static bool demands_somebody(const gh_require_config *r)
{
    return r->user == GH_ON || r->device == GH_ON || r->roles.n > 0 || r->permissions.n > 0 ||
           r->scopes.n > 0 || r->proofs.n > 0 || r->n_claims > 0;
}

/* Is the permission one that a role names? "*" names none. */
static bool is_granted(const gh_identity_config *i, gh_str permission, gh_nearest *nearest)
{
    for (unsigned k = 0; k < i->n_roles; k++)
        for (unsigned g = 0; g < i->roles[k].grants.n; g++) {
            gh_str grant = i->roles[k].grants.items[g];
            if (gh_str_eq(grant, permission))
                return true;
            if (gh_roles_included(grant).p == NULL)
                gh_nearest_offer(nearest, grant);
        }
    return false;
}

static void check_permissions(gh_load *l, const gh_route_config *route)
{
    const gh_str_list *list = &route->require.permissions;
    char mean[GH_QUOTED_MAX];
    for (unsigned k = 0; k < list->n; k++) {
        gh_nearest nearest = gh_nearest_to(list->items[k]);
        gh_place place = gh_load_place(l, &list->items[k]);
        if (!is_granted(&l->config->identity, list->items[k], &nearest))
            gh_load_warning(l, &place, "route %.*s: require.permissions: no role names %.*s%s",
                            (int)route->name.n, route->name.p, (int)list->items[k].n, list->items[k].p,
                            gh_did_you_mean(gh_nearest_name(&nearest), mean));
    }
}

static void check_role_names(gh_load *l, const gh_route_config *route)
{
    const gh_require_config *r = &route->require;
    gh_place unless = gh_load_place(l, &r->unless_role);
    char what[160];
    gh_buf b = gh_buf_over(what, sizeof what - 1);
    gh_buf_printf(&b, "route %.*s: require.", (int)route->name.n, route->name.p);
    size_t n = b.n;
    gh_buf_lit(&b, "roles");
    what[b.n] = '\0';
    for (unsigned k = 0; k < r->roles.n; k++) {
        gh_place place = gh_load_place(l, &r->roles.items[k]);
        (void)gh_check_role(l, what, r->roles.items[k], &place);
    }
    b.n = n;
    gh_buf_lit(&b, "unless_role");
    what[b.n] = '\0';
    if (r->unless_role.p != NULL && r->n_claims == 0)
        gh_load_error(l, &unless, "%s has no effect without require.claims", what);
    else if (r->unless_role.p != NULL)
        (void)gh_check_role(l, what, r->unless_role, &unless);
}

static void check_claim(gh_load *l, const gh_route_config *route, const gh_claim_config *claim)
{
    gh_path_pattern pattern;
    gh_nearest nearest;
    gh_str name = {NULL, 0};
    char mean[GH_QUOTED_MAX];
    bool parameter = gh_claim_parameter(claim->value, &name);
    if (!parameter && gh_str_find(claim->value, '{') < claim->value.n) {
        gh_load_error(
            l, &claim->place,
            "route %.*s: require.claims.%.*s: must be \"{PARAMETER}\", the whole of it, or a fixed text",
            (int)route->name.n, route->name.p, (int)claim->name.n, claim->name.p);
        return;
    }
    if (!parameter || !gh_check_pattern(&l->scratch, route->path, &pattern))
        return;
    nearest = gh_nearest_to(name);
    for (unsigned i = 0; i < pattern.n_segments; i++) {
        if (pattern.segments[i].text.p == NULL && gh_str_eq(pattern.segments[i].name, name))
            return;
        gh_nearest_offer(&nearest, pattern.segments[i].name);
    }
    gh_load_error(l, &claim->place, "route %.*s: require.claims.%.*s: the route's path has no {%.*s}%s",
                  (int)route->name.n, route->name.p, (int)claim->name.n, claim->name.p, (int)name.n, name.p,
                  gh_did_you_mean(gh_nearest_name(&nearest), mean));
}

static void check_route(gh_load *l, const gh_route_config *route)
{
    const gh_require_config *r = &route->require;
    gh_place place = place_of(l, r), open = gh_load_place(l, &r->public_route);
    if (place.file == NULL)
        return;
    if (l->config->identity.enabled == GH_OFF) {
        gh_load_error(l, &place,
                      "route %.*s: require needs identity.enabled: on, or nobody would be asked who they are",
                      (int)route->name.n, route->name.p);
        return;
    }
    if (r->public_route == GH_ON && demands_somebody(r))
        gh_load_error(l, &open,
                      "route %.*s: require.public is for everybody; remove it, or the other demands",
                      (int)route->name.n, route->name.p);
    check_permissions(l, route);
    check_role_names(l, route);
    for (unsigned k = 0; k < r->n_claims; k++)
        check_claim(l, route, &r->claims[k]);
}

static void check_rule(gh_load *l, const gh_rule_config *rule)
{
    gh_place place = gh_load_place(l, &rule->scope);
    bool by_caller =
        rule->scope == GH_SCOPE_USER || rule->scope == GH_SCOPE_SESSION || rule->scope == GH_SCOPE_API_KEY;
    if (by_caller && l->config->identity.enabled == GH_OFF)
        gh_load_error(l, &place, "rule %.*s: this scope needs identity.enabled: on, or nobody is known",
                      (int)rule->name.n, rule->name.p);
}

/* A route that takes whatever the others leave: what it lets in was meant. */
static bool takes_the_rest(const gh_route_config *r)
{
    return gh_str_eq(r->path, GH_STR("/**")) && r->methods.n == 0 && r->hosts.n == 0;
}

/* A rule that counts devices refuses whoever has none. */
static bool counts_devices(const gh_config *c)
{
    for (unsigned i = 0; i < c->rate_limits.n_rules; i++)
        if (c->rate_limits.rules[i].scope == GH_SCOPE_DEVICE)
            return true;
    return false;
}

/* Who switches identity on may think that it keeps somebody out; by itself it does not. */
static void check_open(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place enabled = gh_load_place(l, &c->identity.enabled);
    bool demanded = counts_devices(c), rest = false;
    if (l->report->errors > 0 || c->identity.enabled == GH_OFF || c->identity.deny_by_default == GH_ON)
        return; /* of what was wrong it is not known what it would have demanded */
    for (unsigned i = 0; i < c->n_routes; i++) {
        demanded = demanded || demands_somebody(&c->routes[i].require);
        rest = rest || takes_the_rest(&c->routes[i]);
        if (takes_the_rest(&c->routes[i]) && c->routes[i].require.public_route == GH_ON)
            return; /* it says so itself */
    }
    if (!demanded)
        gh_load_warning(l, &enabled,
                        "identity is on, but no route demands anybody: everything is open; add require to "
                        "routes, or identity.deny_by_default: on");
    else if (!rest && c->unmatched == GH_UNMATCHED_FORWARD)
        gh_load_warning(l, &enabled,
                        "paths that no route names are open to anybody; add a route for /**, or "
                        "identity.deny_by_default: on");
}

void gh_check_require(gh_load *l)
{
    const gh_config *c = l->config;
    for (unsigned i = 0; i < c->n_routes; i++)
        check_route(l, &c->routes[i]);
    for (unsigned i = 0; i < c->rate_limits.n_rules; i++)
        check_rule(l, &c->rate_limits.rules[i]);
    check_open(l);
}
