#include "wire/json.h"

gh_json *gh_json_new(gh_arena *arena, enum gh_json_type type)
{
    gh_json *v = gh_arena_new(arena, gh_json);
    if (v != NULL)
        v->type = (uint8_t)type;
    return v;
}

gh_json *gh_json_new_string(gh_arena *arena, gh_str text)
{
    gh_json *v = gh_json_new(arena, GH_JSON_STRING);
    if (v != NULL)
        v->text = text;
    return v;
}

void gh_json_append(gh_json *to, gh_json **last, gh_str key, gh_json *item)
{
    item->key = key;
    item->key_hash = to->type == GH_JSON_OBJECT ? gh_json_hash(key) : 0;
    item->next = NULL;
    item->index = NULL;
    if (*last == NULL)
        to->first = item;
    else {
        to->first->index = NULL;
        (*last)->next = item;
    }
    *last = item;
    to->n++;
}
