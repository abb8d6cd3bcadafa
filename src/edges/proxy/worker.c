/* A worker: one thread, one loop, its own listeners, buffers and upstream connections. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "edges/proxy/proxy.h"

enum { ACCEPTS_AT_ONCE = 64 };

static gh_pool *pool_for(gh_worker *w, gh_server *server)
{
    for (gh_pool *p = w->pools; p != NULL; p = p->next)
        if (p->server == server)
            return p;
    gh_pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    atomic_fetch_add(&server->references, 1);
    p->server = server;
    p->next = w->pools;
    w->pools = p;
    return p;
}

gh_view *gh_view_new(gh_worker *w, gh_generation *g)
{
    gh_view *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->references = 1;
    v->generation = g;
    v->pools = calloc(g->n_upstreams, sizeof *v->pools);
    v->next_turn = calloc(g->n_upstreams, sizeof *v->next_turn);
    bool good = v->pools != NULL && v->next_turn != NULL;
    for (unsigned u = 0; good && u < g->n_upstreams; u++) {
        v->next_turn[u] = w->index;
        v->pools[u] = calloc(g->upstreams[u].n_servers, sizeof(gh_pool *));
        good = v->pools[u] != NULL;
        for (unsigned i = 0; good && i < g->upstreams[u].n_servers; i++) {
            v->pools[u][i] = pool_for(w, g->upstreams[u].servers[i]);
            good = v->pools[u][i] != NULL;
            if (good) {
                v->pools[u][i]->wanted = true;
                v->pools[u][i]->n_views++;
            }
        }
    }
    if (good)
        return v;
    gh_view_unref(v);
    return NULL;
}

void gh_view_unref(gh_view *view)
{
    if (view == NULL || --view->references > 0)
        return;
    for (unsigned u = 0; view->pools != NULL && u < view->generation->n_upstreams; u++) {
        unsigned n = view->pools[u] != NULL ? view->generation->upstreams[u].n_servers : 0;
        for (unsigned i = 0; i < n && view->pools[u][i] != NULL; i++)
            view->pools[u][i]->n_views--;
        free(view->pools[u]);
    }
    free(view->pools);
    free(view->next_turn);
    gh_generation_unref(view->generation);
    free(view);
}

static void pool_free(gh_pool *pool)
{
    gh_server_unref(pool->server);
    free(pool);
}

/* Pools that no server of the current view uses lose their idle connections, and go when no older view
 * names them any more. */
static void sort_out_pools(gh_worker *w)
{
    for (gh_pool *p = w->pools; p != NULL; p = p->next)
        p->wanted = false;
    const gh_generation *g = w->view->generation;
    for (unsigned u = 0; u < g->n_upstreams; u++)
        for (unsigned i = 0; i < g->upstreams[u].n_servers; i++)
            w->view->pools[u][i]->wanted = true;
    for (gh_pool **at = &w->pools; *at != NULL;) {
        gh_pool *p = *at;
        if (!p->wanted)
            gh_pool_close_idle(p);
        if (p->n_views > 0 || p->n_links > 0) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        pool_free(p);
    }
}

static void take_over(gh_worker *w, gh_generation *g)
{
    gh_view *fresh = gh_view_new(w, g);
    if (fresh == NULL) {
        gh_log_event(w->lane, GH_LEVEL_ERROR, "reload_failed", "worker %u: out of memory", w->index);
        return;
    }
    gh_view_unref(w->view);
    w->view = fresh;
    if (w->token_cache != NULL)
        gh_token_cache_clear(w->token_cache);
    w->log_access = g->config->log.access != GH_OFF;
    sort_out_pools(w);
}

static void listener_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void on_acceptable(uv_poll_t *poll, int status, int events);

/* Out of descriptors the level-triggered poll would spin, so the listeners rest for a tick. */
static void rest_listeners(gh_worker *w)
{
    for (unsigned i = 0; i < w->n_listeners; i++)
        (void)uv_poll_stop(&w->listeners[i].poll);
    if (!w->out_of_descriptors)
        gh_log_event(w->lane, GH_LEVEL_ERROR, "out_of_descriptors",
                     "no file descriptor left for clients: raise the limit (ulimit -n)");
    w->out_of_descriptors = true;
    gh_timer_set(&w->wheel, &w->accept_timer, uv_now(&w->loop) + GH_WHEEL_TICK_MS);
}

static void accept_again(gh_timer *timer)
{
    gh_worker *w = GH_CONTAINER(timer, gh_worker, accept_timer);
    for (unsigned i = 0; i < w->n_listeners && !w->draining; i++)
        (void)uv_poll_start(&w->listeners[i].poll, UV_READABLE, on_acceptable);
}

static void accept_some(gh_listener *l, unsigned most)
{
    gh_worker *w = l->worker;
    for (unsigned i = 0; i < most; i++) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t size = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            w->out_of_descriptors = false;
            gh_client_accept(l, fd, &from);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE)
            rest_listeners(w);
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    if (status == 0)
        accept_some(poll->data, ACCEPTS_AT_ONCE);
}

