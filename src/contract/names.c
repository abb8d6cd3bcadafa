#include "contract/names.h"

gh_str gh_names_at(const gh_names *names, uint32_t item)
{
    gh_str name;
    memcpy(&name, names->items + item * names->stride, sizeof name);
    return name;
}

/* By bytes, a prefix before what it begins. */
static int compare(gh_str a, gh_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* from[low, middle) and from[middle, high) into to: equal names stay as they came. */
static void merge(const gh_names *names, const uint32_t *from, uint32_t *to, size_t low, size_t middle,
                  size_t high)
{
    size_t left = low, right = middle;
    for (size_t at = low; at < high; at++) {
        bool takes_left = left < middle && (right == high || compare(gh_names_at(names, from[left]),
                                                                     gh_names_at(names, from[right])) <= 0);
        to[at] = takes_left ? from[left++] : from[right++];
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool gh_names_init(gh_names *names, const void *items, size_t stride, unsigned n, gh_arena *arena)
{
    *names = (gh_names){.items = items, .stride = stride, .n = n};
    uint32_t *from = gh_arena_array(arena, n, sizeof *from), *to = gh_arena_array(arena, n, sizeof *to);
    if (from == NULL || to == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++)
        from[i] = i;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width)
            merge(names, from, to, low, least(low + width, n), least(low + 2 * width, n));
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    names->order = from;
    return true;
}

/* The first place whose name is not before `name`; `past`: whose first bytes are after it. */
static unsigned bound(const gh_names *names, gh_str name, bool past)
{
    unsigned low = 0, high = names->n;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        gh_str at = gh_names_at(names, names->order[middle]);
        int order = compare(past ? gh_str_cut(at, 0, name.n) : at, name);
        if (order < 0 || (past && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const uint32_t *gh_names_below(const gh_names *names, gh_str prefix, unsigned *ret_n)
{
    unsigned low = bound(names, prefix, false);
    *ret_n = bound(names, prefix, true) - low;
    return names->order + low;
}

const uint32_t *gh_names_find(const gh_names *names, gh_str name, unsigned *ret_n)
{
    unsigned n;
    const uint32_t *items = gh_names_below(names, name, &n);
    *ret_n = 0;
    while (*ret_n < n && gh_names_at(names, items[*ret_n]).n == name.n)
        (*ret_n)++;
    return items;
}
