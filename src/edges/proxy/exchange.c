/* An exchange: one request from its head to the last byte of its answer. */
#include <stdlib.h>
#include <time.h>

#include "core/answer.h"
#include "edges/proxy/proxy.h"

enum { KEPT_EXCHANGES = 128 };

static uint64_t now_ns(void)
{
    return uv_hrtime();
}

gh_exchange *gh_exchange_new(gh_client *c)
{
    gh_worker *w = c->worker;
    unsigned fields = (unsigned)w->view->generation->config->limits.fields;
    gh_exchange *x = w->free_exchanges;
    if (x != NULL) {
        w->free_exchanges = x->next;
        w->n_free_exchanges--;
    }
    if (x != NULL && x->max_fields < fields) {
        free(x);
        x = NULL;
    }
    if (x == NULL) {
        size_t size = sizeof *x + fields * sizeof x->fields[0];
        x = aligned_alloc(16, (size + 15) & ~(size_t)15);
        if (x == NULL)
            return NULL;
        x->max_fields = fields;
    }
    x->client = c;
    x->link = NULL;
    x->pool = NULL;
    x->upstream = NULL;
    x->view = gh_view_ref(w->view);
    x->request_left = x->request_bytes = x->waited_ms = x->waiting_since = 0;
    x->request_done = false;
    x->rewindable = true;
    x->held = x->copy = (gh_held){.state = GH_HOLD_NONE};
    x->answer_media = NULL;
    x->answer = GH_ANSWER_WAIT;
    x->answer_framing = GH_FRAMING_NONE;
    x->answer_chunked = x->link_reusable = false;
    x->answer_left = x->answer_bytes = x->upstream_ns = x->upstream_ms = 0;
    x->status = x->interims = 0;
    x->head_size = 0;
    x->keep_alive = x->upgrade = x->bound = x->fresh_only = x->logged = x->left = false;
    x->last_reason = GH_REASON_UPSTREAM_UNAVAILABLE;
    x->dispatched_ms = x->sent_ms = 0;
    x->tries = 0;
    x->tried = 0;
    x->own_left = (gh_str){NULL, 0};
    x->standing = false;
    x->drive = (gh_drive_state){.wait = GH_WAIT_NOTHING};
    x->txn.n_ops = 0;
    gh_arena_init(&x->arena, x->arena_memory, sizeof x->arena_memory, GH_EXCHANGE_ARENA_MAX);
    gh_metric_add(w->metrics, GH_METRIC_EXCHANGES_OPEN, 1);
    return x;
}

void gh_exchange_finish(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    if (x->link != NULL)
        gh_link_release(x->link, false);
    gh_exchange_unbind(x);
    gh_wait_end(x);
    gh_standing_remove(x);
    gh_txn_end(&x->txn);
    gh_held_free(x, &x->held);
    gh_held_free(x, &x->copy);
    gh_view_unref(x->view);
    gh_arena_reset(&x->arena);
    gh_metric_sub(w->metrics, GH_METRIC_EXCHANGES_OPEN, 1);
    if (w->n_free_exchanges >= KEPT_EXCHANGES) {
        free(x);
        return;
    }
    x->next = w->free_exchanges;
    w->free_exchanges = x;
    w->n_free_exchanges++;
}

void gh_exchange_free_all(gh_worker *w)
{
    while (w->free_exchanges != NULL) {
        gh_exchange *next = w->free_exchanges->next;
        free(w->free_exchanges);
        w->free_exchanges = next;
    }
}

void gh_exchange_unbind(gh_exchange *x)
{
    if (x->bound)
        x->pool->n_active--;
    x->bound = false;
}

static void set_request(gh_exchange *x)
{
    const gh_client *c = x->client;
    x->request = (gh_request){.method = x->head.method,
                              .target = x->head.target,
                              .host = x->head.host,
                              .fields = x->fields,
                              .n_fields = x->head.n_fields,
                              .seen = x->head.seen,
                              .framing = x->head.framing,
                              .content_length = x->head.content_length,
                              .peer = c->peer,
                              .tls = c->tls,
                              .classified = true};
}

static void begin(gh_exchange *x, gh_request *request)
{
    gh_worker *w = x->client->worker;
    gh_world world = gh_worker_world(w);
    world.key = x->view->generation->key;
    x->started_ms = world.now_ms;
    x->started_ns = w->log_access ? now_ns() : 0;
    gh_metric_add(w->metrics, GH_METRIC_REQUESTS, 1);
    gh_engine_begin(&x->txn, x->view->generation->policy, request, &x->arena, &world);
    x->txn.token_cache = w->token_cache;
    if (w->executors->roster != NULL)
        x->looked_epoch = gh_roster_epoch(w->executors->roster);
}

