/* Between the parts of the compiler. */
#ifndef GH_SCHEMA_COMPILE_H
#define GH_SCHEMA_COMPILE_H

#include "schema/keywords.h"
#include "schema/node.h"

/* One schema being compiled. */
typedef struct gh_schema_work {
    gh_schema_compiler *c;
    gh_schema *schema;
    const gh_json *values[GH_KEYWORD_COUNT]; /* of the keywords that are there */
} gh_schema_work;

/* The schema at `json` (a subschema of w's): the same place gives the same one. It is filled later. NULL: the error
 * is set. */
GH_MUST_CHECK const gh_schema *gh_schema_child(gh_schema_work *w, const gh_json *json);
/* What gh_schema_child() does, of a place that is known. */
GH_MUST_CHECK gh_schema *gh_schema_at(gh_schema_compiler *c, gh_schema_place *place);
/* Says what is wrong with a keyword's value; false always. */
bool gh_schema_wrong_value(gh_schema_work *w, const gh_json *at, const char *why);

/* Room for `most` names; then each is added once (the same key gives the same one). NULL: no memory. */
GH_MUST_CHECK bool gh_schema_names_init(gh_schema_names *names, uint32_t most, gh_arena *arena);
gh_schema_name *gh_schema_names_add(gh_schema_names *names, gh_str key);

/* The parts; each false when the error is set. */
GH_MUST_CHECK bool gh_schema_compile_type(gh_schema_work *w);
GH_MUST_CHECK bool gh_schema_compile_values(gh_schema_work *w);
GH_MUST_CHECK bool gh_schema_compile_numbers(gh_schema_work *w);
GH_MUST_CHECK bool gh_schema_compile_texts(gh_schema_work *w);
GH_MUST_CHECK bool gh_schema_compile_items(gh_schema_work *w);
GH_MUST_CHECK bool gh_schema_compile_members(gh_schema_work *w);
GH_MUST_CHECK bool gh_schema_compile_applied(gh_schema_work *w);
GH_MUST_CHECK bool gh_schema_compile_count(gh_schema_work *w, enum gh_schema_keyword keyword,
                                           gh_schema_count *ret);
GH_MUST_CHECK bool gh_schema_compile_pattern(gh_schema_work *w, gh_str text, const gh_json *at,
                                             const gh_pattern **ret);
/* When all schemas of the call are filled: what depends on others. */
GH_MUST_CHECK bool gh_schema_finish(gh_schema_compiler *c);

#endif
