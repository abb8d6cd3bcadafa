/* The admin socket: where the commands of a running server's operator come in (operator/message.h). A unix socket that
 * only the server's own user and root may use: the file is 0600 from its first moment, and the peer's uid is asked of
 * the kernel (SO_PEERCRED). One request a connection, done on a thread of libuv's pool. Loop's thread. */
#ifndef GH_EDGES_ADMIN_SOCKET_H
#define GH_EDGES_ADMIN_SOCKET_H

#include <uv.h>

#include "operator/message.h"

#define GH_ADMIN_SOCKET_NAME "gatehouse.sock"

typedef struct gh_admin_socket gh_admin_socket;

/* What is done with a request. */
typedef struct gh_admin_work {
    void *data;
    /* Loop's thread, before: what the work needs of the server's present state. NULL: it can't be done now. */
    void *(*hold)(void *data);
    /* On a thread of libuv's pool, several at once. The exit status; see gh_operator_run(). */
    int (*run)(void *data, void *held, const gh_operator_request *request, gh_text *out, gh_text *err);
    /* Loop's thread, after. */
    void (*release)(void *data, void *held);
} gh_admin_work;

/* Listens in the folder, which must be the process's own and locked by it: a socket file that is there is left over, and
 * replaced. NULL: *ret_why says why (constant text). */
GH_MUST_CHECK gh_admin_socket *gh_admin_socket_start(uv_loop_t *loop, gh_str folder,
                                                     const gh_admin_work *work, const char **ret_why);
/* Takes no more, ends what has not begun, removes the file. A request that is being done is answered to its end; the
 * memory is freed when the loop has run out, and `run` is not called after that. NULL is fine. */
void gh_admin_socket_stop(gh_admin_socket *socket);

/* A connected descriptor; -1: nobody listens there, or the folder is not there (errno). For commands, which may wait. */
int gh_admin_socket_connect(gh_str folder);

#endif
