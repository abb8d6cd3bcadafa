#include "schema/pattern_classes.h"

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

/* Every place where a set begins or ends, in order, once: as the beginnings of ranges. False: no memory left. */
static bool find_borders(const gh_classes *c, gh_arena *arena, gh_range_set *ret)
{
    gh_range_set all = {0};
    size_t kept = 0;
    bool ok = gh_range_set_add(&all, 0, 0, arena);
    for (unsigned i = 0; i < c->n_sets; i++)
        for (size_t k = 0; ok && k < c->sets[i].n; k++)
            ok = gh_range_set_add(&all, c->sets[i].items[k].from, 0, arena) &&
                 gh_range_set_add(&all, c->sets[i].items[k].to + 1, 0, arena);
    if (!ok)
        return false;
    gh_ranges_sort(all.items, all.n);
    for (size_t i = 0; i < all.n; i++)
        if (all.items[i].from <= GH_CODE_POINT_MAX &&
            (i == 0 || all.items[i].from != all.items[kept - 1].from))
            all.items[kept++] = all.items[i];
    all.n = kept;
    *ret = all;
    return true;
}

typedef struct split {
    const gh_range *borders; /* where runs begin */
    uint16_t *class;         /* of the run from each border on */
    size_t n;
    uint32_t total[GH_CLASSES_MAX]; /* runs in each class */
    unsigned classes;
} split;

/* The runs of one range: from *io_i on, which moves behind them. */
static bool next_run(const split *s, const gh_range_set *set, size_t *io_range, size_t *io_i)
{
    while (*io_range < set->n) {
        while (*io_i < s->n && s->borders[*io_i].from < set->items[*io_range].from)
            ++*io_i;
        if (*io_i < s->n && s->borders[*io_i].from <= set->items[*io_range].to)
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
            c->runs[c->n_runs++] = (gh_class_run){s->borders[i].from, (uint8_t)s->class[i]};
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
    gh_range_set borders;
    if (!find_borders(ret, arena, &borders))
        return false;
    s->borders = borders.items;
    s->n = borders.n;
    s->class = gh_arena_array(arena, s->n, sizeof *s->class);
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
