/* Bodies that are looked into: read whole and de-chunked into memory, checked, and sent from there. What was checked
 * is what is forwarded, byte for byte.
 *
 * A client gets memory only for bytes it has sent, whatever it declares, and all held bodies of the process together
 * no more than validation.memory. */
#include <stdlib.h>

#include "base/crypto.h"
#include "edges/proxy/proxy.h"

enum { FIRST_CAP = 16 * 1024 };

/* Bodies for endpoints of our own hold passwords: nothing of them stays behind. */
static bool holds_secrets(const gh_exchange *x)
{
    return x->txn.route->endpoint != NULL;
}

void gh_scratch_open(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    gh_arena_reset(&w->scratch);
    gh_arena_init(&w->scratch, w->scratch_memory, GH_SCRATCH_FIRST, gh_policy_scratch_cap(x->txn.policy));
}

void gh_scratch_begin(gh_exchange *x)
{
    const gh_policy *p = x->txn.policy;
    if (gh_likely(p->stage_starts[GH_STAGE_BODY] == p->stage_starts[GH_STAGE_BODY + 1]))
        return;
    gh_scratch_open(x);
    gh_engine_scratch(&x->txn, &x->client->worker->scratch);
}

void gh_scratch_end(gh_exchange *x)
{
    gh_txn *txn = &x->txn;
    if (gh_likely(txn->scratch == txn->arena))
        return;
    if (holds_secrets(x))
        gh_arena_wipe(&x->client->worker->scratch);
    gh_arena_reset(&x->client->worker->scratch);
    txn->scratch = txn->arena;
    txn->new_body = (gh_str){NULL, 0};
    txn->findings = (gh_findings){NULL, 0, 0, 0};
    txn->input_read = false;
}

static bool reserve(gh_exchange *x, size_t more, uint64_t max)
{
    gh_worker *w = x->client->worker;
    uint64_t before = atomic_fetch_add_explicit(w->held, more, memory_order_relaxed);
    if (before + more > max) {
        atomic_fetch_sub_explicit(w->held, more, memory_order_relaxed);
        return false;
    }
    gh_metric_add(w->metrics, GH_METRIC_BODIES_HELD, more);
    return true;
}

static void give_back(gh_exchange *x, size_t less)
{
    gh_worker *w = x->client->worker;
    atomic_fetch_sub_explicit(w->held, less, memory_order_relaxed);
    gh_metric_sub(w->metrics, GH_METRIC_BODIES_HELD, less);
}

void gh_held_free(gh_exchange *x, gh_held *h)
{
    if (gh_likely(h->data == NULL))
        return;
    give_back(x, h->cap);
    if (holds_secrets(x))
        gh_wipe(h->data, h->cap);
    free(h->data);
    h->data = NULL;
    h->size = h->cap = h->sent = 0;
}

bool gh_held_grow(gh_exchange *x, gh_held *h, size_t need, uint64_t most)
{
    if (need <= h->cap)
        return true;
    size_t cap = h->cap == 0 ? FIRST_CAP : h->cap * 2;
    if (cap > most || holds_secrets(x))
        cap = (size_t)most; /* never grown: growing would leave a copy */
    if (cap < need)
        cap = need;
    size_t more = cap - h->cap;
    uint64_t max = x->txn.policy->input.max_memory;
    /* Copies of answers are only for reports: they leave half of it to the requests. */
    if (!reserve(x, more, h == &x->copy ? max / 2 : max))
        return false;
    char *data = realloc(h->data, cap);
    if (data == NULL) {
        give_back(x, more);
        return false;
    }
    h->data = data;
    h->cap = cap;
    return true;
}

/* False: *ret_why says why not. */
static bool append(gh_exchange *x, gh_str data, enum gh_reason *ret_why)
{
    gh_held *h = &x->held;
    bool by_length = x->head.framing == GH_FRAMING_LENGTH;
    if (data.n > x->txn.max_body - h->size) {
        *ret_why = GH_REASON_BODY_TOO_LARGE;
        return false;
    }
    if (!gh_held_grow(x, h, h->size + data.n, by_length ? x->head.content_length : x->txn.max_body)) {
        *ret_why = GH_REASON_BODY_MEMORY_FULL;
        return false;
    }
    memcpy(h->data + h->size, data.p, data.n);
    h->size += data.n;
    x->request_bytes += data.n;
    gh_metric_add(x->client->worker->metrics, GH_METRIC_BYTES_IN, data.n);
    return true;
}

