/* Between the parts of the evaluator. */
#ifndef GH_SCHEMA_EVALUATE_H
#define GH_SCHEMA_EVALUATE_H

#include "schema/node.h"

/* Where in the instance: a chain of frames on the stack, read only when there is something to tell. */
typedef struct gh_schema_spot {
    const struct gh_schema_spot *up; /* NULL: the whole value */
    gh_str key;                      /* of a member; absent: an item */
    uint32_t index;
} gh_schema_spot;

/* Which members or items of one value were evaluated (core section 11): kept only for "unevaluated...". */
typedef struct gh_schema_marks {
    uint64_t *bits;
    uint32_t n;  /* members or items */
    bool broken; /* something that would have marked some failed: what is unmarked may be so only for that */
} gh_schema_marks;

/* The schema resources that were entered, innermost first: only those with a "$dynamicAnchor". */
typedef struct gh_schema_scope {
    const gh_schema_resource *resource;
    const struct gh_schema_scope *outer;
} gh_schema_scope;

enum {
    GH_SCHEMA_STEPS = 1000000,        /* for any value */
    GH_SCHEMA_STEPS_FOR_A_VALUE = 32, /* besides, for each value in it */
    GH_SCHEMA_DEPTH = 600             /* nested evaluations: the deepest JSON there is and some references */
};

typedef struct gh_schema_run {
    gh_arena *scratch;
    gh_findings *findings; /* NULL: only the result matters */
    const gh_json *root;
    const gh_schema_scope *scope;
    int64_t steps;   /* that may still be taken */
    unsigned depth;  /* that is left */
    bool extended;   /* the steps for the values were added */
    bool certain;    /* a fault was found that stands, whatever comes */
    uint8_t stopped; /* enum gh_schema_result: TOO_COSTLY or MEMORY; VALID: it goes on */
} gh_schema_run;

/* All of them: is the value valid? With findings they go on after a fault where this makes sense. False as well
 * when the run was stopped. */

/* A value that comes from the instance: `lexical` is taken into account. */
bool gh_schema_eval_value(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at);
/* A value whose type is settled. marks: what was evaluated of v is marked there; may be NULL. */
bool gh_schema_eval(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                    gh_schema_marks *marks);
/* The same without findings. */
bool gh_schema_eval_quietly(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                            gh_schema_marks *marks);
/* Everything of a schema but "type", "enum", "const" and "unevaluated...". */
bool gh_schema_eval_rules(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at,
                          gh_schema_marks *marks);
bool gh_schema_eval_lexical(gh_schema_run *r, const gh_schema *s, const gh_json *v, const gh_schema_spot *at);
bool gh_schema_eval_number(gh_schema_run *r, const gh_schema_numbers *n, const gh_json *v,
                           const gh_schema_spot *at);
bool gh_schema_eval_text(gh_schema_run *r, const gh_schema_texts *t, const gh_json *v,
                         const gh_schema_spot *at);
bool gh_schema_eval_items(gh_schema_run *r, const gh_schema_sequence *i, const gh_json *v,
                          const gh_schema_spot *at, gh_schema_marks *marks);
bool gh_schema_eval_members(gh_schema_run *r, const gh_schema_members *m, const gh_json *v,
                            const gh_schema_spot *at, gh_schema_marks *marks);
bool gh_schema_eval_dependents(gh_schema_run *r, const gh_schema_members *m, const uint64_t *seen,
                               const gh_json *v, const gh_schema_spot *at, gh_schema_marks *marks);
bool gh_schema_eval_applied(gh_schema_run *r, const gh_schema_applied *a, const gh_json *v,
                            const gh_schema_spot *at, gh_schema_marks *marks);
bool gh_schema_eval_unevaluated(gh_schema_run *r, const gh_schema *s, const gh_json *v,
                                const gh_schema_spot *at, gh_schema_marks *marks);
bool gh_schema_has_value(gh_schema_run *r, const gh_schema_values *values, const gh_json *v);
bool gh_schema_types_fit(unsigned types, const gh_json *v);
/* Of several alternatives that all failed: the only one that could be meant, or NULL. *ret_types: when none takes
 * the type of v, those they take; else 0. */
const gh_schema *gh_schema_meant(gh_schema_run *r, const gh_schema_list *list, const gh_json *v,
                                 unsigned *ret_types);
/* Are all items different? */
bool gh_schema_unique(gh_schema_run *r, const gh_json *array);

/* Adds a finding, where they are wanted. False always. */
bool gh_schema_fault(gh_schema_run *r, enum gh_fault fault, const gh_schema_spot *at, gh_str limit);
/* The same when it is certain that the value is refused, but looking for the reason may have taken the last step:
 * something has to be said. */
bool gh_schema_fault_surely(gh_schema_run *r, enum gh_fault fault, const gh_schema_spot *at);
/* The fault of a wrong type; `text`: of a lexical value. */
bool gh_schema_type_fault(gh_schema_run *r, unsigned types, gh_str limit, const gh_schema_spot *at,
                          bool text);
/* Ends the run. False always. */
bool gh_schema_stop(gh_schema_run *r, enum gh_schema_result why);
/* False: no steps are left, and the run was stopped. */
bool gh_schema_pay_slowly(gh_schema_run *r);

static inline bool gh_schema_pay(gh_schema_run *r, size_t steps)
{
    r->steps -= (int64_t)(steps < INT32_MAX ? steps : INT32_MAX);
    return gh_likely(r->steps >= 0) || gh_schema_pay_slowly(r);
}

/* Marks for a value, none set. False: the run was stopped. */
bool gh_schema_marks_init(gh_schema_run *r, gh_schema_marks *marks, const gh_json *v);
void gh_schema_marks_add(gh_schema_marks *to, const gh_schema_marks *from);

static inline void gh_schema_mark(gh_schema_marks *marks, uint32_t i)
{
    marks->bits[i / 64] |= UINT64_C(1) << i % 64;
}

static inline bool gh_schema_is_marked(const gh_schema_marks *marks, uint32_t i)
{
    return (marks->bits[i / 64] >> i % 64 & 1) != 0;
}

#endif
