/* The parts of gh_compile_identity(). Internal to src/config. False: reported. */
#ifndef GH_CONFIG_COMPILE_IDENTITY_H
#define GH_CONFIG_COMPILE_IDENTITY_H

#include "config/compile.h"
#include "model/endpoint.h"

/* Roles, permissions, and the demands of all routes. */
GH_MUST_CHECK bool gh_compile_rights(gh_policy *p, const gh_config *config, gh_report *report);
/* Derived keys, our own signing keys, the issuers and theirs. */
GH_MUST_CHECK bool gh_compile_identity_keys(gh_policy *p, const gh_config *config, gh_report *report);
GH_MUST_CHECK bool gh_compile_issuers(gh_policy *p, const gh_config *config, gh_report *report);
/* Routes to those rows of the table that are on. After gh_compile_rights(). */
GH_MUST_CHECK bool gh_compile_endpoints(gh_policy *p, const gh_config *config, const gh_endpoint *table,
                                        unsigned n, gh_report *report);

#endif
