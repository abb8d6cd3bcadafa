#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "edges/mini_conn.h"

/* A socket file that nobody answers at is left over from a process that was killed. */
static void remove_stale_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED)
        (void)unlink(path);
    (void)close(fd);
}

static int bind_unix(gh_mini *m, uv_loop_t *loop, gh_str path)
{
    char text[sizeof((struct sockaddr_un *)NULL)->sun_path];
    if (path.n == 0 || path.n >= sizeof text)
        return UV_ENAMETOOLONG;
    memcpy(text, path.p, path.n);
    text[path.n] = '\0';
    remove_stale_socket(text);
    int e = uv_pipe_init(loop, &m->listener.pipe, 0);
    return e != 0 ? e : uv_pipe_bind(&m->listener.pipe, text);
}

/* "127.0.0.1:9080", "[::1]:9080", "localhost:9080" */
static bool read_address(gh_str address, struct sockaddr_storage *ret)
{
    char host[64];
    uint64_t port;
    size_t colon = address.n;
    while (colon > 0 && address.p[colon - 1] != ':')
        colon--;
    if (colon == 0 || !gh_str_u64(gh_str_cut(address, colon, address.n), &port) || port > 65535)
        return false;
    gh_str name = gh_str_cut(address, 0, colon - 1);
    bool v6 = name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']';
    if (v6)
        name = gh_str_cut(name, 1, name.n - 1);
    if (gh_str_eq(name, GH_STR("localhost")))
        name = GH_STR("127.0.0.1");
    if (name.n == 0 || name.n >= sizeof host)
        return false;
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    if (v6)
        return uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)(void *)ret) == 0;
    return uv_ip4_addr(host, (int)port, (struct sockaddr_in *)(void *)ret) == 0;
}

int gh_mini_bind(gh_mini *m, uv_loop_t *loop, gh_str address)
{
    struct sockaddr_storage at;
    memset(&at, 0, sizeof at);
    m->is_unix = gh_str_starts(address, GH_STR("unix:"));
    if (m->is_unix)
        return bind_unix(m, loop, gh_str_cut(address, 5, address.n));
    if (!read_address(address, &at))
        return UV_EINVAL;
    int e = uv_tcp_init(loop, &m->listener.tcp);
    return e != 0 ? e : uv_tcp_bind(&m->listener.tcp, (const struct sockaddr *)&at, 0);
}

unsigned gh_mini_port(const gh_mini *m)
{
    struct sockaddr_storage at;
    int n = sizeof at;
    if (m->is_unix || uv_tcp_getsockname(&m->listener.tcp, (struct sockaddr *)&at, &n) != 0)
        return 0;
    const void *p = &at;
    uint16_t port = at.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)p)->sin6_port
                                             : ((const struct sockaddr_in *)p)->sin_port;
    return ntohs(port);
}
