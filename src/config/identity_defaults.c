/* What is taken for settings of identity that depend on others, and the roles that come with Gatehouse. */
#include "config/load.h"

static const struct {
    const char *name, *grants;
} default_roles[] = {
    {"user",
     "content:read content:create content:update content:delete profile:read profile:update keys:manage "
     "sessions:manage devices:manage"},
    {"premium", "role:user content:export"},
    {"moderator", "role:user content:moderate users:read"},
    {"admin", "* users:manage roles:manage tiers:manage audit:read metrics:read"},
    {"service", "content:read metrics:read tokens:introspect"},
};

static bool set_grants(gh_load *l, const char *text, gh_str_list *ret)
{
    gh_str rest = gh_str_of(text), part;
    ret->items =
        gh_arena_array(&l->config->arena, rest.n, sizeof *ret->items); /* more than there are words */
    while (ret->items != NULL && gh_str_next(&rest, ' ', &part))
        ret->items[ret->n++] = part;
    return ret->items != NULL;
}

static void set_roles(gh_load *l, gh_identity_config *i)
{
    i->roles = gh_arena_array(&l->config->arena, GH_COUNT(default_roles), sizeof *i->roles);
    for (size_t k = 0; i->roles != NULL && k < GH_COUNT(default_roles); k++) {
        i->roles[k].name = gh_str_of(default_roles[k].name);
        if (!set_grants(l, default_roles[k].grants, &i->roles[k].grants))
            break;
        i->n_roles++;
    }
    if (i->n_roles < GH_COUNT(default_roles))
        gh_load_no_memory(l);
}

/* A default that is more than what was set for the whole gives way. */
static void cap(gh_load *l, uint64_t *part, uint64_t whole)
{
    if (gh_load_place(l, part).file == NULL && *part > whole)
        *part = whole;
}

uint64_t gh_identity_longest(const gh_identity_config *i)
{
    return i->session.max_age > i->token.refresh_lifetime ? i->session.max_age : i->token.refresh_lifetime;
}

void gh_identity_defaults(gh_load *l)
{
    gh_config *c = l->config;
    gh_identity_config *i = &c->identity;
    if (i->enabled == GH_OFF)
        return;
    if (i->n_roles == 0)
        set_roles(l, i);
    cap(l, &i->session.idle_timeout, i->session.max_age);
    cap(l, &i->token.refresh_idle, i->token.refresh_lifetime);
    cap(l, &i->token.access_lifetime, i->token.refresh_lifetime);
    if (i->rotation.overlap == 0)
        i->rotation.overlap = gh_identity_longest(i);
    /* In production it has to be said: see check_identity.c. */
    if (c->data_folder.p == NULL && c->profile != GH_PROFILE_PRODUCTION)
        c->data_folder = GH_STR("gatehouse-data");
    if (i->csrf.origins.items == NULL && c->cors.enabled == GH_ON && c->cors.credentials == GH_ON)
        i->csrf.origins = c->cors.origins;
    if (i->token.algorithm == GH_HS256 && gh_load_place(l, &i->endpoints[GH_ENDPOINT_JWKS]).file == NULL)
        i->endpoints[GH_ENDPOINT_JWKS] = GH_OFF; /* there is no public key to show */
}
