/* The bodies: both directions, re-framed as they pass, never more in memory than the buffers. */
#include "edges/proxy/proxy.h"

enum { RATE_GRACE_MS = 5000, LAST_CHUNK = 8 };

static const gh_config *config_of(const gh_exchange *x)
{
    return x->view->generation->config;
}

/* At least a chunk's frame and some data fit; else what is there is sent first. */
static bool make_room(gh_io *io)
{
    if (gh_io_out_room(io, GH_CHUNK_FRAME_MAX + 256))
        return true;
    return gh_io_flush(io) == GH_IO_OK && gh_io_out_room(io, GH_CHUNK_FRAME_MAX + 256);
}

/* Copies what fits of n bytes as they are. */
static uint64_t copy_plain(gh_io *to, gh_iobuf *from, uint64_t most)
{
    gh_str data = gh_iobuf_str(from);
    uint64_t n = data.n < most ? data.n : most;
    if (n > gh_iobuf_room(to->out))
        n = gh_iobuf_room(to->out);
    gh_buf out = gh_io_out_begin(to);
    gh_buf_put(&out, gh_str_cut(data, 0, (size_t)n));
    gh_io_out_done(to, &out);
    from->start += (uint32_t)n;
    return n;
}

/* Decodes what fits. as_chunks: written as chunks again. Counts into *bytes. */
static enum gh_chunk_result copy_chunked(gh_io *to, gh_iobuf *from, gh_chunked *state, bool as_chunks,
                                         uint64_t *bytes)
{
    gh_buf out = gh_io_out_begin(to);
    /* Written out again a chunk is never longer than it came, but for one frame where a piece begins
     * or ends in its middle; and the last chunk must fit behind. */
    gh_str in = gh_str_cut(gh_iobuf_str(from), 0, gh_buf_room(&out) - GH_CHUNK_FRAME_MAX - LAST_CHUNK);
    size_t given = in.n;
    gh_str data;
    enum gh_chunk_result r;
    while ((r = gh_chunked_next(state, &in, &data)) == GH_CHUNK_DATA) {
        if (as_chunks)
            gh_chunked_put(&out, data);
        else
            gh_buf_put(&out, data);
        *bytes += data.n;
    }
    from->start += (uint32_t)(given - in.n);
    gh_io_out_done(to, &out);
    return r;
}

static bool request_chunk(gh_exchange *x)
{
    gh_client *c = x->client;
    uint64_t before = x->request_bytes;
    enum gh_chunk_result r =
        copy_chunked(&x->link->io, c->io.in, &x->request_chunks, true, &x->request_bytes);
    gh_metric_add(c->worker->metrics, GH_METRIC_BYTES_IN, x->request_bytes - before);
    if (r == GH_CHUNK_BAD) {
        gh_metric_add(c->worker->metrics, GH_METRIC_MALFORMED, 1);
        x->keep_alive = false;
        gh_exchange_fail(x, GH_REASON_MALFORMED_REQUEST, "the chunked body is malformed");
        return false;
    }
    if (x->request_bytes > x->txn.max_body) {
        gh_exchange_fail(x, GH_REASON_BODY_TOO_LARGE, "the chunked body is over the limit");
        return false;
    }
    if (r == GH_CHUNK_END) {
        gh_buf out = gh_io_out_begin(&x->link->io);
        gh_chunked_put_end(&out);
        gh_io_out_done(&x->link->io, &out);
        x->request_done = true;
    }
    return true;
}

/* A held body that is not needed for another try goes at once: its answer may last. */
static void send_held(gh_exchange *x)
{
    gh_io *to = &x->link->io;
    while (gh_hold_unsent(x) && make_room(to)) {
        gh_str left = {x->held.data + x->held.sent, x->held.size - x->held.sent};
        left = gh_str_cut(left, 0, gh_iobuf_room(to->out));
        gh_buf out = gh_io_out_begin(to);
        gh_buf_put(&out, left);
        gh_io_out_done(to, &out);
        x->held.sent += left.n;
    }
    if (!gh_hold_unsent(x) && x->answer != GH_ANSWER_WAIT)
        gh_hold_free(x);
}

bool gh_relay_request(gh_exchange *x)
{
    gh_client *c = x->client;
    if (x->link == NULL || x->link->state != GH_LINK_ACTIVE || x->link->deaf)
        return true;
    if (x->held.data != NULL)
        send_held(x);
    while (!x->request_done && gh_iobuf_len(c->io.in) > 0 && make_room(&x->link->io)) {
        if (x->head.framing == GH_FRAMING_LENGTH) {
            uint64_t n = copy_plain(&x->link->io, c->io.in, x->request_left);
            x->request_left -= n;
            x->request_bytes += n;
            gh_metric_add(c->worker->metrics, GH_METRIC_BYTES_IN, n);
            x->request_done = x->request_left == 0;
        } else if (!request_chunk(x)) {
            return false;
        }
    }
    return true;
}

