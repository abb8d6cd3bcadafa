/* The roles of a user: names with a space between each. */
#ifndef GH_RECORDS_ROLES_H
#define GH_RECORDS_ROLES_H

#include "base/arena.h"

/* One role: [a-z0-9_-]{1,32}. */
bool gh_role_name_ok(gh_str name);
/* Nothing, or role names with one space between each, none twice, at most GH_ROLES_TEXT_MAX bytes. */
bool gh_roles_ok(gh_str roles);
bool gh_roles_have(gh_str roles, gh_str name);
/* Without `remove`, with `add` at the end (absent: neither); in the arena. Absent: no memory. */
gh_str gh_roles_changed(gh_arena *arena, gh_str roles, gh_str add, gh_str remove);

#endif
