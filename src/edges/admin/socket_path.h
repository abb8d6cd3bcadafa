/* The address of the admin socket. Paths of sockets are short (108 bytes) and folders may be deep: a long one is reached
 * through a descriptor of the folder. */
#ifndef GH_EDGES_ADMIN_SOCKET_PATH_H
#define GH_EDGES_ADMIN_SOCKET_PATH_H

#include <sys/un.h>

#include "base/slice.h"

typedef struct gh_socket_path {
    struct sockaddr_un at;
    int folder; /* to be closed; good as long as the address is used */
} gh_socket_path;

/* False: errno. */
GH_MUST_CHECK bool gh_socket_path_open(gh_str folder, gh_socket_path *ret);
void gh_socket_path_close(gh_socket_path *path);

#endif
