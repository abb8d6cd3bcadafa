#include "edges/secrets/protect.h"

#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static struct rlimit before; /* of core dumps, as the process was started; written once, before threads are */
static bool changed;

void gh_protect_process(void)
{
    if (!changed && getrlimit(RLIMIT_CORE, &before) == 0) {
        const struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
        changed = setrlimit(RLIMIT_CORE, &none) == 0;
    }
    (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

void gh_protect_not(void)
{
    if (changed)
        (void)setrlimit(RLIMIT_CORE, &before);
    (void)prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
}
