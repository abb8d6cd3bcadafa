#include "openapi/diff.h"
#include "schema/schema.h"
#include "wire/decimal.h"

enum { NESTED_MAX = 16, CHOICES_LOOKED_AT = 64 };

const gh_json *gh_oa_target(gh_oa_diff *d, gh_oa_side *side, const gh_json *value)
{
    const char *why;
    gh_str pointer;
    gh_oa_set_entry *entry = gh_oa_set_at(&side->followed, value, NULL, d->arena);
    if (entry == NULL) {
        d->no_memory = true;
        return NULL;
    }
    if (entry->mark == 0) {
        entry->mark = 1;
        entry->value = gh_oa_refs_find(&side->refs, gh_oa_ref_of(value), d->arena, &pointer, &why);
    }
    return entry->value;
}

const gh_json *gh_oa_deref(gh_oa_diff *d, gh_oa_side *side, const gh_json *value)
{
    for (unsigned hops = 0; value != NULL && hops < GH_OA_HOPS_MAX; hops++) {
        if (gh_oa_ref_of(value).p == NULL)
            return value;
        value = gh_oa_target(d, side, value);
    }
    return NULL;
}

static bool is_null_only(const gh_json *schema)
{
    const gh_json *type = gh_json_lit(schema, "type");
    return type != NULL && type->type == GH_JSON_STRING && gh_str_eq(type->text, GH_STR("null"));
}

/* The one alternative that is not just null; NULL: there are several. */
static const gh_json *only_alternative(const gh_json *choice, bool *ret_null)
{
    const gh_json *only = NULL;
    for (const gh_json *item = choice->first; item != NULL; item = item->next) {
        if (is_null_only(item))
            *ret_null = true;
        else if (only != NULL)
            return NULL;
        else
            only = item;
    }
    return only;
}

static void collect(gh_oa_diff *d, gh_oa_side *side, const gh_json *schema, gh_oa_view *view, unsigned depth);

static void collect_choice(gh_oa_diff *d, gh_oa_side *side, const gh_json *choice, gh_oa_view *view,
                           unsigned depth)
{
    bool null = false;
    if (choice == NULL || choice->type != GH_JSON_ARRAY || choice->n == 0)
        return;
    const gh_json *only = only_alternative(choice, &null);
    if (only == NULL) {
        view->cut = view->cut || view->choice != NULL;
        view->choice = choice;
        return;
    }
    view->nullable = view->nullable || null;
    collect(d, side, only, view, depth + 1);
}

/* A schema and what holds with it. */
static void collect(gh_oa_diff *d, gh_oa_side *side, const gh_json *schema, gh_oa_view *view, unsigned depth)
{
    if (schema == NULL || schema->type == GH_JSON_FALSE) {
        view->never = view->never || schema != NULL;
        return;
    }
    if (schema->type != GH_JSON_OBJECT)
        return;
    if (view->n == GH_OA_PARTS_MAX || depth == NESTED_MAX) {
        view->cut = true;
        return;
    }
    if (gh_oa_ref_of(schema).p != NULL) {
        collect(d, side, gh_oa_target(d, side, schema), view, depth + 1);
        if (!side->v31 || view->n == GH_OA_PARTS_MAX)
            return; /* 3.0 passes over what stands beside it */
    }
    view->parts[view->n++] = schema;
    const gh_json *all = gh_json_lit(schema, "allOf");
    if (all != NULL && all->type == GH_JSON_ARRAY)
        for (const gh_json *item = all->first; item != NULL; item = item->next)
            collect(d, side, item, view, depth + 1);
    collect_choice(d, side, gh_json_lit(schema, "anyOf"), view, depth);
    collect_choice(d, side, gh_json_lit(schema, "oneOf"), view, depth);
}

static int compare_names(const void *a, const void *b)
{
    const gh_json *x = a, *y = b;
    return gh_oa_compare_text(x->text, y->text);
}

static bool collect_required(gh_oa_diff *d, gh_oa_view *view)
{
    size_t n = 0;
    const gh_json *lists[GH_OA_PARTS_MAX];
    for (unsigned i = 0; i < view->n; i++) {
        const gh_json *list = gh_json_lit(view->parts[i], "required");
        lists[i] = list != NULL && list->type == GH_JSON_ARRAY ? list : NULL;
        n += lists[i] == NULL ? 0 : lists[i]->n;
    }
    if (n == 0)
        return true;
    view->required = gh_arena_array(d->arena, n, sizeof *view->required);
    if (view->required == NULL)
        return false;
    for (unsigned i = 0; i < view->n; i++)
        for (gh_json *m = lists[i] == NULL ? NULL : lists[i]->first; m != NULL; m = m->next)
            if (m->type == GH_JSON_STRING)
                view->required[view->n_required++] = m;
    return gh_oa_sort(view->required, view->n_required, compare_names, d->arena);
}

bool gh_oa_view_of(gh_oa_diff *d, gh_oa_side *side, const gh_json *schema, gh_oa_view *ret)
{
    *ret = (gh_oa_view){.side = side};
    collect(d, side, schema, ret, 0);
    return collect_required(d, ret);
}

