#include "edges/admin/socket_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "edges/admin/socket.h"

enum { FOLDER_MAX = 4096 };

bool gh_socket_path_open(gh_str folder, gh_socket_path *ret)
{
    char name[FOLDER_MAX];
    gh_buf b = gh_buf_over(name, sizeof name);
    gh_buf_put(&b, folder);
    gh_buf_char(&b, '\0');
    if (!gh_buf_ok(&b)) {
        errno = ENAMETOOLONG;
        return false;
    }
    ret->at = (struct sockaddr_un){.sun_family = AF_UNIX};
    ret->folder = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (ret->folder < 0)
        return false;
    gh_buf path = gh_buf_over(ret->at.sun_path, sizeof ret->at.sun_path - 1);
    if (folder.n + sizeof "/" GH_ADMIN_SOCKET_NAME <= sizeof ret->at.sun_path)
        gh_buf_printf(&path, "%s/%s", name, GH_ADMIN_SOCKET_NAME);
    else
        gh_buf_printf(&path, "/proc/self/fd/%d/%s", ret->folder, GH_ADMIN_SOCKET_NAME);
    return true;
}

void gh_socket_path_close(gh_socket_path *path)
{
    (void)close(path->folder);
}

int gh_admin_socket_connect(gh_str folder)
{
    gh_socket_path path;
    if (!gh_socket_path_open(folder, &path))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&path.at, sizeof path.at) != 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
        fd = -1;
    }
    gh_socket_path_close(&path);
    return fd;
}
