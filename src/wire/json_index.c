/* Members of an object in order: no name twice, and a fast way to each. */
#include "wire/json.h"

enum {
    MEMBERS_A_BUCKET = 4, /* or more */
    BUCKET_BITS_MAX = 16,
    INSERTION = 12 /* so many are sorted by insertion */
};

/* Few members: no hash twice means no name twice. One bit of 512 a hash finds that out at once, mostly. */
static const gh_json *twice_among_few(const gh_json *object)
{
    uint64_t seen[8] = {0};
    for (const gh_json *m = object->first; m != NULL; m = m->next) {
        uint64_t bit = UINT64_C(1) << (m->key_hash & 63);
        uint64_t *word = &seen[m->key_hash >> 6 & 7];
        for (const gh_json *e = object->first; (*word & bit) != 0 && e != m; e = e->next) {
            if (e->key_hash == m->key_hash && gh_str_eq(e->key, m->key))
                return m;
        }
        *word |= bit;
    }
    return NULL;
}

static int compare_names(const gh_json_entry *a, const gh_json_entry *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    gh_str x = a->member->key, y = b->member->key;
    if (x.n != y.n)
        return x.n < y.n ? -1 : 1;
    return x.n == 0 ? 0 : memcmp(x.p, y.p, x.n);
}

static void sort_few(gh_json_entry *entries, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        gh_json_entry e = entries[i];
        size_t k = i;
        for (; k > 0 && compare_names(&entries[k - 1], &e) > 0; k--)
            entries[k] = entries[k - 1];
        entries[k] = e;
    }
}

/* Two neighbours of `n` and `m` sorted entries, over a scratch of n. Stable. */
static void merge(gh_json_entry *entries, size_t n, size_t m, gh_json_entry *scratch)
{
    gh_json_entry *a = scratch, *b = entries + n, *to = entries;
    gh_json_entry *a_end = a + n, *b_end = b + m;
    memcpy(scratch, entries, n * sizeof *scratch);
    while (a < a_end && b < b_end)
        *to++ = compare_names(a, b) <= 0 ? *a++ : *b++;
    if (a < a_end)
        memcpy(to, a, (size_t)(a_end - a) * sizeof *a);
}

/* Runs of INSERTION, then merged two by two. */
static void sort_many(gh_json_entry *entries, size_t n, gh_json_entry *scratch)
{
    for (size_t i = 0; i < n; i += INSERTION)
        sort_few(entries + i, n - i < INSERTION ? n - i : INSERTION);
    for (size_t run = INSERTION; run < n; run *= 2) {
        for (size_t i = 0; run < n - i; i += 2 * run) {
            size_t rest = n - i - run;
            merge(entries + i, run, rest < run ? rest : run, scratch);
            if (rest <= run)
                break;
        }
    }
}

/* ends[i]: where the entries of bucket i end, when the hash's top bits name the bucket. */
static void distribute(const gh_json *object, gh_json_entry *entries, uint32_t *ends, unsigned bits)
{
    unsigned shift = 32 - bits;
    uint32_t sum = 0;
    for (const gh_json *m = object->first; m != NULL; m = m->next)
        ends[m->key_hash >> shift]++;
    for (size_t i = 0; i < (size_t)1 << bits; i++) {
        uint32_t n = ends[i];
        ends[i] = sum;
        sum += n;
    }
    for (const gh_json *m = object->first; m != NULL; m = m->next)
        entries[ends[m->key_hash >> shift]++] = (gh_json_entry){m, m->key_hash};
}

/* Sorts each bucket. False: no memory left. */
static bool sort_buckets(gh_json_entry *entries, const uint32_t *ends, size_t buckets, gh_arena *arena)
{
    gh_json_entry *scratch = NULL;
    size_t room = 0;
    for (size_t i = 0, from = 0; i < buckets; from = ends[i++]) {
        size_t n = ends[i] - from;
        if (n <= INSERTION) {
            sort_few(entries + from, n);
            continue;
        }
        if (n > room) {
            room = n > 2 * room ? n : 2 * room;
            scratch = gh_arena_alloc(arena, room * sizeof *scratch);
        }
        if (scratch == NULL)
            return false;
        sort_many(entries + from, n, scratch);
    }
    return true;
}

static const gh_json *find_twice(const gh_json_entry *entries, size_t n)
{
    const gh_json *twice = NULL;
    for (size_t i = 1; i < n; i++) {
        if (entries[i].hash != entries[i - 1].hash || compare_names(&entries[i - 1], &entries[i]) != 0)
            continue;
        if (twice == NULL || entries[i].member->at < twice->at)
            twice = entries[i].member;
    }
    return twice;
}

static bool index_many(gh_json *object, gh_arena *arena, const gh_json **ret_twice)
{
    unsigned bits = 1;
    while (bits < BUCKET_BITS_MAX && object->n >> bits > MEMBERS_A_BUCKET)
        bits++;
    size_t buckets = (size_t)1 << bits;
    gh_json_entry *entries = gh_arena_alloc(arena, object->n * sizeof *entries);
    uint32_t *ends = gh_arena_array(arena, buckets, sizeof *ends);
    if (entries == NULL || ends == NULL)
        return false;
    distribute(object, entries, ends, bits);
    if (!sort_buckets(entries, ends, buckets, arena))
        return false;
    *ret_twice = find_twice(entries, object->n);
    object->first->index = entries;
    return true;
}

bool gh_json_index(gh_json *object, gh_arena *arena, const gh_json **ret_twice)
{
    if (object->n > GH_JSON_FEW)
        return index_many(object, arena, ret_twice);
    *ret_twice = object->n > 1 ? twice_among_few(object) : NULL;
    return true;
}
