/* Ids of users, sessions, devices and keys: 63 random bits, never 0, no secret. As text: 13 digits of Crockford's
 * base 32 in lower case (0-9 a-z without i l o u), so that they sort as numbers and can be read aloud. */
#ifndef GH_BASE_ID_H
#define GH_BASE_ID_H

#include "base/buf.h"

typedef uint64_t gh_id; /* 0: none */

enum { GH_ID_TEXT = 13 };

void gh_id_put(gh_buf *out, gh_id id);
/* Strict: 13 digits, lower case, at most 63 bits, not 0. */
GH_MUST_CHECK bool gh_id_parse(gh_str text, gh_id *ret);
/* An id of 8 random bytes. */
gh_id gh_id_of_random(const uint8_t bytes[8]);

/* The same digits for any bytes, most significant bit first: 5 bits a digit, the last one padded with zeros. */
void gh_base32_put(gh_buf *out, const uint8_t *bytes, size_t n);
/* Canonical only: exactly the digits that gh_base32_put() writes for n bytes. */
GH_MUST_CHECK bool gh_base32_read(gh_str text, uint8_t *ret, size_t n);

#endif
