#include "config/rights.h"

static const char include_prefix[] = "role:";

unsigned gh_roles_find(const gh_identity_config *identity, gh_str name)
{
    unsigned i = 0;
    while (i < identity->n_roles && !gh_str_eq(identity->roles[i].name, name))
        i++;
    return i;
}

gh_str gh_roles_included(gh_str grant)
{
    gh_str prefix = gh_str_of(include_prefix);
    return gh_str_starts(grant, prefix) ? gh_str_cut(grant, prefix.n, grant.n) : (gh_str){NULL, 0};
}

void gh_roles_close(const gh_identity_config *identity, gh_role_set ret[GH_ROLES_MAX])
{
    unsigned n = identity->n_roles;
    for (unsigned i = 0; i < n; i++) {
        const gh_str_list *grants = &identity->roles[i].grants;
        ret[i] = 0;
        for (unsigned g = 0; g < grants->n; g++) {
            unsigned k = gh_roles_find(identity, gh_roles_included(grants->items[g]));
            if (k < n)
                ret[i] |= UINT64_C(1) << k;
        }
    }
    /* Warshall: after round k all ways are known that lead through the roles up to k. */
    for (unsigned k = 0; k < n; k++)
        for (unsigned i = 0; i < n; i++)
            if ((ret[i] >> k & 1) != 0)
                ret[i] |= ret[k];
}

bool gh_claim_parameter(gh_str value, gh_str *ret_name)
{
    if (value.n < sizeof "{}" || value.p[0] != '{' || value.p[value.n - 1] != '}')
        return false;
    *ret_name = gh_str_cut(value, 1, value.n - 1);
    return true;
}
