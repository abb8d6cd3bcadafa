#include "schema/compile.h"

#include "wire/decimal.h"

/* A schema that only refers to another one is passed over when it is evaluated. */
static bool only_refers(const gh_schema *s)
{
    const gh_schema_applied *a = s->applied;
    return a != NULL && a->ref != NULL && !s->scoped && s->types == GH_TYPE_BITS_ALL && s->values == NULL &&
           s->constant == NULL && s->numbers == NULL && s->texts == NULL && s->items == NULL &&
           s->members == NULL && a->dynamic_ref == NULL && s->in_place.n == 1 &&
           a->unevaluated_items == NULL && a->unevaluated_properties == NULL;
}

/* Where the search for circles stands: a schema, and which of its children comes next. */
typedef struct step {
    gh_schema *schema;
    uint32_t next;
} step;

static uint32_t count(const gh_schema_compiler *c)
{
    uint32_t n = 0;
    for (const gh_schema *s = c->first; s != NULL; s = s->next)
        n++;
    return n;
}

/* Depth first from one schema, through what is applied to the same value. False: it comes back. */
static bool search(step *stack, gh_schema *from, gh_schema **ret)
{
    uint32_t depth = 0;
    if (from->walk != 0)
        return true;
    from->walk = 1;
    stack[depth++] = (step){from, 0};
    while (depth > 0) {
        step *top = &stack[depth - 1];
        if (top->next == top->schema->in_place.n) {
            top->schema->walk = 2;
            depth--;
            continue;
        }
        /* All schemas belong to the compiler. */
        gh_schema *child = (gh_schema *)(uintptr_t)top->schema->in_place.items[top->next++];
        *ret = child;
        if (child->walk == 1)
            return false;
        if (child->walk == 0) {
            child->walk = 1;
            stack[depth++] = (step){child, 0};
        }
    }
    return true;
}

static bool refuse_circles(gh_schema_compiler *c)
{
    step *stack = gh_arena_array(c->arena, count(c), sizeof *stack);
    gh_schema *at = NULL;
    if (stack == NULL)
        return gh_schema_no_memory(c);
    for (gh_schema *s = c->first; s != NULL; s = s->next) {
        if (!search(stack, s, &at))
            return gh_schema_wrong(c, at->resource->document, at->json,
                                   "refers to itself without end: no value could ever be checked");
    }
    return true;
}

/* No circles are left. A chain is followed once: all of it gets to know its end. */
static void set_aliases(gh_schema_compiler *c)
{
    for (gh_schema *s = c->first; s != NULL; s = s->next) {
        const gh_schema *to = s;
        while (to->alias == NULL && only_refers(to))
            to = to->applied->ref;
        if (to->alias != NULL)
            to = to->alias;
        for (gh_schema *at = s; at != to && at->alias == NULL;) {
            at->alias = to;
            /* All schemas belong to the compiler. */
            at = (gh_schema *)(uintptr_t)at->applied->ref;
        }
    }
}

static unsigned type_of(const gh_json *v)
{
    switch ((enum gh_json_type)v->type) {
    case GH_JSON_NULL:
        return GH_TYPE_BIT_NULL;
    case GH_JSON_FALSE:
    case GH_JSON_TRUE:
        return GH_TYPE_BIT_BOOLEAN;
    case GH_JSON_NUMBER:
        return gh_decimal_integer(v->text) ? GH_TYPE_BIT_INTEGER : GH_TYPE_BIT_NUMBER;
    case GH_JSON_STRING:
        return GH_TYPE_BIT_STRING;
    case GH_JSON_ARRAY:
        return GH_TYPE_BIT_ARRAY;
    case GH_JSON_OBJECT:
        break;
    }
    return GH_TYPE_BIT_OBJECT;
}

static unsigned types_of_values(const gh_schema_values *values)
{
    unsigned types = values->texts.n > 0 ? GH_TYPE_BIT_STRING : 0;
    for (uint32_t i = 0; i < values->n_others; i++)
        types |= type_of(values->others[i]);
    return types;
}

enum { TYPES_DEPTH = 64 };

static unsigned types_of(gh_schema *s, unsigned depth);

static unsigned types_of_any(const gh_schema_list *list, unsigned depth)
{
    unsigned types = list->n == 0 ? GH_TYPE_BITS_ALL : 0;
    for (uint32_t i = 0; i < list->n; i++)
        types |= types_of((gh_schema *)(uintptr_t)list->items[i], depth);
    return types;
}

/* Never too few; too many where it goes too deep. */
static unsigned types_of(gh_schema *s, unsigned depth)
{
    if (s->types_known)
        return s->seen_types;
    if (depth == 0)
        return s->types;
    unsigned types = s->kind == GH_SCHEMA_FALSE ? 0 : s->types;
    if (s->values != NULL)
        types &= types_of_values(s->values);
    if (s->constant != NULL)
        types &= types_of_values(s->constant);
    const gh_schema_applied *a = s->applied;
    if (a != NULL && a->ref != NULL)
        types &= types_of((gh_schema *)(uintptr_t)a->ref, depth - 1);
    for (uint32_t i = 0; a != NULL && i < a->all_of.n; i++)
        types &= types_of((gh_schema *)(uintptr_t)a->all_of.items[i], depth - 1);
    if (a != NULL)
        types &= types_of_any(&a->any_of, depth - 1) & types_of_any(&a->one_of, depth - 1);
    s->seen_types = (uint8_t)types;
    s->types_known = true;
    return types;
}

/* How many schemas the question below may look at: references can fan out. */
enum { LOOKS = 64 };

/* Is the member one that the other side writes? Never where it takes too many looks: then it stays required. */
static bool is_hidden(const gh_schema *s, enum gh_schema_direction direction, unsigned *looks)
{
    if (s == NULL || *looks == 0)
        return false;
    --*looks;
    if (direction == GH_SCHEMA_REQUEST ? s->read_only : s->write_only)
        return true;
    const gh_schema_applied *a = s->applied;
    if (a == NULL)
        return false;
    for (uint32_t i = 0; i < a->all_of.n; i++) {
        if (is_hidden(a->all_of.items[i], direction, looks))
            return true;
    }
    return is_hidden(a->ref, direction, looks);
}

static bool set_required(gh_schema_compiler *c, gh_schema *s)
{
    enum gh_schema_direction direction = c->options.direction;
    gh_schema_members *m = s->members;
    if (m == NULL || m->bits == 0)
        return true;
    m->required = gh_arena_array(c->arena, (m->bits + 63) / 64, sizeof *m->required);
    if (m->required == NULL)
        return gh_schema_no_memory(c);
    for (uint32_t i = 0; i < m->names.n; i++) {
        gh_schema_name *name = &m->names.items[i];
        unsigned looks = LOOKS;
        if (name->required && direction != GH_SCHEMA_ANY &&
            is_hidden(gh_schema_property(s, name->key), direction, &looks))
            name->required = false;
        if (name->required)
            m->required[name->bit / 64] |= UINT64_C(1) << name->bit % 64;
    }
    return true;
}

bool gh_schema_finish(gh_schema_compiler *c)
{
    if (!refuse_circles(c))
        return false;
    set_aliases(c);
    for (gh_schema *s = c->first; s != NULL; s = s->next) {
        if (s->in_place.n == 0)
            (void)types_of(s, 1);
    }
    for (gh_schema *s = c->first; s != NULL; s = s->next) {
        (void)types_of(s, TYPES_DEPTH);
        if (!set_required(c, s))
            return false;
    }
    return true;
}
