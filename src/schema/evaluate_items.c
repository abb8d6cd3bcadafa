#include "schema/evaluate.h"

static bool count_fits(gh_schema_run *r, const gh_schema_sequence *s, const gh_json *v,
                       const gh_schema_spot *at)
{
    if (s->max.text.p != NULL && v->n > s->max.value)
        return gh_schema_fault(r, GH_FAULT_MAX_ITEMS, at, s->max.text);
    return s->min.text.p == NULL || v->n >= s->min.value ||
           gh_schema_fault(r, GH_FAULT_MIN_ITEMS, at, s->min.text);
}

static bool eval_each(gh_schema_run *r, const gh_schema_sequence *s, const gh_json *array,
                      const gh_schema_spot *at)
{
    bool valid = true;
    uint32_t i = 0;
    for (const gh_json *v = array->first; v != NULL; v = v->next, i++) {
        const gh_schema *schema = i < s->prefix.n ? s->prefix.items[i] : s->rest;
        const gh_schema_spot spot = {at, {NULL, 0}, i};
        if (schema == NULL)
            break;
        if (!gh_schema_eval_value(r, schema, v, &spot)) {
            valid = false;
            if (r->findings == NULL || r->stopped != GH_SCHEMA_VALID)
                return false;
        }
    }
    return valid;
}

/* Core section 10.3.1.3; items that fit count as evaluated. */
static bool eval_contains(gh_schema_run *r, const gh_schema_sequence *s, const gh_json *array,
                          const gh_schema_spot *at, gh_schema_marks *marks)
{
    gh_findings *findings = r->findings;
    size_t n = 0, least = s->min_contains.text.p == NULL ? 1 : s->min_contains.value;
    uint32_t i = 0;
    r->findings = NULL;
    for (const gh_json *v = array->first; v != NULL && r->stopped == GH_SCHEMA_VALID; v = v->next, i++) {
        const gh_schema_spot spot = {at, {NULL, 0}, i};
        if (!gh_schema_eval_value(r, s->contains, v, &spot))
            continue;
        n++;
        if (marks != NULL && i < marks->n)
            gh_schema_mark(marks, i);
        else if (n >= least && s->max_contains.text.p == NULL)
            break;
    }
    r->findings = findings;
    if (n < least && s->min_contains.text.p == NULL)
        return gh_schema_fault(r, GH_FAULT_CONTAINS, at, GH_STR(""));
    if (n < least)
        return gh_schema_fault(r, GH_FAULT_MIN_CONTAINS, at, s->min_contains.text);
    return s->max_contains.text.p == NULL || n <= s->max_contains.value ||
           gh_schema_fault(r, GH_FAULT_MAX_CONTAINS, at, s->max_contains.text);
}

static void mark_items(const gh_schema_sequence *s, gh_schema_marks *marks)
{
    uint32_t n = s->rest != NULL || s->prefix.n > marks->n ? marks->n : s->prefix.n;
    for (uint32_t i = 0; i < n; i++)
        gh_schema_mark(marks, i);
}

bool gh_schema_eval_items(gh_schema_run *r, const gh_schema_sequence *s, const gh_json *v,
                          const gh_schema_spot *at, gh_schema_marks *marks)
{
    if (!gh_schema_pay(r, v->n) || !count_fits(r, s, v, at))
        return false;
    bool valid = eval_each(r, s, v, at);
    if (marks != NULL)
        mark_items(s, marks);
    if (s->contains != NULL && (valid || r->findings != NULL))
        valid = eval_contains(r, s, v, at, marks) && valid;
    if (s->unique && (valid || r->findings != NULL) && !gh_schema_unique(r, v))
        valid = gh_schema_fault(r, GH_FAULT_UNIQUE_ITEMS, at, GH_STR(""));
    return valid;
}
