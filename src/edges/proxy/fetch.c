#include "edges/proxy/fetch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "wire/chars.h"
#include "wire/h1_body.h"
#include "wire/h1_head.h"

enum {
    HEAD_MAX = 64 * 1024,
    FIELDS_MAX = 256,
    REQUEST_MAX = 4096,
    PIECE = 64 * 1024,
    SLICE_MS = 100,
    INTERIMS_MAX = 8
};

typedef struct fetching {
    const gh_fetch *what;
    int fd;
    uint64_t deadline; /* ms, by the clock of uv_hrtime() */
    char *in;          /* HEAD_MAX bytes: the head, then pieces of the body */
    size_t start, end; /* what of it is waiting */
    bool eof;
    char *body;
    size_t size, cap;
    char *why;
} fetching;

static bool fail(fetching *f, const char *why)
{
    gh_buf b = gh_buf_over(f->why, GH_FETCH_WHY_SIZE - 1);
    gh_buf_put(&b, gh_str_of(why));
    f->why[b.n] = '\0';
    return false;
}

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* Waits for the socket in short slices, so that a stop is seen soon. */
static bool await(fetching *f, short events, uint64_t deadline, const char *late)
{
    struct pollfd p = {.fd = f->fd, .events = events};
    for (uint64_t now = now_ms(); now < deadline; now = now_ms()) {
        if (f->what->stop != NULL && atomic_load(f->what->stop))
            return fail(f, "told to stop");
        uint64_t left = deadline - now;
        int n = poll(&p, 1, left < SLICE_MS ? (int)left : SLICE_MS);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return fail(f, strerrordesc_np(errno));
    }
    return fail(f, late);
}

