/* routes[].validate into operations. All schemas of a configuration are one document,
 *
 *     {"schemas": {NAME: ...}, "routes": {ROUTE: {"body": ..., "query": ...}}}
 *
 * so that {$ref: "#/schemas/NAME"} means the same everywhere. */
#include "config/compile_validation.h"

static bool no_memory(own_schemas *o)
{
    gh_report_error(o->report, NULL, 0, 0, "out of memory while compiling the schemas");
    return false;
}

/* Nodes of the configuration are shared by all policies made of it: only copies get a key and a neighbour. */
static bool put(own_schemas *o, gh_json *to, gh_json **last, gh_str key, const gh_json *value, gh_json **ret)
{
    gh_json *copy = gh_json_new(&o->p->arena, GH_JSON_OBJECT);
    if (copy == NULL)
        return no_memory(o);
    if (value != NULL)
        *copy = *value;
    copy->next = NULL;
    gh_json_append(to, last, key, copy);
    if (ret != NULL)
        *ret = copy;
    return true;
}

static const struct {
    gh_str name;
    size_t at;
} kinds[] = {{GH_STR_INIT("body"), offsetof(gh_validate_config, body)},
             {GH_STR_INIT("query"), offsetof(gh_validate_config, query)},
             {GH_STR_INIT("path"), offsetof(gh_validate_config, path)},
             {GH_STR_INIT("headers"), offsetof(gh_validate_config, headers)},
             {GH_STR_INIT("cookies"), offsetof(gh_validate_config, cookies)}};

static const gh_schema_setting *setting_of(const gh_route_config *route, size_t kind)
{
    return (const gh_schema_setting *)(const void *)((const char *)&route->validate + kinds[kind].at);
}

static bool put_route(own_schemas *o, gh_json *routes, gh_json **last, const gh_route_config *route)
{
    gh_json *of_route = NULL, *end = NULL;
    if (!put(o, routes, last, route->name, NULL, &of_route))
        return false;
    for (size_t k = 0; k < GH_COUNT(kinds); k++) {
        const gh_schema_setting *s = setting_of(route, k);
        if (s->json != NULL && !put(o, of_route, &end, kinds[k].name, s->json, NULL))
            return false;
    }
    return true;
}

static bool build_document(own_schemas *o)
{
    gh_json *last = NULL, *schemas = NULL, *routes = NULL, *end = NULL;
    gh_json *document = gh_json_new(&o->p->arena, GH_JSON_OBJECT);
    if (document == NULL)
        return no_memory(o);
    if (!put(o, document, &last, GH_STR("schemas"), NULL, &schemas) ||
        !put(o, document, &last, GH_STR("routes"), NULL, &routes))
        return false;
    for (unsigned i = 0; i < o->config->n_schemas; i++)
        if (!put(o, schemas, &end, o->config->schemas[i].name, o->config->schemas[i].schema.json, NULL))
            return false;
    end = NULL;
    for (unsigned i = 0; i < o->config->n_routes; i++)
        if (!put_route(o, routes, &end, &o->config->routes[i]))
            return false;
    o->document = document;
    return true;
}

/* The first token of a pointer, off its front. Names of schemas and routes need no escapes. */
static gh_str take_token(gh_str *pointer)
{
    gh_str rest = gh_str_cut(*pointer, 1, pointer->n);
    size_t n = gh_str_find(rest, '/');
    *pointer = gh_str_cut(rest, n, rest.n);
    return gh_str_cut(rest, 0, n);
}

/* The setting that a place of the document came from, its name in `what` and the rest of the pointer. */
static const gh_schema_setting *find_setting(const own_schemas *o, gh_str *pointer, gh_buf *what)
{
    gh_str first = take_token(pointer), name = take_token(pointer);
    if (gh_str_eq(first, GH_STR("schemas"))) {
        gh_buf_printf(what, "schemas.%.*s", (int)name.n, name.p);
        for (unsigned i = 0; i < o->config->n_schemas; i++)
            if (gh_str_eq(o->config->schemas[i].name, name))
                return &o->config->schemas[i].schema;
        return NULL;
    }
    gh_str kind = take_token(pointer);
    if (gh_str_eq(first, GH_STR("endpoints"))) { /* Gatehouse's own: compile_identity_endpoints.c */
        gh_buf_printf(what, "endpoint %.*s: %.*s", (int)name.n, name.p, (int)kind.n, kind.p);
        return NULL;
    }
    gh_buf_printf(what, "route %.*s: validate.%.*s", (int)name.n, name.p, (int)kind.n, kind.p);
    for (unsigned i = 0; i < o->config->n_routes; i++)
        for (size_t k = 0; k < GH_COUNT(kinds); k++)
            if (gh_str_eq(o->config->routes[i].name, name) && gh_str_eq(kinds[k].name, kind))
                return setting_of(&o->config->routes[i], k);
    return NULL;
}

