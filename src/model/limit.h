/* One limit, compiled: so many requests in a window, and the arithmetic of its state.
 *
 * Sliding window, strict: never more than `requests` units in ANY window of `window_ms`. The window is
 * cut into equal ticks, one small counter each, packed into the state; the counters are as wide as
 * `requests` needs, so the smaller the limit the finer the ticks. The error is on the strict side
 * only: a used unit comes back at most one tick late (window / (ticks - 1), and the rounding of ticks to
 * whole ms, 30 ms at most). Limits whose narrow state (64 bits) would give fewer than
 * `GH_LIMIT_NARROW_TICKS` ticks use a wide one (192 bits).
 *   requests     1..3  10     60     100    128   1000  10000 100000 10^6   10^7   2^32-1
 *   ticks        32    16     10     9      24    19    13    11     9      8      6
 *   latest late  3.3 % 6.7 %  11.1 % 12.5 % 4.4 % 5.6 % 8.3 % 10 %   12.5 % 14.3 % 20 %  of the window
 * Token bucket (GCRA): `requests` units a window refill a bucket of `burst` units.
 *
 * Time is a monotonic clock in milliseconds since the state was made. Pure: no clock of its own. */
#ifndef GH_MODEL_LIMIT_H
#define GH_MODEL_LIMIT_H

#include "base/attr.h"
#include "base/slice.h"

/* Where a limit is counted when there is a Redis; by itself a node counts all of them locally. */
enum gh_counting {
    GH_COUNTING_LOCAL,
    GH_COUNTING_EXACT, /* in Redis, at every request */
    GH_COUNTING_LEASED /* in Redis, a share at a time, which the node then spends */
};
/* What holds while Redis is away. */
enum gh_outage { GH_OUTAGE_LOCAL, GH_OUTAGE_OPEN, GH_OUTAGE_CLOSED };

enum gh_limit_kind { GH_LIMIT_SLIDING, GH_LIMIT_BUCKET };
enum { GH_LIMIT_NARROW_TICKS = 9, GH_LIMIT_MAX_TICKS = 32 };

typedef struct gh_limit {
    enum gh_limit_kind kind;
    uint64_t requests;  /* units per window, >= 1 */
    uint64_t window_ms; /* >= 1000 */
    uint64_t burst;     /* bucket only: depth, >= 1 */
    uint64_t
        seed; /* identity of (rule, window): mixed into each key; unchanged rules keep theirs over a reload */
    uint8_t counting;      /* enum gh_counting */
    uint8_t outage;        /* enum gh_outage */
    uint8_t lease_percent; /* of `requests`, with GH_COUNTING_LEASED: 1..50 */
    /* derived by gh_limit_compile() */
    uint8_t bits, ticks;
    bool wide;
    uint64_t tick_ms;
} gh_limit;

/* Fills in the derived part. False: requests, window or burst out of range, *ret_why says which. */
GH_MUST_CHECK bool gh_limit_compile(gh_limit *limit, const char **ret_why);

enum gh_take_answer {
    GH_TAKE_OK,          /* there was room; taken if its whole group had */
    GH_TAKE_REFUSED,     /* no room: nothing of the group was taken */
    GH_TAKE_UNAVAILABLE, /* nobody could count it, and its limit is closed then: nothing of the group was taken */
    GH_TAKE_FULL         /* the store has no place for a new key (all candidates are blocked clients) */
};

/* One question to the store: take `weight` units of `limit` for `key`. */
typedef struct gh_take {
    const gh_limit *limit;
    uint64_t key;    /* a keyed hash of scope and client; the store mixes in limit->seed */
    uint32_t weight; /* 0: only looks */
    uint8_t group;   /* all or nothing within a group; groups are contiguous, ascending, independent */
    /* the answer */
    enum gh_take_answer answer;
    uint64_t remaining; /* units left after this take (or now, when nothing was taken) */
    uint64_t reset_ms;  /* until the first of the used units comes back; 0 when none is used */
    uint64_t retry_ms;  /* refused: until `weight` units will be free if nobody takes any */
} gh_take;

enum { GH_TAKES_MAX = 32 };

#endif
