/* The named formats of JSON Schema (2020-12 validation section 7.3) and OpenAPI. */
#ifndef GH_SCHEMA_FORMAT_H
#define GH_SCHEMA_FORMAT_H

#include "base/slice.h"

typedef bool gh_format_fn(gh_str text);

/* NULL: a name that is not known, so it asserts nothing. `text` is valid UTF-8. */
gh_format_fn *gh_format_of(gh_str name);

#endif
