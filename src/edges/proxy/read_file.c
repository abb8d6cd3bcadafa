#include "edges/proxy/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

bool gh_read_file(const char *path, size_t most, gh_str *ret, const char **ret_why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *ret_why = strerrordesc_np(errno);
        return false;
    }
    char *text = malloc(most + 1); /* pages that nothing is written to cost nothing */
    size_t size = 0;
    ssize_t n = text == NULL ? -1 : 1;
    while (n > 0 && size <= most) {
        n = read(fd, text + size, most + 1 - size);
        size += n > 0 ? (size_t)n : 0;
    }
    *ret_why = n < 0            ? strerrordesc_np(errno)
               : most > 1 << 20 ? "it is too large"
                                : "it is larger than 1 MiB";
    (void)close(fd);
    if (n != 0) {
        if (text != NULL)
            explicit_bzero(text, size); /* what was read may have been a secret */
        free(text);
        return false;
    }
    *ret = (gh_str){text, size};
    return true;
}
