#include "schema/compile.h"

/* Asks for a bit that says whether the member is there. */
static void watch(gh_schema_members *m, gh_schema_name *name)
{
    if (name->bit == GH_SCHEMA_NO_BIT)
        name->bit = m->bits++;
}

static uint32_t size_of(const gh_json *v)
{
    return v == NULL ? 0 : v->n;
}

/* How many names all keywords together can have. */
static uint32_t most_names(const gh_schema_work *w)
{
    const gh_json *lists = w->values[GH_KEYWORD_DEPENDENT_REQUIRED];
    uint32_t n = size_of(w->values[GH_KEYWORD_PROPERTIES]) + size_of(w->values[GH_KEYWORD_REQUIRED]) +
                 size_of(w->values[GH_KEYWORD_DEPENDENT_SCHEMAS]) + size_of(lists);
    for (const gh_json *v = lists == NULL ? NULL : lists->first; v != NULL; v = v->next)
        n += v->n;
    return n;
}

static bool properties(gh_schema_work *w, gh_schema_members *m)
{
    const gh_json *all = w->values[GH_KEYWORD_PROPERTIES], *required = w->values[GH_KEYWORD_REQUIRED];
    for (const gh_json *v = all == NULL ? NULL : all->first; v != NULL; v = v->next) {
        gh_schema_name *name = gh_schema_names_add(&m->names, v->key);
        if ((name->schema = gh_schema_child(w, v)) == NULL)
            return false;
    }
    for (const gh_json *v = required == NULL ? NULL : required->first; v != NULL; v = v->next) {
        gh_schema_name *name = gh_schema_names_add(&m->names, v->text);
        name->required = true;
        watch(m, name);
    }
    for (uint32_t i = 0; w->c->options.optional_null && i < m->names.n; i++)
        m->names.items[i].null_fits = !m->names.items[i].required;
    return true;
}

static gh_schema_dependents *dependents_of(gh_schema_work *w, gh_schema_members *m, gh_str key)
{
    gh_schema_name *name = gh_schema_names_add(&m->names, key);
    gh_schema_dependents *d = gh_arena_new(w->c->arena, gh_schema_dependents);
    if (d == NULL)
        return NULL;
    if (name->dependents != NULL)
        *d = *name->dependents;
    name->dependents = d;
    m->dependents = true;
    watch(m, name);
    return d;
}

static bool dependents(gh_schema_work *w, gh_schema_members *m)
{
    const gh_json *lists = w->values[GH_KEYWORD_DEPENDENT_REQUIRED];
    const gh_json *schemas = w->values[GH_KEYWORD_DEPENDENT_SCHEMAS];
    for (const gh_json *v = lists == NULL ? NULL : lists->first; v != NULL; v = v->next) {
        gh_schema_dependents *d = dependents_of(w, m, v->key);
        if (d == NULL)
            return gh_schema_no_memory(w->c);
        d->names = v;
        for (const gh_json *name = v->first; name != NULL; name = name->next)
            watch(m, gh_schema_names_add(&m->names, name->text));
    }
    for (const gh_json *v = schemas == NULL ? NULL : schemas->first; v != NULL; v = v->next) {
        gh_schema_dependents *d = dependents_of(w, m, v->key);
        if (d == NULL)
            return gh_schema_no_memory(w->c);
        if ((d->schema = gh_schema_child(w, v)) == NULL)
            return false;
    }
    return true;
}

static bool patterns(gh_schema_work *w, gh_schema_members *m)
{
    const gh_json *all = w->values[GH_KEYWORD_PATTERN_PROPERTIES];
    if (all == NULL || all->n == 0)
        return true;
    m->patterns = gh_arena_array(w->c->arena, all->n, sizeof *m->patterns);
    if (m->patterns == NULL)
        return gh_schema_no_memory(w->c);
    for (const gh_json *v = all->first; v != NULL; v = v->next) {
        gh_schema_keyed *keyed = &m->patterns[m->n_patterns++];
        if (!gh_schema_compile_pattern(w, v->key, v, &keyed->pattern) ||
            (keyed->schema = gh_schema_child(w, v)) == NULL)
            return false;
    }
    return true;
}

bool gh_schema_compile_members(gh_schema_work *w)
{
    const gh_json *additional = w->values[GH_KEYWORD_ADDITIONAL_PROPERTIES];
    const gh_json *property_names = w->values[GH_KEYWORD_PROPERTY_NAMES];
    gh_schema_members m = {.bits = 0};
    uint32_t most = most_names(w);
    if (!gh_schema_compile_count(w, GH_KEYWORD_MIN_PROPERTIES, &m.min) ||
        !gh_schema_compile_count(w, GH_KEYWORD_MAX_PROPERTIES, &m.max))
        return false;
    if (most == 0 && m.min.text.p == NULL && m.max.text.p == NULL && additional == NULL &&
        property_names == NULL && w->values[GH_KEYWORD_PATTERN_PROPERTIES] == NULL)
        return true;
    gh_schema_members *members = gh_arena_new(w->c->arena, gh_schema_members);
    if (members == NULL || !gh_schema_names_init(&m.names, most, w->c->arena))
        return gh_schema_no_memory(w->c);
    if (!properties(w, &m) || !dependents(w, &m) || !patterns(w, &m))
        return false;
    if ((additional != NULL && (m.additional = gh_schema_child(w, additional)) == NULL) ||
        (property_names != NULL && (m.property_names = gh_schema_child(w, property_names)) == NULL))
        return false;
    *members = m;
    w->schema->members = members;
    return true;
}
