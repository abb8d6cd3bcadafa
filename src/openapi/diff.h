/* Within src/openapi: comparing two documents. */
#ifndef GH_OPENAPI_DIFF_H
#define GH_OPENAPI_DIFF_H

#include "base/buf.h"
#include "openapi/refs.h"

enum {
    GH_OA_PARTS_MAX = 32,       /* schemas that hold together: allOf, $ref and what stands beside it */
    GH_OA_LINES_MAX = 20000,    /* changes that are listed */
    GH_OA_PAIRS_MAX = 1000000,  /* pairs of schemas that are compared */
    GH_OA_PARAMETERS_SEEN = 256 /* of one operation */
};

/* Where in a body or parameter: a chain to the root, NULL. */
typedef struct gh_oa_step {
    const struct gh_oa_step *up;
    gh_str token; /* "*": every item or member */
} gh_oa_step;

/* Two schemas still to be compared. */
typedef struct gh_oa_pair {
    const gh_json *before, *after;
    const gh_oa_step *step;
    struct gh_oa_pair *next;
} gh_oa_pair;

typedef struct gh_oa_side {
    gh_oa_refs refs;
    gh_oa_set followed; /* by the value with the "$ref"; value: where it leads */
    bool v31;
} gh_oa_side;

typedef struct gh_oa_diff {
    gh_arena *arena;
    gh_oa_side before, after;
    void **lines; /* gh_str * */
    unsigned n_lines, cap_lines, breaking;
    gh_str operation;  /* "POST /generate" */
    gh_str part;       /* "request body", "query q", "response 200" */
    bool response;     /* what is being compared is read by clients, not written */
    gh_oa_set seen[2]; /* pairs, of requests and of responses; mark: the part they were seen in, or CLEAN */
    uint32_t number;   /* of the part */
    gh_oa_pair *first, *last;
    unsigned pairs;
    bool no_memory, cut;
} gh_oa_diff;

/* ---- diff_line.c ---- */

/* How a change is taken by clients. */
enum gh_oa_effect {
    GH_OA_FINE,
    GH_OA_BREAKING,
    GH_OA_NARROWER, /* breaking where clients write */
    GH_OA_WIDER     /* breaking where clients read */
};

/* A line: "operation: part /step: text (breaking)". The text is made as by printf. */
#define gh_oa_change(d, step, effect, ...)              \
    do {                                                \
        char change_text[512];                          \
        gh_buf change = gh_buf_over(change_text, 512);  \
        gh_buf_printf(&change, __VA_ARGS__);            \
        gh_oa_add_line((d), (step), (effect), &change); \
    } while (0)
void gh_oa_add_line(gh_oa_diff *d, const gh_oa_step *step, enum gh_oa_effect effect, const gh_buf *text);
/* A value as JSON, cut when it is long; a name in quotes. With a NUL, in `memory`. */
enum { GH_OA_SHOWN_MAX = 128 };
const char *gh_oa_show(const gh_json *value, char memory[GH_OA_SHOWN_MAX]);
const char *gh_oa_show_text(gh_str text, char memory[GH_OA_SHOWN_MAX]);

/* ---- diff_view.c: one schema as it works together with what it refers to ---- */

typedef struct gh_oa_view {
    const gh_oa_side *side;
    const gh_json *parts[GH_OA_PARTS_MAX]; /* objects; all hold */
    unsigned n;
    bool nullable;         /* or null, whatever the parts say */
    bool never;            /* the schema false */
    bool cut;              /* there are more */
    const gh_json *choice; /* anyOf or oneOf, not one that only allows null as well; NULL: none */
    void **required;       /* gh_str *, sorted */
    size_t n_required;
} gh_oa_view;

/* False: no memory. */
GH_MUST_CHECK bool gh_oa_view_of(gh_oa_diff *d, gh_oa_side *side, const gh_json *schema, gh_oa_view *ret);
/* Where the "$ref" of a value that has one leads, one step; NULL: nowhere. */
const gh_json *gh_oa_target(gh_oa_diff *d, gh_oa_side *side, const gh_json *value);
/* Where its "$ref"s lead in the end, or the value itself; NULL: nowhere. */
const gh_json *gh_oa_deref(gh_oa_diff *d, gh_oa_side *side, const gh_json *value);
/* The keyword of the first part that has it. */
const gh_json *gh_oa_view_get(const gh_oa_view *view, gh_str keyword);
/* The strictest of a bound: `upper`, the smallest. Of 3.0's exclusiveMaximum: true, the maximum. */
const gh_json *gh_oa_view_bound(const gh_oa_view *view, gh_str keyword, bool upper);
const gh_json *gh_oa_view_property(const gh_oa_view *view, gh_str name);
bool gh_oa_view_requires(const gh_oa_view *view, gh_str name);
/* Bits of enum gh_schema_type. */
unsigned gh_oa_view_types(gh_oa_diff *d, gh_oa_side *side, const gh_oa_view *view);
/* Are members that are not named refused? */
bool gh_oa_view_closed(const gh_oa_view *view);

/* ---- diff_members.c, diff_items.c ---- */

typedef struct gh_oa_comparison {
    gh_oa_diff *d;
    gh_oa_view before, after;
    const gh_oa_step *step;
} gh_oa_comparison;

void gh_oa_compare_members(const gh_oa_comparison *c);
void gh_oa_compare_items(const gh_oa_comparison *c);
void gh_oa_compare_choices(const gh_oa_comparison *c);

/* ---- diff_schema.c, diff_operation.c ---- */

/* Compares two schemas and all they hold; NULL: anything. */
void gh_oa_diff_schemas(gh_oa_diff *d, const gh_json *before, const gh_json *after);
/* To be compared after what is being compared now. */
void gh_oa_diff_later(gh_oa_diff *d, const gh_json *before, const gh_json *after, const gh_oa_step *up,
                      gh_str token);
/* Both documents' objects of a path and a method. */
typedef struct gh_oa_operation {
    const gh_json *item, *operation;
    gh_str path;
} gh_oa_operation;
void gh_oa_diff_operation(gh_oa_diff *d, const gh_oa_operation *before, const gh_oa_operation *after);

#endif
