/* Heads as they go out: written anew from what was understood, never relayed as bytes. */
#include "core/answer.h"
#include "edges/proxy/proxy.h"
#include "identity/token.h"

#define BIT(name) GH_FIELD_BIT(GH_FIELD_##name)

/* RFC 9110 section 7.6.1: these end at each connection. The framing fields are written by us. */
static const uint64_t hop_by_hop = BIT(CONNECTION) | BIT(KEEP_ALIVE) | BIT(PROXY_CONNECTION) |
                                   BIT(PROXY_AUTHORIZATION) | BIT(PROXY_AUTHENTICATE) | BIT(TE) |
                                   BIT(TRAILER) | BIT(TRANSFER_ENCODING) | BIT(UPGRADE) |
                                   BIT(CONTENT_LENGTH) | BIT(HTTP2_SETTINGS);

/* What only a proxy may say, and what some frameworks take for another method, path or host. */
static const uint64_t not_the_clients =
    BIT(VIA) | BIT(FORWARDED) | BIT(X_FORWARDED_FOR) | BIT(X_FORWARDED_PROTO) | BIT(X_FORWARDED_HOST) |
    BIT(X_FORWARDED_PORT) | BIT(X_FORWARDED_PREFIX) | BIT(X_FORWARDED_OTHER) | BIT(X_ORIGINAL) |
    BIT(X_REWRITE_URL) | BIT(X_HTTP_METHOD_OVERRIDE) | BIT(X_REAL_IP) | BIT(X_REQUEST_ID) | BIT(X_GATEHOUSE);

/* Copies field lines; neighbours that are already "name: value CRLF" go in one piece. */
typedef struct line_copier {
    gh_buf *out;
    const char *from, *to;
} line_copier;

static void flush_lines(line_copier *lc)
{
    if (lc->from != NULL)
        gh_buf_put(lc->out, (gh_str){lc->from, (size_t)(lc->to - lc->from)});
    lc->from = NULL;
}

static void copy_line(line_copier *lc, const gh_field *f)
{
    const char *colon = f->name.p + f->name.n;
    const char *end = f->value.p + f->value.n;
    if (gh_likely(f->value.p == colon + 2 && colon[1] == ' ' && end[0] == '\r')) {
        if (lc->from == NULL)
            lc->from = f->name.p;
        else if (lc->to != f->name.p) {
            flush_lines(lc);
            lc->from = f->name.p;
        }
        lc->to = end + 2;
        return;
    }
    flush_lines(lc);
    gh_buf_put(lc->out, f->name);
    gh_buf_lit(lc->out, ": ");
    gh_buf_put(lc->out, f->value);
    gh_buf_lit(lc->out, "\r\n");
}

/* The options Connection names, but the common ones. False: there are none to look for. */
static bool has_named_fields(const gh_h1_head *head)
{
    if ((head->seen & BIT(CONNECTION)) == 0)
        return false;
    for (unsigned i = 0; i < head->n_fields; i++) {
        if (head->fields[i].id != GH_FIELD_CONNECTION)
            continue;
        gh_str list = head->fields[i].value, name;
        while (gh_str_next(&list, ',', &name)) {
            name = gh_str_trim(name);
            if (name.n > 0 && !gh_str_eq_nocase(name, GH_STR("keep-alive")) &&
                !gh_str_eq_nocase(name, GH_STR("close")) && !gh_str_eq_nocase(name, GH_STR("upgrade")))
                return true;
        }
    }
    return false;
}

static bool named_by_connection(const gh_h1_head *head, gh_str name)
{
    for (unsigned i = 0; i < head->n_fields; i++)
        if (head->fields[i].id == GH_FIELD_CONNECTION && gh_list_names(head->fields[i].value, name))
            return true;
    return false;
}

/* "X_Forwarded_For": many frameworks read "_" as "-", so it must not get past where "-" does not. */
static bool disguised(gh_str name)
{
    char plain[64];
    if (gh_str_find(name, '_') == name.n)
        return false;
    if (name.n > sizeof plain)
        return true;
    for (size_t i = 0; i < name.n; i++)
        plain[i] = name.p[i] == '_' ? '-' : name.p[i];
    return gh_field_classify((gh_str){plain, name.n}) != GH_FIELD_UNKNOWN;
}

static void copy_fields(const gh_h1_head *head, uint64_t drop, bool request, gh_buf *out)
{
    line_copier lc = {out, NULL, NULL};
    bool named = has_named_fields(head);
    for (unsigned i = 0; i < head->n_fields; i++) {
        const gh_field *f = &head->fields[i];
        if (f->id != GH_FIELD_UNKNOWN && (drop & GH_FIELD_BIT(f->id)) != 0)
            continue;
        if (request && f->id == GH_FIELD_UNKNOWN && disguised(f->name))
            continue;
        if (gh_unlikely(named) && named_by_connection(head, f->name))
            continue;
        copy_line(&lc, f);
    }
    flush_lines(&lc);
}

static void put_line(gh_buf *out, gh_str name, gh_str value)
{
    gh_buf_put(out, name);
    gh_buf_put(out, value);
    gh_buf_lit(out, "\r\n");
}

