/* What spans several settings: everything that is refused whatever the profile. */
#include "config/load.h"

static void check_limits(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place place = gh_load_place(l, &c->limits.target);
    if (place.file == NULL)
        place = gh_load_place(l, &c->limits.head);
    if (c->limits.target >= c->limits.head)
        gh_load_error(l, &place, "limits.target must be less than limits.head, which it is a part of");
}

static void check_client_address(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place place = gh_load_place(l, &c->client_address.source);
    if (place.file != NULL && c->client_address.source != GH_ADDRESS_PEER &&
        c->client_address.trusted_proxies.n == 0)
        gh_load_warning(
            l, &place,
            "client_address.source has no effect: name the proxies in client_address.trusted_proxies, whose "
            "word is believed");
}

static void check_any_origin(gh_load *l)
{
    const gh_config *c = l->config;
    for (unsigned i = 0; i < c->cors.origins.n; i++) {
        gh_place place = gh_load_place(l, &c->cors.origins.items[i]);
        if (!gh_str_eq(c->cors.origins.items[i], GH_STR("*")))
            continue;
        if (c->cors.credentials == GH_ON)
            gh_load_error(
                l, &place,
                "cors.origins: \"*\" and cors.credentials together would let every page act as your users; name "
                "the origins");
        else if (c->cors.origins.n > 1)
            gh_load_error(l, &place, "cors.origins: \"*\" is every origin; remove it, or all others");
    }
}

static void check_cors(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place enabled = gh_load_place(l, &c->cors.enabled), origins = gh_load_place(l, &c->cors.origins),
             methods = gh_load_place(l, &c->cors.methods);
    check_any_origin(l);
    if (c->cors.enabled == GH_ON && c->cors.origins.n == 0)
        gh_load_error(
            l, &enabled,
            "cors.enabled is on, but cors.origins (ALLOWED_ORIGINS) names no origin; name the pages' origins, "
            "as in https://app.example.com, or turn it off");
    if (enabled.file == NULL && c->cors.origins.n > 0)
        gh_load_warning(l, &origins, "cors.origins has no effect: cors.enabled (CORS_ENABLED) is off");
    for (unsigned i = 0; i < c->cors.methods.n && methods.file != NULL; i++) {
        gh_str method = c->cors.methods.items[i];
        gh_place place = gh_load_place(l, &c->cors.methods.items[i]);
        if (!gh_check_has(&c->methods.allowed, method))
            gh_load_error(l, &place, "cors.methods: %.*s is not in methods.allowed, so it would get 405",
                          (int)method.n, method.p);
    }
}

void gh_check_all(gh_load *l)
{
    check_limits(l);
    check_client_address(l);
    check_cors(l);
    gh_check_listeners(l);
    gh_check_upstreams(l);
    gh_check_routes(l);
    gh_check_rules(l);
    gh_check_input(l);
    gh_check_profile(l);
    gh_check_identity(l);
    gh_check_shared(l);
    gh_check_roles(l);
    gh_check_issuers(l);
    gh_check_require(l);
}
