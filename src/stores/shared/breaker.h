/* A circuit breaker for one connection to a server, and what all connections of a process know of an outage.
 *
 * Pure: times (ms of one monotonic clock) and randomness are handed in. The breaker belongs to one thread; the
 * outage is shared by all of them and takes no lock.
 *
 *   closed      the server answers: work goes to it
 *   open        it does not: nothing is asked of it until the next trial is due, nobody waits for it
 *   half-open   one trial is on its way; its result closes the breaker or opens it for longer
 *
 * The wait before a trial is drawn from an interval that doubles with each failure in a row: 100..200 ms at first,
 * 1..2 s at last. A server that comes and goes keeps its long waits: failures are forgotten only when the breaker has
 * been closed for GH_BREAKER_STEADY_MS. */
#ifndef GH_STORES_SHARED_BREAKER_H
#define GH_STORES_SHARED_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { GH_BREAKER_FIRST_MS = 100, GH_BREAKER_LAST_MS = 2000, GH_BREAKER_STEADY_MS = 10000 };

enum gh_breaker_state { GH_BREAKER_CLOSED, GH_BREAKER_OPEN, GH_BREAKER_HALF_OPEN };

typedef struct gh_breaker {
    enum gh_breaker_state state;
    unsigned failures;  /* in a row */
    uint64_t closed_ms; /* when it was closed last */
    uint64_t trial_ms;  /* open: when the next trial is due */
} gh_breaker;

/* Open, with a trial due at once: nothing is known of the server yet. */
void gh_breaker_init(gh_breaker *b, uint64_t now_ms);
/* True, once: the trial is due and is the caller's to make; the breaker is half-open. */
GH_MUST_CHECK bool gh_breaker_try(gh_breaker *b, uint64_t now_ms);
/* It answered. True: that closed the breaker. */
bool gh_breaker_good(gh_breaker *b, uint64_t now_ms);
/* It failed, in a trial or in work; random: any number. True: that opened a closed breaker. */
bool gh_breaker_bad(gh_breaker *b, uint64_t now_ms, uint64_t random);

/* How many connections of the process are without their server, and since when: lets one of them write the line. */
typedef struct gh_outages {
    _Atomic uint64_t word; /* since_ms << 16 | connections */
} gh_outages;

/* A connection lost its server (not again while it is without). True: it is the first, and the line is the caller's
 * to write. At most 65535 connections. */
GH_MUST_CHECK bool gh_outages_begin(gh_outages *o, uint64_t now_ms);
/* The same connection has it back. True: it was the last one without; the line is the caller's, and the server was
 * away for *ret_ms. */
GH_MUST_CHECK bool gh_outages_end(gh_outages *o, uint64_t now_ms, uint64_t *ret_ms);
/* Connections that are without their server now, and for how long (0: none). ret_ms may be NULL. Any thread. */
unsigned gh_outages_now(const gh_outages *o, uint64_t now_ms, uint64_t *ret_ms);

#endif
