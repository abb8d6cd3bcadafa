#include "schema/pattern_set.h"

enum { SURROGATE_FIRST = 0xd800, SURROGATE_LAST = 0xdfff };

bool gh_range_set_add(gh_range_set *set, uint32_t from, uint32_t to, gh_arena *arena)
{
    if (set->n == set->room) {
        size_t room = set->room == 0 ? 4 : set->room * 2;
        gh_range *items = gh_arena_array(arena, room, sizeof *items);
        if (items == NULL)
            return false;
        if (set->n > 0)
            memcpy(items, set->items, set->n * sizeof *items);
        set->items = items;
        set->room = room;
    }
    set->items[set->n++] = (gh_range){from, to};
    return true;
}

bool gh_range_set_add_all(gh_range_set *set, const gh_range *items, size_t n, gh_arena *arena)
{
    for (size_t i = 0; i < n; i++)
        if (!gh_range_set_add(set, items[i].from, items[i].to, arena))
            return false;
    return true;
}

/* Lets items[at] sink in the heap of n until nothing below it begins later. */
static void sink(gh_range *items, size_t at, size_t n)
{
    gh_range moving = items[at];
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && items[child + 1].from > items[child].from)
            child++;
        if (items[child].from <= moving.from)
            break;
        items[at] = items[child];
    }
    items[at] = moving;
}

/* Not qsort(): the C library's asks the system how much memory there is. */
void gh_ranges_sort(gh_range *items, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sink(items, i, n);
    for (size_t left = n; left > 1;) {
        gh_range last = items[--left];
        items[left] = items[0];
        items[0] = last;
        sink(items, 0, left);
    }
}

/* One range goes in as up to two, around the surrogates; joined to the last when it touches. */
static bool put(gh_range_set *to, gh_range range, gh_arena *arena)
{
    if (range.from < SURROGATE_FIRST && range.to > SURROGATE_LAST)
        return put(to, (gh_range){range.from, SURROGATE_FIRST - 1}, arena) &&
               put(to, (gh_range){SURROGATE_LAST + 1, range.to}, arena);
    if (range.from >= SURROGATE_FIRST && range.from <= SURROGATE_LAST)
        range.from = SURROGATE_LAST + 1;
    if (range.to >= SURROGATE_FIRST && range.to <= SURROGATE_LAST)
        range.to = SURROGATE_FIRST - 1;
    if (range.from > range.to)
        return true;
    gh_range *last = to->n == 0 ? NULL : &to->items[to->n - 1];
    if (last == NULL || range.from > last->to + 1)
        return gh_range_set_add(to, range.from, range.to, arena);
    if (range.to > last->to)
        last->to = range.to;
    return true;
}

bool gh_range_set_tidy(gh_range_set *set, gh_arena *arena)
{
    gh_range_set tidy = {0};
    gh_ranges_sort(set->items, set->n);
    for (size_t i = 0; i < set->n; i++)
        if (!put(&tidy, set->items[i], arena))
            return false;
    *set = tidy;
    return true;
}

bool gh_range_set_invert(const gh_range_set *set, gh_range_set *ret, gh_arena *arena)
{
    gh_range_set inverse = {0};
    uint32_t next = 0;
    for (size_t i = 0; i < set->n; i++) {
        if (set->items[i].from > next && !put(&inverse, (gh_range){next, set->items[i].from - 1}, arena))
            return false;
        next = set->items[i].to + 1;
    }
    if (next <= GH_CODE_POINT_MAX && !put(&inverse, (gh_range){next, GH_CODE_POINT_MAX}, arena))
        return false;
    *ret = inverse;
    return true;
}

bool gh_range_set_has(const gh_range_set *set, uint32_t c)
{
    size_t low = 0, high = set->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c > set->items[middle].to)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->n && c >= set->items[low].from;
}

bool gh_range_set_eq(const gh_range_set *a, const gh_range_set *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->items[i].from != b->items[i].from || a->items[i].to != b->items[i].to)
            return false;
    return true;
}

bool gh_range_set_is_all(const gh_range_set *set)
{
    return set->n == 2 && set->items[0].from == 0 && set->items[0].to == SURROGATE_FIRST - 1 &&
           set->items[1].from == SURROGATE_LAST + 1 && set->items[1].to == GH_CODE_POINT_MAX;
}
