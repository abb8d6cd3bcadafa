/* The roster from inside: what its files share.
 *
 * Threads. One writer, any number of readers. A reader takes one lock at a time, that of a shard of a map, and holds it
 * for the time of a copy; what it may read under it:
 *   - under the shard of a session, key or device: its record, and its user's record;
 *   - under the shard of a user (r->users): that user's record.
 * A record that readers can reach by a shard is changed under that shard's lock. A user's record can be reached by
 * many, so what its sessions' readers look at is never changed: a change makes another record and hands it to the
 * sessions, keys and devices one by one, each under its lock. Only then is the old one given back.
 * What only the writer uses (lists of a user's entries, pools, texts' counts) needs no lock. */
#ifndef GH_STORES_STATE_ROSTER_PARTS_H
#define GH_STORES_STATE_ROSTER_PARTS_H

#include <stdatomic.h>

#include "stores/state/roster.h"
#include "stores/state/roster_map.h"
#include "stores/state/roster_pool.h"
#include "stores/state/roster_text.h"

enum { GH_ROSTER_KINDS = GH_ROSTER_DEVICE + 1 };

/* What sessions, keys and devices have in common. A device is nothing else. */
typedef struct gh_roster_entry {
    gh_id id; /* 0: it has ended, and waits to be taken off the list of the used ones */
    uint8_t hash[GH_SECRET_HASH];
    uint64_t used_s;
    uint32_t next, prev; /* of its user's list; the writer's own. 0: none */
    uint32_t next_used;  /* of the shard's list of those whose use was noted; 0: none */
    bool noted;          /* it is on that list */
    uint8_t kind;        /* of a session: enum gh_session_kind */
    gh_ip address;
} gh_roster_entry;

typedef struct gh_roster_session_entry {
    gh_roster_entry entry;
    uint8_t before_hash[GH_SECRET_HASH];
    gh_id device;
    uint64_t rotated_s, created_s, expires_s;
} gh_roster_session_entry;

typedef struct gh_roster_key_entry {
    gh_roster_entry entry;
    uint64_t expires_s;
    gh_roster_text *scopes; /* NULL: absent */
    gh_roster_text *tier;
    gh_roster_text *networks; /* gh_cidr after gh_cidr; NULL: none */
} gh_roster_key_entry;

typedef struct gh_roster_user_entry {
    gh_id id;                 /* 0: not in use */
    gh_roster_text *standing; /* the tier's length as a byte, the tier, the roles; NULL: neither */
    /* Under the shard of r->users. */
    uint64_t cutoff_s, cutoff_until_s;
    uint32_t first[GH_ROSTER_KINDS]; /* of its entries; the writer's own. 0: none */
    bool disabled;
    uint8_t n_name;
    char name[GH_USER_NAME_MAX];
} gh_roster_user_entry;

/* The map's value: the entry's number in its low half, its user's in its high one (0: none). */
typedef struct gh_roster_kind {
    gh_roster_map map;
    gh_roster_pool pool;
} gh_roster_kind;

struct gh_roster {
    gh_roster_kind kind[GH_ROSTER_KINDS]; /* by enum gh_roster_what */
    gh_roster_map users;                  /* value: the user's number */
    gh_roster_pool user_pool;
    gh_roster_texts texts;
    gh_roster_map revoked;   /* by jti; value: until when */
    gh_roster_map ended;     /* sessions whose end is remembered; value: until when */
    _Atomic uint64_t barred; /* users that are disabled or have a cut-off time */
    _Atomic uint64_t epoch;
    bool untidy;     /* the next sweep has to look at the users */
    unsigned cursor; /* the shard (of all kinds in a row) where the collecting of uses goes on */
};

static inline uint32_t gh_roster_number(const gh_roster_slot *slot)
{
    return (uint32_t)slot->value;
}

static inline uint32_t gh_roster_user_number(const gh_roster_slot *slot)
{
    return (uint32_t)(slot->value >> 32);
}

static inline uint64_t gh_roster_value(uint32_t number, uint32_t user)
{
    return (uint64_t)user << 32 | number;
}

static inline gh_roster_entry *gh_roster_entry_at(const gh_roster *r, enum gh_roster_what what, uint32_t i)
{
    return gh_roster_pool_at(&r->kind[what].pool, i);
}

static inline gh_roster_user_entry *gh_roster_user_at(const gh_roster *r, uint32_t i)
{
    return gh_roster_pool_at(&r->user_pool, i);
}

/* After a change by which access may have ended is visible. */
static inline void gh_roster_changed(gh_roster *r)
{
    (void)atomic_fetch_add_explicit(&r->epoch, 1, memory_order_release);
}

/* The entry is gone for readers, off its user's list, and its memory given back. False: there is none. */
bool gh_roster_end_entry(gh_roster *r, enum gh_roster_what what, gh_id id);
void gh_roster_sweep_users(gh_roster *r, uint64_t now_s);

#endif
