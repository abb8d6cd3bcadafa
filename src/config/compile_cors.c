#include "config/compile.h"
#include "wire/origin.h"

/* What a page may read beside the safelisted fields: it must see why it was refused, and for how long. */
static const gh_str always_exposed =
    GH_STR_INIT("Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, "
                "X-RateLimit-Reset, X-RateLimit-Window");

static bool compile_origins(gh_policy *p, const gh_config *config)
{
    gh_cors_policy *c = &p->cors;
    c->origins = gh_arena_array(&p->arena, config->cors.origins.n + 1, sizeof(gh_str));
    if (c->origins == NULL)
        return false;
    for (unsigned i = 0; i < config->cors.origins.n; i++) {
        gh_str origin = config->cors.origins.items[i];
        if (gh_str_eq(origin, GH_STR("*")))
            c->any_origin = true;
        c->origins[c->n_origins++] = origin;
    }
    return true;
}

static bool lower_names(gh_policy *p, const gh_str_list *list, gh_str **ret)
{
    *ret = gh_arena_array(&p->arena, list->n + 1, sizeof(gh_str));
    for (unsigned i = 0; *ret != NULL && i < list->n; i++)
        (*ret)[i] = list->items[i];
    return *ret != NULL;
}

static bool put_line(gh_policy *p, gh_buf *b, gh_str name, const gh_str_list *list)
{
    gh_str joined;
    if (!gh_compile_join(p, list, &joined))
        return false;
    gh_buf_put(b, name);
    gh_buf_put(b, joined);
    gh_buf_lit(b, "\r\n");
    return true;
}

bool gh_compile_cors(gh_policy *p, const gh_config *config, gh_report *report)
{
    gh_cors_policy *c = &p->cors;
    char preflight[4096], simple[4096];
    gh_buf a = gh_buf_over(preflight, sizeof preflight), b = gh_buf_over(simple, sizeof simple);
    c->enabled = config->cors.enabled != GH_OFF;
    if (!c->enabled)
        return true;
    c->credentials = config->cors.credentials != GH_OFF;
    c->n_headers = config->cors.headers.n;
    if (!gh_compile_method_set(p, &config->cors.methods, &c->methods)) {
        gh_report_error(report, NULL, 0, 0, "cors.methods: more than %d different methods", GH_METHODS_MAX);
        return false;
    }
    bool good = compile_origins(p, config) && lower_names(p, &config->cors.headers, &c->headers);
    if (c->credentials) {
        gh_buf_lit(&a, "Access-Control-Allow-Credentials: true\r\n");
        gh_buf_lit(&b, "Access-Control-Allow-Credentials: true\r\n");
    }
    good = good && put_line(p, &a, GH_STR("Access-Control-Allow-Methods: "), &config->cors.methods);
    good = good && put_line(p, &a, GH_STR("Access-Control-Allow-Headers: "), &config->cors.headers);
    gh_buf_lit(&a, "Access-Control-Max-Age: ");
    gh_buf_u64(&a, config->cors.max_age);
    gh_buf_lit(&a, "\r\n");
    gh_buf_lit(&b, "Access-Control-Expose-Headers: ");
    gh_buf_put(&b, always_exposed);
    for (unsigned i = 0; i < config->cors.expose.n; i++) {
        gh_buf_lit(&b, ", ");
        gh_buf_put(&b, config->cors.expose.items[i]);
    }
    gh_buf_lit(&b, "\r\n");
    good = good && gh_compile_keep(p, &a, &c->preflight_lines) && gh_compile_keep(p, &b, &c->simple_lines);
    if (!good)
        gh_report_error(report, NULL, 0, 0, "cors: the lists are too long to be sent as header fields");
    return good;
}
