/* JSON Schema 2020-12 (and the older dialect of OpenAPI 3.0), compiled at load, evaluated at each request.
 *
 * What is not supported is an error when the schema is compiled, never ignored: "$vocabulary", dialects other than
 * the two, documents that were not given beforehand (nothing is fetched), keywords that look like a typing error
 * of a known one, and keywords of older drafts that decided what is valid. Annotations ("title", "x-...") are passed
 * over, and so are other unknown keywords and formats but with the option known_only. Keywords of 2020-12 that OpenAPI 3.0 does not have are taken at their word there too.
 *
 * Evaluation allocates only from the scratch arena. Its bounds: 600 nested schemas (the deepest value there is and
 * some references), and a million steps besides 32 for each value in what is looked at; a step is a schema applied
 * to a value, a member looked up, or 16 to 64 bytes of a text compared. */
#ifndef GH_SCHEMA_SCHEMA_H
#define GH_SCHEMA_SCHEMA_H

#include "schema/finding.h"
#include "wire/json.h"

typedef struct gh_schema gh_schema;                   /* one compiled schema; immutable */
typedef struct gh_schema_compiler gh_schema_compiler; /* compiles all schemas of some documents */

enum gh_schema_dialect { GH_SCHEMA_2020_12, GH_SCHEMA_OPENAPI_3_0 };
/* readOnly members are not required in requests, writeOnly ones not in responses (OpenAPI 3.1 section 4.8.24.3). */
enum gh_schema_direction { GH_SCHEMA_ANY, GH_SCHEMA_REQUEST, GH_SCHEMA_RESPONSE };

typedef struct gh_schema_options {
    enum gh_schema_dialect dialect;
    enum gh_schema_direction direction;
    bool assert_formats; /* "format" refuses; else it is an annotation (2020-12 validation section 7.2) */
    bool
        known_only; /* keywords that are not known and do not begin with "x-", and unknown formats, are errors */
    bool
        optional_null; /* a member that the schema which has it in "properties" does not require may be null */
} gh_schema_options;

/* A mistake in a schema. Everything in the arena, or constant. */
typedef struct gh_schema_error {
    gh_str document; /* its URI, as it was added */
    gh_str pointer;  /* JSON Pointer in that document */
    gh_str why;
    uint32_t at; /* gh_json.at of the place */
} gh_schema_error;

/* Everything compiled lives in the arena, but for the patterns: see gh_schema_compiler_patterns(). The documents
 * must outlive the schemas. NULL: out of memory. */
GH_MUST_CHECK gh_schema_compiler *gh_schema_compiler_new(gh_arena *arena, const gh_schema_options *options);
/* Makes a document known, by the URI that "$ref" may name (absent or "": the default, for "#/...") and by each
 * "$id" in it that is in the place of a schema. False: *ret says why (an "$id" or "$anchor" twice, ...). */
GH_MUST_CHECK bool gh_schema_compiler_add(gh_schema_compiler *compiler, gh_str uri, const gh_json *document,
                                          gh_schema_error *ret);
/* Compiles the schema at `at`, which is in `document`, with all it refers to; the same place gives the same
 * schema again. NULL: *ret says why. */
GH_MUST_CHECK const gh_schema *gh_schema_compile(gh_schema_compiler *compiler, const gh_json *document,
                                                 const gh_json *at, gh_schema_error *ret);
/* The patterns got memory of their own: call this once when the schemas are no longer used, before the arena goes.
 * Safe after errors. */
void gh_schema_compiler_close(gh_schema_compiler *compiler);

enum gh_schema_result {
    GH_SCHEMA_VALID,
    GH_SCHEMA_INVALID,
    GH_SCHEMA_TOO_COSTLY, /* the bound on steps, depth or a pattern's limit was reached: to be refused */
    GH_SCHEMA_MEMORY      /* no scratch left: to be refused */
};

/* findings: NULL when only the result matters; its items are added to. Strings marked `lexical` stand for a
 * number, a boolean or null where the schema asks for one: "7" is an integer where "type" is "integer". */
GH_MUST_CHECK enum gh_schema_result gh_schema_evaluate(const gh_schema *schema, const gh_json *value,
                                                       gh_arena *scratch, gh_findings *findings);

/* Which types may values have, as far as can be seen through "$ref", "type", "allOf", "anyOf", "oneOf", "enum":
 * bit i is enum gh_schema_type. "number" is NUMBER and INTEGER, so that INTEGER alone means that a fraction is never
 * allowed. All bits when nothing is said. For readers of parameters and forms. */
enum gh_schema_type {
    GH_TYPE_BIT_NULL = 1,
    GH_TYPE_BIT_BOOLEAN = 2,
    GH_TYPE_BIT_INTEGER = 4,
    GH_TYPE_BIT_NUMBER = 8,
    GH_TYPE_BIT_STRING = 16,
    GH_TYPE_BIT_ARRAY = 32,
    GH_TYPE_BIT_OBJECT = 64,
    GH_TYPE_BITS_ALL = 127
};
unsigned gh_schema_types(const gh_schema *schema);
/* The schema of a member, or of an array's items, seen likewise; NULL: nothing is said. */
const gh_schema *gh_schema_property(const gh_schema *schema, gh_str name);
const gh_schema *gh_schema_items(const gh_schema *schema);
/* Does it let everything through? */
bool gh_schema_is_true(const gh_schema *schema);

#endif
