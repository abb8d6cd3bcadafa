#include "observe/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdio.h>

enum {
    MODE = 0640,       /* the log holds addresses of people */
    PIPE_PIECE = 4096, /* a pipe that poll() calls writable takes this much without blocking */
    POLL_MS = 200,
    LAST_POLLS = 10 /* at the end: so often, then give up */
};

static bool open_path(const char *path, int *ret_fd)
{
    /* Not blocking: a FIFO nobody reads must not hang the start. It means nothing to a regular file. */
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, MODE);
    if (fd < 0)
        return false;
    *ret_fd = fd;
    return true;
}

static void set_fd(gh_sink *s, int fd)
{
    struct stat st;
    s->fd = fd;
    s->kind = GH_SINK_FILE;
    s->torn = false;
    if (fstat(fd, &st) != 0)
        return;
    if (S_ISSOCK(st.st_mode))
        s->kind = GH_SINK_SOCKET;
    else if (s->path == NULL && (S_ISFIFO(st.st_mode) || isatty(fd) == 1))
        s->kind = GH_SINK_PIPE; /* it blocks, and is not ours to change; a file of our own does not */
}

bool gh_sink_open(gh_sink *s, gh_str file, const atomic_bool *stop, const char **ret_why)
{
    *s = (gh_sink){.stop = stop, .fd = STDOUT_FILENO};
    if (gh_str_eq(file, GH_STR("-"))) {
        set_fd(s, STDOUT_FILENO);
        return true;
    }
    int fd = -1;
    s->path = strndup(file.p == NULL ? "" : file.p, file.n);
    if (s->path == NULL || !open_path(s->path, &fd)) {
        *ret_why = strerrordesc_np(errno);
        free(s->path);
        s->path = NULL;
        return false;
    }
    set_fd(s, fd);
    return true;
}

void gh_sink_close(gh_sink *s)
{
    if (s->path == NULL)
        return;
    (void)close(s->fd);
    free(s->path);
    s->path = NULL;
}

static const char *name_of(const gh_sink *s)
{
    return s->path == NULL ? "standard output" : s->path;
}

void gh_sink_reopen(gh_sink *s)
{
    int fd;
    if (s->path == NULL)
        return;
    if (!open_path(s->path, &fd)) {
        (void)fprintf(stderr,
                      "gatehouse: the log %s could not be opened again: %s; still writing to the old file\n",
                      name_of(s), strerrordesc_np(errno));
        return;
    }
    (void)close(s->fd);
    set_fd(s, fd);
}

bool gh_sink_is_terminal(const gh_sink *s)
{
    return isatty(s->fd) == 1;
}

/* Waits until there is room. False: nobody reads and it is time to stop. */
static bool wait_for_room(gh_sink *s)
{
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    while (s->last_polls < LAST_POLLS) {
        int n = poll(&p, 1, POLL_MS);
        if (n > 0 || (n < 0 && errno != EINTR))
            return true; /* an error will show itself in the write */
        if (atomic_load_explicit(s->stop, memory_order_relaxed))
            s->last_polls++;
    }
    errno = ETIMEDOUT;
    return false;
}

/* As much as fits into a piece, but no torn line if there is a way. */
static size_t piece_of(gh_str rest)
{
    if (rest.n <= PIPE_PIECE)
        return rest.n;
    const char *end = memrchr(rest.p, '\n', PIPE_PIECE);
    return end == NULL ? PIPE_PIECE : (size_t)(end - rest.p) + 1;
}

static ssize_t write_some(gh_sink *s, gh_str rest)
{
    switch (s->kind) {
    case GH_SINK_FILE:
        return write(s->fd, rest.p, rest.n);
    case GH_SINK_SOCKET: /* not blocking for this call alone: others share the open file */
        return send(s->fd, rest.p, rest.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    case GH_SINK_PIPE:
        if (!wait_for_room(s))
            return -1;
        return write(s->fd, rest.p, piece_of(rest));
    }
    return -1;
}

/* Returns what could not be written; errno says why. */
static gh_str write_all(gh_sink *s, gh_str rest)
{
    while (rest.n > 0) {
        ssize_t n = write_some(s, rest);
        if (n > 0) {
            s->torn = rest.p[n - 1] != '\n';
            rest = gh_str_cut(rest, (size_t)n, rest.n);
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && wait_for_room(s))
            continue;
        if (n == 0)
            errno = EIO;
        return rest;
    }
    return rest;
}

static uint64_t lines_in(gh_str text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

static bool lose(gh_sink *s, gh_str rest)
{
    int error = errno;
    uint64_t n = lines_in(rest);
    s->lost_here += n;
    atomic_fetch_add_explicit(&s->lost, n, memory_order_relaxed);
    if (!s->failing)
        (void)fprintf(stderr, "gatehouse: the log %s can't be written: %s; lines are dropped until it can\n",
                      name_of(s), strerrordesc_np(error));
    s->failing = true;
    return false;
}

bool gh_sink_write(gh_sink *s, gh_str lines)
{
    if (lines.n == 0)
        return true;
    if (s->torn && write_all(s, GH_STR("\n")).n > 0)
        return lose(s, lines);
    gh_str rest = write_all(s, lines);
    if (rest.n > 0)
        return lose(s, rest);
    if (s->failing)
        (void)fprintf(stderr, "gatehouse: the log %s is written again; %llu lines were dropped\n", name_of(s),
                      (unsigned long long)s->lost_here);
    s->failing = false;
    s->lost_here = 0;
    return true;
}
