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

/* The first entry whose hash is not below. */
static const gh_json_entry *first_from(const gh_json_entry *entries, size_t n, uint32_t hash)
{
    while (n > 0) {
        size_t half = n / 2;
        if (entries[half].hash < hash) {
            entries += half + 1;
            n -= half + 1;
        } else
            n = half;
    }
    return entries;
}

static const gh_json *get_indexed(const gh_json *object, gh_str key, uint32_t hash)
{
    const gh_json_entry *end = object->first->index + object->n;
    for (const gh_json_entry *e = first_from(object->first->index, object->n, hash); e < end; e++) {
        if (e->hash != hash)
            break;
        if (gh_str_eq(e->member->key, key))
            return e->member;
    }
    return NULL;
}

const gh_json *gh_json_get(const gh_json *object, gh_str key)
{
    if (object == NULL || object->type != GH_JSON_OBJECT || object->first == NULL)
        return NULL;
    uint32_t hash = gh_json_hash(key);
    if (object->first->index != NULL)
        return get_indexed(object, key, hash);
    for (const gh_json *m = object->first; m != NULL; m = m->next) {
        if (is_named(m, key, hash))
            return m;
    }
    return NULL;
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

/* Indexes of the same names have them in the same order. */
static bool equal_indexed(const gh_json *a, const gh_json *b, unsigned depth)
{
    const gh_json_entry *x = a->first->index, *y = b->first->index;
    for (uint32_t i = 0; i < a->n; i++) {
        if (!is_named(x[i].member, y[i].member->key, y[i].hash) || !equal(x[i].member, y[i].member, depth))
            return false;
    }
    return true;
}

static bool equal_members(const gh_json *a, const gh_json *b, unsigned depth)
{
    if (a->n > 0 && a->first->index != NULL && b->first->index != NULL)
        return equal_indexed(a, b, depth);
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
