/* One route's `validate` into an operation: its parameters are the properties of object schemas. */
#include <stdarg.h>
#include <stdio.h>

#include "config/compile_validation.h"
#include "wire/field.h"

/* A schema of parameters, and where what is wrong in it is reported. */
typedef struct group {
    own_schemas *o;
    const gh_route_config *route;
    const gh_schema_setting *setting;
    const char *name; /* "query" */
    enum gh_in in;
    const gh_json *json; /* in the document */
    gh_operation *to;
    unsigned cap; /* of to->parameters */
} group;

GH_PRINTF(3, 4) static bool refuse(const group *g, const gh_json *at, const char *fmt, ...)
{
    char text[512];
    gh_place place = g->setting->place;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (at->at != 0) {
        place.line = GH_AT_LINE(at->at);
        place.column = GH_AT_COLUMN(at->at);
    }
    gh_report_error(g->o->report, place.file, place.line, place.column, "route %.*s: validate.%s: %s",
                    (int)g->route->name.n, g->route->name.p, g->name, n < 0 ? "is not right" : text);
    return false;
}

static bool no_memory(own_schemas *o)
{
    gh_report_error(o->report, NULL, 0, 0, "out of memory while compiling the routes");
    return false;
}

/* Parameters are looked at one by one: nothing can be said of all of them together. */
static bool check_keyword(const group *g, const gh_json *member)
{
    static const gh_str known[] = {GH_STR_INIT("type"),     GH_STR_INIT("properties"),
                                   GH_STR_INIT("required"), GH_STR_INIT("additionalProperties"),
                                   GH_STR_INIT("title"),    GH_STR_INIT("description"),
                                   GH_STR_INIT("examples"), GH_STR_INIT("$comment")};
    for (size_t i = 0; i < GH_COUNT(known); i++)
        if (gh_str_eq(member->key, known[i]))
            return true;
    if (gh_str_starts(member->key, GH_STR("x-")))
        return true;
    return refuse(
        g, member,
        "%.*s can't be here: only type: object, properties, required and additionalProperties can, and the "
        "schema of each parameter is in properties",
        (int)member->key.n, member->key.p);
}

static bool is_in_path(const group *g, gh_str name)
{
    const gh_path_pattern *pattern = &g->to->pattern;
    for (unsigned i = 0; i < pattern->n_segments; i++)
        if (pattern->segments[i].text.p == NULL && gh_str_eq(pattern->segments[i].name, name))
            return true;
    return false;
}

static bool check_name(const group *g, const gh_json *property)
{
    int n = (int)property->key.n;
    const char *p = property->key.p;
    if (g->in == GH_IN_PATH && !is_in_path(g, property->key))
        return refuse(g, property, "the route's path has no {%.*s}", n, p);
    if ((g->in == GH_IN_HEADER || g->in == GH_IN_COOKIE) && !gh_is_token(property->key))
        return refuse(g, property, "\"%.*s\" can't be the name of a %s", n, p,
                      g->in == GH_IN_HEADER ? "header field" : "cookie");
    return true;
}

static bool is_required(const group *g, gh_str name)
{
    const gh_json *required = gh_json_lit(g->json, "required");
    if (g->in == GH_IN_PATH)
        return true; /* or the path would not have matched */
    for (const gh_json *item = required == NULL ? NULL : required->first; item != NULL; item = item->next)
        if (gh_str_eq(item->text, name))
            return true;
    return false;
}

static bool lower(const group *g, gh_str name, gh_str *ret)
{
    char *to = gh_arena_alloc(&g->o->p->arena, name.n + 1);
    for (size_t i = 0; to != NULL && i < name.n; i++)
        to[i] = gh_lower(name.p[i]);
    *ret = (gh_str){to, name.n};
    return to != NULL || no_memory(g->o);
}

static enum gh_param_style style_of(const group *g, const gh_schema *schema)
{
    if (g->in == GH_IN_PATH || g->in == GH_IN_HEADER)
        return GH_STYLE_SIMPLE;
    return g->in == GH_IN_QUERY && gh_schema_types(schema) == GH_TYPE_BIT_OBJECT ? GH_STYLE_DEEP_OBJECT
                                                                                 : GH_STYLE_FORM;
}

static bool add_parameter(group *g, const gh_json *property)
{
    gh_parameter *to = &g->to->parameters[g->to->n_parameters];
    if (!check_name(g, property) || !gh_own_schema(g->o, property, &to->schema))
        return false;
    to->name = property->key;
    to->in = (uint8_t)g->in;
    to->style = (uint8_t)style_of(g, to->schema);
    to->explode = to->style == GH_STYLE_FORM || to->style == GH_STYLE_DEEP_OBJECT;
    to->required = is_required(g, property->key);
    if (g->in == GH_IN_HEADER && !lower(g, property->key, &to->name))
        return false;
    for (unsigned i = 0; i < g->to->n_parameters; i++)
        if (g->to->parameters[i].in == to->in && gh_str_eq(g->to->parameters[i].name, to->name))
            return refuse(g, property, "%.*s is here twice", (int)to->name.n, to->name.p);
    g->to->n_parameters++;
    return true;
}

