/* What is said at start-up, and to the admin listener's readers. */
#ifndef GH_EDGES_PROXY_SERVE_BANNER_H
#define GH_EDGES_PROXY_SERVE_BANNER_H

#include "edges/proxy/proxy.h"

/* Where it listens, what it protects, what is trusted. */
void gh_banner_write(const gh_config *config, unsigned workers, gh_buf *out);
/* The gauges that are not counted by workers, in the Prometheus text format. */
void gh_banner_metrics(const gh_generation *g, gh_state *state, uint64_t now_ms, gh_buf *out);
/* Can a request be served? Says what is missing. */
bool gh_banner_ready(const gh_generation *g, bool draining, uint64_t now_ms, gh_buf *out);

#endif
