/* Where a container or an instance gets its credentials: which addresses may be asked for them, and the asking. Blocks. */
#ifndef GH_EDGES_SECRETS_AWS_ENDPOINT_H
#define GH_EDGES_SECRETS_AWS_ENDPOINT_H

#include "edges/secrets/aws_credentials.h"

/* May credentials be got from this URL, and a token be sent to it? By https from everywhere; by http from this machine and
 * the link-local addresses that AWS gives to containers (ECS, EKS) and instances. */
bool gh_aws_may_ask(gh_str url);

enum gh_aws_source { GH_AWS_GOT, GH_AWS_NOT_HERE, GH_AWS_FAILED };

/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. NOT_HERE: neither is set. FAILED: why. */
GH_MUST_CHECK enum gh_aws_source gh_aws_ask_container(const gh_aws_chain *chain, gh_arena *arena,
                                                      gh_aws_credentials *ret, char why[GH_SECRET_HTTP_WHY]);
/* The role of an EC2 instance. NOT_HERE: AWS_EC2_METADATA_DISABLED. */
GH_MUST_CHECK enum gh_aws_source gh_aws_ask_instance(const gh_aws_chain *chain, gh_arena *arena,
                                                     gh_aws_credentials *ret, char why[GH_SECRET_HTTP_WHY]);

#endif
