/* The head of one part of multipart/form-data (RFC 7578 section 4.2, RFC 2046 section 5.1). */
#ifndef GH_WIRE_MULTIPART_HEAD_H
#define GH_WIRE_MULTIPART_HEAD_H

#include "wire/multipart.h"

/* Reads the field lines and the empty line behind them off the front of `in`: name, filename and type of *part.
 * A line that begins with `delimiter` is refused. *ret_size: bytes to the data. *ret_why: a constant text for
 * anything but OK. */
GH_MUST_CHECK enum gh_multipart_result gh_part_head_read(gh_str in, gh_str delimiter,
                                                         const gh_part_limits *limits, gh_arena *arena,
                                                         gh_part *part, size_t *ret_size,
                                                         const char **ret_why);

#endif
