#include "schema/evaluate.h"

bool gh_schema_marks_init(gh_schema_run *r, gh_schema_marks *marks, const gh_json *v)
{
    uint32_t n = v->type >= GH_JSON_ARRAY ? v->n : 0;
    *marks = (gh_schema_marks){.n = n, .bits = gh_arena_array(r->scratch, n / 64 + 1, sizeof *marks->bits)};
    if (marks->bits == NULL)
        return gh_schema_stop(r, GH_SCHEMA_MEMORY);
    return gh_schema_pay(r, 1 + n / 64);
}

void gh_schema_marks_add(gh_schema_marks *to, const gh_schema_marks *from)
{
    for (uint32_t i = 0; i < (to->n + 63) / 64; i++)
        to->bits[i] |= from->bits[i];
    to->broken |= from->broken;
}

static bool eval_rest(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                      gh_schema_marks *marks)
{
    bool object = v->type == GH_JSON_OBJECT;
    const gh_schema *rest = object ? s->applied->unevaluated_properties : s->applied->unevaluated_items;
    enum gh_fault fault = object ? GH_FAULT_UNEVALUATED : GH_FAULT_UNEVALUATED_ITEM;
    bool valid = true;
    uint32_t i = 0;
    for (const gh_json *child = v->first; child != NULL && i < marks->n; child = child->next, i++) {
        const gh_schema_spot spot = {at, child->key, i};
        if (gh_schema_is_marked(marks, i))
            continue;
        gh_schema_mark(marks, i);
        if (rest->kind == GH_SCHEMA_FALSE ? gh_schema_fault(r, fault, &spot, GH_STR(""))
                                          : gh_schema_eval_value(r, rest, child, &spot))
            continue;
        valid = false;
        if (r->findings == NULL || r->stopped != GH_SCHEMA_VALID)
            break;
    }
    return valid;
}

/* Core section 11: what a schema beside this one evaluated does not count, so the marks begin anew. */
bool gh_schema_eval_unevaluated(gh_schema_run *r, const gh_schema *s, const gh_json *v,
                                const gh_schema_spot *at, gh_schema_marks *marks)
{
    gh_schema_marks own;
    if (!gh_schema_marks_init(r, &own, v) || !gh_schema_pay(r, v->n))
        return false;
    bool valid = gh_schema_eval_rules(r, s, v, at, &own);
    if (!valid && (r->findings == NULL || r->stopped != GH_SCHEMA_VALID))
        return false;
    if (valid || !own.broken)
        valid = eval_rest(r, s, v, at, &own) && valid;
    if (marks != NULL)
        gh_schema_marks_add(marks, &own);
    return valid;
}
