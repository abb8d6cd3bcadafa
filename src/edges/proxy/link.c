/* What happens on a connection to an upstream server. */
#include <errno.h>

#include "edges/proxy/proxy.h"

static void connected(gh_link *link)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(link->io.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0) {
        gh_exchange_link_failed(link->exchange, GH_REASON_UPSTREAM_UNAVAILABLE, "connect failed");
        return;
    }
    link->state = GH_LINK_ACTIVE;
    gh_io_want(&link->io, UV_READABLE);
    gh_exchange_link_ready(link->exchange);
}

/* The upstream has closed, or the connection broke. */
static void ended(gh_exchange *x, bool eof)
{
    if (x->answer == GH_ANSWER_WAIT) {
        gh_exchange_link_failed(x, GH_REASON_UPSTREAM_UNAVAILABLE,
                                eof ? "closed without an answer" : "connection broken");
        return;
    }
    if (eof && x->answer_framing == GH_FRAMING_CLOSE) {
        gh_relay_answer_end(x);
        return;
    }
    gh_exchange_fail(x, GH_REASON_UPSTREAM_INVALID, "the answer was cut short");
}

static void readable(gh_link *link, bool error)
{
    gh_exchange *x = link->exchange;
    uint32_t before = gh_iobuf_len(link->io.in);
    if (link->io.in != NULL)
        gh_iobuf_pull(link->io.in);
    enum gh_io_result r = gh_io_read(&link->io);
    link->received += gh_iobuf_len(link->io.in) - before;
    if (r == GH_IO_EOF || r == GH_IO_ERROR) {
        ended(x, r == GH_IO_EOF);
        return;
    }
    if (r == GH_IO_AGAIN && error) {
        ended(x, false);
        return;
    }
    if (!gh_relay_answer(x) || x->client->state == GH_CLIENT_TUNNEL)
        return;
    if (x->link != NULL && x->link->io.in != NULL && gh_iobuf_len(x->link->io.in) == 0)
        gh_iobuf_put(x->link->io.pool, &x->link->io.in);
    gh_relay_settle(x);
}

void gh_link_event(gh_io *io, int events, bool error)
{
    gh_link *link = GH_CONTAINER(io, gh_link, io);
    switch ((enum gh_link_state)link->state) {
    case GH_LINK_IDLE:
        gh_link_release(link, false); /* closed by the server, or bytes that nobody asked for */
        return;
    case GH_LINK_CONNECTING:
        connected(link);
        return;
    case GH_LINK_TUNNEL:
        gh_tunnel_link_event(link->exchange, events);
        return;
    case GH_LINK_ACTIVE:
        break;
    }
    if ((events & UV_READABLE) != 0) {
        readable(link, error);
        return; /* settles both directions; a writable event comes again */
    }
    if (gh_relay_request(link->exchange))
        gh_relay_settle(link->exchange);
}
