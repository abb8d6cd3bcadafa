/* Active health checks of the upstreams, on the main thread's loop. */
#ifndef GH_EDGES_PROXY_HEALTH_H
#define GH_EDGES_PROXY_HEALTH_H

#include "edges/proxy/proxy.h"

typedef struct gh_health gh_health;

/* Starts checking what `generation` configures (nothing without a health path). Holds a reference to the
 * generation until it is stopped. NULL: out of memory. */
gh_health *gh_health_start(uv_loop_t *loop, gh_generation *generation, gh_log_lane *lane);
/* NULL is fine. The memory goes when the loop has run. */
void gh_health_stop(gh_health *health);

#endif
