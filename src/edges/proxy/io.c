#include "edges/proxy/io.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEPT_FREE = 256 };

gh_iobuf *gh_iobuf_get(gh_iobuf_pool *pool)
{
    gh_iobuf *b = pool->free;
    if (b != NULL) {
        pool->free = b->next;
        pool->n_free--;
    } else {
        b = malloc(sizeof *b + pool->size);
        if (b == NULL)
            return NULL;
        b->cap = pool->size;
    }
    b->start = b->end = 0;
    return b;
}

void gh_iobuf_put(gh_iobuf_pool *pool, gh_iobuf **buf)
{
    gh_iobuf *b = *buf;
    if (b == NULL)
        return;
    *buf = NULL;
    if (pool->n_free >= KEPT_FREE || b->cap != pool->size) {
        free(b);
        return;
    }
    b->next = pool->free;
    pool->free = b;
    pool->n_free++;
}

void gh_iobuf_pool_free(gh_iobuf_pool *pool)
{
    while (pool->free != NULL) {
        gh_iobuf *next = pool->free->next;
        free(pool->free);
        pool->free = next;
    }
    pool->n_free = 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    gh_io *io = GH_CONTAINER(poll, gh_io, poll);
    if (status < 0) {
        io->events = 0; /* libuv has stopped the handle */
        events = UV_READABLE | UV_WRITABLE;
    }
    io->on_event(io, events, status < 0);
}

int gh_io_init(gh_io *io, uv_loop_t *loop, int fd, gh_wheel *wheel, gh_iobuf_pool *pool)
{
    io->fd = fd;
    io->events = 0;
    io->closing = false;
    io->in = io->out = NULL;
    io->sent = 0;
    io->wheel = wheel;
    io->pool = pool;
    io->timer.next = io->timer.prev = NULL;
    io->timer.deadline = 0;
    io->armed_at = UINT64_MAX;
    return uv_poll_init(loop, &io->poll, fd);
}

void gh_io_want(gh_io *io, int events)
{
    if (io->closing || io->events == events)
        return;
    io->events = events;
    if (events == 0)
        (void)uv_poll_stop(&io->poll);
    else
        (void)uv_poll_start(&io->poll, events, on_poll);
}

enum gh_io_result gh_io_read(gh_io *io)
{
    if (io->in == NULL)
        io->in = gh_iobuf_get(io->pool);
    if (io->in == NULL)
        return GH_IO_ERROR;
    uint32_t room = gh_iobuf_room(io->in);
    if (room == 0)
        return GH_IO_AGAIN;
    ssize_t n = recv(io->fd, io->in->data + io->in->end, room, 0);
    if (n > 0) {
        io->in->end += (uint32_t)n;
        return GH_IO_OK;
    }
    if (n == 0)
        return GH_IO_EOF;
    return errno == EAGAIN || errno == EINTR ? GH_IO_AGAIN : GH_IO_ERROR;
}

enum gh_io_result gh_io_flush(gh_io *io)
{
    while (gh_iobuf_len(io->out) > 0) {
        gh_iobuf *b = io->out;
        ssize_t n = send(io->fd, b->data + b->start, b->end - b->start, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? GH_IO_AGAIN : GH_IO_ERROR;
        b->start += (uint32_t)n;
        io->sent += (uint64_t)n;
    }
    gh_iobuf_put(io->pool, &io->out);
    return GH_IO_OK;
}

bool gh_io_out_room(gh_io *io, uint32_t room)
{
    if (io->out == NULL)
        io->out = gh_iobuf_get(io->pool);
    gh_iobuf *b = io->out;
    if (b == NULL)
        return false;
    if (gh_iobuf_room(b) < room && b->start > 0) {
        memmove(b->data, b->data + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
    }
    return gh_iobuf_room(b) >= room;
}

gh_buf gh_io_out_begin(gh_io *io)
{
    return gh_buf_over(io->out->data + io->out->end, gh_iobuf_room(io->out));
}

void gh_io_out_done(gh_io *io, const gh_buf *b)
{
    io->out->end += (uint32_t)b->n;
}

void gh_io_arm(gh_io *io, uint64_t progress, uint64_t deadline)
{
    if (io->timer.deadline != 0 && io->armed_at == progress)
        return;
    io->armed_at = progress;
    gh_timer_set(io->wheel, &io->timer, deadline);
}

static void on_closed(uv_handle_t *handle)
{
    gh_io *io = GH_CONTAINER(handle, gh_io, poll);
    io->on_closed(io);
}

void gh_io_close(gh_io *io)
{
    if (io->closing)
        return;
    io->closing = true;
    gh_timer_remove(io->wheel, &io->timer);
    gh_iobuf_put(io->pool, &io->in);
    gh_iobuf_put(io->pool, &io->out);
    /* In this order: uv_close() takes the descriptor's number out of epoll once more, and by then it must not
     * be another thread's. */
    uv_close((uv_handle_t *)&io->poll, on_closed);
    (void)close(io->fd);
    io->fd = -1;
}
