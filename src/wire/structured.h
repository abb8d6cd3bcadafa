/* Structured field values, written (RFC 9651 section 4.1): lists of strings with parameters.
 *
 * A value is written member by member, then its parameters:
 *     gh_sf_member_string(out, start, name) && gh_sf_param_integer(out, GH_STR("q"), 5)
 * Each writer answers false and writes nothing when the value has no such form (a character, a range, a
 * key); running out of room is the buffer's own `overflow`. A false answer means: send no such field. */
#ifndef GH_WIRE_STRUCTURED_H
#define GH_WIRE_STRUCTURED_H

#include "base/buf.h"

/* The largest Integer (RFC 9651 section 3.3.1); the smallest is its negative. */
#define GH_SF_INTEGER_MAX INT64_C(999999999999999)

/* A member of a list that is a String (ASCII 0x20 to 0x7E; other bytes are refused). `start` is out->n
 * from before the first member: members behind it get ", " in front. */
GH_MUST_CHECK bool gh_sf_member_string(gh_buf *out, size_t start, gh_str text);

/* Bare items. */
GH_MUST_CHECK bool gh_sf_string(gh_buf *out, gh_str text);
GH_MUST_CHECK bool gh_sf_integer(gh_buf *out, int64_t value);
GH_MUST_CHECK bool gh_sf_token(gh_buf *out, gh_str token);
void gh_sf_bytes(gh_buf *out, gh_str bytes);

/* ";key=value". A key is lcalpha or "*", then lcalpha, DIGIT, "_", "-", "." or "*". */
GH_MUST_CHECK bool gh_sf_param_string(gh_buf *out, gh_str key, gh_str text);
GH_MUST_CHECK bool gh_sf_param_integer(gh_buf *out, gh_str key, int64_t value);
GH_MUST_CHECK bool gh_sf_param_token(gh_buf *out, gh_str key, gh_str token);
GH_MUST_CHECK bool gh_sf_param_bytes(gh_buf *out, gh_str key, gh_str bytes);

/* Could the text be written as a String? For checking names when a configuration is read. */
bool gh_sf_is_string(gh_str text);

#endif
