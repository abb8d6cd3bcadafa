#include "edges/proxy/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static int open_one(const struct addrinfo *a, bool share, const char **ret_why)
{
    int on = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        *ret_why = strerrordesc_np(errno);
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (share)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    *ret_why = errno == EADDRINUSE ? "the address is in use by another program" : strerrordesc_np(errno);
    (void)close(fd);
    return -1;
}

static bool open_shared(const struct addrinfo *a, int *fds, unsigned n, const char **ret_why)
{
    /* SO_REUSEPORT would let a second Gatehouse share the port in silence: ask without it first. */
    int probe = open_one(a, false, ret_why);
    if (probe < 0)
        return false;
    (void)close(probe);
    for (unsigned i = 0; i < n; i++) {
        fds[i] = open_one(a, true, ret_why);
        if (fds[i] >= 0)
            continue;
        while (i > 0)
            (void)close(fds[--i]);
        return false;
    }
    return true;
}

static bool open_tcp(gh_str address, int *fds, unsigned n, const char **ret_why)
{
    char host[64], port[8];
    gh_str name = address;
    size_t bracket = name.n > 0 && name.p[0] == '[' ? gh_str_find(name, ']') : 0;
    size_t colon = bracket + gh_str_find(gh_str_cut(name, bracket, name.n), ':');
    gh_str digits = gh_str_cut(name, colon + 1, name.n);
    gh_str ip = bracket > 0 ? gh_str_cut(name, 1, bracket) : gh_str_cut(name, 0, colon);
    if (colon >= name.n || digits.n == 0 || digits.n >= sizeof port || ip.n == 0 || ip.n >= sizeof host) {
        *ret_why = "not an address: say IP:PORT, [IPv6]:PORT or unix:/path";
        return false;
    }
    memcpy(host, ip.p, ip.n);
    host[ip.n] = '\0';
    memcpy(port, digits.p, digits.n);
    port[digits.n] = '\0';
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM},
                    *found = NULL;
    int status = getaddrinfo(host, port, &hints, &found);
    if (status != 0) {
        *ret_why = gai_strerror(status);
        return false;
    }
    bool good = open_shared(found, fds, n, ret_why);
    freeaddrinfo(found);
    return good;
}

/* A socket file left by a process that is gone is removed; one that answers is somebody's. */
static bool clear_stale(const struct sockaddr_un *un, const char **ret_why)
{
    struct stat st;
    if (lstat(un->sun_path, &st) != 0)
        return true;
    if (!S_ISSOCK(st.st_mode)) {
        *ret_why = "there is a file of this name that is not a socket";
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool used = fd >= 0 && connect(fd, (const struct sockaddr *)un, sizeof *un) == 0;
    if (fd >= 0)
        (void)close(fd);
    if (used) {
        *ret_why = "the address is in use by another program";
        return false;
    }
    (void)unlink(un->sun_path);
    return true;
}

static bool open_unix(gh_str path, int *fds, unsigned n, const char **ret_why)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (path.n == 0 || path.n >= sizeof un.sun_path) {
        *ret_why = "the path is empty or too long for a unix socket";
        return false;
    }
    memcpy(un.sun_path, path.p, path.n);
    if (!clear_stale(&un, ret_why))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&un, sizeof un) != 0 || listen(fd, BACKLOG) != 0) {
        *ret_why = strerrordesc_np(errno);
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    fds[0] = fd;
    for (unsigned i = 1; i < n; i++) {
        fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (fds[i] >= 0)
            continue;
        *ret_why = strerrordesc_np(errno);
        while (i > 0)
            (void)close(fds[--i]);
        return false;
    }
    return true;
}

bool gh_listen_open(gh_str address, int *fds, unsigned n, bool *ret_unix, const char **ret_why)
{
    *ret_unix = gh_str_starts(address, GH_STR("unix:"));
    if (*ret_unix)
        return open_unix(gh_str_cut(address, 5, address.n), fds, n, ret_why);
    return open_tcp(address, fds, n, ret_why);
}
