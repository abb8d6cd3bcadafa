/* What the parts of aws.c share: the cache of secrets and its thread. Internal to them. */
#ifndef GH_EDGES_SECRETS_AWS_PARTS_H
#define GH_EDGES_SECRETS_AWS_PARTS_H

#include <pthread.h>

#include "edges/secrets/aws.h"
#include "edges/secrets/aws_request.h"

enum {
    GH_AWS_WORK_MAX = 4 << 20, /* bytes of one request: its answer, decoded */
    GH_AWS_VALUE_MAX = 1 << 20 /* of what is kept of one secret */
};

/* A version of a secret, of one region and endpoint. */
typedef struct gh_aws_entry {
    struct gh_aws_entry *next;
    gh_arena memory; /* of the names */
    gh_str id, region, endpoint;
    bool previous;
    gh_arena value_memory;
    gh_aws_value value; /* text absent: there is no such version */
    bool got;           /* there is a value */
    bool stale;         /* it is asked for again when it is read next */
    bool asked, in_use; /* by the reading on its way; by the configuration in use */
    bool failing;
    char why[GH_SECRET_HTTP_WHY];
} gh_aws_entry;

typedef struct gh_aws_kept_settings {
    gh_arena memory;
    gh_aws_settings is;
} gh_aws_kept_settings;

struct gh_aws_secrets {
    const atomic_bool *stop;
    gh_aws_watch watch;
    /* `asking` guards all up to the next comment, also while AWS is asked: for seconds. */
    pthread_mutex_t asking;
    gh_aws_chain chain;
    gh_aws_entry *first;
    gh_aws_kept_settings read, used; /* of the reading on its way, and of the configuration in use */
    bool adopted;                    /* its configuration is in use, and so is what it asked for */
    bool have_settings;              /* it has asked for something */
    bool down; /* AWS could not be reached in this reading: not tried again for what has a value */
    bool said_failing;
    /* Any thread. */
    atomic_bool unreachable;
    /* Readings: the last that has begun, the one whose configuration is in use, the last that was refused. */
    _Atomic unsigned begun, taken, dropped;
    _Atomic unsigned found; /* the last reading that came upon another value than there was */
    _Atomic uint64_t refresh_s;
    _Atomic uint64_t requests, failures, n_in_use, n_failing, good_s;
    /* `lock` guards the thread's sleep. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending, nudged, running;
    pthread_t thread;
};

/* aws_fetch.c, with `asking` held. Asks AWS once; *ret_changed: it is another value than before. */
enum gh_aws_result gh_aws_fetch(gh_aws_secrets *s, const gh_aws_kept_settings *with, gh_aws_entry *e,
                                bool *ret_changed);
/* At a reading: as often as it may help, where there is no value yet. */
enum gh_aws_result gh_aws_fetch_patiently(gh_aws_secrets *s, gh_aws_entry *e);
static inline bool gh_aws_may_come(enum gh_aws_result result)
{
    return result == GH_AWS_UNREACHED || result == GH_AWS_AGAIN;
}
bool gh_aws_is_stopped(const gh_aws_secrets *s);
uint64_t gh_aws_wall_s(void);
/* aws.c, with `asking` held: what a reading asked for is in use, when its configuration is. */
void gh_aws_adopt(gh_aws_secrets *s);
/* Counts, and says when all is well again or no longer is: one line a change. */
void gh_aws_settle(gh_aws_secrets *s);

#endif
