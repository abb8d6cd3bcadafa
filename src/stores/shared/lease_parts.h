/* Inside the table of leases and refusals. */
#ifndef GH_STORES_SHARED_LEASE_PARTS_H
#define GH_STORES_SHARED_LEASE_PARTS_H

#include "stores/shared/lease.h"

enum { GH_LEASE_WAYS = 8 };

typedef struct lot {
    uint64_t until; /* may be spent before */
    uint64_t dated;
    uint32_t left;
    uint32_t out;    /* spent, but may yet come back */
    uint32_t number; /* 0: none */
} lot;

typedef struct lease lease;
struct lease {
    gh_limit limit; /* of the last take */
    uint64_t key;
    lot lots[GH_LEASE_LOTS];
    lease *next, *prev; /* of those that hold something, or were counted alone; NULL: neither */
    bool alone;         /* counted without the server, which has not been told yet */
    /* demand */
    uint64_t period_end;
    uint32_t wanted, wanted_before; /* in this period, and in the one before it */
    uint64_t quiet_until;           /* no use in asking before */
    bool asking;
    uint8_t slot; /* of the lot asked for */
    /* what the server said last */
    uint32_t refused_weight; /* this and more was refused ... */
    uint64_t refused_until;  /* ... and would be before */
    uint64_t retry_at, reset_at;
    uint64_t room; /* UINT64_MAX: not known */
};

struct gh_leases {
    unsigned sets;
    uint32_t number;
    lease busy; /* list head */
    lease *leases;
    uint64_t *hashes; /* 0: free; GH_LEASE_WAYS to a set, a set to a cache line */
};

static inline uint64_t all_units(const gh_limit *l)
{
    return l->kind == GH_LIMIT_BUCKET ? l->burst : l->requests;
}

/* How long a loop spends from a lease. */
static inline uint64_t hold_ms(const gh_limit *l)
{
    return gh_lease_ms(l) * 3 / 4;
}

static inline uint64_t time_until(uint64_t at, uint64_t now)
{
    return at > now ? at - now : 0;
}

/* NULL: nothing is known of it. */
lease *gh_lease_find(const gh_leases *t, const gh_limit *limit, uint64_t key);
/* Its place, or a new one for it: a free one, or that of the one that is soonest worth nothing. NULL: there is none. */
lease *gh_lease_place(gh_leases *t, const gh_limit *limit, uint64_t key);
/* Into the list of the busy while a lot has something left, or the server must be told; else out of it. */
void gh_lease_relink(gh_leases *t, lease *l);

#endif
