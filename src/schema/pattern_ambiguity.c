#include "schema/pattern_ambiguity.h"

enum { STATES_MAX = 1500, PLACES_MAX = 500, STEPS_MAX = 30 * 1000 * 1000 };

/* A place is a state that takes a code point; going from place to place is the pattern without its empty steps. */
typedef struct search {
    const gh_nfa *nfa;
    gh_arena *arena;
    unsigned n;               /* places */
    uint16_t *place_of;       /* of a state */
    uint16_t *state_of;       /* of a place */
    uint8_t *ways;            /* n * n: in how many ways one follows the other: 0, 1 or 2 for more */
    uint64_t *reach;          /* n rows of bits: what can be reached with one code point or more */
    size_t words;             /* of a row */
    uint16_t *after, *before; /* n lists of what follows, and of what comes before, each ended by n */
    const gh_node *part;
    size_t left; /* steps */
} search;

static bool reaches(const search *s, unsigned from, unsigned to)
{
    return (s->reach[from * s->words + to / 64] >> (to % 64) & 1) != 0;
}

/* Is there a way from each to the other? */
static bool together(const search *s, unsigned a, unsigned b)
{
    return reaches(s, a, b) && reaches(s, b, a);
}

static const gh_class_bits *bits_of(const search *s, unsigned place)
{
    return &s->nfa->classes->bits[s->nfa->states[s->state_of[place]].set];
}

static bool meet(const search *s, unsigned a, unsigned b)
{
    return a == b || gh_class_bits_meet(bits_of(s, a), bits_of(s, b));
}

static bool spend(search *s)
{
    s->left -= s->left > 0;
    return s->left > 0;
}

/* Counts the different ways without a code point from a state to each place: along paths that meet no state twice,
 * each state on at most two of them, which is enough to see that there is more than one. */
typedef struct walk {
    uint8_t *row;    /* of ways */
    uint8_t *visits; /* of a state */
    bool *on_path;   /* of a state */
    uint16_t *stack; /* states; on_path says whether one is to be left */
    unsigned depth;
} walk;

static void push(const search *s, walk *w, uint16_t state)
{
    if (s->nfa->states[state].kind == GH_STATE_SET) {
        uint8_t *ways = &w->row[s->place_of[state]];
        *ways = *ways == 0 ? 1 : 2;
    } else if (!w->on_path[state] && w->visits[state] < 2 && s->nfa->states[state].kind == GH_STATE_SPLIT) {
        w->visits[state]++;
        w->stack[w->depth++] = state;
    }
}

static void count_ways(const search *s, walk *w, uint16_t from)
{
    memset(w->visits, 0, s->nfa->n);
    push(s, w, from);
    while (w->depth > 0) {
        uint16_t at = w->stack[w->depth - 1];
        if (w->on_path[at]) {
            w->on_path[at] = false;
            w->depth--;
            continue;
        }
        w->on_path[at] = true;
        push(s, w, s->nfa->states[at].other);
        push(s, w, s->nfa->states[at].out);
    }
}

static bool find_ways(search *s)
{
    walk w = {.visits = gh_arena_array(s->arena, s->nfa->n, 1),
              .on_path = gh_arena_array(s->arena, s->nfa->n, sizeof *w.on_path),
              .stack = gh_arena_array(s->arena, (size_t)s->nfa->n * 4, sizeof *w.stack)};
    if (w.visits == NULL || w.on_path == NULL || w.stack == NULL)
        return false;
    for (unsigned p = 0; p < s->n; p++) {
        w.row = s->ways + (size_t)p * s->n;
        count_ways(s, &w, s->nfa->states[s->state_of[p]].out);
    }
    return true;
}

/* Warshall's algorithm over rows of bits. */
static void find_reach(search *s)
{
    for (unsigned p = 0; p < s->n; p++)
        for (unsigned q = 0; q < s->n; q++)
            if (s->ways[(size_t)p * s->n + q] > 0)
                s->reach[p * s->words + q / 64] |= UINT64_C(1) << (q % 64);
    for (unsigned k = 0; k < s->n; k++)
        for (unsigned p = 0; p < s->n; p++)
            if (reaches(s, p, k))
                for (size_t w = 0; w < s->words; w++)
                    s->reach[p * s->words + w] |= s->reach[k * s->words + w];
}

