/* The demo's upstream: a small HTTP server that shows, as JSON, what it received. Its own thread and loop. */
#ifndef GH_EDGES_DEMO_DEMO_H
#define GH_EDGES_DEMO_DEMO_H

#include "base/buf.h"

typedef struct gh_demo gh_demo;

/* Listens on a free port of 127.0.0.1; *ret_port says which. NULL: *ret_why says why. */
GH_MUST_CHECK gh_demo *gh_demo_start(unsigned *ret_port, const char **ret_why);
void gh_demo_stop(gh_demo *demo);
/* The commands to try, in plain words. listen: where Gatehouse answers, "127.0.0.1:8080"; limit: requests
 * a minute and client. */
void gh_demo_guide(gh_str listen, uint64_t limit, gh_buf *out);

#endif
