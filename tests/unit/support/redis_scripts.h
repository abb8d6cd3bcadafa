/* The scripts of takes on a real Redis, without a loop: each call waits for its answer. */
#ifndef GH_TESTS_REDIS_SCRIPTS_H
#define GH_TESTS_REDIS_SCRIPTS_H

#include "redis_server.h"
#include "stores/shared/take_script.h"

typedef struct redis_scripts {
    int fd;
    bool own_clock; /* the scripts' time is what set_clock says, and not the server's */
    uint64_t clock_us;
    char take[41], lease[41]; /* SHA-1 */
    gh_str prefix;
    unsigned long calls;
    size_t at, n; /* of what has come */
    char came[8192];
} redis_scripts;

void scripts_open(redis_scripts *s, const redis_server *server, bool own_clock);
void scripts_close(redis_scripts *s);
/* As gh_state_take(). */
void scripts_take(redis_scripts *s, uint64_t now_ms, gh_take *takes, unsigned n);
gh_lease_grant scripts_lease(redis_scripts *s, uint64_t now_ms, const gh_lease_ask *ask);
void scripts_forget(redis_scripts *s); /* all keys */

#endif
