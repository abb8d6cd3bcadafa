/* What the tests of OpenAPI documents share. */
#ifndef OPENAPI_UNIT_H
#define OPENAPI_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "config/document.h"
#include "openapi/openapi.h"

enum { UNIT_ARENA = 256 << 20 };

static gh_arena unit_arena;

static inline void unit_forget(gh_openapi *o)
{
    gh_openapi_close(o);
    gh_arena_reset(&unit_arena);
}

static inline const gh_json *unit_read(const char *text)
{
    gh_json_error error;
    const gh_json *root = gh_document_read(gh_str_of(text), &unit_arena, &error);
    if (root == NULL)
        fail_msg("%u:%u: %s in %s", error.line, error.column, error.why, text);
    return root;
}

/* Forget it with unit_forget(). */
static inline gh_openapi *unit_load(const char *text, const gh_openapi_options *options)
{
    static const gh_openapi_options standard = {.name = GH_STR_INIT("api.yaml"), .formats = true};
    gh_arena_init(&unit_arena, NULL, 0, UNIT_ARENA);
    gh_openapi *o = gh_openapi_load(unit_read(text), options == NULL ? &standard : options, &unit_arena);
    assert_non_null(o);
    return o;
}

/* "error /paths/~1a: text" for each message of these levels (bits), one a line. */
static inline void unit_messages(const gh_openapi *o, unsigned levels, char *to, size_t size)
{
    static const char *const names[] = {"error", "unenforced", "note"};
    gh_buf b = gh_buf_over(to, size - 1);
    for (unsigned i = 0; i < o->n_messages; i++) {
        const gh_openapi_message *m = &o->messages[i];
        if ((levels & 1U << m->level) != 0)
            gh_buf_printf(&b, "%s %.*s: %.*s\n", names[m->level], (int)m->pointer.n, m->pointer.p,
                          (int)m->text.n, m->text.p);
    }
    assert_true(gh_buf_ok(&b));
    to[b.n] = '\0';
}

#endif
