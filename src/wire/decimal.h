/* JSON numbers by value, exactly, as written: no floating point, so nothing is rounded.
 *
 * All take texts that fit RFC 8259 section 6 (gh_decimal_valid). */
#ifndef GH_WIRE_DECIMAL_H
#define GH_WIRE_DECIMAL_H

#include "base/slice.h"

/* The grammar of a JSON number, whole slice. */
bool gh_decimal_valid(gh_str text);
/* < 0, 0, > 0 */
int gh_decimal_compare(gh_str a, gh_str b);
/* Without a fractional part, however written: 1.0, 1e3, -0. */
bool gh_decimal_integer(gh_str a);
/* Is a an integer multiple of b, b > 0? Cost is bounded by the lengths and exponents; false beyond exponents of
 * 10,000. */
bool gh_decimal_multiple(gh_str a, gh_str b);
/* A number that JSON would not allow but parameters and forms have: a sign "+", leading zeros ("007"), "1." and
 * ".5". Brought into JSON's form in `to`; false: no number, or no room. ret points into `to` or is text itself. */
GH_MUST_CHECK bool gh_decimal_from_lexical(gh_str text, char *to, size_t size, gh_str *ret);

#endif
