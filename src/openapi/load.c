/* The whole of a document: what it is, and then its paths. */
#include "openapi/load.h"

static const char root_fields[] =
    "openapi info jsonSchemaDialect servers paths webhooks components security tags "
    "externalDocs $self";
static const char component_fields[] = "schemas responses parameters examples requestBodies headers "
                                       "securitySchemes links callbacks pathItems";
static const char dialect[] = "https://spec.openapis.org/oas/3.1/dialect/base";
static const char draft[] = "https://json-schema.org/draft/2020-12/schema";

static bool read_version(gh_oa_load *l, const gh_oa_at *root)
{
    char quoted[GH_OA_QUOTED_MAX];
    gh_oa_at swagger = gh_oa_lit(root, "swagger");
    if (swagger.node != NULL)
        return gh_oa_say(l, GH_OPENAPI_ERROR, &swagger,
                         "a document of Swagger 2.0; convert it to OpenAPI 3.0 or 3.1");
    gh_oa_at at = gh_oa_lit(root, "openapi");
    if (at.node == NULL)
        return gh_oa_say(l, GH_OPENAPI_ERROR, root, "no OpenAPI document: it has no \"openapi\": \"3.1.0\"");
    if (at.node->type == GH_JSON_NUMBER)
        return gh_oa_say(l, GH_OPENAPI_ERROR, &at, "must be a text; put quotes around it: \"3.1.0\"");
    gh_str version = gh_oa_text(l, root, GH_STR("openapi"));
    if (version.p == NULL)
        return false;
    l->ret->version = version;
    l->v31 = gh_str_starts(version, GH_STR("3.1."));
    return l->v31 || gh_str_starts(version, GH_STR("3.0.")) ||
           gh_oa_say(l, GH_OPENAPI_ERROR, &at, "version %s is not supported: 3.0.x and 3.1.x are",
                     gh_oa_quoted(version, quoted));
}

static void read_info(gh_oa_load *l, const gh_oa_at *root)
{
    gh_oa_at info = gh_oa_lit(root, "info");
    l->ret->title = GH_STR("");
    if (info.node == NULL)
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, root, "has no \"info\" with a title and a version");
    if (!gh_oa_is(l, &info, GH_JSON_OBJECT))
        return;
    gh_str title = gh_oa_text(l, &info, GH_STR("title"));
    if (title.p != NULL)
        l->ret->title = title;
}

static void read_dialect(gh_oa_load *l, const gh_oa_at *root)
{
    char quoted[GH_OA_QUOTED_MAX];
    gh_oa_at at = gh_oa_lit(root, "jsonSchemaDialect");
    if (!gh_oa_is(l, &at, GH_JSON_STRING))
        return;
    if (!gh_str_eq(at.node->text, gh_str_of(dialect)) && !gh_str_eq(at.node->text, gh_str_of(draft)))
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, &at, "the dialect %s is not supported: only %s is",
                        gh_oa_quoted(at.node->text, quoted), dialect);
}

static bool new_compiler(gh_oa_load *l, enum gh_schema_direction direction, gh_schema_compiler **ret)
{
    const gh_schema_options options = {.dialect = l->v31 ? GH_SCHEMA_2020_12 : GH_SCHEMA_OPENAPI_3_0,
                                       .direction = direction,
                                       .assert_formats = l->options->formats,
                                       .optional_null = l->options->optional_null};
    gh_schema_error error = {.why = {NULL, 0}};
    *ret = gh_schema_compiler_new(l->arena, &options);
    if (*ret == NULL)
        return gh_oa_no_memory(l);
    if (gh_schema_compiler_add(*ret, GH_STR(""), l->ret->document, &error))
        return true;
    const gh_json place = {.at = error.at};
    const gh_oa_at at = {.node = &place, .token = error.pointer};
    gh_str why = gh_str_cut(error.why, 0, GH_OA_WHY_MAX);
    return gh_oa_say(l, GH_OPENAPI_ERROR, &at, "%.*s", (int)why.n, why.p);
}

static void read_prefix(gh_oa_load *l, const gh_oa_at *root)
{
    char quoted[GH_OA_QUOTED_MAX];
    gh_str prefix = l->options->prefix;
    while (prefix.n > 0 && prefix.p[prefix.n - 1] == '/')
        prefix.n--;
    if (prefix.n > 0 && prefix.p[0] != '/')
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, root, "the prefix %s must begin with \"/\"",
                        gh_oa_quoted(prefix, quoted));
    l->prefix = prefix;
}

static void read_components(gh_oa_load *l, const gh_oa_at *root)
{
    gh_oa_at components = gh_oa_lit(root, "components");
    if (!gh_oa_is(l, &components, GH_JSON_OBJECT))
        return;
    gh_oa_fields(l, &components, component_fields);
    for (const gh_json *section = components.node->first; section != NULL; section = section->next) {
        gh_oa_at at = gh_oa_child(&components, section, 0);
        if (!gh_oa_is_extension(section->key))
            (void)gh_oa_is(l, &at, GH_JSON_OBJECT);
    }
}

static void read_document(gh_oa_load *l)
{
    const gh_oa_at root = {.node = l->ret->document, .token = GH_STR_INIT("")};
    if (!gh_oa_is(l, &root, GH_JSON_OBJECT) || !read_version(l, &root))
        return;
    gh_oa_fields(l, &root, root_fields);
    read_info(l, &root);
    read_dialect(l, &root);
    read_prefix(l, &root);
    gh_oa_refs_init(&l->refs, l->ret->document);
    if (!new_compiler(l, GH_SCHEMA_REQUEST, &l->ret->requests) ||
        !new_compiler(l, GH_SCHEMA_RESPONSE, &l->ret->responses))
        return;
    l->security = gh_oa_lit(&root, "security");
    l->security.up = NULL; /* outlives this function */
    l->security.token = GH_STR("/security");
    gh_oa_servers(l, &root);
    gh_oa_paths(l, &root);
    read_components(l, &root);
    gh_oa_at webhooks = gh_oa_lit(&root, "webhooks");
    if (webhooks.node != NULL)
        (void)gh_oa_say(l, GH_OPENAPI_NOTE, &webhooks,
                        "webhooks are requests that the API makes; they do not pass through here");
}

gh_openapi *gh_openapi_load(const gh_json *document, const gh_openapi_options *options, gh_arena *arena)
{
    gh_openapi *o = gh_arena_new(arena, gh_openapi);
    gh_oa_load *l = gh_arena_new(arena, gh_oa_load);
    if (o == NULL || l == NULL)
        return NULL;
    *l = (gh_oa_load){.ret = o, .arena = arena, .options = options};
    o->document = document;
    read_document(l);
    gh_oa_say_omitted(l);
    if (l->n_errors > 0)
        o->contract = (gh_contract){.n_operations = 0};
    o->contract.name = options->name;
    unsigned first, second;
    if (l->n_errors > 0 && !gh_contract_finish(&o->contract, arena, &first, &second))
        l->no_memory = true;
    if (!l->no_memory)
        return o;
    gh_openapi_close(o);
    return NULL;
}

void gh_openapi_close(gh_openapi *openapi)
{
    if (openapi == NULL)
        return;
    gh_schema_compiler_close(openapi->requests);
    gh_schema_compiler_close(openapi->responses);
    openapi->requests = openapi->responses = NULL;
}
