/* The operator's commands, on the records of this process. */
#ifndef GH_EDGES_IDENTITY_OPERATOR_H
#define GH_EDGES_IDENTITY_OPERATOR_H

#include "edges/identity/service.h"
#include "operator/operator.h"

/* What commands work on; all of it must outlive them. ring_changed is the caller's to set. */
gh_operator gh_identity_operator(const gh_identity_service *s, const gh_config *config,
                                 const gh_policy *policy);

#endif
