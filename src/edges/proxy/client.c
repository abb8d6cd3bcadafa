/* A client's connection: reads heads, hands requests to exchanges, ends politely. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "edges/proxy/proxy.h"
#include "wire/proxy_protocol.h"

enum { LINGER_MS = 2000, LINGER_BYTES = 256 * 1024 };

static gh_client *client_of(gh_io *io)
{
    return GH_CONTAINER(io, gh_client, io);
}

static const gh_config *config_of(const gh_client *c)
{
    return c->worker->view->generation->config;
}

static void set_timer(gh_client *c, uint64_t ms)
{
    gh_timer_set(&c->worker->wheel, &c->io.timer, uv_now(&c->worker->loop) + ms);
}

static void on_closed(gh_io *io)
{
    gh_client *c = client_of(io);
    gh_worker *w = c->worker;
    free(c);
    gh_worker_check_end(w);
}

void gh_client_close(gh_client *c)
{
    gh_worker *w = c->worker;
    if (c->io.closing)
        return;
    if (c->exchange != NULL) {
        gh_exchange *x = c->exchange;
        c->exchange = NULL;
        gh_exchange_client_left(x);
    }
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        w->clients = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    w->n_clients--;
    gh_metric_sub(w->metrics, GH_METRIC_CONNECTIONS_OPEN, 1);
    gh_io_close(&c->io);
}

void gh_client_reset(gh_client *c)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (!c->io.closing)
        (void)setsockopt(c->io.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    gh_client_close(c);
}

/* Nothing of a request is there yet: give the buffer back and wait, for as long as idling is allowed. */
static void wait_idle(gh_client *c)
{
    if (c->worker->draining) {
        gh_client_close(c);
        return;
    }
    gh_iobuf_put(c->io.pool, &c->io.in);
    c->head_started = 0;
    gh_io_want(&c->io, UV_READABLE);
    set_timer(c, config_of(c)->timeouts.client_idle);
}

void gh_client_linger(gh_client *c)
{
    c->state = GH_CLIENT_LINGER;
    c->lingered = 0;
    gh_iobuf_put(c->io.pool, &c->io.in);
    (void)shutdown(c->io.fd, SHUT_WR);
    if (c->eof) {
        gh_client_close(c);
        return;
    }
    gh_io_want(&c->io, UV_READABLE);
    set_timer(c, LINGER_MS);
}

static void linger_event(gh_client *c)
{
    enum gh_io_result r = gh_io_read(&c->io);
    c->lingered += gh_iobuf_len(c->io.in);
    gh_iobuf_put(c->io.pool, &c->io.in);
    if (r == GH_IO_EOF || r == GH_IO_ERROR || c->lingered > LINGER_BYTES)
        gh_client_close(c);
}

/* True: the header was there (and is gone), go on; false: wait, or the connection was closed. */
static bool take_proxy_header(gh_client *c)
{
    gh_proxy_header header = {.used = 0};
    bool v1 = config_of(c)->server.proxy_protocol == GH_PROXY_V1;
    gh_str in = gh_iobuf_str(c->io.in);
    enum gh_proxy_result r = v1 ? gh_proxy_v1_read(in, &header) : gh_proxy_v2_read(in, &header);
    if (r == GH_PROXY_MORE)
        return false;
    if (r == GH_PROXY_BAD) {
        /* Not HTTP yet, so there is no answer to give (the PROXY protocol, section 2). */
        gh_metric_add(c->worker->metrics, GH_METRIC_MALFORMED, 1);
        gh_log_event(c->worker->lane, GH_LEVEL_WARNING, "proxy_protocol", "connection refused: %s",
                     header.error);
        gh_client_close(c);
        return false;
    }
    c->io.in->start += (uint32_t)header.used;
    if (!header.local) {
        c->peer = header.source;
        c->peer_port = header.source_port;
        c->tls = header.tls;
    }
    c->state = GH_CLIENT_HEAD;
    return true;
}

static enum gh_reason reason_of(enum gh_h1_result r, const gh_h1_head *head)
{
    if (r == GH_H1_VERSION)
        return GH_REASON_VERSION_NOT_SUPPORTED;
    if (r == GH_H1_TOO_LARGE)
        return head->error == gh_h1_target_too_long ? GH_REASON_TARGET_TOO_LONG : GH_REASON_HEAD_TOO_LARGE;
    return GH_REASON_MALFORMED_REQUEST;
}

