#include "schema/compile.h"

static const struct {
    gh_str name;
    uint8_t bits;
    uint8_t main;     /* the one that tells it from others */
    const char *text; /* in a message */
} types[] = {
    {GH_STR_INIT("string"), GH_TYPE_BIT_STRING, GH_TYPE_BIT_STRING, "a string"},
    {GH_STR_INIT("integer"), GH_TYPE_BIT_INTEGER, GH_TYPE_BIT_INTEGER, "an integer"},
    {GH_STR_INIT("number"), GH_TYPE_BIT_NUMBER | GH_TYPE_BIT_INTEGER, GH_TYPE_BIT_NUMBER, "a number"},
    {GH_STR_INIT("boolean"), GH_TYPE_BIT_BOOLEAN, GH_TYPE_BIT_BOOLEAN, "true or false"},
    {GH_STR_INIT("array"), GH_TYPE_BIT_ARRAY, GH_TYPE_BIT_ARRAY, "an array"},
    {GH_STR_INIT("object"), GH_TYPE_BIT_OBJECT, GH_TYPE_BIT_OBJECT, "an object"},
    {GH_STR_INIT("null"), GH_TYPE_BIT_NULL, GH_TYPE_BIT_NULL, "null"},
};

static bool add_type(gh_schema_work *w, const gh_json *name)
{
    for (size_t i = 0; name->type == GH_JSON_STRING && i < GH_COUNT(types); i++) {
        if (gh_str_eq(types[i].name, name->text)) {
            w->schema->types |= types[i].bits;
            return true;
        }
    }
    return gh_schema_wrong_value(w, name,
                                 "must be one of string, integer, number, boolean, array, object and null");
}

gh_str gh_schema_types_text(unsigned set, gh_arena *arena)
{
    char text[128];
    gh_buf out = gh_buf_over(text, sizeof text);
    const char *last = NULL;
    for (size_t i = 0; i < GH_COUNT(types); i++) {
        /* A set with "number" has "integer" too, and "a number" says it all. */
        bool integer = types[i].bits == GH_TYPE_BIT_INTEGER && (set & GH_TYPE_BIT_NUMBER) != 0;
        if ((set & types[i].main) == 0 || integer)
            continue;
        if (last != NULL)
            gh_buf_printf(&out, "%s%s", out.n > 0 ? ", " : "", last);
        last = types[i].text;
    }
    if (last != NULL)
        gh_buf_printf(&out, "%s%s", out.n > 0 ? " or " : "", last);
    return gh_arena_copy(arena, gh_buf_str(&out));
}

bool gh_schema_compile_type(gh_schema_work *w)
{
    const gh_json *type = w->values[GH_KEYWORD_TYPE], *nullable = w->values[GH_KEYWORD_NULLABLE];
    bool old = w->c->options.dialect == GH_SCHEMA_OPENAPI_3_0;
    bool null = nullable != NULL && nullable->type == GH_JSON_TRUE;
    if (null && !old)
        return gh_schema_wrong_value(
            w, nullable, "\"nullable\" is of OpenAPI 3.0: add \"null\" to \"type\", or an alternative of it");
    if (type == NULL)
        return true;
    w->schema->types = 0;
    if (type->type == GH_JSON_ARRAY && old)
        return gh_schema_wrong_value(w, type, "must be one type in OpenAPI 3.0");
    if (type->type == GH_JSON_ARRAY && type->n == 0)
        return gh_schema_wrong_value(w, type, "must name a type");
    if (type->type != GH_JSON_ARRAY && !add_type(w, type))
        return false;
    for (const gh_json *v = type->type == GH_JSON_ARRAY ? type->first : NULL; v != NULL; v = v->next) {
        if (!add_type(w, v))
            return false;
    }
    if (null)
        w->schema->types |= GH_TYPE_BIT_NULL;
    w->schema->type_limit = gh_schema_types_text(w->schema->types, w->c->arena);
    return w->schema->type_limit.p != NULL || gh_schema_no_memory(w->c);
}
