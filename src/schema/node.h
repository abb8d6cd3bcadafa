/* The compiled form of a schema: what compile*.c write and evaluate*.c read. Immutable once compiled. */
#ifndef GH_SCHEMA_NODE_H
#define GH_SCHEMA_NODE_H

#include "schema/format.h"
#include "schema/pattern.h"
#include "schema/resource.h"
#include "schema/schema.h"

/* A bound on a number: compared as int64 where both sides are short integers, else as decimals. */
typedef struct gh_schema_bound {
    gh_str text; /* as written in the schema; absent: no bound */
    int64_t value;
    bool small; /* value holds it */
} gh_schema_bound;

/* A bound on a count: of characters, items, members. */
typedef struct gh_schema_count {
    gh_str text; /* as written; absent: no bound */
    size_t value;
} gh_schema_count;

typedef struct gh_schema_numbers {
    gh_schema_bound minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
    gh_format_number_fn *format;
    gh_str format_name;
} gh_schema_numbers;

typedef struct gh_schema_texts {
    gh_schema_count min, max; /* code points; bytes of a file */
    const gh_pattern *pattern;
    gh_str pattern_text;
    gh_format_fn *format;
    gh_str format_name;
} gh_schema_texts;

/* What hangs on the presence of one member. */
typedef struct gh_schema_dependents {
    const gh_json *names; /* array of strings, or NULL */
    const gh_schema *schema;
} gh_schema_dependents;

enum { GH_SCHEMA_NO_BIT = UINT32_MAX };

/* A name that a schema mentions. */
typedef struct gh_schema_name {
    uint32_t hash; /* gh_json_hash(key) */
    uint32_t bit;  /* in the set of members that were seen; NO_BIT: nobody asks whether it is there */
    gh_str key;
    const gh_schema *schema; /* NULL: not among "properties" */
    bool required;
    bool null_fits; /* null is not compared with the schema */
    const gh_schema_dependents *dependents;
} gh_schema_name;

/* Names found by hash: open addressing, at most half full. */
typedef struct gh_schema_names {
    gh_schema_name *items; /* in the order of the schema */
    uint32_t n, mask;
    uint32_t *slots; /* index + 1 */
} gh_schema_names;

typedef struct gh_schema_keyed {
    const gh_pattern *pattern;
    const gh_schema *schema;
} gh_schema_keyed;

typedef struct gh_schema_members {
    gh_schema_names names;
    uint32_t bits;      /* how many names have one */
    uint64_t *required; /* those that must be there; (bits + 63) / 64 words */
    bool dependents;
    gh_schema_keyed *patterns;
    uint32_t n_patterns;
    const gh_schema *additional, *property_names;
    gh_schema_count min, max;
} gh_schema_members;

typedef struct gh_schema_list {
    const gh_schema **items;
    uint32_t n;
} gh_schema_list;

typedef struct gh_schema_sequence {
    gh_schema_list prefix;
    const gh_schema *rest, *contains;
    gh_schema_count min, max, min_contains, max_contains;
    bool unique;
} gh_schema_sequence;

/* "enum" or "const". */
typedef struct gh_schema_values {
    gh_schema_names texts; /* the strings among them */
    const gh_json **others;
    uint32_t n_others;
    uint8_t fault; /* enum gh_fault */
    gh_str limit;  /* for messages: "'a', 'b' or 3" */
} gh_schema_values;

/* Keywords that apply schemas to the same value, and what depends on the outcome. */
typedef struct gh_schema_applied {
    const gh_schema *ref;
    const gh_schema *dynamic_ref;
    gh_str dynamic_name; /* absent: the reference is like any other */
    gh_schema_list all_of, any_of, one_of;
    const gh_schema *not_this, *condition, *consequence, *alternative;
    const gh_schema *unevaluated_items, *unevaluated_properties;
} gh_schema_applied;

enum gh_schema_state { GH_SCHEMA_EMPTY, GH_SCHEMA_QUEUED, GH_SCHEMA_READY };
enum gh_schema_kind { GH_SCHEMA_RULES, GH_SCHEMA_TRUE, GH_SCHEMA_FALSE };

struct gh_schema {
    uint8_t kind;
    uint8_t types;          /* GH_TYPE_BIT_*: "type" alone */
    uint8_t seen_types;     /* gh_schema_types() */
    bool scoped;            /* its resource has a "$dynamicAnchor" */
    const gh_schema *alias; /* it is nothing but a "$ref" to this one, which is no alias itself; or NULL */
    const gh_schema_values *values, *constant;
    const gh_schema_numbers *numbers;
    const gh_schema_texts *texts;
    const gh_schema_sequence *items;
    gh_schema_members *members;
    const gh_schema_applied *applied;
    gh_str type_limit; /* of several types: "a string or null" */
    /* what only compiling needs */
    gh_schema_resource *resource;
    const gh_json *json;
    gh_schema *next;         /* of those compiled together */
    gh_schema_list in_place; /* what is applied to the same value */
    uint32_t walk;           /* of the search for circles: 0, 1 under way, 2 done */
    uint8_t state;           /* enum gh_schema_state */
    bool read_only, write_only, types_known;
};

/* Of a set of types (GH_TYPE_BIT_*): "a string, an integer or null". p == NULL: no memory. */
gh_str gh_schema_types_text(unsigned set, gh_arena *arena);

/* NULL: no such name. */
static inline const gh_schema_name *gh_schema_name_find(const gh_schema_names *names, gh_str key,
                                                        uint32_t hash)
{
    if (names->n == 0)
        return NULL;
    for (uint32_t i = hash & names->mask; names->slots[i] != 0; i = (i + 1) & names->mask) {
        const gh_schema_name *name = &names->items[names->slots[i] - 1];
        if (name->hash == hash && gh_str_eq(name->key, key))
            return name;
    }
    return NULL;
}

/* Reads a number of at most 18 digits without fraction and exponent. */
static inline bool gh_schema_small(gh_str text, int64_t *ret)
{
    size_t sign = text.n > 0 && text.p[0] == '-';
    int64_t value = 0;
    if (text.n - sign > 18 || text.n == sign)
        return false;
    for (size_t i = sign; i < text.n; i++) {
        if (!gh_is_digit(text.p[i]))
            return false;
        value = value * 10 + (text.p[i] - '0');
    }
    *ret = sign != 0 ? -value : value;
    return true;
}

#endif
