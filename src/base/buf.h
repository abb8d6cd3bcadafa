/* A capped buffer: fixed memory given by the caller, never grows.
 *
 * Appending past the cap writes nothing and sets `overflow`, which is sticky:
 * write a whole message, then look once with gh_buf_ok(). */
#ifndef GH_BASE_BUF_H
#define GH_BASE_BUF_H

#include <stdint.h>

#include "base/slice.h"

typedef struct gh_buf {
    char *p;
    size_t n;
    size_t cap;
    bool overflow;
} gh_buf;

static inline gh_buf gh_buf_over(char *memory, size_t cap)
{
    return (gh_buf){memory, 0, cap, false};
}

GH_MUST_CHECK static inline bool gh_buf_ok(const gh_buf *b)
{
    return !b->overflow;
}

static inline gh_str gh_buf_str(const gh_buf *b)
{
    return (gh_str){b->p, b->n};
}

static inline size_t gh_buf_room(const gh_buf *b)
{
    return b->cap - b->n;
}

static inline void gh_buf_put(gh_buf *b, gh_str s)
{
    if (gh_unlikely(s.n > b->cap - b->n)) {
        b->overflow = true;
        return;
    }
    if (s.n > 0)
        /* A slice with a length has bytes. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

static inline void gh_buf_char(gh_buf *b, char c)
{
    gh_buf_put(b, (gh_str){&c, 1});
}

#define gh_buf_lit(b, literal) gh_buf_put((b), GH_STR(literal))

void gh_buf_u64(gh_buf *b, uint64_t v);
void gh_buf_hex(gh_buf *b, const uint8_t *bytes, size_t n);
void gh_buf_printf(gh_buf *b, const char *fmt, ...) GH_PRINTF(2, 3);

#endif
