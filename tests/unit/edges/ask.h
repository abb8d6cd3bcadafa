/* For tests: asks a server on loopback and reads the whole answer. */
#ifndef GH_TESTS_ASK_H
#define GH_TESTS_ASK_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slice.h"

static char ask_answer[256 * 1024];

static inline int ask_connect(unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = 15};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static inline void ask_send(int fd, gh_str text)
{
    assert_int_equal(send(fd, text.p, text.n, MSG_NOSIGNAL), text.n);
}

/* Until the server closes. */
static inline gh_str ask_rest(int fd)
{
    size_t n = 0;
    ssize_t got;
    while (n < sizeof ask_answer && (got = recv(fd, ask_answer + n, sizeof ask_answer - n, 0)) > 0)
        n += (size_t)got;
    (void)close(fd);
    return (gh_str){ask_answer, n};
}

static inline gh_str ask(unsigned port, gh_str request)
{
    int fd = ask_connect(port);
    ask_send(fd, request);
    return ask_rest(fd);
}

static inline bool ask_has(gh_str text, const char *what)
{
    return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

static inline void ask_must_have(gh_str text, const char *what)
{
    if (!ask_has(text, what))
        fail_msg("no \"%s\" in: %.*s", what, (int)(text.n > 2000 ? 2000 : text.n), text.p);
}

#endif
