/* Gatehouse's own endpoints into routes: a row of the table is checked by the same code as any request. */
#include "config/compile_identity.h"
#include "config/compile_validation.h"

enum { MAX_BODY = 64 * 1024, PATH_MAX_BYTES = 512 };

typedef struct building {
    own_schemas o;
    const gh_json *schemas; /* in o.document: an array, one entry an endpoint that is on */
} building;

static bool no_memory(gh_report *report)
{
    gh_report_error(report, NULL, 0, 0, "out of memory while compiling Gatehouse's own endpoints");
    return false;
}

/* "sessions" of "/sessions/{id}" */
static gh_str first_segment(const gh_endpoint *e)
{
    gh_str path = gh_str_of(e->path);
    path = gh_str_cut(path, 1, path.n);
    return gh_str_cut(path, 0, gh_str_find(path, '/'));
}

static bool is_on(const gh_identity_config *c, const gh_endpoint *e)
{
    static const char *const names[] = {
#define X(id, name, about) name,
        GH_ENDPOINT_SWITCHES(X)
#undef X
    };
    gh_str word = e->rooted ? gh_str_of(e->name) : first_segment(e);
    for (size_t i = 0; i < GH_COUNT(names); i++)
        if (gh_str_eq(word, gh_str_of(names[i])))
            return c->endpoints[i] == GH_ON;
    return true;
}

static bool put_path(gh_policy *p, const gh_endpoint *e, gh_str *ret)
{
    char text[PATH_MAX_BYTES];
    gh_buf b = gh_buf_over(text, sizeof text);
    if (!e->rooted)
        gh_buf_put(&b, p->identity.prefix);
    gh_buf_put(&b, gh_str_of(e->path));
    return gh_compile_keep(p, &b, ret);
}

static bool put_route_name(gh_policy *p, const gh_endpoint *e, gh_str *ret)
{
    char text[128];
    gh_buf b = gh_buf_over(text, sizeof text);
    gh_buf_lit(&b, "auth.");
    gh_buf_put(&b, gh_str_of(e->name));
    return gh_compile_keep(p, &b, ret);
}

static void set_require(const gh_identity_policy *p, const gh_endpoint *e, gh_require *ret)
{
    unsigned introspect = gh_identity_permission(p, GH_STR("tokens:introspect"));
    switch (e->right) {
    case GH_RIGHT_ANYONE:
        ret->public_route = true;
        break;
    case GH_RIGHT_USER:
        ret->user = true;
        break;
    case GH_RIGHT_SIGNED_IN:
        ret->user = true;
        ret->proofs = 1u << GH_PROOF_SESSION | 1u << GH_PROOF_TOKEN;
        break;
    case GH_RIGHT_INTROSPECT:
        ret->user = true;
        ret->all_permissions.word[introspect / 64] |= UINT64_C(1) << (introspect % 64);
        break;
    }
}

/* HEAD is answered like GET (RFC 9110 section 9.3.2). */
static bool set_match(gh_policy *p, const gh_endpoint *e, gh_route *to, gh_report *report)
{
    static const gh_place nowhere = {NULL, 0, 0};
    gh_str methods[] = {gh_str_of(e->method), GH_STR("HEAD")}, path;
    gh_str_list hosts = {NULL, 0}, method_list = {methods, gh_str_eq(methods[0], GH_STR("GET")) ? 2 : 1},
                paths = {&path, 1};
    if (!put_path(p, e, &path))
        return no_memory(report);
    if (!gh_compile_match(p, &hosts, &method_list, &paths, &to->match, report, &nowhere))
        return false;
    if ((to->match.methods & p->allowed_methods) == 0)
        gh_report_warning(report, NULL, 0, 0,
                          "%s %.*s never comes here: methods.allowed does not have %s; add it, or turn "
                          "identity.endpoints off that need it",
                          e->method, (int)path.n, path.p, e->method);
    return true;
}

