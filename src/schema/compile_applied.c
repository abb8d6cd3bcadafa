#include "schema/compile.h"

static bool child_of(gh_schema_work *w, enum gh_schema_keyword keyword, const gh_schema **ret)
{
    const gh_json *v = w->values[keyword];
    return v == NULL || (*ret = gh_schema_child(w, v)) != NULL;
}

static bool list_of(gh_schema_work *w, enum gh_schema_keyword keyword, gh_schema_list *ret)
{
    const gh_json *list = w->values[keyword];
    if (list == NULL)
        return true;
    ret->items = gh_arena_array(w->c->arena, list->n, sizeof(const gh_schema *));
    if (ret->items == NULL)
        return gh_schema_no_memory(w->c);
    for (const gh_json *v = list->first; v != NULL; v = v->next) {
        const gh_schema *s = gh_schema_child(w, v);
        if (s == NULL)
            return false;
        ret->items[ret->n++] = s;
    }
    return true;
}

bool gh_schema_compile_items(gh_schema_work *w)
{
    static const enum gh_schema_keyword ours[] = {
        GH_KEYWORD_PREFIX_ITEMS, GH_KEYWORD_ITEMS,        GH_KEYWORD_CONTAINS,     GH_KEYWORD_MIN_ITEMS,
        GH_KEYWORD_MAX_ITEMS,    GH_KEYWORD_MIN_CONTAINS, GH_KEYWORD_MAX_CONTAINS, GH_KEYWORD_UNIQUE_ITEMS,
    };
    const gh_json *unique = w->values[GH_KEYWORD_UNIQUE_ITEMS];
    bool any = false;
    for (size_t i = 0; i < GH_COUNT(ours); i++)
        any = any || w->values[ours[i]] != NULL;
    if (!any)
        return true;
    gh_schema_sequence *items = gh_arena_new(w->c->arena, gh_schema_sequence);
    if (items == NULL)
        return gh_schema_no_memory(w->c);
    items->unique = unique != NULL && unique->type == GH_JSON_TRUE;
    w->schema->items = items;
    return list_of(w, GH_KEYWORD_PREFIX_ITEMS, &items->prefix) &&
           child_of(w, GH_KEYWORD_ITEMS, &items->rest) &&
           child_of(w, GH_KEYWORD_CONTAINS, &items->contains) &&
           gh_schema_compile_count(w, GH_KEYWORD_MIN_ITEMS, &items->min) &&
           gh_schema_compile_count(w, GH_KEYWORD_MAX_ITEMS, &items->max) &&
           gh_schema_compile_count(w, GH_KEYWORD_MIN_CONTAINS, &items->min_contains) &&
           gh_schema_compile_count(w, GH_KEYWORD_MAX_CONTAINS, &items->max_contains);
}

/* Where the reference goes is known now, but for a dynamic one, which may end elsewhere. */
static bool reference(gh_schema_work *w, const gh_json *at, const gh_schema **ret, gh_str *ret_fragment)
{
    gh_schema_place *place = gh_schema_resolve(w->c, w->schema->resource, at, ret_fragment);
    return place != NULL && (*ret = gh_schema_at(w->c, place)) != NULL;
}

/* Core section 8.2.3.2: only where the first resolution ends at a "$dynamicAnchor" is the reference dynamic. */
static bool dynamic_reference(gh_schema_work *w, const gh_json *at, gh_schema_applied *applied)
{
    gh_str name;
    if (!reference(w, at, &applied->dynamic_ref, &name))
        return false;
    const gh_schema_anchor *anchor = gh_schema_anchor_find(applied->dynamic_ref->resource, name);
    if (anchor == NULL || !anchor->dynamic)
        return true;
    gh_schema_name_list *item = gh_arena_new(w->c->arena, gh_schema_name_list);
    if (item == NULL)
        return gh_schema_no_memory(w->c);
    applied->dynamic_name = anchor->name;
    *item = (gh_schema_name_list){.name = anchor->name, .next = w->c->dynamic_names};
    for (const gh_schema_name_list *known = w->c->dynamic_names; known != NULL; known = known->next) {
        if (gh_str_eq(known->name, anchor->name))
            return true;
    }
    w->c->dynamic_names = item;
    return true;
}