const gh_json *gh_oa_view_get(const gh_oa_view *view, gh_str keyword)
{
    for (unsigned i = 0; i < view->n; i++) {
        const gh_json *value = gh_json_get(view->parts[i], keyword);
        if (value != NULL)
            return value;
    }
    return NULL;
}

/* A bound of one part, whichever way the dialect writes it: "maximum" with "exclusiveMaximum": true is an exclusive
 * one alone. */
static const gh_json *bound_of(const gh_json *part, gh_str keyword)
{
    bool upper = gh_str_ends(keyword, GH_STR("aximum"));
    const gh_json *plain = upper ? gh_json_lit(part, "maximum") : gh_json_lit(part, "minimum");
    const gh_json *exclusive =
        upper ? gh_json_lit(part, "exclusiveMaximum") : gh_json_lit(part, "exclusiveMinimum");
    const gh_json *value = gh_json_get(part, keyword);
    if (exclusive != NULL && exclusive->type == GH_JSON_TRUE)
        value = value == exclusive ? plain : value == plain ? NULL : value;
    return value != NULL && value->type == GH_JSON_NUMBER ? value : NULL;
}

const gh_json *gh_oa_view_bound(const gh_oa_view *view, gh_str keyword, bool upper)
{
    const gh_json *best = NULL;
    for (unsigned i = 0; i < view->n; i++) {
        const gh_json *value = bound_of(view->parts[i], keyword);
        int order = value == NULL || best == NULL ? 0 : gh_decimal_compare(value->text, best->text);
        if (best == NULL || (upper ? order < 0 : order > 0))
            best = value == NULL ? best : value;
    }
    return best;
}

const gh_json *gh_oa_view_property(const gh_oa_view *view, gh_str name)
{
    for (unsigned i = 0; i < view->n; i++) {
        const gh_json *value = gh_json_get(gh_json_lit(view->parts[i], "properties"), name);
        if (value != NULL)
            return value;
    }
    return NULL;
}

bool gh_oa_view_requires(const gh_oa_view *view, gh_str name)
{
    size_t from = 0, to = view->n_required;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const gh_json *at = view->required[middle];
        int order = gh_oa_compare_text(name, at->text);
        if (order == 0)
            return true;
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return false;
}

bool gh_oa_view_closed(const gh_oa_view *view)
{
    for (unsigned i = 0; i < view->n; i++) {
        const gh_json *additional = gh_json_lit(view->parts[i], "additionalProperties");
        const gh_json *unevaluated = gh_json_lit(view->parts[i], "unevaluatedProperties");
        if ((additional != NULL && additional->type == GH_JSON_FALSE) ||
            (unevaluated != NULL && unevaluated->type == GH_JSON_FALSE))
            return true;
    }
    return false;
}

static const struct {
    gh_str name;
    unsigned bits;
} types[] = {
    {GH_STR_INIT("null"), GH_TYPE_BIT_NULL},
    {GH_STR_INIT("boolean"), GH_TYPE_BIT_BOOLEAN},
    {GH_STR_INIT("integer"), GH_TYPE_BIT_INTEGER},
    {GH_STR_INIT("number"), GH_TYPE_BIT_NUMBER | GH_TYPE_BIT_INTEGER},
    {GH_STR_INIT("string"), GH_TYPE_BIT_STRING},
    {GH_STR_INIT("array"), GH_TYPE_BIT_ARRAY},
    {GH_STR_INIT("object"), GH_TYPE_BIT_OBJECT},
};

static unsigned bits_of_name(const gh_json *name)
{
    for (size_t i = 0; name->type == GH_JSON_STRING && i < GH_COUNT(types); i++)
        if (gh_str_eq(types[i].name, name->text))
            return types[i].bits;
    return 0;
}

static unsigned bits_of_part(const gh_oa_side *side, const gh_json *part)
{
    const gh_json *type = gh_json_lit(part, "type"), *nullable = gh_json_lit(part, "nullable");
    unsigned bits = 0;
    if (type == NULL)
        return GH_TYPE_BITS_ALL;
    if (type->type == GH_JSON_STRING)
        bits = bits_of_name(type);
    for (const gh_json *item = type->type == GH_JSON_ARRAY ? type->first : NULL; item != NULL;
         item = item->next)
        bits |= bits_of_name(item);
    if (!side->v31 && nullable != NULL && nullable->type == GH_JSON_TRUE)
        bits |= GH_TYPE_BIT_NULL;
    return bits;
}

static unsigned bits_of_parts(const gh_oa_view *view)
{
    unsigned bits = GH_TYPE_BITS_ALL;
    for (unsigned i = 0; i < view->n; i++)
        bits &= bits_of_part(view->side, view->parts[i]);
    return view->nullable ? bits | GH_TYPE_BIT_NULL : bits;
}

unsigned gh_oa_view_types(gh_oa_diff *d, gh_oa_side *side, const gh_oa_view *view)
{
    unsigned bits = bits_of_parts(view), any = 0, n = 0;
    if (view->choice == NULL)
        return bits;
    for (const gh_json *item = view->choice->first; item != NULL; item = item->next) {
        gh_oa_view alternative = {.side = side};
        collect(d, side, item, &alternative, 0);
        any |= n++ < CHOICES_LOOKED_AT && !alternative.never ? bits_of_parts(&alternative) : 0;
    }
    return bits & any;
}
