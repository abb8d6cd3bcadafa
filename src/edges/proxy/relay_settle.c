/* After bytes were moved: sends them, and says what is waited for next, and how long. */
#include "edges/proxy/proxy.h"

enum { RATE_GRACE_MS = 5000 };

static const gh_config *config_of(const gh_exchange *x)
{
    return x->view->generation->config;
}

static bool can_read_more(const gh_exchange *x)
{
    const gh_iobuf *in = x->client->io.in;
    if (in == NULL || gh_iobuf_room(in) > 0)
        return true;
    return !x->request_done && gh_iobuf_len(in) == 0;
}

/* Is it the request's body that we wait for, and not an upstream that does not take it? */
static bool wants_body(const gh_exchange *x)
{
    if (x->held.state == GH_HOLD_READING)
        return true;
    return !x->request_done && x->link != NULL && x->link->state == GH_LINK_ACTIVE &&
           gh_iobuf_len(x->link->io.out) == 0;
}

bool gh_relay_waits_for_client(const gh_exchange *x)
{
    return gh_iobuf_len(x->client->io.out) > 0 || wants_body(x);
}

static void arm_client(gh_exchange *x)
{
    if (gh_unlikely(x->drive.wait != GH_WAIT_NOTHING))
        return; /* wait.c has set the deadline */
    gh_client *c = x->client;
    uint64_t now = uv_now(&c->worker->loop);
    /* The lowest bit tells the two deadlines apart. */
    if (gh_iobuf_len(c->io.out) > 0)
        gh_io_arm(&c->io, c->io.sent << 1, now + config_of(x)->timeouts.client_send);
    else if (wants_body(x))
        gh_io_arm(&c->io, (x->request_bytes + gh_iobuf_len(c->io.in) + x->answer_bytes) << 1 | 1,
                  now + config_of(x)->timeouts.client_body);
    else
        gh_timer_clear(&c->io.timer);
    bool wanted = x->held.state == GH_HOLD_READING || (x->link != NULL && x->link->state == GH_LINK_ACTIVE);
    bool waiting = !x->request_done && gh_iobuf_len(c->io.in) == 0 && wanted;
    x->waiting_since = waiting ? now : 0;
}

static void arm_link(gh_exchange *x)
{
    gh_link *link = x->link;
    const gh_config *config = config_of(x);
    uint64_t now = uv_now(&x->client->worker->loop);
    uint64_t ms =
        x->answer == GH_ANSWER_WAIT ? config->timeouts.upstream_first_byte : config->timeouts.upstream_body;
    bool for_client = gh_relay_waits_for_client(x);
    uint64_t deadline = for_client ? UINT64_MAX : now + ms;
    uint64_t total = config->timeouts.upstream_total;
    if (total > 0 && x->dispatched_ms + total < deadline)
        deadline = x->dispatched_ms + total;
    if (deadline == UINT64_MAX)
        gh_timer_clear(&link->io.timer);
    else
        gh_io_arm(&link->io, (link->io.sent + link->received) << 1 | for_client, deadline);
}

/* Has a buffer emptied after the relay had stopped for want of room in it? Then no event would come to go on.
 * The link whose exchange stands still like that, or NULL. */
static gh_link *stalled_link(const gh_exchange *x)
{
    gh_link *link = x->link;
    if (link == NULL || link->state != GH_LINK_ACTIVE)
        return NULL;
    bool unsent = gh_hold_unsent(x) || (!x->request_done && gh_iobuf_len(x->client->io.in) > 0);
    bool request = unsent && !link->deaf;
    bool answer = x->answer == GH_ANSWER_BODY && (gh_iobuf_len(link->io.in) > 0 || link->eof);
    bool stalled =
        (request && gh_iobuf_len(link->io.out) == 0) || (answer && gh_iobuf_len(x->client->io.out) == 0);
    return stalled ? link : NULL;
}

/* What is left is moved at once. False: the exchange has ended. */
static bool go_on(gh_exchange *x, gh_link *stalled)
{
    gh_client *c = x->client;
    uint32_t from_client = gh_iobuf_len(c->io.in), from_link = gh_iobuf_len(stalled->io.in);
    size_t unsent = x->held.size - x->held.sent;
    uint8_t answer = x->answer;
    if (!gh_relay_request(x) || (x->answer == GH_ANSWER_BODY && !gh_relay_answer(x)))
        return false;
    bool moved = x->answer != answer || gh_iobuf_len(c->io.in) != from_client || x->link != stalled ||
                 gh_iobuf_len(stalled->io.in) != from_link || x->held.size - x->held.sent != unsent;
    if (!moved)
        gh_client_reset(c); /* no memory for a buffer: trying again would never end */
    return moved;
}