bool gh_relay_skip_request(gh_exchange *x)
{
    gh_iobuf *in = x->client->io.in;
    if (x->request_done)
        return true;
    if (x->head.framing != GH_FRAMING_LENGTH || x->request_left > gh_iobuf_len(in))
        return false;
    in->start += (uint32_t)x->request_left;
    x->request_left = 0;
    x->request_done = true;
    return true;
}

/* The answer's last byte is in the client's buffer. The link is free for others from here on. */
void gh_relay_answer_done(gh_exchange *x)
{
    gh_link *link = x->link;
    x->answer = GH_ANSWER_DONE;
    if (x->answer_chunked) {
        gh_buf out = gh_io_out_begin(&x->client->io);
        gh_chunked_put_end(&out);
        gh_io_out_done(&x->client->io, &out);
    }
    /* Bytes behind the answer, or a request it did not wait for: nobody can use this link again. */
    bool all_sent = x->request_done && !gh_hold_unsent(x);
    bool reusable = x->link_reusable && all_sent && !link->deaf && gh_iobuf_len(link->io.in) == 0 &&
                    gh_iobuf_len(link->io.out) == 0;
    if (!x->request_done && !gh_relay_skip_request(x))
        x->keep_alive = false;
    gh_link_release(link, reusable);
    gh_exchange_unbind(x);
}

static bool answer_piece(gh_exchange *x)
{
    gh_io *to = &x->client->io;
    gh_iobuf *from = x->link->io.in;
    uint64_t before = x->answer_bytes;
    if (x->answer_framing == GH_FRAMING_CHUNKED) {
        enum gh_chunk_result r =
            copy_chunked(to, from, &x->answer_chunks, x->answer_chunked, &x->answer_bytes);
        if (r == GH_CHUNK_BAD) {
            gh_exchange_fail(x, GH_REASON_UPSTREAM_INVALID, "the upstream's chunked body is malformed");
            return false;
        }
        if (r == GH_CHUNK_END)
            gh_relay_answer_done(x);
    } else if (x->answer_framing == GH_FRAMING_CLOSE && x->answer_chunked) {
        gh_buf out = gh_io_out_begin(to);
        gh_str data = gh_str_cut(gh_iobuf_str(from), 0, gh_buf_room(&out) - GH_CHUNK_FRAME_MAX - LAST_CHUNK);
        gh_chunked_put(&out, data);
        gh_io_out_done(to, &out);
        from->start += (uint32_t)data.n;
        x->answer_bytes += data.n;
    } else {
        uint64_t n = copy_plain(to, from, x->answer_left);
        x->answer_bytes += n;
        if (x->answer_framing == GH_FRAMING_LENGTH)
            x->answer_left -= n;
        if (x->answer_framing == GH_FRAMING_LENGTH && x->answer_left == 0)
            gh_relay_answer_done(x);
    }
    gh_metric_add(x->client->worker->metrics, GH_METRIC_BYTES_OUT, x->answer_bytes - before);
    return true;
}

bool gh_relay_answer(gh_exchange *x)
{
    bool more = false;
    if (x->answer == GH_ANSWER_WAIT && !gh_answer_read_head(x, &more))
        return false;
    if (more || x->client->state == GH_CLIENT_TUNNEL)
        return true;
    if (x->answer == GH_ANSWER_BODY && (x->answer_framing == GH_FRAMING_NONE ||
                                        (x->answer_framing == GH_FRAMING_LENGTH && x->answer_left == 0)))
        gh_relay_answer_done(x);
    while (x->answer == GH_ANSWER_BODY && gh_iobuf_len(x->link->io.in) > 0 && make_room(&x->client->io))
        if (!answer_piece(x))
            return false;
    if (x->answer == GH_ANSWER_BODY && x->link->eof && gh_iobuf_len(x->link->io.in) == 0 &&
        make_room(&x->client->io))
        gh_relay_answer_done(x);
    return true;
}

void gh_relay_answer_end(gh_exchange *x)
{
    /* What was read may still wait for a client that takes it slowly. */
    x->link->eof = true;
    if (gh_relay_answer(x))
        gh_relay_settle(x);
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
    if (total > 0 && x->started_ms + total < deadline)
        deadline = x->started_ms + total;
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
    } while (stalled != NULL);
    bool blocked = gh_iobuf_len(c->io.out) > 0;
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
