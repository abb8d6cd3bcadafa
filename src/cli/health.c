#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/commands.h"

enum { TIMEOUT_S = 3 };

static int failed(const char *address, const char *why)
{
    (void)fprintf(stderr, "gatehouse: %s: %s\n", address, why);
    return GH_EXIT_FAILED;
}

static int new_socket(int family)
{
    struct timeval limit = {.tv_sec = TIMEOUT_S};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    return fd;
}

static int connect_unix(gh_str path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (path.n == 0 || path.n >= sizeof at.sun_path)
        return -1;
    memcpy(at.sun_path, path.p, path.n);
    int fd = new_socket(AF_UNIX);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* "127.0.0.1:9080", "[::1]:9080" */
static int connect_tcp(gh_str address)
{
    char host[256], port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    size_t colon = address.n;
    while (colon > 0 && address.p[colon - 1] != ':')
        colon--;
    gh_str name = gh_str_cut(address, 0, colon == 0 ? 0 : colon - 1),
           number = gh_str_cut(address, colon, address.n);
    if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
        name = gh_str_cut(name, 1, name.n - 1);
    if (colon == 0 || name.n == 0 || name.n >= sizeof host || number.n == 0 || number.n >= sizeof port)
        return -1;
    (void)snprintf(host, sizeof host, "%.*s", (int)name.n, name.p);
    (void)snprintf(port, sizeof port, "%.*s", (int)number.n, number.p);
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    int fd = -1;
    for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = new_socket(a->ai_family);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* Until the server closes, the buffer is full or it takes too long. */
static gh_str ask(int fd, char *memory, size_t size)
{
    static const char request[] = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    size_t n = 0;
    ssize_t got;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1)
        return (gh_str){memory, 0};
    while (n < size && (got = recv(fd, memory + n, size - n, 0)) > 0)
        n += (size_t)got;
    return (gh_str){memory, n};
}

int gh_cmd_health(const gh_cli_args *args)
{
    char memory[8192];
    const char *address = gh_cli_value(args, "admin", 0);
    if (address == NULL)
        address = getenv("GATEHOUSE_ADMIN_LISTEN");
    if (address == NULL)
        address = "127.0.0.1:9080";
    gh_str text = gh_str_of(address);
    int fd =
        gh_str_starts(text, GH_STR("unix:")) ? connect_unix(gh_str_cut(text, 5, text.n)) : connect_tcp(text);
    if (fd < 0)
        return failed(address, "nobody answers there");
    gh_str answer = ask(fd, memory, sizeof memory);
    (void)close(fd);
    if (!gh_str_starts(answer, GH_STR("HTTP/1.1 ")))
        return failed(address, "no answer in time, or one that is not Gatehouse's");
    bool ready = gh_str_starts(answer, GH_STR("HTTP/1.1 200 "));
    const char *body = memmem(answer.p, answer.n, "\r\n\r\n", 4);
    if (body != NULL)
        (void)fwrite(body + 4, 1, answer.n - (size_t)(body + 4 - answer.p), ready ? stdout : stderr);
    return ready ? GH_EXIT_OK : GH_EXIT_FAILED;
}
