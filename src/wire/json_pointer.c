/* JSON Pointer (RFC 6901). */
#include "wire/json.h"

/* Is the key what the token stands for? Sections 3 and 4: "~1" is "/", "~0" is "~". */
static bool is_token_of(gh_str token, gh_str key)
{
    size_t k = 0;
    for (size_t i = 0; i < token.n; i++, k++) {
        char c = token.p[i];
        if (c == '~') {
            char digit = ++i < token.n ? token.p[i] : '\0';
            if (digit != '0' && digit != '1')
                return false;
            c = digit == '0' ? '~' : '/';
        }
        if (k == key.n || key.p[k] != c)
            return false;
    }
    return k == key.n;
}

static const gh_json *find_member(const gh_json *object, gh_str token)
{
    if (gh_str_find(token, '~') == token.n)
        return gh_json_get(object, token);
    for (const gh_json *m = object->first; m != NULL; m = m->next) {
        if (is_token_of(token, m->key))
            return m;
    }
    return NULL;
}

/* Section 4: digits without leading zeros. ("-", the item behind the last, names nothing.) */
static const gh_json *find_item(const gh_json *array, gh_str token)
{
    uint64_t index;
    if ((token.n > 1 && token.p[0] == '0') || !gh_str_u64(token, &index) || index >= array->n)
        return NULL;
    const gh_json *item = array->first;
    for (; index > 0 && item != NULL; index--)
        item = item->next;
    return item;
}

const gh_json *gh_json_pointer(const gh_json *root, gh_str pointer)
{
    gh_str token;
    const gh_json *at = root;
    if (pointer.n == 0)
        return root;
    if (pointer.p[0] != '/')
        return NULL;
    pointer = gh_str_cut(pointer, 1, pointer.n);
    while (at != NULL && gh_str_next(&pointer, '/', &token)) {
        if (at->type == GH_JSON_OBJECT)
            at = find_member(at, token);
        else
            at = at->type == GH_JSON_ARRAY ? find_item(at, token) : NULL;
    }
    return at;
}

void gh_json_pointer_put(gh_buf *out, gh_str token)
{
    gh_buf_char(out, '/');
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        if (c == '~')
            gh_buf_lit(out, "~0");
        else if (c == '/')
            gh_buf_lit(out, "~1");
        else
            gh_buf_char(out, c);
    }
}
