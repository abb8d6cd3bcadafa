/* Roles and demands as they are configured. Internal to src/config. */
#ifndef GH_CONFIG_RIGHTS_H
#define GH_CONFIG_RIGHTS_H

#include "config/config.h"

/* The role's index, or n_roles. */
unsigned gh_roles_find(const gh_identity_config *identity, gh_str name);
/* The role that a grant includes ("role:NAME"), absent for every other. */
gh_str gh_roles_included(gh_str grant);
/* Bit k of ret[i]: role i includes role k, be it through others; its own bit only in a circle. Names of roles that are
 * not there are passed over. */
void gh_roles_close(const gh_identity_config *identity, gh_role_set ret[GH_ROLES_MAX]);
/* Does the value of a claim name a parameter of the path? "{id}": *ret_name is "id". */
bool gh_claim_parameter(gh_str value, gh_str *ret_name);

#endif
