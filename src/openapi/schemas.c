/* Schemas: compiled, and looked through for what is not enforced. */
#include "openapi/load.h"
#include "schema/format.h"
#include "schema/keywords.h"

enum holding { ONE, LIST, MAP };

/* Keywords that hold schemas. */
static const struct {
    gh_str name;
    enum holding holds;
} applicators[] = {
    {GH_STR_INIT("properties"), MAP},
    {GH_STR_INIT("items"), ONE},
    {GH_STR_INIT("allOf"), LIST},
    {GH_STR_INIT("anyOf"), LIST},
    {GH_STR_INIT("oneOf"), LIST},
    {GH_STR_INIT("additionalProperties"), ONE},
    {GH_STR_INIT("not"), ONE},
    {GH_STR_INIT("prefixItems"), LIST},
    {GH_STR_INIT("patternProperties"), MAP},
    {GH_STR_INIT("contains"), ONE},
    {GH_STR_INIT("if"), ONE},
    {GH_STR_INIT("then"), ONE},
    {GH_STR_INIT("else"), ONE},
    {GH_STR_INIT("propertyNames"), ONE},
    {GH_STR_INIT("dependentSchemas"), MAP},
    {GH_STR_INIT("unevaluatedItems"), ONE},
    {GH_STR_INIT("unevaluatedProperties"), ONE},
};

/* Schemas that a "$ref" names are looked at after the one that names them: chains of them may be long. */
typedef struct todo {
    const gh_json *node;
    gh_str pointer;
    struct todo *next;
} todo;

static void add_todo(gh_oa_load *l, const gh_json *ref, todo **list)
{
    const char *why;
    gh_str pointer;
    if (ref->type != GH_JSON_STRING || !gh_str_starts(ref->text, GH_STR("#/")))
        return; /* the compiler has seen to it */
    const gh_json *node = gh_oa_refs_find(&l->refs, ref->text, l->arena, &pointer, &why);
    todo *t = node == NULL ? NULL : gh_arena_new(l->arena, todo);
    if (t == NULL)
        return;
    *t = (todo){node, pointer, *list};
    *list = t;
}

/* Takes the name into the list. False: it is there, or there is no room. */
static bool is_new(gh_str names[GH_OA_FORMATS_MAX], unsigned *io_n, gh_str name)
{
    for (unsigned i = 0; i < *io_n; i++)
        if (gh_str_eq(names[i], name))
            return false;
    if (*io_n == GH_OA_FORMATS_MAX)
        return false;
    names[(*io_n)++] = name;
    return true;
}

/* What looks like a typing error is an error of the compiler's. */
static void look_at_unknown(gh_oa_load *l, const gh_oa_at *at)
{
    char quoted[GH_OA_QUOTED_MAX];
    if (gh_schema_keyword_find(at->token) != GH_KEYWORD_COUNT || gh_oa_is_extension(at->token) ||
        !is_new(l->keywords, &l->n_keywords, at->token) ||
        gh_schema_keyword_doubt(at->token, false, l->arena) != NULL)
        return;
    (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, at, "%s is no keyword that is known: it refuses nothing",
                    gh_oa_quoted(at->token, quoted));
}

static void look_at_format(gh_oa_load *l, const gh_oa_at *at, gh_str name)
{
    char quoted[GH_OA_QUOTED_MAX];
    if (!l->options->formats && gh_format_of(name) != NULL)
        gh_oa_say_once(l, GH_OA_ONCE_FORMATS, GH_OPENAPI_UNENFORCED, at,
                       "formats are not enforced, as openapi.formats has it");
    if (gh_str_eq(name, GH_STR("binary")))
        gh_oa_say_once(l, GH_OA_ONCE_FILES, GH_OPENAPI_UNENFORCED, at,
                       "of files, size, name and declared type are looked at, and not what is in them");
    if (!gh_format_known(name) && is_new(l->formats, &l->n_formats, name))
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, at, "the format %s is not known: it refuses nothing",
                        gh_oa_quoted(name, quoted));
}