static gh_exchange *begin_exchange(gh_client *c)
{
    gh_exchange *x = gh_exchange_new(c);
    if (x == NULL) {
        gh_client_close(c);
        return NULL;
    }
    c->state = GH_CLIENT_EXCHANGE;
    c->exchange = x;
    gh_timer_clear(&c->io.timer);
    return x;
}

static void refuse_head(gh_client *c, enum gh_reason reason, const char *detail)
{
    gh_exchange *x = begin_exchange(c);
    if (x != NULL)
        gh_exchange_refuse_head(x, reason, detail);
}

/* Makes the head start at the buffer's front, so that it and its body have all the room. */
static void pull_to_front(gh_iobuf *b)
{
    if (b->start == 0)
        return;
    memmove(b->data, b->data + b->start, b->end - b->start);
    b->end -= b->start;
    b->start = 0;
}

static void wait_for_more_head(gh_client *c)
{
    pull_to_front(c->io.in);
    c->scanned = gh_iobuf_len(c->io.in);
    if (c->head_started == 0) {
        c->head_started = uv_now(&c->worker->loop);
        set_timer(c, config_of(c)->timeouts.client_head);
    }
    gh_io_want(&c->io, UV_READABLE);
}

/* Looks for a head in what has come, and takes its request as far as it goes without waiting. */
static void read_head(gh_client *c)
{
    const gh_config *config = config_of(c);
    gh_str in = gh_iobuf_str(c->io.in);
    /* A second look at an unfinished head is only worth it when it may be whole. */
    if (c->scanned > 0 && in.n <= config->limits.head &&
        !gh_h1_head_complete(in, c->scanned > 3 ? c->scanned - 3 : 0)) {
        wait_for_more_head(c);
        return;
    }
    pull_to_front(c->io.in);
    in = gh_iobuf_str(c->io.in);
    gh_exchange *x = begin_exchange(c);
    if (x == NULL)
        return;
    gh_h1_limits limits = {config->limits.head, config->limits.target, (unsigned)config->limits.fields};
    gh_h1_head head;
    enum gh_h1_result r = gh_h1_read_request(in, &limits, x->fields, &head);
    if (gh_likely(r == GH_H1_DONE)) {
        c->scanned = 0;
        c->head_started = 0;
        gh_exchange_start(x, head);
        return;
    }
    if (r != GH_H1_MORE) {
        gh_exchange_refuse_head(x, reason_of(r, &head), head.error);
        return;
    }
    c->exchange = NULL;
    c->state = GH_CLIENT_HEAD;
    gh_exchange_finish(x);
    wait_for_more_head(c);
}

/* Serves what is in the buffer, request after request: a loop, so that no number of pipelined
 * requests deepens the stack. */
static void serve(gh_client *c)
{
    if (c->serving)
        return;
    c->serving = true;
    uint32_t before;
    do {
        before = gh_iobuf_len(c->io.in);
        if (before == 0)
            wait_idle(c);
        else
            read_head(c);
    } while (!c->io.closing && c->state == GH_CLIENT_HEAD && gh_iobuf_len(c->io.in) > 0 &&
             gh_iobuf_len(c->io.in) != before);
    if (!c->io.closing && c->state == GH_CLIENT_HEAD && c->io.in != NULL && gh_iobuf_len(c->io.in) == 0)
        wait_idle(c);
    c->serving = false;
}

static void head_event(gh_client *c)
{
    enum gh_io_result r = gh_io_read(&c->io);
    if (r == GH_IO_AGAIN)
        return;
    if (r != GH_IO_OK) {
        gh_client_close(c);
        return;
    }
    if (c->state == GH_CLIENT_PROXY_HEADER && !take_proxy_header(c))
        return;
    serve(c);
}

static bool between_requests(const gh_client *c)
{
    return (c->state == GH_CLIENT_HEAD || c->state == GH_CLIENT_PROXY_HEADER) && gh_iobuf_len(c->io.in) == 0;
}

void gh_client_drain(gh_client *c)
{
    if (!between_requests(c))
        return;
    head_event(c);
    if (between_requests(c))
        gh_client_close(c);
}

static void on_event(gh_io *io, int events, bool error)
{
    gh_client *c = client_of(io);
    if (error && c->state != GH_CLIENT_EXCHANGE && c->state != GH_CLIENT_TUNNEL) {
        gh_client_close(c);
        return;
    }
    switch ((enum gh_client_state)c->state) {
    case GH_CLIENT_PROXY_HEADER:
    case GH_CLIENT_HEAD:
        head_event(c);
        return;
    case GH_CLIENT_EXCHANGE:
        gh_exchange_client_event(c->exchange, events);
        return;
    case GH_CLIENT_LINGER:
        linger_event(c);
        return;
    case GH_CLIENT_TUNNEL:
        gh_tunnel_client_event(c->exchange, events);
        return;
    }
}

