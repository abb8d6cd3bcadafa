#include "edges/admin/admin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "ask.h"

/* The admin listener runs on a thread here, as it does on the main thread of the program. */
static uv_loop_t loop;
static uv_async_t stop;
static pthread_t thread;
static gh_admin *admin;
static atomic_bool ready;

static void metrics(void *data, gh_buf *out)
{
    (void)data;
    gh_buf_lit(out, "a_total 1\n");
}

static bool is_ready(void *data, gh_buf *out)
{
    (void)data;
    if (!atomic_load(&ready))
        gh_buf_lit(out, "no upstream answers\n");
    return atomic_load(&ready);
}

static const gh_admin_pages pages = {.metrics = metrics, .ready = is_ready};

static void on_stop(uv_async_t *async)
{
    gh_admin_stop(admin);
    uv_close((uv_handle_t *)async, NULL);
}

static void *run(void *data)
{
    (void)data;
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    return NULL;
}

static unsigned begin(const char *address)
{
    const char *why = "";
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_async_init(&loop, &stop, on_stop), 0);
    admin = gh_admin_start(&loop, gh_str_of(address), &pages, &why);
    if (admin == NULL)
        fail_msg("%s", why);
    unsigned port = gh_admin_port(admin);
    assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
    return port;
}

static void end(void)
{
    (void)uv_async_send(&stop);
    (void)pthread_join(thread, NULL);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void pages_answer(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        bool ready;
        const char *status, *also;
    } rows[] = {
        {"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 200 OK\r\n",
         "\r\n\r\na_total 1\n"},
        {"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 200 OK\r\n", "version=0.0.4"},
        {"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 200 OK\r\n",
         "Content-Length: 10\r\n"},
        {"GET /metrics?a=b HTTP/1.0\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 200 OK\r\n", "a_total"},
        {"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:9080\r\n\r\n", false, "HTTP/1.1 200 OK\r\n",
         "\r\n\r\nok\n"},
        {"GET /readyz HTTP/1.1\r\nHost: [::1]:9080\r\n\r\n", true, "HTTP/1.1 200 OK\r\n", "\r\n\r\nready\n"},
        {"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n", false, "HTTP/1.1 503 ",
         "\r\n\r\nno upstream answers\n"},
        {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 404 ", "\"error\":\"not_found\""},
        {"GET /metrics/ HTTP/1.1\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 404 ",
         "application/problem+json"},
        {"POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n"},
        {"get /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 405 ", "method_not_allowed"},
        {"nonsense\r\n\r\n", true, "HTTP/1.1 400 ", "\"error\":\"malformed_request\""},
        {"GET /metrics HTTP/1.1\r\n\r\n", true, "HTTP/1.1 400 ", "malformed_request"},
        {"GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", true, "HTTP/1.1 400 ", "malformed_request"},
        {"GET /metrics HTTP/3.0\r\nHost: localhost\r\n\r\n", true, "HTTP/1.1 505 ", "problem+json"},
        {"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde", true, "HTTP/1.1 413 ",
         "body_too_large"},
        {"GET /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", true,
         "HTTP/1.1 400 ", "malformed_request"},
        /* a page elsewhere that rebinds its name to our address */
        {"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", true, "HTTP/1.1 400 ", "host_not_allowed"},
        {"GET /metrics HTTP/1.1\r\nHost: localhost.evil.example:9080\r\n\r\n", true, "HTTP/1.1 400 ",
         "host_not_allowed"},
        {"GET /metrics HTTP/1.1\r\nHost: gatehouse:9080\r\n\r\n", true, "HTTP/1.1 400 ", "host_not_allowed"},
    };
    unsigned port = begin("127.0.0.1:0");
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        atomic_store(&ready, rows[i].ready);
        gh_str answer = ask(port, gh_str_of(rows[i].request));
        ask_must_have(answer, rows[i].status);
        ask_must_have(answer, rows[i].also);
        ask_must_have(answer, "Connection: close\r\n");
    }
    end();
}

