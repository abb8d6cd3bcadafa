/* What changed in schemas, for those who write values by them and for those who read. */
#include "openapi/diff.h"
#include "schema/schema.h"
#include "wire/decimal.h"

enum { CLEAN = UINT32_MAX, VALUES_MAX = 1000 };

static const gh_json anything = {.type = GH_JSON_TRUE};

/* ---- scalars ---- */

static const struct {
    gh_str keyword;
    bool upper;
} bounds[] = {
    {GH_STR_INIT("minimum"), false},       {GH_STR_INIT("exclusiveMinimum"), false},
    {GH_STR_INIT("maximum"), true},        {GH_STR_INIT("exclusiveMaximum"), true},
    {GH_STR_INIT("minLength"), false},     {GH_STR_INIT("maxLength"), true},
    {GH_STR_INIT("minItems"), false},      {GH_STR_INIT("maxItems"), true},
    {GH_STR_INIT("minProperties"), false}, {GH_STR_INIT("maxProperties"), true},
    {GH_STR_INIT("minContains"), false},   {GH_STR_INIT("maxContains"), true},
};

static void compare_bounds(const gh_oa_comparison *c)
{
    char old[GH_OA_SHOWN_MAX], new[GH_OA_SHOWN_MAX];
    for (size_t i = 0; i < GH_COUNT(bounds); i++) {
        gh_str keyword = bounds[i].keyword;
        bool upper = bounds[i].upper;
        const gh_json *a = gh_oa_view_bound(&c->before, keyword, upper);
        const gh_json *b = gh_oa_view_bound(&c->after, keyword, upper);
        int order = a == NULL || b == NULL ? 0 : gh_decimal_compare(b->text, a->text);
        if (a == b || (a != NULL && b != NULL && order == 0))
            continue;
        bool narrower = a == NULL || (b != NULL && (upper ? order < 0 : order > 0));
        gh_oa_change(c->d, c->step, narrower ? GH_OA_NARROWER : GH_OA_WIDER, "%.*s %s -> %s", (int)keyword.n,
                     keyword.p, gh_oa_show(a, old), gh_oa_show(b, new));
    }
}

/* Keywords of which only "the same" and "not there" can be told from something else; "true" is stricter than not
 * there, and so is anything. */
static const gh_str opaque[] = {
    GH_STR_INIT("pattern"),
    GH_STR_INIT("format"),
    GH_STR_INIT("multipleOf"),
    GH_STR_INIT("not"),
    GH_STR_INIT("if"),
    GH_STR_INIT("then"),
    GH_STR_INIT("else"),
    GH_STR_INIT("contains"),
    GH_STR_INIT("propertyNames"),
    GH_STR_INIT("dependentRequired"),
    GH_STR_INIT("dependentSchemas"),
    GH_STR_INIT("patternProperties"),
    GH_STR_INIT("unevaluatedItems"),
};

static void compare_opaque(const gh_oa_comparison *c)
{
    char old[GH_OA_SHOWN_MAX], new[GH_OA_SHOWN_MAX];
    for (size_t i = 0; i < GH_COUNT(opaque); i++) {
        const gh_json *a = gh_oa_view_get(&c->before, opaque[i]), *b = gh_oa_view_get(&c->after, opaque[i]);
        if (a == b || (a != NULL && b != NULL && gh_json_equal(a, b)))
            continue;
        enum gh_oa_effect effect = a == NULL ? GH_OA_NARROWER : b == NULL ? GH_OA_WIDER : GH_OA_BREAKING;
        gh_oa_change(c->d, c->step, effect, "%.*s %s -> %s", (int)opaque[i].n, opaque[i].p,
                     gh_oa_show(a, old), gh_oa_show(b, new));
    }
}

static bool is_set(const gh_oa_view *view, gh_str keyword)
{
    const gh_json *value = gh_oa_view_get(view, keyword);
    return value != NULL && value->type == GH_JSON_TRUE;
}

static void compare_unique(const gh_oa_comparison *c)
{
    bool a = is_set(&c->before, GH_STR("uniqueItems")), b = is_set(&c->after, GH_STR("uniqueItems"));
    if (a != b)
        gh_oa_change(c->d, c->step, b ? GH_OA_NARROWER : GH_OA_WIDER, "uniqueItems %s -> %s",
                     a ? "true" : "false", b ? "true" : "false");
}