/* Our own answer goes into the client's buffer; the exchange then only waits for it to be sent. */
static void answer_ourselves(gh_exchange *x)
{
    gh_client *c = x->client;
    gh_worker *w = c->worker;
    x->answer = GH_ANSWER_DONE;
    x->status = x->txn.verdict.status;
    if (x->txn.verdict.outcome == GH_OUTCOME_REFUSE)
        gh_metric_add(w->metrics, GH_METRIC_REFUSED, 1);
    if (x->txn.verdict.reason == GH_REASON_RATE_LIMIT_EXCEEDED)
        gh_metric_add(w->metrics, GH_METRIC_RATE_LIMIT_EXCEEDED, 1);
    /* A target of two meanings is as suspicious as broken framing, and a body we will not take is not worth
     * reading: nothing more from this connection. */
    bool distrust = x->txn.verdict.reason == GH_REASON_TARGET_NOT_ACCEPTED ||
                    x->txn.verdict.reason == GH_REASON_BODY_TOO_LARGE;
    if (w->draining || distrust || !gh_relay_skip_request(x))
        x->keep_alive = false;
    bool to_head = gh_str_eq(x->head.method, GH_STR("HEAD"));
    if (!gh_io_out_room(&c->io, 0)) {
        gh_client_close(c);
        return;
    }
    gh_buf out = gh_io_out_begin(&c->io);
    bool written = gh_head_own_answer(x, !to_head, &out);
    gh_scratch_end(x);
    x->held.state = GH_HOLD_NONE;
    gh_held_free(x, &x->held);
    if (!written) {
        gh_client_close(c);
        return;
    }
    gh_io_out_done(&c->io, &out);
    gh_relay_settle(x);
}

void gh_exchange_refuse(gh_exchange *x, enum gh_reason reason, const char *detail)
{
    gh_engine_refuse(&x->txn, reason, detail);
    answer_ourselves(x);
}

void gh_exchange_refuse_head(gh_exchange *x, enum gh_reason reason, const char *detail)
{
    gh_worker *w = x->client->worker;
    memset(&x->head, 0, sizeof x->head);
    begin(x, NULL);
    if (reason == GH_REASON_MALFORMED_REQUEST)
        gh_metric_add(w->metrics, GH_METRIC_MALFORMED, 1);
    gh_engine_refuse(&x->txn, reason, detail);
    x->keep_alive = false;
    x->head.minor = 1;
    x->txn.client.ip = x->client->peer;
    x->txn.client.source = GH_STR("peer");
    /* Where such a message ends nobody can say: nothing of it may be taken for a request. */
    x->client->io.in->start = x->client->io.in->end;
    answer_ourselves(x);
}

static bool wants_websocket(const gh_exchange *x)
{
    const gh_h1_head *h = &x->head;
    if (!h->upgrade || h->minor == 0 || h->framing != GH_FRAMING_NONE || !gh_str_eq(h->method, GH_STR("GET")))
        return false;
    unsigned at = gh_fields_find(h->fields, h->n_fields, GH_FIELD_UPGRADE, 0);
    return at < h->n_fields && gh_str_eq_nocase(h->fields[at].value, GH_STR("websocket"));
}

void gh_exchange_start(gh_exchange *x, gh_h1_head head)
{
    gh_client *c = x->client;
    gh_worker *w = c->worker;
    x->head = head;
    x->head_size = (uint32_t)head.head_size;
    c->io.in->start = x->head_size;
    x->request_left = head.framing == GH_FRAMING_LENGTH ? head.content_length : 0;
    x->request_done =
        head.framing == GH_FRAMING_NONE || (head.framing == GH_FRAMING_LENGTH && head.content_length == 0);
    if (head.framing == GH_FRAMING_CHUNKED)
        gh_chunked_init(&x->request_chunks);
    x->keep_alive = head.keep_alive && !w->draining;
    x->upgrade = wants_websocket(x);
    set_request(x);
    begin(x, &x->request);
    gh_exchange_decide(x);
}

void gh_exchange_decide(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    gh_scratch_begin(x);
    gh_drive_tools tools = {w->executors,    w->counters,      w->metrics, &w->checks,
                            gh_wait_prepare, gh_wait_answered, x};
    enum gh_step step = gh_drive(&x->txn, &x->drive, &tools);
    if (step == GH_STEP_BODY) {
        gh_hold_begin(x);
        return;
    }
    if (step == GH_STEP_ASK) {
        gh_wait_begin(x);
        return;
    }
    if (x->txn.observed != 0)
        gh_metric_add(w->metrics, GH_METRIC_RATE_LIMIT_OBSERVED, 1);
    if (x->txn.verdict.outcome != GH_OUTCOME_FORWARD) {
        answer_ourselves(x);
        return;
    }
    if (!gh_hold_replace(x)) {
        gh_exchange_refuse(x, GH_REASON_BODY_MEMORY_FULL, "no memory for the sanitised body");
        return;
    }
    gh_scratch_end(x);
    gh_standing_add(x);
    gh_exchange_dispatch(x);
}

void gh_exchange_dispatch(gh_exchange *x)
{
    const gh_generation *g = x->view->generation;
    x->upstream = &g->upstreams[x->txn.route->upstream];
    x->dispatched_ms = uv_now(&x->client->worker->loop);
    gh_upstream_connect(x);
}

