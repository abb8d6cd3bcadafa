/* The counters of rate limits: a table of fixed memory, reserved once.
 *
 * Not tied to a policy: after a change of the configuration go on with the same table, and rules that did not change
 * keep their counts. */
#ifndef GATEHOUSE_STATE_H
#define GATEHOUSE_STATE_H

#include <gatehouse/api.h>
#include <stdint.h>

GH_BEGIN_DECLS

/* Threads: all threads may use one state at the same time; counts are exact. */
typedef struct gh_state gh_state;

/* Room for max_clients (at most 2^32 - 1) counted keys at the least, one a client and limit, about 23 bytes each; a limit
 * with counters of more than 64 bits takes two. The memory is touched as they come. When it is full the least used make
 * room, never one that is blocked. NULL: out of memory, or too many. */
GH_API GH_MUST_CHECK gh_state *gh_state_new(uint64_t max_clients);
/* NULL is fine. */
GH_API void gh_state_free(gh_state *state);

GH_END_DECLS

#endif
