/* Small files as a whole. */
#ifndef GH_EDGES_PROXY_READ_FILE_H
#define GH_EDGES_PROXY_READ_FILE_H

#include "base/slice.h"

/* The whole of a file of at most `most` bytes (whole MiB); the caller frees ret->p, which is never NULL then.
 * False: *ret_why, a constant text, says why. */
GH_MUST_CHECK bool gh_read_file(const char *path, size_t most, gh_str *ret, const char **ret_why);

#endif