static void list_neighbours(search *s)
{
    for (unsigned p = 0; p < s->n; p++) {
        uint16_t *after = s->after + (size_t)p * (s->n + 1), *before = s->before + (size_t)p * (s->n + 1);
        for (unsigned q = 0; q < s->n; q++) {
            if (s->ways[(size_t)p * s->n + q] > 0)
                *after++ = (uint16_t)q;
            if (s->ways[(size_t)q * s->n + p] > 0)
                *before++ = (uint16_t)q;
        }
        *after = *before = (uint16_t)s->n;
    }
}

static bool init(search *s)
{
    s->place_of = gh_arena_array(s->arena, s->nfa->n, sizeof *s->place_of);
    s->state_of = gh_arena_array(s->arena, s->nfa->n, sizeof *s->state_of);
    if (s->place_of == NULL || s->state_of == NULL)
        return false;
    for (unsigned i = 0; i < s->nfa->n; i++) {
        if (s->nfa->states[i].kind != GH_STATE_SET)
            continue;
        s->place_of[i] = (uint16_t)s->n;
        s->state_of[s->n++] = (uint16_t)i;
    }
    s->words = (s->n + 63) / 64;
    s->left = STEPS_MAX;
    if (s->n > PLACES_MAX)
        return false;
    s->ways = gh_arena_array(s->arena, (size_t)s->n * s->n, 1);
    s->reach = gh_arena_array(s->arena, s->n * s->words, sizeof *s->reach);
    s->after = gh_arena_array(s->arena, (size_t)s->n * (s->n + 1), sizeof *s->after);
    s->before = gh_arena_array(s->arena, (size_t)s->n * (s->n + 1), sizeof *s->before);
    if (s->ways == NULL || s->reach == NULL || s->after == NULL || s->before == NULL || !find_ways(s))
        return false;
    find_reach(s);
    list_neighbours(s);
    return true;
}

/* A search through pairs of places that are reached by the same word. */
typedef struct pairs {
    uint8_t *seen; /* n * n */
    uint32_t *queue;
    size_t n, at;
} pairs;

static void push_pair(const search *s, pairs *q, unsigned a, unsigned b)
{
    uint32_t pair = (uint32_t)(a * s->n + b);
    if (q->seen[pair] == 0) {
        q->seen[pair] = 1;
        q->queue[q->n++] = pair;
    }
}

/* From all equal pairs, forward or back, within loops. False: too many steps. */
static bool spread(search *s, pairs *q, bool forward)
{
    const uint16_t *lists = forward ? s->after : s->before;
    for (unsigned p = 0; p < s->n; p++)
        if (reaches(s, p, p))
            push_pair(s, q, p, p);
    while (q->at < q->n) {
        unsigned a = q->queue[q->at] / s->n, b = q->queue[q->at] % s->n;
        q->at++;
        if (!forward && !meet(s, a, b))
            continue;
        for (const uint16_t *x = lists + (size_t)a * (s->n + 1); *x < s->n; x++) {
            if (!together(s, a, *x))
                continue;
            for (const uint16_t *y = lists + (size_t)b * (s->n + 1); *y < s->n; y++) {
                if (!spend(s))
                    return false;
                if (together(s, b, *y) && (!forward || meet(s, *x, *y)))
                    push_pair(s, q, *x, *y);
            }
        }
    }
    return true;
}

static enum gh_ambiguity blame(search *s, unsigned place, enum gh_ambiguity what)
{
    s->part = s->nfa->states[s->state_of[place]].loop;
    return what;
}

