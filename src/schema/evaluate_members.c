#include "schema/evaluate.h"

enum { FEW_BITS = 64 };

/* The schemas that a member's name chooses. *io_known: one did. */
static bool eval_named(gh_schema_run *r, const gh_schema_members *m, const gh_json *v,
                       const gh_schema_spot *spot, bool *io_known)
{
    bool valid = true;
    if (m->n_patterns > 0 && !gh_schema_pay(r, m->n_patterns * (4 + v->key.n / 16)))
        return false;
    for (uint32_t i = 0; i < m->n_patterns; i++) {
        enum gh_match_result match = gh_pattern_match(m->patterns[i].pattern, v->key, r->scratch);
        if (match == GH_MATCH_TOO_COSTLY)
            return gh_schema_stop(r, GH_SCHEMA_TOO_COSTLY);
        if (match == GH_MATCH_NO)
            continue;
        *io_known = true;
        if (!gh_schema_eval_value(r, m->patterns[i].schema, v, spot)) {
            valid = false;
            if (r->findings == NULL)
                break;
        }
    }
    return valid;
}

static bool eval_additional(gh_schema_run *r, const gh_schema *additional, const gh_json *v,
                            const gh_schema_spot *spot)
{
    if (additional->kind == GH_SCHEMA_FALSE)
        return gh_schema_fault(r, GH_FAULT_ADDITIONAL, spot, GH_STR(""));
    return gh_schema_eval_value(r, additional, v, spot);
}

static bool eval_name(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *spot)
{
    const gh_json name = {.type = GH_JSON_STRING, .text = v->key};
    return gh_schema_eval_quietly(r, s, &name, spot, NULL) ||
           gh_schema_fault(r, GH_FAULT_PROPERTY_NAME, spot, GH_STR(""));
}

/* One member. *ret_known: "properties", "patternProperties" or "additionalProperties" looked at it. */
static bool eval_member(gh_schema_run *r, const gh_schema_members *m, const gh_json *v,
                        const gh_schema_spot *spot, const gh_schema_name *name)
{
    bool valid = true, known = name != NULL && name->schema != NULL;
    if (m->property_names != NULL)
        valid = eval_name(r, m->property_names, v, spot);
    if (known && !(v->type == GH_JSON_NULL && name->null_fits))
        valid = gh_schema_eval_value(r, name->schema, v, spot) && valid;
    if (m->n_patterns > 0 && (valid || r->findings != NULL))
        valid = eval_named(r, m, v, spot, &known) && valid;
    if (!known && m->additional != NULL && (valid || r->findings != NULL))
        valid = eval_additional(r, m->additional, v, spot) && valid;
    return valid;
}

/* Does a schema of the member's own or "additionalProperties" apply to it? Asked only for the marks. */
static bool is_evaluated(gh_schema_run *r, const gh_schema_members *m, const gh_json *v,
                         const gh_schema_name *name)
{
    if (m->additional != NULL || (name != NULL && name->schema != NULL))
        return true;
    for (uint32_t i = 0; i < m->n_patterns; i++) {
        if (gh_pattern_match(m->patterns[i].pattern, v->key, r->scratch) == GH_MATCH_YES)
            return true;
    }
    return false;
}

static bool count_fits(gh_schema_run *r, const gh_schema_members *m, const gh_json *v,
                       const gh_schema_spot *at)
{
    if (m->max.text.p != NULL && v->n > m->max.value)
        return gh_schema_fault(r, GH_FAULT_MAX_PROPERTIES, at, m->max.text);
    return m->min.text.p == NULL || v->n >= m->min.value ||
           gh_schema_fault(r, GH_FAULT_MIN_PROPERTIES, at, m->min.text);
}

static bool has_required(gh_schema_run *r, const gh_schema_members *m, const uint64_t *seen,
                         const gh_schema_spot *at)
{
    bool valid = true;
    for (uint32_t i = 0; i < (m->bits + 63) / 64; i++)
        /* As many words as there are bits for. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        valid = valid && (m->required[i] & ~seen[i]) == 0;
    if (valid || r->findings == NULL)
        return valid;
    for (uint32_t i = 0; i < m->names.n; i++) {
        const gh_schema_name *name = &m->names.items[i];
        const gh_schema_spot spot = {at, name->key, 0};
        if (name->required && (seen[name->bit / 64] >> name->bit % 64 & 1) == 0)
            (void)gh_schema_fault(r, GH_FAULT_REQUIRED, &spot, GH_STR(""));
    }
    return false;
}

static bool eval_all(gh_schema_run *r, const gh_schema_members *m, const gh_json *object, uint64_t *seen,
                     const gh_schema_spot *at, gh_schema_marks *marks)
{
    bool valid = true;
    uint32_t i = 0;
    for (const gh_json *v = object->first; v != NULL; v = v->next, i++) {
        const gh_schema_spot spot = {at, v->key, 0};
        const gh_schema_name *name = gh_schema_name_find(&m->names, v->key, v->key_hash);
        if (name != NULL && name->bit != GH_SCHEMA_NO_BIT)
            seen[name->bit / 64] |= UINT64_C(1) << name->bit % 64;
        if (!eval_member(r, m, v, &spot, name)) {
            valid = false;
            if (r->findings == NULL || r->stopped != GH_SCHEMA_VALID)
                return false;
        }
        if (marks != NULL && i < marks->n && is_evaluated(r, m, v, name))
            gh_schema_mark(marks, i);
    }
    return valid;
}

bool gh_schema_eval_members(gh_schema_run *r, const gh_schema_members *m, const gh_json *v,
                            const gh_schema_spot *at, gh_schema_marks *marks)
{
    uint64_t few[FEW_BITS / 64] = {0};
    uint64_t *seen = few;
    if (!gh_schema_pay(r, v->n) || !count_fits(r, m, v, at))
        return false;
    if (m->bits > FEW_BITS && (seen = gh_arena_array(r->scratch, (m->bits + 63) / 64, sizeof *seen)) == NULL)
        return gh_schema_stop(r, GH_SCHEMA_MEMORY);
    bool valid = eval_all(r, m, v, seen, at, marks);
    if (m->bits == 0 || (!valid && r->findings == NULL))
        return valid;
    valid = has_required(r, m, seen, at) && valid;
    if (m->dependents && (valid || r->findings != NULL))
        valid = gh_schema_eval_dependents(r, m, seen, v, at, marks) && valid;
    return valid;
}