/* A body is refused at the door; the parameters of the path are what remains. */
static bool set_bodyless(building *b, gh_route *to)
{
    gh_operation *operation = gh_arena_new(&b->o.p->arena, gh_operation);
    if (operation == NULL)
        return no_memory(b->o.report);
    operation->id = to->name;
    operation->pattern = to->match.paths[0];
    to->input.own = operation;
    return true;
}

static bool set_operation(building *b, const gh_endpoint *e, unsigned at, gh_route *to)
{
    static gh_str form[] = {GH_STR_INIT("application/x-www-form-urlencoded")};
    const gh_json *schemas = b->schemas->first;
    gh_route_config from = {.name = to->name, .validate = {.body_required = e->body_optional ? GH_OFF : -1}};
    if (e->schema == NULL)
        return set_bodyless(b, to);
    if (e->form)
        from.validate.content_types = (gh_str_list){form, 1};
    for (unsigned i = 0; i < at && schemas != NULL; i++)
        schemas = schemas->next;
    return schemas != NULL && gh_own_operation(&b->o, &from, schemas, to);
}

static bool add_route(building *b, const gh_endpoint *e)
{
    gh_policy *p = b->o.p;
    unsigned at = p->identity.n_endpoints++;
    gh_route *to = &p->identity.routes[at];
    p->identity.endpoints[at] = e;
    *to = (gh_route){.max_body = MAX_BODY, .headers = p->fallback.headers, .endpoint = e};
    if (!put_route_name(p, e, &to->name))
        return no_memory(b->o.report);
    set_require(&p->identity, e, &to->require);
    return set_match(p, e, to, b->o.report) && set_operation(b, e, at, to);
}

/* {"endpoints": [{"body": {...}}, {}, ...]} */
static bool add_schema(building *b, const gh_endpoint *e, gh_json *list, gh_json **last)
{
    gh_arena *arena = &b->o.p->arena;
    gh_json *entry = gh_json_new(arena, GH_JSON_OBJECT), *end = NULL, *schema;
    gh_json_error why = {.why = NULL};
    if (entry == NULL)
        return no_memory(b->o.report);
    gh_json_append(list, last, (gh_str){NULL, 0}, entry);
    if (e->schema == NULL)
        return true;
    schema = gh_json_read(gh_str_of(e->schema), &gh_json_limits_wide, arena, &why);
    if (schema == NULL) {
        gh_report_error(b->o.report, NULL, 0, 0, "the schema of the endpoint %s is not JSON: %s", e->name,
                        why.why);
        return false;
    }
    gh_json_append(entry, &end, GH_STR("body"), schema);
    return true;
}

static bool open_schemas(building *b, const gh_endpoint *table, unsigned n)
{
    gh_json *document = gh_json_new(&b->o.p->arena, GH_JSON_OBJECT),
            *list = gh_json_new(&b->o.p->arena, GH_JSON_ARRAY), *last = NULL, *end = NULL;
    if (document == NULL || list == NULL)
        return no_memory(b->o.report);
    gh_json_append(document, &end, GH_STR("endpoints"), list);
    for (unsigned i = 0; i < n; i++)
        if (is_on(&b->o.config->identity, &table[i]) && !add_schema(b, &table[i], list, &last))
            return false;
    b->o.document = document;
    b->schemas = list;
    return gh_own_open(&b->o, true);
}

bool gh_compile_endpoints(gh_policy *p, const gh_config *config, const gh_endpoint *table, unsigned n,
                          gh_report *report)
{
    building b = {.o = {.p = p, .config = config, .report = report}};
    p->identity.routes = gh_arena_array(&p->arena, n + 1u, sizeof *p->identity.routes);
    p->identity.endpoints = gh_arena_array(&p->arena, n + 1u, sizeof(const gh_endpoint *));
    if (p->identity.routes == NULL || p->identity.endpoints == NULL)
        return no_memory(report);
    if (!open_schemas(&b, table, n))
        return false;
    bool good = true;
    for (unsigned i = 0; i < n; i++)
        if (is_on(&config->identity, &table[i]))
            good = add_route(&b, &table[i]) && good;
    return good;
}
