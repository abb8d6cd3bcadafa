/* What the process does so that its memory stays its own: no core dumps, and no debugger but root's. */
#ifndef GH_EDGES_SECRETS_PROTECT_H
#define GH_EDGES_SECRETS_PROTECT_H

/* Before anything secret is read. Then /proc/PID/mem, environ and the like are root's alone, too. */
void gh_protect_process(void);
/* Takes it back, for debugging (secrets.core_dumps). */
void gh_protect_not(void);

#endif
