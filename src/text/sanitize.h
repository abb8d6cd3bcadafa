/* <gatehouse/sanitize.h> into an arena, for the gate's own use. */
#ifndef GH_TEXT_SANITIZE_H
#define GH_TEXT_SANITIZE_H

#include <gatehouse/sanitize.h>

#include "base/arena.h"

/* False: no memory. *ret has a NUL behind it. */
GH_MUST_CHECK bool gh_sanitize_text_arena(gh_str text, size_t max_length, gh_arena *arena, gh_str *ret);
GH_MUST_CHECK bool gh_sanitize_filename_arena(gh_str name, gh_arena *arena, gh_str *ret);

#endif
