/* An upgraded connection (RFC 9110 section 7.8): bytes both ways until both have said all. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "edges/proxy/proxy.h"

/* A peer that is gone without a word is found by the kernel's probes, not by a deadline: a WebSocket
 * may rightly be silent for hours. */
static void keep_alive(int fd)
{
    int on = 1, idle = 60, interval = 15, count = 4;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

/* Moves from `from` to `to`. False: the tunnel is broken. */
static bool pump(gh_io *from, gh_io *to, bool *from_eof, bool readable)
{
    if (readable && !*from_eof) {
        enum gh_io_result r = gh_io_read(from);
        if (r == GH_IO_ERROR)
            return false;
        *from_eof = r == GH_IO_EOF;
    }
    while (gh_iobuf_len(from->in) > 0) {
        if (!gh_io_out_room(to, 1)) {
            if (to->out == NULL)
                return false; /* out of memory */
            enum gh_io_result r = gh_io_flush(to);
            if (r != GH_IO_OK)
                return r == GH_IO_AGAIN;
            continue;
        }
        gh_str data = gh_str_cut(gh_iobuf_str(from->in), 0, gh_iobuf_room(to->out));
        gh_buf out = gh_io_out_begin(to);
        gh_buf_put(&out, data);
        gh_io_out_done(to, &out);
        from->in->start += (uint32_t)data.n;
    }
    if (to->out != NULL && gh_io_flush(to) == GH_IO_ERROR)
        return false;
    return true;
}

static void set_wants(gh_io *io, bool eof, const gh_io *other)
{
    bool read = !eof && gh_iobuf_len(other->out) == 0;
    gh_io_want(io, (read ? UV_READABLE : 0) | (gh_iobuf_len(io->out) > 0 ? UV_WRITABLE : 0));
}

static void move(gh_exchange *x, bool client_readable, bool link_readable)
{
    gh_client *c = x->client;
    gh_link *l = x->link;
    uint64_t before_in = c->io.sent, before_out = l->io.sent;
    /* The request's head stays where it is: the log's line is made of it. */
    if (c->io.in != NULL && gh_iobuf_len(c->io.in) == 0)
        c->io.in->start = c->io.in->end = x->head_size;
    if (gh_iobuf_len(l->io.in) == 0)
        gh_iobuf_put(l->io.pool, &l->io.in);
    bool good =
        pump(&c->io, &l->io, &c->eof, client_readable) && pump(&l->io, &c->io, &l->eof, link_readable);
    x->answer_bytes += c->io.sent - before_in;
    x->request_bytes += l->io.sent - before_out;
    if (!good) {
        gh_client_close(c);
        return;
    }
    if (c->eof && gh_iobuf_len(l->io.out) == 0)
        (void)shutdown(l->io.fd, SHUT_WR);
    if (l->eof && gh_iobuf_len(c->io.out) == 0)
        (void)shutdown(c->io.fd, SHUT_WR);
    if (c->eof && l->eof && gh_iobuf_len(l->io.out) == 0 && gh_iobuf_len(c->io.out) == 0) {
        x->answer = GH_ANSWER_DONE;
        gh_client_close(c);
        return;
    }
    /* Both may be silent for as long as they like, but one that has ended waits for the other a while only. */
    if (c->eof || l->eof)
        gh_timer_set(c->io.wheel, &c->io.timer,
                     uv_now(&c->worker->loop) + x->view->generation->config->timeouts.client_idle);
    set_wants(&c->io, c->eof, &l->io);
    set_wants(&l->io, l->eof, &c->io);
}

void gh_tunnel_start(gh_exchange *x)
{
    x->client->state = GH_CLIENT_TUNNEL;
    x->link->state = GH_LINK_TUNNEL;
    x->link->eof = false;
    gh_timer_clear(&x->client->io.timer);
    gh_timer_clear(&x->link->io.timer);
    keep_alive(x->client->io.fd);
    keep_alive(x->link->io.fd);
    move(x, false, false);
}

void gh_tunnel_client_event(gh_exchange *x, int events)
{
    move(x, (events & UV_READABLE) != 0, false);
}

void gh_tunnel_link_event(gh_exchange *x, int events)
{
    move(x, false, (events & UV_READABLE) != 0);
}
