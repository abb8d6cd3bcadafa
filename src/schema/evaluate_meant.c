#include "schema/evaluate.h"

/* Which of several alternatives did the sender have in mind? Asked only for findings, once all have failed. */

enum { PARTS_MAX = 8 };

/* The schemas that together are one alternative: itself, what it refers to, what is in its "allOf". */
typedef struct parts {
    const gh_schema *items[PARTS_MAX];
    size_t n;
} parts;

static void add(parts *p, const gh_schema *s)
{
    if (s->alias != NULL)
        s = s->alias;
    if (p->n < PARTS_MAX)
        p->items[p->n++] = s;
}

static parts parts_of(const gh_schema *s)
{
    parts p = {.n = 0};
    add(&p, s);
    for (size_t i = 0; i < p.n; i++) {
        const gh_schema_applied *a = p.items[i]->applied;
        if (a != NULL && a->ref != NULL)
            add(&p, a->ref);
        for (uint32_t k = 0; a != NULL && k < a->all_of.n; k++)
            add(&p, a->all_of.items[k]);
    }
    return p;
}

/* Has the object all that the schema requires, and in its members those constants that tell kinds apart?
 * strict: by constants and presence; else only by constants. */
static bool members_fit(gh_schema_run *r, const gh_schema_members *m, const gh_json *object, bool strict)
{
    if (!gh_schema_pay(r, m->names.n + object->n))
        return false;
    for (uint32_t i = 0; i < m->names.n; i++) {
        const gh_schema_name *name = &m->names.items[i];
        const gh_schema *s =
            name->schema == NULL || name->schema->alias == NULL ? name->schema : name->schema->alias;
        const gh_schema_values *values = s == NULL ? NULL : s->constant != NULL ? s->constant : s->values;
        if (!(strict && name->required) && values == NULL)
            continue;
        const gh_json *v = gh_json_get(object, name->key);
        if (!gh_schema_pay(r, object->n) || (v == NULL && name->required && (strict || values != NULL)))
            return false;
        if (v != NULL && v->type == GH_JSON_NULL && name->null_fits)
            continue;
        if (v != NULL && values != NULL && !gh_schema_has_value(r, values, v))
            return false;
    }
    return true;
}

/* level 0: by type; 1: by constants too; 2: by what is required too. */
static bool may_be(gh_schema_run *r, const gh_schema *s, const gh_json *v, unsigned level)
{
    if (!gh_schema_types_fit(s->seen_types, v))
        return false;
    if (level == 0 || v->type != GH_JSON_OBJECT)
        return true;
    parts p = parts_of(s);
    for (size_t i = 0; i < p.n; i++) {
        if (p.items[i]->members != NULL && !members_fit(r, p.items[i]->members, v, level > 1))
            return false;
    }
    return true;
}

/* No alternative takes the type: where null is one of two, the other is meant. */
static const gh_schema *besides_null(const gh_schema_list *list, unsigned *ret_types)
{
    const gh_schema *other = NULL;
    unsigned n = 0;
    *ret_types = 0;
    for (uint32_t i = 0; i < list->n; i++) {
        *ret_types |= list->items[i]->seen_types;
        if (list->items[i]->seen_types != GH_TYPE_BIT_NULL) {
            other = list->items[i];
            n++;
        }
    }
    return n == 1 ? other : NULL;
}

const gh_schema *gh_schema_meant(gh_schema_run *r, const gh_schema_list *list, const gh_json *v,
                                 unsigned *ret_types)
{
    *ret_types = 0;
    for (unsigned level = 0; level < 3; level++) {
        const gh_schema *meant = NULL;
        unsigned n = 0;
        for (uint32_t i = 0; i < list->n; i++) {
            if (may_be(r, list->items[i], v, level)) {
                meant = list->items[i];
                n++;
            }
        }
        if (n == 1)
            return meant;
        if (n == 0)
            return level == 0 ? besides_null(list, ret_types) : NULL;
    }
    return NULL;
}