/* Sends what is in the buffers. False: the exchange has ended, or goes on elsewhere. */
static bool flush_both(gh_exchange *x)
{
    gh_client *c = x->client;
    if (x->link != NULL && x->link->state == GH_LINK_ACTIVE && x->link->io.out != NULL &&
        gh_io_flush(&x->link->io) == GH_IO_ERROR) {
        /* It may have answered and closed without reading on: what it said is still to be read. */
        gh_iobuf_put(x->link->io.pool, &x->link->io.out);
        x->link->deaf = true;
        if (x->answer == GH_ANSWER_WAIT) {
            gh_link_event(&x->link->io, UV_READABLE, true);
            return false;
        }
    }
    if (c->io.out != NULL && gh_io_flush(&c->io) == GH_IO_ERROR) {
        gh_client_close(c);
        return false;
    }
    return true;
}

/* More of our own answer's body, once the buffer has been sent. True: there was more, and room. */
static bool put_own_left(gh_exchange *x)
{
    gh_io *io = &x->client->io;
    if (gh_likely(x->own_left.n == 0) || gh_iobuf_len(io->out) > 0 || !gh_io_out_room(io, 1))
        return false;
    gh_buf out = gh_io_out_begin(io);
    gh_str piece = gh_str_cut(x->own_left, 0, gh_buf_room(&out));
    gh_buf_put(&out, piece);
    gh_io_out_done(io, &out);
    x->own_left = gh_str_cut(x->own_left, piece.n, x->own_left.n);
    return piece.n > 0;
}

void gh_relay_settle(gh_exchange *x)
{
    gh_client *c = x->client;
    gh_link *stalled;
    do {
        if (!flush_both(x))
            return;
        stalled = stalled_link(x);
        if (stalled != NULL && !go_on(x, stalled))
            return;
    } while (stalled != NULL || put_own_left(x));
    bool blocked = gh_iobuf_len(c->io.out) > 0;
    if (x->answer == GH_ANSWER_DONE && !blocked && x->own_left.n > 0) {
        gh_client_reset(c); /* no memory for a buffer */
        return;
    }
    if (x->answer == GH_ANSWER_DONE && !blocked) {
        gh_exchange_complete(x);
        return;
    }
    gh_io_want(&c->io, (c->eof || !can_read_more(x) ? 0 : UV_READABLE) | (blocked ? UV_WRITABLE : 0));
    arm_client(x);
    gh_link *link = x->link;
    if (link == NULL || link->state != GH_LINK_ACTIVE)
        return;
    bool full = gh_iobuf_len(link->io.in) > 0 && gh_iobuf_room(link->io.in) == 0;
    bool hold = full || link->eof || (blocked && x->answer == GH_ANSWER_BODY);
    gh_io_want(&link->io, (hold ? 0 : UV_READABLE) | (gh_iobuf_len(link->io.out) > 0 ? UV_WRITABLE : 0));
    arm_link(x);
}

/* A body that trickles: slower than the least rate while it was the client we waited for. */
static bool too_slow(gh_exchange *x)
{
    uint64_t rate = config_of(x)->limits.min_body_rate;
    uint64_t now = uv_now(&x->client->worker->loop);
    if (x->request_done || x->waiting_since == 0)
        return false;
    x->waited_ms += now - x->waiting_since;
    x->waiting_since = now;
    if (rate == 0 || x->waited_ms < RATE_GRACE_MS)
        return false;
    uint64_t got = x->request_bytes + gh_iobuf_len(x->client->io.in);
    return got < rate * (x->waited_ms / 1000);
}

/* True: go on; false: the exchange has ended. */
static bool read_client(gh_exchange *x)
{
    gh_client *c = x->client;
    if (c->io.in != NULL && !x->request_done && gh_iobuf_len(c->io.in) == 0 && c->io.in->end > x->head_size) {
        c->io.in->start = c->io.in->end = x->head_size;
        x->rewindable = false;
    }
    enum gh_io_result r = gh_io_read(&c->io);
    if (r == GH_IO_EOF && x->answer == GH_ANSWER_DONE) {
        c->eof = true;
        return true;
    }
    if (r == GH_IO_EOF || r == GH_IO_ERROR) {
        c->eof = r == GH_IO_EOF;
        gh_client_close(c);
        return false;
    }
    if (too_slow(x)) {
        gh_exchange_client_late(x);
        return false;
    }
    return true;
}

void gh_exchange_client_event(gh_exchange *x, int events)
{
    if ((events & UV_READABLE) != 0 && !read_client(x))
        return;
    if (x->held.state == GH_HOLD_READING) {
        gh_hold_event(x);
        return;
    }
    if (x->drive.wait != GH_WAIT_NOTHING) {
        gh_relay_settle(x);
        return;
    }
    if (!gh_relay_request(x))
        return;
    if ((events & UV_WRITABLE) != 0 && x->link != NULL && x->link->state == GH_LINK_ACTIVE &&
        (gh_iobuf_len(x->link->io.in) > 0 || x->link->eof)) {
        if (gh_io_flush(&x->client->io) == GH_IO_ERROR) {
            gh_client_close(x->client);
            return;
        }
        if (!gh_relay_answer(x) || x->client->state == GH_CLIENT_TUNNEL)
            return;
    }
    gh_relay_settle(x);
}
