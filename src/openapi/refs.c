#include "openapi/refs.h"

#include "text/utf8.h"

/* Steps over items of arrays, which no index answers: about a tenth of a second. */
enum { STEPS = 30 * 1000 * 1000 };

void gh_oa_refs_init(gh_oa_refs *refs, const gh_json *document)
{
    *refs = (gh_oa_refs){.document = document, .steps = STEPS};
}

gh_str gh_oa_ref_of(const gh_json *value)
{
    const gh_json *ref = gh_json_lit(value, "$ref");
    return ref != NULL && ref->type == GH_JSON_STRING ? ref->text : (gh_str){NULL, 0};
}

static bool spend(gh_oa_refs *refs, uint64_t steps)
{
    bool enough = refs->steps >= steps;
    refs->steps -= enough ? steps : refs->steps;
    return enough;
}

static const gh_json *find_item(gh_oa_refs *refs, const gh_json *array, gh_str token)
{
    uint64_t index;
    if ((token.n > 1 && token.p[0] == '0') || !gh_str_u64(token, &index) || index >= array->n ||
        !spend(refs, index))
        return NULL;
    const gh_json *item = array->first;
    for (; index > 0 && item != NULL; index--)
        item = item->next;
    return item;
}

/* In place: percent-escapes. False: broken. */
static bool unescape(char *p, size_t *n)
{
    size_t to = 0;
    for (size_t i = 0; i < *n; i++, to++) {
        if (p[i] != '%') {
            p[to] = p[i];
            continue;
        }
        int high = i + 2 < *n ? gh_hex_value(p[i + 1]) : -1, low = high < 0 ? -1 : gh_hex_value(p[i + 2]);
        if (low < 0)
            return false;
        p[to] = (char)(high << 4 | low);
        i += 2;
    }
    *n = to;
    return true;
}

/* In place: a token's "~1" and "~0". */
static gh_str unescape_token(gh_str token, char *to)
{
    size_t n = 0;
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        if (c == '~' && i + 1 < token.n && (token.p[i + 1] == '0' || token.p[i + 1] == '1'))
            c = token.p[++i] == '0' ? '~' : '/';
        to[n++] = c;
    }
    return (gh_str){to, n};
}

static const gh_json *walk(gh_oa_refs *refs, gh_str pointer, char *scratch)
{
    const gh_json *at = refs->document;
    gh_str rest = gh_str_cut(pointer, 1, pointer.n), token;
    while (at != NULL && gh_str_next(&rest, '/', &token)) {
        if (at->type == GH_JSON_OBJECT)
            at = gh_json_get(at, unescape_token(token, scratch));
        else
            at = at->type == GH_JSON_ARRAY ? find_item(refs, at, token) : NULL;
    }
    return at;
}

const gh_json *gh_oa_refs_find(gh_oa_refs *refs, gh_str ref, gh_arena *arena, gh_str *ret_pointer,
                               const char **ret_why)
{
    *ret_pointer = (gh_str){NULL, 0};
    *ret_why = "only \"#/...\", within this document, is followed; bring what it names into the document";
    if (!gh_str_starts(ref, GH_STR("#")) || (ref.n > 1 && ref.p[1] != '/'))
        return NULL;
    size_t n = ref.n - 1;
    char *pointer = gh_arena_alloc(arena, 2 * ref.n);
    *ret_why = "out of memory";
    if (pointer == NULL)
        return NULL;
    memcpy(pointer, ref.p + 1, n);
    *ret_why = "it has a broken escape";
    if (!unescape(pointer, &n) || gh_utf8_valid((gh_str){pointer, n}) != n)
        return NULL;
    *ret_pointer = (gh_str){pointer, n};
    *ret_why = "there is nothing of that name";
    const gh_json *found = n == 0 ? refs->document : walk(refs, *ret_pointer, pointer + ref.n);
    if (found == NULL && refs->steps == 0)
        *ret_why = "too many references to search for";
    return found;
}
