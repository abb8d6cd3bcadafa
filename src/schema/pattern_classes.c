#include "schema/pattern_classes.h"

#include <stdlib.h>

/* Equal sets are one. */
static bool add_set(gh_classes *c, gh_node *node)
{
    unsigned i = 0;
    while (i < c->n_sets && !gh_range_set_eq(&c->sets[i], node->set))
        i++;
    if (i == GH_CLASS_SETS_MAX)
        return false;
    node->set_index = (uint16_t)i;
    if (i == c->n_sets)
        c->sets[c->n_sets++] = *node->set;
    return true;
}

static bool gather(gh_classes *c, gh_node *node)
{
    if (node->set != NULL && !add_set(c, node))
        return false;
    for (gh_node *child = node->child; child != NULL; child = child->next)
        if (!gather(c, child))
            return false;
    return true;
}

static int by_value(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Every place where a set begins or ends, in order, once. NULL: no memory left. */
static uint32_t *find_borders(const gh_classes *c, gh_arena *arena, size_t *ret_n)
{
    size_t room = 1, n = 0, kept = 0;
    for (unsigned i = 0; i < c->n_sets; i++)
        room += 2 * c->sets[i].n;
    uint32_t *borders = gh_arena_array(arena, room, sizeof *borders);
    if (borders == NULL)
        return NULL;
    borders[n++] = 0;
    for (unsigned i = 0; i < c->n_sets; i++) {
        for (size_t k = 0; k < c->sets[i].n; k++) {
            borders[n++] = c->sets[i].items[k].from;
            borders[n++] = c->sets[i].items[k].to + 1;
        }
    }
    qsort(borders, n, sizeof *borders, by_value);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || borders[i] != borders[kept - 1])
            borders[kept++] = borders[i];
    if (kept > 1 && borders[kept - 1] > GH_CODE_POINT_MAX)
        kept--;
    *ret_n = kept;
    return borders;
}

typedef struct split {
    const uint32_t *borders;
    uint16_t *class; /* of the run from each border on */
    size_t n;
    uint32_t total[GH_CLASSES_MAX]; /* runs in each class */
    unsigned classes;
} split;

/* The runs of one range: from *io_i on, which moves behind them. */
static bool next_run(const split *s, const gh_range_set *set, size_t *io_range, size_t *io_i)
{
    while (*io_range < set->n) {
        while (*io_i < s->n && s->borders[*io_i] < set->items[*io_range].from)
            ++*io_i;
        if (*io_i < s->n && s->borders[*io_i] <= set->items[*io_range].to)
            return true;
        ++*io_range;
    }
    return false;
}

/* Parts every class into what is in the set and what is not. */
static bool split_by(split *s, const gh_range_set *set)
{
    uint32_t inside[GH_CLASSES_MAX] = {0};
    uint16_t to[GH_CLASSES_MAX] = {0};
    unsigned before = s->classes;
    for (size_t range = 0, i = 0; next_run(s, set, &range, &i); i++)
        inside[s->class[i]]++;
    for (unsigned k = 0; k < before; k++) {
        to[k] = (uint16_t)k;
        if (inside[k] == 0 || inside[k] == s->total[k])
            continue;
        if (s->classes == GH_CLASSES_MAX)
            return false;
        s->total[k] -= inside[k];
        s->total[s->classes] = inside[k];
        to[k] = (uint16_t)s->classes++;
    }
    for (size_t range = 0, i = 0; next_run(s, set, &range, &i); i++)
        s->class[i] = to[s->class[i]];
    return true;
}

static bool write_runs(gh_classes *c, const split *s, gh_arena *arena)
{
    c->runs = gh_arena_array(arena, s->n, sizeof *c->runs);
    c->bits = gh_arena_array(arena, c->n_sets, sizeof *c->bits);
    if (c->runs == NULL || c->bits == NULL)
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (c->n_runs == 0 || c->runs[c->n_runs - 1].class != s->class[i])
            c->runs[c->n_runs++] = (gh_class_run){s->borders[i], (uint8_t)s->class[i]};
    for (unsigned k = 0; k < c->n_sets; k++)
        for (size_t range = 0, i = 0; next_run(s, &c->sets[k], &range, &i); i++)
            c->bits[k].word[s->class[i] / 64] |= UINT64_C(1) << (s->class[i] % 64);
    return true;
}

bool gh_classes_of(gh_node *root, gh_arena *arena, gh_classes *ret)
{
    *ret = (gh_classes){.sets = gh_arena_array(arena, GH_CLASS_SETS_MAX, sizeof *ret->sets)};
    split *s = gh_arena_new(arena, split);
    if (ret->sets == NULL || s == NULL || !gather(ret, root))
        return false;
    s->borders = find_borders(ret, arena, &s->n);
    s->class = s->borders == NULL ? NULL : gh_arena_array(arena, s->n, sizeof *s->class);
    if (s->class == NULL)
        return false;
    s->classes = 1;
    s->total[0] = (uint32_t)s->n;
    for (unsigned i = 0; i < ret->n_sets; i++)
        if (!split_by(s, &ret->sets[i]))
            return false;
    ret->n = s->classes;
    return write_runs(ret, s, arena);
}
