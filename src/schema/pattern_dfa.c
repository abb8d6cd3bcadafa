/* The subset construction. A state is the set of NFA states that take a code point or look ahead; what looks
 * behind is settled when the state is made, what looks ahead when it is left. */
#include "schema/pattern_dfa.h"

enum { DEAD, FOUND, FIRST_STATE, HASH_SIZE = 8192, STEPS_MAX = 20 * 1000 * 1000, BEHIND_SETS_MAX = 32 };

typedef struct dfa_state {
    const uint16_t *items; /* NFA states in order */
    uint16_t n;
    bool looks_ahead;
    uint32_t before; /* bit i: the code point before is in behind[i]; 0 when it does not matter */
} dfa_state;

typedef struct builder {
    const gh_nfa *nfa;
    const gh_classes *classes;
    gh_arena *arena;
    dfa_state *states;
    unsigned n;
    uint16_t *hash;  /* HASH_SIZE heads of chains, 0: none */
    uint16_t *chain; /* the next state of the same hash */
    uint16_t *table; /* numbers of states, not offsets yet */
    size_t n_cells;
    unsigned width;
    uint16_t behind[BEHIND_SETS_MAX]; /* the sets of edges that look behind */
    unsigned n_behind;
    uint64_t *in;      /* bits: NFA states in the set that is being made */
    uint64_t *seen;    /* bits: NFA states that were gone through */
    uint16_t *pending; /* a stack of them */
    unsigned n_pending;
    uint16_t *members; /* of `in` once it is done */
    bool found;        /* the end of the pattern is among them */
    size_t left;       /* steps */
} builder;

enum { NO_NEXT = -2, NEXT_IS_END = -1 }; /* what comes next, else its class */

static bool take_bit(uint64_t *bits, unsigned i)
{
    uint64_t bit = UINT64_C(1) << (i % 64);
    bool was = (bits[i / 64] & bit) != 0;
    bits[i / 64] |= bit;
    return was;
}

static size_t words_of(const builder *b)
{
    return (b->nfa->n + 63) / 64;
}

static void clear(builder *b, uint64_t *bits)
{
    memset(bits, 0, words_of(b) * sizeof *bits);
}

/* What is known of the code point before, of this class. */
static uint32_t before_of(const builder *b, unsigned class)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < b->n_behind; i++)
        bits |= (uint32_t)gh_class_bits_has(&b->classes->bits[b->behind[i]], class) << i;
    return bits;
}

static bool holds_behind(const builder *b, const gh_state *edge, uint32_t before)
{
    unsigned i = 0;
    while (b->behind[i] != edge->set)
        i++;
    return (before >> i & 1) != edge->negated;
}

static bool holds_ahead(const builder *b, const gh_state *edge, int next)
{
    bool in = next >= 0 && gh_class_bits_has(&b->classes->bits[edge->set], (unsigned)next);
    return in != edge->negated;
}

static void visit(builder *b, uint16_t state)
{
    if (!take_bit(b->seen, state))
        b->pending[b->n_pending++] = state;
}

/* Everything that can be reached from `from` without taking a code point. next == NO_NEXT: edges that look ahead
 * stay in the set. */
static void reach(builder *b, uint16_t from, uint32_t before, int next)
{
    visit(b, from);
    while (b->n_pending > 0) {
        uint16_t at = b->pending[--b->n_pending];
        const gh_state *state = &b->nfa->states[at];
        b->left -= b->left > 0;
        switch ((enum gh_state_kind)state->kind) {
        case GH_STATE_SPLIT:
            visit(b, state->other);
            visit(b, state->out);
            break;
        case GH_STATE_EDGE:
            if (!state->behind && next == NO_NEXT)
                (void)take_bit(b->in, at);
            else if (state->behind ? holds_behind(b, state, before) : holds_ahead(b, state, next))
                visit(b, state->out);
            break;
        case GH_STATE_MATCH:
            b->found = true;
            break;
        case GH_STATE_SET:
            (void)take_bit(b->in, at);
            break;
        }
    }
}

/* Writes `in` as a list to members; how many. */
static unsigned list_members(builder *b)
{
    unsigned n = 0;
    size_t words = words_of(b);
    for (size_t w = 0; w < words; w++)
        for (uint64_t bits = b->in[w]; bits != 0; bits &= bits - 1)
            b->members[n++] = (uint16_t)(w * 64 + (unsigned)__builtin_ctzll(bits));
    b->left -= b->left > words ? words : b->left;
    return n;
}