static bool open_connection(fetching *f)
{
    const gh_fetch *w = f->what;
    f->fd = socket(w->address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (f->fd < 0)
        return fail(f, strerrordesc_np(errno));
    if (connect(f->fd, (const struct sockaddr *)w->address, w->address_size) == 0)
        return true;
    if (errno != EINPROGRESS)
        return fail(f, strerrordesc_np(errno));
    uint64_t until = now_ms() + w->connect_ms;
    if (!await(f, POLLOUT, until < f->deadline ? until : f->deadline, "no connection in time"))
        return false;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return error == 0 || fail(f, strerrordesc_np(error));
}

static bool is_path(gh_str path)
{
    bool good = gh_str_starts(path, GH_STR("/"));
    for (size_t i = 0; good && i < path.n; i++)
        good = gh_char_is(path.p[i], GH_CHAR_VISIBLE) && (unsigned char)path.p[i] < 0x80;
    return good;
}

static bool send_request(fetching *f)
{
    char memory[REQUEST_MAX];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_buf_lit(&b, "GET ");
    gh_buf_put(&b, f->what->path);
    gh_buf_lit(&b, " HTTP/1.1\r\nHost: ");
    gh_buf_put(&b, f->what->host);
    gh_buf_lit(&b, "\r\nUser-Agent: gatehouse\r\nAccept: application/json\r\nConnection: close\r\n\r\n");
    if (!is_path(f->what->path) || !gh_buf_ok(&b))
        return fail(f, "its path is not one, or too long");
    for (size_t sent = 0; sent < b.n;) {
        ssize_t n = send(f->fd, b.p + sent, b.n - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return fail(f, strerrordesc_np(errno));
        sent += n > 0 ? (size_t)n : 0;
        if (n < 0 && !await(f, POLLOUT, f->deadline, "it does not read the request"))
            return false;
    }
    return true;
}

/* More into f->in, behind what is there. At the end f->eof. */
static bool read_more(fetching *f)
{
    if (f->start == f->end)
        f->start = f->end = 0;
    for (;;) {
        ssize_t n = recv(f->fd, f->in + f->end, HEAD_MAX - f->end, 0);
        if (n >= 0) {
            f->end += (size_t)n;
            f->eof = n == 0;
            return true;
        }
        if (errno != EAGAIN && errno != EINTR)
            return fail(f, strerrordesc_np(errno));
        if (!await(f, POLLIN, f->deadline, "no whole answer in time"))
            return false;
    }
}

static bool check_head(fetching *f, const gh_h1_head *head)
{
    if (head->status != 200) {
        gh_buf b = gh_buf_over(f->why, GH_FETCH_WHY_SIZE - 1);
        gh_buf_printf(&b, "its answer has the status %u, not 200", head->status);
        f->why[b.n] = '\0';
        return false;
    }
    if ((head->seen & GH_FIELD_BIT(GH_FIELD_CONTENT_ENCODING)) != 0)
        return fail(f, "its answer has a content coding, which was not asked for");
    if (head->framing == GH_FRAMING_LENGTH && head->content_length > f->what->max)
        return fail(f, "it is too large");
    return true;
}

static bool read_head(fetching *f, gh_field *fields, gh_h1_head *head)
{
    gh_h1_limits limits = {HEAD_MAX - 1, 0, FIELDS_MAX};
    for (unsigned interims = 0; interims < INTERIMS_MAX;) {
        gh_str in = {f->in + f->start, f->end - f->start};
        enum gh_h1_result r = in.n == 0 ? GH_H1_MORE : gh_h1_read_response(in, &limits, fields, false, head);
        if (r == GH_H1_MORE) {
            if (f->eof)
                return fail(f, "it closed without an answer");
            if (f->end == HEAD_MAX)
                return fail(f, "the head of its answer is too large");
            if (!read_more(f))
                return false;
            continue;
        }
        if (r != GH_H1_DONE)
            return fail(f, "its answer is not well-formed HTTP");
        f->start += head->head_size;
        if (head->status >= 200)
            return check_head(f, head);
        interims++;
    }
    return fail(f, "too many interim answers");
}

static bool keep(fetching *f, gh_str data)
{
    if (data.n > f->what->max - f->size)
        return fail(f, "it is too large");
    if (f->size + data.n > f->cap) {
        size_t cap = f->cap == 0 ? PIECE : f->cap * 2;
        if (cap < f->size + data.n)
            cap = f->size + data.n;
        char *body = realloc(f->body, cap);
        if (body == NULL)
            return fail(f, "out of memory");
        f->body = body;
        f->cap = cap;
    }
    if (data.n > 0)
        memcpy(f->body + f->size, data.p, data.n);
    f->size += data.n;
    return true;
}

/* Takes what has come. *ret_done: that was all of it. */
static bool take(fetching *f, const gh_h1_head *head, gh_chunked *chunks, bool *ret_done)
{
    gh_str in = {f->in + f->start, f->end - f->start}, data;
    f->start = f->end;
    if (head->framing != GH_FRAMING_CHUNKED) {
        bool by_length = head->framing == GH_FRAMING_LENGTH;
        if (by_length && in.n > head->content_length - f->size)
            return fail(f, "there are bytes behind its answer");
        if (!keep(f, in))
            return false;
        *ret_done = by_length ? f->size == head->content_length : f->eof;
        return true;
    }
    enum gh_chunk_result r;
    while ((r = gh_chunked_next(chunks, &in, &data)) == GH_CHUNK_DATA)
        if (!keep(f, data))
            return false;
    *ret_done = r == GH_CHUNK_END;
    return r != GH_CHUNK_BAD || fail(f, "its chunked body is malformed");
}

static bool read_body(fetching *f, const gh_h1_head *head)
{
    gh_chunked chunks;
    bool done = false;
    gh_chunked_init(&chunks);
    if (head->framing == GH_FRAMING_NONE)
        return fail(f, "its answer is empty");
    while (take(f, head, &chunks, &done)) {
        if (done)
            return true;
        if (f->eof)
            return fail(f, "its answer was cut short");
        if (!read_more(f))
            return false;
    }
    return false;
}

bool gh_fetch_document(const gh_fetch *what, gh_str *ret, char why[GH_FETCH_WHY_SIZE])
{
    fetching f = {.what = what, .fd = -1, .deadline = now_ms() + what->total_ms, .why = why};
    gh_field *fields = calloc(FIELDS_MAX, sizeof *fields);
    gh_h1_head head;
    why[0] = '\0';
    f.in = malloc(HEAD_MAX);
    bool good = fields != NULL && f.in != NULL ? true : fail(&f, "out of memory");
    good = good && open_connection(&f) && send_request(&f) && read_head(&f, fields, &head) &&
           read_body(&f, &head);
    if (good && f.size == 0)
        good = fail(&f, "its answer is empty");
    if (f.fd >= 0)
        (void)close(f.fd);
    free(f.in);
    free(fields);
    if (!good) {
        free(f.body);
        return false;
    }
    *ret = (gh_str){f.body, f.size};
    return true;
}
