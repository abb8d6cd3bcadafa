/* The named formats of JSON Schema (2020-12 validation section 7.3) and OpenAPI. Syntax only: nothing is looked
 * up, and nothing is allocated; cost is linear in the text. */
#ifndef GH_SCHEMA_FORMAT_H
#define GH_SCHEMA_FORMAT_H

#include "base/slice.h"

/* Of a string. */
typedef bool gh_format_fn(gh_str text);
/* Of a number, as it was written (gh_decimal_valid). */
typedef bool gh_format_number_fn(gh_str number);

/* NULL: a name that is not known, or that says nothing of strings ("password"), so it asserts nothing. `text` is
 * valid UTF-8. */
gh_format_fn *gh_format_of(gh_str name);
/* The same for numbers: int32, int64, float, double. A format of strings says nothing of a number, nor the other
 * way round. */
gh_format_number_fn *gh_format_number_of(gh_str name);
/* The known name that is closest, or absent: none is close. */
gh_str gh_format_nearest(gh_str name);
/* Is the name one of the two tables', or one that asserts nothing on purpose ("password", "binary")? */
bool gh_format_known(gh_str name);

#endif
