/* Bytes in and out, with or without TLS. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"
#include "edges/redis/parts.h"

enum {
    OUT_FIRST = 32 * 1024,  /* holds the whole greeting */
    PENDING_MAX = 64 * 1024 /* bytes of TLS that are made before the socket has taken those before */
};

static void on_closed(uv_handle_t *handle)
{
    free(GH_CONTAINER(handle, gh_redis_link, poll));
}

static void on_event(uv_poll_t *poll, int status, int events);

static void want(gh_redis_link *l, int events)
{
    if (l->events == events)
        return;
    l->events = events;
    (void)uv_poll_start(&l->poll, events, on_event);
}

static int open_socket(const gh_redis_address *a, int *ret_fd)
{
    int on = 1;
    int fd = socket(a->name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (a->name.ss_family != AF_UNIX)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* A Unix socket whose queue is full says EAGAIN, and nobody would say when it has room. */
    if (connect(fd, (const struct sockaddr *)&a->name, a->size) != 0 && errno != EINPROGRESS) {
        int error = errno;
        (void)close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

int gh_redis_link_open(gh_redis *r, const gh_redis_address *address)
{
    int fd = -1;
    int error = open_socket(address, &fd);
    if (error != 0)
        return error;
    gh_redis_link *l = calloc(1, sizeof *l);
    bool good = l != NULL && gh_redis_reader_init(&r->reader);
    if (!good || uv_poll_init(r->loop, &l->poll, fd) != 0) {
        gh_redis_reader_free(&r->reader);
        (void)close(fd);
        free(l);
        return ENOMEM;
    }
    l->redis = r;
    l->fd = fd;
    r->link = l;
    r->out_start = r->out_end = 0;
    want(l, UV_WRITABLE);
    return 0;
}

static void forget_output(gh_redis *r)
{
    gh_wipe(r->out, r->out_cap);
    r->out_start = r->out_end = 0;
}

void gh_redis_link_close(gh_redis *r)
{
    gh_redis_link *l = r->link;
    if (l == NULL)
        return;
    r->link = NULL;
    forget_output(r);
    gh_redis_tls_free(&r->tls);
    gh_redis_reader_free(&r->reader);
    /* In this order, as in edges/proxy/io.c. */
    uv_close((uv_handle_t *)&l->poll, on_closed);
    (void)close(l->fd);
}

static void fail_tls(gh_redis *r)
{
    char why[GH_REDIS_WHY_SIZE];
    gh_buf b = gh_buf_over(why, sizeof why);
    gh_redis_tls_explain(&r->tls, gh_redis_host(r), &b);
    gh_str alert = gh_redis_tls_pending(&r->tls); /* for the server's log, if the socket takes it */
    if (alert.n > 0)
        (void)!send(r->link->fd, alert.p, alert.n, MSG_NOSIGNAL);
    gh_redis_fail(r, gh_buf_str(&b));
}

/* What the socket did not take stays. False: the connection is gone. */
static bool send_some(gh_redis *r, gh_str bytes, size_t *ret_sent)
{
    *ret_sent = 0;
    while (*ret_sent < bytes.n) {
        ssize_t n = send(r->link->fd, bytes.p + *ret_sent, bytes.n - *ret_sent, MSG_NOSIGNAL);
        if (n >= 0) {
            *ret_sent += (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN)
            return true;
        gh_redis_failf(r, "the connection broke: %s", strerrordesc_np(errno));
        return false;
    }
    return true;
}

/* True: all of it is sent. */
static bool send_pending(gh_redis *r)
{
    size_t sent;
    gh_str bytes = gh_redis_tls_pending(&r->tls);
    if (!send_some(r, bytes, &sent))
        return false;
    gh_redis_tls_sent(&r->tls, sent);
    if (sent < bytes.n)
        want(r->link, UV_READABLE | UV_WRITABLE);
    return sent == bytes.n;
}

static bool write_plain(gh_redis *r)
{
    size_t sent;
    if (!send_some(r, (gh_str){r->out + r->out_start, r->out_end - r->out_start}, &sent))
        return false;
    r->out_start += sent;
    if (r->out_start < r->out_end)
        want(r->link, UV_READABLE | UV_WRITABLE);
    return r->out_start == r->out_end;
}

static bool write_tls(gh_redis *r)
{
    while (r->out_start < r->out_end) {
        size_t n = 0;
        if (gh_redis_tls_pending(&r->tls).n >= PENDING_MAX && !send_pending(r))
            return false;
        enum gh_redis_tls_result result =
            gh_redis_tls_write(&r->tls, r->out + r->out_start, r->out_end - r->out_start, &n);
        if (result != GH_REDIS_TLS_OK) {
            fail_tls(r);
            return false;
        }
        r->out_start += n;
    }
    return send_pending(r);
}

void gh_redis_flush(gh_redis *r)
{
    gh_redis_link *l = r->link;
    if (l == NULL || r->state < GH_REDIS_GREETING || r->state > GH_REDIS_LEAVING)
        return;
    gh_redis_sent(r);
    bool all = r->tls.ssl != NULL ? write_tls(r) : write_plain(r);
    if (!all)
        return;
    if (r->state == GH_REDIS_GREETING)
        gh_wipe(r->out, r->out_cap); /* there was a password in it */
    r->out_start = r->out_end = 0;
    want(l, UV_READABLE);
}

/* Twice as much, or as much as is needed. What was in the old memory may be a secret. */
static bool grow(gh_redis *r, size_t needed)
{
    size_t cap = r->out_cap == 0 ? OUT_FIRST : r->out_cap * 2;
    while (cap < needed)
        cap *= 2;
    if (cap > r->shared->max_bytes)
        return false;
    char *out = malloc(cap);
    if (out == NULL)
        return false;
    if (r->out != NULL) {
        memcpy(out, r->out, r->out_end);
        gh_wipe(r->out, r->out_end);
    }
    free(r->out);
    r->out = out;
    r->out_cap = cap;
    return true;
}

gh_buf gh_redis_out_begin(gh_redis *r, size_t room)
{
    if (r->out_start > 0 && r->out_cap - r->out_end < room) {
        memmove(r->out, r->out + r->out_start, r->out_end - r->out_start);
        r->out_end -= r->out_start;
        r->out_start = 0;
    }
    if (r->out_cap - r->out_end < room && !grow(r, r->out_end + room))
        return gh_buf_over(NULL, 0);
    return gh_buf_over(r->out + r->out_end, r->out_cap - r->out_end);
}

void gh_redis_out_done(gh_redis *r, const gh_buf *b)
{
    r->out_end += b->n;
    if (!uv_is_active((uv_handle_t *)&r->prepare))
        (void)uv_prepare_start(&r->prepare, gh_redis_on_prepare);
}

/* Whole replies in what was fed are answered. False: the connection is gone. */
static bool answer(gh_redis *r)
{
    gh_redis_link *l = r->link;
    enum gh_redis_kind kind = GH_REDIS_NONE;
    for (;;) {
        if (!gh_redis_reader_next(&r->reader, &kind)) {
            gh_redis_fail(r, GH_STR("what it says is no reply to what it was asked"));
            return false;
        }
        if (kind == GH_REDIS_NONE)
            return true;
        gh_redis_replied(r, kind);
        if (r->link != l)
            return false;
    }
}

static bool take_plain(gh_redis *r, size_t n)
{
    if (gh_redis_reader_feed(&r->reader, r->input, n))
        return answer(r);
    gh_redis_fail(r, GH_STR("no memory for its replies"));
    return false;
}

static bool shake_hands(gh_redis *r)
{
    enum gh_redis_tls_result result = gh_redis_tls_shake(&r->tls);
    if (result == GH_REDIS_TLS_BAD || result == GH_REDIS_TLS_END) {
        fail_tls(r);
        return false;
    }
    gh_redis_link *l = r->link;
    bool sent = send_pending(r);
    if (r->link != l)
        return false;
    if (sent)
        want(l, UV_READABLE);
    if (result == GH_REDIS_TLS_OK)
        gh_redis_greet(r);
    return r->link == l;
}

static bool take_tls(gh_redis *r, size_t n)
{
    enum gh_redis_tls_result result;
    if (!gh_redis_tls_feed(&r->tls, r->input, n)) {
        gh_redis_fail(r, GH_STR("no memory for its replies"));
        return false;
    }
    if (r->state == GH_REDIS_SECURING && !shake_hands(r))
        return false;
    if (r->state == GH_REDIS_SECURING)
        return true;
    while ((result = gh_redis_tls_read(&r->tls, r->input, sizeof r->input, &n)) == GH_REDIS_TLS_OK)
        if (!take_plain(r, n))
            return false;
    if (result == GH_REDIS_TLS_MORE)
        return true;
    if (result == GH_REDIS_TLS_END)
        gh_redis_fail(r, GH_STR("it closed the connection"));
    else
        fail_tls(r);
    return false;
}

/* It ends: there are never more replies than commands, and no more of those are sent meanwhile. */
bool gh_redis_receive(gh_redis *r)
{
    gh_redis_link *l = r->link;
    while (l != NULL) {
        ssize_t n = recv(l->fd, r->input, sizeof r->input, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n < 0) {
            gh_redis_failf(r, "the connection broke: %s", strerrordesc_np(errno));
            return false;
        }
        if (n == 0) {
            gh_redis_fail(r, GH_STR("it closed the connection"));
            return false;
        }
        r->heard_ms = uv_now(r->loop);
        if (!(r->tls.ssl != NULL ? take_tls(r, (size_t)n) : take_plain(r, (size_t)n)))
            return false;
        if ((size_t)n < sizeof r->input)
            return true;
    }
    return false;
}

static int socket_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

static void on_connected(gh_redis *r)
{
    int error = socket_error(r->link->fd);
    if (error != 0) {
        char why[GH_REDIS_WHY_SIZE];
        gh_buf b = gh_buf_over(why, sizeof why);
        gh_buf_printf(&b, "no connection: %s", strerrordesc_np(error));
        gh_redis_connect_next(r, gh_buf_str(&b));
        return;
    }
    if (r->shared->tls == NULL) {
        gh_redis_greet(r);
        return;
    }
    r->state = GH_REDIS_SECURING;
    if (gh_redis_tls_begin(&r->tls, r->shared->tls, gh_redis_host(r)))
        (void)shake_hands(r);
    else
        gh_redis_fail(r, GH_STR("no memory for TLS"));
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    gh_redis_link *l = GH_CONTAINER(poll, gh_redis_link, poll);
    gh_redis *r = l->redis;
    if (r->link != l)
        return;
    if (r->state == GH_REDIS_CONNECTING) {
        on_connected(r);
        return;
    }
    if ((status < 0 || (events & UV_READABLE) != 0) && !gh_redis_receive(r))
        return;
    if (status < 0) { /* what was left is read */
        gh_redis_failf(r, "the connection broke: %s", strerrordesc_np(socket_error(l->fd)));
        return;
    }
    if ((events & UV_WRITABLE) == 0)
        return;
    if (r->state == GH_REDIS_SECURING)
        (void)shake_hands(r);
    else
        gh_redis_flush(r);
}
