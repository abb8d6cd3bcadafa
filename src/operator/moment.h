/* Moments as people write them: RFC 3339. gh_time_put() of identity/answer.h writes them. */
#ifndef GH_OPERATOR_MOMENT_H
#define GH_OPERATOR_MOMENT_H

#include "base/buf.h"

enum { GH_MOMENT_TEXT = 20 };
/* 9999-12-31T23:59:59Z: the latest moment. */
#define GH_MOMENT_MAX UINT64_C(253402300799)

/* RFC 3339 with any offset (a fraction is cut off), from 1970 on. */
GH_MUST_CHECK bool gh_moment_read(gh_str text, uint64_t *ret_unix_s);

#endif
