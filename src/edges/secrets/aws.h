/* The secrets that are kept in AWS Secrets Manager: got when a configuration is read, kept in locked memory, and got again
 * every secrets.refresh on a thread of their own. What can't be got again keeps its last good value.
 *
 * A reading of the configuration asks for secrets (gh_secrets_read); when that configuration is taken into use, what it has
 * asked for is what is refreshed from then on (gh_aws_secrets_use). Readings are one at a time, on any thread. */
#ifndef GH_EDGES_SECRETS_AWS_H
#define GH_EDGES_SECRETS_AWS_H

#include <stdatomic.h>

#include "config/config.h"

typedef struct gh_aws_secrets gh_aws_secrets;

typedef struct gh_aws_watch {
    /* For the log: level 0 info, 1 warning. One thread at a time. */
    void (*said)(void *data, int level, const char *event, const char *text);
    /* A secret in use has changed: the configuration is to be read again. On the thread of the secrets. */
    void (*changed)(void *data);
    void *data;
} gh_aws_watch;

typedef struct gh_aws_figures {
    uint64_t requests, failures; /* to AWS Secrets Manager, since the start */
    uint64_t in_use, failing;    /* secrets; those whose last request failed */
    uint64_t age_s;              /* since the last time that all of them were got */
} gh_aws_figures;

/* environment: see environment.h. stop: becomes true: give up. NULL: no memory. Main thread, before libcurl is used. */
gh_aws_secrets *gh_aws_secrets_new(const char *const *environment, const atomic_bool *stop);
/* Ends the thread: nothing is said or told of any more. */
void gh_aws_secrets_end(gh_aws_secrets *s);
/* Behind gh_aws_secrets_end(), when no reading is on its way. NULL is fine. */
void gh_aws_secrets_free(gh_aws_secrets *s);
/* Before the first gh_aws_secrets_use(). */
void gh_aws_secrets_watch(gh_aws_secrets *s, const gh_aws_watch *watch);

/* A reading begins. again: what is known already is asked for once more (a reload by the operator). Returns its number. */
unsigned gh_aws_secrets_begin(gh_aws_secrets *s, bool again);
/* For gh_config_input.read_secret, files too; data: gh_aws_secrets, or NULL: AWS is not asked, its secrets are `later`.
 * Blocks for some seconds at most. */
gh_read_secret_fn gh_secrets_read;
/* Did the last reading fail for want of AWS alone? Then it is worth trying again as it is. */
bool gh_aws_secrets_unreachable(const gh_aws_secrets *s);
/* The configuration of that reading is in use. The thread starts with the first secret. False: it can't be started. */
GH_MUST_CHECK bool gh_aws_secrets_use(gh_aws_secrets *s, unsigned reading, uint64_t refresh_s);

/* It is not, and will not be: the reading was refused. A change that was told of is told of again. */
void gh_aws_secrets_drop(gh_aws_secrets *s, unsigned reading);

/* Any thread. */
gh_aws_figures gh_aws_secrets_figures(gh_aws_secrets *s);

#endif
