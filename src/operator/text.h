/* A text that grows as it is written, up to a cap: what a command prints. Wiped when it is freed and when it moves,
 * as it may hold a key that is shown once. One thread at a time. */
#ifndef GH_OPERATOR_TEXT_H
#define GH_OPERATOR_TEXT_H

#include "base/buf.h"

/* Start from all zeros, with a cap. When the cap is reached or memory is out, `b.overflow` is set. */
typedef struct gh_text {
    gh_buf b;
    size_t cap; /* bytes at most */
} gh_text;

/* The buffer, with room for n more bytes; where there is none its overflow is set. */
gh_buf *gh_text_room(gh_text *text, size_t n);
void gh_text_put(gh_text *text, gh_str s);
#define gh_text_lit(text, literal) gh_text_put((text), GH_STR(literal))
/* At most GH_TEXT_PRINTF_MAX bytes at once; more sets the overflow. */
enum { GH_TEXT_PRINTF_MAX = 8192 };
void gh_text_printf(gh_text *text, const char *fmt, ...) GH_PRINTF(2, 3);
static inline gh_str gh_text_str(const gh_text *text)
{
    return gh_buf_str(&text->b);
}
void gh_text_free(gh_text *text);

#endif
