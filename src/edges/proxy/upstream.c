/* Which server gets a request, and over which connection. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "edges/proxy/proxy.h"

enum { TRIAL_EVERY_MS = 1000 };

bool gh_server_out(const gh_server *server, uint64_t now)
{
    return atomic_load_explicit(&server->unhealthy, memory_order_relaxed) ||
           now < atomic_load_explicit(&server->out_until, memory_order_relaxed);
}

/* May this server get a request now? One that is out after failures gets one a second, as a trial, until
 * its time is over; one that active checks call unhealthy gets none. */
static bool usable(gh_server *server, uint64_t now)
{
    if (gh_unlikely(atomic_load_explicit(&server->unhealthy, memory_order_relaxed)))
        return false;
    uint64_t until = atomic_load_explicit(&server->out_until, memory_order_relaxed);
    if (gh_likely(until == 0) || now >= until)
        return true;
    uint64_t trial = atomic_load(&server->next_trial);
    return now >= trial && atomic_compare_exchange_strong(&server->next_trial, &trial, now + TRIAL_EVERY_MS);
}

void gh_upstream_worked(gh_server *server, gh_worker *w)
{
    if (gh_likely(atomic_load_explicit(&server->failures, memory_order_relaxed) == 0))
        return;
    atomic_store(&server->failures, 0);
    if (atomic_exchange(&server->out_until, 0) != 0)
        gh_log_event(w->lane, GH_LEVEL_INFO, "upstream_up", "%s answers again", server->name);
}

void gh_upstream_failed(gh_server *server, const gh_upstream_config *config, gh_worker *w, const char *why)
{
    unsigned failures = atomic_fetch_add(&server->failures, 1) + 1;
    if (config->fail_threshold == 0 || failures < config->fail_threshold)
        return;
    uint64_t now = uv_now(&w->loop);
    atomic_store(&server->next_trial, now + TRIAL_EVERY_MS);
    if (atomic_exchange(&server->out_until, now + config->fail_time) == 0)
        gh_log_event(w->lane, GH_LEVEL_WARNING, "upstream_down", "%s is out after %u failures: %s",
                     server->name, failures, why);
}

static bool has_room(const gh_pool *pool, const gh_upstream_config *config)
{
    return pool->n_idle > 0 || pool->n_links < config->max_connections;
}

/* The next in turn, or the least busy, of those not tried yet. NULL: none; *ret_busy: only for want of
 * connections. */
static gh_pool *choose(gh_exchange *x, bool *ret_busy)
{
    const gh_upstream *u = x->upstream;
    unsigned index = (unsigned)(u - x->view->generation->upstreams);
    gh_pool **pools = x->view->pools[index];
    uint64_t now = uv_now(&x->client->worker->loop);
    unsigned start = u->n_servers == 1 ? 0 : x->view->next_turn[index]++ % u->n_servers;
    bool least = u->config->balance == GH_BALANCE_LEAST_CONNECTIONS;
    unsigned best = u->n_servers;
    for (unsigned k = 0; k < u->n_servers; k++) {
        unsigned i = (start + k) % u->n_servers;
        if ((x->tried & (UINT32_C(1) << (i & 31))) != 0 && u->n_servers > 1)
            continue;
        if (!has_room(pools[i], u->config)) {
            *ret_busy = true;
            continue;
        }
        if (least && best < u->n_servers && pools[i]->n_active >= pools[best]->n_active)
            continue;
        if (!usable(u->servers[i], now))
            continue;
        best = i;
        if (!least)
            break;
    }
    if (best == u->n_servers)
        return NULL;
    x->tried |= UINT32_C(1) << (best & 31);
    return pools[best];
}

static gh_link *take_idle(gh_pool *pool)
{
    gh_link *link = pool->idle;
    pool->idle = link->next;
    if (pool->idle != NULL)
        pool->idle->prev = NULL;
    link->next = link->prev = NULL;
    pool->n_idle--;
    return link;
}

static void link_closed(gh_io *io)
{
    gh_link *link = GH_CONTAINER(io, gh_link, io);
    gh_worker *w = link->worker;
    free(link);
    w->n_links--;
    gh_worker_check_end(w);
}

static void close_link(gh_link *link)
{
    if (link->io.closing)
        return;
    link->pool->n_links--;
    gh_metric_sub(link->worker->metrics, GH_METRIC_UPSTREAM_OPEN, 1);
    gh_io_close(&link->io);
}

void gh_link_release(gh_link *link, bool reusable)
{
    gh_pool *pool = link->pool;
    gh_worker *w = link->worker;
    const gh_config *config = w->view->generation->config;
    uint64_t max_idle = link->exchange != NULL ? link->exchange->upstream->config->max_idle : 0;
    if (link->exchange != NULL)
        link->exchange->link = NULL;
    link->exchange = NULL;
    if (link->state == GH_LINK_IDLE) {
        /* Out of the idle list before it goes. */
        if (link->prev != NULL)
            link->prev->next = link->next;
        else
            pool->idle = link->next;
        if (link->next != NULL)
            link->next->prev = link->prev;
        pool->n_idle--;
        reusable = false;
    }
    if (!reusable || w->draining || !pool->wanted || pool->n_idle >= max_idle) {
        close_link(link);
        return;
    }
    gh_iobuf_put(link->io.pool, &link->io.in);
    gh_iobuf_put(link->io.pool, &link->io.out);
    link->state = GH_LINK_IDLE;
    link->prev = NULL;
    link->next = pool->idle;
    if (pool->idle != NULL)
        pool->idle->prev = link;
    pool->idle = link;
    pool->n_idle++;
    gh_io_want(&link->io, UV_READABLE);
    gh_timer_set(&w->wheel, &link->io.timer, uv_now(&w->loop) + config->timeouts.upstream_idle);
}

