#include "edges/admin/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "edges/admin/socket_path.h"

enum { CONNECTIONS_MAX = 8, BACKLOG = 16, READ_PIECE = 65536, TIMEOUT_MS = 30000 };
enum { REQUEST_ARENA = 3 * GH_MESSAGE_REQUEST_MAX };

typedef struct connection connection;

struct gh_admin_socket {
    uv_loop_t *loop;
    uv_pipe_t listener;
    gh_admin_work work;
    connection *first;
    unsigned n; /* connections, and the listener as long as it is open */
    bool full;  /* somebody waits until another has gone */
    bool stopping;
    char folder[4096];
};

struct connection {
    gh_admin_socket *socket;
    connection *next;
    uv_pipe_t pipe;
    uv_timer_t timer; /* for sending the request and for taking the answer, not for what is done between */
    uv_work_t work;
    uv_write_t write;
    gh_text request, answer;
    char piece[READ_PIECE];
    unsigned open; /* handles that are not closed yet */
    bool working, closing;
    void *held; /* what the work holds */
};

static void unref(gh_admin_socket *s)
{
    if (--s->n == 0)
        free(s);
}

static void take_connection(gh_admin_socket *s);

static void forget(connection *c)
{
    gh_admin_socket *s = c->socket;
    connection **at = &s->first;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    gh_text_free(&c->request);
    gh_text_free(&c->answer);
    gh_wipe(c->piece, sizeof c->piece);
    free(c);
    if (s->full && !s->stopping)
        take_connection(s);
    unref(s);
}

static void on_closed(uv_handle_t *handle)
{
    connection *c = handle->data;
    if (--c->open == 0)
        forget(c);
}

