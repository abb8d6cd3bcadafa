#include "records/roles.h"

#include "base/buf.h"
#include "model/principal.h"

enum { NAME_MAX_BYTES = 32 };

bool gh_role_name_ok(gh_str name)
{
    if (name.n == 0 || name.n > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!gh_is_digit(c) && (c < 'a' || c > 'z') && c != '_' && c != '-')
            return false;
    }
    return true;
}

bool gh_roles_have(gh_str roles, gh_str name)
{
    gh_str role;
    while (gh_str_next(&roles, ' ', &role))
        if (gh_str_eq(role, name))
            return true;
    return false;
}

bool gh_roles_ok(gh_str roles)
{
    gh_str rest = roles, name;
    if (roles.n == 0)
        return true;
    if (roles.n > GH_ROLES_TEXT_MAX)
        return false;
    while (gh_str_next(&rest, ' ', &name))
        if (!gh_role_name_ok(name) || gh_roles_have(rest, name))
            return false;
    return true;
}

static void put(gh_buf *out, gh_str role)
{
    if (out->n > 0)
        gh_buf_char(out, ' ');
    gh_buf_put(out, role);
}

gh_str gh_roles_changed(gh_arena *arena, gh_str roles, gh_str add, gh_str remove)
{
    size_t room = roles.n + add.n + 2;
    char *memory = gh_arena_alloc(arena, room);
    gh_str role;
    if (memory == NULL)
        return (gh_str){NULL, 0};
    gh_buf out = gh_buf_over(memory, room);
    bool there = false;
    while (gh_str_next(&roles, ' ', &role)) {
        if (role.n == 0 || (gh_str_eq(role, remove) && !gh_str_eq(role, add)))
            continue;
        put(&out, role);
        there = there || gh_str_eq(role, add);
    }
    if (add.n > 0 && !there)
        put(&out, add);
    return gh_buf_str(&out);
}
