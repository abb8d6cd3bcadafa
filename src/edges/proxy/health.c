#include "edges/proxy/health.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* One server under watch. A check is: connect, send a GET, read the status line, close. */
typedef struct gh_check {
    gh_health *health;
    gh_server *server;
    const gh_upstream_config *config;
    uv_timer_t timer;
    uv_poll_t poll;
    int fd; /* -1: no check is running */
    bool sent;
    unsigned good, bad; /* in a row */
    char request[1024];
    size_t request_size;
} gh_check;

struct gh_health {
    uv_loop_t *loop;
    gh_generation *generation;
    gh_log_lane *lane;
    gh_check *checks;
    unsigned n, open;
};

static void start_check(uv_timer_t *timer);

static void judge(gh_check *c, bool good, const char *why)
{
    c->good = good ? c->good + 1 : 0;
    c->bad = good ? 0 : c->bad + 1;
    bool down = atomic_load(&c->server->unhealthy);
    if (!down && c->bad >= c->config->unhealthy_after) {
        atomic_store(&c->server->unhealthy, true);
        gh_log_event(c->health->lane, GH_LEVEL_WARNING, "upstream_down", "%s: health check failed: %s",
                     c->server->name, why);
    } else if (down && c->good >= c->config->healthy_after) {
        atomic_store(&c->server->unhealthy, false);
        gh_log_event(c->health->lane, GH_LEVEL_INFO, "upstream_up", "%s: health check passed",
                     c->server->name);
    }
}

static void poll_closed(uv_handle_t *handle)
{
    gh_check *c = handle->data;
    gh_health *h = c->health;
    if (--h->open > 0)
        return;
    gh_generation_unref(h->generation);
    free(h->checks);
    free(h);
}

static void end_check(gh_check *c)
{
    uv_close((uv_handle_t *)&c->poll, poll_closed);
    (void)close(c->fd); /* after it, as in io.c */
    c->fd = -1;
}

static void finish(gh_check *c, bool good, const char *why)
{
    end_check(c);
    judge(c, good, why);
    (void)uv_timer_start(&c->timer, start_check, c->config->health_interval, 0);
}

static void read_status(gh_check *c)
{
    char text[64];
    ssize_t n = recv(c->fd, text, sizeof text, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    gh_str s = {text, n > 0 ? (size_t)n : 0};
    bool http = gh_str_starts(s, GH_STR("HTTP/1.")) && s.n >= 12;
    bool good = http && (s.p[9] == '2' || s.p[9] == '3');
    finish(c, good, http ? "the status is not 2xx or 3xx" : "no HTTP answer");
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    gh_check *c = poll->data;
    int error = 0;
    socklen_t size = sizeof error;
    if (status < 0 || getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        finish(c, false, "connect failed");
        return;
    }
    if (!c->sent && (events & UV_WRITABLE) != 0) {
        if (send(c->fd, c->request, c->request_size, MSG_NOSIGNAL) != (ssize_t)c->request_size) {
            finish(c, false, "the request could not be sent");
            return;
        }
        c->sent = true;
        (void)uv_poll_start(poll, UV_READABLE, on_poll);
        return;
    }
    if ((events & UV_READABLE) != 0)
        read_status(c);
}

static void too_late(uv_timer_t *timer)
{
    finish(timer->data, false, "no answer in time");
}

static void start_check(uv_timer_t *timer)
{
    gh_check *c = timer->data;
    c->sent = false;
    c->fd = socket(c->server->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool going = c->fd >= 0 && (connect(c->fd, (const struct sockaddr *)&c->server->address,
                                        c->server->address_size) == 0 ||
                                errno == EINPROGRESS);
    if (!going || uv_poll_init(c->health->loop, &c->poll, c->fd) != 0) {
        if (c->fd >= 0)
            (void)close(c->fd);
        c->fd = -1;
        judge(c, false, "connect failed");
        (void)uv_timer_start(timer, start_check, c->config->health_interval, 0);
        return;
    }
    c->poll.data = c;
    c->health->open++;
    (void)uv_poll_start(&c->poll, UV_WRITABLE, on_poll);
    (void)uv_timer_start(timer, too_late, c->config->health_timeout, 0);
}

static bool prepare(gh_check *c, gh_health *h, gh_server *server, const gh_upstream_config *config)
{
    c->health = h;
    c->server = server;
    c->config = config;
    c->fd = -1;
    gh_buf b = gh_buf_over(c->request, sizeof c->request);
    gh_buf_lit(&b, "GET ");
    gh_buf_put(&b, config->health_path);
    gh_buf_lit(&b, " HTTP/1.1\r\nHost: ");
    gh_buf_put(&b, server->host);
    gh_buf_lit(&b, "\r\nUser-Agent: gatehouse-health\r\nConnection: close\r\n\r\n");
    c->request_size = b.n;
    return gh_buf_ok(&b);
}

static unsigned count_checks(const gh_generation *g)
{
    unsigned n = 0;
    for (unsigned u = 0; u < g->n_upstreams; u++)
        if (g->upstreams[u].config->health_path.n > 0)
            n += g->upstreams[u].n_servers;
    return n;
}

gh_health *gh_health_start(uv_loop_t *loop, gh_generation *generation, gh_log_lane *lane)
{
    gh_health *h = calloc(1, sizeof *h);
    unsigned n = count_checks(generation);
    if (h != NULL)
        h->checks = calloc(n + 1, sizeof *h->checks);
    if (h == NULL || h->checks == NULL) {
        free(h);
        return NULL;
    }
    h->loop = loop;
    h->generation = gh_generation_ref(generation);
    h->lane = lane;
    for (unsigned u = 0; u < generation->n_upstreams; u++) {
        gh_upstream *up = &generation->upstreams[u];
        /* What checks found before a reload ended them would stand for ever. */
        for (unsigned i = 0; up->config->health_path.n == 0 && i < up->n_servers; i++)
            atomic_store(&up->servers[i]->unhealthy, false);
        for (unsigned i = 0; up->config->health_path.n > 0 && i < up->n_servers; i++) {
            gh_check *c = &h->checks[h->n];
            if (!prepare(c, h, up->servers[i], up->config))
                continue;
            h->n++;
            h->open++;
            (void)uv_timer_init(loop, &c->timer);
            c->timer.data = c;
            (void)uv_timer_start(&c->timer, start_check, 0, 0);
        }
    }
    return h;
}

void gh_health_stop(gh_health *health)
{
    if (health == NULL)
        return;
    health->open++; /* so that nothing is freed before the loop below is through */
    for (unsigned i = 0; i < health->n; i++) {
        gh_check *c = &health->checks[i];
        (void)uv_timer_stop(&c->timer);
        if (c->fd >= 0)
            end_check(c);
        uv_close((uv_handle_t *)&c->timer, poll_closed);
    }
    if (--health->open > 0)
        return;
    gh_generation_unref(health->generation);
    free(health->checks);
    free(health);
}