static bool same(const dfa_state *a, const dfa_state *b)
{
    if (a->n != b->n || a->before != b->before)
        return false;
    for (unsigned i = 0; i < a->n; i++)
        if (a->items[i] != b->items[i])
            return false;
    return true;
}

static uint32_t hash_of(const dfa_state *s)
{
    uint32_t h = 2166136261u ^ s->before;
    for (unsigned i = 0; i < s->n; i++)
        h = (h ^ s->items[i]) * 16777619u;
    return (h ^ h >> 15) % HASH_SIZE;
}

/* The number of the state whose members are in `in`; *ret_ok false: over a limit. An empty set is a state too: the pattern may begin later. */
static uint16_t intern(builder *b, uint32_t before, bool *ret_ok)
{
    if (b->found)
        return FOUND;
    dfa_state s = {.items = b->members, .n = (uint16_t)list_members(b)};
    for (unsigned i = 0; i < s.n; i++)
        s.looks_ahead = s.looks_ahead || b->nfa->states[s.items[i]].kind == GH_STATE_EDGE;
    s.before = s.looks_ahead ? before : 0;
    uint32_t hash = hash_of(&s);
    for (uint16_t i = b->hash[hash]; i != 0; i = b->chain[i])
        if (same(&b->states[i], &s))
            return i;
    uint16_t *items = gh_arena_array(b->arena, s.n, sizeof *items);
    *ret_ok =
        items != NULL && b->n < GH_DFA_STATES_MAX && b->left > 0 && b->n_cells + b->width <= GH_DFA_CELLS_MAX;
    if (!*ret_ok)
        return DEAD;
    memcpy(items, s.items, s.n * sizeof *items);
    s.items = items;
    b->states[b->n] = s;
    b->chain[b->n] = b->hash[hash];
    b->hash[hash] = (uint16_t)b->n;
    b->n_cells += b->width;
    return (uint16_t)b->n++;
}

/* The set of states that are there once what looks ahead has seen `next`: in `in`. */
static void look_ahead(builder *b, const dfa_state *from, int next)
{
    clear(b, b->in);
    clear(b, b->seen);
    for (unsigned i = 0; i < from->n; i++) {
        const gh_state *state = &b->nfa->states[from->items[i]];
        if (state->kind == GH_STATE_SET)
            (void)take_bit(b->in, from->items[i]);
        else if (holds_ahead(b, state, next))
            reach(b, state->out, from->before, next);
    }
}

/* Where a code point of the class leads to. */
static uint16_t step(builder *b, dfa_state from, unsigned class, bool *ret_ok)
{
    uint32_t before = before_of(b, class);
    b->found = false;
    unsigned n = from.n;
    const uint16_t *items = from.items;
    if (from.looks_ahead) {
        look_ahead(b, &from, (int)class);
        if (b->found)
            return FOUND;
        n = list_members(b);
        items = b->members;
    }
    clear(b, b->in);
    clear(b, b->seen);
    for (unsigned i = 0; i < n; i++) {
        const gh_state *state = &b->nfa->states[items[i]];
        if (gh_class_bits_has(&b->classes->bits[state->set], class))
            reach(b, state->out, before, NO_NEXT);
    }
    b->left -= b->left > n ? n : b->left;
    reach(b, b->nfa->start, before, NO_NEXT); /* it may begin anywhere */
    return intern(b, before, ret_ok);
}

/* May the subject end in that state? */
static uint16_t at_end(builder *b, const dfa_state *from)
{
    b->found = false;
    if (from->looks_ahead)
        look_ahead(b, from, NEXT_IS_END);
    return b->found;
}

/* The sets that edges looking behind ask about. */
static bool gather_behind(builder *b)
{
    for (unsigned i = 0; i < b->nfa->n; i++) {
        const gh_state *state = &b->nfa->states[i];
        unsigned k = 0;
        if (state->kind != GH_STATE_EDGE || !state->behind)
            continue;
        while (k < b->n_behind && b->behind[k] != state->set)
            k++;
        if (k == BEHIND_SETS_MAX)
            return false;
        if (k == b->n_behind)
            b->behind[b->n_behind++] = state->set;
    }
    return true;
}

