#include "schema/uri.h"

#include "base/buf.h"

typedef struct uri {
    gh_str scheme, authority, path, query, fragment; /* absent: not there; the path is never absent */
} uri;

/* Takes the text before the first of `ends` off the front. */
static gh_str take_until(gh_str *rest, const char *ends)
{
    size_t n = 0;
    while (n < rest->n && strchr(ends, rest->p[n]) == NULL)
        n++;
    gh_str taken = {rest->p, n};
    *rest = gh_str_cut(*rest, n, rest->n);
    return taken;
}

static bool is_scheme(gh_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = gh_lower(text.p[i]);
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !(gh_is_digit(c) || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return text.n > 0;
}

static uri split(gh_str text)
{
    uri u = {.path = {"", 0}};
    if (text.p == NULL)
        return u;
    size_t colon = gh_str_find(text, ':');
    if (colon < text.n && is_scheme(gh_str_cut(text, 0, colon))) {
        u.scheme = gh_str_cut(text, 0, colon);
        text = gh_str_cut(text, colon + 1, text.n);
    }
    if (gh_str_starts(text, GH_STR("//"))) {
        text = gh_str_cut(text, 2, text.n);
        u.authority = take_until(&text, "/?#");
    }
    u.path = take_until(&text, "?#");
    if (text.n > 0 && text.p[0] == '?') {
        text = gh_str_cut(text, 1, text.n);
        u.query = take_until(&text, "#");
    }
    if (text.n > 0)
        u.fragment = (gh_str){text.p + 1, text.n - 1};
    return u;
}

/* Section 5.2.4, appending to `out`, which holds the path alone from `from` on. */
static void put_path(gh_buf *out, gh_str path)
{
    size_t from = out->n;
    while (path.n > 0) {
        bool slash = path.p[0] == '/';
        gh_str rest = gh_str_cut(path, slash, path.n);
        gh_str segment = take_until(&rest, "/");
        if (gh_str_eq(segment, GH_STR("..")) && (slash || out->n == from)) {
            while (out->n > from && out->p[out->n - 1] != '/')
                out->n--;
            if (out->n > from)
                out->n--;
            if (rest.n == 0 && slash)
                gh_buf_char(out, '/');
        } else if (gh_str_eq(segment, GH_STR(".")) && (slash || out->n == from)) {
            if (rest.n == 0 && slash)
                gh_buf_char(out, '/');
        } else {
            if (slash)
                gh_buf_char(out, '/');
            gh_buf_put(out, segment);
        }
        path = rest;
    }
}

/* Section 5.2.3: the reference's path in the place of the base's last segment. */
static gh_str merge(const uri *base, gh_str path, gh_arena *arena)
{
    size_t keep = base->path.n;
    while (keep > 0 && base->path.p[keep - 1] != '/')
        keep--;
    bool root = base->authority.p != NULL && base->path.n == 0;
    size_t room = keep + path.n + 1;
    gh_buf out = gh_buf_over(gh_arena_alloc(arena, room), room);
    if (out.p == NULL)
        return (gh_str){NULL, 0};
    if (root)
        gh_buf_char(&out, '/');
    gh_buf_put(&out, gh_str_cut(base->path, 0, keep));
    gh_buf_put(&out, path);
    return gh_buf_str(&out);
}

/* Section 5.2.2. False: no memory. */
static bool transform(const uri *base, uri *r, gh_arena *arena)
{
    if (r->scheme.p != NULL)
        return true;
    r->scheme = base->scheme;
    if (r->authority.p != NULL)
        return true;
    r->authority = base->authority;
    if (r->path.n == 0) {
        r->path = base->path;
        if (r->query.p == NULL)
            r->query = base->query;
    } else if (r->path.p[0] != '/') {
        r->path = merge(base, r->path, arena);
    }
    return r->path.p != NULL;
}

bool gh_uri_resolve(gh_str base, gh_str reference, gh_arena *arena, gh_str *ret_uri, gh_str *ret_fragment)
{
    uri b = split(base), r = split(reference);
    if (!transform(&b, &r, arena))
        return false;
    size_t room = r.scheme.n + r.authority.n + r.path.n + r.query.n + 8;
    gh_buf out = gh_buf_over(gh_arena_alloc(arena, room), room);
    if (out.p == NULL)
        return false;
    if (r.scheme.p != NULL) {
        gh_buf_put(&out, r.scheme);
        gh_buf_char(&out, ':');
    }
    if (r.authority.p != NULL) {
        gh_buf_lit(&out, "//");
        gh_buf_put(&out, r.authority);
    }
    put_path(&out, r.path);
    if (r.query.p != NULL) {
        gh_buf_char(&out, '?');
        gh_buf_put(&out, r.query);
    }
    *ret_uri = gh_buf_str(&out);
    *ret_fragment = r.fragment;
    return gh_buf_ok(&out);
}

gh_str gh_uri_decode(gh_str text, gh_arena *arena)
{
    char *p = gh_arena_alloc(arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; p != NULL && i < text.n; i++) {
        int high = text.n - i > 2 && text.p[i] == '%' ? gh_hex_value(text.p[i + 1]) : -1;
        int low = high >= 0 ? gh_hex_value(text.p[i + 2]) : -1;
        if (low >= 0) {
            p[n++] = (char)(high << 4 | low);
            i += 2;
        } else {
            p[n++] = text.p[i];
        }
    }
    return (gh_str){p, n};
}
