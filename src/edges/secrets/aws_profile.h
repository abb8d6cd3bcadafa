/* AWS's shared credentials file: sections of "name = value" lines. Pure. */
#ifndef GH_EDGES_SECRETS_AWS_PROFILE_H
#define GH_EDGES_SECRETS_AWS_PROFILE_H

#include "edges/secrets/aws_answer.h"

enum gh_aws_profile { GH_AWS_PROFILE_FOUND, GH_AWS_PROFILE_ABSENT, GH_AWS_PROFILE_UNUSABLE };

/* The keys of one profile; slices of the text. UNUSABLE: *ret_why (a constant text) says why. */
GH_MUST_CHECK enum gh_aws_profile gh_aws_read_profile(gh_str text, gh_str profile, gh_aws_credentials *ret,
                                                      const char **ret_why);

#endif
