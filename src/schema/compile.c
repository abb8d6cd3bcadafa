#include "schema/compile.h"

#include "schema/uri.h"

gh_schema_compiler *gh_schema_compiler_new(gh_arena *arena, const gh_schema_options *options)
{
    gh_schema_compiler *c = gh_arena_new(arena, gh_schema_compiler);
    if (c != NULL) {
        c->arena = arena;
        c->options = *options;
    }
    return c;
}

void gh_schema_compiler_close(gh_schema_compiler *c)
{
    if (c == NULL)
        return;
    for (; c->patterns != NULL; c->patterns = c->patterns->next)
        gh_pattern_free(c->patterns->pattern);
}

/* An OpenAPI document is no schema, but has some where they can be named by "$id". */
static bool scan_document(gh_schema_compiler *c, gh_schema_document *document)
{
    const gh_json *openapi = gh_json_lit(document->root, "openapi");
    if (openapi == NULL || openapi->type != GH_JSON_STRING)
        return gh_schema_scan(c, document->root, document->resource);
    const gh_json *schemas = gh_json_lit(gh_json_lit(document->root, "components"), "schemas");
    for (const gh_json *v = schemas != NULL && schemas->type == GH_JSON_OBJECT ? schemas->first : NULL;
         v != NULL; v = v->next) {
        if (!gh_schema_scan(c, v, document->resource))
            return false;
    }
    return true;
}

bool gh_schema_compiler_add(gh_schema_compiler *c, gh_str uri, const gh_json *root, gh_schema_error *ret)
{
    gh_str base, fragment;
    gh_schema_document *document = gh_arena_new(c->arena, gh_schema_document);
    gh_schema_resource *resource = gh_arena_new(c->arena, gh_schema_resource);
    *ret = (gh_schema_error){.document = uri};
    c->error = ret;
    if (document == NULL || resource == NULL || !gh_uri_resolve(GH_STR(""), uri, c->arena, &base, &fragment))
        return gh_schema_no_memory(c);
    *document = (gh_schema_document){.uri = uri, .root = root, .resource = resource};
    *resource = (gh_schema_resource){.uri = base, .root = root, .document = document};
    for (const gh_schema_resource *r = c->resources; r != NULL; r = r->next) {
        if (gh_str_eq(r->uri, base) || (r->also.p != NULL && gh_str_eq(r->also, base)))
            return gh_schema_wrong(c, document, root, "another schema has this URI");
    }
    document->next = c->documents;
    resource->next = c->resources;
    gh_schema_resource *before = c->resources;
    c->documents = document;
    c->resources = resource;
    if (scan_document(c, document))
        return true;
    c->documents = document->next;
    c->resources = before;
    return false;
}

/* Core section 8.1: one dialect, whole. */
static bool check_resource(gh_schema_compiler *c, gh_schema_resource *resource)
{
    static const gh_str known[] = {GH_STR_INIT("https://json-schema.org/draft/2020-12/schema"),
                                   GH_STR_INIT("https://json-schema.org/draft/2020-12/schema#"),
                                   GH_STR_INIT("https://spec.openapis.org/oas/3.1/dialect/base")};
    const gh_str vocabulary = GH_STR("https://json-schema.org/draft/2020-12/vocab/");
    if (resource->checked || c->options.dialect != GH_SCHEMA_2020_12)
        return true;
    const gh_json *dialect = gh_json_lit(resource->root, "$schema");
    bool fits = dialect == NULL;
    for (size_t i = 0; !fits && i < GH_COUNT(known); i++)
        fits = dialect->type == GH_JSON_STRING && gh_str_eq(dialect->text, known[i]);
    if (!fits)
        return gh_schema_wrong(c, resource->document, dialect,
                               "not supported: only https://json-schema.org/draft/2020-12/schema is");
    const gh_json *words = gh_json_lit(resource->root, "$vocabulary");
    if (words != NULL && words->type != GH_JSON_OBJECT)
        return gh_schema_wrong(c, resource->document, words, "must be an object");
    for (const gh_json *v = words == NULL ? NULL : words->first; v != NULL; v = v->next) {
        if (!gh_str_starts(v->key, vocabulary))
            return gh_schema_wrong(c, resource->document, v,
                                   "not supported: vocabularies besides those of 2020-12");
    }
    resource->checked = true;
    return true;
}