void gh_exchange_link_ready(gh_exchange *x)
{
    gh_link *link = x->link;
    gh_worker *w = x->client->worker;
    if (!gh_io_out_room(&link->io, 0)) {
        gh_exchange_fail(x, GH_REASON_INTERNAL_ERROR, "out of memory");
        return;
    }
    gh_buf out = gh_io_out_begin(&link->io);
    if (!gh_head_to_upstream(x, link->pool->server, &out)) {
        gh_exchange_fail(x, GH_REASON_HEAD_TOO_LARGE, "no room for the forwarding fields");
        return;
    }
    gh_io_out_done(&link->io, &out);
    gh_metric_add(w->metrics, GH_METRIC_UPSTREAM_REQUESTS, 1);
    x->sent_ms = uv_now(&w->loop);
    if (gh_relay_request(x))
        gh_relay_settle(x);
}

static bool idempotent(gh_str method)
{
    static const gh_str names[] = {GH_STR_INIT("GET"), GH_STR_INIT("HEAD"), GH_STR_INIT("OPTIONS"),
                                   GH_STR_INIT("PUT"), GH_STR_INIT("DELETE")};
    for (size_t i = 0; i < GH_COUNT(names); i++)
        if (gh_str_eq(method, names[i]))
            return true;
    return false;
}

/* RFC 9110 section 9.2.2: again only what is idempotent, or what never left. */
static bool may_retry(const gh_exchange *x)
{
    const gh_link *link = x->link;
    if (x->status != 0 || x->answer != GH_ANSWER_WAIT || link->received > 0 || !x->rewindable)
        return false;
    if (link->sent_before != link->io.sent && !idempotent(x->head.method))
        return false;
    return link->reused || x->tries <= x->upstream->config->retries;
}

static void rewind_request(gh_exchange *x)
{
    gh_client *c = x->client;
    if (x->held.state == GH_HOLD_WHOLE) {
        x->held.sent = 0;
        return;
    }
    if (c->io.in != NULL)
        c->io.in->start = x->head_size;
    x->request_bytes = 0;
    x->request_left = x->head.framing == GH_FRAMING_LENGTH ? x->head.content_length : 0;
    x->request_done = x->head.framing == GH_FRAMING_NONE ||
                      (x->head.framing == GH_FRAMING_LENGTH && x->head.content_length == 0);
    if (x->head.framing == GH_FRAMING_CHUNKED)
        gh_chunked_init(&x->request_chunks);
}

void gh_exchange_link_failed(gh_exchange *x, enum gh_reason reason, const char *detail)
{
    gh_link *link = x->link;
    gh_worker *w = x->client->worker;
    bool again = may_retry(x), reused = link->reused;
    if (!reused)
        gh_upstream_failed(link->pool->server, x->upstream->config, w, detail);
    gh_link_release(link, false);
    gh_exchange_unbind(x);
    if (!again) {
        gh_exchange_fail(x, reason, detail);
        return;
    }
    if (reused) { /* it says nothing about the server: the try does not count */
        x->fresh_only = true;
        x->tries--;
        x->tried = 0;
    }
    x->last_reason = reason;
    gh_metric_add(w->metrics, GH_METRIC_UPSTREAM_RETRIES, 1);
    rewind_request(x);
    gh_upstream_connect(x);
}

void gh_exchange_fail(gh_exchange *x, enum gh_reason reason, const char *detail)
{
    gh_client *c = x->client;
    gh_worker *w = c->worker;
    if (x->link != NULL)
        gh_link_release(x->link, false);
    gh_exchange_unbind(x);
    if (gh_reason_of(reason)->status >= 500)
        gh_metric_add(w->metrics, GH_METRIC_UPSTREAM_ERRORS, 1);
    gh_engine_refuse(&x->txn, reason, detail);
    if (x->status == 0) {
        answer_ourselves(x);
        return;
    }
    /* Part of an answer is out: the client must not take it for a whole one. */
    gh_client_reset(c);
}

void gh_exchange_client_left(gh_exchange *x)
{
    gh_worker *w = x->client->worker;
    bool complete = x->answer == GH_ANSWER_DONE && gh_iobuf_len(x->client->io.out) == 0;
    if (!complete)
        gh_metric_add(w->metrics, GH_METRIC_CLIENT_LEFT, 1);
    x->left = !complete;
    gh_access_write(x);
    gh_exchange_finish(x);
}

void gh_exchange_client_late(gh_exchange *x)
{
    if (x->drive.wait != GH_WAIT_NOTHING)
        gh_wait_late(x);
    else if (x->status == 0 && !x->request_done)
        gh_exchange_fail(x, GH_REASON_REQUEST_TIMEOUT, "the body took too long");
    else
        gh_client_reset(x->client);
}

void gh_exchange_complete(gh_exchange *x)
{
    gh_client *c = x->client;
    bool keep = x->keep_alive && x->request_done && !c->eof;
    if (x->answer_media != NULL)
        gh_drift_end(x);
    gh_access_write(x);
    gh_exchange_finish(x);
    c->exchange = NULL;
    if (keep)
        gh_client_exchange_over(c);
    else
        gh_client_linger(c);
}
