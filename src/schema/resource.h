/* Documents and the schema resources in them: which URI names what (2020-12 core sections 8.2 and 9). */
#ifndef GH_SCHEMA_RESOURCE_H
#define GH_SCHEMA_RESOURCE_H

#include "schema/schema.h"

typedef struct gh_schema_document {
    gh_str uri; /* as it was added */
    const gh_json *root;
    struct gh_schema_resource *resource; /* of the root */
    struct gh_schema_document *next;
} gh_schema_document;

/* A "$anchor" or "$dynamicAnchor". */
typedef struct gh_schema_anchor {
    gh_str name;
    const gh_json *json;
    bool dynamic;
    const gh_schema *schema; /* of a dynamic one, once something may refer to it */
    struct gh_schema_anchor *next;
} gh_schema_anchor;

typedef struct gh_schema_resource {
    gh_str uri;  /* absolute, or what stands for it; the base of references in it */
    gh_str also; /* the root of a document with an "$id" of its own: the URI it was added by; or absent */
    const gh_json *root;
    gh_schema_document *document;
    gh_schema_anchor *anchors;
    uint32_t n_anchors;
    bool dynamic; /* one of the anchors is */
    bool checked; /* "$schema" and "$vocabulary" are fine */
    struct gh_schema_resource *next;
} gh_schema_resource;

/* What is known of a place where a schema is. */
typedef struct gh_schema_place {
    const gh_json *json; /* NULL: a free slot */
    gh_schema_resource *resource;
    gh_schema *schema; /* NULL: not compiled yet */
} gh_schema_place;

/* Places by address: open addressing, at most half full. */
typedef struct gh_schema_places {
    gh_schema_place *slots;
    uint32_t n, mask;
} gh_schema_places;

typedef struct gh_schema_name_list {
    gh_str name;
    struct gh_schema_name_list *next;
} gh_schema_name_list;

typedef struct gh_schema_pattern_list {
    struct gh_pattern *pattern;
    struct gh_schema_pattern_list *next;
} gh_schema_pattern_list;

struct gh_schema_compiler {
    gh_arena *arena;
    gh_schema_options options;
    gh_schema_document *documents;
    gh_schema_resource *resources;
    gh_schema_places places;
    gh_schema_name_list *dynamic_names; /* that a "$dynamicRef" asks for */
    gh_schema_pattern_list *patterns;
    gh_schema *first, *last; /* compiled together, in this call */
    /* the call under way */
    gh_schema_document *document;
    gh_schema_error *error;
};

/* Says what is wrong with `at`, which is in `document`. Returns false always. `why` is constant or in the arena. */
bool gh_schema_wrong(gh_schema_compiler *c, const gh_schema_document *document, const gh_json *at,
                     const char *why);
bool gh_schema_no_memory(gh_schema_compiler *c);

/* NULL: nothing is known of this place. */
gh_schema_place *gh_schema_place_find(const gh_schema_compiler *c, const gh_json *json);
/* Makes the schema at `json` and those in it known, with their "$id" and anchors. */
GH_MUST_CHECK bool gh_schema_scan(gh_schema_compiler *c, const gh_json *json, gh_schema_resource *resource);
/* The place that a reference names, seen from `from`; `at` is for errors. NULL: the error is set. */
GH_MUST_CHECK gh_schema_place *gh_schema_resolve(gh_schema_compiler *c, const gh_schema_resource *from,
                                                 const gh_json *at, gh_str *ret_fragment);
/* The anchor of that name, or NULL. */
gh_schema_anchor *gh_schema_anchor_find(const gh_schema_resource *resource, gh_str name);

#endif