gh_schema *gh_schema_at(gh_schema_compiler *c, gh_schema_place *place)
{
    if (place->schema == NULL)
        place->schema = gh_arena_new(c->arena, gh_schema);
    gh_schema *s = place->schema;
    if (s == NULL) {
        (void)gh_schema_no_memory(c);
        return NULL;
    }
    if (s->state == GH_SCHEMA_EMPTY) {
        *s = (gh_schema){.resource = place->resource, .json = place->json, .state = GH_SCHEMA_QUEUED};
        if (c->last == NULL)
            c->first = s;
        else
            c->last->next = s;
        c->last = s;
    }
    return s;
}

static gh_schema_place *place_in(gh_schema_compiler *c, const gh_json *json, gh_schema_resource *resource)
{
    gh_schema_place *place = gh_schema_place_find(c, json);
    if (place != NULL)
        return place;
    if (!gh_schema_scan(c, json, resource))
        return NULL;
    place = gh_schema_place_find(c, json);
    if (place == NULL)
        (void)gh_schema_wrong(c, resource->document, json, "a schema must be an object, true or false");
    return place;
}

const gh_schema *gh_schema_child(gh_schema_work *w, const gh_json *json)
{
    gh_schema_place *place = place_in(w->c, json, w->schema->resource);
    return place == NULL ? NULL : gh_schema_at(w->c, place);
}

/* Dynamic references may end at any anchor of their name. */
static bool queue_dynamic(gh_schema_compiler *c)
{
    for (const gh_schema_name_list *name = c->dynamic_names; name != NULL; name = name->next) {
        for (gh_schema_resource *r = c->resources; r != NULL; r = r->next) {
            gh_schema_anchor *anchor = gh_schema_anchor_find(r, name->name);
            if (anchor == NULL || !anchor->dynamic || anchor->schema != NULL)
                continue;
            gh_schema_place *place = gh_schema_place_find(c, anchor->json);
            if (place == NULL || (anchor->schema = gh_schema_at(c, place)) == NULL)
                return false;
        }
    }
    return true;
}

static bool fill(gh_schema_compiler *c, gh_schema *s);

static bool fill_all(gh_schema_compiler *c)
{
    /* What is queued while this runs comes behind `last`. */
    for (gh_schema *s = c->first; s != NULL; s = s->next) {
        if (!fill(c, s))
            return false;
        s->state = GH_SCHEMA_READY;
        if (s->next == NULL && !queue_dynamic(c))
            return false;
    }
    return gh_schema_finish(c);
}

/* After an error nothing that was begun with it may be taken for whole. */
static void forget(gh_schema_compiler *c)
{
    for (gh_schema *s = c->first, *next; s != NULL; s = next) {
        next = s->next;
        *s = (gh_schema){.state = GH_SCHEMA_EMPTY};
    }
    for (gh_schema_resource *r = c->resources; r != NULL; r = r->next) {
        for (gh_schema_anchor *a = r->anchors; a != NULL; a = a->next) {
            if (a->schema != NULL && a->schema->state == GH_SCHEMA_EMPTY)
                a->schema = NULL;
        }
    }
}

const gh_schema *gh_schema_compile(gh_schema_compiler *c, const gh_json *document, const gh_json *at,
                                   gh_schema_error *ret)
{
    *ret = (gh_schema_error){.at = at->at};
    c->error = ret;
    c->first = c->last = NULL;
    gh_schema_document *d = c->documents;
    while (d != NULL && d->root != document)
        d = d->next;
    if (d == NULL) {
        ret->why = GH_STR("the document was not added");
        return NULL;
    }
    gh_schema_place *place = place_in(c, at, d->resource);
    gh_schema *s = place == NULL ? NULL : gh_schema_at(c, place);
    if (s == NULL)
        return NULL;
    if (fill_all(c))
        return s;
    forget(c);
    return NULL;
}

static bool is_texts(const gh_json *value)
{
    bool fits = value->type == GH_JSON_ARRAY;
    for (const gh_json *v = fits ? value->first : NULL; v != NULL; v = v->next)
        fits = fits && v->type == GH_JSON_STRING;
    return fits;
}

