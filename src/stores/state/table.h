/* One shard's table: lines of four slots, a key in one of two lines. No locks, no rules, no clock:
 * embedded.c holds the lock and tells the time, model/tally.h gives the bytes a meaning.
 *
 * A slot is free (tag 0), narrow, or the even half of a wide pair whose odd half is all counters. Only
 * the even slot's tag says which, so an odd slot is looked at only when its even one is not wide.
 * A key's second line follows from its first line and its tag, so an entry can change lines without its
 * key being known: that lets the table fill to about 90 % before anything is evicted.
 * Time (`now`, `until`) is in units of GH_TALLY_UNIT_MS, the low 32 bits, compared as serial numbers:
 * right as long as nothing lies around for 2^31 units (2.1 years); embedded.c sweeps long before. */
#ifndef GH_STORES_STATE_TABLE_H
#define GH_STORES_STATE_TABLE_H

#include <stdalign.h>

#include "model/tally.h"

/* tag: 28 bits of hash, never 0; 1 bit wide; 3 bits level (tally.h). */
enum { GH_SLOT_LEVEL = 7, GH_SLOT_WIDE = 8, GH_LINE_SLOTS = 4 };

typedef struct gh_slot {
    uint32_t tag, until;
    uint64_t word;
} gh_slot;

typedef struct gh_line {
    alignas(64) gh_slot slot[GH_LINE_SLOTS];
} gh_line;

typedef struct gh_table {
    gh_line *line;
    uint32_t lines;       /* even */
    uint32_t stuck, turn; /* how often moving entries was of no use lately, see gh_table_place() */
} gh_table;

typedef struct gh_table_key {
    uint32_t tag; /* level 0 */
    uint32_t line[2];
} gh_table_key;

/* Slots that must stay where they are: those of the other keys being asked for. */
typedef struct gh_table_pins {
    gh_slot *slot[GH_TAKES_MAX]; /* a wide pair by its even slot */
    unsigned n;
} gh_table_pins;

/* hash: 64 well-mixed bits. */
gh_table_key gh_table_key_of(const gh_table *t, uint64_t hash, bool wide);
/* The key's slot, be it expired or not, or NULL. */
gh_slot *gh_table_find(const gh_table *t, const gh_table_key *k);
/* A slot for a key that has none: a free or expired one, one made free by moving its entry to its other
 * line, or the least used entry's (ties: the one that expires first), but never that of a blocked
 * client. NULL: there is none. The slot is expired until written. *ret_evicted: live entries lost. */
gh_slot *gh_table_place(gh_table *t, const gh_table_key *k, uint32_t now, const gh_table_pins *pins,
                        unsigned *ret_evicted);
/* Gives a slot (a wide pair) back. */
void gh_table_release(gh_slot *slot);
/* Units until the first live entry in the key's lines expires. */
uint32_t gh_table_wait(const gh_table *t, const gh_table_key *k, uint32_t now);

/* Empties what has expired, or everything. */
void gh_table_sweep(gh_table *t, uint32_t now, bool everything);
/* Slots in use and not expired. */
uint64_t gh_table_live(const gh_table *t, uint32_t now);

/* Units that the slot's entry lives on; 0: expired or free. */
static inline uint32_t gh_slot_life(const gh_slot *s, uint32_t now)
{
    uint32_t left = s->until - now;
    return s->tag != 0 && left < 0x80000000u ? left : 0;
}

#endif
