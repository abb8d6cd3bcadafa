/* Roles into sets of permissions, and what routes demand. */
#include "config/compile_identity.h"
#include "config/rights.h"

static bool no_memory(gh_report *report)
{
    gh_report_error(report, NULL, 0, 0, "out of memory while compiling roles and demands");
    return false;
}

/* The permission's number, giving it one when it has none yet. */
static bool add_permission(gh_identity_policy *p, gh_str name, unsigned *ret, gh_report *report,
                           const gh_place *place)
{
    unsigned i = gh_identity_permission(p, name);
    if (i == GH_PERMISSIONS_MAX) {
        if (p->n_permissions == GH_PERMISSIONS_MAX) {
            gh_report_error(report, place->file, place->line, place->column,
                            "more than %d different permissions, in identity.roles and routes[].require",
                            GH_PERMISSIONS_MAX);
            return false;
        }
        i = p->n_permissions++;
        p->permissions[i] = name;
    }
    *ret = i;
    return true;
}

static void set_bit(gh_permission_set *set, unsigned i)
{
    set->word[i / 64] |= UINT64_C(1) << (i % 64);
}

static void add_all(gh_permission_set *set, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        set_bit(set, i);
}

static void add_set(gh_permission_set *set, const gh_permission_set *more)
{
    for (size_t i = 0; i < GH_COUNT(set->word); i++)
        set->word[i] |= more->word[i];
}

/* What the role itself names; *ret_all: "*" is among it. */
static bool read_grants(gh_identity_policy *p, const gh_role_config *from, gh_role *to, bool *ret_all,
                        gh_report *report)
{
    to->name = from->name;
    *ret_all = false;
    for (unsigned g = 0; g < from->grants.n; g++) {
        gh_str grant = from->grants.items[g];
        unsigned i = 0;
        if (gh_str_eq(grant, GH_STR("*"))) {
            *ret_all = true;
        } else if (gh_roles_included(grant).p == NULL) {
            if (!add_permission(p, grant, &i, report, &from->place))
                return false;
            set_bit(&to->permissions, i);
        }
    }
    return true;
}

/* All permissions there are get their number first: "*" is all of them, those too that only a route knows. */
static bool number_all(gh_policy *p, const gh_config *config, bool all[GH_ROLES_MAX], gh_report *report)
{
    static const gh_place nowhere = {NULL, 0, 0};
    gh_identity_policy *i = &p->identity;
    const gh_identity_config *c = &config->identity;
    unsigned number = 0;
    /* The endpoints ask for this one whether or not a role has it. */
    bool good = add_permission(i, GH_STR("tokens:introspect"), &number, report, &nowhere);
    i->n_roles = c->n_roles;
    for (unsigned k = 0; k < c->n_roles && good; k++)
        good = read_grants(i, &c->roles[k], &i->roles[k], &all[k], report);
    for (unsigned r = 0; r < config->n_routes && good; r++) {
        const gh_str_list *list = &config->routes[r].require.permissions;
        for (unsigned k = 0; k < list->n && good; k++)
            good = add_permission(i, list->items[k], &number, report, &config->routes[r].place);
    }
    return good;
}

static bool compile_roles(gh_policy *p, const gh_config *config, gh_report *report)
{
    gh_identity_policy *i = &p->identity;
    gh_permission_set own[GH_ROLES_MAX];
    gh_role_set included[GH_ROLES_MAX];
    bool all[GH_ROLES_MAX] = {false};
    if (!number_all(p, config, all, report))
        return false;
    gh_roles_close(&config->identity, included);
    for (unsigned k = 0; k < i->n_roles; k++) {
        if (all[k])
            add_all(&i->roles[k].permissions, i->n_permissions);
        own[k] = i->roles[k].permissions;
    }
    for (unsigned k = 0; k < i->n_roles; k++)
        for (unsigned other = 0; other < i->n_roles; other++)
            if ((included[k] >> other & 1) != 0)
                add_set(&i->roles[k].permissions, &own[other]);
    return true;
}

