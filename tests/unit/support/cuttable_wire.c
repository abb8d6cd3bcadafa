#include "cuttable_wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 32 };

struct wire {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener, wake;
    unsigned port, to_port;
    bool held, cut, cut_at_answer, over;
    const char *behind; /* what comes from the far end up to this passes, then it is cut; NULL: nothing is */
    unsigned long passed;
    struct {
        int near, far; /* 0: free */
    } pair[MOST];
    unsigned n;
};

static int connect_far(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static void take(wire *w)
{
    int near = accept(w->listener, NULL, NULL), far = near < 0 ? -1 : connect_far(w->to_port);
    if (far < 0 || w->n == MOST) {
        (void)close(near);
        (void)close(far);
        return;
    }
    (void)setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    (void)setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    w->pair[w->n].near = near;
    w->pair[w->n++].far = far;
}

static void drop(wire *w, unsigned i)
{
    (void)close(w->pair[i].near);
    (void)close(w->pair[i].far);
    w->pair[i] = w->pair[--w->n];
}

/* False: it ended. */
static bool pass(wire *w, int from, int to, bool towards)
{
    char bytes[16384];
    ssize_t n = recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0 || (!towards && w->cut_at_answer)) {
        w->cut_at_answer = w->cut_at_answer && towards;
        return false;
    }
    if (towards)
        w->passed += (unsigned long)n;
    const char *end =
        towards || w->behind == NULL ? NULL : memmem(bytes, (size_t)n, w->behind, strlen(w->behind) + 1);
    if (end != NULL) {
        n = end - bytes + (ssize_t)strlen(w->behind) + 1;
        w->behind = NULL;
    }
    for (ssize_t at = 0, sent; at < n; at += sent) {
        sent = send(to, bytes + at, (size_t)(n - at), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
    }
    return end == NULL;
}

static void turn(wire *w, const struct pollfd *fds, unsigned n)
{
    for (unsigned i = n; i-- > 0;) {
        bool stands = true;
        if (fds[2 + 2 * i].revents != 0)
            stands = pass(w, w->pair[i].near, w->pair[i].far, true);
        if (stands && fds[3 + 2 * i].revents != 0)
            stands = pass(w, w->pair[i].far, w->pair[i].near, false);
        if (!stands)
            drop(w, i);
    }
}

static void *serve(void *data)
{
    wire *w = data;
    struct pollfd fds[2 + 2 * MOST];
    for (;;) {
        (void)pthread_mutex_lock(&w->lock);
        while (w->cut && w->n > 0)
            drop(w, 0);
        w->cut = false;
        bool over = w->over;
        unsigned n = w->held ? 0 : w->n;
        fds[0] = (struct pollfd){.fd = w->wake, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = w->listener, .events = POLLIN};
        for (unsigned i = 0; i < n; i++) {
            fds[2 + 2 * i] = (struct pollfd){.fd = w->pair[i].near, .events = POLLIN};
            fds[3 + 2 * i] = (struct pollfd){.fd = w->pair[i].far, .events = POLLIN};
        }
        (void)pthread_mutex_unlock(&w->lock);
        if (over)
            return NULL;
        (void)poll(fds, 2 + 2 * n, -1);
        (void)pthread_mutex_lock(&w->lock);
        uint64_t count;
        if (fds[0].revents != 0)
            (void)!read(w->wake, &count, sizeof count);
        if (!w->cut && !w->held)
            turn(w, fds, n);
        if (fds[1].revents != 0)
            take(w);
        (void)pthread_mutex_unlock(&w->lock);
    }
}

static void change(wire *w, bool *what, bool value)
{
    uint64_t one = 1;
    (void)pthread_mutex_lock(&w->lock);
    *what = value;
    (void)pthread_mutex_unlock(&w->lock);
    (void)!write(w->wake, &one, sizeof one);
}

wire *wire_make(unsigned to_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof address;
    wire *w = calloc(1, sizeof *w);
    w->to_port = to_port;
    w->wake = eventfd(0, EFD_CLOEXEC);
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(w->listener, (struct sockaddr *)(void *)&address, n) != 0 || listen(w->listener, 64) != 0 ||
        getsockname(w->listener, (struct sockaddr *)(void *)&address, &n) != 0)
        abort();
    w->port = ntohs(address.sin_port);
    (void)pthread_mutex_init(&w->lock, NULL);
    if (pthread_create(&w->thread, NULL, serve, w) != 0)
        abort();
    return w;
}

void wire_free(wire *w)
{
    change(w, &w->over, true);
    (void)pthread_join(w->thread, NULL);
    while (w->n > 0)
        drop(w, 0);
    (void)close(w->listener);
    (void)close(w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

unsigned wire_port(const wire *w)
{
    return w->port;
}

void wire_cut(wire *w)
{
    change(w, &w->cut, true);
}

void wire_hold(wire *w, bool held)
{
    change(w, &w->held, held);
}

void wire_cut_at_answer(wire *w)
{
    change(w, &w->cut_at_answer, true);
}

void wire_cut_behind(wire *w, const char *text)
{
    (void)pthread_mutex_lock(&w->lock);
    w->behind = text;
    (void)pthread_mutex_unlock(&w->lock);
}

unsigned long wire_passed(wire *w)
{
    (void)pthread_mutex_lock(&w->lock);
    unsigned long n = w->passed;
    (void)pthread_mutex_unlock(&w->lock);
    return n;
}
