/* The environment, as it was when it was first asked for. The values of secrets are moved to locked memory then, and
 * overwritten where they stood, so that /proc/PID/environ and `ps e` do not show them. */
#ifndef GH_EDGES_SECRETS_ENVIRONMENT_H
#define GH_EDGES_SECRETS_ENVIRONMENT_H

#include <gatehouse/str.h>

/* "NAME=value", NULL at the end; the same at each call. It lives as long as the process. Without memory for a copy the
 * environment is left as it is. Main thread. */
const char *const *gh_environment(void);
/* The value of a name; absent: not set, or empty. */
gh_str gh_environment_get(const char *const *environment, const char *name);

#endif
