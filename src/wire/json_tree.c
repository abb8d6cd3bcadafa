#include "wire/decimal.h"
#include "wire/json.h"

static uint64_t load(const char *p, size_t n)
{
    uint64_t word = 0;
    memcpy(&word, p, n);
    return word;
}

/* The last bytes of a key, up to seven; its length is in the hash already, so overlapping does no harm. */
static uint64_t load_rest(gh_str key, size_t from)
{
    size_t n = key.n - from;
    const char *p = key.p + from;
    if (key.n >= 8)
        return load(key.p + key.n - 8, 8);
    if (n >= 4)
        return load(p, 4) | load(p + n - 4, 4) << 32;
    return (uint64_t)(uint8_t)p[0] | (uint64_t)(uint8_t)p[n / 2] << 8 | (uint64_t)(uint8_t)p[n - 1] << 16;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

uint32_t gh_json_hash(gh_str key)
{
    uint64_t h = key.n;
    size_t i = 0;
    for (; key.n - i >= 8; i += 8)
        h = mix(h, load(key.p + i, 8));
    if (i < key.n)
        h = mix(h, load_rest(key, i));
    return (uint32_t)h;
}

static bool is_named(const gh_json *member, gh_str key, uint32_t hash)
{
    return member->key_hash == hash && gh_str_eq(member->key, key);
}

const gh_json *gh_json_get(const gh_json *object, gh_str key)
{
    if (object == NULL || object->type != GH_JSON_OBJECT || object->first == NULL)
        return NULL;
    uint32_t hash = gh_json_hash(key);
    for (const gh_json *m = object->first; m != NULL; m = m->next) {
        if (is_named(m, key, hash))
            return m;
    }
    return NULL;
}

/* Order of members on a ring. */
static int compare_names(const gh_json *a, const gh_json *b)
{
    if (a->key_hash != b->key_hash)
        return a->key_hash < b->key_hash ? -1 : 1;
    if (a->key.n != b->key.n)
        return a->key.n < b->key.n ? -1 : 1;
    return a->key.n == 0 ? 0 : memcmp(a->key.p, b->key.p, a->key.n);
}

/* Few members: no hash twice means no name twice. One bit of 512 a hash finds that out at once, mostly. */
static const gh_json *twice_among_few(const gh_json *object)
{
    uint64_t seen[8] = {0};
    for (const gh_json *m = object->first; m != NULL; m = m->next) {
        uint64_t bit = UINT64_C(1) << (m->key_hash & 63);
        uint64_t *word = &seen[m->key_hash >> 6 & 7];
        for (const gh_json *e = object->first; (*word & bit) != 0 && e != m; e = e->next) {
            if (is_named(e, m->key, m->key_hash))
                return m;
        }
        *word |= bit;
    }
    return NULL;
}

/* Merges two lists over `ring`, each ending with NULL. Stable: of equal ones, a's comes first. */
static gh_json *merge(gh_json *a, gh_json *b)
{
    gh_json *head = NULL, **end = &head;
    while (a != NULL && b != NULL) {
        gh_json **from = compare_names(a, b) <= 0 ? &a : &b;
        *end = *from;
        end = &(*from)->ring;
        *from = *end;
    }
    *end = a != NULL ? a : b;
    return head;
}

enum { BUCKET_BITS = 8, BUCKETS = 1 << BUCKET_BITS, LEVELS = 32 };

/* Bottom-up: runs[i] is empty or has 2^i members. */
static gh_json *sort_list(gh_json *list)
{
    gh_json *runs[LEVELS] = {NULL};
    gh_json *sorted = NULL;
    if (list == NULL || list->ring == NULL)
        return list;
    while (list != NULL) {
        gh_json *run = list;
        list = list->ring;
        run->ring = NULL;
        size_t i = 0;
        for (; runs[i] != NULL; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (size_t i = 0; i < LEVELS; i++)
        sorted = merge(runs[i], sorted);
    return sorted;
}

/* By the top bits of the hash first, which leaves little to be merged unless somebody made the hashes so. */
static void distribute(gh_json *object, gh_json *buckets[BUCKETS])
{
    gh_json **ends[BUCKETS];
    for (size_t i = 0; i < BUCKETS; i++)
        ends[i] = &buckets[i];
    for (gh_json *m = object->first; m != NULL; m = m->next) {
        size_t i = m->key_hash >> (32 - BUCKET_BITS);
        *ends[i] = m;
        ends[i] = &m->ring;
    }
    for (size_t i = 0; i < BUCKETS; i++)
        *ends[i] = NULL;
}

static const gh_json *sort_members(gh_json *object)
{
    gh_json *buckets[BUCKETS];
    gh_json *head = NULL, *last = NULL;
    const gh_json *twice = NULL;
    distribute(object, buckets);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (gh_json *m = sort_list(buckets[i]); m != NULL; m = m->ring) {
            if (last == NULL)
                head = m;
            else if (compare_names(last, m) == 0 && (twice == NULL || m->at < twice->at))
                twice = m;
            if (last != NULL)
                last->ring = m;
            last = m;
        }
    }
    if (last != NULL)
        last->ring = head;
    return twice;
}

const gh_json *gh_json_twice(gh_json *object)
{
    return object->n <= GH_JSON_FEW ? twice_among_few(object) : sort_members(object);
}

static bool equal(const gh_json *a, const gh_json *b, unsigned depth);

static bool equal_items(const gh_json *a, const gh_json *b, unsigned depth)
{
    const gh_json *x = a->first, *y = b->first;
    for (; x != NULL && y != NULL; x = x->next, y = y->next) {
        if (!equal(x, y, depth))
            return false;
    }
    return x == y;
}

/* Of a sorted object: the member of the name, looked for from `at` on round the ring. */
static const gh_json *find_on_ring(const gh_json *at, const gh_json *like)
{
    const gh_json *m = at;
    do {
        if (is_named(m, like->key, like->key_hash))
            return m;
        m = m->ring;
    } while (m != at);
    return NULL;
}

/* Both rings have one order: where they meet once they meet everywhere, or the names differ. */
static bool equal_rings(const gh_json *a, const gh_json *b, unsigned depth)
{
    const gh_json *x = a->first, *y = find_on_ring(b->first, x);
    for (uint32_t i = 0; i < a->n; i++, x = x->ring, y = y->ring) {
        if (y == NULL || !is_named(x, y->key, y->key_hash) || !equal(x, y, depth))
            return false;
    }
    return true;
}

static bool equal_members(const gh_json *a, const gh_json *b, unsigned depth)
{
    if (a->first != NULL && a->first->ring != NULL && b->first != NULL && b->first->ring != NULL)
        return equal_rings(a, b, depth);
    const gh_json *guess = b->first; /* most often the order is the same */
    for (const gh_json *x = a->first; x != NULL; x = x->next) {
        const gh_json *y =
            guess != NULL && is_named(guess, x->key, x->key_hash) ? guess : gh_json_get(b, x->key);
        if (y == NULL || !equal(x, y, depth))
            return false;
        guess = y->next;
    }
    return true;
}

static bool equal(const gh_json *a, const gh_json *b, unsigned depth)
{
    if (a->type != b->type)
        return false;
    switch ((enum gh_json_type)a->type) {
    case GH_JSON_NUMBER:
        return gh_str_eq(a->text, b->text) || gh_decimal_compare(a->text, b->text) == 0;
    case GH_JSON_STRING:
        return gh_str_eq(a->text, b->text);
    case GH_JSON_ARRAY:
        return a->n == b->n && depth > 0 && equal_items(a, b, depth - 1);
    case GH_JSON_OBJECT:
        return a->n == b->n && depth > 0 && equal_members(a, b, depth - 1);
    case GH_JSON_NULL:
    case GH_JSON_FALSE:
    case GH_JSON_TRUE:
        break;
    }
    return true;
}

bool gh_json_equal(const gh_json *a, const gh_json *b)
{
    return equal(a, b, GH_JSON_DEPTH_MAX);
}
