/* Memory for secrets: whole pages that are not swapped out, are in no core dump, and are empty in a child process. They are
 * zeroed when they are given back. Any thread. */
#ifndef GH_EDGES_SECRETS_LOCKED_H
#define GH_EDGES_SECRETS_LOCKED_H

#include "base/arena.h"

extern const gh_arena_source gh_locked_pages;

/* Did the system refuse to lock some of it (RLIMIT_MEMLOCK)? Those pages are used all the same: they could be swapped out. */
bool gh_locked_refused(void);

#endif
