/* What the tests of contracts share: schemas from texts, requests, findings as text. */
#ifndef GH_TESTS_UNIT_CONTRACT_UNIT_H
#define GH_TESTS_UNIT_CONTRACT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "contract/check.h"
#include "contract/input.h"
#include "wire/field.h"

enum { UNIT_COMPILERS = 256, UNIT_FINDINGS = 16, UNIT_FIELDS = 8 };

/* A literal as a slice, usable in tables; may hold NUL bytes. */
#define S(text)                  \
    {                            \
        (text), sizeof(text) - 1 \
    }

static const gh_input_limits unit_limits = {
    .json = {.depth = 16, .values = 100, .number = 100, .exponent = 100},
    .pairs = 20,
    .parts = {.parts = 8, .head = 512, .name = 64},
};

static gh_arena unit_arena;
static gh_schema_compiler *unit_compilers[UNIT_COMPILERS];
static unsigned unit_n_compilers;

/* NULL and "": no schema. "#/properties/..." may be used in it. */
static inline const gh_schema *unit_schema(const char *text)
{
    static const gh_schema_options options = {.direction = GH_SCHEMA_REQUEST, .assert_formats = true};
    gh_json_error error;
    gh_schema_error wrong;
    if (text == NULL || text[0] == '\0')
        return NULL;
    gh_json *document = gh_json_read(gh_str_of(text), &gh_json_limits_wide, &unit_arena, &error);
    if (document == NULL)
        fail_msg("%s: %s at %zu", text, error.why, error.at);
    gh_schema_compiler *compiler = gh_schema_compiler_new(&unit_arena, &options);
    assert_non_null(compiler);
    assert_true(unit_n_compilers < UNIT_COMPILERS);
    unit_compilers[unit_n_compilers++] = compiler;
    if (!gh_schema_compiler_add(compiler, GH_STR(""), document, &wrong))
        fail_msg("%s: %.*s", text, (int)wrong.why.n, wrong.why.p);
    const gh_schema *schema = gh_schema_compile(compiler, document, document, &wrong);
    if (schema == NULL)
        fail_msg("%s: %.*s", text, (int)wrong.why.n, wrong.why.p);
    return schema;
}

/* Everything made so far goes. */
static inline void unit_reset(void)
{
    while (unit_n_compilers > 0)
        gh_schema_compiler_close(unit_compilers[--unit_n_compilers]);
    gh_arena_reset(&unit_arena);
}

static inline int unit_start(void **state)
{
    (void)state;
    gh_arena_init(&unit_arena, NULL, 0, 64u << 20);
    return 0;
}

static inline int unit_stop(void **state)
{
    (void)state;
    unit_reset();
    return 0;
}

/* A request with field lines "name: value" separated by "\n"; NULL: none. */
static inline gh_request unit_request(const char *lines, gh_field fields[UNIT_FIELDS])
{
    gh_request request = {.method = GH_STR("POST"), .fields = fields};
    gh_str rest = lines == NULL ? (gh_str){NULL, 0} : gh_str_of(lines), line;
    while (gh_str_next(&rest, '\n', &line)) {
        size_t colon = gh_str_find(line, ':');
        gh_str name = gh_str_cut(line, 0, colon);
        assert_true(request.n_fields < UNIT_FIELDS);
        fields[request.n_fields++] = (gh_field){.name = name,
                                                .value = gh_str_trim(gh_str_cut(line, colon + 1, line.n)),
                                                .id = (uint16_t)gh_field_classify(name)};
    }
    return request;
}

/* "body /a type(integer); query q required()": keyword and limit. */
static inline const char *unit_findings(const gh_findings *findings)
{
    static char memory[2048];
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    for (unsigned i = 0; i < findings->n; i++) {
        const gh_finding *f = &findings->items[i];
        gh_buf_put(&out, i == 0 ? GH_STR("") : GH_STR("; "));
        gh_buf_put(&out, gh_in_name((enum gh_in)f->in));
        if (f->name.p != NULL) {
            gh_buf_char(&out, ' ');
            gh_buf_put(&out, f->name);
        }
        assert_non_null(f->pointer.p);
        gh_buf_char(&out, ' ');
        gh_buf_put(&out, f->pointer);
        gh_buf_char(&out, ' ');
        gh_buf_put(&out, gh_finding_keyword(f));
        gh_buf_char(&out, '(');
        gh_buf_put(&out, f->fault == GH_FAULT_JSON ? GH_STR("...") : f->limit); /* the reader's words */
        gh_buf_char(&out, ')');
    }
    assert_true(gh_buf_ok(&out));
    memory[out.n] = '\0';
    return memory;
}

static inline const char *unit_json(const gh_json *value)
{
    static char memory[4096];
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    if (value == NULL)
        return "none";
    gh_json_write(&out, value);
    assert_true(gh_buf_ok(&out));
    memory[out.n] = '\0';
    return memory;
}

#endif
