/* The addresses of a host's name, with a deadline: the system's resolver has none, and may take half a minute when name
 * servers are away. So a thread of its own asks it; whoever waits longer than the deadline leaves it behind, and it ends by
 * itself. Few are left behind at once: with GH_RESOLVE_MOST under way no further one is begun. */
#ifndef GH_RECORDS_POSTGRES_RESOLVE_H
#define GH_RECORDS_POSTGRES_RESOLVE_H

#include "base/ip.h"

enum { GH_RESOLVE_ADDRESSES = 8, GH_RESOLVE_MOST = 8 };

enum gh_resolved {
    GH_RESOLVED,
    GH_RESOLVE_UNKNOWN, /* there is no such name, or it has no address */
    GH_RESOLVE_FAILED,  /* the name servers could not say */
    GH_RESOLVE_LATE,    /* not until the deadline, or too many are waiting already */
    GH_RESOLVE_NO_MEMORY
};

/* host: NUL-terminated. deadline_ms: CLOCK_MONOTONIC. ret: GH_RESOLVE_ADDRESSES texts, in the resolver's order; *ret_n of
 * them with GH_RESOLVED. */
GH_MUST_CHECK enum gh_resolved gh_resolve(const char *host, uint64_t deadline_ms,
                                          char ret[GH_RESOLVE_ADDRESSES][GH_IP_TEXT_MAX], unsigned *ret_n);

#endif