static bool check_required(const group *g)
{
    const gh_json *required = gh_json_lit(g->json, "required"),
                  *properties = gh_json_lit(g->json, "properties");
    bool good = true;
    if (required == NULL)
        return true;
    if (required->type != GH_JSON_ARRAY)
        return refuse(g, required, "required must be a list of names");
    for (const gh_json *item = required->first; item != NULL; item = item->next) {
        if (item->type != GH_JSON_STRING)
            good = refuse(g, item, "required must be a list of names");
        else if (gh_json_get(properties, item->text) == NULL)
            good =
                refuse(g, item, "required names %.*s, which is not in properties ({} there takes any value)",
                       (int)item->text.n, item->text.p);
    }
    return good;
}

static bool check_additional(const group *g)
{
    const gh_json *additional = gh_json_lit(g->json, "additionalProperties");
    if (additional == NULL || additional->type == GH_JSON_TRUE)
        return true;
    if (additional->type != GH_JSON_FALSE)
        return refuse(g, additional, "additionalProperties must be true or false");
    if (g->in == GH_IN_QUERY)
        g->to->parameters_closed = true;
    else if (g->in != GH_IN_PATH)
        return refuse(g, additional,
                      "additionalProperties: false can't be here: clients send %s of their own",
                      g->in == GH_IN_HEADER ? "header fields" : "cookies");
    return true;
}

static bool check_shape(const group *g)
{
    const gh_json *type = gh_json_lit(g->json, "type"), *properties = gh_json_lit(g->json, "properties");
    bool good = true;
    if (g->json->type != GH_JSON_OBJECT)
        return refuse(g, g->json, "must be an object schema with properties");
    for (const gh_json *m = g->json->first; m != NULL; m = m->next)
        good = check_keyword(g, m) && good;
    if (type != NULL && (type->type != GH_JSON_STRING || !gh_str_eq(type->text, GH_STR("object"))))
        good = refuse(g, type, "type must be object: its properties are the parameters");
    if (properties != NULL && properties->type != GH_JSON_OBJECT)
        good = refuse(g, properties, "properties must be a mapping from names to schemas");
    return good;
}

static bool add_group(group *g)
{
    if (g->json == NULL)
        return true;
    if (!check_shape(g))
        return false;
    const gh_json *properties = gh_json_lit(g->json, "properties");
    bool good = check_required(g);
    good = check_additional(g) && good;
    for (const gh_json *p = properties == NULL ? NULL : properties->first; p != NULL; p = p->next)
        good = add_parameter(g, p) && good;
    return good;
}

static unsigned count_properties(const gh_json *schemas)
{
    unsigned n = 0;
    for (const gh_json *s = schemas->first; s != NULL; s = s->next) {
        const gh_json *properties = gh_json_lit(s, "properties");
        n += properties != NULL && properties->type == GH_JSON_OBJECT ? properties->n : 0;
    }
    return n;
}

static bool add_parameters(own_schemas *o, const gh_route_config *from, const gh_json *schemas,
                           gh_operation *to)
{
    const gh_validate_config *v = &from->validate;
    group groups[] = {{.setting = &v->path, .name = "path", .in = GH_IN_PATH},
                      {.setting = &v->query, .name = "query", .in = GH_IN_QUERY},
                      {.setting = &v->headers, .name = "headers", .in = GH_IN_HEADER},
                      {.setting = &v->cookies, .name = "cookies", .in = GH_IN_COOKIE}};
    bool good = true;
    to->parameters = gh_arena_array(&o->p->arena, count_properties(schemas) + 1u, sizeof *to->parameters);
    if (to->parameters == NULL)
        return no_memory(o);
    for (size_t i = 0; i < GH_COUNT(groups); i++) {
        group *g = &groups[i];
        g->o = o;
        g->route = from;
        g->to = to;
        g->json = gh_json_get(schemas, gh_str_of(g->name));
        good = add_group(g) && good;
    }
    return good;
}

static bool add_media(own_schemas *o, const gh_route_config *from, const gh_schema *schema, gh_operation *to)
{
    static gh_str json[] = {GH_STR_INIT("application/json")};
    gh_str_list types = from->validate.content_types;
    if (types.items == NULL)
        types = (gh_str_list){json, schema != NULL ? 1 : 0};
    to->media = gh_arena_array(&o->p->arena, types.n + 1u, sizeof *to->media);
    if (to->media == NULL)
        return no_memory(o);
    for (unsigned i = 0; i < types.n; i++) {
        gh_media *media = &to->media[to->n_media++];
        gh_media_type type;
        media->range = types.items[i];
        if (gh_media_type_parse(media->range, &type))
            media->kind = type.kind;
        media->schema = media->kind == GH_MEDIA_OPAQUE ? NULL : schema;
        to->reads_body = to->reads_body || media->schema != NULL;
    }
    to->body_declared = true; /* where no type is named, any body may come */
    to->body_required =
        from->validate.body_required < 0 ? schema != NULL : from->validate.body_required == GH_ON;
    return true;
}

bool gh_own_operation(own_schemas *o, const gh_route_config *from, const gh_json *schemas, gh_route *to)
{
    gh_operation *operation = gh_arena_new(&o->p->arena, gh_operation);
    const gh_json *body = gh_json_lit(schemas, "body");
    const gh_schema *schema = NULL;
    if (operation == NULL)
        return no_memory(o);
    operation->id = from->name;
    if (to->match.n_paths > 0)
        operation->pattern = to->match.paths[0];
    bool good = body == NULL || gh_own_schema(o, body, &schema);
    good = add_parameters(o, from, schemas, operation) && good;
    good = add_media(o, from, schema, operation) && good;
    to->input.own = operation;
    to->input.own_observe = from->validate.mode == GH_MODE_OBSERVE;
    return good;
}
