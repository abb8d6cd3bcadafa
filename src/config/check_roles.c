/* Roles: what they include, and those of new accounts. */
#include "config/load.h"
#include "config/rights.h"

static const char *nearest_role(const gh_identity_config *i, gh_str name, char ret[GH_QUOTED_MAX])
{
    gh_nearest nearest = gh_nearest_to(name);
    for (unsigned k = 0; k < i->n_roles; k++)
        gh_nearest_offer(&nearest, i->roles[k].name);
    return gh_did_you_mean(gh_nearest_name(&nearest), ret);
}

bool gh_check_role(gh_load *l, const char *what, gh_str name, const gh_place *place)
{
    const gh_identity_config *i = &l->config->identity;
    char mean[GH_QUOTED_MAX], quoted[GH_QUOTED_MAX];
    if (gh_roles_find(i, name) < i->n_roles)
        return true;
    gh_load_error(l, place, "%s: there is no role %s%s", what, gh_quoted(name, quoted),
                  nearest_role(i, name, mean));
    return false;
}

static void check_includes(gh_load *l, const gh_role_config *role)
{
    char what[128];
    gh_buf b = gh_buf_over(what, sizeof what - 1);
    gh_buf_printf(&b, "identity.roles.%.*s", (int)role->name.n, role->name.p);
    what[b.n] = '\0';
    for (unsigned g = 0; g < role->grants.n; g++) {
        gh_str included = gh_roles_included(role->grants.items[g]);
        gh_place place = gh_load_place(l, &role->grants.items[g]);
        if (included.p != NULL)
            (void)gh_check_role(l, what, included, &place);
    }
}

static void check_circles(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    gh_role_set closed[GH_ROLES_MAX];
    gh_roles_close(i, closed);
    for (unsigned k = 0; k < i->n_roles; k++)
        if ((closed[k] >> k & 1) != 0)
            gh_load_error(l, &i->roles[k].place,
                          "identity.roles.%.*s: includes itself, directly or through other roles; take one "
                          "role: out of the circle",
                          (int)i->roles[k].name.n, i->roles[k].name.p);
}

static void check_new_user(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    gh_place place = gh_load_place(l, &i->new_user_roles);
    size_t n = 0;
    if (place.file == NULL && gh_roles_find(i, GH_STR("user")) == i->n_roles) {
        gh_load_error(l, &i->roles[0].place,
                      "identity.roles has no role user, which new accounts get; name theirs in "
                      "identity.new_user_roles, or [] for none");
        return;
    }
    for (unsigned k = 0; k < i->new_user_roles.n; k++) {
        gh_place item = gh_load_place(l, &i->new_user_roles.items[k]);
        n += i->new_user_roles.items[k].n + (k > 0);
        (void)gh_check_role(l, "identity.new_user_roles", i->new_user_roles.items[k], &item);
    }
    if (n > GH_ROLES_TEXT_MAX)
        gh_load_error(l, &place, "identity.new_user_roles: the names are too long together: at most %d bytes",
                      GH_ROLES_TEXT_MAX);
}

void gh_check_roles(gh_load *l)
{
    const gh_identity_config *i = &l->config->identity;
    if (i->enabled == GH_OFF) {
        if (i->n_roles > 0)
            gh_load_warning(l, &i->roles[0].place, "identity.roles has no effect: identity.enabled is off");
        return;
    }
    for (unsigned k = 0; k < i->n_roles; k++)
        check_includes(l, &i->roles[k]);
    check_circles(l);
    check_new_user(l);
}
