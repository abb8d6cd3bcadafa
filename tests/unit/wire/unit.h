/* What the tests of the wire layer share. */
#ifndef GH_TESTS_UNIT_WIRE_UNIT_H
#define GH_TESTS_UNIT_WIRE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/slice.h"

/* A literal as a slice, usable in tables; may hold NUL bytes. */
#define S(text)                  \
    {                            \
        (text), sizeof(text) - 1 \
    }

/* Names the row a failing assertion belongs to: the last one printed. */
static inline void unit_row(size_t i, gh_str what)
{
    char text[128];
    size_t n = 0;
    for (size_t k = 0; k < what.n && n < sizeof text - 1; k++)
        text[n++] = what.p[k] >= ' ' && what.p[k] <= '~' ? what.p[k] : '.';
    text[n] = '\0';
    print_message("row %zu: %s\n", i, text);
}

/* The bytes in an allocation of exactly their size; the caller frees. */
static inline char *unit_copy(gh_str s)
{
    char *p = malloc(s.n == 0 ? 1 : s.n);
    assert_non_null(p);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

#endif
