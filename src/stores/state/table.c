#include "stores/state/table.h"

#include <string.h>

enum { STUCK_MAX = 64, STUCK_TURN = 16, STUCK_GAIN = 8 };

/* x scaled from 32 bits to 0..n-1. */
static uint32_t scale(uint32_t x, uint32_t n)
{
    return (uint32_t)((uint64_t)x * n >> 32);
}

/* The two lines of a tag add up to the same sum (modulo the number of lines), so either gives the other.
 * The sum is odd and the number even: never twice the same line. */
static uint32_t other_line(const gh_table *t, uint32_t line, uint32_t tag)
{
    uint32_t sum = scale((tag >> 4) * 0x9E3779B1u, t->lines / 2) * 2 + 1;
    return sum >= line ? sum - line : sum + (t->lines - line);
}

gh_table_key gh_table_key_of(const gh_table *t, uint64_t hash, bool wide)
{
    gh_table_key k;
    uint32_t bits = (uint32_t)hash << 4;
    k.tag = (bits ? bits : 16u) | (wide ? GH_SLOT_WIDE : 0u);
    k.line[0] = scale((uint32_t)(hash >> 32), t->lines);
    k.line[1] = other_line(t, k.line[0], k.tag);
    return k;
}

static bool is_wide(const gh_slot *s)
{
    return s->tag & GH_SLOT_WIDE;
}

/* The slot in which the entry that covers slot i begins. */
static unsigned entry_of(const gh_line *line, unsigned i)
{
    return is_wide(&line->slot[i & ~1u]) ? i & ~1u : i;
}

gh_slot *gh_table_find(const gh_table *t, const gh_table_key *k)
{
    for (unsigned c = 0; c < 2; c++) {
        gh_line *line = &t->line[k->line[c]];
        for (unsigned i = 0; i < GH_LINE_SLOTS; i += 2) {
            gh_slot *s = &line->slot[i];
            if ((s[0].tag & ~(uint32_t)GH_SLOT_LEVEL) == k->tag)
                return s;
            if (!is_wide(s) && (s[1].tag & ~(uint32_t)GH_SLOT_LEVEL) == k->tag)
                return s + 1;
        }
    }
    return NULL;
}

void gh_table_release(gh_slot *slot)
{
    memset(slot, 0, is_wide(slot) ? 2 * sizeof *slot : sizeof *slot);
}

static bool pinned(const gh_table_pins *pins, const gh_slot *s)
{
    for (unsigned i = 0; i < pins->n; i++)
        if (pins->slot[i] == s)
            return true;
    return false;
}

static const uint64_t COST_NONE = 0, COST_NEVER = UINT64_MAX;

/* What is lost by taking slot i: the least used and first to expire is the cheapest. */
static uint64_t slot_cost(const gh_line *line, unsigned i, uint32_t now, const gh_table_pins *pins)
{
    const gh_slot *s = &line->slot[entry_of(line, i)];
    uint32_t life = gh_slot_life(s, now), level = s->tag & GH_SLOT_LEVEL;
    if (pinned(pins, s))
        return COST_NEVER;
    if (life == 0)
        return COST_NONE;
    return level == GH_TALLY_BLOCKED ? COST_NEVER : (uint64_t)level << 32 | life;
}

static uint64_t spot_cost(const gh_line *line, unsigned i, bool wide, uint32_t now, const gh_table_pins *pins)
{
    uint64_t a = slot_cost(line, i, now, pins);
    if (!wide)
        return a;
    uint64_t b = slot_cost(line, i + 1, now, pins);
    return a > b ? a : b;
}

typedef struct spot {
    gh_line *line;
    unsigned i;
    uint64_t cost;
} spot;

/* Lowers *best to the cheapest place in a line. */
static void look_for_spot(gh_line *line, bool wide, uint32_t now, const gh_table_pins *pins, spot *best)
{
    for (unsigned i = 0; i < GH_LINE_SLOTS && best->cost != COST_NONE; i += wide ? 2 : 1) {
        uint64_t cost = spot_cost(line, i, wide, now, pins);
        if (cost < best->cost)
            *best = (spot){line, i, cost};
    }
}

/* Empties slot i, and the pair it belongs to or shall become. Returns the live entries lost. */
static unsigned clear_spot(gh_line *line, unsigned i, bool wide, uint32_t now)
{
    unsigned lost = 0, from = entry_of(line, i), to = wide || is_wide(&line->slot[from]) ? from + 1 : from;
    for (unsigned e = from; e <= to; e = is_wide(&line->slot[e]) ? e + 2 : e + 1)
        lost += gh_slot_life(&line->slot[e], now) != 0;
    memset(&line->slot[from], 0, (to - from + 1) * sizeof line->slot[0]);
    return lost;
}

static gh_slot *claim(const spot *s, const gh_table_key *k, uint32_t now, unsigned *ret_evicted)
{
    *ret_evicted = clear_spot(s->line, s->i, k->tag & GH_SLOT_WIDE, now);
    gh_slot *slot = &s->line->slot[s->i];
    slot->tag = k->tag;
    slot->until = now;
    return slot;
}

/* Who is asking for room, and in which moment. */
typedef struct search {
    gh_table *t;
    uint32_t now;
    const gh_table_pins *pins;
} search;

static bool empty_spot(const search *q, uint32_t line, unsigned i, bool wide, unsigned depth);

/* Moves what covers slot i of a line to its other line, if that has a free place for it or, with depth,
 * if one can be made there. */
