/* The upstream's answer: its head, interim answers (1xx) before it, and how its body ends. */
#include "edges/proxy/proxy.h"

enum { INTERIMS_MAX = 32 };

static void note_arrival(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    uint64_t now = uv_now(&w->loop);
    x->upstream_ms = now - x->sent_ms;
    if (w->log_access)
        x->upstream_ns = uv_hrtime() - x->started_ns;
    gh_histogram_record(w->metrics, GH_HISTOGRAM_UPSTREAM, x->upstream_ms * 1000000);
    gh_upstream_worked(x->link->pool->server, w);
}

static bool put_to_client(gh_exchange *x, const gh_h1_head *head)
{
    gh_client *c = x->client;
    if (!gh_io_out_room(&c->io, 0)) {
        gh_client_close(c);
        return false;
    }
    gh_buf out = gh_io_out_begin(&c->io);
    if (!gh_head_to_client(x, head, &out)) {
        gh_exchange_fail(x, GH_REASON_UPSTREAM_INVALID, "the upstream's head is too large");
        return false;
    }
    gh_io_out_done(&c->io, &out);
    return true;
}

/* 1xx: passed on to who understands it (RFC 9110 section 15.2); the real answer follows. */
static bool interim(gh_exchange *x, const gh_h1_head *head)
{
    gh_iobuf *in = x->link->io.in;
    if (++x->interims > INTERIMS_MAX) {
        gh_exchange_fail(x, GH_REASON_UPSTREAM_INVALID, "too many interim answers");
        return false;
    }
    /* Of a held body the client has been told already. */
    bool awaited = x->head.expect_continue && x->held.state == GH_HOLD_NONE;
    bool known = head->status == 103 || (head->status == 100 && awaited);
    if (x->head.minor == 1 && known && !put_to_client(x, head))
        return false;
    in->start += (uint32_t)head->head_size;
    return true;
}

/* How the body comes from the upstream and how it goes to the client (RFC 9112 section 6.3). */
static void set_framing(gh_exchange *x, const gh_h1_head *head)
{
    x->answer_framing = (uint8_t)head->framing;
    x->answer_left = head->framing == GH_FRAMING_LENGTH ? head->content_length : UINT64_MAX;
    if (head->framing == GH_FRAMING_CHUNKED)
        gh_chunked_init(&x->answer_chunks);
    bool unknown = head->framing == GH_FRAMING_CHUNKED || head->framing == GH_FRAMING_CLOSE;
    x->answer_chunked = unknown && x->head.minor == 1;
    if (unknown && x->head.minor == 0)
        x->keep_alive = false; /* the end of the connection is the end of the body */
    x->link_reusable = head->keep_alive && head->framing != GH_FRAMING_CLOSE;
    if (x->client->worker->draining)
        x->keep_alive = false;
}

static bool switch_protocols(gh_exchange *x, const gh_h1_head *head)
{
    if (!x->upgrade || !head->upgrade) {
        gh_exchange_fail(x, GH_REASON_UPSTREAM_INVALID, "101 that nobody asked for");
        return false;
    }
    if (!put_to_client(x, head))
        return false;
    x->status = 101;
    x->link->io.in->start += (uint32_t)head->head_size;
    gh_tunnel_start(x);
    return true;
}

static bool take_head(gh_exchange *x, const gh_h1_head *head)
{
    note_arrival(x);
    if (head->status == 101)
        return switch_protocols(x, head);
    set_framing(x, head);
    if (!put_to_client(x, head))
        return false;
    x->status = head->status;
    x->answer = GH_ANSWER_BODY;
    if (gh_unlikely(x->txn.policy->input.responses) && x->txn.operation != NULL)
        gh_drift_head(x, head);
    if (!gh_hold_unsent(x))
        gh_held_free(x, &x->held);
    x->link->io.in->start += (uint32_t)head->head_size;
    return true;
}

bool gh_answer_read_head(gh_exchange *x, bool *ret_more)
{
    const gh_config *config = x->view->generation->config;
    gh_h1_limits limits = {config->limits.head, 0, GH_RESPONSE_FIELDS};
    bool to_head = gh_str_eq(x->head.method, GH_STR("HEAD"));
    gh_field *fields = x->client->worker->response_fields;
    for (;;) {
        gh_h1_head head;
        gh_str in = gh_iobuf_str(x->link->io.in);
        enum gh_h1_result r =
            in.n == 0 ? GH_H1_MORE : gh_h1_read_response(in, &limits, fields, to_head, &head);
        if (r == GH_H1_MORE) {
            *ret_more = true;
            return true;
        }
        if (r != GH_H1_DONE) {
            gh_exchange_fail(x, GH_REASON_UPSTREAM_INVALID, head.error);
            return false;
        }
        if (head.status >= 200 || head.status == 101)
            return take_head(x, &head);
        if (!interim(x, &head))
            return false;
    }
}
