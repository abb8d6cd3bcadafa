#include "edges/demo/demo.h"

#include <stdio.h>
#include <time.h>

#include "ask.h"

static gh_demo *demo;
static unsigned port;

static int begin(void **state)
{
    (void)state;
    const char *why;
    demo = gh_demo_start(&port, &why);
    return demo == NULL || port == 0 ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    gh_demo_stop(demo);
    return 0;
}

static void what_is_received_is_shown(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *wanted[5];
    } rows[] = {
        {"GET /a/b?c=d HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-One: 1\r\nX-One: \"2\"\r\n\r\n",
         {"200 OK\r\n", "\"method\": \"GET\"", "\"path\": \"/a/b\"", "\"query\": \"c=d\"",
          "[\"X-One\", \"1\"],\n    [\"X-One\", \"\\\"2\\\"\"]"}},
        {"POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\na\nb\x01\xff",
         {"\"method\": \"POST\"", "\"bytes\": 5", "\"text\": \"a\\nb", "\"query\": \"\""}},
        {"PUT /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
         {"\"bytes\": 5", "\"text\": \"abcde\""}},
        {"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", {"{\"status\": \"healthy\"}"}},
        {"GET /x HTTP/1.0\r\n\r\n", {"200 OK\r\n", "Connection: close\r\n"}},
        {"POST /e HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
         {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", "\"bytes\": 1"}},
        {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", {"HTTP/1.1 400 ", "malformed_request"}},
        {"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n", {"HTTP/1.1 413 "}},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str answer = ask(port, gh_str_of(rows[i].request));
        for (size_t k = 0; k < GH_COUNT(rows[i].wanted) && rows[i].wanted[k] != NULL; k++)
            ask_must_have(answer, rows[i].wanted[k]);
    }
}

static void only_the_start_of_a_long_body_is_shown(void **state)
{
    (void)state;
    static char request[100000];
    int n = snprintf(request, sizeof request,
                     "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 90000\r\n\r\n");
    memset(request + n, 'b', 90000);
    int fd = ask_connect(port);
    ask_send(fd, (gh_str){request, (size_t)n + 90000});
    gh_str answer = ask_rest(fd);
    ask_must_have(answer, "\"bytes\": 90000");
    assert_true(answer.n < 4096);
    char want[2049];
    memset(want, 'b', 2048);
    want[2048] = '\0';
    ask_must_have(answer, want);
}

static void one_connection_serves_many_requests(void **state)
{
    (void)state;
    int fd = ask_connect(port);
    ask_send(
        fd,
        GH_STR("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\noneGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
               "HEAD /3 HTTP/1.1\r\nHost: h\r\n\r\nPUT /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked"
               "\r\n\r\n4\r\nfour\r\n0\r\n\r\nGET /5 HTTP/1.1\r\nHost: h\r\n"));
    (void)usleep(20000);
    ask_send(fd, GH_STR("Connection: close\r\n\r\n"));
    gh_str answer = ask_rest(fd);
    static const char *const wanted[] = {"\"text\": \"one\"", "\"path\": \"/2\"", "\"text\": \"four\"",
                                         "\"path\": \"/5\""};
    for (size_t i = 0; i < GH_COUNT(wanted); i++)
        ask_must_have(answer, wanted[i]);
    assert_false(ask_has(answer, "\"/3\""));
    unsigned answers = 0;
    for (size_t i = 0; i + 15 <= answer.n; i++)
        answers += memcmp(answer.p + i, "HTTP/1.1 200 OK", 15) == 0;
    assert_int_equal(answers, 5);
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void slow_is_slow(void **state)
{
    (void)state;
    double start = seconds();
    gh_str answer =
        ask(port, GH_STR("GET /slow?x=1&ms=300 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    ask_must_have(answer, "\"path\": \"/slow\"");
    assert_true(seconds() - start >= 0.29);
    start = seconds();
    (void)ask(port, GH_STR("GET /slow?ms=-1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    assert_true(seconds() - start < 0.29);
}

static void events_come_one_a_second(void **state)
{
    (void)state;
    char first[1024];
    int fd = ask_connect(port);
    double start = seconds();
    ask_send(fd, GH_STR("GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    size_t n = 0;
    while (!ask_has((gh_str){first, n}, "\"event\": 1,")) {
        ssize_t got = recv(fd, first + n, sizeof first - n, 0);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_true(seconds() - start < 0.9); /* the first does not wait for the last */
    ask_must_have((gh_str){first, n}, "text/event-stream");
    gh_str rest = ask_rest(fd);
    ask_must_have(rest, "data: {\"event\": 5, \"of\": 5}\n\n\r\n0\r\n\r\n");
    assert_true(seconds() - start >= 3.9);
}

static void stopping_in_the_middle_is_clean(void **state)
{
    (void)state;
    unsigned other_port;
    const char *why;
    gh_demo *other = gh_demo_start(&other_port, &why);
    assert_non_null(other);
    int slow = ask_connect(other_port), stream = ask_connect(other_port), idle = ask_connect(other_port);
    ask_send(slow, GH_STR("GET /slow?ms=60000 HTTP/1.1\r\nHost: h\r\n\r\n"));
    ask_send(stream, GH_STR("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
    (void)usleep(50000);
    gh_demo_stop(other);
    assert_int_equal(ask_rest(slow).n, 0);
    assert_int_equal(ask_rest(idle).n, 0);
    assert_false(ask_has(ask_rest(stream), "0\r\n\r\n"));
}

static void guide_names_the_address(void **state)
{
    (void)state;
    static const struct {
        const char *listen, *want;
    } rows[] = {
        {"127.0.0.1:8080", "curl http://127.0.0.1:8080/hello\n"},
        {"0.0.0.0:81", "curl http://127.0.0.1:81/hello\n"},
        {"[::1]:8080", "curl http://[::1]:8080/hello\n"},
        {"unix:/run/g.sock", "curl --unix-socket /run/g.sock http://localhost/hello\n"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char text[4096];
        gh_buf out = gh_buf_over(text, sizeof text);
        gh_demo_guide(gh_str_of(rows[i].listen), 10, &out);
        assert_true(gh_buf_ok(&out));
        ask_must_have(gh_buf_str(&out), rows[i].want);
        ask_must_have(gh_buf_str(&out), "seq 12");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_received_is_shown),
        cmocka_unit_test(only_the_start_of_a_long_body_is_shown),
        cmocka_unit_test(one_connection_serves_many_requests),
        cmocka_unit_test(slow_is_slow),
        cmocka_unit_test(events_come_one_a_second),
        cmocka_unit_test(stopping_in_the_middle_is_clean),
        cmocka_unit_test(guide_names_the_address),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
