/* \p{...}: the properties of code points that ECMA-262 tables 66 to 68 name, out of PCRE2's copy of the Unicode
 * database. */
#ifndef GH_SCHEMA_PATTERN_PROPERTY_H
#define GH_SCHEMA_PATTERN_PROPERTY_H

#include "schema/pattern_set.h"

enum gh_property_result { GH_PROPERTY_FOUND, GH_PROPERTY_UNKNOWN, GH_PROPERTY_NO_MEMORY };

/* `text` is what stands between the braces: "Lu", "Script=Greek", "Alphabetic". ret: NULL when it only matters
 * whether there is such a property; its set is tidy. */
GH_MUST_CHECK enum gh_property_result gh_property_find(gh_str text, gh_range_set *ret, gh_arena *arena);

#endif
