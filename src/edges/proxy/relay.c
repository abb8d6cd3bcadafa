/* The bodies: both directions, re-framed as they pass, never more in memory than the buffers. */
#include "edges/proxy/proxy.h"

enum { LAST_CHUNK = 8 };

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

/* Decodes what fits. as_chunks: written as chunks again. Counts into *bytes. compared: whose answer this is, if it is
 * compared with the contract. */
static enum gh_chunk_result copy_chunked(gh_io *to, gh_iobuf *from, gh_chunked *state, bool as_chunks,
                                         uint64_t *bytes, gh_exchange *compared)
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
        if (compared != NULL && compared->answer_media != NULL)
            gh_drift_copy(compared, data);
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
        copy_chunked(&x->link->io, c->io.in, &x->request_chunks, true, &x->request_bytes, NULL);
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
        gh_held_free(x, &x->held);
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
            copy_chunked(to, from, &x->answer_chunks, x->answer_chunked, &x->answer_bytes, x);
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
        if (x->answer_media != NULL)
            gh_drift_copy(x, data);
        from->start += (uint32_t)data.n;
        x->answer_bytes += data.n;
    } else {
        gh_str data = gh_iobuf_str(from);
        uint64_t n = copy_plain(to, from, x->answer_left);
        if (x->answer_media != NULL)
            gh_drift_copy(x, gh_str_cut(data, 0, (size_t)n));
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
