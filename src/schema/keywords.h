/* The keywords of JSON Schema 2020-12 and of OpenAPI's schemas, and what looks like one. */
#ifndef GH_SCHEMA_KEYWORDS_H
#define GH_SCHEMA_KEYWORDS_H

#include "base/arena.h"
#include "wire/json.h"

/* What a keyword's value must be. */
enum gh_schema_shape {
    GH_SHAPE_NOTE,       /* anything: an annotation */
    GH_SHAPE_OTHER,      /* looked at where it is compiled */
    GH_SHAPE_TEXT,       /* a string */
    GH_SHAPE_FLAG,       /* true or false */
    GH_SHAPE_NUMBER,     /* a number */
    GH_SHAPE_COUNT,      /* an integer, 0 or more */
    GH_SHAPE_VALUES,     /* an array */
    GH_SHAPE_NAMES,      /* an array of strings */
    GH_SHAPE_NAME_LISTS, /* an object of arrays of strings */
    GH_SHAPE_SCHEMA,
    GH_SHAPE_SCHEMAS, /* an array of schemas, not empty */
    GH_SHAPE_MAP      /* an object of schemas */
};

/* X(IDENTIFIER, "name", SHAPE) */
/* clang-format off */
#define GH_SCHEMA_KEYWORDS(X) \
    X(ID,                    "$id",                   TEXT)       \
    X(SCHEMA,                "$schema",               TEXT)       \
    X(REF,                   "$ref",                  TEXT)       \
    X(ANCHOR,                "$anchor",               TEXT)       \
    X(DYNAMIC_REF,           "$dynamicRef",           TEXT)       \
    X(DYNAMIC_ANCHOR,        "$dynamicAnchor",        TEXT)       \
    X(VOCABULARY,            "$vocabulary",           OTHER)      \
    X(DEFS,                  "$defs",                 MAP)        \
    X(DEFINITIONS,           "definitions",           MAP)        \
    X(ALL_OF,                "allOf",                 SCHEMAS)    \
    X(ANY_OF,                "anyOf",                 SCHEMAS)    \
    X(ONE_OF,                "oneOf",                 SCHEMAS)    \
    X(NOT,                   "not",                   SCHEMA)     \
    X(IF,                    "if",                    SCHEMA)     \
    X(THEN,                  "then",                  SCHEMA)     \
    X(ELSE,                  "else",                  SCHEMA)     \
    X(DEPENDENT_SCHEMAS,     "dependentSchemas",      MAP)        \
    X(PREFIX_ITEMS,          "prefixItems",           SCHEMAS)    \
    X(ITEMS,                 "items",                 SCHEMA)     \
    X(CONTAINS,              "contains",              SCHEMA)     \
    X(PROPERTIES,            "properties",            MAP)        \
    X(PATTERN_PROPERTIES,    "patternProperties",     MAP)        \
    X(ADDITIONAL_PROPERTIES, "additionalProperties",  SCHEMA)     \
    X(PROPERTY_NAMES,        "propertyNames",         SCHEMA)     \
    X(UNEVALUATED_ITEMS,     "unevaluatedItems",      SCHEMA)     \
    X(UNEVALUATED_PROPERTIES, "unevaluatedProperties", SCHEMA)    \
    X(TYPE,                  "type",                  OTHER)      \
    X(ENUM,                  "enum",                  VALUES)     \
    X(CONST,                 "const",                 OTHER)      \
    X(MULTIPLE_OF,           "multipleOf",            NUMBER)     \
    X(MAXIMUM,               "maximum",               NUMBER)     \
    X(EXCLUSIVE_MAXIMUM,     "exclusiveMaximum",      OTHER)      \
    X(MINIMUM,               "minimum",               NUMBER)     \
    X(EXCLUSIVE_MINIMUM,     "exclusiveMinimum",      OTHER)      \
    X(MAX_LENGTH,            "maxLength",             COUNT)      \
    X(MIN_LENGTH,            "minLength",             COUNT)      \
    X(PATTERN,               "pattern",               TEXT)       \
    X(MAX_ITEMS,             "maxItems",              COUNT)      \
    X(MIN_ITEMS,             "minItems",              COUNT)      \
    X(UNIQUE_ITEMS,          "uniqueItems",           FLAG)       \
    X(MAX_CONTAINS,          "maxContains",           COUNT)      \
    X(MIN_CONTAINS,          "minContains",           COUNT)      \
    X(MAX_PROPERTIES,        "maxProperties",         COUNT)      \
    X(MIN_PROPERTIES,        "minProperties",         COUNT)      \
    X(REQUIRED,              "required",              NAMES)      \
    X(DEPENDENT_REQUIRED,    "dependentRequired",     NAME_LISTS) \
    X(FORMAT,                "format",                TEXT)       \
    X(READ_ONLY,             "readOnly",              FLAG)       \
    X(WRITE_ONLY,            "writeOnly",             FLAG)       \
    X(NULLABLE,              "nullable",              OTHER)      \
    X(CONTENT_SCHEMA,        "contentSchema",         SCHEMA)     \
    X(CONTENT_ENCODING,      "contentEncoding",       NOTE)       \
    X(CONTENT_MEDIA_TYPE,    "contentMediaType",      NOTE)       \
    X(COMMENT,               "$comment",              NOTE)       \
    X(TITLE,                 "title",                 NOTE)       \
    X(DESCRIPTION,           "description",           NOTE)       \
    X(DEFAULT,               "default",               NOTE)       \
    X(DEPRECATED,            "deprecated",            NOTE)       \
    X(EXAMPLES,              "examples",              NOTE)       \
    X(EXAMPLE,               "example",               NOTE)       \
    X(DISCRIMINATOR,         "discriminator",         NOTE)       \
    X(XML,                   "xml",                   NOTE)       \
    X(EXTERNAL_DOCS,         "externalDocs",          NOTE)
/* clang-format on */

enum gh_schema_keyword {
#define X(id, name, shape) GH_KEYWORD_##id,
    GH_SCHEMA_KEYWORDS(X)
#undef X
        GH_KEYWORD_COUNT
};

/* COUNT: none of them. */
enum gh_schema_keyword gh_schema_keyword_find(gh_str name);
enum gh_schema_shape gh_schema_keyword_shape(enum gh_schema_keyword keyword);
gh_str gh_schema_keyword_name(enum gh_schema_keyword keyword);

/* A name that is no keyword but should be one: a typing error of one that decides what is valid, or a keyword of
 * an older draft; known_only: any but those that begin with "x-". NULL: an annotation like any other. Otherwise what
 * to say, in the arena or constant. */
const char *gh_schema_keyword_doubt(gh_str name, bool known_only, gh_arena *arena);

#endif
