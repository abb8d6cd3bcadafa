/* What can be done with a slice: compare, trim, search, read numbers. */
#ifndef GH_BASE_SLICE_H
#define GH_BASE_SLICE_H

#include <gatehouse/str.h>
#include <stdint.h>

#include "base/attr.h"

static inline char gh_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool gh_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or -1. */
int gh_hex_value(char c);

/* ASCII case-insensitive equality. */
bool gh_str_eq_nocase(gh_str a, gh_str b);
bool gh_str_starts(gh_str s, gh_str prefix);
bool gh_str_ends(gh_str s, gh_str suffix);
/* Index of the first c, or s.n when there is none. */
size_t gh_str_find(gh_str s, char c);
/* s[from, to), clipped to s. */
gh_str gh_str_cut(gh_str s, size_t from, size_t to);
/* Without leading and trailing SP and HTAB (OWS, RFC 9110 section 5.6.3). */
gh_str gh_str_trim(gh_str s);
/* Takes the part before the first sep off the front of *rest. False at the end.
 * "a,b" yields "a", "b"; "a," yields "a", ""; "" yields ""; absent yields nothing. */
bool gh_str_next(gh_str *rest, char sep, gh_str *ret_part);
/* Decimal digits only, whole slice, no sign, no overflow. False otherwise. */
GH_MUST_CHECK bool gh_str_u64(gh_str s, uint64_t *ret);

/* Edit distance, capped at max + 1, for "did you mean": two neighbours in the wrong order count as one. */
unsigned gh_str_distance(gh_str a, gh_str b, unsigned max);

#endif
