#include "operator/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"

enum { FIRST = 4096 };

static bool grow(gh_text *text, size_t whole)
{
    size_t size = text->b.cap < FIRST ? FIRST : text->b.cap;
    while (size < whole && size <= SIZE_MAX / 2)
        size *= 2;
    if (size > text->cap)
        size = text->cap;
    char *p = size < whole ? NULL : malloc(size);
    if (p == NULL)
        return false;
    if (text->b.n > 0)
        memcpy(p, text->b.p, text->b.n);
    if (text->b.p != NULL)
        gh_wipe(text->b.p, text->b.n);
    free(text->b.p);
    text->b.p = p;
    text->b.cap = size;
    return true;
}

gh_buf *gh_text_room(gh_text *text, size_t n)
{
    size_t whole;
    if (n > gh_buf_room(&text->b) && (__builtin_add_overflow(text->b.n, n, &whole) || !grow(text, whole)))
        text->b.overflow = true;
    return &text->b;
}

void gh_text_put(gh_text *text, gh_str s)
{
    gh_buf_put(gh_text_room(text, s.n), s);
}

void gh_text_printf(gh_text *text, const char *fmt, ...)
{
    char memory[GH_TEXT_PRINTF_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(memory, sizeof memory, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof memory)
        text->b.overflow = true;
    else
        gh_text_put(text, (gh_str){memory, (size_t)n});
}

void gh_text_free(gh_text *text)
{
    if (text->b.p != NULL)
        gh_wipe(text->b.p, text->b.n);
    free(text->b.p);
    *text = (gh_text){.cap = text->cap};
}
