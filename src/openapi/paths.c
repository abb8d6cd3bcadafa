/* Paths and their operations. */
#include "openapi/load.h"

static const struct {
    gh_str field, method;
} methods[] = {
    {GH_STR_INIT("get"), GH_STR_INIT("GET")},         {GH_STR_INIT("put"), GH_STR_INIT("PUT")},
    {GH_STR_INIT("post"), GH_STR_INIT("POST")},       {GH_STR_INIT("delete"), GH_STR_INIT("DELETE")},
    {GH_STR_INIT("options"), GH_STR_INIT("OPTIONS")}, {GH_STR_INIT("head"), GH_STR_INIT("HEAD")},
    {GH_STR_INIT("patch"), GH_STR_INIT("PATCH")},     {GH_STR_INIT("trace"), GH_STR_INIT("TRACE")},
};

static const char path_fields[] =
    "$ref summary description get put post delete options head patch trace servers "
    "parameters";
static const char operation_fields[] =
    "tags summary description externalDocs operationId parameters requestBody "
    "responses callbacks deprecated security servers";

/* A path of the document while its operations are read. */
typedef struct path {
    const gh_oa_at *at; /* in "paths" */
    gh_path_pattern pattern;
    gh_oa_parameters parameters;
} path;

static gh_operation *new_operation(gh_oa_load *l)
{
    gh_contract *c = &l->ret->contract;
    if (c->n_operations == l->cap_operations) {
        unsigned cap = l->cap_operations == 0 ? 32 : l->cap_operations * 2;
        gh_operation *operations = gh_arena_array(l->arena, cap, sizeof *operations);
        if (operations == NULL) {
            (void)gh_oa_no_memory(l);
            return NULL;
        }
        if (c->n_operations > 0)
            memcpy(operations, c->operations, c->n_operations * sizeof *operations);
        c->operations = operations;
        l->cap_operations = cap;
    }
    return &c->operations[c->n_operations++];
}

/* operationId, or "POST /a/{b}". */
static gh_str id_of(gh_oa_load *l, const gh_oa_at *at, gh_str method, const gh_path_pattern *pattern)
{
    gh_str id = gh_oa_text(l, at, GH_STR("operationId"));
    if (id.n > 0)
        return id;
    size_t size = method.n + 1 + pattern->text.n;
    char *memory = gh_arena_alloc(l->arena, size);
    gh_buf b = gh_buf_over(memory, memory == NULL ? 0 : size);
    gh_buf_put(&b, method);
    gh_buf_char(&b, ' ');
    gh_buf_put(&b, pattern->text);
    if (!gh_buf_ok(&b))
        (void)gh_oa_no_memory(l);
    return gh_buf_str(&b);
}

/* Parameters of the template that nothing is said about. */
static void look_for_undeclared(gh_oa_load *l, const gh_oa_at *at, const gh_operation *o)
{
    char quoted[GH_OA_QUOTED_MAX];
    for (unsigned i = 0; i < o->pattern.n_segments; i++) {
        gh_str name = o->pattern.segments[i].name;
        bool declared = o->pattern.segments[i].text.p != NULL;
        for (unsigned k = 0; k < o->n_parameters && !declared; k++)
            declared = o->parameters[k].in == GH_IN_PATH && gh_str_eq(o->parameters[k].name, name);
        if (!declared)
            (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, at,
                            "the parameter %s of the path is not declared: any text passes",
                            gh_oa_quoted(name, quoted));
    }
}

static void read_operation(gh_oa_load *l, const gh_oa_at *at, const path *p, gh_str method)
{
    if (!gh_oa_is(l, at, GH_JSON_OBJECT))
        return;
    gh_oa_fields(l, at, operation_fields);
    gh_oa_at list = gh_oa_lit(at, "parameters"), body = gh_oa_lit(at, "requestBody");
    gh_oa_parameters own = gh_oa_parameter_list(l, &list, &p->pattern);
    gh_oa_parameters all = gh_oa_parameters_merge(l, p->parameters, own);
    gh_operation *o = new_operation(l);
    if (o == NULL)
        return;
    *o = (gh_operation){.method = method,
                        .id = id_of(l, at, method, &p->pattern),
                        .pattern = p->pattern,
                        .parameters = all.items,
                        .n_parameters = all.n,
                        .parameters_closed = l->options->closed_parameters};
    look_for_undeclared(l, at, o);
    gh_oa_request_body(l, &body, o);
    gh_oa_responses(l, at, o);
    gh_oa_security(l, at, o);
    gh_oa_servers(l, at);
    gh_oa_at callbacks = gh_oa_lit(at, "callbacks");
    if (callbacks.node != NULL)
        gh_oa_say_once(l, GH_OA_ONCE_CALLBACKS, GH_OPENAPI_NOTE, &callbacks,
                       "callbacks are requests that the API makes; they do not pass through here");
}

