#include "schema/evaluate.h"

/* "uniqueItems" in n log n, whatever the items: each is written in one normal form, and these are sorted. */

enum { FEW = 8 };

typedef int compare_fn(const void *a, const void *b);

/* Heap sort: in place, n log n always. */
static void sift(const void **items, size_t root, size_t n, compare_fn *compare)
{
    for (size_t child = 2 * root + 1; child < n; root = child, child = 2 * root + 1) {
        if (child + 1 < n && compare(items[child], items[child + 1]) < 0)
            child++;
        if (compare(items[root], items[child]) >= 0)
            return;
        const void *moved = items[root];
        items[root] = items[child];
        items[child] = moved;
    }
}

static void sort(const void **items, size_t n, compare_fn *compare)
{
    for (size_t i = n / 2; i > 0; i--)
        sift(items, i - 1, n, compare);
    for (size_t i = n; i > 1; i--) {
        const void *moved = items[0];
        items[0] = items[i - 1];
        items[i - 1] = moved;
        sift(items, 0, i - 1, compare);
    }
}

static int compare_texts(const void *a, const void *b)
{
    const gh_str *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    return x->n == 0 ? 0 : memcmp(x->p, y->p, x->n);
}

static int compare_names(const void *a, const void *b)
{
    const gh_json *x = a, *y = b;
    return compare_texts(&x->key, &y->key);
}

/* Room for a value's normal form: never more than this. */
static size_t room_for(const gh_json *v, unsigned depth)
{
    enum { OVERHEAD = 48 };
    size_t n = OVERHEAD + v->key.n;
    if (v->type == GH_JSON_STRING || v->type == GH_JSON_NUMBER)
        n += v->text.n;
    for (const gh_json *child = v->type >= GH_JSON_ARRAY && depth > 0 ? v->first : NULL; child != NULL;
         child = child->next)
        n += room_for(child, depth - 1);
    return n;
}

static void put_text(gh_buf *out, char kind, gh_str text)
{
    gh_buf_char(out, kind);
    gh_buf_u64(out, text.n);
    gh_buf_char(out, ':');
    gh_buf_put(out, text);
}

/* The value of an exponent, as far as it can matter for equality of numbers that were read. */
static int64_t exponent_of(gh_str text)
{
    bool minus = text.n > 0 && text.p[0] == '-';
    int64_t value = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (gh_is_digit(text.p[i]) && value < INT64_C(100000000000000000))
            value = value * 10 + (text.p[i] - '0');
    }
    return minus ? -value : value;
}

/* Sign, digits without zeros at either end, and the power of ten of the last digit. */
static void put_number(gh_buf *out, gh_str text)
{
    size_t mark = 0, start = out->n;
    while (mark < text.n && text.p[mark] != 'e' && text.p[mark] != 'E')
        mark++;
    int64_t power = mark < text.n ? exponent_of(gh_str_cut(text, mark + 1, text.n)) : 0;
    bool minus = text.n > 0 && text.p[0] == '-', fraction = false;
    gh_buf_char(out, minus ? '-' : '+');
    for (size_t i = minus; i < mark; i++) {
        if (text.p[i] == '.') {
            fraction = true;
            continue;
        }
        power -= fraction;
        if (text.p[i] != '0' || out->n > start + 1)
            gh_buf_char(out, text.p[i]);
    }
    while (out->n > start + 1 && out->p[out->n - 1] == '0') {
        out->n--;
        power++;
    }
    if (out->n == start + 1) {
        out->p[start] = '0';
        return;
    }
    gh_buf_printf(out, "e%lld;", (long long)power);
}

static bool put_normal(gh_schema_run *r, gh_buf *out, const gh_json *v, unsigned depth);

static bool put_members(gh_schema_run *r, gh_buf *out, const gh_json *v, unsigned depth)
{
    const void **members = gh_arena_array(r->scratch, v->n, sizeof *members);
    size_t n = 0;
    if (members == NULL)
        return gh_schema_stop(r, GH_SCHEMA_MEMORY);
    for (const gh_json *m = v->first; m != NULL && n < v->n; m = m->next)
        members[n++] = m;
    sort(members, n, compare_names);
    for (size_t i = 0; i < n; i++) {
        const gh_json *m = members[i];
        put_text(out, 'k', m->key);
        if (!put_normal(r, out, m, depth - 1))
            return false;
    }
    return true;
}

static bool put_normal(gh_schema_run *r, gh_buf *out, const gh_json *v, unsigned depth)
{
    static const char kinds[] = "nft#\"[{";
    if (!gh_schema_pay(r, 1) || depth == 0)
        return gh_schema_stop(r, GH_SCHEMA_TOO_COSTLY);
    switch ((enum gh_json_type)v->type) {
    case GH_JSON_NUMBER:
        put_number(out, v->text);
        return true;
    case GH_JSON_STRING:
        put_text(out, 's', v->text);
        return true;
    case GH_JSON_NULL:
    case GH_JSON_FALSE:
    case GH_JSON_TRUE:
        gh_buf_char(out, kinds[v->type]);
        return true;
    case GH_JSON_ARRAY:
    case GH_JSON_OBJECT:
        break;
    }
    gh_buf_char(out, kinds[v->type]);
    gh_buf_u64(out, v->n);
    gh_buf_char(out, ':');
    if (v->type == GH_JSON_OBJECT)
        return put_members(r, out, v, depth);
    for (const gh_json *child = v->first; child != NULL; child = child->next) {
        if (!put_normal(r, out, child, depth - 1))
            return false;
    }
    return true;
}

static bool is_few(const gh_json *array)
{
    bool few = array->n <= FEW;
    for (const gh_json *v = array->first; v != NULL && few; v = v->next)
        few = v->type < GH_JSON_ARRAY;
    return few;
}

static bool few_unique(const gh_json *array)
{
    for (const gh_json *a = array->first; a != NULL; a = a->next) {
        for (const gh_json *b = a->next; b != NULL; b = b->next) {
            if (gh_json_equal(a, b))
                return false;
        }
    }
    return true;
}

bool gh_schema_unique(gh_schema_run *r, const gh_json *array)
{
    if (array->n < 2)
        return true;
    size_t room = room_for(array, GH_JSON_DEPTH_MAX), n = 0;
    if (!gh_schema_pay(r, room / 64))
        return false;
    if (is_few(array))
        return few_unique(array);
    gh_buf out = gh_buf_over(gh_arena_alloc(r->scratch, room), room);
    gh_str *texts = gh_arena_array(r->scratch, array->n, sizeof *texts);
    const void **sorted = gh_arena_array(r->scratch, array->n, sizeof *sorted);
    if (out.p == NULL || texts == NULL || sorted == NULL)
        return gh_schema_stop(r, GH_SCHEMA_MEMORY);
    for (const gh_json *v = array->first; v != NULL && n < array->n; v = v->next, n++) {
        size_t from = out.n;
        if (!put_normal(r, &out, v, GH_JSON_DEPTH_MAX))
            return false;
        texts[n] = (gh_str){out.p + from, out.n - from};
        sorted[n] = &texts[n];
    }
    sort(sorted, n, compare_texts);
    for (size_t i = 1; i < n; i++) {
        if (compare_texts(sorted[i - 1], sorted[i]) == 0)
            return false;
    }
    return gh_buf_ok(&out) || gh_schema_stop(r, GH_SCHEMA_MEMORY);
}
