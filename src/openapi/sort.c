/* The containers that reading and comparing documents need. */
#include "openapi/refs.h"

int gh_oa_compare_text(gh_str a, gh_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (order != 0)
        return order;
    return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

/* Merges from[low, middle) and from[middle, high) into to[low, high). */
static void merge(void **from, void **to, size_t low, size_t middle, size_t high, gh_oa_compare *compare)
{
    size_t a = low, b = middle;
    for (size_t i = low; i < high; i++) {
        bool first = b == high || (a < middle && compare(from[a], from[b]) <= 0);
        to[i] = first ? from[a++] : from[b++];
    }
}

bool gh_oa_sort(void **items, size_t n, gh_oa_compare *compare, gh_arena *arena)
{
    if (n < 2)
        return true;
    void **other = gh_arena_array(arena, n, sizeof *other), **from = items, **to = other;
    if (other == NULL)
        return false;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t middle = low + width < n ? low + width : n;
            size_t high = middle + width < n ? middle + width : n;
            merge(from, to, low, middle, high, compare);
        }
        void **swap = from;
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, n * sizeof *items);
    return true;
}

static size_t slot_of(const void *a, const void *b, size_t cap)
{
    uint64_t h = (uint64_t)(uintptr_t)a * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 29 ^ (uint64_t)(uintptr_t)b) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(h >> 32) & (cap - 1);
}

static gh_oa_set_entry *find_slot(gh_oa_set_entry *entries, size_t cap, const void *a, const void *b)
{
    size_t i = slot_of(a, b, cap);
    while (entries[i].a != NULL && (entries[i].a != a || entries[i].b != b))
        i = (i + 1) & (cap - 1);
    return &entries[i];
}

static bool grow(gh_oa_set *set, gh_arena *arena)
{
    size_t cap = set->cap == 0 ? 256 : set->cap * 2;
    gh_oa_set_entry *entries = gh_arena_array(arena, cap, sizeof *entries);
    if (entries == NULL)
        return false;
    for (size_t i = 0; i < set->cap; i++)
        if (set->entries[i].a != NULL)
            *find_slot(entries, cap, set->entries[i].a, set->entries[i].b) = set->entries[i];
    set->entries = entries;
    set->cap = cap;
    return true;
}

gh_oa_set_entry *gh_oa_set_at(gh_oa_set *set, const void *a, const void *b, gh_arena *arena)
{
    if (set->n * 2 >= set->cap && !grow(set, arena))
        return NULL;
    gh_oa_set_entry *entry = find_slot(set->entries, set->cap, a, b);
    if (entry->a == NULL) {
        *entry = (gh_oa_set_entry){.a = a, .b = b};
        set->n++;
    }
    return entry;
}