/* Work that is being done holds the connection until it is through. */
static void end(connection *c)
{
    if (c->closing || c->working)
        return;
    c->closing = true;
    uv_close((uv_handle_t *)&c->pipe, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void on_timeout(uv_timer_t *timer)
{
    end(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    end(write->data);
}

static void send_answer(connection *c)
{
    uv_buf_t buf = uv_buf_init(c->answer.b.p, (unsigned)c->answer.b.n);
    c->write.data = c;
    (void)uv_timer_start(&c->timer, on_timeout, TIMEOUT_MS, 0);
    if (c->answer.b.n == 0 || uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written) != 0)
        end(c);
}

/* On a thread of the pool. */
static int run(connection *c, gh_text *out, gh_text *err)
{
    gh_operator_request request;
    const char *why;
    gh_arena arena;
    int status = GH_EXIT_USAGE;
    gh_str line = gh_text_str(&c->request);
    gh_arena_init(&arena, NULL, 0, REQUEST_ARENA);
    if (gh_operator_request_read(gh_str_cut(line, 0, line.n - 1), &arena, &request, &why))
        status = c->socket->work.run(c->socket->work.data, c->held, &request, out, err);
    else
        gh_text_printf(err, "gatehouse: the request is %s\n", why);
    gh_arena_wipe(&arena);
    gh_arena_reset(&arena);
    return status;
}

static void on_work(uv_work_t *work)
{
    connection *c = work->data;
    gh_text out = {.cap = GH_OPERATOR_OUTPUT_MAX}, err = {.cap = GH_OPERATOR_OUTPUT_MAX};
    int status = run(c, &out, &err);
    gh_operator_answer answer = {.status = status, .out = gh_text_str(&out), .err = gh_text_str(&err)};
    if (!gh_operator_answer_put(&c->answer, &answer)) {
        gh_text_free(&c->answer);
        c->answer.b.overflow = false;
        answer = (gh_operator_answer){
            .status = GH_EXIT_FAILED,
            .out = GH_STR(""),
            .err = GH_STR(
                "gatehouse: it was done, but what there is to say is too long for the admin socket\n")};
        if (!gh_operator_answer_put(&c->answer, &answer))
            gh_text_free(&c->answer); /* the connection is just closed */
    }
    gh_text_free(&out);
    gh_text_free(&err);
}

static void on_worked(uv_work_t *work, int status)
{
    connection *c = work->data;
    c->working = false;
    c->socket->work.release(c->socket->work.data, c->held);
    if (status != 0)
        end(c); /* taken back before it was begun */
    else
        send_answer(c);
}

static void begin(connection *c)
{
    (void)uv_read_stop((uv_stream_t *)&c->pipe);
    (void)uv_timer_stop(&c->timer);
    c->work.data = c;
    c->held = c->socket->work.hold(c->socket->work.data);
    if (c->held != NULL && uv_queue_work(c->socket->loop, &c->work, on_work, on_worked) == 0) {
        c->working = true;
        return;
    }
    if (c->held != NULL)
        c->socket->work.release(c->socket->work.data, c->held);
    end(c);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
    connection *c = handle->data;
    (void)size;
    *ret = uv_buf_init(c->piece, sizeof c->piece);
}

/* One line; what comes behind it, or is too much, ends the connection. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    connection *c = stream->data;
    (void)buf;
    if (n == 0)
        return;
    if (n < 0) {
        end(c);
        return;
    }
    gh_str piece = {c->piece, (size_t)n};
    size_t line = gh_str_find(piece, '\n');
    gh_text_put(&c->request, piece);
    if (!gh_buf_ok(&c->request.b) || (line < piece.n && line + 1 != piece.n))
        end(c);
    else if (line < piece.n)
        begin(c);
}

static bool is_trusted(const uv_pipe_t *pipe)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    uv_os_fd_t fd;
    return uv_fileno((const uv_handle_t *)pipe, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static connection *new_connection(gh_admin_socket *s)
{
    connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->socket = s;
    c->request.cap = GH_MESSAGE_REQUEST_MAX;
    c->answer.cap = GH_MESSAGE_ANSWER_MAX;
    (void)uv_pipe_init(s->loop, &c->pipe, 0); /* can't fail: it only fills in */
    (void)uv_timer_init(s->loop, &c->timer);
    c->pipe.data = c->timer.data = c;
    c->open = 2;
    c->next = s->first;
    s->first = c;
    s->n++;
    return c;
}

/* One that is not accepted waits, and libuv looks for no other meanwhile. */
static void take_connection(gh_admin_socket *s)
{
    connection *c = s->n > CONNECTIONS_MAX ? NULL : new_connection(s); /* the listener is one of n */
    s->full = c == NULL;
    if (c == NULL)
        return;
    bool good = uv_accept((uv_stream_t *)&s->listener, (uv_stream_t *)&c->pipe) == 0 &&
                is_trusted(&c->pipe) && uv_timer_start(&c->timer, on_timeout, TIMEOUT_MS, 0) == 0 &&
                uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) == 0;
    if (!good)
        end(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        take_connection(listener->data);
}

/* Only a socket is taken away: anything else of that name is somebody's, and binding fails. */
static void remove_left_over(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(path);
}

/* Nobody else can connect between its making and a chmod(): the mode of the descriptor is that of the file. */
static int bind_private(gh_str folder)
{
    gh_socket_path path;
    int fd = -1, error = 0;
    if (!gh_socket_path_open(folder, &path))
        return -1;
    remove_left_over(path.at.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 &&
        (fchmod(fd, S_IRUSR | S_IWUSR) != 0 ||
         bind(fd, (const struct sockaddr *)&path.at, sizeof path.at) != 0 || listen(fd, BACKLOG) != 0)) {
        error = errno;
        (void)close(fd);
        fd = -1;
    }
    gh_socket_path_close(&path);
    errno = error;
    return fd;
}

static void on_listener_closed(uv_handle_t *handle)
{
    unref(handle->data);
}

static bool listen_on(gh_admin_socket *s, int fd)
{
    int status = uv_pipe_open(&s->listener, fd);
    if (status != 0)
        (void)close(fd);
    return status == 0 && uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection) == 0;
}

gh_admin_socket *gh_admin_socket_start(uv_loop_t *loop, gh_str folder, const gh_admin_work *work,
                                       const char **ret_why)
{
    gh_admin_socket *s = calloc(1, sizeof *s);
    *ret_why = "out of memory";
    if (s == NULL)
        return NULL;
    s->loop = loop;
    s->work = *work;
    gh_buf name = gh_buf_over(s->folder, sizeof s->folder - 1);
    gh_buf_put(&name, folder);
    int fd = gh_buf_ok(&name) ? bind_private(folder) : -1;
    if (fd < 0) {
        *ret_why = strerrordesc_np(errno);
        free(s);
        return NULL;
    }
    (void)uv_pipe_init(loop, &s->listener, 0);
    s->listener.data = s;
    s->n = 1;
    if (listen_on(s, fd))
        return s;
    *ret_why = "can't listen";
    uv_close((uv_handle_t *)&s->listener, on_listener_closed);
    return NULL;
}

void gh_admin_socket_stop(gh_admin_socket *s)
{
    gh_socket_path path;
    if (s == NULL || s->stopping)
        return;
    s->stopping = true;
    if (gh_socket_path_open(gh_str_of(s->folder), &path)) {
        remove_left_over(path.at.sun_path);
        gh_socket_path_close(&path);
    }
    for (connection *c = s->first; c != NULL; c = c->next) {
        if (c->working)
            (void)uv_cancel((uv_req_t *)&c->work); /* one that has begun is answered */
        end(c);
    }
    uv_close((uv_handle_t *)&s->listener, on_listener_closed);
}
