/* JSON, read strictly (RFC 8259, I-JSON RFC 7493) into a tree in an arena.
 *
 * One reader for everything: what it accepts has one meaning. Refused beyond the grammar: a byte-order mark,
 * invalid UTF-8, lone surrogates in escapes, duplicate member names (compared after decoding), and what is over
 * the limits. Numbers are kept as they were written; nothing is rounded.
 *
 * Zero-copy: texts are slices of the input unless an escape had to be decoded; input and arena must outlive the
 * tree. The tree is plain data: it may be built by hand too (parameters, forms, YAML). */
#ifndef GH_WIRE_JSON_H
#define GH_WIRE_JSON_H

#include "base/arena.h"
#include "base/buf.h"

enum gh_json_type {
    GH_JSON_NULL,
    GH_JSON_FALSE,
    GH_JSON_TRUE,
    GH_JSON_NUMBER,
    GH_JSON_STRING,
    GH_JSON_ARRAY,
    GH_JSON_OBJECT
};

typedef struct gh_json gh_json;
struct gh_json {
    uint8_t type;      /* enum gh_json_type */
    bool lexical;      /* a STRING from a form or parameter: stands for whatever type its schema asks for */
    bool file;         /* a STRING that is a file part's bytes: not text, may not be UTF-8 */
    uint32_t n;        /* ARRAY, OBJECT: how many items or members */
    uint32_t key_hash; /* gh_json_hash(key), of a member */
    uint32_t at;       /* byte offset in the input, for errors; a member's: that of its name */
    gh_str key;        /* of a member: its name, decoded; absent otherwise */
    union {
        gh_str text;    /* STRING: decoded; NUMBER: as written */
        gh_json *first; /* ARRAY, OBJECT: in the order they came; NULL when empty */
    };
    gh_json *next; /* the following item or member, NULL at the end */
    /* Of the first member of a large object that gh_json_index() has seen: all its members in order. */
    const struct gh_json_entry *index;
};

typedef struct gh_json_limits {
    unsigned depth;  /* nested arrays and objects; 1: an array of scalars. At most GH_JSON_DEPTH_MAX */
    size_t values;   /* of all kinds, in the whole text */
    size_t number;   /* characters of one number */
    size_t exponent; /* the largest absolute value of a number's exponent */
} gh_json_limits;

enum { GH_JSON_DEPTH_MAX = 512 };

/* Wide enough for configuration and documents: 128 deep, 4 million values, 1,000 characters, exponent 10,000. */
extern const gh_json_limits gh_json_limits_wide;

typedef struct gh_json_error {
    const char *why;       /* a constant text: "a member name that occurs twice" */
    size_t at;             /* byte offset */
    unsigned line, column; /* from 1; the column counts bytes */
    bool too_large;        /* well-formed so far, but over a limit, or no memory left */
} gh_json_error;

/* One value with white space around it. NULL: refused, see *ret. */
GH_MUST_CHECK gh_json *gh_json_read(gh_str in, const gh_json_limits *limits, gh_arena *arena,
                                    gh_json_error *ret);

/* Cheap and without a secret: equal hashes can be made at will, so nothing may become slow through them. */
uint32_t gh_json_hash(gh_str key);
/* The member of that name, or NULL; also NULL when object is NULL or no object. */
const gh_json *gh_json_get(const gh_json *object, gh_str key);
/* get() for a fixed name */
#define gh_json_lit(object, literal) gh_json_get((object), GH_STR(literal))
/* Equality as JSON Schema has it (2020-12 core section 4.2.2): numbers by value, members in any order; names are
 * taken to be unique. Linear; but without an index (see gh_json_index) quadratic in the members of an object whose
 * order differs. Deeper than GH_JSON_DEPTH_MAX: false. */
bool gh_json_equal(const gh_json *a, const gh_json *b);
/* Compact, members in order, strings escaped (json_text.h), numbers as written. Deeper than GH_JSON_DEPTH_MAX:
 * out->overflow. */
void gh_json_write(gh_buf *out, const gh_json *value);

/* Values built by hand. NULL: no memory left. `text` is borrowed. */
GH_MUST_CHECK gh_json *gh_json_new(gh_arena *arena, enum gh_json_type type);
GH_MUST_CHECK gh_json *gh_json_new_string(gh_arena *arena, gh_str text);
/* Adds to the end of an array or object that was built by hand; *last keeps its end (NULL at first). Sets key,
 * key_hash and n. Does not look for duplicates. */
void gh_json_append(gh_json *to, gh_json **last, gh_str key, gh_json *item);

/* For an object that is complete: finds a member whose name an earlier one has (NULL: there is none), and gives an
 * object of more than GH_JSON_FEW members an index, so that gh_json_get() and gh_json_equal() need not search it.
 * In n log n, whatever the names. False: no memory left. gh_json_read() does it. A later gh_json_append() drops the
 * index; who changes members in another way sets first->index to NULL. */
enum { GH_JSON_FEW = 16 };
typedef struct gh_json_entry {
    const gh_json *member;
    uint32_t hash;
} gh_json_entry; /* in the order of (hash, length, bytes) */
GH_MUST_CHECK bool gh_json_index(gh_json *object, gh_arena *arena, const gh_json **ret_twice);

/* Finds what a JSON Pointer (RFC 6901, without "#") names, or NULL. */
const gh_json *gh_json_pointer(const gh_json *root, gh_str pointer);
/* Writes "/" and the token with "~" and "/" escaped. */
void gh_json_pointer_put(gh_buf *out, gh_str token);

#endif