static gh_str proto_of(const gh_exchange *x)
{
    return x->txn.secure ? GH_STR("https") : GH_STR("http");
}

/* Who sent this, from the verified chain only. */
static void put_forwarded(const gh_exchange *x, gh_buf *out)
{
    const gh_txn *txn = &x->txn;
    int style = x->upstream->config->forwarded;
    if (style == GH_FORWARDED_OFF)
        return;
    const gh_ip *peer = &x->request.peer;
    gh_str asked = txn->target.authority.p != NULL ? txn->target.authority : x->request.host;
    gh_str host = txn->client.host.p != NULL ? txn->client.host : asked;
    if (style != GH_FORWARDED_RFC7239) {
        gh_buf_lit(out, "X-Forwarded-For: ");
        gh_forwarded_put_xff(out, &txn->client, peer);
        gh_buf_lit(out, "\r\nX-Real-IP: ");
        gh_ip_format(&txn->client.ip, out);
        put_line(out, GH_STR("\r\nX-Forwarded-Proto: "), proto_of(x));
        if (host.n > 0)
            put_line(out, GH_STR("X-Forwarded-Host: "), host);
    }
    if (style != GH_FORWARDED_X) {
        gh_buf_lit(out, "Forwarded: ");
        gh_forwarded_put_rfc7239(out, &txn->client, peer, proto_of(x), host);
        gh_buf_lit(out, "\r\n");
    }
}

static void put_via(const gh_exchange *x, gh_buf *out)
{
    gh_buf_lit(out, "Via: ");
    bool trusted =
        gh_cidr_any(x->txn.policy->trusted_proxies, x->txn.policy->n_trusted_proxies, &x->request.peer);
    if (trusted && (x->head.seen & BIT(VIA)) != 0) {
        for (unsigned i = 0; i < x->head.n_fields; i++) {
            if (x->fields[i].id != GH_FIELD_VIA || x->fields[i].value.n == 0)
                continue;
            gh_buf_put(out, x->fields[i].value);
            gh_buf_lit(out, ", ");
        }
    }
    gh_buf_put(out, x->head.minor == 0 ? GH_STR("1.0 gatehouse\r\n") : GH_STR("1.1 gatehouse\r\n"));
}

static void put_request_framing(const gh_exchange *x, gh_buf *out)
{
    const gh_h1_head *h = &x->head;
    if (x->held.state == GH_HOLD_WHOLE) { /* exactly what was looked at */
        gh_buf_lit(out, "Content-Length: ");
        gh_buf_u64(out, x->held.size);
        gh_buf_lit(out, "\r\n");
    } else if (h->framing == GH_FRAMING_LENGTH) {
        gh_buf_lit(out, "Content-Length: ");
        gh_buf_u64(out, h->content_length);
        gh_buf_lit(out, "\r\n");
    } else if (h->framing == GH_FRAMING_CHUNKED) {
        gh_buf_lit(out, "Transfer-Encoding: chunked\r\n");
    }
    if (x->upgrade)
        gh_buf_lit(out, "Connection: upgrade\r\nUpgrade: websocket\r\n");
}

/* The cookies that are not ours, in one field (RFC 6265 section 5.4). */
static void put_cookies(const gh_exchange *x, gh_buf *out)
{
    if ((x->head.seen & BIT(COOKIE)) == 0)
        return;
    size_t before = out->n;
    gh_buf_lit(out, "Cookie: ");
    size_t start = out->n;
    for (unsigned i = 0; i < x->head.n_fields; i++) {
        if (x->fields[i].id != GH_FIELD_COOKIE)
            continue;
        size_t piece = out->n;
        if (piece > start)
            gh_buf_lit(out, "; ");
        size_t after = out->n;
        gh_identity_strip_cookies(&x->txn, x->fields[i].value, out);
        if (out->n == after)
            out->n = piece;
    }
    if (out->n == start)
        out->n = before;
    else
        gh_buf_lit(out, "\r\n");
}

bool gh_head_to_upstream(gh_exchange *x, const gh_server *server, gh_buf *out)
{
    const gh_txn *txn = &x->txn;
    gh_buf_put(out, x->head.method);
    gh_buf_char(out, ' ');
    gh_buf_put(out, txn->target.path);
    if (txn->target.query.p != NULL) {
        gh_buf_char(out, '?');
        gh_buf_put(out, txn->target.query);
    }
    gh_buf_lit(out, " HTTP/1.1\r\n");
    gh_str host = txn->target.authority.p != NULL ? txn->target.authority : x->request.host;
    bool preserve = x->upstream->config->preserve_host && host.p != NULL;
    put_line(out, GH_STR("Host: "), preserve ? host : server->host);
    uint64_t drop = hop_by_hop | not_the_clients | BIT(HOST);
    if (x->held.state == GH_HOLD_WHOLE || (x->request_done && x->head.framing == GH_FRAMING_NONE))
        drop |= BIT(EXPECT);
    /* What proves who asks is for us, not for the upstream and its logs: it is told by X-Gatehouse-*. */
    drop |= gh_identity_strip(txn);
    copy_fields(&x->head, drop, true, out);
    if ((drop & BIT(COOKIE)) != 0)
        put_cookies(x, out);
    put_via(x, out);
    put_forwarded(x, out);
    gh_identity_forward(&x->txn, out);
    put_line(out, GH_STR("X-Request-Id: "), gh_txn_id(&x->txn));
    put_request_framing(x, out);
    gh_buf_lit(out, "\r\n");
    return gh_buf_ok(out);
}

