/* Security requirements, which are named in reports and not enforced yet; and servers. */
#include "openapi/load.h"

enum { NAMES_MAX = 512 };

static void say_scheme(gh_oa_load *l, const gh_oa_at *requirement, gh_str name)
{
    char quoted[GH_OA_QUOTED_MAX];
    const gh_oa_at root = {.node = l->ret->document, .token = GH_STR_INIT("")};
    gh_oa_at components = gh_oa_lit(&root, "components"), schemes = gh_oa_lit(&components, "securitySchemes");
    gh_oa_at scheme = gh_oa_member(&schemes, name);
    if (scheme.node != NULL)
        (void)gh_oa_say(l, GH_OPENAPI_UNENFORCED, &scheme,
                        "the security scheme %s is named, but not enforced yet", gh_oa_quoted(name, quoted));
    else
        (void)gh_oa_say(l, GH_OPENAPI_ERROR, requirement,
                        "the security scheme %s is not in components.securitySchemes",
                        gh_oa_quoted(name, quoted));
}

/* All schemes of one requirement are needed: "a and b"; none: "nothing". */
static gh_str read_requirement(gh_oa_load *l, const gh_oa_at *at)
{
    char text[NAMES_MAX];
    gh_buf b = gh_buf_over(text, sizeof text);
    for (const gh_json *m = at->node->first; m != NULL; m = m->next) {
        if (b.n > 0)
            gh_buf_lit(&b, " and ");
        gh_buf_put(&b, m->key);
        gh_oa_at member = gh_oa_child(at, m, 0);
        say_scheme(l, &member, m->key);
    }
    gh_str ret = gh_arena_copy(l->arena, at->node->n == 0 ? GH_STR("nothing") : gh_buf_str(&b));
    if (ret.p == NULL)
        (void)gh_oa_no_memory(l);
    return ret;
}

static void read_requirements(gh_oa_load *l, const gh_oa_at *at, gh_str **ret, unsigned *ret_n)
{
    unsigned index = 0;
    if (!gh_oa_is(l, at, GH_JSON_ARRAY) || at->node->n == 0)
        return;
    *ret = gh_arena_array(l->arena, at->node->n, sizeof **ret);
    if (*ret == NULL) {
        (void)gh_oa_no_memory(l);
        return;
    }
    for (const gh_json *item = at->node->first; item != NULL; item = item->next, index++) {
        gh_oa_at requirement = gh_oa_child(at, item, index);
        if (gh_oa_is(l, &requirement, GH_JSON_OBJECT))
            (*ret)[(*ret_n)++] = read_requirement(l, &requirement);
    }
}

void gh_oa_security(gh_oa_load *l, const gh_oa_at *operation_object, gh_operation *operation)
{
    gh_oa_at own = gh_oa_lit(operation_object, "security");
    if (own.node != NULL) {
        read_requirements(l, &own, &operation->security, &operation->n_security);
        return;
    }
    if (!l->security_read)
        read_requirements(l, &l->security, &l->standard, &l->n_standard);
    l->security_read = true;
    operation->security = l->standard;
    operation->n_security = l->n_standard;
}

/* The path of a URL, without the "/" at its end: "https://a.example/v1/" -> "/v1". */
static gh_str path_of(gh_str url)
{
    for (size_t i = 0; i + 2 < url.n; i++) {
        if (url.p[i] == ':' && url.p[i + 1] == '/' && url.p[i + 2] == '/') {
            url = gh_str_cut(url, i + 3, url.n);
            url = gh_str_cut(url, gh_str_find(url, '/'), url.n);
            break;
        }
    }
    while (url.n > 0 && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

void gh_oa_servers(gh_oa_load *l, const gh_oa_at *object)
{
    char quoted[GH_OA_QUOTED_MAX];
    gh_oa_at servers = gh_oa_lit(object, "servers");
    if (!gh_oa_is(l, &servers, GH_JSON_ARRAY) || servers.node->n == 0)
        return;
    if (object->node != l->ret->document) {
        gh_oa_say_once(l, GH_OA_ONCE_SERVERS, GH_OPENAPI_UNENFORCED, &servers,
                       "servers of single paths and operations are passed over: paths match without them");
        return;
    }
    gh_oa_at first = gh_oa_child(&servers, servers.node->first, 0);
    if (!gh_oa_is(l, &first, GH_JSON_OBJECT))
        return;
    gh_str path = path_of(gh_oa_text(l, &first, GH_STR("url")));
    if (path.n > 0 && !gh_str_eq(path, l->prefix))
        (void)gh_oa_say(
            l, GH_OPENAPI_NOTE, &first,
            "requests are matched without the server's path %s; if they come with it, set openapi.prefix",
            gh_oa_quoted(path, quoted));
}
