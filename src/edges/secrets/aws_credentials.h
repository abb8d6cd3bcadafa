/* The credentials that AWS is asked with, from where AWS's own tools look for them, in their order: the settings
 * secrets.aws.* (AWS_ACCESS_KEY_ID ...), the shared credentials file, a container's endpoint, an instance's endpoint
 * (IMDSv2 alone). Temporary ones are kept, and renewed before they expire.
 *
 * "Standardized credential providers" in the AWS SDKs and Tools Reference Guide. Blocks; one thread at a time. */
#ifndef GH_EDGES_SECRETS_AWS_CREDENTIALS_H
#define GH_EDGES_SECRETS_AWS_CREDENTIALS_H

#include "edges/secrets/aws_answer.h"
#include "edges/secrets/http.h"

enum { GH_AWS_RENEW_S = 300 /* so long before they expire */ };

/* What of the configuration is needed to ask AWS. The texts are borrowed. */
typedef struct gh_aws_settings {
    gh_str region, endpoint, ca_file;                       /* absent: see the settings' table */
    gh_str access_key_id, secret_access_key, session_token; /* absent: elsewhere */
} gh_aws_settings;

typedef struct gh_aws_chain {
    const char *const *environment;
    const atomic_bool *stop;
    gh_arena memory;         /* of kept */
    gh_aws_credentials kept; /* temporary ones of an endpoint; access_key_id absent: none */
} gh_aws_chain;

void gh_aws_chain_init(gh_aws_chain *chain, const char *const *environment, const atomic_bool *stop);
void gh_aws_chain_free(gh_aws_chain *chain);
/* Credentials for now, copied into the arena. False: there are none, and why says where was looked and what was wrong. */
GH_MUST_CHECK bool gh_aws_chain_get(gh_aws_chain *chain, const gh_aws_settings *settings, uint64_t now_s,
                                    gh_arena *arena, gh_aws_credentials *ret, char why[GH_SECRET_HTTP_WHY]);
/* AWS did not take them: others are got next time. */
void gh_aws_chain_forget(gh_aws_chain *chain);

#endif
