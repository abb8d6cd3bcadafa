/* Asks at a fixed rate and says how long the answers took: CSV on standard output.
 *   rate --port N --rate N --seconds N --connections N [--header "Name: value"]... PATH
 *
 * Each request has its time. One that no connection is free for waits, and its latency counts from its time all the
 * same: a server that stalls cannot hide it by being asked less (what is called coordinated omission). One thread,
 * kept-alive connections to 127.0.0.1. An answer that is not 200, or a connection that ends, ends the program. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, REQUEST_MAX = 8192, ANSWER_MAX = 16384, SECOND = 1000000000 };
enum { PATIENCE_S = 10 }; /* for answers that are outstanding when all is asked */

typedef struct connection {
    int fd;
    uint64_t due_ns; /* of the request under way */
    size_t n;
    struct connection *next_free;
    char answer[ANSWER_MAX];
} connection;

typedef struct run {
    unsigned port, rate, seconds, n_connections;
    const char *path;
    char request[REQUEST_MAX];
    size_t request_size;
    int epoll;
    connection *connections, *free;
    uint64_t *latencies, asked, answered, all, begun_ns;
} run;

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "rate: %s\n", what);
    exit(1);
}

static _Noreturn void usage(void)
{
    (void)fputs("usage: rate --port N --rate N --seconds N --connections N [--header LINE]... PATH\n",
                stderr);
    exit(2);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static unsigned number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value == 0 || value > 1000000)
        usage();
    return (unsigned)value;
}

static void add(run *r, const char *text, const char *end)
{
    int n = snprintf(r->request + r->request_size, REQUEST_MAX - r->request_size, "%s%s", text, end);
    if (n < 0 || (size_t)n >= REQUEST_MAX - r->request_size)
        fail("the request is too long");
    r->request_size += (size_t)n;
}

static void read_arguments(run *r, int argc, char **argv)
{
    const struct {
        const char *name;
        unsigned *to;
    } numbers[] = {{"--port", &r->port},
                   {"--rate", &r->rate},
                   {"--seconds", &r->seconds},
                   {"--connections", &r->n_connections}};
    if (argc < 2)
        usage();
    r->path = argv[argc - 1];
    add(r, "GET ", r->path);
    add(r, " HTTP/1.1", "\r\n");
    for (int i = 1; i + 2 < argc; i += 2) {
        bool known = strcmp(argv[i], "--header") == 0;
        if (known)
            add(r, argv[i + 1], "\r\n");
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            if (strcmp(argv[i], numbers[k].name) == 0) {
                *numbers[k].to = number(argv[i + 1]);
                known = true;
            }
        if (!known)
            usage();
    }
    add(r, "", "\r\n");
    if (argc % 2 != 0 || r->port > 65535 || r->n_connections > CONNECTIONS_MAX || r->port == 0 ||
        r->rate == 0 || r->seconds == 0 || r->n_connections == 0)
        usage();
}

static void give_free(run *r, connection *c)
{
    c->n = 0;
    c->next_free = r->free;
    r->free = c;
}

static void connect_all(run *r)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)r->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    r->epoll = epoll_create1(0);
    for (unsigned i = 0; i < r->n_connections; i++) {
        connection *c = &r->connections[i];
        const int on = 1;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 ||
            setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
            epoll_ctl(r->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
            fail(strerror(errno));
        give_free(r, c);
    }
}

static uint64_t due_ns(const run *r, uint64_t number)
{
    return r->begun_ns + number * SECOND / r->rate;
}

static void ask_what_is_due(run *r)
{
    while (r->asked < r->all && r->free != NULL && due_ns(r, r->asked) <= now_ns()) {
        connection *c = r->free;
        r->free = c->next_free;
        c->due_ns = due_ns(r, r->asked++);
        if (send(c->fd, r->request, r->request_size, MSG_NOSIGNAL) != (ssize_t)r->request_size)
            fail("a request could not be sent");
    }
}

/* The size of the whole answer; 0: its head is not there yet. */
static size_t size_of_answer(connection *c)
{
    static const char length[] = "\r\nContent-Length: ";
    c->answer[c->n] = '\0';
    const char *end = strstr(c->answer, "\r\n\r\n");
    if (end == NULL)
        return 0;
    const char *at = strstr(c->answer, length);
    if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0)
        fail("an answer that is not 200");
    if (at == NULL || at > end)
        fail("an answer without Content-Length");
    return (size_t)(end + 4 - c->answer) + strtoul(at + sizeof length - 1, NULL, 10);
}

static void hear(run *r, connection *c)
{
    ssize_t got = recv(c->fd, c->answer + c->n, ANSWER_MAX - 1 - c->n, 0);
    if (got <= 0)
        fail("a connection ended, or an answer is too long");
    c->n += (size_t)got;
    size_t whole = size_of_answer(c);
    if (whole == 0 || c->n < whole)
        return;
    if (c->n > whole)
        fail("more than was asked for");
    r->latencies[r->answered++] = now_ns() - c->due_ns;
    give_free(r, c);
}

/* Until something comes, or the next request is due and can be sent. */
static void wait_and_hear(run *r)
{
    struct epoll_event events[64];
    uint64_t now = now_ns(), until = now + (uint64_t)PATIENCE_S * SECOND;
    if (r->asked < r->all && r->free != NULL)
        until = due_ns(r, r->asked);
    uint64_t left = until > now ? until - now : 0;
    const struct timespec wait = {(time_t)(left / SECOND), (long)(left % SECOND)};
    int n = epoll_pwait2(r->epoll, events, 64, &wait, NULL);
    if (n < 0 && errno != EINTR)
        fail(strerror(errno));
    if (n == 0 && (r->asked == r->all || r->free == NULL))
        fail("no answer");
    for (int i = 0; i < n; i++)
        hear(r, events[i].data.ptr);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void report(run *r)
{
    static const struct {
        const char *name;
        unsigned of_10000;
    } rows[] = {{"p50_us", 5000}, {"p90_us", 9000}, {"p99_us", 9900}, {"p999_us", 9990}};
    qsort(r->latencies, r->all, sizeof r->latencies[0], by_value);
    printf("measure,value\nrequests,%" PRIu64 "\n", r->all);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        printf("%s,%.1f\n", rows[i].name,
               (double)r->latencies[(r->all - 1) * rows[i].of_10000 / 10000] / 1e3);
    printf("max_us,%.1f\n", (double)r->latencies[r->all - 1] / 1e3);
}

int main(int argc, char **argv)
{
    static run r;
    read_arguments(&r, argc, argv);
    r.all = (uint64_t)r.rate * r.seconds;
    r.latencies = calloc(r.all, sizeof r.latencies[0]);
    r.connections = calloc(r.n_connections, sizeof r.connections[0]);
    if (r.latencies == NULL || r.connections == NULL)
        fail("no memory");
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* be woken when it is time, not 50 us later */
    connect_all(&r);
    r.begun_ns = now_ns();
    while (r.answered < r.all) {
        ask_what_is_due(&r);
        if (r.answered < r.all)
            wait_and_hear(&r);
    }
    report(&r);
    return 0;
}
