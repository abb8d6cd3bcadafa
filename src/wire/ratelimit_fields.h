/* The fields that tell a client its limits: RateLimit and RateLimit-Policy
 * (draft-ietf-httpapi-ratelimit-headers-11), and the older X-RateLimit-* set.
 *
 * Times are whole seconds from now, never a date: clocks of clients are wrong. */
#ifndef GH_WIRE_RATELIMIT_FIELDS_H
#define GH_WIRE_RATELIMIT_FIELDS_H

#include "base/buf.h"

typedef struct gh_ratelimit_item {
    gh_str name;        /* the policy's; printable ASCII */
    uint64_t quota;     /* requests a window */
    uint64_t window_s;  /* seconds; 0: not said */
    uint64_t remaining; /* requests left now */
    uint64_t reset_s;   /* seconds until remaining grows; 0: not said */
} gh_ratelimit_item;

/* Each writes a value, e.g. `"default";q=60;w=60, "day";q=1000;w=86400`, and
 * `"default";r=59;t=37`. Numbers too large for the format are written as the largest. False and
 * nothing written: no items, or a name that is not printable ASCII. */
GH_MUST_CHECK bool gh_ratelimit_put_policy(gh_buf *out, const gh_ratelimit_item *items, unsigned n);
GH_MUST_CHECK bool gh_ratelimit_put(gh_buf *out, const gh_ratelimit_item *items, unsigned n);

/* The most restrictive item: the least remaining; of equals the one that lasts longest; NULL: n is 0. */
const gh_ratelimit_item *gh_ratelimit_tightest(const gh_ratelimit_item *items, unsigned n);

/* The older set for one item, as whole lines with CRLF: X-RateLimit-Limit, -Remaining, -Reset (seconds
 * from now) and -Window. */
void gh_ratelimit_put_legacy(gh_buf *out, const gh_ratelimit_item *item);

#endif