static void put_status_line(gh_buf *out, unsigned status, gh_str phrase)
{
    gh_buf_lit(out, "HTTP/1.1 ");
    gh_buf_u64(out, status);
    gh_buf_char(out, ' ');
    gh_buf_put(out, phrase);
    gh_buf_lit(out, "\r\n");
}

static void put_connection(const gh_exchange *x, gh_buf *out)
{
    if (!x->keep_alive)
        gh_buf_lit(out, "Connection: close\r\n");
    else if (x->head.minor == 0)
        gh_buf_lit(out, "Connection: keep-alive\r\n");
}

static void put_answer_framing(const gh_exchange *x, const gh_h1_head *head, gh_buf *out)
{
    if (x->answer_chunked) {
        gh_buf_lit(out, "Transfer-Encoding: chunked\r\n");
        return;
    }
    /* HEAD and 304 may say the length of what they do not carry. */
    bool has_length =
        head->framing == GH_FRAMING_LENGTH ||
        (head->framing == GH_FRAMING_NONE && (head->seen & BIT(CONTENT_LENGTH)) != 0 && head->status != 204);
    if (!has_length)
        return;
    gh_buf_lit(out, "Content-Length: ");
    gh_buf_u64(out, head->content_length);
    gh_buf_lit(out, "\r\n");
}

static bool put_interim(const gh_h1_head *head, gh_buf *out)
{
    put_status_line(out, head->status, head->phrase);
    if (head->status != 100)
        copy_fields(head, hop_by_hop | BIT(SERVER) | BIT(X_POWERED_BY), false, out);
    if (head->status == 101)
        gh_buf_lit(out, "Connection: upgrade\r\nUpgrade: websocket\r\n");
    gh_buf_lit(out, "\r\n");
    return gh_buf_ok(out);
}

bool gh_head_to_client(gh_exchange *x, const gh_h1_head *head, gh_buf *out)
{
    gh_worker *w = x->client->worker;
    if (head->status < 200)
        return put_interim(head, out);
    gh_buf lines = gh_buf_over(w->lines, GH_LINES_SIZE);
    gh_reply reply = {.status = head->status,
                      .fields = head->fields,
                      .n_fields = head->n_fields,
                      .seen = head->seen,
                      .drop = hop_by_hop,
                      .out = &lines};
    gh_engine_reply(&x->txn, &reply);
    put_status_line(out, head->status, head->phrase);
    copy_fields(head, reply.drop, false, out);
    if ((head->seen & BIT(DATE)) == 0)
        put_line(out, GH_STR("Date: "), gh_worker_date(w));
    gh_buf_put(out, gh_buf_str(&lines));
    put_answer_framing(x, head, out);
    put_connection(x, out);
    gh_buf_lit(out, "\r\n");
    return gh_buf_ok(&lines) && gh_buf_ok(out);
}

bool gh_head_own_answer(gh_exchange *x, bool with_body, gh_buf *out)
{
    gh_worker *w = x->client->worker;
    gh_buf lines = gh_buf_over(w->lines, GH_LINES_SIZE - GH_PROBLEM_SIZE);
    gh_buf body = gh_buf_over(w->lines + GH_LINES_SIZE - GH_PROBLEM_SIZE, GH_PROBLEM_SIZE);
    unsigned status = x->txn.verdict.status;
    gh_answer_write(&x->txn, &lines, &body);
    gh_str text = gh_answer_own_body(&x->txn);
    if (text.p == NULL)
        text = gh_buf_str(&body);
    put_status_line(out, status, gh_status_phrase(status));
    put_line(out, GH_STR("Date: "), gh_worker_date(w));
    gh_buf_put(out, gh_buf_str(&lines));
    if (status != 204) {
        gh_buf_lit(out, "Content-Length: ");
        gh_buf_u64(out, text.n);
        gh_buf_lit(out, "\r\n");
    }
    put_connection(x, out);
    gh_buf_lit(out, "\r\n");
    if (with_body) {
        gh_str piece = gh_str_cut(text, 0, gh_buf_room(out));
        gh_buf_put(out, piece);
        /* A problem document is in the worker's scratch and always fits; an endpoint's answer lives as long as x. */
        x->own_left = gh_str_cut(text, piece.n, text.n);
        if (x->own_left.n > 0 && gh_answer_own_body(&x->txn).p == NULL)
            return false;
    }
    x->answer_bytes = with_body ? text.n : 0;
    return gh_buf_ok(&lines) && gh_buf_ok(&body) && gh_buf_ok(out);
}
