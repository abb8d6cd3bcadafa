/* What an account may be called, and the other texts that make one: the same for `user add` and for imports. Pure. */
#ifndef GH_OPERATOR_FIELDS_H
#define GH_OPERATOR_FIELDS_H

#include "base/arena.h"
#include "model/principal.h"

enum { GH_EMAIL_MAX = 254 }; /* RFC 5321 section 4.5.3.1.3 with the brackets off */

/* NULL: it is fine. Else why not, to be put behind the text: "is longer than 64 bytes". */
const char *gh_name_fault(gh_str name);
const char *gh_email_fault(gh_str email);
const char *gh_tier_fault(gh_str tier);
const char *gh_scope_fault(gh_str scope); /* scope-token (RFC 6749 section 3.3) */
/* ASCII in lower case, as names and addresses are stored; p NULL: no memory. */
gh_str gh_lower_copy(gh_arena *arena, gh_str text);
/* Adds a word to a list with a space between each. False: over max bytes. */
GH_MUST_CHECK bool gh_words_add(gh_buf *list, gh_str word);

#endif
