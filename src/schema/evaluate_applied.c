#include "schema/evaluate.h"

enum { ANCHORS_A_STEP = 8 };

/* Core section 8.2.3.2: the outermost resource with a dynamic anchor of this name. Where steps run out, what it is
 * no longer matters. */
static const gh_schema *dynamic_target(gh_schema_run *r, const gh_schema_applied *a)
{
    const gh_schema *target = a->dynamic_ref;
    if (a->dynamic_name.p == NULL)
        return target;
    for (const gh_schema_scope *scope = r->scope; scope != NULL; scope = scope->outer) {
        if (!gh_schema_pay(r, 1 + scope->resource->n_anchors / ANCHORS_A_STEP))
            break;
        const gh_schema_anchor *anchor = gh_schema_anchor_find(scope->resource, a->dynamic_name);
        if (anchor != NULL && anchor->dynamic && anchor->schema != NULL)
            target = anchor->schema;
    }
    return target;
}

/* No alternative fits: told by what is wrong with the one that could be meant. */
static bool none_fits(gh_schema_run *r, const gh_schema_list *list, enum gh_fault fault, const gh_json *v,
                      const gh_schema_spot *at)
{
    if (r->findings == NULL || r->stopped != GH_SCHEMA_VALID)
        return false;
    r->certain = true;
    unsigned n = r->findings->n, omitted = r->findings->omitted, types;
    const gh_schema *meant = gh_schema_meant(r, list, v, &types);
    if (meant != NULL)
        (void)gh_schema_eval(r, meant, v, at, NULL);
    if (r->findings->n > n || r->findings->omitted > omitted)
        return false;
    if (r->stopped == GH_SCHEMA_VALID && types != 0 && types != GH_TYPE_BITS_ALL)
        return gh_schema_type_fault(r, types, (gh_str){NULL, 0}, at, false);
    return gh_schema_fault_surely(r, fault, at);
}

/* One alternative, with marks of its own that count only if it fits. */
static bool fits(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                 gh_schema_marks *marks, gh_schema_marks *own)
{
    if (marks == NULL)
        return gh_schema_eval_quietly(r, s, v, at, NULL);
    if (!gh_schema_pay(r, own->n / 64))
        return false;
    memset(own->bits, 0, (own->n + 63) / 64 * sizeof *own->bits);
    own->broken = false;
    if (!gh_schema_eval_quietly(r, s, v, at, own))
        return false;
    gh_schema_marks_add(marks, own);
    return true;
}

/* With marks all alternatives are looked at: each that fits may mark something. */
static bool eval_any_of(gh_schema_run *r, const gh_schema_list *list, const gh_json *v,
                        const gh_schema_spot *at, gh_schema_marks *marks)
{
    gh_schema_marks own = {.n = 0};
    bool any = false;
    if (marks != NULL && !gh_schema_marks_init(r, &own, v))
        return false;
    for (uint32_t i = 0; i < list->n && (!any || marks != NULL); i++)
        any = fits(r, list->items[i], v, at, marks, &own) || any;
    if (any)
        return true;
    if (marks != NULL)
        marks->broken = true;
    return none_fits(r, list, GH_FAULT_ANY_OF, v, at);
}

static bool eval_one_of(gh_schema_run *r, const gh_schema_list *list, const gh_json *v,
                        const gh_schema_spot *at, gh_schema_marks *marks)
{
    gh_schema_marks own = {.n = 0};
    unsigned n = 0;
    if (marks != NULL && !gh_schema_marks_init(r, &own, v))
        return false;
    for (uint32_t i = 0; i < list->n && n < 2; i++)
        n += fits(r, list->items[i], v, at, marks, &own);
    if (n == 1)
        return true;
    if (marks != NULL)
        marks->broken = true;
    return n == 0 ? none_fits(r, list, GH_FAULT_ONE_OF, v, at)
                  : gh_schema_fault(r, GH_FAULT_ONE_OF, at, GH_STR(""));
}

static bool eval_condition(gh_schema_run *r, const gh_schema_applied *a, const gh_json *v,
                           const gh_schema_spot *at, gh_schema_marks *marks)
{
    gh_schema_marks own = {.n = 0};
    if (marks != NULL && !gh_schema_marks_init(r, &own, v))
        return false;
    bool met = fits(r, a->condition, v, at, marks, &own);
    if (r->stopped != GH_SCHEMA_VALID)
        return false;
    const gh_schema *next = met ? a->consequence : a->alternative;
    return next == NULL || gh_schema_eval(r, next, v, at, marks);
}

/* "oneOf" of a run that stopped counts too few: nothing may be told then. */
static bool eval_alternatives(gh_schema_run *r, const gh_schema_applied *a, const gh_json *v,
                              const gh_schema_spot *at, gh_schema_marks *marks)
{
    bool valid = true;
    if (a->any_of.n > 0)
        valid = eval_any_of(r, &a->any_of, v, at, marks);
    if (a->one_of.n > 0 && (valid || r->findings != NULL))
        valid = eval_one_of(r, &a->one_of, v, at, marks) && valid;
    if (a->not_this != NULL && (valid || r->findings != NULL) &&
        gh_schema_eval_quietly(r, a->not_this, v, at, NULL))
        valid = gh_schema_fault(r, GH_FAULT_NOT, at, GH_STR(""));
    if (a->condition != NULL && (valid || r->findings != NULL))
        valid = eval_condition(r, a, v, at, marks) && valid;
    return valid && r->stopped == GH_SCHEMA_VALID;
}

bool gh_schema_eval_applied(gh_schema_run *r, const gh_schema_applied *a, const gh_json *v,
                            const gh_schema_spot *at, gh_schema_marks *marks)
{
    bool valid = true;
    if (a->ref != NULL)
        valid = gh_schema_eval(r, a->ref, v, at, marks);
    if (a->dynamic_ref != NULL && (valid || r->findings != NULL))
        valid = gh_schema_eval(r, dynamic_target(r, a), v, at, marks) && valid;
    for (uint32_t i = 0; i < a->all_of.n && (valid || r->findings != NULL); i++)
        valid = gh_schema_eval(r, a->all_of.items[i], v, at, marks) && valid;
    if (valid || r->findings != NULL)
        valid = eval_alternatives(r, a, v, at, marks) && valid;
    return valid;
}
