#include "schema/evaluate.h"

#include "wire/decimal.h"

static int64_t count(const gh_json *v, unsigned depth)
{
    int64_t n = 1;
    if (v->type >= GH_JSON_ARRAY && depth > 0) {
        for (const gh_json *child = v->first; child != NULL; child = child->next)
            n += count(child, depth - 1);
    }
    return n;
}

bool gh_schema_stop(gh_schema_run *r, enum gh_schema_result why)
{
    if (r->stopped == GH_SCHEMA_VALID)
        r->stopped = (uint8_t)why;
    r->steps = -1;
    return false;
}

/* Values are counted only when it comes to that. */
bool gh_schema_pay_slowly(gh_schema_run *r)
{
    if (r->stopped != GH_SCHEMA_VALID)
        return false;
    if (!r->extended) {
        r->extended = true;
        r->steps += count(r->root, GH_JSON_DEPTH_MAX) * GH_SCHEMA_STEPS_FOR_A_VALUE;
        if (r->steps >= 0)
            return true;
    }
    return gh_schema_stop(r, GH_SCHEMA_TOO_COSTLY);
}

bool gh_schema_types_fit(unsigned types, const gh_json *v)
{
    static const uint8_t bits[] = {
        [GH_JSON_NULL] = GH_TYPE_BIT_NULL,     [GH_JSON_FALSE] = GH_TYPE_BIT_BOOLEAN,
        [GH_JSON_TRUE] = GH_TYPE_BIT_BOOLEAN,  [GH_JSON_NUMBER] = GH_TYPE_BIT_NUMBER,
        [GH_JSON_STRING] = GH_TYPE_BIT_STRING, [GH_JSON_ARRAY] = GH_TYPE_BIT_ARRAY,
        [GH_JSON_OBJECT] = GH_TYPE_BIT_OBJECT,
    };
    int64_t small;
    if ((types & bits[v->type]) != 0)
        return true;
    return v->type == GH_JSON_NUMBER && (types & GH_TYPE_BIT_INTEGER) != 0 &&
           (gh_schema_small(v->text, &small) || gh_decimal_integer(v->text));
}

bool gh_schema_has_value(gh_schema_run *r, const gh_schema_values *values, const gh_json *v)
{
    if (v->type == GH_JSON_STRING)
        return gh_schema_pay(r, v->text.n / 64) &&
               gh_schema_name_find(&values->texts, v->text, gh_json_hash(v->text)) != NULL;
    if (!gh_schema_pay(r, values->n_others))
        return false;
    for (uint32_t i = 0; i < values->n_others; i++) {
        if (gh_json_equal(values->others[i], v))
            return true;
    }
    return false;
}

bool gh_schema_eval_rules(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                          gh_schema_marks *marks)
{
    bool valid = true;
    switch ((enum gh_json_type)v->type) {
    case GH_JSON_NUMBER:
        valid = s->numbers == NULL || gh_schema_eval_number(r, s->numbers, v, at);
        break;
    case GH_JSON_STRING:
        valid = s->texts == NULL || gh_schema_eval_text(r, s->texts, v, at);
        break;
    case GH_JSON_ARRAY:
        valid = s->items == NULL || gh_schema_eval_items(r, s->items, v, at, marks);
        break;
    case GH_JSON_OBJECT:
        valid = s->members == NULL || gh_schema_eval_members(r, s->members, v, at, marks);
        break;
    case GH_JSON_NULL:
    case GH_JSON_FALSE:
    case GH_JSON_TRUE:
        break;
    }
    if (s->applied == NULL || (!valid && r->findings == NULL))
        return valid;
    return gh_schema_eval_applied(r, s->applied, v, at, marks) && valid;
}

static bool asks_for_unevaluated(const gh_schema *s, const gh_json *v)
{
    const gh_schema_applied *a = s->applied;
    return a != NULL && ((v->type == GH_JSON_OBJECT && a->unevaluated_properties != NULL) ||
                         (v->type == GH_JSON_ARRAY && a->unevaluated_items != NULL));
}

/* A value of the wrong type, or none of those listed, is told as that alone. */
static bool eval_whole(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                       gh_schema_marks *marks)
{
    if (!gh_schema_types_fit(s->types, v))
        return gh_schema_type_fault(r, s->types, s->type_limit, at, false);
    if (s->values != NULL && !gh_schema_has_value(r, s->values, v))
        return gh_schema_fault(r, GH_FAULT_ENUM, at, s->values->limit);
    if (s->constant != NULL && !gh_schema_has_value(r, s->constant, v))
        return gh_schema_fault(r, GH_FAULT_CONST, at, s->constant->limit);
    if (gh_unlikely(asks_for_unevaluated(s, v)))
        return gh_schema_eval_unevaluated(r, s, v, at, marks);
    return gh_schema_eval_rules(r, s, v, at, marks);
}

static bool eval_scoped(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                        gh_schema_marks *marks)
{
    const gh_schema_scope scope = {s->resource, r->scope};
    bool enters = r->scope == NULL || r->scope->resource != s->resource;
    if (enters)
        r->scope = &scope; /* cppcheck-suppress autoVariables ; taken back below */
    bool valid = eval_whole(r, s, v, at, marks);
    if (enters)
        r->scope = scope.outer;
    return valid;
}

bool gh_schema_eval(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                    gh_schema_marks *marks)
{
    if (s->alias != NULL)
        s = s->alias;
    if (!gh_schema_pay(r, 1))
        return false;
    if (gh_unlikely(r->depth == 0))
        return gh_schema_stop(r, GH_SCHEMA_TOO_COSTLY);
    if (s->kind != GH_SCHEMA_RULES)
        return s->kind == GH_SCHEMA_TRUE || gh_schema_fault(r, GH_FAULT_FALSE_SCHEMA, at, GH_STR(""));
    r->depth--;
    bool valid = s->scoped ? eval_scoped(r, s, v, at, marks) : eval_whole(r, s, v, at, marks);
    r->depth++;
    return valid;
}

bool gh_schema_eval_quietly(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                            gh_schema_marks *marks)
{
    gh_findings *findings = r->findings;
    r->findings = NULL;
    bool valid = gh_schema_eval(r, s, v, at, marks);
    r->findings = findings;
    return valid;
}

bool gh_schema_eval_value(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at)
{
    if (gh_unlikely(v->lexical))
        return gh_schema_eval_lexical(r, s, v, at);
    return gh_schema_eval(r, s, v, at, NULL);
}

enum gh_schema_result gh_schema_evaluate(const gh_schema *schema, const gh_json *value, gh_arena *scratch,
                                         gh_findings *findings)
{
    gh_schema_run r = {.scratch = scratch,
                       .findings = findings,
                       .root = value,
                       .steps = GH_SCHEMA_STEPS,
                       .depth = GH_SCHEMA_DEPTH,
                       .stopped = GH_SCHEMA_VALID};
    bool valid = gh_schema_eval_value(&r, schema, value, NULL);
    if (r.certain)
        return GH_SCHEMA_INVALID;
    if (r.stopped != GH_SCHEMA_VALID)
        return (enum gh_schema_result)r.stopped;
    return valid ? GH_SCHEMA_VALID : GH_SCHEMA_INVALID;
}