static bool move_away(const search *q, uint32_t line, unsigned i, unsigned depth)
{
    gh_slot *from = &q->t->line[line].slot[entry_of(&q->t->line[line], i)];
    if (pinned(q->pins, from))
        return false;
    if (gh_slot_life(from, q->now) == 0)
        return true;
    bool wide = is_wide(from);
    uint32_t other = other_line(q->t, line, from->tag);
    spot to = {&q->t->line[other], 0, COST_NEVER};
    look_for_spot(to.line, wide, q->now, q->pins, &to);
    if (to.cost != COST_NONE) {
        to.i = 0;
        while (depth && to.i < GH_LINE_SLOTS && !empty_spot(q, other, to.i, wide, depth - 1))
            to.i += wide ? 2 : 1;
        if (depth == 0 || to.i == GH_LINE_SLOTS)
            return false;
    }
    clear_spot(to.line, to.i, wide, q->now);
    memcpy(&to.line->slot[to.i], from, wide ? 2 * sizeof *from : sizeof *from);
    gh_table_release(from);
    return true;
}

/* Makes slot i, or the pair it begins, free by moving entries. */
static bool empty_spot(const search *q, uint32_t line, unsigned i, bool wide, unsigned depth)
{
    if (!move_away(q, line, i, depth) || (wide && !move_away(q, line, i + 1, depth)))
        return false;
    /* The second move may have put something where the first made room. */
    return spot_cost(&q->t->line[line], i, wide, q->now, q->pins) == COST_NONE;
}

static void prefetch_others(const gh_table *t, uint32_t line)
{
    const gh_line *l = &t->line[line];
    for (unsigned i = 0; i < GH_LINE_SLOTS; i++)
        __builtin_prefetch(&t->line[other_line(t, line, l->slot[entry_of(l, i)].tag)], 1);
}

static bool make_room(const search *q, const gh_table_key *k, spot *ret)
{
    bool wide = k->tag & GH_SLOT_WIDE;
    prefetch_others(q->t, k->line[0]);
    prefetch_others(q->t, k->line[1]);
    for (unsigned depth = 0; depth < (wide ? 3 : 2); depth++) {
        for (unsigned n = 0; n < 2 * GH_LINE_SLOTS; n += wide ? 2 : 1) {
            uint32_t line = k->line[n / GH_LINE_SLOTS];
            unsigned i = n % GH_LINE_SLOTS;
            if (!empty_spot(q, line, i, wide, depth))
                continue;
            *ret = (spot){&q->t->line[line], i, COST_NONE};
            return true;
        }
    }
    return false;
}

static spot cheapest(const gh_table *t, const gh_table_key *k, uint32_t now, const gh_table_pins *pins)
{
    spot best = {NULL, 0, COST_NEVER};
    look_for_spot(&t->line[k->line[0]], k->tag & GH_SLOT_WIDE, now, pins, &best);
    look_for_spot(&t->line[k->line[1]], k->tag & GH_SLOT_WIDE, now, pins, &best);
    return best;
}

gh_slot *gh_table_place(gh_table *t, const gh_table_key *k, uint32_t now, const gh_table_pins *pins,
                        unsigned *ret_evicted)
{
    spot best = cheapest(t, k, now, pins);
    /* In a full table (a flood) moving is hardly ever possible and costs dozens of cache misses: after a
     * row of failures it is tried now and then only. */
    if (best.cost != COST_NONE && (t->stuck < STUCK_MAX || ++t->turn % STUCK_TURN == 0)) {
        const search q = {t, now, pins};
        if (make_room(&q, k, &best)) {
            t->stuck -= t->stuck < STUCK_GAIN ? t->stuck : STUCK_GAIN;
        } else {
            t->stuck += t->stuck < STUCK_MAX;
            best = cheapest(t, k, now, pins); /* a failed try may have moved entries in and out of here */
        }
    }
    return best.cost == COST_NEVER ? NULL : claim(&best, k, now, ret_evicted);
}

uint32_t gh_table_wait(const gh_table *t, const gh_table_key *k, uint32_t now)
{
    uint32_t wait = UINT32_MAX;
    for (unsigned n = 0; n < 2 * GH_LINE_SLOTS; n++) {
        const gh_line *line = &t->line[k->line[n / GH_LINE_SLOTS]];
        uint32_t life = gh_slot_life(&line->slot[entry_of(line, n % GH_LINE_SLOTS)], now);
        if (life && life < wait)
            wait = life;
    }
    return wait;
}

void gh_table_sweep(gh_table *t, uint32_t now, bool everything)
{
    for (uint32_t n = 0; n < t->lines; n++) {
        gh_slot *s = t->line[n].slot;
        for (unsigned i = 0, step; i < GH_LINE_SLOTS; i += step) {
            step = is_wide(&s[i]) ? 2 : 1;
            /* Pages never written stay so. */
            if (s[i].tag && (everything || gh_slot_life(&s[i], now) == 0))
                gh_table_release(&s[i]);
        }
    }
}

uint64_t gh_table_live(const gh_table *t, uint32_t now)
{
    uint64_t live = 0;
    for (uint32_t n = 0; n < t->lines; n++) {
        const gh_slot *s = t->line[n].slot;
        for (unsigned i = 0, step; i < GH_LINE_SLOTS; i += step) {
            step = is_wide(&s[i]) ? 2 : 1;
            live += gh_slot_life(&s[i], now) ? step : 0;
        }
    }
    return live;
}