static void head_has_no_body(void **state)
{
    (void)state;
    unsigned port = begin("127.0.0.1:0");
    gh_str answer = ask(port, GH_STR("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_true(gh_str_ends(answer, GH_STR("\r\n\r\n")));
    end();
}

static void large_heads_are_refused(void **state)
{
    (void)state;
    static char big[6000];
    static const char start[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ";
    unsigned port = begin("127.0.0.1:0");
    memset(big, 'x', sizeof big);
    memcpy(big, start, sizeof start - 1);
    ask_must_have(ask(port, (gh_str){big, sizeof big}), "HTTP/1.1 431 ");
    end();
}

static void pieces_make_a_request(void **state)
{
    (void)state;
    static const gh_str request = GH_STR_INIT("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    unsigned port = begin("127.0.0.1:0");
    int fd = ask_connect(port);
    for (size_t i = 0; i < request.n; i++) {
        ask_send(fd, gh_str_cut(request, i, i + 1));
        if (i % 8 == 0)
            (void)usleep(1000);
    }
    ask_must_have(ask_rest(fd), "\r\n\r\nok\n");
    end();
}

static void too_many_connections_are_closed(void **state)
{
    (void)state;
    int fds[64];
    unsigned port = begin("127.0.0.1:0");
    for (size_t i = 0; i < GH_COUNT(fds); i++)
        fds[i] = ask_connect(port);
    assert_int_equal(ask_rest(ask_connect(port)).n, 0);
    for (size_t i = 0; i < GH_COUNT(fds); i++)
        (void)close(fds[i]);
    (void)usleep(50000);
    ask_must_have(ask(port, GH_STR("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")), "200 OK");
    end();
}

static void silence_is_ended(void **state)
{
    (void)state;
    unsigned port = begin("127.0.0.1:0");
    int fd = ask_connect(port);
    ask_send(fd, GH_STR("GET /healthz HTTP/1.1\r\n"));
    assert_int_equal(ask_rest(fd).n, 0); /* returns when the server closes, after 5 s */
    end();
}

static void stopping_closes_what_is_open(void **state)
{
    (void)state;
    int fds[4];
    unsigned port = begin("127.0.0.1:0");
    for (size_t i = 0; i < GH_COUNT(fds); i++) {
        fds[i] = ask_connect(port);
        ask_send(fds[i], GH_STR("GET /met"));
    }
    (void)usleep(20000);
    end();
    for (size_t i = 0; i < GH_COUNT(fds); i++)
        (void)ask_rest(fds[i]);
}

static void off_loopback_a_plain_name_is_taken(void **state)
{
    (void)state;
    unsigned port = begin("0.0.0.0:0");
    ask_must_have(ask(port, GH_STR("GET /healthz HTTP/1.1\r\nHost: gatehouse:9080\r\n\r\n")), "200 OK");
    ask_must_have(ask(port, GH_STR("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n")),
                  "host_not_allowed");
    end();
}

static int unix_connect(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void unix_socket_works_and_stale_files_do_not_matter(void **state)
{
    (void)state;
    char path[64], address[80];
    (void)snprintf(path, sizeof path, "/tmp/gatehouse-admin-%d", (int)getpid());
    (void)snprintf(address, sizeof address, "unix:%s", path);

    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(stale, (const struct sockaddr *)&at, sizeof at), 0);
    (void)close(stale); /* the file stays, as after a kill */

    (void)begin(address);
    int fd = unix_connect(path);
    ask_send(fd, GH_STR("GET /healthz HTTP/1.1\r\nHost: whatever.example\r\n\r\n"));
    ask_must_have(ask_rest(fd), "\r\n\r\nok\n");

    const char *why = NULL; /* but one that is in use is not taken away */
    uv_loop_t other;
    assert_int_equal(uv_loop_init(&other), 0);
    assert_null(gh_admin_start(&other, gh_str_of(address), &pages, &why));
    assert_non_null(strstr(why, "address already in use"));
    (void)uv_run(&other, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&other), 0);
    end();
    assert_int_equal(access(path, F_OK), -1);
}

static void bad_addresses_are_told(void **state)
{
    (void)state;
    static char too_long[200] = "unix:/tmp/";
    memset(too_long + 10, 'x', sizeof too_long - 11);
    static const char *const rows[] = {
        "",          "127.0.0.1",      "127.0.0.1:",     "127.0.0.1:65536", ":9080",
        "host:9080", "[::1:9080",      "::1:9080",       "127.0.0.1:90x",   "unix:",
        "127.0.0:1", "[127.0.0.1]:80", "192.0.2.1:9080", too_long};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const char *why = NULL;
        uv_loop_t other;
        assert_int_equal(uv_loop_init(&other), 0);
        if (gh_admin_start(&other, gh_str_of(rows[i]), &pages, &why) != NULL)
            fail_msg("taken: %s", rows[i]);
        assert_non_null(why);
        (void)uv_run(&other, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&other), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_answer),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(large_heads_are_refused),
        cmocka_unit_test(pieces_make_a_request),
        cmocka_unit_test(too_many_connections_are_closed),
        cmocka_unit_test(silence_is_ended),
        cmocka_unit_test(stopping_closes_what_is_open),
        cmocka_unit_test(off_loopback_a_plain_name_is_taken),
        cmocka_unit_test(unix_socket_works_and_stale_files_do_not_matter),
        cmocka_unit_test(bad_addresses_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
