#include <time.h>

#include "edges/mini_conn.h"
#include "wire/problem.h"

enum { CHUNK_HEAD = 16 };

const char *gh_mini_phrase(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } rows[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        if (rows[i].status == status)
            return rows[i].phrase;
    return "";
}

void gh_mini_problem(gh_mini_answer *answer, unsigned status, const char *error, const char *detail)
{
    gh_problem problem = {.title = gh_str_of(gh_mini_phrase(status)),
                          .status = status,
                          .detail = gh_str_of(detail),
                          .error = gh_str_of(error),
                          .message = gh_str_of(detail),
                          .retry_after = -1};
    answer->status = status;
    answer->type = GH_PROBLEM_CONTENT_TYPE;
    answer->body.n = 0;
    answer->body.overflow = false;
    gh_problem_put(&answer->body, &problem);
    gh_buf_char(&answer->body, '\n');
}

static void on_written(uv_write_t *request, int status)
{
    gh_mini_conn *c = request->data;
    if (uv_is_closing(&c->socket.handle))
        return;
    if (status != 0)
        gh_mini_close(c);
    else if (c->event < c->answer.events)
        gh_mini_wait(c, GH_MINI_STREAM, c->event == 0 ? 0 : c->answer.event_ms);
    else
        gh_mini_answered(c);
}

static void write_out(gh_mini_conn *c, gh_str head, gh_str body)
{
    uv_buf_t bufs[2] = {uv_buf_init(c->out_head, (unsigned)head.n), uv_buf_init(c->out, (unsigned)body.n)};
    gh_mini_wait(c, GH_MINI_WRITE, c->server->options.timeout_ms);
    if (uv_write(&c->write, &c->socket.stream, bufs, body.n > 0 ? 2 : 1, on_written) != 0)
        gh_mini_close(c);
}

static void put_head(gh_mini_conn *c, gh_buf *out, bool with_length)
{
    const gh_mini_answer *a = &c->answer;
    char date[40];
    time_t now = time(NULL);
    struct tm parts;
    gh_buf_printf(out, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\n", a->status, gh_mini_phrase(a->status),
                  a->type);
    if (gmtime_r(&now, &parts) != NULL &&
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0)
        gh_buf_printf(out, "Date: %s\r\n", date);
    if (with_length)
        gh_buf_printf(out, "Content-Length: %zu\r\n", a->body.n);
    else if (c->chunked_answer)
        gh_buf_lit(out, "Transfer-Encoding: chunked\r\n");
    gh_buf_lit(out, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    if (a->fields != NULL)
        gh_buf_put(out, gh_str_of(a->fields));
    gh_buf_put(out, c->keep ? GH_STR("\r\n") : GH_STR("Connection: close\r\n\r\n"));
}

static bool is_head(const gh_mini_conn *c)
{
    return gh_str_eq(c->head.method, GH_STR("HEAD"));
}

static void send_answer(gh_mini_conn *c)
{
    gh_mini_answer *a = &c->answer;
    if (!gh_buf_ok(&a->body))
        gh_mini_problem(a, 500, "answer_too_large", "the answer does not fit");
    if (a->events > 0) {
        c->chunked_answer = c->head.minor > 0;
        c->keep = c->keep && c->chunked_answer;
        a->body.n = 0;
    }
    gh_buf head = gh_buf_over(c->out_head, sizeof c->out_head);
    put_head(c, &head, a->events == 0);
    if (is_head(c))
        a->events = 0;
    write_out(c, gh_buf_str(&head), is_head(c) ? (gh_str){NULL, 0} : gh_buf_str(&a->body));
}

static void send_event(gh_mini_conn *c)
{
    const gh_mini_options *o = &c->server->options;
    gh_buf body = gh_buf_over(c->out, o->max_answer);
    gh_buf frame = gh_buf_over(c->out_head, sizeof c->out_head);
    c->event++;
    o->event(o->data, c->event, &body);
    if (!c->chunked_answer) {
        write_out(c, gh_buf_str(&frame), gh_buf_str(&body));
        return;
    }
    gh_buf_printf(&frame, "%zx\r\n", body.n);
    gh_buf_lit(&body, "\r\n");
    if (c->event == c->answer.events)
        gh_chunked_put_end(&body);
    write_out(c, gh_buf_str(&frame), gh_buf_str(&body));
}

void gh_mini_answer_due(gh_mini_conn *c)
{
    if (c->phase == GH_MINI_STREAM)
        send_event(c);
    else
        send_answer(c);
}

static void new_answer(gh_mini_conn *c)
{
    c->event = 0;
    c->answer = (gh_mini_answer){.status = 200,
                                 .type = "text/plain; charset=utf-8",
                                 .body = gh_buf_over(c->out, c->server->options.max_answer)};
}

void gh_mini_make_answer(gh_mini_conn *c)
{
    gh_mini_request request = {.head = &c->head, .body_size = c->body_size, .body = {c->body, c->body_n}};
    size_t mark = gh_str_find(c->head.target, '?');
    request.path = gh_str_cut(c->head.target, 0, mark);
    if (mark < c->head.target.n)
        request.query = gh_str_cut(c->head.target, mark + 1, c->head.target.n);
    new_answer(c);
    c->server->options.answer(c->server->options.data, &request, &c->answer);
    if (c->answer.delay_ms > 0)
        gh_mini_wait(c, GH_MINI_DELAY, c->answer.delay_ms);
    else
        send_answer(c);
}

void gh_mini_refuse(gh_mini_conn *c, unsigned status, const char *error, const char *detail)
{
    (void)uv_read_stop(&c->socket.stream);
    c->keep = false;
    new_answer(c);
    gh_mini_problem(&c->answer, status, error, detail);
    send_answer(c);
}
