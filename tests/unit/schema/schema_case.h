/* A schema and values, both written as texts; what is found comes back as lines. */
#ifndef SCHEMA_CASE_H
#define SCHEMA_CASE_H

#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CASE_ARENA = 64 << 20 };

typedef struct schema_case {
    gh_arena arena;
    gh_schema_compiler *compiler;
    const gh_schema *schema;
    gh_schema_error error;
} schema_case;

static inline gh_json *case_json(gh_arena *arena, const char *text)
{
    gh_json_error error;
    gh_json_limits limits = gh_json_limits_wide;
    limits.depth = GH_JSON_DEPTH_MAX;
    gh_json *v = gh_json_read(gh_arena_copy(arena, gh_str_of(text)), &limits, arena, &error);
    if (v == NULL)
        fail_msg("%s: %s at %zu", text, error.why, error.at);
    return v;
}

/* c->schema is NULL where the schema is refused. */
static inline void case_open(schema_case *c, const char *schema, gh_schema_options options)
{
    *c = (schema_case){.schema = NULL};
    gh_arena_init(&c->arena, NULL, 0, CASE_ARENA);
    c->compiler = gh_schema_compiler_new(&c->arena, &options);
    assert_non_null(c->compiler);
    const gh_json *root = case_json(&c->arena, schema);
    if (gh_schema_compiler_add(c->compiler, GH_STR(""), root, &c->error))
        c->schema = gh_schema_compile(c->compiler, root, root, &c->error);
}

static inline void case_close(schema_case *c)
{
    gh_schema_compiler_close(c->compiler);
    gh_arena_reset(&c->arena);
}

static inline void case_lexical(gh_json *v)
{
    v->lexical = v->type == GH_JSON_STRING;
    for (gh_json *child = v->type >= GH_JSON_ARRAY ? v->first : NULL; child != NULL; child = child->next)
        case_lexical(child);
}

/* "POINTER TYPE MESSAGE" of each finding, a line each. */
static inline const char *case_lines(const gh_findings *findings)
{
    static char text[8192];
    gh_buf out = gh_buf_over(text, sizeof text - 1);
    for (unsigned i = 0; i < findings->n; i++) {
        const gh_finding *f = &findings->items[i];
        gh_str type = gh_finding_type(f);
        gh_buf_printf(&out, "%s%.*s %.*s ", i > 0 ? "\n" : "", (int)f->pointer.n, f->pointer.p, (int)type.n,
                      type.p);
        gh_finding_message(&out, f);
    }
    assert_true(gh_buf_ok(&out));
    text[out.n] = '\0';
    return text;
}

/* The findings of a value as lines; "" when it is valid. Without findings the result is the same. */
static inline const char *case_found(const schema_case *c, const gh_json *v)
{
    gh_finding items[GH_FINDINGS_MAX];
    gh_findings findings = {.items = items, .max = GH_FINDINGS_MAX};
    gh_arena scratch;
    gh_arena_init(&scratch, NULL, 0, CASE_ARENA);
    enum gh_schema_result loud = gh_schema_evaluate(c->schema, v, &scratch, &findings);
    assert_int_equal(gh_schema_evaluate(c->schema, v, &scratch, NULL), loud);
    assert_true(loud == (findings.n > 0 ? GH_SCHEMA_INVALID : GH_SCHEMA_VALID));
    const char *lines = case_lines(&findings);
    gh_arena_reset(&scratch);
    return lines;
}

typedef struct case_row {
    const char *schema; /* NULL: the row before's */
    const char *value;
    const char *want; /* lines */
} case_row;

static inline void case_rows(const case_row *rows, size_t n, gh_schema_options options, bool lexical)
{
    const char *schema = NULL;
    for (size_t i = 0; i < n; i++) {
        schema_case c;
        if (rows[i].schema != NULL)
            schema = rows[i].schema;
        case_open(&c, schema, options);
        if (c.schema == NULL)
            fail_msg("%s: %.*s at %.*s", schema, (int)c.error.why.n, c.error.why.p, (int)c.error.pointer.n,
                     c.error.pointer.p);
        gh_json *v = case_json(&c.arena, rows[i].value);
        if (lexical)
            case_lexical(v);
        const char *found = case_found(&c, v);
        if (strcmp(found, rows[i].want) != 0)
            fail_msg("%s\nof %s:\n%s\ninstead of\n%s", schema, rows[i].value, found, rows[i].want);
        case_close(&c);
    }
}

#endif
