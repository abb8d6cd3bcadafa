#include "schema/evaluate.h"

static bool is_seen(const gh_schema_name *name, const uint64_t *seen)
{
    return name != NULL && name->bit != GH_SCHEMA_NO_BIT && (seen[name->bit / 64] >> name->bit % 64 & 1) != 0;
}

static bool has_names(gh_schema_run *r, const gh_schema_members *m, const gh_schema_name *cause,
                      const uint64_t *seen, const gh_schema_spot *at)
{
    bool valid = true;
    const gh_json *names = cause->dependents->names;
    for (const gh_json *v = names == NULL ? NULL : names->first; v != NULL; v = v->next) {
        if (is_seen(gh_schema_name_find(&m->names, v->text, gh_json_hash(v->text)), seen))
            continue;
        const gh_schema_spot spot = {at, v->text, 0};
        valid = gh_schema_fault(r, GH_FAULT_DEPENDENT_REQUIRED, &spot, cause->key);
    }
    return valid;
}

bool gh_schema_eval_dependents(gh_schema_run *r, const gh_schema_members *m, const uint64_t *seen,
                               const gh_json *v, const gh_schema_spot *at, gh_schema_marks *marks)
{
    bool valid = gh_schema_pay(r, m->names.n);
    for (uint32_t i = 0; i < m->names.n && (valid || r->findings != NULL); i++) {
        const gh_schema_name *name = &m->names.items[i];
        if (name->dependents == NULL || !is_seen(name, seen))
            continue;
        valid = has_names(r, m, name, seen, at) && valid;
        if (name->dependents->schema != NULL && (valid || r->findings != NULL))
            valid = gh_schema_eval(r, name->dependents->schema, v, at, marks) && valid;
    }
    return valid;
}
