/* Texts of parameters and fields as values: what input.c, form_object.c and parameters.c share. */
#ifndef GH_CONTRACT_VALUE_H
#define GH_CONTRACT_VALUE_H

#include "contract/input.h"

/* Where values are being read, and what became of it. A function that returns a value returns NULL after a finding
 * (failed) or for want of memory (memory). */
typedef struct gh_value_reader {
    const gh_input_limits *limits;
    gh_arena *arena;
    gh_findings *findings; /* NULL: only the result matters */
    uint8_t in;            /* enum gh_in; of findings */
    gh_str name;           /* of the parameter; absent in a body */
    bool failed, memory;
} gh_value_reader;

/* How the pieces of a list are decoded once it was split. */
enum gh_value_decoding {
    GH_VALUE_PLAIN,   /* headers, and what was decoded before: white space around a piece goes */
    GH_VALUE_ESCAPED, /* paths: percent-escapes */
    GH_VALUE_FORM     /* queries and forms: percent-escapes and "+" */
};

/* Adds a finding, or counts it as omitted. */
void gh_value_find(gh_findings *findings, const gh_finding *finding);
/* Adds a finding of this reader; NULL. */
gh_json *gh_value_bad(gh_value_reader *reader, enum gh_fault fault, gh_str pointer, gh_str limit);
/* Notes that memory is out; NULL. */
gh_json *gh_value_no_memory(gh_value_reader *reader);

/* A lexical STRING. Refuses what is not UTF-8, and NUL. */
gh_json *gh_value_text(gh_value_reader *reader, gh_str text, gh_str pointer);
/* A JSON text. */
gh_json *gh_value_json(gh_value_reader *reader, gh_str text, gh_str pointer);
/* "a,b,c": an ARRAY of lexical STRINGs; of an empty text an empty one. */
gh_json *gh_value_list(gh_value_reader *reader, gh_str text, char separator, enum gh_value_decoding decoding,
                       gh_str pointer);
/* "R,100,G,200", or exploded "R=100,G=200": an OBJECT of lexical STRINGs. */
gh_json *gh_value_members(gh_value_reader *reader, gh_str text, char separator, bool exploded,
                          enum gh_value_decoding decoding, gh_str pointer);
/* color[R]=100&color[G]=200: an OBJECT of the pairs with these numbers, whose names begin with `prefix`
 * ("color["). */
gh_json *gh_value_deep(gh_value_reader *reader, const gh_pairs *pairs, const uint32_t *items, unsigned n,
                       gh_str prefix, const gh_schema *schema, gh_str pointer);
/* An object that was put together by hand, once it is complete: no name may be there twice. */
gh_json *gh_value_finish(gh_value_reader *reader, gh_json *object, gh_str pointer);
/* pointer "/" token, escaped; absent: no memory. */
gh_str gh_value_pointer(gh_arena *arena, gh_str pointer, gh_str token);
/* pointer "/" index */
gh_str gh_value_pointer_index(gh_arena *arena, gh_str pointer, unsigned index);

/* What a schema asks for: nothing but an array, nothing but an object (null aside), something that only a JSON
 * text can be. Schemas may be NULL: no. */
bool gh_value_is_array(const gh_schema *schema);
bool gh_value_is_object(const gh_schema *schema);
bool gh_value_is_json(const gh_schema *schema);
/* May it be an array, and is that said? */
bool gh_value_may_be_array(const gh_schema *schema);

#endif