static bool take_plain(gh_exchange *x, gh_str *in, enum gh_reason *ret_why)
{
    gh_str data = gh_str_cut(*in, 0, in->n < x->request_left ? in->n : (size_t)x->request_left);
    if (!append(x, data, ret_why))
        return false;
    *in = gh_str_cut(*in, data.n, in->n);
    x->request_left -= data.n;
    x->request_done = x->request_left == 0;
    return true;
}

static bool take_chunked(gh_exchange *x, gh_str *in, enum gh_reason *ret_why)
{
    gh_str data;
    enum gh_chunk_result r;
    while ((r = gh_chunked_next(&x->request_chunks, in, &data)) == GH_CHUNK_DATA)
        if (!append(x, data, ret_why))
            return false;
    x->request_done = r == GH_CHUNK_END;
    *ret_why = GH_REASON_MALFORMED_REQUEST;
    return r != GH_CHUNK_BAD;
}

static void refuse(gh_exchange *x, enum gh_reason why)
{
    gh_worker *w = x->client->worker;
    const char *detail = "the body is over the limit";
    if (why == GH_REASON_MALFORMED_REQUEST) {
        gh_metric_add(w->metrics, GH_METRIC_MALFORMED, 1);
        x->keep_alive = false;
        detail = "the chunked body is malformed";
    } else if (why == GH_REASON_BODY_MEMORY_FULL) {
        detail = "validation.memory is in use";
    }
    gh_exchange_refuse(x, why, detail);
}

/* All of it is there: on to the stage BODY. */
static void whole(gh_exchange *x)
{
    gh_iobuf *in = x->client->io.in;
    if (gh_iobuf_len(in) == 0)
        in->start = in->end = x->head_size; /* room for what comes behind it */
    x->held.state = GH_HOLD_WHOLE;
    x->rewindable = true;
    gh_engine_body(&x->txn, (gh_str){x->held.data != NULL ? x->held.data : "", x->held.size});
    enum gh_reason ended = gh_standing_ended(x);
    if (gh_unlikely(ended != GH_REASON_NONE))
        gh_exchange_refuse(x, ended, "the caller's access ended before the body was there");
    else
        gh_exchange_decide(x);
}

void gh_hold_event(gh_exchange *x)
{
    gh_iobuf *from = x->client->io.in;
    gh_str in = gh_iobuf_str(from);
    enum gh_reason why = GH_REASON_NONE;
    bool by_length = x->head.framing == GH_FRAMING_LENGTH;
    bool good = in.n == 0 || (by_length ? take_plain(x, &in, &why) : take_chunked(x, &in, &why));
    if (from != NULL && holds_secrets(x))
        gh_wipe(from->data + from->start, from->end - from->start - in.n);
    if (from != NULL)
        from->start = from->end - (uint32_t)in.n;
    if (!good)
        refuse(x, why);
    else if (x->request_done)
        whole(x);
    else
        gh_relay_settle(x);
}

/* RFC 9110 section 10.1.1: who waits to be asked for the body is asked by us, as it is us who want it. */
static bool put_continue(gh_exchange *x)
{
    gh_io *io = &x->client->io;
    if (!gh_io_out_room(io, 64))
        return false;
    gh_buf out = gh_io_out_begin(io);
    gh_buf_lit(&out, "HTTP/1.1 100 Continue\r\n\r\n");
    gh_io_out_done(io, &out);
    return true;
}

void gh_hold_begin(gh_exchange *x)
{
    gh_scratch_end(x);
    x->held.state = GH_HOLD_READING;
    bool asks = x->head.expect_continue && x->head.minor == 1 && gh_iobuf_len(x->client->io.in) == 0;
    if (asks && !put_continue(x)) {
        gh_client_close(x->client);
        return;
    }
    gh_hold_event(x);
}

bool gh_hold_replace(gh_exchange *x)
{
    gh_str body = x->txn.new_body;
    gh_held *h = &x->held;
    if (gh_likely(body.p == NULL))
        return true;
    if (!gh_held_grow(x, h, body.n, body.n))
        return false;
    if (body.n > 0)
        memcpy(h->data, body.p, body.n);
    h->size = body.n;
    x->txn.body = (gh_str){h->data, h->size};
    return true;
}
