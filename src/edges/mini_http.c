#include "edges/mini_http.h"

#include <stdio.h>
#include <stdlib.h>

#include "edges/mini_conn.h"

enum { BODY_ROOM = 4096, LINGER_MS = 1000, BACKLOG = 64 };

static void on_timer(uv_timer_t *timer);
static void on_data(gh_mini_conn *c);

/* --- the end of things --- */

static void release(gh_mini *m)
{
    if (--m->open == 0)
        free(m);
}

static void on_listener_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_closed(uv_handle_t *handle)
{
    gh_mini_conn *c = handle->data;
    if (--c->open > 0)
        return;
    gh_mini *m = c->server;
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    m->n_conns--;
    free(c->in);
    free(c->out);
    free(c);
    release(m);
}

void gh_mini_close(gh_mini_conn *c)
{
    if (uv_is_closing(&c->socket.handle))
        return;
    uv_close(&c->socket.handle, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

void gh_mini_stop(gh_mini *m)
{
    if (m->stopping)
        return;
    m->stopping = true;
    for (gh_mini_conn *c = m->conns; c != NULL; c = c->next)
        gh_mini_close(c);
    uv_close(&m->listener.handle, on_listener_closed);
}

/* --- reading --- */

void gh_mini_wait(gh_mini_conn *c, enum gh_mini_phase phase, uint64_t ms)
{
    c->phase = phase;
    (void)uv_timer_start(&c->timer, on_timer, ms, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    gh_mini_conn *c = handle->data;
    if (c->phase == GH_MINI_LINGER)
        c->in_n = 0;
    *ret = uv_buf_init(c->in + c->in_n, (unsigned)(c->in_cap - c->in_n));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    (void)buf;
    gh_mini_conn *c = stream->data;
    if (n < 0) {
        gh_mini_close(c);
        return;
    }
    if (c->phase == GH_MINI_LINGER)
        return;
    c->in_n += (size_t)n;
    on_data(c);
}

static void receive_body(gh_mini_conn *c, gh_str data)
{
    size_t room = sizeof c->body - c->body_n;
    size_t n = data.n < room ? data.n : room;
    if (n > 0)
        memcpy(c->body + c->body_n, data.p, n);
    c->body_n += n;
    c->body_size += data.n;
}

/* Takes the body's bytes off *in. True: the body goes on. */
static bool read_body(gh_mini_conn *c, gh_str *in, bool *ret_bad)
{
    *ret_bad = false;
    if (c->head.framing != GH_FRAMING_CHUNKED) {
        gh_str data = gh_str_cut(*in, 0, c->body_left < in->n ? (size_t)c->body_left : in->n);
        receive_body(c, data);
        c->body_left -= data.n;
        *in = gh_str_cut(*in, data.n, in->n);
        return c->body_left > 0;
    }
    for (;;) {
        gh_str data;
        switch (gh_chunked_next(&c->chunked, in, &data)) {
        case GH_CHUNK_DATA:
            receive_body(c, data);
            break;
        case GH_CHUNK_MORE:
            return true;
        case GH_CHUNK_END:
            return false;
        case GH_CHUNK_BAD:
            *ret_bad = true;
            return false;
        }
    }
}

static void on_body(gh_mini_conn *c)
{
    bool bad;
    gh_str rest = {c->in + c->head.head_size, c->in_n - c->head.head_size};
    bool more = read_body(c, &rest, &bad);
    if (bad) {
        gh_mini_refuse(c, 400, "malformed_request", "the body's chunks are not well-formed");
        return;
    }
    if (c->body_size > c->server->options.max_body) {
        gh_mini_refuse(c, 413, "body_too_large", "the body is larger than this page takes");
        return;
    }
    if (rest.n > 0)
        memmove(c->in + c->head.head_size, rest.p, rest.n);
    c->in_n = c->head.head_size + rest.n;
    if (more) {
        c->phase = GH_MINI_BODY;
        return;
    }
    (void)uv_read_stop(&c->socket.stream);
    gh_mini_make_answer(c);
}

static void begin_body(gh_mini_conn *c)
{
    static char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    c->keep = c->server->options.keep_alive && c->head.keep_alive;
    c->body_n = 0;
    c->body_size = 0;
    c->body_left = c->head.framing == GH_FRAMING_LENGTH ? c->head.content_length : 0;
    gh_chunked_init(&c->chunked);
    if (c->body_left > c->server->options.max_body) {
        gh_mini_refuse(c, 413, "body_too_large", "the body is larger than this page takes");
        return;
    }
    if (c->head.expect_continue && c->head.framing != GH_FRAMING_NONE) {
        uv_buf_t buf = uv_buf_init(go_on, sizeof go_on - 1);
        (void)uv_try_write(&c->socket.stream, &buf, 1); /* a client that does not get it sends all the same */
    }
    on_body(c);
}

static void on_data(gh_mini_conn *c)
{
    const gh_mini_options *o = &c->server->options;
    gh_h1_limits limits = {.head = o->max_head, .target = o->max_head, .fields = GH_MINI_FIELDS};
    if (c->phase == GH_MINI_BODY) {
        on_body(c);
        return;
    }
    switch (gh_h1_read_request((gh_str){c->in, c->in_n}, &limits, c->fields, &c->head)) {
    case GH_H1_MORE:
        return;
    case GH_H1_DONE:
        begin_body(c);
        return;
    case GH_H1_BAD:
        gh_mini_refuse(c, 400, "malformed_request", "the request is not well-formed HTTP/1.1");
        return;
    case GH_H1_TOO_LARGE:
        gh_mini_refuse(c, 431, "head_too_large", "the request's head is too large");
        return;
    case GH_H1_VERSION:
        gh_mini_refuse(c, 505, "version_not_supported", "HTTP/1.1 is spoken here");
        return;
    }
}

/* --- between requests --- */

static void on_shutdown(uv_shutdown_t *request, int status)
{
    if (status != 0)
        gh_mini_close(request->data);
}

static void linger(gh_mini_conn *c)
{
    c->shutdown.data = c;
    if (uv_shutdown(&c->shutdown, &c->socket.stream, on_shutdown) != 0) {
        gh_mini_close(c);
        return;
    }
    gh_mini_wait(c, GH_MINI_LINGER, LINGER_MS);
    (void)uv_read_start(&c->socket.stream, on_alloc, on_read);
}

void gh_mini_answered(gh_mini_conn *c)
{
    if (!c->keep || c->server->stopping) {
        linger(c);
        return;
    }
    c->in_n -= c->head.head_size;
    memmove(c->in, c->in + c->head.head_size, c->in_n);
    c->head = (gh_h1_head){0};
    gh_mini_wait(c, GH_MINI_HEAD, c->server->options.timeout_ms);
    if (uv_read_start(&c->socket.stream, on_alloc, on_read) != 0) {
        gh_mini_close(c);
        return;
    }
    if (c->in_n > 0)
        on_data(c);
}

static void on_timer(uv_timer_t *timer)
{
    gh_mini_conn *c = timer->data;
    switch (c->phase) {
    case GH_MINI_DELAY:
    case GH_MINI_STREAM:
        gh_mini_answer_due(c);
        return;
    case GH_MINI_HEAD:
    case GH_MINI_BODY:
    case GH_MINI_WRITE:
    case GH_MINI_LINGER:
        gh_mini_close(c);
        return;
    }
}

/* --- the beginning of things --- */

static gh_mini_conn *new_conn(gh_mini *m)
{
    gh_mini_conn *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->in_cap = m->options.max_head + BODY_ROOM;
    c->in = malloc(c->in_cap);
    c->out = malloc(m->options.max_answer);
    if (c->in == NULL || c->out == NULL) {
        free(c->in);
        free(c->out);
        free(c);
        return NULL;
    }
    c->server = m;
    c->next = m->conns;
    c->link = &m->conns;
    if (c->next != NULL)
        c->next->link = &c->next;
    m->conns = c;
    m->n_conns++;
    m->open++;
    return c;
}

static void on_connection(uv_stream_t *listener, int status)
{
    gh_mini *m = listener->data;
    gh_mini_conn *c = status == 0 ? new_conn(m) : NULL;
    if (c == NULL)
        return;
    if (m->is_unix)
        (void)uv_pipe_init(listener->loop, &c->socket.pipe, 0);
    else
        (void)uv_tcp_init(listener->loop, &c->socket.tcp);
    (void)uv_timer_init(listener->loop, &c->timer);
    c->open = 2;
    c->socket.handle.data = c;
    c->timer.data = c;
    c->write.data = c;
    if (uv_accept(listener, &c->socket.stream) != 0 || m->n_conns > m->options.max_connections ||
        uv_read_start(&c->socket.stream, on_alloc, on_read) != 0) {
        gh_mini_close(c);
        return;
    }
    gh_mini_wait(c, GH_MINI_HEAD, m->options.timeout_ms);
}

gh_mini *gh_mini_start(uv_loop_t *loop, gh_str address, const gh_mini_options *options, const char **ret_why)
{
    static char why[256];
    gh_mini *m = calloc(1, sizeof *m);
    if (m == NULL) {
        *ret_why = "out of memory";
        return NULL;
    }
    m->options = *options;
    m->open = 1;
    int e = gh_mini_bind(m, loop, address);
    if (e == 0)
        e = uv_listen(&m->listener.stream, BACKLOG, on_connection);
    m->listener.handle.data = m;
    if (e == 0)
        return m;
    (void)snprintf(why, sizeof why, "can't listen on %.*s: %s", (int)(address.n > 120 ? 120 : address.n),
                   address.p, uv_strerror(e));
    *ret_why = why;
    if (m->listener.handle.loop == NULL)
        free(m);
    else
        gh_mini_stop(m);
    return NULL;
}
