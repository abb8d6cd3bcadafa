/* Two documents side by side: their paths, and the operations that both have. */
#include "openapi/diff.h"

#include "openapi/openapi.h"

enum { METHODS = 8 };
static const gh_str methods[METHODS][2] = {
    {GH_STR_INIT("get"), GH_STR_INIT("GET")},         {GH_STR_INIT("put"), GH_STR_INIT("PUT")},
    {GH_STR_INIT("post"), GH_STR_INIT("POST")},       {GH_STR_INIT("delete"), GH_STR_INIT("DELETE")},
    {GH_STR_INIT("options"), GH_STR_INIT("OPTIONS")}, {GH_STR_INIT("head"), GH_STR_INIT("HEAD")},
    {GH_STR_INIT("patch"), GH_STR_INIT("PATCH")},     {GH_STR_INIT("trace"), GH_STR_INIT("TRACE")},
};

/* A path by its shape: parameters without their names. */
typedef struct path {
    gh_str shape; /* "/a/{}" */
    gh_str text;
    const gh_json *item;
} path;

typedef struct paths {
    void **items; /* path *, sorted by shape */
    size_t n;
} paths;

static int compare_paths(const void *a, const void *b)
{
    const path *x = a, *y = b;
    return gh_oa_compare_text(x->shape, y->shape);
}

static int compare_lines(const void *a, const void *b)
{
    const gh_str *x = a, *y = b;
    return gh_oa_compare_text(*x, *y);
}

static gh_str shape_of(gh_oa_diff *d, gh_str text)
{
    char *to = gh_arena_alloc(d->arena, text.n);
    size_t n = 0;
    bool inside = false;
    if (to == NULL)
        return (gh_str){NULL, 0};
    for (size_t i = 0; i < text.n; i++) {
        inside = inside && text.p[i] != '}';
        if (!inside)
            to[n++] = text.p[i];
        inside = inside || text.p[i] == '{';
    }
    return (gh_str){to, n};
}

static bool collect_paths(gh_oa_diff *d, gh_oa_side *side, paths *ret)
{
    const gh_json *object = gh_json_lit(side->refs.document, "paths");
    *ret = (paths){NULL, 0};
    if (object == NULL || object->type != GH_JSON_OBJECT || object->n == 0)
        return true;
    ret->items = gh_arena_array(d->arena, object->n, sizeof *ret->items);
    if (ret->items == NULL)
        return false;
    for (const gh_json *m = object->first; m != NULL; m = m->next) {
        if (m->key.n == 0 || m->key.p[0] != '/')
            continue;
        path *p = gh_arena_new(d->arena, path);
        if (p == NULL)
            return false;
        *p = (path){shape_of(d, m->key), m->key, gh_oa_deref(d, side, m)};
        if (p->shape.p == NULL)
            return false;
        ret->items[ret->n++] = p;
    }
    return gh_oa_sort(ret->items, ret->n, compare_paths, d->arena);
}

static gh_str name_of(gh_oa_diff *d, gh_str method, gh_str text)
{
    char shown[GH_OA_SHOWN_MAX];
    gh_str quoted = gh_str_of(gh_oa_show_text(text, shown));
    size_t size = method.n + 1 + quoted.n;
    gh_buf b = gh_buf_over(gh_arena_alloc(d->arena, size), size);
    if (b.p == NULL) {
        d->no_memory = true;
        return (gh_str){NULL, 0};
    }
    gh_buf_put(&b, method);
    gh_buf_char(&b, ' ');
    gh_buf_put(&b, gh_str_cut(quoted, 1, quoted.n - 1));
    return gh_buf_str(&b);
}

/* Either may be NULL: the path is in one document only. */
static void compare_path(gh_oa_diff *d, const path *before, const path *after)
{
    for (size_t i = 0; i < METHODS && !d->no_memory; i++) {
        const gh_json *a = before == NULL ? NULL : gh_json_get(before->item, methods[i][0]);
        const gh_json *b = after == NULL ? NULL : gh_json_get(after->item, methods[i][0]);
        if (a == NULL && b == NULL)
            continue;
        d->operation = name_of(d, methods[i][1], before != NULL ? before->text : after->text);
        if (a == NULL || b == NULL) {
            gh_oa_change(d, NULL, b == NULL ? GH_OA_BREAKING : GH_OA_FINE, b == NULL ? "removed" : "added");
            continue;
        }
        const gh_oa_operation old = {before->item, a, before->text}, new = {after->item, b, after->text};
        gh_oa_diff_operation(d, &old, &new);
    }
    d->operation = (gh_str){NULL, 0};
}

static void compare_all(gh_oa_diff *d, const paths *before, const paths *after)
{
    size_t a = 0, b = 0;
    while ((a < before->n || b < after->n) && !d->no_memory && !d->cut) {
        const path *x = a < before->n ? before->items[a] : NULL, *y = b < after->n ? after->items[b] : NULL;
        int order = x == NULL ? 1 : y == NULL ? -1 : compare_paths(x, y);
        compare_path(d, order <= 0 ? x : NULL, order >= 0 ? y : NULL);
        a += order <= 0;
        b += order >= 0;
    }
}

static gh_oa_side side_of(const gh_json *document)
{
    gh_oa_side side = {.v31 = true};
    const gh_json *version = gh_json_lit(document, "openapi");
    gh_oa_refs_init(&side.refs, document);
    side.v31 =
        version == NULL || version->type != GH_JSON_STRING || !gh_str_starts(version->text, GH_STR("3.0"));
    return side;
}

bool gh_openapi_diff(const gh_json *before, const gh_json *after, gh_arena *scratch, gh_buf *out,
                     unsigned *ret_changes, unsigned *ret_breaking)
{
    gh_oa_diff d = {.arena = scratch, .before = side_of(before), .after = side_of(after)};
    paths old, new;
    if (!collect_paths(&d, &d.before, &old) || !collect_paths(&d, &d.after, &new))
        return false;
    compare_all(&d, &old, &new);
    if (d.no_memory || d.cut || !gh_oa_sort(d.lines, d.n_lines, compare_lines, scratch))
        return false;
    for (unsigned i = 0; i < d.n_lines; i++) {
        const gh_str *line = d.lines[i];
        gh_buf_put(out, *line);
        gh_buf_char(out, '\n');
    }
    *ret_changes = d.n_lines;
    *ret_breaking = d.breaking;
    return gh_buf_ok(out);
}
