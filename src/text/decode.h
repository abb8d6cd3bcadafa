/* What a text may stand for once something behind us has decoded or folded it. For detectors only: what comes out
 * is never passed on, and its bytes need not be UTF-8. */
#ifndef GH_TEXT_DECODE_H
#define GH_TEXT_DECODE_H

#include "base/arena.h"
#include "base/buf.h"

/* How a line break that was written as an escape comes out, so that it can be told from one that was typed: both
 * are white space to every reader of markup, scripts and SQL. */
enum { GH_DECODED_LF = '\v', GH_DECODED_CR = '\f' };

/* Undoes one layer of escapes: percent-escapes (also %u0041), HTML character references (decimal, hexadecimal, the
 * names that stand for ASCII) and the \x41 and \u0041 of scripts. *ret is `in` itself when there are none. False: no
 * memory. */
GH_MUST_CHECK bool gh_text_decode(gh_str in, gh_arena *arena, gh_str *ret);

/* Lower case, what is only a variant of ASCII characters as these (full-width forms, ligatures, letters of
 * mathematics, slashes of all kinds, overlong UTF-8), without NUL and characters that have no width. False: no
 * memory. */
GH_MUST_CHECK bool gh_text_fold(gh_str in, gh_arena *arena, gh_str *ret);

/* Takes one code point off a text that need not be UTF-8 and is not empty: U+FFFD for each byte that is part of
 * none. */
uint32_t gh_text_next(gh_str *rest);

#endif
