#include "edges/admin/admin.h"

#include <stdlib.h>

#include "base/ip.h"
#include "edges/mini_http.h"

enum { MAX_HEAD = 4096, MAX_ANSWER = 512 * 1024, MAX_CONNECTIONS = 64, TIMEOUT_MS = 5000 };

struct gh_admin {
    gh_admin_pages pages;
    gh_mini *http;
    bool is_unix;
    bool is_loopback;
};

/* The host of "name:port" or "[v6]:port", without brackets. */
static gh_str host_of(gh_str authority)
{
    if (authority.n > 0 && authority.p[0] == '[')
        return gh_str_cut(authority, 1, gh_str_find(authority, ']'));
    return gh_str_cut(authority, 0, gh_str_find(authority, ':'));
}

/* A page in a browser can be made to ask this listener by a name of its own that resolves to our address
 * (DNS rebinding); the Host field then holds that name. An address, "localhost" and a name without a dot
 * (which no stranger can own; only asked for off loopback, as containers do) can't be such a name. */
static bool host_is_ours(const gh_admin *admin, gh_str host)
{
    gh_ip ip;
    if (admin->is_unix)
        return true;
    gh_str name = host_of(host);
    if (gh_ip_parse(name, &ip) || gh_str_eq_nocase(name, GH_STR("localhost")))
        return true;
    return !admin->is_loopback && name.n > 0 && gh_str_find(name, '.') == name.n;
}

static void health_page(gh_admin *admin, gh_mini_answer *answer)
{
    (void)admin;
    gh_buf_lit(&answer->body, "ok\n");
}

static void ready_page(gh_admin *admin, gh_mini_answer *answer)
{
    bool ready = admin->pages.ready(admin->pages.data, &answer->body);
    answer->status = ready ? 200 : 503;
    if (answer->body.n == 0)
        gh_buf_put(&answer->body, ready ? GH_STR("ready\n") : GH_STR("not ready\n"));
}

static void metrics_page(gh_admin *admin, gh_mini_answer *answer)
{
    answer->type = "text/plain; version=0.0.4; charset=utf-8";
    admin->pages.metrics(admin->pages.data, &answer->body);
}

static void on_request(void *data, const gh_mini_request *request, gh_mini_answer *answer)
{
    static const struct {
        gh_str path;
        void (*page)(gh_admin *admin, gh_mini_answer *answer);
    } pages[] = {
        {GH_STR_INIT("/metrics"), metrics_page},
        {GH_STR_INIT("/healthz"), health_page},
        {GH_STR_INIT("/readyz"), ready_page},
    };
    gh_admin *admin = data;
    if (!host_is_ours(admin, request->head->host)) {
        gh_mini_problem(answer, 400, "host_not_allowed", "ask by an IP address or as localhost");
        return;
    }
    for (size_t i = 0; i < GH_COUNT(pages); i++) {
        if (!gh_str_eq(request->path, pages[i].path))
            continue;
        if (gh_str_eq(request->head->method, GH_STR("GET")) ||
            gh_str_eq(request->head->method, GH_STR("HEAD"))) {
            pages[i].page(admin, answer);
            return;
        }
        gh_mini_problem(answer, 405, "method_not_allowed", "GET and HEAD are allowed here");
        answer->fields = "Allow: GET, HEAD\r\n";
        return;
    }
    gh_mini_problem(answer, 404, "not_found", "the pages here are /metrics, /healthz and /readyz");
}

static bool on_loopback(gh_str address)
{
    gh_ip ip;
    gh_str host = host_of(address);
    return gh_str_eq(host, GH_STR("localhost")) || (gh_ip_parse(host, &ip) && gh_ip_is_loopback(&ip));
}

gh_admin *gh_admin_start(uv_loop_t *loop, gh_str address, const gh_admin_pages *pages, const char **ret_why)
{
    gh_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL) {
        *ret_why = "out of memory";
        return NULL;
    }
    admin->pages = *pages;
    admin->is_unix = gh_str_starts(address, GH_STR("unix:"));
    admin->is_loopback = !admin->is_unix && on_loopback(address);
    gh_mini_options options = {.max_head = MAX_HEAD,
                               .max_answer = MAX_ANSWER,
                               .max_connections = MAX_CONNECTIONS,
                               .timeout_ms = TIMEOUT_MS,
                               .data = admin,
                               .answer = on_request};
    admin->http = gh_mini_start(loop, address, &options, ret_why);
    if (admin->http == NULL) {
        free(admin);
        return NULL;
    }
    return admin;
}

void gh_admin_stop(gh_admin *admin)
{
    if (admin == NULL)
        return;
    gh_mini_stop(admin->http); /* no page is asked for after this */
    free(admin);
}

unsigned gh_admin_port(const gh_admin *admin)
{
    return gh_mini_port(admin->http);
}