void gh_pool_close_idle(gh_pool *pool)
{
    while (pool->idle != NULL)
        gh_link_release(pool->idle, false);
}

static void link_expired(gh_timer *timer)
{
    gh_link *link = GH_CONTAINER(GH_CONTAINER(timer, gh_io, timer), gh_link, io);
    if (link->state == GH_LINK_IDLE) {
        gh_link_release(link, false);
        return;
    }
    gh_exchange *x = link->exchange;
    if (link->state == GH_LINK_CONNECTING) {
        gh_exchange_link_failed(x, GH_REASON_UPSTREAM_TIMEOUT, "no connection in time");
        return;
    }
    /* Else slow clients could take a server from all others. */
    if (!gh_relay_waits_for_client(x))
        gh_upstream_failed(link->pool->server, x->upstream->config, link->worker, "no answer in time");
    gh_exchange_fail(x, GH_REASON_UPSTREAM_TIMEOUT, "no answer in time");
}

/* A non-blocking socket on its way to the server; -1: at once impossible. */
static int start_connecting(const gh_server *server)
{
    int fd = socket(server->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (server->address.ss_family != AF_UNIX) {
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (connect(fd, (const struct sockaddr *)&server->address, server->address_size) == 0 ||
        errno == EINPROGRESS)
        return fd;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}

/* Want of descriptors, memory or ports here says nothing about the server there. */
static bool our_own_want(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
           error == EADDRNOTAVAIL;
}

/* NULL: errno says why. */
static gh_link *link_new(gh_worker *w, gh_pool *pool)
{
    gh_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return NULL;
    int fd = start_connecting(pool->server);
    int status = fd < 0 ? -errno : gh_io_init(&link->io, &w->loop, fd, &w->wheel, &w->buffers);
    if (status != 0) {
        if (fd >= 0)
            (void)close(fd);
        free(link);
        errno = -status;
        return NULL;
    }
    link->worker = w;
    link->pool = pool;
    link->state = GH_LINK_CONNECTING;
    link->io.on_event = gh_link_event;
    link->io.on_closed = link_closed;
    link->io.timer.expired = link_expired;
    pool->n_links++;
    w->n_links++;
    gh_metric_add(w->metrics, GH_METRIC_UPSTREAM_CONNECTS, 1);
    gh_metric_add(w->metrics, GH_METRIC_UPSTREAM_OPEN, 1);
    return link;
}

static void bind_link(gh_exchange *x, gh_pool *pool, gh_link *link)
{
    x->link = link;
    x->pool = pool;
    x->bound = true;
    pool->n_active++;
    link->exchange = x;
    link->received = 0;
    link->deaf = link->eof = false;
    link->sent_before = link->io.sent;
    link->io.armed_at = UINT64_MAX;
}

/* Has an idle link been closed by the server since the loop last looked? Only asked for requests that
 * could not be sent again. */
static bool still_open(const gh_link *link)
{
    char byte;
    ssize_t n = recv(link->io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && errno == EAGAIN;
}

static bool reuse(gh_exchange *x, gh_pool *pool)
{
    bool careful = x->head.framing != GH_FRAMING_NONE || x->head.method.p[0] == 'P';
    while (pool->n_idle > 0 && !x->fresh_only) {
        gh_link *link = take_idle(pool);
        link->state = GH_LINK_ACTIVE;
        if (careful && !still_open(link)) {
            gh_link_release(link, false);
            continue;
        }
        link->reused = true;
        bind_link(x, pool, link);
        gh_exchange_link_ready(x);
        return true;
    }
    return false;
}

void gh_upstream_connect(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    for (;;) {
        bool busy = false, again = x->tries > 0;
        gh_pool *pool = choose(x, &busy);
        if (pool == NULL) {
            enum gh_reason reason = busy    ? GH_REASON_UPSTREAM_OVERLOADED
                                    : again ? x->last_reason
                                            : GH_REASON_NO_UPSTREAM;
            gh_exchange_fail(x, reason, busy ? "max_connections are in use" : "no server can be used");
            return;
        }
        x->tries++;
        if (reuse(x, pool))
            return;
        gh_link *link = link_new(w, pool);
        if (link != NULL) {
            bind_link(x, pool, link);
            gh_io_want(&link->io, UV_WRITABLE);
            gh_timer_set(&w->wheel, &link->io.timer,
                         uv_now(&w->loop) + x->view->generation->config->timeouts.upstream_connect);
            gh_relay_settle(x);
            return;
        }
        x->last_reason = GH_REASON_UPSTREAM_UNAVAILABLE;
        if (!our_own_want(errno))
            gh_upstream_failed(pool->server, x->upstream->config, w, "connect failed at once");
        if (x->tries > x->upstream->config->retries) {
            gh_exchange_fail(x, GH_REASON_UPSTREAM_UNAVAILABLE, "connect failed at once");
            return;
        }
    }
}
