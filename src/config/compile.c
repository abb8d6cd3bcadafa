#include "config/compile.h"

#include "core/answer.h"
#include "core/pipeline.h"

static const gh_place nowhere = {NULL, 0, 0};

static bool no_memory(gh_report *report)
{
    gh_report_error(report, NULL, 0, 0, "out of memory while compiling the configuration");
    return false;
}

bool gh_compile_keep(gh_policy *p, const gh_buf *text, gh_str *ret)
{
    if (!gh_buf_ok(text))
        return false;
    *ret = gh_arena_copy(&p->arena, gh_buf_str(text));
    return ret->p != NULL;
}

bool gh_compile_join(gh_policy *p, const gh_str_list *items, gh_str *ret)
{
    char memory[8192];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    for (unsigned i = 0; i < items->n; i++) {
        if (i > 0)
            gh_buf_lit(&b, ", ");
        gh_buf_put(&b, items->items[i]);
    }
    return gh_compile_keep(p, &b, ret);
}

/* The method's bit, giving it a number when it has none yet. */
static bool method_bit(gh_policy *p, gh_str name, gh_method_set *ret)
{
    unsigned i = gh_policy_method(p, name);
    if (i >= GH_METHODS_MAX) {
        if (p->n_methods >= GH_METHODS_MAX)
            return false;
        i = p->n_methods++;
        p->methods[i] = name;
    }
    *ret |= UINT32_C(1) << i;
    return true;
}

bool gh_compile_method_set(gh_policy *p, const gh_str_list *methods, gh_method_set *ret)
{
    *ret = 0;
    for (unsigned i = 0; i < methods->n; i++)
        if (!method_bit(p, methods->items[i], ret))
            return false;
    return true;
}

static bool compile_hosts(gh_policy *p, const gh_str_list *list, gh_host_pattern **ret, gh_report *report,
                          const gh_place *place)
{
    *ret = gh_arena_array(&p->arena, list->n + 1, sizeof **ret);
    if (*ret == NULL)
        return no_memory(report);
    for (unsigned i = 0; i < list->n; i++) {
        const char *why = NULL;
        if (gh_host_pattern_compile(list->items[i], &p->arena, &(*ret)[i], &why))
            continue;
        gh_report_error(report, place->file, place->line, place->column, "host \"%.*s\": %s",
                        (int)list->items[i].n, list->items[i].p, why);
        return false;
    }
    return true;
}

bool gh_compile_paths(gh_policy *p, const gh_str_list *paths, gh_path_pattern **ret, gh_report *report,
                      const gh_place *place)
{
    *ret = gh_arena_array(&p->arena, paths->n + 1, sizeof **ret);
    if (*ret == NULL)
        return no_memory(report);
    for (unsigned i = 0; i < paths->n; i++) {
        const char *why = NULL;
        unsigned column = 0;
        if (gh_path_pattern_compile(paths->items[i], &p->arena, &(*ret)[i], &why, &column))
            continue;
        gh_report_error(report, place->file, place->line, place->column, "path \"%.*s\": %s (character %u)",
                        (int)paths->items[i].n, paths->items[i].p, why, column);
        return false;
    }
    return true;
}

/* APIs answer HEAD by doing what GET does (RFC 9110 section 9.3.2): what a route demands and a rule counts for GET it
 * does for both. */
static void take_head_with_get(const gh_policy *p, gh_method_set *methods)
{
    unsigned get = gh_policy_method(p, GH_STR("GET")), head = gh_policy_method(p, GH_STR("HEAD"));
    if (get < GH_METHODS_MAX && head < GH_METHODS_MAX && (*methods & (UINT32_C(1) << get)) != 0)
        *methods |= UINT32_C(1) << head;
}

bool gh_compile_match(gh_policy *p, const gh_str_list *hosts, const gh_str_list *methods,
                      const gh_str_list *paths, gh_match *ret, gh_report *report, const gh_place *place)
{
    if (!gh_compile_method_set(p, methods, &ret->methods)) {
        gh_report_error(report, place->file, place->line, place->column, "more than %d different methods",
                        GH_METHODS_MAX);
        return false;
    }
    take_head_with_get(p, &ret->methods);
    ret->n_hosts = hosts->n;
    ret->n_paths = paths->n;
    return compile_hosts(p, hosts, &ret->hosts, report, place) &&
           gh_compile_paths(p, paths, &ret->paths, report, place);
}

