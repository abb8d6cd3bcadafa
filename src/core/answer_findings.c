#include "core/answer_findings.h"

#include "wire/json_text.h"

enum { MESSAGE_MAX = 1024 };

/* What a fragment may hold unescaped (RFC 3986 section 3.5), but "'" and "&", which other readers might take. */
static bool in_fragment(unsigned char c)
{
    static const char others[] = "-._~!$()*+,;=:@/?";
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr(others, c) != NULL;
}

/* The characters it writes need no escapes in JSON. */
static void put_fragment(gh_buf *out, gh_str pointer)
{
    static const char hex[] = "0123456789ABCDEF";
    gh_buf_lit(out, "\"#");
    for (size_t i = 0; i < pointer.n; i++) {
        unsigned char c = (unsigned char)pointer.p[i];
        char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
        if (in_fragment(c))
            gh_buf_char(out, (char)c);
        else
            gh_buf_put(out, (gh_str){escaped, sizeof escaped});
    }
    gh_buf_char(out, '"');
}

static void put_message(gh_buf *out, const gh_finding *f)
{
    char text[MESSAGE_MAX];
    gh_buf message = gh_buf_over(text, sizeof text);
    gh_finding_message(&message, f);
    gh_json_string(out, gh_buf_str(&message));
}

static void put_problem(gh_buf *out, const gh_finding *f)
{
    gh_buf_lit(out, "{\"in\":");
    gh_json_string(out, gh_in_name((enum gh_in)f->in));
    if (f->in == GH_IN_BODY || f->pointer.n > 0) {
        gh_buf_lit(out, ",\"pointer\":");
        put_fragment(out, f->pointer);
    }
    if (f->name.p != NULL) {
        gh_buf_lit(out, ",\"name\":");
        gh_json_string(out, f->name);
    }
    gh_buf_lit(out, ",\"detail\":");
    put_message(out, f);
    gh_buf_lit(out, ",\"type\":");
    gh_json_string(out, gh_finding_type(f));
    gh_buf_lit(out, ",\"keyword\":");
    gh_json_string(out, gh_finding_keyword(f));
    gh_buf_char(out, '}');
}

/* One token of a pointer, decoded (RFC 6901 section 4), off its front. */
static gh_str take_token(gh_str *pointer, gh_buf *memory)
{
    size_t at = 1;
    memory->n = 0;
    for (; at < pointer->n && pointer->p[at] != '/'; at++) {
        char c = pointer->p[at];
        if (c == '~' && at + 1 < pointer->n)
            c = pointer->p[++at] == '1' ? '/' : '~';
        gh_buf_char(memory, c);
    }
    *pointer = gh_str_cut(*pointer, at, pointer->n);
    return gh_buf_str(memory);
}

static bool is_index(gh_str token, uint64_t *ret)
{
    return (token.n == 1 || (token.n > 1 && token.p[0] != '0')) && gh_str_u64(token, ret);
}

static const gh_json *item_at(const gh_json *array, uint64_t index)
{
    const gh_json *item = array->first;
    while (item != NULL && index-- > 0)
        item = item->next;
    return item;
}

/* Where there is no value to look at, a number is taken for an index. */
static void put_loc(gh_buf *out, const gh_finding *f, const gh_json *value)
{
    enum { TOKEN_MAX = 4096 };
    char memory[TOKEN_MAX];
    gh_buf text = gh_buf_over(memory, sizeof memory);
    gh_str pointer = f->pointer;
    bool known = f->in == GH_IN_BODY && value != NULL;
    gh_buf_char(out, '[');
    gh_json_string(out, gh_in_name((enum gh_in)f->in));
    if (f->name.p != NULL) {
        gh_buf_char(out, ',');
        gh_json_string(out, f->name);
    }
    while (pointer.n > 0) {
        gh_str token = take_token(&pointer, &text);
        uint64_t index = 0;
        bool in_array = known ? value != NULL && value->type == GH_JSON_ARRAY : true;
        gh_buf_char(out, ',');
        if (in_array && is_index(token, &index)) {
            gh_buf_u64(out, index);
            value = known ? item_at(value, index) : NULL;
        } else {
            gh_json_string(out, token);
            value = known ? gh_json_get(value, token) : NULL;
        }
    }
    gh_buf_char(out, ']');
}

static void put_fastapi(gh_buf *out, const gh_finding *f, const gh_json *body)
{
    gh_buf_lit(out, "{\"type\":");
    gh_json_string(out, gh_finding_type(f));
    gh_buf_lit(out, ",\"loc\":");
    put_loc(out, f, body);
    gh_buf_lit(out, ",\"msg\":");
    put_message(out, f);
    gh_buf_char(out, '}');
}

static unsigned put_all(gh_buf *out, size_t reserve, const gh_findings *findings, bool fastapi,
                        const gh_json *body)
{
    size_t cap = out->cap;
    if (gh_buf_room(out) < reserve)
        return 0;
    out->cap -= reserve;
    unsigned i = 0;
    for (; i < findings->n; i++) {
        size_t before = out->n;
        if (i > 0)
            gh_buf_char(out, ',');
        if (fastapi)
            put_fastapi(out, &findings->items[i], body);
        else
            put_problem(out, &findings->items[i]);
        if (gh_buf_ok(out))
            continue;
        out->n = before;
        out->overflow = false;
        break;
    }
    out->cap = cap;
    return i;
}

unsigned gh_findings_put_problem(gh_buf *out, size_t reserve, const gh_findings *findings)
{
    return put_all(out, reserve, findings, false, NULL);
}

unsigned gh_findings_put_fastapi(gh_buf *out, size_t reserve, const gh_findings *findings,
                                 const gh_json *body)
{
    return put_all(out, reserve, findings, true, body);
}
