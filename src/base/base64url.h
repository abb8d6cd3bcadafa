/* Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), strict: each sequence of bytes has exactly one
 * text. */
#ifndef GH_BASE_BASE64URL_H
#define GH_BASE_BASE64URL_H

#include "base/buf.h"

/* The length of the text of n bytes, and of the bytes of a text of n characters (which no valid text exceeds). */
static inline size_t gh_base64url_size(size_t n)
{
    return n / 3 * 4 + (n % 3 == 0 ? 0 : n % 3 + 1);
}

static inline size_t gh_base64url_bytes(size_t n)
{
    return n / 4 * 3 + (n % 4 == 0 ? 0 : n % 4 - 1);
}

void gh_base64url_put(gh_buf *out, gh_str bytes);

/* Writes gh_base64url_bytes(text.n) bytes to ret, which has room for them; ret may be text.p itself. False: padding,
 * white space, "+", "/" or another character, a length that no text has, or bits behind the last byte that are not
 * zero; what is in ret is then of no use. */
GH_MUST_CHECK bool gh_base64url_read(gh_str text, uint8_t *ret);

#endif