static bool init(builder *b)
{
    size_t words = words_of(b);
    b->states = gh_arena_array(b->arena, GH_DFA_STATES_MAX, sizeof *b->states);
    b->hash = gh_arena_array(b->arena, HASH_SIZE, sizeof *b->hash);
    b->chain = gh_arena_array(b->arena, GH_DFA_STATES_MAX, sizeof *b->chain);
    b->table = gh_arena_array(b->arena, GH_DFA_CELLS_MAX, sizeof *b->table);
    b->in = gh_arena_array(b->arena, words, sizeof *b->in);
    b->seen = gh_arena_array(b->arena, words, sizeof *b->seen);
    b->pending = gh_arena_array(b->arena, b->nfa->n, sizeof *b->pending);
    b->members = gh_arena_array(b->arena, b->nfa->n, sizeof *b->members);
    b->n = FIRST_STATE;
    b->width = b->classes->n + 1;
    b->n_cells = (size_t)FIRST_STATE * b->width;
    b->left = STEPS_MAX;
    return b->states != NULL && b->hash != NULL && b->chain != NULL && b->table != NULL && b->in != NULL &&
           b->seen != NULL && b->pending != NULL && b->members != NULL && gather_behind(b);
}

/* States that can lead nowhere become DEAD, so that a match ends early. */
static void bury(builder *b)
{
    enum { ROUNDS_MAX = 256 };
    bool *alive = gh_arena_array(b->arena, b->n, sizeof *alive), more = alive != NULL;
    for (unsigned round = 0; more; round++) {
        if (round == ROUNDS_MAX)
            return; /* only slower */
        more = false;
        for (unsigned i = b->n; i-- > FIRST_STATE;) {
            const uint16_t *row = b->table + (size_t)i * b->width;
            for (unsigned k = 0; k < b->width && !alive[i]; k++)
                more |= alive[i] = row[k] == FOUND || (k + 1 < b->width && alive[row[k]]);
        }
    }
    for (size_t i = (size_t)FIRST_STATE * b->width; alive != NULL && i < b->n_cells; i++)
        if (b->table[i] >= FIRST_STATE && !alive[b->table[i]])
            b->table[i] = DEAD;
}

static bool export(builder *b, uint16_t start, gh_arena *own, gh_dfa *ret)
{
    uint16_t *table = gh_arena_array(own, b->n_cells, sizeof *table);
    gh_class_run *runs = gh_arena_array(own, b->classes->n_runs, sizeof *runs);
    if (table == NULL || runs == NULL)
        return false;
    for (size_t i = 0; i < b->n_cells; i++)
        table[i] = (uint16_t)(b->table[i] * (i % b->width == b->width - 1 ? 1u : b->width));
    memcpy(runs, b->classes->runs, b->classes->n_runs * sizeof *runs);
    *ret = (gh_dfa){.table = table,
                    .n_cells = b->n_cells,
                    .runs = runs,
                    .n_runs = b->classes->n_runs,
                    .width = (uint16_t)b->width,
                    .start = (uint16_t)(start * b->width)};
    for (uint32_t c = 0; c < 128; c++)
        ret->ascii[c] = (uint8_t)gh_class_of(runs, ret->n_runs, c);
    return true;
}

bool gh_dfa_build(const gh_nfa *nfa, gh_arena *arena, gh_arena *own, gh_dfa *ret)
{
    builder b = {.nfa = nfa, .classes = nfa->classes, .arena = arena};
    bool ok = true;
    if (!init(&b))
        return false;
    reach(&b, nfa->start, 0, NO_NEXT);
    uint16_t start = intern(&b, 0, &ok);
    b.table[(size_t)FOUND * b.width + b.width - 1] = FOUND;
    for (unsigned i = FIRST_STATE; i < b.n && ok; i++) {
        uint16_t *row = b.table + (size_t)i * b.width;
        row[b.width - 1] = at_end(&b, &b.states[i]);
        for (unsigned class = 0; class + 1 < b.width && ok; class ++)
            row[class] = step(&b, b.states[i], class, &ok);
        ok = ok && b.left > 0;
    }
    if (!ok)
        return false;
    bury(&b);
    return export(&b, start, own, ret);
}

bool gh_dfa_match(const gh_dfa *dfa, gh_str subject, size_t *ret_read)
{
    const char *at = subject.p, *end = subject.p == NULL ? NULL : subject.p + subject.n;
    const uint16_t *table = dfa->table;
    unsigned state = dfa->start, last_special = dfa->width;
    while (at < end && state > last_special) {
        if (gh_likely((*at & 0x80) == 0))
            state = table[state + dfa->ascii[(uint8_t)*at++]];
        else
            state = table[state + gh_class_of(dfa->runs, dfa->n_runs, gh_code_point_next(&at, end))];
    }
    if (ret_read != NULL)
        *ret_read = (size_t)(at - subject.p);
    return table[state + last_special - 1] != 0;
}