static uint8_t proofs_of(const gh_str_list *list)
{
    static const struct {
        gh_str word;
        enum gh_proof proof;
    } words[] = {{GH_STR_INIT("session"), GH_PROOF_SESSION},
                 {GH_STR_INIT("token"), GH_PROOF_TOKEN},
                 {GH_STR_INIT("api_key"), GH_PROOF_API_KEY}};
    unsigned set = 0;
    for (unsigned i = 0; i < list->n; i++)
        for (size_t k = 0; k < GH_COUNT(words); k++)
            if (gh_str_eq(list->items[i], words[k].word))
                set |= 1u << words[k].proof;
    return (uint8_t)set;
}

static bool find_parameter(const gh_match *match, gh_str name, unsigned *ret)
{
    unsigned n = 0;
    for (unsigned i = 0; match->n_paths > 0 && i < match->paths[0].n_segments; i++) {
        const gh_path_segment *s = &match->paths[0].segments[i];
        if (s->text.p != NULL)
            continue;
        if (gh_str_eq(s->name, name)) {
            *ret = n;
            return true;
        }
        n++;
    }
    return false;
}

static bool compile_claims(gh_policy *p, const gh_route_config *from, gh_route *to, gh_report *report)
{
    gh_require *r = &to->require;
    r->claims = gh_arena_array(&p->arena, from->require.n_claims + 1u, sizeof *r->claims);
    if (r->claims == NULL)
        return no_memory(report);
    for (unsigned i = 0; i < from->require.n_claims; i++) {
        const gh_claim_config *claim = &from->require.claims[i];
        gh_claim_rule *rule = &r->claims[r->n_claims++];
        gh_str name = {NULL, 0};
        rule->claim = claim->name;
        if (!gh_claim_parameter(claim->value, &name)) {
            rule->value = claim->value;
        } else if (!find_parameter(&to->match, name, &rule->parameter)) {
            gh_report_error(report, claim->place.file, claim->place.line, claim->place.column,
                            "route %.*s: the route's path has no {%.*s}", (int)from->name.n, from->name.p,
                            (int)name.n, name.p);
            return false;
        }
    }
    return true;
}

static bool compile_roles_of(const gh_identity_policy *p, const gh_route_config *from, gh_require *to,
                             gh_report *report)
{
    const gh_str_list *list = &from->require.roles;
    to->has_any_role = list->n > 0;
    for (unsigned i = 0; i < list->n; i++) {
        unsigned k = gh_identity_role(p, list->items[i]);
        if (k == GH_ROLES_MAX) {
            gh_report_error(report, from->place.file, from->place.line, from->place.column,
                            "route %.*s: there is no role %.*s", (int)from->name.n, from->name.p,
                            (int)list->items[i].n, list->items[i].p);
            return false;
        }
        to->any_role |= UINT64_C(1) << k;
    }
    return true;
}

static bool compile_require(gh_policy *p, const gh_route_config *from, gh_route *to, gh_report *report)
{
    const gh_require_config *c = &from->require;
    gh_require *r = &to->require;
    bool people =
        c->roles.n > 0 || c->permissions.n > 0 || c->scopes.n > 0 || c->proofs.n > 0 || c->n_claims > 0;
    r->public_route = c->public_route == GH_ON;
    r->device = c->device == GH_ON;
    r->user = c->user == GH_ON || people || (p->identity.deny_by_default && !r->public_route && !r->device);
    r->proofs = proofs_of(&c->proofs);
    r->scopes = c->scopes.items;
    r->n_scopes = c->scopes.n;
    r->any_role_unless = c->unless_role;
    for (unsigned i = 0; i < c->permissions.n; i++) /* number_all() has numbered them */
        set_bit(&r->all_permissions, gh_identity_permission(&p->identity, c->permissions.items[i]));
    return compile_roles_of(&p->identity, from, r, report) && compile_claims(p, from, to, report);
}

bool gh_compile_rights(gh_policy *p, const gh_config *config, gh_report *report)
{
    if (!compile_roles(p, config, report))
        return false;
    bool good = true;
    for (unsigned i = 0; i < config->n_routes && p->routes != NULL; i++)
        good = compile_require(p, &config->routes[i], &p->routes[i], report) && good;
    p->fallback.require.user = p->identity.deny_by_default;
    return good;
}
