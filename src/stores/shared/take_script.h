/* Takes, answered by Redis: the two scripts, how they are asked, and what their answers mean.
 *
 * GH_TAKE_SCRIPT answers all takes of a request at once, as gh_state_take() does: groups all or nothing, the same
 * ticks, the same exact bucket, the same figures. GH_LEASE_SCRIPT takes as much as there is, up to a number of
 * units, and takes units back that were leased and not spent (lease.h). Both run on the server's clock, and set the life
 * of a key with its value. One key for each (limit, key): {PREFIX}l:HASH; the prefix holds the braces that make all
 * keys of a call one slot of a Redis Cluster.
 *
 * A server's clock that goes back is borne: by up to two seconds, units come back that much later; by more, what was
 * charged before counts for one more window. When it goes forward they come back that much sooner.
 *
 * Needs Redis 5 or Valkey 7.2, for scripts that read the clock and then write. Pure. */
#ifndef GH_STORES_SHARED_TAKE_SCRIPT_H
#define GH_STORES_SHARED_TAKE_SCRIPT_H

#include "base/buf.h"
#include "model/limit.h"

/* Where the scripts read the time: seconds and microseconds. Tests put a clock of their own in its place. */
#define GH_TAKE_SCRIPT_CLOCK "redis.call('TIME')"

enum { GH_TAKE_SCRIPT, GH_LEASE_SCRIPT, GH_COUNTERS_SCRIPTS };
extern const gh_str gh_counters_scripts[GH_COUNTERS_SCRIPTS];

enum {
    GH_TAKE_SCRIPT_VALUES = 3, /* integers of an answer, for each take */
    GH_LEASE_SCRIPT_VALUES = 5,
    GH_TAKE_SCRIPT_KEY_MAX = 128, /* bytes of a key and of an argument as they are sent */
    GH_TAKE_SCRIPT_ARG_MAX = 128
};

/* Writes n keys, then n arguments, as bulk strings. takes: n <= GH_TAKES_MAX, by group. The same state may come twice.
 * known: for each take, units of its state that are used as the asker knows; where the server counts fewer they are
 * charged now, whatever becomes of the take. NULL: the server knows best. */
void gh_take_script_encode(gh_str prefix, gh_take *const *takes, const uint32_t *known, unsigned n,
                           gh_buf *out);
/* Fills in the answers. False: this is no answer to these takes, and nothing is changed. */
GH_MUST_CHECK bool gh_take_script_decode(const int64_t *values, unsigned n_values, gh_take *const *takes,
                                         unsigned n);

/* What a lease asks of the server for one state. */
typedef struct gh_lease_ask {
    gh_limit limit;
    uint64_t key;
    uint32_t least;    /* units: nothing when fewer are free ... */
    uint32_t most;     /* ... else all that are, up to so many; 0, 0: none */
    uint32_t back;     /* units of an earlier lease that were not spent */
    uint32_t known;    /* as gh_take_script_encode() */
    uint64_t back_at;  /* the `dated` of that earlier lease */
    uint32_t ahead_ms; /* charged as if taken so much later: until then they may be spent */
} gh_lease_ask;

typedef struct gh_lease_grant {
    uint32_t units;    /* 0: refused */
    uint64_t dated;    /* of the server's time: what is not spent is given back with it */
    uint64_t room;     /* units that are free after it */
    uint64_t reset_ms; /* as of a take */
    uint64_t retry_ms; /* refused: until `least` will be free */
} gh_lease_grant;

/* One key and one argument. */
void gh_lease_script_encode(gh_str prefix, const gh_lease_ask *ask, gh_buf *out);
GH_MUST_CHECK bool gh_lease_script_decode(const int64_t *values, unsigned n_values, const gh_lease_ask *ask,
                                          gh_lease_grant *ret);

#endif
