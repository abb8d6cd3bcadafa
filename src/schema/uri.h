/* References between schemas (RFC 3986 section 5). */
#ifndef GH_SCHEMA_URI_H
#define GH_SCHEMA_URI_H

#include "base/arena.h"

/* Resolves a reference against a base (which may be empty: then the reference stays what it is, but for its dot
 * segments). *ret_uri has no fragment; *ret_fragment is as written, absent when there is none. False: no memory. */
GH_MUST_CHECK bool gh_uri_resolve(gh_str base, gh_str reference, gh_arena *arena, gh_str *ret_uri,
                                  gh_str *ret_fragment);
/* Decodes percent-escapes; a broken one stays as it is. p == NULL: no memory. */
GH_MUST_CHECK gh_str gh_uri_decode(gh_str text, gh_arena *arena);

#endif
