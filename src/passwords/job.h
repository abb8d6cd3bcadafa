/* A job of the pool, carried out: what the threads of passwords/pool.h do between taking and answering. */
#ifndef GH_PASSWORDS_JOB_H
#define GH_PASSWORDS_JOB_H

#include "passwords/pool.h"

/* Bytes of memory that the job takes at most. */
size_t gh_password_job_memory(const gh_password_job *job);
/* Does all steps; sets weakness and made. */
GH_MUST_CHECK enum gh_password_outcome gh_password_job_perform(gh_password_job *job);

#endif