static void look_at_keyword(gh_oa_load *l, const gh_oa_at *schema, const gh_oa_at *at)
{
    if (gh_str_eq(at->token, GH_STR("format")) && at->node->type == GH_JSON_STRING)
        look_at_format(l, at, at->node->text);
    look_at_unknown(l, at);
    if (gh_str_eq(at->token, GH_STR("xml")))
        gh_oa_say_once(l, GH_OA_ONCE_XML, GH_OPENAPI_UNENFORCED, at, "bodies of XML are not looked into");
    if (gh_str_eq(at->token, GH_STR("discriminator")) && gh_json_lit(schema->node, "oneOf") == NULL &&
        gh_json_lit(schema->node, "anyOf") == NULL)
        (void)gh_oa_say(
            l, GH_OPENAPI_UNENFORCED, at,
            "discriminator: the schema it chooses is not asked for; without oneOf or anyOf beside it only "
            "what stands here is");
}

static void look(gh_oa_load *l, const gh_oa_at *at, todo **list);

static void look_into(gh_oa_load *l, const gh_oa_at *at, enum holding holds, todo **list)
{
    unsigned index = 0;
    if (holds == ONE) {
        look(l, at, list);
        return;
    }
    if (at->node->type != (holds == LIST ? GH_JSON_ARRAY : GH_JSON_OBJECT))
        return;
    for (const gh_json *child = at->node->first; child != NULL; child = child->next, index++) {
        gh_oa_at schema = gh_oa_child(at, child, index);
        look(l, &schema, list);
    }
}

/* As deep as the document is. */
static void look(gh_oa_load *l, const gh_oa_at *at, todo **list)
{
    if (at->node->type != GH_JSON_OBJECT)
        return;
    gh_oa_set_entry *seen = gh_oa_set_at(&l->scanned, at->node, NULL, l->arena);
    if (seen == NULL || seen->mark != 0) {
        l->no_memory = l->no_memory || seen == NULL;
        return;
    }
    seen->mark = 1;
    for (const gh_json *m = at->node->first; m != NULL; m = m->next) {
        gh_oa_at keyword = gh_oa_child(at, m, 0);
        look_at_keyword(l, at, &keyword);
        if (gh_str_eq(m->key, GH_STR("$ref"))) {
            add_todo(l, m, list);
            if (!l->v31)
                gh_oa_beside_reference(l, at);
        }
        for (size_t i = 0; i < GH_COUNT(applicators); i++)
            if (gh_str_eq(m->key, applicators[i].name))
                look_into(l, &keyword, applicators[i].holds, list);
    }
}

static void look_through(gh_oa_load *l, const gh_oa_at *at)
{
    todo *list = NULL;
    look(l, at, &list);
    while (list != NULL) {
        const gh_oa_at root = {.node = list->node, .token = list->pointer};
        list = list->next;
        look(l, &root, &list);
    }
}

const gh_schema *gh_oa_schema(gh_oa_load *l, const gh_oa_at *at, enum gh_schema_direction direction)
{
    gh_schema_error error = {.why = {NULL, 0}};
    gh_schema_compiler *compiler = direction == GH_SCHEMA_REQUEST ? l->ret->requests : l->ret->responses;
    if (at->node == NULL)
        return NULL;
    look_through(l, at);
    const gh_schema *schema = gh_schema_compile(compiler, l->ret->document, at->node, &error);
    if (schema != NULL)
        return schema;
    const gh_json place = {.at = error.at};
    const gh_oa_at wrong = {.node = &place, .token = error.pointer};
    gh_str why = gh_str_cut(error.why, 0, GH_OA_WHY_MAX);
    (void)gh_oa_say(l, GH_OPENAPI_ERROR, &wrong, "%.*s", (int)why.n, why.p);
    return NULL;
}
