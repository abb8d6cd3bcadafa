/* Input: what settings about it must be together. */
#include "config/load.h"
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
                            &c->openapi.exempt_paths, &c->openapi.responses};
    static const char *const names[] = {"validation.mode",      "validation.undeclared_parameters",
                                        "openapi.prefix",       "openapi.undeclared_paths",
                                        "openapi.exempt_paths", "openapi.responses"};
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
    if (!is_set(&v->body) && v->content_types.items == NULL)
        no_effect(l, &v->body_required, r->name, "validate.body_required",
                  "validate.body or validate.content_types");
}

static void check_route(gh_load *l, const gh_route_config *r)
{
    const gh_validate_config *v = &r->validate;
    const gh_dangerous_config *own = &r->dangerous_content, *all = &l->config->dangerous_content;
    bool any = is_set(&v->body) || is_set(&v->query) || is_set(&v->path) || is_set(&v->headers) ||
               is_set(&v->cookies) || v->content_types.items != NULL;
    bool checks = own->checks.items != NULL ? own->checks.n > 0 : all->checks.n > 0;
    check_body(l, r);
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

void gh_check_input(gh_load *l)
{
    check_memory(l);
    check_document(l);
    for (unsigned i = 0; i < l->config->n_routes; i++)
        check_route(l, &l->config->routes[i]);
}
