/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef GH_TEXT_UTF8_H
#define GH_TEXT_UTF8_H

#include "base/slice.h"

/* How many leading bytes are valid; s.n when all are. */
size_t gh_utf8_valid(gh_str s);
/* Code points of a valid text. */
size_t gh_utf8_count(gh_str s);
/* Takes the first code point off a valid text that is not empty. */
uint32_t gh_utf8_next(gh_str *s);
/* Writes a code point (a scalar value); how many bytes it took. */
size_t gh_utf8_put(char to[4], uint32_t code_point);
/* The first `count` code points of a valid text, or all of it. */
gh_str gh_utf8_first(gh_str s, size_t count);

#endif
