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

/* The length of the valid sequence of two to four bytes at p, of which n > 0 may be read; 0: there is none.
 * The bounds of the second byte are the table of RFC 3629 section 4. */
static inline size_t gh_utf8_sequence(const char *p, size_t n)
{
    uint8_t lead = (uint8_t)p[0];
    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead < 0xc2 || lead > 0xf4 || length > n)
        return 0;
    uint8_t second = (uint8_t)p[1];
    uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most)
        return 0;
    if (length > 2 && ((uint8_t)p[2] & 0xc0) != 0x80)
        return 0;
    if (length > 3 && ((uint8_t)p[3] & 0xc0) != 0x80)
        return 0;
    return length;
}

#endif
