/* What one loop knows of counters that are in Redis, so that most requests need not ask: units it has leased, and
 * refusals that still hold; and which counters Redis has to be told of after an outage. A table of fixed size, by
 * (limit, key).
 *
 * A refusal holds until the server said it would end, since nobody's units come back sooner, but for a minute at most.
 *
 * A lease is for keys that are busy. The first request of a key is counted exactly. From the second within the life of a
 * lease on, the loop asks for as many units as were wanted lately, times two, at most `lease_percent` of the limit; it
 * asks when half of what it has is spent, and by that so early that requests wait for nobody. A request that finds
 * nothing to spend is counted exactly. Units not spent are given back: with the next question for the key, or when the
 * loop sweeps. At most two leases of a key are in a loop's hand.
 *
 * A lease lasts GH_LEASE_MS, or a tenth of what it is a part of where that is less: a window, or the time in which a bucket
 * fills. Long enough for a key that is worth it (one that comes several times a second), short enough that what one
 * loop holds and does not need is missed by the others for a second only.
 *
 * Overshoot: none. The server charges a lease as of its end, and the loop spends for three quarters of it, counted from
 * before it asked: so each unit is counted for a whole window after it was spent, and there are never more than
 * `requests` in any window. The last quarter is for clocks that run differently and for loops that are late. (A process
 * that is stopped for longer than that in the middle of a turn of its loop may spend what it held: at most two leases.)
 *
 * Undershoot: units come back later by the life of a lease (besides the tick, model/limit.h); of a bucket's units, a tenth
 * of its depth may be missing. While the others hold units, a loop can't have them: at most two leases for each other
 * loop of all nodes, for at most the life of a lease and a sweep. An answer that is lost, and a node that dies, takes what
 * it held with it for one window.
 *
 * Threads: the loop's. Pure: the time is the caller's, in ms, as gh_take_script's asked and answered. */
#ifndef GH_STORES_SHARED_LEASE_H
#define GH_STORES_SHARED_LEASE_H

#include "stores/shared/take_script.h"

enum {
    GH_LEASE_MS = 1000,
    GH_LEASE_MS_MIN =
        50, /* a bucket that fills so fast that its leases would be shorter is always counted exactly */
    GH_LEASE_LOTS = 2
};

typedef struct gh_leases gh_leases;

/* n: keys, a multiple of 8; 300 bytes each, touched as they come. NULL: no memory. */
GH_MUST_CHECK gh_leases *gh_leases_new(unsigned n);
void gh_leases_free(gh_leases *t); /* NULL is fine */

/* True: refused by what is remembered, and answered; nobody need be asked. */
GH_MUST_CHECK bool gh_leases_refuse(gh_leases *t, gh_take *take, uint64_t now_ms);
/* Remembers what the server answered to a take, asked at asked_ms: of a group that it refused, or of a leased limit. */
void gh_leases_remember(gh_leases *t, const gh_take *take, uint64_t asked_ms);
/* The figures (remaining, reset) that were remembered last, for a take that nobody is asked about. */
void gh_leases_recall(gh_leases *t, gh_take *take, uint64_t now_ms);

/* Notes what is wanted, and spends it from what is held: the lot's number, and the take is answered. 0: there is not enough
 * in one lot, and it has to be counted exactly. */
GH_MUST_CHECK uint32_t gh_leases_spend(gh_leases *t, gh_take *take, uint64_t now_ms);
/* The group of a take that was spent waits for another store's answer: its units stay with the lot until it is known
 * whether they are spent for good. hold, then settle, once each. */
void gh_leases_hold(gh_leases *t, const gh_take *take, uint32_t lot);
void gh_leases_settle(gh_leases *t, const gh_take *take, uint32_t lot, bool spent);
/* Should more be asked for, after a spend? True: ask, and tell gh_leases_grant() in any case. */
GH_MUST_CHECK bool gh_leases_wants(gh_leases *t, const gh_take *take, uint64_t now_ms, gh_lease_ask *ret);
/* What became of a question that was asked at asked_ms; grant NULL: nobody knows. */
void gh_leases_grant(gh_leases *t, const gh_lease_ask *ask, const gh_lease_grant *grant, uint64_t asked_ms,
                     uint64_t now_ms);
/* Something to give back, of what is over? True: ask (for no units), and tell gh_leases_grant(). Call until false. */
GH_MUST_CHECK bool gh_leases_over(gh_leases *t, uint64_t now_ms, gh_lease_ask *ret);
/* A take was counted without the server. False: there is no room to remember that. */
bool gh_leases_note_alone(gh_leases *t, const gh_take *take);
/* The server is back: a key of those, of which it has to be told what is known (ret->known is the caller's to fill in).
 * True: ask, and tell gh_leases_grant(). Call until false. */
GH_MUST_CHECK bool gh_leases_alone(gh_leases *t, gh_lease_ask *ret);
/* Is there anything for gh_leases_over() or gh_leases_alone()? */
bool gh_leases_busy(const gh_leases *t);

/* The life of a lease; 0: such a limit has none. */
uint32_t gh_lease_ms(const gh_limit *limit);
/* Units of the largest. */
uint32_t gh_lease_units(const gh_limit *limit);

#endif