static const char *check_shape(const gh_json *v, enum gh_schema_shape shape)
{
    switch (shape) {
    case GH_SHAPE_TEXT:
        return v->type == GH_JSON_STRING ? NULL : "must be a string";
    case GH_SHAPE_FLAG:
        return v->type == GH_JSON_TRUE || v->type == GH_JSON_FALSE ? NULL : "must be true or false";
    case GH_SHAPE_NUMBER:
        return v->type == GH_JSON_NUMBER ? NULL : "must be a number";
    case GH_SHAPE_VALUES:
        return v->type == GH_JSON_ARRAY ? NULL : "must be an array";
    case GH_SHAPE_NAMES:
        return is_texts(v) ? NULL : "must be an array of strings";
    case GH_SHAPE_NAME_LISTS:
        if (v->type != GH_JSON_OBJECT)
            return "must be an object of arrays of strings";
        for (const gh_json *m = v->first; m != NULL; m = m->next) {
            if (!is_texts(m))
                return "must be an object of arrays of strings";
        }
        return NULL;
    case GH_SHAPE_SCHEMA:
        return v->type == GH_JSON_ARRAY ? "an array of schemas is of an older draft: use \"prefixItems\""
                                        : NULL;
    case GH_SHAPE_SCHEMAS:
        return v->type == GH_JSON_ARRAY && v->n > 0 ? NULL : "must be an array of one schema or more";
    case GH_SHAPE_MAP:
        return v->type == GH_JSON_OBJECT ? NULL : "must be an object of schemas";
    case GH_SHAPE_NOTE:
    case GH_SHAPE_OTHER:
    case GH_SHAPE_COUNT: /* told where it is read */
        break;
    }
    return NULL;
}

static bool read_keywords(gh_schema_work *w)
{
    for (const gh_json *v = w->schema->json->first; v != NULL; v = v->next) {
        enum gh_schema_keyword keyword = gh_schema_keyword_find(v->key);
        if (keyword == GH_KEYWORD_COUNT) {
            const char *doubt = gh_schema_keyword_doubt(v->key, w->c->options.known_only, w->c->arena);
            if (doubt != NULL)
                return gh_schema_wrong_value(w, v, doubt);
            continue;
        }
        /* Pydantic 1 writes tuples so, which FastAPI calls OpenAPI 3.0. */
        if (keyword == GH_KEYWORD_ITEMS && v->type == GH_JSON_ARRAY &&
            w->c->options.dialect == GH_SCHEMA_OPENAPI_3_0)
            keyword = GH_KEYWORD_PREFIX_ITEMS;
        const char *why = check_shape(v, gh_schema_keyword_shape(keyword));
        if (keyword == GH_KEYWORD_REF && v->type == GH_JSON_NULL)
            why = "must be a string, not null; in YAML # begins a comment: put quotes around it, as in "
                  "\"#/schemas/name\"";
        if (why != NULL)
            return gh_schema_wrong_value(w, v, why);
        w->values[keyword] = v;
    }
    return true;
}

/* OpenAPI 3.0.3, "Reference Object": what is beside a reference is ignored. */
static void keep_only_reference(gh_schema_work *w)
{
    const gh_json *ref = w->values[GH_KEYWORD_REF];
    if (w->c->options.dialect != GH_SCHEMA_OPENAPI_3_0)
        return;
    w->values[GH_KEYWORD_DYNAMIC_REF] = NULL;
    if (ref == NULL)
        return;
    memset(w->values, 0, sizeof w->values);
    w->values[GH_KEYWORD_REF] = ref;
}

static bool is_true(const gh_json *v)
{
    return v != NULL && v->type == GH_JSON_TRUE;
}

/* Nothing in it could refuse a value. */
static bool says_nothing(const gh_schema *s)
{
    return s->types == GH_TYPE_BITS_ALL && s->values == NULL && s->constant == NULL && s->numbers == NULL &&
           s->texts == NULL && s->items == NULL && s->members == NULL && s->applied == NULL;
}

static bool fill(gh_schema_compiler *c, gh_schema *s)
{
    gh_schema_work w = {.c = c, .schema = s};
    s->types = GH_TYPE_BITS_ALL;
    if (!check_resource(c, s->resource))
        return false;
    s->scoped = s->resource->dynamic;
    if (s->json->type != GH_JSON_OBJECT) {
        s->kind = s->json->type == GH_JSON_TRUE ? GH_SCHEMA_TRUE : GH_SCHEMA_FALSE;
        return true;
    }
    if (!read_keywords(&w))
        return false;
    keep_only_reference(&w);
    s->read_only = is_true(w.values[GH_KEYWORD_READ_ONLY]);
    s->write_only = is_true(w.values[GH_KEYWORD_WRITE_ONLY]);
    if (!(gh_schema_compile_type(&w) && gh_schema_compile_values(&w) && gh_schema_compile_numbers(&w) &&
          gh_schema_compile_texts(&w) && gh_schema_compile_items(&w) && gh_schema_compile_members(&w) &&
          gh_schema_compile_applied(&w)))
        return false;
    if (says_nothing(s))
        s->kind = GH_SCHEMA_TRUE;
    return true;
}
