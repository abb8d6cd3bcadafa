/* Getting a document from an upstream that says whatever a row of the table tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "edges/proxy/fetch.h"

enum { MAX = 1000 };

typedef struct upstream {
    struct sockaddr_storage address;
    socklen_t address_size;
    int fd;
    gh_str answer;
    size_t piece; /* bytes sent at a time */
    bool stays;   /* does not close until the fetch has */
    char request[4096];
    pthread_t thread;
} upstream;

static void *answer_one(void *data)
{
    upstream *u = data;
    int fd = accept(u->fd, NULL, NULL);
    size_t n = 0;
    while (memmem(u->request, n, "\r\n\r\n", 4) == NULL) {
        ssize_t got = recv(fd, u->request + n, sizeof u->request - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    u->request[n] = '\0';
    for (size_t at = 0; at < u->answer.n; at += u->piece) {
        gh_str part = gh_str_cut(u->answer, at, at + u->piece);
        if (send(fd, part.p, part.n, MSG_NOSIGNAL) < 0)
            break;
        if (u->piece < u->answer.n)
            (void)usleep(500);
    }
    char byte;
    if (u->stays)
        (void)!recv(fd, &byte, 1, 0);
    (void)close(fd);
    return NULL;
}

static void start(upstream *u, const char *answer, size_t piece)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    u->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(u->fd >= 0);
    u->address_size = sizeof in;
    assert_int_equal(bind(u->fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(getsockname(u->fd, (struct sockaddr *)&u->address, &u->address_size), 0);
    assert_int_equal(listen(u->fd, 4), 0);
    u->answer = gh_str_of(answer);
    u->piece = piece;
    assert_int_equal(pthread_create(&u->thread, NULL, answer_one, u), 0);
}

static void stop(upstream *u)
{
    (void)shutdown(u->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(u->thread, NULL), 0);
    (void)close(u->fd);
}

static gh_fetch from(const upstream *u)
{
    return (gh_fetch){.address = &u->address,
                      .address_size = u->address_size,
                      .host = GH_STR("api:80"),
                      .path = GH_STR("/openapi.json?x=1"),
                      .max = MAX,
                      .connect_ms = 2000,
                      .total_ms = 5000};
}

/* text: what is got, or NULL and the reason. */
typedef struct row {
    const char *answer, *text, *why;
} row;

static void expect(const row *r, size_t piece)
{
    upstream u = {.fd = -1};
    char why[GH_FETCH_WHY_SIZE] = "";
    gh_str got = {NULL, 0};
    start(&u, r->answer, piece);
    gh_fetch what = from(&u);
    bool good = gh_fetch_document(&what, &got, why);
    stop(&u);
    if (r->text == NULL) {
        if (good || strstr(why, r->why) == NULL)
            fail_msg("%s: %s, not %s", r->answer, good ? "good" : why, r->why);
        return;
    }
    if (!good)
        fail_msg("%s: %s", r->answer, why);
    assert_int_equal(got.n, strlen(r->text));
    assert_memory_equal(got.p, r->text, got.n);
    free((void *)(uintptr_t)got.p);
    assert_non_null(strstr(u.request, "GET /openapi.json?x=1 HTTP/1.1\r\nHost: api:80\r\n"));
    assert_non_null(strstr(u.request, "\r\nAccept: application/json\r\n"));
}

#define OK "HTTP/1.1 200 OK\r\n"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

static void answers_are_read_strictly(void **state)
{
    (void)state;
    static const row rows[] = {
        {OK "Content-Length: 2\r\n\r\n{}", "{}", NULL},
        {OK "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n", "{}", NULL},
        {OK "\r\n{}", "{}", NULL},
        {"HTTP/1.0 200 OK\r\n\r\n{}", "{}", NULL},
        {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK "Content-Length: 2\r\n\r\n{}", "{}", NULL},
        {OK "Content-Length: 1000\r\n\r\n" THOUSAND, THOUSAND, NULL},
        {OK "\r\n" THOUSAND, THOUSAND, NULL},
        {OK "Content-Length: 1001\r\n\r\n" THOUSAND "x", NULL, "too large"},
        {OK "\r\n" THOUSAND "x", NULL, "too large"},
        {OK "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" THOUSAND "x\r\n0\r\n\r\n", NULL, "too large"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", NULL, "404"},
        {"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", NULL, "302"},
        {"HTTP/1.1 204 No Content\r\n\r\n", NULL, "204"},
        {OK "Content-Length: 0\r\n\r\n", NULL, "empty"},
        {OK "Content-Length: 3\r\n\r\n{}", NULL, "cut short"},
        {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", NULL, "cut short"},
        {OK "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc", NULL, "malformed"},
        {OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", NULL, "not well-formed"},
        {OK "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", NULL, "content coding"},
        {OK "Content-Length: 2\r\n\r\n{}{}", NULL, "bytes behind"},
        {"", NULL, "closed without an answer"},
        {"HTTP/1.1 200", NULL, "closed without an answer"},
        {"nonsense\r\n\r\n", NULL, "not well-formed"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        expect(&rows[i], SIZE_MAX / 2);
        expect(&rows[i], 7);
    }
}

static void heads_and_interim_answers_are_bounded(void **state)
{
    (void)state;
    char *text = calloc(1, 200000);
    assert_non_null(text);
    gh_buf b = gh_buf_over(text, 199999);
    for (unsigned i = 0; i < 20; i++)
        gh_buf_lit(&b, "HTTP/1.1 100 Continue\r\n\r\n");
    expect(&(row){text, NULL, "too many interim"}, SIZE_MAX / 2);
    b.n = 0;
    gh_buf_lit(&b, OK "X: ");
    memset(text + b.n, 'x', 150000);
    expect(&(row){text, NULL, "not well-formed"}, SIZE_MAX / 2);
    free(text);
}

static bool fetch_fails(const gh_fetch *what, const char *reason)
{
    char why[GH_FETCH_WHY_SIZE] = "";
    gh_str got = {NULL, 0};
    if (gh_fetch_document(what, &got, why))
        return false;
    if (strstr(why, reason) == NULL)
        fail_msg("%s, not %s", why, reason);
    return true;
}

static void who_says_nothing_is_not_waited_for(void **state)
{
    (void)state;
    atomic_bool told = true;
    upstream u = {.fd = -1, .stays = true};
    start(&u, "HTTP/1.1 200 OK\r\n", SIZE_MAX / 2);
    gh_fetch what = from(&u);
    what.total_ms = 250;
    assert_true(fetch_fails(&what, "no whole answer in time"));
    stop(&u);
    upstream v = {.fd = -1, .stays = true};
    start(&v, "", 1);
    what = from(&v);
    what.stop = &told;
    assert_true(fetch_fails(&what, "told to stop"));
    stop(&v);
}

static void who_is_not_there_is_said(void **state)
{
    (void)state;
    upstream u = {.fd = -1};
    start(&u, "", 1);
    gh_fetch what = from(&u);
    stop(&u);
    assert_true(fetch_fails(&what, "refused"));
    struct sockaddr_un *un = (struct sockaddr_un *)&u.address;
    memset(&u.address, 0, sizeof u.address);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, "/nonexistent/socket", sizeof "/nonexistent/socket");
    what.address_size = sizeof *un;
    assert_true(fetch_fails(&what, "No such file"));
}

static void paths_that_would_break_the_request_are_not_sent(void **state)
{
    (void)state;
    static const char *const paths[] = {"", "openapi.json", "/a b", "/a\r\nX: y", "/\xc3\xa4"};
    for (size_t i = 0; i < GH_COUNT(paths); i++) {
        upstream u = {.fd = -1};
        start(&u, OK "Content-Length: 2\r\n\r\n{}", SIZE_MAX / 2);
        gh_fetch what = from(&u);
        what.path = gh_str_of(paths[i]);
        assert_true(fetch_fails(&what, "path"));
        stop(&u);
        assert_string_equal(u.request, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read_strictly),
        cmocka_unit_test(heads_and_interim_answers_are_bounded),
        cmocka_unit_test(who_says_nothing_is_not_waited_for),
        cmocka_unit_test(who_is_not_there_is_said),
        cmocka_unit_test(paths_that_would_break_the_request_are_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