static void start_draining(gh_worker *w)
{
    if (w->draining)
        return;
    for (unsigned i = 0; i < w->n_listeners; i++) {
        gh_listener *l = &w->listeners[i];
        accept_some(l, UINT32_MAX); /* who is already in the queue gets an answer */
        uv_close((uv_handle_t *)&l->poll, listener_closed);
        (void)close(l->fd); /* after it, as in io.c */
    }
    w->draining = true;
    w->drain_deadline = uv_now(&w->loop) + w->view->generation->config->server.drain_timeout;
    gh_timer_set(&w->wheel, &w->drain_timer, w->drain_deadline);
    for (gh_client *c = w->clients, *next; c != NULL; c = next) {
        next = c->next;
        gh_client_drain(c);
    }
    for (gh_pool *p = w->pools; p != NULL; p = p->next)
        gh_pool_close_idle(p);
    gh_worker_check_end(w);
}

static void on_wake(uv_async_t *wake)
{
    gh_worker *w = wake->data;
    gh_wait_deliver(w);
    gh_generation *g = atomic_exchange(&w->next, NULL);
    if (g != NULL)
        take_over(w, g);
    if (atomic_load(&w->drain))
        start_draining(w);
}

static void drain_expired(gh_timer *timer)
{
    gh_worker *w = GH_CONTAINER(timer, gh_worker, drain_timer);
    if (w->n_clients > 0)
        gh_log_event(w->lane, GH_LEVEL_WARNING, "drain_timeout", "%u connections were cut", w->n_clients);
    for (gh_client *c = w->clients, *next; c != NULL; c = next) {
        next = c->next;
        gh_client_close(c);
    }
}

void gh_worker_check_end(gh_worker *w)
{
    if (!w->draining || w->stopped || w->n_clients > 0 || w->n_links > 0 || w->mailbox.out > 0)
        return;
    w->stopped = true;
    gh_timer_remove(&w->wheel, &w->drain_timer);
    gh_timer_remove(&w->wheel, &w->accept_timer);
    gh_timer_remove(&w->wheel, &w->standing_timer);
    gh_mailbox_end(&w->mailbox);
    gh_worker_close_counters(w);
    gh_wheel_close(&w->wheel);
    uv_close((uv_handle_t *)&w->wake, NULL);
}

static void run(void *data)
{
    gh_worker *w = data;
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    gh_view_unref(w->view);
    while (w->pools != NULL) {
        gh_pool *next = w->pools->next;
        pool_free(w->pools);
        w->pools = next;
    }
    gh_exchange_free_all(w);
    gh_iobuf_pool_free(&w->buffers);
    (void)uv_loop_close(&w->loop);
    atomic_fetch_sub(w->running, 1);
    (void)uv_async_send(w->ended);
}

int gh_worker_start(gh_worker *w)
{
    int status = uv_loop_init(&w->loop);
    if (status == 0)
        status = uv_async_init(&w->loop, &w->wake, on_wake);
    if (status == 0)
        status = gh_wheel_init(&w->wheel, &w->loop);
    if (status == 0 && w->counters_shared != NULL && !gh_worker_open_counters(w, w->counters_shared))
        status = UV_ENOMEM;
    if (status != 0)
        return status;
    w->wake.data = w;
    w->mailbox.wake = &w->wake;
    w->drain_timer.expired = drain_expired;
    w->accept_timer.expired = accept_again;
    w->standing_timer.expired = gh_standing_look;
    for (unsigned i = 0; i < w->n_listeners; i++) {
        gh_listener *l = &w->listeners[i];
        l->worker = w;
        l->poll.data = l;
        status = uv_poll_init(&w->loop, &l->poll, l->fd);
        if (status == 0)
            status = uv_poll_start(&l->poll, UV_READABLE, on_acceptable);
        if (status != 0)
            return status;
    }
    return uv_thread_create(&w->thread, run, w);
}

void gh_worker_wake(gh_worker *w)
{
    (void)uv_async_send(&w->wake);
}

gh_str gh_worker_date(gh_worker *w)
{
    time_t now = time(NULL);
    if ((uint64_t)now != w->date_second) {
        static const char days[] = "SunMonTueWedThuFriSat";
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        struct tm t;
        (void)gmtime_r(&now, &t);
        gh_buf b = gh_buf_over(w->date, sizeof w->date);
        gh_buf_printf(&b, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * t.tm_wday, t.tm_mday,
                      months + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
        w->date_second = (uint64_t)now;
    }
    return (gh_str){w->date, 29};
}

/* Randomness in small portions, fetched in large ones. */
static void random_bytes(void *data, void *out, size_t n)
{
    gh_worker *w = data;
    if (n > sizeof w->random) {
        gh_random(out, n);
        return;
    }
    if (w->random_left < n) {
        gh_random(w->random, sizeof w->random);
        w->random_left = sizeof w->random;
    }
    w->random_left -= (unsigned)n;
    memcpy(out, w->random + w->random_left, n);
    gh_wipe(w->random + w->random_left, n);
}

gh_world gh_worker_world(gh_worker *w)
{
    return (gh_world){
        .now_ms = uv_now(&w->loop), .unix_s = (uint64_t)time(NULL), .random = random_bytes, .random_data = w};
}
