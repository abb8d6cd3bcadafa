#include "redis_relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SLICE_MS = 5 };

static int connect_behind(const redis_server *s)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(un.sun_path, s->socket, strlen(s->socket));
    if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static bool send_all(int fd, const char *p, size_t n, size_t piece)
{
    while (n > 0) {
        size_t part = piece != 0 && piece < n ? piece : n;
        ssize_t sent = send(fd, p, part, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool pass(int from, int to, size_t piece)
{
    char bytes[16384];
    ssize_t n = recv(from, bytes, sizeof bytes, 0);
    return n > 0 && send_all(to, bytes, (size_t)n, piece);
}

static void pass_both(redis_relay *relay, int client, int server)
{
    struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    while (!atomic_load(&relay->stop)) {
        fds[1].events = atomic_load(&relay->hold) ? 0 : POLLIN;
        if (poll(fds, server >= 0 ? 2 : 1, SLICE_MS) < 0)
            return;
        if (atomic_exchange(&relay->inject, false) && !send_all(client, ":77\r\n", 5, 0))
            return;
        if (fds[0].revents != 0) {
            char nowhere[4096];
            bool good = server >= 0 ? pass(client, server, 0) : recv(client, nowhere, sizeof nowhere, 0) > 0;
            if (!good)
                return;
        }
        if (server >= 0 && fds[1].revents != 0 && !pass(server, client, relay->piece))
            return;
    }
}

static void serve(redis_relay *relay, int client)
{
    int on = 1;
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    atomic_fetch_add(&relay->clients, 1);
    if (relay->words != NULL && !send_all(client, relay->words, relay->n_words, 0))
        return;
    if (relay->hang_up)
        return;
    int server = relay->behind != NULL ? connect_behind(relay->behind) : -1;
    if (server >= 0 || relay->behind == NULL)
        pass_both(relay, client, server);
    if (server >= 0)
        (void)close(server);
}

static void *run(void *data)
{
    redis_relay *relay = data;
    struct pollfd p = {.fd = relay->fd, .events = POLLIN};
    while (!atomic_load(&relay->stop)) {
        if (poll(&p, 1, SLICE_MS) <= 0)
            continue;
        int client = accept4(relay->fd, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            continue;
        serve(relay, client);
        (void)close(client);
    }
    return NULL;
}

void redis_relay_start(redis_relay *relay)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof in;
    relay->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(relay->fd, (struct sockaddr *)&in, size), 0);
    assert_int_equal(getsockname(relay->fd, (struct sockaddr *)&in, &size), 0);
    assert_int_equal(listen(relay->fd, 16), 0);
    relay->port = ntohs(in.sin_port);
    assert_int_equal(pthread_create(&relay->thread, NULL, run, relay), 0);
}

void redis_relay_stop(redis_relay *relay)
{
    atomic_store(&relay->stop, true);
    assert_int_equal(pthread_join(relay->thread, NULL), 0);
    (void)close(relay->fd);
}
