/* JSON numbers by value, exactly, as written: no floating point, so nothing is rounded.
 *
 * All but gh_decimal_valid() and gh_decimal_from_lexical() take texts that fit RFC 8259 section 6; others count as
 * 0. Cost is linear in the texts, whatever the exponents. An exponent beyond 10^18 counts as 10^18. */
#ifndef GH_WIRE_DECIMAL_H
#define GH_WIRE_DECIMAL_H

#include "base/slice.h"

/* The grammar of a JSON number, whole slice. */
bool gh_decimal_valid(gh_str text);
/* < 0, 0, > 0 */
int gh_decimal_compare(gh_str a, gh_str b);
/* Without a fractional part, however written: 1.0, 1e3, -0. */
bool gh_decimal_integer(gh_str a);
/* Is a an integer multiple of b, b > 0? Exact for any exponents. False when b is not above 0 or has more than
 * 1,000 significant digits. Cost: the digits of a plus four times those of b, each times b's digits when these
 * are more than 18. */
bool gh_decimal_multiple(gh_str a, gh_str b);
/* A number that JSON would not allow but parameters and forms have: a sign "+", leading zeros ("007"), "1." and
 * ".5". Brought into JSON's form in `to`; false: no number, or no room. ret points into `to` or is text itself. */
GH_MUST_CHECK bool gh_decimal_from_lexical(gh_str text, char *to, size_t size, gh_str *ret);

#endif
