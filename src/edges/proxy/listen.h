/* Listening sockets. */
#ifndef GH_EDGES_PROXY_LISTEN_H
#define GH_EDGES_PROXY_LISTEN_H

#include "base/slice.h"

/* Opens `n` sockets on one address, "127.0.0.1:8080", "[::1]:8080" or "unix:/path", one for each worker
 * (SO_REUSEPORT; a unix socket is shared by duplicates). An address that is in use is refused, by
 * whomever. False: *ret_why says why; nothing is left open. *ret_unix: is it a unix socket? */
GH_MUST_CHECK bool gh_listen_open(gh_str address, int *fds, unsigned n, bool *ret_unix, const char **ret_why);

#endif