/* All that is applied to the same value, but for dynamic references: circles of these would never end. */
static bool list_in_place(gh_schema_work *w, const gh_schema_applied *a)
{
    gh_schema *s = w->schema;
    const gh_schema *single[] = {a->ref, a->not_this, a->condition, a->consequence, a->alternative};
    const gh_schema_list *lists[] = {&a->all_of, &a->any_of, &a->one_of};
    const gh_schema_names *names = s->members == NULL ? NULL : &s->members->names;
    size_t most = GH_COUNT(single) + (names == NULL ? 0 : names->n);
    for (size_t i = 0; i < GH_COUNT(lists); i++)
        most += lists[i]->n;
    s->in_place.items = gh_arena_array(w->c->arena, most, sizeof(const gh_schema *));
    if (s->in_place.items == NULL)
        return gh_schema_no_memory(w->c);
    for (size_t i = 0; i < GH_COUNT(single); i++) {
        if (single[i] != NULL)
            s->in_place.items[s->in_place.n++] = single[i];
    }
    for (size_t i = 0; i < GH_COUNT(lists); i++) {
        for (uint32_t k = 0; k < lists[i]->n; k++)
            s->in_place.items[s->in_place.n++] = lists[i]->items[k];
    }
    for (uint32_t i = 0; names != NULL && i < names->n; i++) {
        const gh_schema_dependents *d = names->items[i].dependents;
        if (d != NULL && d->schema != NULL)
            s->in_place.items[s->in_place.n++] = d->schema;
    }
    return true;
}

static bool is_empty(const gh_schema_applied *a)
{
    return a->ref == NULL && a->dynamic_ref == NULL && a->all_of.n == 0 && a->any_of.n == 0 &&
           a->one_of.n == 0 && a->not_this == NULL && a->condition == NULL && a->unevaluated_items == NULL &&
           a->unevaluated_properties == NULL;
}

bool gh_schema_compile_applied(gh_schema_work *w)
{
    gh_schema_applied a = {.ref = NULL};
    const gh_json *ref = w->values[GH_KEYWORD_REF], *dynamic = w->values[GH_KEYWORD_DYNAMIC_REF];
    gh_str fragment;
    if ((ref != NULL && !reference(w, ref, &a.ref, &fragment)) ||
        (dynamic != NULL && !dynamic_reference(w, dynamic, &a)))
        return false;
    if (!(list_of(w, GH_KEYWORD_ALL_OF, &a.all_of) && list_of(w, GH_KEYWORD_ANY_OF, &a.any_of) &&
          list_of(w, GH_KEYWORD_ONE_OF, &a.one_of) && child_of(w, GH_KEYWORD_NOT, &a.not_this) &&
          child_of(w, GH_KEYWORD_UNEVALUATED_ITEMS, &a.unevaluated_items) &&
          child_of(w, GH_KEYWORD_UNEVALUATED_PROPERTIES, &a.unevaluated_properties)))
        return false;
    /* Core section 10.2.2: "then" and "else" alone say nothing. */
    if (w->values[GH_KEYWORD_IF] != NULL &&
        !(child_of(w, GH_KEYWORD_IF, &a.condition) && child_of(w, GH_KEYWORD_THEN, &a.consequence) &&
          child_of(w, GH_KEYWORD_ELSE, &a.alternative)))
        return false;
    if (!list_in_place(w, &a))
        return false;
    if (is_empty(&a))
        return true;
    gh_schema_applied *applied = gh_arena_new(w->c->arena, gh_schema_applied);
    if (applied == NULL)
        return gh_schema_no_memory(w->c);
    *applied = a;
    w->schema->applied = applied;
    return true;
}
