/* The floor: what the kernel alone charges for a proxied request.
 *
 * Bytes go from a client's connection to the one upstream connection opened for it and back,
 * never parsed, in four system calls a request (two reads, two writes). No proxy that understands
 * what it forwards can be cheaper by the same means, so a proxy's cost over this is its own.
 * With --refuse every read is answered by a fixed 429: the floor of refusing.
 *
 * For measuring only: it holds no buffers, so a peer that stops reading loses its connection. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { EVENTS = 256, BUFFER = 64 * 1024 };

/* One end of a pair; the listener is an end without a peer. */
typedef struct end {
    int fd;
    bool closed;
    struct end *peer; /* NULL when refusing */
    struct end *next_closed;
} end;

typedef struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_un un;
    } u;
    socklen_t length;
} address;

typedef struct floor_state {
    int epoll;
    end listener;
    bool refuse;
    address upstream;
    end *closed; /* freed after the batch: a later event of it may still name them */
} floor_state;

#define REFUSAL_BODY                                                                                \
    "{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,"                     \
    "\"error\":\"rate_limit_exceeded\",\"message\":\"Too many requests. Please try again later.\"," \
    "\"retry_after\":60,\"instance\":\"/items/1.json\"}"

static const char refusal[] = "HTTP/1.1 429 Too Many Requests\r\n"
                              "Content-Type: application/problem+json\r\n"
                              "Content-Length: 192\r\n"
                              "Retry-After: 60\r\n"
                              "\r\n" REFUSAL_BODY;
_Static_assert(sizeof REFUSAL_BODY - 1 == 192, "Content-Length says so");

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static _Noreturn void usage(void)
{
    fputs("usage: floor --listen IP:PORT (--upstream IP:PORT | --upstream unix:PATH | --refuse)\n", stderr);
    exit(2);
}

/* "127.0.0.1:80" or "unix:/path" */
static address parse_address(const char *text)
{
    address a;
    memset(&a, 0, sizeof a);
    if (strncmp(text, "unix:", 5) == 0) {
        size_t n = strlen(text + 5);
        if (n == 0 || n >= sizeof a.u.un.sun_path)
            usage();
        a.u.un.sun_family = AF_UNIX;
        memcpy(a.u.un.sun_path, text + 5, n);
        a.length = sizeof a.u.un;
        return a;
    }
    const char *colon = strrchr(text, ':');
    char host[INET_ADDRSTRLEN];
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        usage();
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    char *rest = NULL;
    unsigned long port = strtoul(colon + 1, &rest, 10);
    if (rest == colon + 1 || *rest != '\0' || port == 0 || port > 65535)
        usage();
    if (inet_pton(AF_INET, host, &a.u.in.sin_addr) != 1)
        usage();
    a.u.in.sin_family = AF_INET;
    a.u.in.sin_port = htons((in_port_t)port);
    a.length = sizeof a.u.in;
    return a;
}

static int open_listener(const address *a)
{
    int on = 1;
    int fd = socket(a->u.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        fail("SO_REUSEADDR");
    if (bind(fd, &a->u.any, a->length) != 0)
        fail("bind");
    if (listen(fd, SOMAXCONN) != 0)
        fail("listen");
    return fd;
}

static void set_nodelay(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* not TCP: nothing to do */
}

/* Connects blocking: it happens once a connection, before anything is measured. -1: errno is set. */
static int open_upstream(const address *a)
{
    int fd = socket(a->u.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, &a->u.any, a->length) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Edge-triggered and once for all: no epoll_ctl a request. */
static void watch(floor_state *s, end *e)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = e};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, e->fd, &event) != 0)
        fail("epoll_ctl");
}

static end *new_end(int fd)
{
    end *e = calloc(1, sizeof *e);
    if (e == NULL)
        fail("calloc");
    e->fd = fd;
    set_nodelay(fd);
    return e;
}

static void close_end(floor_state *s, end *e)
{
    if (e == NULL || e->closed)
        return;
    close(e->fd);
    e->closed = true;
    e->next_closed = s->closed;
    s->closed = e;
}

static void close_pair(floor_state *s, end *e)
{
    close_end(s, e->peer);
    close_end(s, e);
}

static void free_closed(floor_state *s)
{
    while (s->closed != NULL) {
        end *e = s->closed;
        s->closed = e->next_closed;
        free(e);
    }
}

static void accept_client(floor_state *s, int fd)
{
    if (s->refuse) {
        watch(s, new_end(fd));
        return;
    }
    int upstream_fd = open_upstream(&s->upstream);
    if (upstream_fd < 0) {
        close(fd);
        return;
    }
    end *client = new_end(fd);
    end *upstream = new_end(upstream_fd);
    client->peer = upstream;
    upstream->peer = client;
    watch(s, client);
    watch(s, upstream);
}

static void accept_clients(floor_state *s)
{
    for (;;) {
        int fd = accept4(s->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            accept_client(s, fd);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR && errno != ECONNABORTED)
            fail("accept");
    }
}

static bool send_whole(int fd, const char *bytes, size_t n)
{
    ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
    return sent >= 0 && (size_t)sent == n;
}

static void forward(floor_state *s, end *e)
{
    static char buffer[BUFFER];
    for (;;) {
        ssize_t n = recv(e->fd, buffer, sizeof buffer, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            close_pair(s, e);
            return;
        }
        bool sent = e->peer == NULL ? send_whole(e->fd, refusal, sizeof refusal - 1)
                                    : send_whole(e->peer->fd, buffer, (size_t)n);
        if (!sent) {
            close_pair(s, e);
            return;
        }
        if ((size_t)n < sizeof buffer)
            return; /* a short read has drained the socket: what comes later is a new edge */
    }
}

static void run(floor_state *s)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(s->epoll, events, EVENTS, -1);
        if (n < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < n; i++) {
            end *e = events[i].data.ptr;
            if (e == &s->listener)
                accept_clients(s);
            else if (!e->closed)
                forward(s, e);
        }
        free_closed(s);
    }
}

int main(int argc, char **argv)
{
    static floor_state s;
    const char *listen_at = NULL, *upstream = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--refuse") == 0)
            s.refuse = true;
        else if (strcmp(argv[i], "--listen") == 0 && i + 1 < argc)
            listen_at = argv[++i];
        else if (strcmp(argv[i], "--upstream") == 0 && i + 1 < argc)
            upstream = argv[++i];
        else
            usage();
    }
    if (listen_at == NULL || (upstream == NULL) != s.refuse)
        usage();
    address at = parse_address(listen_at);
    if (upstream != NULL)
        s.upstream = parse_address(upstream);
    s.listener.fd = open_listener(&at);
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s.epoll < 0)
        fail("epoll_create1");
    watch(&s, &s.listener);
    run(&s);
}
