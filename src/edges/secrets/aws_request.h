/* GetSecretValue of AWS Secrets Manager: one signed request, and what its answer means. Blocks. */
#ifndef GH_EDGES_SECRETS_AWS_REQUEST_H
#define GH_EDGES_SECRETS_AWS_REQUEST_H

#include "edges/secrets/aws_credentials.h"

enum gh_aws_result {
    GH_AWS_VALUE,     /* *ret; of AWSPREVIOUS also: there is none */
    GH_AWS_UNREACHED, /* there was no answer, and there would be none for another secret either */
    GH_AWS_AGAIN,     /* too busy, or broken: it may be there the next time */
    GH_AWS_STRANGER,  /* the credentials were not taken: get others */
    GH_AWS_REFUSED    /* there is no such secret, it may not be read, or the answer is of no use */
};

typedef struct gh_aws_request {
    gh_str id;     /* a name or an ARN */
    gh_str region; /* gh_aws_is_region() */
    gh_str endpoint, ca_file;
    bool previous; /* AWSPREVIOUS; else AWSCURRENT */
    uint64_t now_s;
    const atomic_bool *stop;
} gh_aws_request;

/* The region of "arn:aws:secretsmanager:REGION:..."; absent: the id is a name. */
gh_str gh_aws_region_of(gh_str id);
/* It becomes part of a host's name: lower-case letters, digits and "-". */
bool gh_aws_is_region(gh_str region);

/* The value is in the arena. Not GH_AWS_VALUE: why, which holds nothing that is secret. */
GH_MUST_CHECK enum gh_aws_result gh_aws_get_secret(const gh_aws_request *request,
                                                   const gh_aws_credentials *with, gh_arena *arena,
                                                   gh_aws_value *ret, char why[GH_SECRET_HTTP_WHY]);

#endif