/* A deadline of the connection; those of exchanges use the same timer and end here too. */
static void expired(gh_timer *timer)
{
    gh_client *c = client_of(GH_CONTAINER(timer, gh_io, timer));
    if (c->state == GH_CLIENT_EXCHANGE || c->state == GH_CLIENT_TUNNEL) {
        gh_exchange_client_late(c->exchange);
        return;
    }
    if (c->state == GH_CLIENT_HEAD && gh_iobuf_len(c->io.in) > 0) {
        refuse_head(c, GH_REASON_REQUEST_TIMEOUT, "the head took too long");
        return;
    }
    gh_client_close(c);
}

void gh_client_exchange_over(gh_client *c)
{
    c->exchange = NULL;
    c->state = GH_CLIENT_HEAD;
    c->scanned = 0;
    c->head_started = 0;
    serve(c);
}

static void set_peer(gh_client *c, const struct sockaddr_storage *from)
{
    c->peer = (gh_ip){.family = 0};
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        c->peer.family = 4;
        memcpy(c->peer.bytes, &in->sin_addr, 4);
        c->peer_port = ntohs(in->sin_port);
    } else if (from->ss_family == AF_INET6) {
        static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        bool v4 = memcmp(&in6->sin6_addr, mapped, sizeof mapped) == 0;
        c->peer.family = v4 ? 4 : 6;
        memcpy(c->peer.bytes, (const uint8_t *)&in6->sin6_addr + (v4 ? 12 : 0), v4 ? 4 : 16);
        c->peer_port = ntohs(in6->sin6_port);
    } else {
        /* A unix socket is as near as loopback. */
        c->peer = (gh_ip){.family = 4, .bytes = {127, 0, 0, 1}};
    }
}

/* The header is believed from listed peers only (the PROXY protocol, section 5). */
static bool may_speak_proxy(const gh_client *c)
{
    const gh_policy *p = c->worker->view->generation->policy;
    return gh_cidr_any(p->trusted_proxies, p->n_trusted_proxies, &c->peer);
}

static void free_closed(gh_io *io)
{
    free(client_of(io));
}

/* Not one of the clients yet: only its socket has to go. */
static void refuse_stranger(gh_client *c)
{
    gh_worker *w = c->worker;
    uint64_t now = uv_now(&w->loop);
    if (now - w->stranger_said >= 1000)
        gh_log_event(w->lane, GH_LEVEL_WARNING, "proxy_protocol",
                     "connection refused: its peer is not in client_address.trusted_proxies");
    w->stranger_said = now;
    c->io.on_closed = free_closed;
    gh_io_close(&c->io);
}

void gh_client_accept(gh_listener *listener, int fd, const struct sockaddr_storage *from)
{
    gh_worker *w = listener->worker;
    gh_metric_add(w->metrics, GH_METRIC_CONNECTIONS, 1);
    gh_client *c = w->n_clients < w->max_clients ? calloc(1, sizeof *c) : NULL;
    if (c == NULL || gh_io_init(&c->io, &w->loop, fd, &w->wheel, &w->buffers) != 0) {
        gh_metric_add(w->metrics, GH_METRIC_CONNECTIONS_REFUSED, 1);
        free(c);
        (void)close(fd);
        return;
    }
    if (!listener->unix_socket) {
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    c->worker = w;
    c->io.on_event = on_event;
    c->io.on_closed = on_closed;
    c->io.timer.expired = expired;
    set_peer(c, from);
    bool proxied = config_of(c)->server.proxy_protocol != GH_PROXY_OFF;
    if (proxied && !may_speak_proxy(c)) {
        gh_metric_add(w->metrics, GH_METRIC_CONNECTIONS_REFUSED, 1);
        refuse_stranger(c);
        return;
    }
    c->state = proxied ? GH_CLIENT_PROXY_HEADER : GH_CLIENT_HEAD;
    c->next = w->clients;
    if (w->clients != NULL)
        w->clients->prev = c;
    w->clients = c;
    w->n_clients++;
    gh_metric_add(w->metrics, GH_METRIC_CONNECTIONS_OPEN, 1);
    gh_io_want(&c->io, UV_READABLE);
    set_timer(c, proxied ? config_of(c)->timeouts.client_head : config_of(c)->timeouts.client_idle);
}
