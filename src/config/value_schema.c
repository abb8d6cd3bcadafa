/* A JSON Schema written in YAML: the node as the JSON values it stands for. */
#include "config/load.h"
#include "config/yaml_json.h"

static bool convert(gh_load *l, const char *who, const gh_node *node, gh_json **ret);

static bool new_value(gh_load *l, enum gh_json_type type, const gh_node *node, gh_json **ret)
{
    gh_json *json = gh_arena_new(&l->config->arena, gh_json);
    if (json == NULL) {
        gh_load_no_memory(l);
        return false;
    }
    json->type = (uint8_t)type;
    json->at = GH_AT(node->place.line, node->place.column);
    *ret = json;
    return true;
}

static bool convert_scalar(gh_load *l, const char *who, const gh_node *node, gh_json **ret)
{
    char quoted[GH_QUOTED_MAX];
    const char *why = NULL;
    gh_str text = gh_arena_copy(&l->config->arena, node->text);
    if (text.p == NULL) {
        gh_load_no_memory(l);
        return false;
    }
    if (!new_value(l, GH_JSON_STRING, node, ret))
        return false;
    (*ret)->text = text;
    if (!node->plain || gh_yaml_scalar(text, &l->config->arena, *ret, &why))
        return true;
    gh_load_error(l, &node->place, "%s: %s: %s", who, gh_quoted(node->text, quoted), why);
    return false;
}

static bool convert_group(gh_load *l, const char *who, const gh_node *node, gh_json **ret)
{
    gh_json *last = NULL;
    if (!new_value(l, node->kind == GH_NODE_MAP ? GH_JSON_OBJECT : GH_JSON_ARRAY, node, ret))
        return false;
    bool good = true;
    for (const gh_node *c = node->first; c != NULL; c = c->next) {
        gh_json *item = NULL;
        gh_str key = {NULL, 0};
        if (!convert(l, who, c, &item)) {
            good = false;
            continue;
        }
        if (node->kind == GH_NODE_MAP) {
            key = gh_arena_copy(&l->config->arena, c->key);
            item->at = GH_AT(c->key_place.line, c->key_place.column);
            if (key.p == NULL) {
                gh_load_no_memory(l);
                return false;
            }
        }
        gh_json_append(*ret, &last, key, item);
    }
    return good;
}

/* As deep as gh_yaml_read() goes: GH_YAML_DEPTH_MAX. */
static bool convert(gh_load *l, const char *who, const gh_node *node, gh_json **ret)
{
    return node->kind == GH_NODE_SCALAR ? convert_scalar(l, who, node, ret)
                                        : convert_group(l, who, node, ret);
}

bool gh_value_set_schema(gh_load *l, const char *who, const gh_node *node, gh_schema_setting *ret)
{
    gh_json *json = NULL;
    char quoted[GH_QUOTED_MAX];
    if (!convert(l, who, node, &json))
        return false;
    if (json->type != GH_JSON_OBJECT && json->type != GH_JSON_TRUE && json->type != GH_JSON_FALSE) {
        gh_load_error(l, &node->place, "%s: must be a JSON Schema: a mapping such as {type: object}, not %s",
                      who, node->kind == GH_NODE_LIST ? "a list" : gh_quoted(node->text, quoted));
        return false;
    }
    *ret = (gh_schema_setting){json, node->place};
    return true;
}
