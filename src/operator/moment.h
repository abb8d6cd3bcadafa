/* Moments as people write them: RFC 3339. */
#ifndef GH_OPERATOR_MOMENT_H
#define GH_OPERATOR_MOMENT_H

#include "base/buf.h"

enum { GH_MOMENT_TEXT = 20 };
/* 9999-12-31T23:59:59Z: the latest moment. */
#define GH_MOMENT_MAX UINT64_C(253402300799)

/* "2026-11-28T12:31:07Z"; beyond the year 9999 as its last second. */
void gh_moment_put(gh_buf *out, uint64_t unix_s);
/* RFC 3339 with any offset (a fraction is cut off), from 1970 on. */
GH_MUST_CHECK bool gh_moment_read(gh_str text, uint64_t *ret_unix_s);

#endif