static enum gh_ambiguity find_exponential(search *s)
{
    size_t n = (size_t)s->n * s->n;
    for (unsigned p = 0; p < s->n; p++)
        for (unsigned q = 0; q < s->n; q++)
            if (s->ways[(size_t)p * s->n + q] > 1 && reaches(s, q, p))
                return blame(s, p, GH_AMBIGUITY_EXPONENTIAL);
    pairs ahead = {.seen = gh_arena_array(s->arena, n, 1), .queue = gh_arena_array(s->arena, n, 4)};
    pairs back = {.seen = gh_arena_array(s->arena, n, 1), .queue = gh_arena_array(s->arena, n, 4)};
    if (ahead.seen == NULL || ahead.queue == NULL || back.seen == NULL || back.queue == NULL)
        return GH_AMBIGUITY_TOO_LARGE;
    if (!spread(s, &ahead, true) || !spread(s, &back, false))
        return GH_AMBIGUITY_TOO_LARGE;
    for (unsigned p = 0; p < s->n; p++)
        for (unsigned q = 0; q < s->n; q++)
            if (p != q && ahead.seen[(size_t)p * s->n + q] && back.seen[(size_t)p * s->n + q])
                return blame(s, p, GH_AMBIGUITY_EXPONENTIAL);
    return GH_AMBIGUITY_BEARABLE;
}

/* From (p, p): what else can be reached by a word that leads from p back to p? Every place so reached that is in a
 * loop of its own can take what p takes. False: too many steps. */
static bool spread_from(search *s, pairs *q, unsigned p, bool *is_first, bool *is_later)
{
    memset(q->seen, 0, (size_t)s->n * s->n);
    q->n = q->at = 0;
    push_pair(s, q, p, p);
    while (q->at < q->n) {
        unsigned a = q->queue[q->at] / s->n, b = q->queue[q->at] % s->n;
        q->at++;
        if (a == p && !together(s, p, b) && reaches(s, b, b)) {
            is_first[p] = true;
            is_later[b] = true;
        }
        for (const uint16_t *x = s->after + (size_t)a * (s->n + 1); *x < s->n; x++) {
            if (!together(s, p, *x))
                continue;
            for (const uint16_t *y = s->after + (size_t)b * (s->n + 1); *y < s->n; y++) {
                if (!spend(s))
                    return false;
                if (meet(s, *x, *y))
                    push_pair(s, q, *x, *y);
            }
        }
    }
    return true;
}

/* Three loops in a row: a place in a loop that shares with one before and with one behind. A place stands for all
 * of its loop. */
static enum gh_ambiguity find_polynomial(search *s)
{
    size_t n = (size_t)s->n * s->n;
    pairs q = {.seen = gh_arena_array(s->arena, n, 1), .queue = gh_arena_array(s->arena, n, 4)};
    bool *is_first = gh_arena_array(s->arena, s->n, 1), *is_later = gh_arena_array(s->arena, s->n, 1);
    if (q.seen == NULL || q.queue == NULL || is_first == NULL || is_later == NULL)
        return GH_AMBIGUITY_TOO_LARGE;
    for (unsigned p = 0; p < s->n; p++)
        if (reaches(s, p, p) && !spread_from(s, &q, p, is_first, is_later))
            return GH_AMBIGUITY_TOO_LARGE;
    for (unsigned p = 0; p < s->n; p++)
        for (unsigned other = 0; other < s->n; other++)
            if (is_later[p] && is_first[other] && (p == other || together(s, p, other)))
                return blame(s, p, GH_AMBIGUITY_POLYNOMIAL);
    return GH_AMBIGUITY_BEARABLE;
}

enum gh_ambiguity gh_ambiguity_find(const gh_node *root, const gh_classes *classes, gh_arena *arena,
                                    const gh_node **ret_part)
{
    gh_nfa nfa;
    search s = {.nfa = &nfa, .arena = arena};
    *ret_part = NULL;
    if (!gh_nfa_build(root, classes, GH_NFA_LOOSE, arena, STATES_MAX, &nfa) || !init(&s))
        return GH_AMBIGUITY_TOO_LARGE;
    enum gh_ambiguity result = find_exponential(&s);
    if (result == GH_AMBIGUITY_BEARABLE)
        result = find_polynomial(&s);
    *ret_part = s.part;
    return result;
}
