/* Lines of an import: one account, a JSON object (RFC 8259). Pure. */
#ifndef GH_OPERATOR_IMPORT_H
#define GH_OPERATOR_IMPORT_H

#include "base/arena.h"
#include "model/identity.h"

enum { GH_IMPORT_LINE_MAX = 16 * 1024, GH_IMPORT_WHY = 512 };

typedef struct gh_import_user {
    gh_str name;  /* canonical */
    gh_str email; /* canonical; absent: none */
    gh_str hash;  /* absent: none */
    gh_str roles; /* with a space between each; those of new users when not given */
    gh_str tier;  /* absent: none; that of new users when not given */
    bool disabled;
    uint64_t created_s; /* 0: not given */
} gh_import_user;

/* Without its line feed. What is read lives in the arena or is a part of the line. False: `why` has a sentence for
 * people, safe to show. */
GH_MUST_CHECK bool gh_import_read(gh_str line, const gh_identity_policy *p, gh_arena *arena,
                                  gh_import_user *ret, gh_buf *why);

#endif
