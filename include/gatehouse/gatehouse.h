/* Gatehouse as a library: the decisions of an API security gateway, without I/O.
 *
 *     policy.h    the configuration, from YAML text
 *     state.h     the counters of rate limits
 *     request.h   a request as the caller has parsed it
 *     world.h     time, randomness and a secret, from the caller
 *     decision.h  what to do with it, and how to dress the answer
 *     sanitize.h  texts and names of files made harmless
 *     str.h ip.h  slices and addresses
 *
 * Everything is UTF-8 or bytes; times are milliseconds and sizes bytes where nothing else is said. No function touches a
 * file, a socket, a clock, the environment, or a signal, and none keeps state outside what it was given.
 * examples/embed/embed.c is a whole program. */
#ifndef GATEHOUSE_GATEHOUSE_H
#define GATEHOUSE_GATEHOUSE_H

#include <gatehouse/api.h>
#include <gatehouse/decision.h>
#include <gatehouse/ip.h>
#include <gatehouse/policy.h>
#include <gatehouse/request.h>
#include <gatehouse/sanitize.h>
#include <gatehouse/state.h>
#include <gatehouse/str.h>
#include <gatehouse/world.h>

GH_BEGIN_DECLS

/* "0.1.0" (Semantic Versioning; before 1.0 the interface may change). NUL-terminated, constant. */
GH_API const char *gh_version(void);

GH_END_DECLS

#endif
