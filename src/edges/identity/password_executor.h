/* Operations on passwords, carried out by the pool. */
#ifndef GH_EDGES_IDENTITY_PASSWORD_EXECUTOR_H
#define GH_EDGES_IDENTITY_PASSWORD_EXECUTOR_H

#include <stdatomic.h>

#include "config/config.h"
#include "model/ops.h"
#include "passwords/pool.h"

typedef struct gh_password_executor {
    gh_password_pool *pool;
    _Atomic size_t hash_memory; /* of new hashes */
    _Atomic unsigned hash_passes;
} gh_password_executor;

/* False: *ret_why says why. */
GH_MUST_CHECK bool gh_password_executor_start(gh_password_executor *e, const gh_identity_config *config,
                                              const char **ret_why);
/* New hashes are made as this configuration says from now on. Any thread. */
void gh_password_executor_follow(gh_password_executor *e, const gh_identity_config *config);
/* For gh_executors.submit[GH_OP_PASSWORDS]; data: the executor. */
bool gh_password_executor_submit(void *data, gh_op *op);
/* Answers what waits, ends the threads, frees. */
void gh_password_executor_stop(gh_password_executor *e);

#endif