static bool compile_template(gh_oa_load *l, const gh_oa_at *at, gh_str text, gh_path_pattern *ret)
{
    const char *why;
    unsigned column;
    if (text.n == 0 || text.p[0] != '/')
        return gh_oa_say(l, GH_OPENAPI_ERROR, at, "a path begins with \"/\"; extensions with \"x-\"");
    size_t size = l->prefix.n + text.n;
    char *memory = gh_arena_alloc(l->arena, size);
    gh_buf b = gh_buf_over(memory, memory == NULL ? 0 : size);
    gh_buf_put(&b, l->prefix);
    gh_buf_put(&b, text);
    if (!gh_buf_ok(&b))
        return gh_oa_no_memory(l);
    return gh_path_template_compile(gh_buf_str(&b), l->arena, ret, &why, &column) ||
           gh_oa_say(l, GH_OPENAPI_ERROR, at, "as a path it cannot be matched: %s (column %u)", why,
                     column > l->prefix.n ? column - (unsigned)l->prefix.n : column);
}

static void read_path(gh_oa_load *l, const gh_oa_at *at)
{
    gh_oa_at item;
    path p = {.at = at};
    if (!gh_oa_is(l, at, GH_JSON_OBJECT) || !compile_template(l, at, at->token, &p.pattern) ||
        !gh_oa_follow(l, at, &item) || !gh_oa_is(l, &item, GH_JSON_OBJECT))
        return;
    gh_oa_fields(l, &item, path_fields);
    gh_oa_at list = gh_oa_lit(&item, "parameters");
    p.parameters = gh_oa_parameter_list(l, &list, &p.pattern);
    gh_oa_servers(l, &item);
    for (unsigned i = 0; i < GH_COUNT(methods); i++) {
        gh_oa_at operation = gh_oa_member(&item, methods[i].field);
        if (operation.node != NULL)
            read_operation(l, &operation, &p, methods[i].method);
    }
}

/* ---- two operations for the same requests ---- */

static int compare_segments(const gh_path_segment *a, const gh_path_segment *b)
{
    if (a->joined != b->joined)
        return a->joined ? 1 : -1;
    if (a->text.p == NULL || b->text.p == NULL)
        return (a->text.p != NULL) - (b->text.p != NULL);
    return gh_oa_compare_text(a->text, b->text);
}

static int compare_operations(const void *a, const void *b)
{
    const gh_operation *x = a, *y = b;
    int order = gh_oa_compare_text(x->method, y->method);
    if (order == 0 && x->pattern.n_segments != y->pattern.n_segments)
        order = x->pattern.n_segments < y->pattern.n_segments ? -1 : 1;
    for (unsigned i = 0; order == 0 && i < x->pattern.n_segments; i++)
        order = compare_segments(&x->pattern.segments[i], &y->pattern.segments[i]);
    return order;
}

static void look_for_twins(gh_oa_load *l, const gh_oa_at *paths)
{
    char first[GH_OA_QUOTED_MAX], second[GH_OA_QUOTED_MAX];
    gh_contract *c = &l->ret->contract;
    void **sorted = gh_arena_array(l->arena, c->n_operations, sizeof *sorted);
    for (unsigned i = 0; sorted != NULL && i < c->n_operations; i++)
        sorted[i] = &c->operations[i];
    if (sorted == NULL || !gh_oa_sort(sorted, c->n_operations, compare_operations, l->arena)) {
        (void)gh_oa_no_memory(l);
        return;
    }
    for (unsigned i = 1; i < c->n_operations; i++) {
        const gh_operation *a = sorted[i - 1], *b = sorted[i];
        if (compare_operations(a, b) != 0)
            continue;
        gh_oa_at at = gh_oa_member(paths, gh_str_cut(b->pattern.text, l->prefix.n, b->pattern.text.n));
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, &at, "%.*s %s and %s match the same requests", (int)b->method.n,
                        b->method.p, gh_oa_quoted(a->pattern.text, first),
                        gh_oa_quoted(b->pattern.text, second));
    }
}

void gh_oa_paths(gh_oa_load *l, const gh_oa_at *root)
{
    unsigned first = 0, second = 0;
    gh_oa_at paths = gh_oa_lit(root, "paths");
    if (paths.node == NULL)
        (void)gh_oa_say(l, l->v31 ? GH_OPENAPI_NOTE : GH_OPENAPI_ERROR, root, "has no \"paths\"");
    if (gh_oa_is(l, &paths, GH_JSON_OBJECT)) {
        for (const gh_json *m = paths.node->first; m != NULL && !l->no_memory; m = m->next) {
            gh_oa_at at = gh_oa_child(&paths, m, 0);
            if (!gh_oa_is_extension(m->key))
                read_path(l, &at);
        }
        look_for_twins(l, &paths);
    }
    if (l->n_errors > 0 || l->no_memory || gh_contract_finish(&l->ret->contract, l->arena, &first, &second))
        return;
    if (first == second)
        (void)gh_oa_no_memory(l);
    else
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, &paths, "two of its paths match the same requests");
}
