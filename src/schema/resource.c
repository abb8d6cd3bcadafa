#include "schema/resource.h"

#include "schema/keywords.h"
#include "schema/uri.h"
#include "text/utf8.h"
#include "wire/json_text.h"

static uint32_t hash_of(const gh_json *json)
{
    uint64_t x = (uint64_t)(uintptr_t)json >> 4;
    return (uint32_t)(x * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

gh_schema_place *gh_schema_place_find(const gh_schema_compiler *c, const gh_json *json)
{
    if (c->places.n == 0)
        return NULL;
    for (uint32_t i = hash_of(json) & c->places.mask; c->places.slots[i].json != NULL;
         i = (i + 1) & c->places.mask) {
        if (c->places.slots[i].json == json)
            return &c->places.slots[i];
    }
    return NULL;
}

static void put_place(gh_schema_places *places, gh_schema_place place)
{
    uint32_t i = hash_of(place.json) & places->mask;
    while (places->slots[i].json != NULL)
        i = (i + 1) & places->mask;
    places->slots[i] = place;
    places->n++;
}

/* Makes room for one more place. */
static bool grow(gh_schema_compiler *c)
{
    const gh_schema_places *old = &c->places;
    if (old->slots != NULL && old->n < old->mask / 2)
        return true;
    uint32_t size = old->slots == NULL ? 64 : (old->mask + 1) * 2;
    gh_schema_places bigger = {.slots = gh_arena_array(c->arena, size, sizeof *bigger.slots),
                               .mask = size - 1};
    if (bigger.slots == NULL || size == 0)
        return gh_schema_no_memory(c);
    for (uint32_t i = 0; old->slots != NULL && i <= old->mask; i++) {
        if (old->slots[i].json != NULL)
            put_place(&bigger, old->slots[i]);
    }
    c->places = bigger;
    return true;
}

gh_schema_anchor *gh_schema_anchor_find(const gh_schema_resource *resource, gh_str name)
{
    for (gh_schema_anchor *a = resource->anchors; a != NULL; a = a->next) {
        if (gh_str_eq(a->name, name))
            return a;
    }
    return NULL;
}

/* Core section 8.2.2: ^[A-Za-z_][-A-Za-z0-9._]*$ */
static bool is_anchor(gh_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = gh_lower(name.p[i]);
        bool first = (c >= 'a' && c <= 'z') || c == '_';
        if (!first && (i == 0 || !(gh_is_digit(c) || c == '-' || c == '.')))
            return false;
    }
    return name.n > 0;
}

static bool add_anchor(gh_schema_compiler *c, gh_schema_resource *resource, const gh_json *json,
                       const gh_json *value, bool dynamic)
{
    if (value == NULL)
        return true;
    if (value->type != GH_JSON_STRING || !is_anchor(value->text))
        return gh_schema_wrong(c, resource->document, value,
                               "must be a letter or _, then letters, digits, - . _");
    gh_schema_anchor *anchor = gh_schema_anchor_find(resource, value->text);
    if (anchor != NULL && anchor->json != json)
        return gh_schema_wrong(c, resource->document, value, "this anchor is there twice");
    if (anchor == NULL) {
        anchor = gh_arena_new(c->arena, gh_schema_anchor);
        if (anchor == NULL)
            return gh_schema_no_memory(c);
        *anchor = (gh_schema_anchor){.name = value->text, .json = json, .next = resource->anchors};
        resource->anchors = anchor;
        resource->n_anchors++;
    }
    anchor->dynamic |= dynamic;
    resource->dynamic |= dynamic;
    return true;
}

static gh_schema_resource *resource_of_uri(const gh_schema_compiler *c, gh_str uri)
{
    for (gh_schema_resource *r = c->resources; r != NULL; r = r->next) {
        if (gh_str_eq(r->uri, uri) || (r->also.p != NULL && gh_str_eq(r->also, uri)))
            return r;
    }
    return NULL;
}

/* "$id": the schema is a resource of its own. *io_resource: the one around it, then its own. */
static bool enter_resource(gh_schema_compiler *c, const gh_json *json, gh_schema_resource **io_resource)
{
    const gh_json *id = gh_json_lit(json, "$id");
    gh_schema_resource *outer = *io_resource;
    gh_str uri, fragment;
    if (id == NULL)
        return true;
    if (id->type != GH_JSON_STRING)
        return gh_schema_wrong(c, outer->document, id, "must be a string");
    if (!gh_uri_resolve(outer->uri, id->text, c->arena, &uri, &fragment))
        return gh_schema_no_memory(c);
    if (fragment.n > 0)
        return gh_schema_wrong(c, outer->document, id, "must have no fragment (\"#...\")");
    const gh_schema_resource *same = resource_of_uri(c, uri);
    if (same != NULL && same->root != json)
        return gh_schema_wrong(c, outer->document, id, "another schema has this URI");
    if (outer->root == json) { /* the document's root: no new resource, but another base */
        outer->also = outer->uri;
        outer->uri = uri;
        return true;
    }
    gh_schema_resource *inner = gh_arena_new(c->arena, gh_schema_resource);
    if (inner == NULL)
        return gh_schema_no_memory(c);
    *inner =
        (gh_schema_resource){.uri = uri, .root = json, .document = outer->document, .next = c->resources};
    c->resources = inner;
    *io_resource = inner;
    return true;
}

static bool scan(gh_schema_compiler *c, const gh_json *json, gh_schema_resource *resource, unsigned depth);

static bool scan_all(gh_schema_compiler *c, const gh_json *list, gh_schema_resource *resource, unsigned depth)
{
    for (const gh_json *v = list->first; v != NULL; v = v->next) {
        if (!scan(c, v, resource, depth))
            return false;
    }
    return true;
}

/* The value of one keyword. What is malformed is told when it is compiled. */
static bool scan_value(gh_schema_compiler *c, const gh_json *value, gh_schema_resource *resource,
                       unsigned depth)
{
    enum gh_schema_keyword keyword = gh_schema_keyword_find(value->key);
    if (keyword == GH_KEYWORD_COUNT)
        return true;
    enum gh_schema_shape shape = gh_schema_keyword_shape(keyword);
    bool list = (shape == GH_SHAPE_SCHEMAS || shape == GH_SHAPE_SCHEMA) && value->type == GH_JSON_ARRAY;
    if (shape == GH_SHAPE_SCHEMA && !list)
        return scan(c, value, resource, depth);
    bool map = shape == GH_SHAPE_MAP && value->type == GH_JSON_OBJECT;
    return !(list || map) || scan_all(c, value, resource, depth);
}

static bool scan(gh_schema_compiler *c, const gh_json *json, gh_schema_resource *resource, unsigned depth)
{
    if (depth == 0)
        return gh_schema_wrong(c, resource->document, json, "nested too deeply");
    if (json->type < GH_JSON_FALSE || json->type == GH_JSON_NUMBER || json->type == GH_JSON_STRING ||
        json->type == GH_JSON_ARRAY || gh_schema_place_find(c, json) != NULL)
        return true;
    bool anchors = json->type == GH_JSON_OBJECT && c->options.dialect == GH_SCHEMA_2020_12;
    if (anchors && !enter_resource(c, json, &resource))
        return false;
    if (anchors && !(add_anchor(c, resource, json, gh_json_lit(json, "$anchor"), false) &&
                     add_anchor(c, resource, json, gh_json_lit(json, "$dynamicAnchor"), true)))
        return false;
    if (!grow(c))
        return false;
    put_place(&c->places, (gh_schema_place){.json = json, .resource = resource});
    for (const gh_json *v = json->type == GH_JSON_OBJECT ? json->first : NULL; v != NULL; v = v->next) {
        if (!scan_value(c, v, resource, depth - 1))
            return false;
    }
    return true;
}

bool gh_schema_scan(gh_schema_compiler *c, const gh_json *json, gh_schema_resource *resource)
{
    return scan(c, json, resource, GH_JSON_DEPTH_MAX);
}

/* The item or member that one token of a JSON Pointer (RFC 6901 section 4) names, or NULL. */
static const gh_json *child(const gh_json *json, gh_str token, gh_arena *arena)
{
    if (json->type == GH_JSON_ARRAY) {
        uint64_t index;
        if (!gh_str_u64(token, &index) || (token.n > 1 && token.p[0] == '0') || index >= json->n)
            return NULL;
        const gh_json *v = json->first;
        while (v != NULL && index-- > 0)
            v = v->next;
        return v;
    }
    gh_str name = token;
    if (gh_str_find(token, '~') < token.n) {
        char *p = gh_arena_alloc(arena, token.n);
        name = (gh_str){p, 0};
        for (size_t i = 0; p != NULL && i < token.n; i++) {
            bool escape =
                token.p[i] == '~' && i + 1 < token.n && (token.p[i + 1] == '0' || token.p[i + 1] == '1');
            p[name.n++] = escape ? (token.p[++i] == '0' ? '~' : '/') : token.p[i];
        }
        if (p == NULL)
            return NULL;
    }
    return gh_json_get(json, name);
}

/* What a fragment that is a pointer names; what is in a resource within belongs to that one. */
static gh_schema_place *by_pointer(gh_schema_compiler *c, gh_schema_resource *resource, gh_str pointer)
{
    const gh_json *json = resource->root;
    gh_str rest = gh_str_cut(pointer, 1, pointer.n), token;
    while (pointer.n > 0 && json != NULL && gh_str_next(&rest, '/', &token)) {
        json = child(json, token, c->arena);
        const gh_schema_place *known = json == NULL ? NULL : gh_schema_place_find(c, json);
        if (known != NULL)
            resource = known->resource;
    }
    if (json == NULL || !gh_schema_scan(c, json, resource))
        return NULL;
    return gh_schema_place_find(c, json);
}

/* "\"#/schemas/nope\" refers to no schema" */
static bool wrong_reference(gh_schema_compiler *c, const gh_schema_resource *from, const gh_json *at,
                            const char *what)
{
    enum { SHOWN = 60 }; /* characters; one takes up to 12 bytes when it is escaped */
    char text[SHOWN * 12 + 128];
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_str shown = gh_utf8_first(at->text, SHOWN);
    gh_json_string(&out, shown);
    gh_buf_put(&out, gh_str_of(shown.n < at->text.n ? "..." : ""));
    gh_buf_put(&out, gh_str_of(what));
    gh_str why = gh_arena_copy(c->arena, gh_buf_str(&out));
    return gh_schema_wrong(c, from->document, at, why.p == NULL ? "refers to nothing" : why.p);
}

gh_schema_place *gh_schema_resolve(gh_schema_compiler *c, const gh_schema_resource *from, const gh_json *at,
                                   gh_str *ret_fragment)
{
    gh_str uri, fragment;
    if (!gh_uri_resolve(from->uri, at->text, c->arena, &uri, &fragment) ||
        (fragment = gh_uri_decode(fragment, c->arena)).p == NULL) {
        (void)gh_schema_no_memory(c);
        return NULL;
    }
    *ret_fragment = fragment;
    gh_schema_resource *resource = resource_of_uri(c, uri);
    if (resource == NULL) {
        (void)wrong_reference(
            c, from, at, " refers to a document that is not known (nothing is fetched; it must be given)");
        return NULL;
    }
    gh_schema_place *place = NULL;
    c->error->why = (gh_str){NULL, 0};
    if (fragment.n == 0 || fragment.p[0] == '/') {
        place = by_pointer(c, resource, fragment);
    } else {
        const gh_schema_anchor *anchor = gh_schema_anchor_find(resource, fragment);
        place = anchor == NULL ? NULL : gh_schema_place_find(c, anchor->json);
    }
    if (place == NULL && c->error->why.p == NULL)
        (void)wrong_reference(c, from, at, " refers to no schema");
    return place;
}