static bool find_upstream(const gh_config *config, gh_str name, unsigned *ret)
{
    *ret = 0;
    if (name.n == 0)
        return true; /* the first; none in a program that is the server itself */
    for (unsigned i = 0; i < config->n_upstreams; i++) {
        if (gh_str_eq(config->upstreams[i].name, name)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool headers_too_long(gh_report *report, const gh_place *place)
{
    gh_report_error(report, place->file, place->line, place->column,
                    "headers: the values are too long: a field has room for 4 KiB, all of them for 8 KiB");
    return false;
}

static bool compile_route(gh_policy *p, const gh_config *config, const gh_route_config *from, gh_route *to,
                          gh_report *report)
{
    gh_str path = from->path;
    gh_str_list paths = {&path, path.n > 0 ? 1 : 0};
    to->name = from->name;
    to->max_body = from->max_body == UINT64_MAX ? config->limits.body : from->max_body;
    if (!find_upstream(config, from->upstream, &to->upstream)) {
        gh_report_error(report, from->place.file, from->place.line, from->place.column,
                        "route %.*s: there is no upstream \"%.*s\"", (int)from->name.n, from->name.p,
                        (int)from->upstream.n, from->upstream.p);
        return false;
    }
    return gh_compile_match(p, &from->hosts, &from->methods, &paths, &to->match, report, &from->place) &&
           (gh_compile_headers(p, &config->headers.set, &from->headers, &to->headers) ||
            headers_too_long(report, &from->place));
}

static bool compile_routes(gh_policy *p, const gh_config *config, gh_report *report)
{
    p->routes = gh_arena_array(&p->arena, config->n_routes + 1, sizeof *p->routes);
    if (p->routes == NULL)
        return no_memory(report);
    p->n_routes = config->n_routes;
    bool good = true;
    for (unsigned i = 0; i < config->n_routes; i++)
        good = compile_route(p, config, &config->routes[i], &p->routes[i], report) && good;
    p->fallback = (gh_route){.max_body = config->limits.body};
    p->unmatched_refused = config->n_routes > 0 && config->unmatched == GH_UNMATCHED_REFUSE;
    if (gh_compile_headers(p, &config->headers.set, NULL, &p->fallback.headers))
        return good;
    return headers_too_long(report, &nowhere);
}

static bool compile_methods(gh_policy *p, const gh_config *config, gh_report *report)
{
    gh_str names;
    char memory[1024];
    gh_buf line = gh_buf_over(memory, sizeof memory);
    if (!gh_compile_method_set(p, &config->methods.allowed, &p->allowed_methods)) {
        gh_report_error(report, NULL, 0, 0, "methods.allowed: more than %d methods", GH_METHODS_MAX);
        return false;
    }
    bool joined = gh_compile_join(p, &config->methods.allowed, &names);
    gh_buf_lit(&line, "Allow: ");
    gh_buf_put(&line, joined ? names : (gh_str){NULL, 0});
    gh_buf_lit(&line, "\r\n");
    if (joined && gh_compile_keep(p, &line, &p->allow_line))
        return true;
    gh_report_error(report, NULL, 0, 0,
                    "methods.allowed: the names are too long to be sent in the Allow field");
    return false;
}

gh_policy *gh_policy_compile(const gh_config *config, gh_report *report)
{
    gh_policy *p = gh_policy_new();
    if (p == NULL) {
        (void)no_memory(report);
        return NULL;
    }
    p->max_clients = config->rate_limits.max_clients;
    p->trusted_proxies = config->client_address.trusted_proxies.items;
    p->n_trusted_proxies = config->client_address.trusted_proxies.n;
    p->address_source = (enum gh_address_source)config->client_address.source;
    p->headers_enabled = config->headers.enabled != GH_OFF;
    p->n_hosts = config->hosts.allowed.n;
    bool good = compile_hosts(p, &config->hosts.allowed, &p->hosts, report, &nowhere);
    good = compile_methods(p, config, report) && good;
    good = compile_routes(p, config, report) && good;
    good = gh_compile_cors(p, config, report) && good;
    good = gh_compile_limits(p, config, report) && good;
    good = gh_compile_input(p, config, report) && good;
    good = gh_compile_identity(p, config, report) && good;
    good = (gh_answer_prepare(p) || no_memory(report)) && good;
    if (!good) {
        gh_policy_unref(p);
        return NULL;
    }
    gh_pipeline_select(p);
    return p;
}
