#include "edges/demo/demo.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "edges/mini_http.h"
#include "wire/json_text.h"

enum {
    MAX_HEAD = 32 * 1024,
    MAX_BODY = 64 * 1024 * 1024,
    MAX_ANSWER = 256 * 1024, /* a head of nothing but quotes grows sixfold */
    MAX_CONNECTIONS = 256,
    TIMEOUT_MS = 60000,
    SLOWEST_MS = 60000,
    EVENTS = 5,
    EVENT_MS = 1000
};

struct gh_demo {
    uv_loop_t loop;
    uv_async_t stop;
    pthread_t thread;
    gh_mini *http;
};

static void put_member(gh_buf *out, const char *name, gh_str value)
{
    gh_buf_printf(out, "  \"%s\": ", name);
    gh_json_string(out, value);
    gh_buf_lit(out, ",\n");
}

/* What the API received, as people like to read it. */
static void echo_page(const gh_mini_request *request, gh_mini_answer *answer)
{
    gh_buf *out = &answer->body;
    answer->type = "application/json";
    gh_buf_lit(out, "{\n");
    put_member(out, "message", GH_STR("This is the demo's API: it shows what Gatehouse sent to it."));
    put_member(out, "method", request->head->method);
    put_member(out, "path", request->path);
    put_member(out, "query", request->query);
    gh_buf_lit(out, "  \"headers\": [");
    for (unsigned i = 0; i < request->head->n_fields; i++) {
        gh_buf_put(out, i == 0 ? GH_STR("\n    [") : GH_STR(",\n    ["));
        gh_json_string(out, request->head->fields[i].name);
        gh_buf_lit(out, ", ");
        gh_json_string(out, request->head->fields[i].value);
        gh_buf_char(out, ']');
    }
    gh_buf_printf(out,
                  "\n  ],\n  \"body\": {\"bytes\": %llu, \"text\": ", (unsigned long long)request->body_size);
    gh_json_string(out, request->body);
    gh_buf_lit(out, "}\n}\n");
}

/* The value of ms= in a query; 0 when there is none. */
static uint64_t wanted_delay(gh_str query)
{
    gh_str part;
    uint64_t ms = 0;
    while (gh_str_next(&query, '&', &part))
        if (gh_str_starts(part, GH_STR("ms=")) && gh_str_u64(gh_str_cut(part, 3, part.n), &ms))
            return ms < SLOWEST_MS ? ms : SLOWEST_MS;
    return 0;
}

static void on_request(void *data, const gh_mini_request *request, gh_mini_answer *answer)
{
    (void)data;
    if (gh_str_eq(request->path, GH_STR("/health"))) {
        answer->type = "application/json";
        gh_buf_lit(&answer->body, "{\"status\": \"healthy\"}\n");
        return;
    }
    if (gh_str_eq(request->path, GH_STR("/stream"))) {
        answer->type = "text/event-stream";
        answer->events = EVENTS;
        answer->event_ms = EVENT_MS;
        return;
    }
    if (gh_str_eq(request->path, GH_STR("/slow")))
        answer->delay_ms = wanted_delay(request->query);
    echo_page(request, answer);
}

static void on_event(void *data, unsigned number, gh_buf *out)
{
    (void)data;
    gh_buf_printf(out, "id: %u\ndata: {\"event\": %u, \"of\": %d}\n\n", number, number, EVENTS);
}

/* --- its thread --- */

static void on_stop(uv_async_t *stop)
{
    gh_demo *demo = stop->data;
    gh_mini_stop(demo->http);
    uv_close((uv_handle_t *)stop, NULL);
}

static void *run(void *data)
{
    gh_demo *demo = data;
    (void)uv_run(&demo->loop, UV_RUN_DEFAULT);
    return NULL;
}

static bool start_thread(gh_demo *demo)
{
    sigset_t all, before;
    (void)sigfillset(&all); /* signals are for the main thread */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&demo->thread, NULL, run, demo);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0;
}

static void end_loop(gh_demo *demo)
{
    (void)uv_run(&demo->loop, UV_RUN_DEFAULT); /* lets what is closing close */
    (void)uv_loop_close(&demo->loop);
    free(demo);
}

static gh_demo *new_demo(void)
{
    gh_demo *demo = calloc(1, sizeof *demo);
    if (demo == NULL || uv_loop_init(&demo->loop) != 0) {
        free(demo);
        return NULL;
    }
    if (uv_async_init(&demo->loop, &demo->stop, on_stop) != 0) {
        (void)uv_loop_close(&demo->loop);
        free(demo);
        return NULL;
    }
    demo->stop.data = demo;
    return demo;
}

gh_demo *gh_demo_start(unsigned *ret_port, const char **ret_why)
{
    static const gh_mini_options options = {.max_head = MAX_HEAD,
                                            .max_body = MAX_BODY,
                                            .max_answer = MAX_ANSWER,
                                            .max_connections = MAX_CONNECTIONS,
                                            .timeout_ms = TIMEOUT_MS,
                                            .keep_alive = true,
                                            .answer = on_request,
                                            .event = on_event};
    gh_demo *demo = new_demo();
    if (demo == NULL) {
        *ret_why = "out of memory";
        return NULL;
    }
    demo->http = gh_mini_start(&demo->loop, GH_STR("127.0.0.1:0"), &options, ret_why);
    if (demo->http == NULL) {
        uv_close((uv_handle_t *)&demo->stop, NULL);
        end_loop(demo);
        return NULL;
    }
    unsigned port = gh_mini_port(demo->http);
    if (!start_thread(demo)) {
        *ret_why = "no thread could be started";
        on_stop(&demo->stop);
        end_loop(demo);
        return NULL;
    }
    *ret_port = port;
    return demo;
}

void gh_demo_stop(gh_demo *demo)
{
    if (demo == NULL)
        return;
    (void)uv_async_send(&demo->stop);
    (void)pthread_join(demo->thread, NULL);
    end_loop(demo);
}