static void put_types(gh_buf *out, unsigned bits)
{
    static const char *const names[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
    if (bits == GH_TYPE_BITS_ALL)
        gh_buf_lit(out, "anything");
    else if (bits == 0)
        gh_buf_lit(out, "nothing");
    if (bits == GH_TYPE_BITS_ALL || bits == 0)
        return;
    if ((bits & GH_TYPE_BIT_NUMBER) != 0)
        bits &= ~(unsigned)GH_TYPE_BIT_INTEGER;
    for (unsigned i = 0, n = 0; i < GH_COUNT(names); i++)
        if ((bits & 1U << i) != 0)
            gh_buf_printf(out, "%s%s", n++ == 0 ? "" : " or ", names[i]);
}

/* False: they have so little in common that comparing more would only make noise. */
static bool compare_types(const gh_oa_comparison *c)
{
    char old[GH_OA_SHOWN_MAX], new[GH_OA_SHOWN_MAX];
    unsigned a = gh_oa_view_types(c->d, &c->d->before, &c->before);
    unsigned b = gh_oa_view_types(c->d, &c->d->after, &c->after);
    unsigned lost = a & ~b, won = b & ~a;
    if (lost == 0 && won == 0)
        return true;
    gh_buf from = gh_buf_over(old, sizeof old - 1), to = gh_buf_over(new, sizeof new - 1);
    put_types(&from, a);
    put_types(&to, b);
    old[from.n] = new[to.n] = '\0';
    enum gh_oa_effect effect = lost == 0 ? GH_OA_WIDER : won == 0 ? GH_OA_NARROWER : GH_OA_BREAKING;
    gh_oa_change(c->d, c->step, effect, "type %s -> %s", old, new);
    return (a & b & ~(unsigned)GH_TYPE_BIT_NULL) != 0;
}

/* ---- values that are listed ---- */

/* "enum", or "const" as a list of one; NULL: neither. `one` is memory for that list. */
static const gh_json *values_of(const gh_oa_view *view, gh_json *one, gh_json *item)
{
    const gh_json *list = gh_oa_view_get(view, GH_STR("enum")),
                  *value = gh_oa_view_get(view, GH_STR("const"));
    if (value == NULL)
        return list != NULL && list->type == GH_JSON_ARRAY ? list : NULL;
    *item = *value;
    item->next = NULL;
    *one = (gh_json){.type = GH_JSON_ARRAY, .n = 1, .first = item};
    return one;
}

static bool is_among(const gh_json *list, const gh_json *value)
{
    for (const gh_json *item = list->first; item != NULL; item = item->next)
        if (gh_json_equal(item, value))
            return true;
    return false;
}

static void list_missing(const gh_oa_comparison *c, const gh_json *list, const gh_json *other,
                         enum gh_oa_effect effect, const char *what)
{
    char shown[GH_OA_SHOWN_MAX];
    for (const gh_json *item = list->first; item != NULL; item = item->next)
        if (!is_among(other, item))
            gh_oa_change(c->d, c->step, effect, "enum %s %s", gh_oa_show(item, shown), what);
}

static void compare_values(const gh_oa_comparison *c)
{
    gh_json lists[2], items[2];
    const gh_json *a = values_of(&c->before, &lists[0], &items[0]),
                  *b = values_of(&c->after, &lists[1], &items[1]);
    if (a == NULL && b == NULL)
        return;
    if (a == NULL || b == NULL) {
        gh_oa_change(c->d, c->step, a == NULL ? GH_OA_NARROWER : GH_OA_WIDER,
                     a == NULL ? "now one of an enum" : "no longer one of an enum");
        return;
    }
    if (a->n > VALUES_MAX || b->n > VALUES_MAX) {
        if (!gh_json_equal(a, b))
            gh_oa_change(c->d, c->step, GH_OA_BREAKING, "enum changed");
        return;
    }
    list_missing(c, a, b, GH_OA_NARROWER, "removed");
    /* Servers answer with new values in time; readers are taken to know. */
    list_missing(c, b, a, GH_OA_FINE, "added");
}

/* ---- all of it ---- */

static void compare_pair(gh_oa_diff *d, const gh_oa_pair *pair)
{
    gh_oa_comparison c = {.d = d, .step = pair->step};
    if (!gh_oa_view_of(d, &d->before, pair->before, &c.before) ||
        !gh_oa_view_of(d, &d->after, pair->after, &c.after)) {
        d->no_memory = true;
        return;
    }
    d->cut = d->cut || c.before.cut || c.after.cut;
    if (c.before.never != c.after.never)
        gh_oa_change(d, c.step, c.after.never ? GH_OA_NARROWER : GH_OA_WIDER,
                     c.after.never ? "now refused whatever it is" : "no longer refused whatever it is");
    if (c.before.never || c.after.never || !compare_types(&c))
        return;
    compare_values(&c);
    compare_bounds(&c);
    compare_opaque(&c);
    compare_unique(&c);
    gh_oa_compare_members(&c);
    gh_oa_compare_items(&c);
    gh_oa_compare_choices(&c);
}

/* Is it new in this part of the operation, and not known to be without a change? */
static bool is_new(gh_oa_diff *d, const gh_json *before, const gh_json *after)
{
    gh_oa_set_entry *entry = gh_oa_set_at(&d->seen[d->response], before, after, d->arena);
    if (entry == NULL) {
        d->no_memory = true;
        return false;
    }
    if (entry->mark == CLEAN || entry->mark == d->number)
        return false;
    entry->mark = d->number;
    return true;
}

/* A schema that is nothing but a reference is what it leads to: then it is the same one wherever it is named. */
static const gh_json *named(gh_oa_diff *d, gh_oa_side *side, const gh_json *schema)
{
    for (unsigned hops = 0; schema->type == GH_JSON_OBJECT && schema->n == 1 && hops < GH_OA_HOPS_MAX;
         hops++) {
        const gh_json *target = gh_oa_ref_of(schema).p == NULL ? NULL : gh_oa_target(d, side, schema);
        if (target == NULL)
            break;
        schema = target;
    }
    return schema;
}

void gh_oa_diff_later(gh_oa_diff *d, const gh_json *before, const gh_json *after, const gh_oa_step *up,
                      gh_str token)
{
    before = named(d, &d->before, before);
    after = named(d, &d->after, after);
    if (d->no_memory || d->cut || !is_new(d, before, after))
        return;
    if (d->pairs == GH_OA_PAIRS_MAX) {
        d->cut = true;
        return;
    }
    gh_oa_pair *pair = gh_arena_new(d->arena, gh_oa_pair);
    gh_oa_step *step = token.p == NULL || pair == NULL ? NULL : gh_arena_new(d->arena, gh_oa_step);
    if (pair == NULL || (token.p != NULL && step == NULL)) {
        d->no_memory = true;
        return;
    }
    if (step != NULL)
        *step = (gh_oa_step){up, token};
    *pair = (gh_oa_pair){before, after, token.p == NULL ? up : step, NULL};
    if (d->last == NULL)
        d->first = pair;
    else
        d->last->next = pair;
    d->last = pair;
    d->pairs++;
}

void gh_oa_diff_schemas(gh_oa_diff *d, const gh_json *before, const gh_json *after)
{
    unsigned lines = d->n_lines;
    d->first = d->last = NULL;
    d->number++;
    gh_oa_diff_later(d, before == NULL ? &anything : before, after == NULL ? &anything : after, NULL,
                     (gh_str){NULL, 0});
    for (const gh_oa_pair *pair = d->first; pair != NULL && !d->no_memory && !d->cut; pair = pair->next)
        compare_pair(d, pair);
    if (d->n_lines > lines || d->no_memory || d->cut)
        return;
    /* Nothing changed in any of them: they need not be looked at again. */
    for (const gh_oa_pair *pair = d->first; pair != NULL; pair = pair->next) {
        gh_oa_set_entry *entry = gh_oa_set_at(&d->seen[d->response], pair->before, pair->after, d->arena);
        if (entry != NULL)
            entry->mark = CLEAN;
    }
}
