/* Within src/openapi: what "$ref" names, and the containers that reading and comparing documents need. */
#ifndef GH_OPENAPI_REFS_H
#define GH_OPENAPI_REFS_H

#include "base/arena.h"
#include "wire/json.h"

enum { GH_OA_HOPS_MAX = 32 };

/* What a document's references are resolved in. */
typedef struct gh_oa_refs {
    const gh_json *document;
    uint64_t steps; /* left for items of arrays: a bound on the cost of odd references */
} gh_oa_refs;

void gh_oa_refs_init(gh_oa_refs *refs, const gh_json *document);
/* What "#/..." names; *ret_pointer is the JSON Pointer in it. NULL: *ret_why, a constant text. */
GH_MUST_CHECK const gh_json *gh_oa_refs_find(gh_oa_refs *refs, gh_str ref, gh_arena *arena,
                                             gh_str *ret_pointer, const char **ret_why);
/* The text of a "$ref" member; absent: the value is none. */
gh_str gh_oa_ref_of(const gh_json *value);

/* ---- sets of pairs of pointers ---- */

typedef struct gh_oa_set_entry {
    const void *a, *b;
    const void *value; /* the owner's, as is mark */
    uint32_t mark;
} gh_oa_set_entry;

typedef struct gh_oa_set {
    gh_oa_set_entry *entries;
    size_t n, cap; /* cap: 0 or a power of two */
} gh_oa_set;

/* The entry of the pair, made (mark 0, value NULL) if it is new. NULL: no memory. Entries move when others are made. */
GH_MUST_CHECK gh_oa_set_entry *gh_oa_set_at(gh_oa_set *set, const void *a, const void *b, gh_arena *arena);

/* ---- sorting ---- */

typedef int gh_oa_compare(const void *a, const void *b);
/* Stable, n log n whatever the order. False: no memory. */
GH_MUST_CHECK bool gh_oa_sort(void **items, size_t n, gh_oa_compare *compare, gh_arena *arena);
/* By bytes. */
int gh_oa_compare_text(gh_str a, gh_str b);

#endif
