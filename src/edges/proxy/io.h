/* A non-blocking socket on a worker's loop, with a buffer each way. */
#ifndef GH_EDGES_PROXY_IO_H
#define GH_EDGES_PROXY_IO_H

#include "base/buf.h"
#include "edges/proxy/timer.h"

/* A pooled buffer: bytes [start, end) are waiting. */
typedef struct gh_iobuf {
    struct gh_iobuf *next; /* in the pool */
    uint32_t start, end, cap;
    char data[];
} gh_iobuf;

typedef struct gh_iobuf_pool {
    gh_iobuf *free;
    uint32_t size; /* of each buffer */
    unsigned n_free;
} gh_iobuf_pool;

GH_MUST_CHECK gh_iobuf *gh_iobuf_get(gh_iobuf_pool *pool);
/* Gives *buf back and clears the pointer. */
void gh_iobuf_put(gh_iobuf_pool *pool, gh_iobuf **buf);
void gh_iobuf_pool_free(gh_iobuf_pool *pool);

static inline uint32_t gh_iobuf_len(const gh_iobuf *b)
{
    return b == NULL ? 0 : b->end - b->start;
}

static inline uint32_t gh_iobuf_room(const gh_iobuf *b)
{
    return b->cap - b->end;
}

static inline gh_str gh_iobuf_str(const gh_iobuf *b)
{
    return b == NULL ? (gh_str){NULL, 0} : (gh_str){b->data + b->start, b->end - b->start};
}

/* Moves what is waiting to the front when the back is full, or nothing is waiting. */
static inline void gh_iobuf_pull(gh_iobuf *b)
{
    if (b->start == 0 || (b->end > b->start && b->end < b->cap))
        return;
    memmove(b->data, b->data + b->start, b->end - b->start);
    b->end -= b->start;
    b->start = 0;
}

typedef struct gh_io gh_io;
struct gh_io {
    uv_poll_t poll;
    int fd;
    int events; /* what the poll is started for */
    bool closing;
    gh_iobuf *in, *out;
    uint64_t sent; /* bytes ever written */
    gh_wheel *wheel;
    gh_iobuf_pool *pool;
    gh_timer timer;
    uint64_t armed_at; /* the progress at which the deadline was set */
    /* error: the kernel reported one; read what is left before giving up. */
    void (*on_event)(gh_io *io, int events, bool error);
    void (*on_closed)(gh_io *io); /* the memory is the owner's again */
};

enum gh_io_result { GH_IO_OK, GH_IO_AGAIN, GH_IO_EOF, GH_IO_ERROR };

/* Takes fd over. 0, or a libuv error (fd is then still the caller's). */
GH_MUST_CHECK int gh_io_init(gh_io *io, uv_loop_t *loop, int fd, gh_wheel *wheel, gh_iobuf_pool *pool);
/* UV_READABLE, UV_WRITABLE, both or 0; costs a system call only when it changes. */
void gh_io_want(gh_io *io, int events);
/* Reads once into io->in (got from the pool when absent). GH_IO_AGAIN also when the buffer is full. */
GH_MUST_CHECK enum gh_io_result gh_io_read(gh_io *io);
/* Writes io->out until it is empty (OK; the buffer goes back to the pool) or the socket is full (AGAIN). */
GH_MUST_CHECK enum gh_io_result gh_io_flush(gh_io *io);
/* io->out with at least `room` free bytes behind `end`; false: out of memory or too large. */
GH_MUST_CHECK bool gh_io_out_room(gh_io *io, uint32_t room);
/* A gh_buf over the free part of io->out; gh_io_out_done() takes over what was written. */
gh_buf gh_io_out_begin(gh_io *io);
void gh_io_out_done(gh_io *io, const gh_buf *b);
/* A deadline that only progress moves (any number that changes with it): bytes that mean nothing yet do not. */
void gh_io_arm(gh_io *io, uint64_t progress, uint64_t deadline);
void gh_io_close(gh_io *io);

#endif
