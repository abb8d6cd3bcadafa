#include "schema/node.h"

/* How many schemas a question may look at: references can fan out. */
enum { LOOKS = 64 };

unsigned gh_schema_types(const gh_schema *schema)
{
    return schema->seen_types;
}

bool gh_schema_is_true(const gh_schema *schema)
{
    const gh_schema *s = schema->alias != NULL ? schema->alias : schema;
    return s->kind == GH_SCHEMA_TRUE;
}

static const gh_schema *member_of(const gh_schema *s, gh_str name, uint32_t hash)
{
    if (s->members == NULL)
        return NULL;
    const gh_schema_name *found = gh_schema_name_find(&s->members->names, name, hash);
    return found != NULL && found->schema != NULL ? found->schema : s->members->additional;
}

static const gh_schema *items_of(const gh_schema *s)
{
    return s->items == NULL ? NULL : s->items->rest;
}

/* name: absent: of items. */
static const gh_schema *look(const gh_schema *s, gh_str name, uint32_t hash, unsigned *looks)
{
    if (s == NULL || *looks == 0)
        return NULL;
    --*looks;
    if (s->alias != NULL)
        s = s->alias;
    const gh_schema *found = name.p != NULL ? member_of(s, name, hash) : items_of(s);
    const gh_schema_applied *a = s->applied;
    if (found != NULL && (found->kind == GH_SCHEMA_RULES || found->read_only || found->write_only))
        return found;
    if (a == NULL)
        return NULL;
    found = look(a->ref, name, hash, looks);
    const gh_schema_list *lists[] = {&a->all_of, &a->any_of, &a->one_of};
    for (size_t i = 0; i < GH_COUNT(lists); i++) {
        for (uint32_t k = 0; found == NULL && k < lists[i]->n; k++)
            found = look(lists[i]->items[k], name, hash, looks);
    }
    return found;
}

const gh_schema *gh_schema_property(const gh_schema *schema, gh_str name)
{
    unsigned looks = LOOKS;
    gh_str key = name.p == NULL ? GH_STR("") : name;
    return look(schema, key, gh_json_hash(key), &looks);
}

const gh_schema *gh_schema_items(const gh_schema *schema)
{
    unsigned looks = LOOKS;
    return look(schema, (gh_str){NULL, 0}, 0, &looks);
}