static void report(own_schemas *o, const gh_schema_error *e)
{
    char what_text[192];
    gh_buf what = gh_buf_over(what_text, sizeof what_text);
    gh_str rest = e->pointer;
    const gh_schema_setting *s = find_setting(o, &rest, &what);
    gh_place place = s == NULL ? (gh_place){NULL, 0, 0} : s->place;
    if (s != NULL && e->at != 0) {
        place.line = GH_AT_LINE(e->at);
        place.column = GH_AT_COLUMN(e->at);
    }
    gh_report_error(o->report, place.file, place.line, place.column, "%.*s: %.*s%s%.*s", (int)what.n, what.p,
                    (int)rest.n, rest.p, rest.n > 0 ? ": " : "", (int)e->why.n, e->why.p);
}

bool gh_own_schema(own_schemas *o, const gh_json *at, const gh_schema **ret)
{
    gh_schema_error e = {.at = 0};
    *ret = gh_schema_compile(o->compiler, o->document, at, &e);
    if (*ret != NULL)
        return true;
    /* What is wrong in schemas.NAME has been said once, however many refer to it. */
    if (!o->named_are_bad || !gh_str_starts(e.pointer, GH_STR("/schemas/")))
        report(o, &e);
    return false;
}

static bool compile_named(own_schemas *o)
{
    const gh_json *schemas = gh_json_lit(o->document, "schemas");
    bool good = true;
    for (const gh_json *s = schemas == NULL ? NULL : schemas->first; s != NULL; s = s->next) {
        const gh_schema *schema = NULL;
        good = gh_own_schema(o, s, &schema) && good;
    }
    o->named_are_bad = !good;
    return good;
}

static void close_compiler(void *compiler)
{
    gh_schema_compiler_close(compiler);
}

bool gh_own_open(own_schemas *o, bool formats)
{
    gh_schema_options options = {.dialect = GH_SCHEMA_2020_12,
                                 .direction = GH_SCHEMA_REQUEST,
                                 .assert_formats = formats,
                                 .known_only = true};
    gh_schema_error e = {.at = 0};
    o->compiler = gh_schema_compiler_new(&o->p->arena, &options);
    if (o->compiler == NULL)
        return no_memory(o);
    if (!gh_policy_own(o->p, o->compiler, close_compiler)) {
        gh_schema_compiler_close(o->compiler);
        return no_memory(o);
    }
    if (gh_schema_compiler_add(o->compiler, GH_STR(""), o->document, &e))
        return true;
    report(o, &e);
    return false;
}

static bool has_any(const gh_route_config *route)
{
    bool any = route->validate.content_types.items != NULL;
    for (size_t k = 0; k < GH_COUNT(kinds); k++)
        any = any || setting_of(route, k)->json != NULL;
    return any;
}

bool gh_compile_validation(gh_policy *p, const gh_config *config, gh_report *report_to)
{
    own_schemas o = {.p = p, .config = config, .report = report_to};
    bool any = config->n_schemas > 0;
    for (unsigned i = 0; i < config->n_routes; i++)
        any = any || has_any(&config->routes[i]);
    if (!any || p->routes == NULL)
        return true;
    if (!build_document(&o) || !gh_own_open(&o, config->validation.formats == GH_ON))
        return false;
    bool good = compile_named(&o);
    const gh_json *routes = gh_json_lit(o.document, "routes");
    const gh_json *of_route = routes == NULL ? NULL : routes->first;
    for (unsigned i = 0; i < config->n_routes && of_route != NULL; i++, of_route = of_route->next)
        if (has_any(&config->routes[i]))
            good = gh_own_operation(&o, &config->routes[i], of_route, &p->routes[i]) && good;
    return good;
}
