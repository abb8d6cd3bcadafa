/* Input: what settings about it must be together. */
#include "config/load.h"
#include "contract/field_path.h"
#include "wire/media_type.h"

static bool is_set(const gh_schema_setting *s)
{
    return s->json != NULL;
}

static void check_memory(gh_load *l)
{
    const gh_config *c = l->config;
    gh_place place = gh_load_place(l, &c->validation.max_body);
    if (place.file == NULL)
        place = gh_load_place(l, &c->validation.memory);
    if (c->validation.max_body > c->validation.memory)
        gh_load_error(
            l, &place,
            "validation.max_body must not be more than validation.memory, or such a body could never be "
            "read");
}

static bool has_document(const gh_config *c)
{
    bool found = c->openapi.document.p != NULL;
    for (unsigned i = 0; i < c->n_upstreams; i++)
        found = found || c->upstreams[i].openapi.p != NULL;
    return found;
}

static void check_document(gh_load *l)
{
    const gh_config *c = l->config;
    const void *fields[] = {&c->validation.mode,      &c->validation.undeclared_parameters,
                            &c->openapi.prefix,       &c->openapi.undeclared_paths,
                            &c->openapi.exempt_paths, &c->openapi.responses,
                            &c->openapi.optional_null};
    static const char *const names[] = {"validation.mode",      "validation.undeclared_parameters",
                                        "openapi.prefix",       "openapi.undeclared_paths",
                                        "openapi.exempt_paths", "openapi.responses",
                                        "openapi.optional_null"};
    gh_place place = gh_load_place(l, &c->openapi.document);
    if (c->openapi.document.p != NULL && c->n_upstreams > 0 && c->upstreams[0].openapi.p != NULL)
        gh_load_error(
            l, &place,
            "openapi.document and upstreams[0].openapi are both the document of the first upstream; keep one "
            "of them");
    for (size_t i = 0; i < GH_COUNT(fields) && !has_document(c); i++) {
        place = gh_load_place(l, fields[i]);
        if (place.file != NULL)
            gh_load_warning(l, &place, "%s has no effect without openapi.document", names[i]);
    }
}

/* Something set that nothing will look at. */
static void no_effect(gh_load *l, const void *field, gh_str name, const char *what, const char *without)
{
    gh_place place = gh_load_place(l, field);
    if (place.file != NULL)
        gh_load_error(l, &place, "route %.*s: %s has no effect without %s", (int)name.n, name.p, what,
                      without);
}

static bool is_read(gh_str range)
{
    gh_media_type type;
    return gh_media_type_parse(range, &type) && type.kind != GH_MEDIA_OPAQUE;
}

/* Of several types some can be read, and the schema holds for those alone. */
static void check_unread(gh_load *l, const gh_route_config *r)
{
    const gh_str_list *types = &r->validate.content_types;
    for (unsigned i = 0; i < types->n; i++) {
        gh_place place = gh_load_place(l, &types->items[i]);
        if (!is_read(types->items[i]))
            gh_load_warning(
                l, &place,
                "route %.*s: bodies of type %.*s can't be read: validate.body is not asked of them",
                (int)r->name.n, r->name.p, (int)types->items[i].n, types->items[i].p);
    }
}

static void check_methods(gh_load *l, const gh_route_config *r)
{
    const gh_validate_config *v = &r->validate;
    bool required = v->body_required < 0 ? is_set(&v->body) : v->body_required == GH_ON;
    if (required && r->methods.n == 0)
        gh_load_warning(
            l, &r->place,
            "route %.*s: validate asks for a body whatever the method, GET too; name the methods, as in "
            "[POST], or set body_required: off",
            (int)r->name.n, r->name.p);
}

static void check_body(gh_load *l, const gh_route_config *r)
{
    const gh_validate_config *v = &r->validate;
    bool read = v->content_types.items == NULL;
    for (unsigned i = 0; i < v->content_types.n; i++)
        read = read || is_read(v->content_types.items[i]);
    if (is_set(&v->body) && !read)
        gh_load_error(
            l, &v->body.place,
            "route %.*s: validate.body: none of validate.content_types can be read; there are JSON, "
            "application/x-www-form-urlencoded, multipart/form-data and text types",
            (int)r->name.n, r->name.p);
    else if (is_set(&v->body))
        check_unread(l, r);
    if (is_set(&v->body) || v->content_types.items != NULL)
        check_methods(l, r);
    else
        no_effect(l, &v->body_required, r->name, "validate.body_required",
                  "validate.body or validate.content_types");
}

static bool has_parameter(const gh_path_pattern *pattern, gh_str name)
{
    for (unsigned i = 0; i < pattern->n_segments; i++)
        if (pattern->segments[i].text.p == NULL && gh_str_eq(pattern->segments[i].name, name))
            return true;
    return false;
}

/* A parameter of the path that no path has would never be looked at; an OpenAPI document may have it. */
static void check_fields(gh_load *l, const gh_route_config *r)
{
    const gh_str_list *fields = &r->dangerous_content.fields;
    gh_path_pattern pattern;
    gh_field_path field;
    const char *why;
    if (fields->n == 0 || has_document(l->config) || !gh_check_pattern(&l->scratch, r->path, &pattern))
        return;
    for (unsigned i = 0; i < fields->n; i++) {
        gh_place place = gh_load_place(l, &fields->items[i]);
        if (gh_field_path_parse(fields->items[i], &l->scratch, &field, &why) && !field.all &&
            field.in == GH_IN_PATH && !has_parameter(&pattern, field.name))
            gh_load_error(l, &place, "route %.*s: dangerous_content.fields: the route's path has no {%.*s}",
                          (int)r->name.n, r->name.p, (int)field.name.n, field.name.p);
    }
}

static void check_route(gh_load *l, const gh_route_config *r)
{
    const gh_validate_config *v = &r->validate;
    const gh_dangerous_config *own = &r->dangerous_content, *all = &l->config->dangerous_content;
    bool any = is_set(&v->body) || is_set(&v->query) || is_set(&v->path) || is_set(&v->headers) ||
               is_set(&v->cookies) || v->content_types.items != NULL;
    bool checks = own->checks.items != NULL ? own->checks.n > 0 : all->checks.n > 0;
    check_body(l, r);
    check_fields(l, r);
    if (!any)
        no_effect(l, &v->mode, r->name, "validate.mode", "a schema in validate");
    if (!checks) {
        no_effect(l, &own->fields, r->name, "dangerous_content.fields", "dangerous_content.checks");
        no_effect(l, &own->mode, r->name, "dangerous_content.mode", "dangerous_content.checks");
        no_effect(l, &own->max_length, r->name, "dangerous_content.max_length", "dangerous_content.checks");
    }
    if (r->sanitize.text.n == 0)
        no_effect(l, &r->sanitize.max_length, r->name, "sanitize.max_length", "sanitize.text");
}

/* For errors that are found when the documents are read. */
static void keep_places(gh_load *l)
{
    gh_config *c = l->config;
    c->openapi.place = gh_load_place(l, &c->openapi.document);
    for (unsigned i = 0; i < c->n_upstreams; i++)
        c->upstreams[i].openapi_place = gh_load_place(l, &c->upstreams[i].openapi);
}

void gh_check_input(gh_load *l)
{
    keep_places(l);
    check_memory(l);
    check_document(l);
    for (unsigned i = 0; i < l->config->n_routes; i++)
        check_route(l, &l->config->routes[i]);
}
