#include "schema/compile.h"

bool gh_schema_names_init(gh_schema_names *names, uint32_t most, gh_arena *arena)
{
    uint32_t size = 4;
    if (most > UINT32_MAX / 8)
        return false;
    while (size < most * 2)
        size *= 2;
    *names = (gh_schema_names){
        .items = gh_arena_array(arena, most, sizeof *names->items),
        .slots = gh_arena_array(arena, size, sizeof *names->slots),
        .mask = size - 1,
    };
    return names->items != NULL && names->slots != NULL;
}

gh_schema_name *gh_schema_names_add(gh_schema_names *names, gh_str key)
{
    uint32_t hash = gh_json_hash(key);
    uint32_t i = hash & names->mask;
    for (; names->slots[i] != 0; i = (i + 1) & names->mask) {
        gh_schema_name *name = &names->items[names->slots[i] - 1];
        if (name->hash == hash && gh_str_eq(name->key, key))
            return name;
    }
    gh_schema_name *name = &names->items[names->n++];
    *name = (gh_schema_name){.hash = hash, .bit = GH_SCHEMA_NO_BIT, .key = key};
    names->slots[i] = names->n;
    return name;
}
