#include "model/identity.h"

unsigned gh_identity_role(const gh_identity_policy *p, gh_str name)
{
    for (unsigned i = 0; i < p->n_roles; i++)
        if (gh_str_eq(p->roles[i].name, name))
            return i;
    return GH_ROLES_MAX;
}

unsigned gh_identity_permission(const gh_identity_policy *p, gh_str name)
{
    for (unsigned i = 0; i < p->n_permissions; i++)
        if (gh_str_eq(p->permissions[i], name))
            return i;
    return GH_PERMISSIONS_MAX;
}
