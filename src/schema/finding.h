/* What is wrong with a value, where, and why: one finding a field. Values are never in it. */
#ifndef GH_SCHEMA_FINDING_H
#define GH_SCHEMA_FINDING_H

#include "base/arena.h"
#include "base/buf.h"

/* Where in a request: OpenAPI's "in". */
enum gh_in { GH_IN_BODY, GH_IN_QUERY, GH_IN_PATH, GH_IN_HEADER, GH_IN_COOKIE };

enum gh_fault {
#define FAULT(id, keyword, type, text) GH_FAULT_##id,
#include "schema/faults.def"
#undef FAULT
    GH_FAULT_COUNT
};

typedef struct gh_finding {
    uint8_t in;    /* enum gh_in; the evaluator leaves it GH_IN_BODY */
    uint8_t fault; /* enum gh_fault */
    gh_str name;   /* the parameter's name; absent in a body */
    gh_str
        pointer; /* JSON Pointer of the value within body or parameter; "" is all of it. Of a member that is
                     * missing or not allowed: of the member itself */
    gh_str
        limit; /* the schema's own figure or text that was not met ("3", "integer", "'a' or 'b'"); or absent */
} gh_finding;

enum { GH_FINDINGS_MAX = 64 };

typedef struct gh_findings {
    gh_finding *items; /* room for `max` */
    unsigned n, max;
    unsigned omitted; /* found beyond max */
} gh_findings;

/* The keyword of JSON Schema ("minLength"), the type FastAPI's clients know ("string_too_short"), and a sentence
 * with the limit in it. */
gh_str gh_finding_keyword(const gh_finding *finding);
gh_str gh_finding_type(const gh_finding *finding);
void gh_finding_message(gh_buf *out, const gh_finding *finding);
gh_str gh_in_name(enum gh_in in);

#endif
