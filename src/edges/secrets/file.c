#include "edges/secrets/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4097, OTHERS_READ = 04, OTHERS_WRITE = 02 };

static void say(gh_secret_text *ret, const char *text)
{
    gh_buf b = gh_buf_over(ret->why, sizeof ret->why - 1);
    gh_buf_put(&b, gh_str_cut(gh_str_of(text), 0, sizeof ret->why - 1));
    ret->why[b.n] = '\0';
}

/* All of a file of at most `size` bytes, into memory with room for one more. False: ret->why. */
static bool read_all(int fd, char *memory, size_t size, gh_secret_text *ret)
{
    size_t n = 0;
    ssize_t got = 1;
    while (got > 0 && n <= size) {
        got = read(fd, memory + n, size + 1 - n);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            n += (size_t)got;
    }
    if (got < 0 || n > size) {
        say(ret, got < 0 ? strerrordesc_np(errno) : "it grew while it was read");
        return false;
    }
    ret->text = (gh_str){memory, n};
    return true;
}

static bool read_open(int fd, gh_arena *arena, gh_secret_text *ret)
{
    struct stat st;
    const char *why = NULL;
    if (fstat(fd, &st) != 0)
        why = strerrordesc_np(errno);
    else if (!S_ISREG(st.st_mode))
        why = "it is not a regular file";
    else if (st.st_size < 0 || st.st_size > GH_SECRET_FILE_MAX)
        why = "it is larger than 64 KiB";
    char *memory = why == NULL ? gh_arena_alloc(arena, (size_t)st.st_size + 1) : NULL;
    if (memory == NULL) {
        say(ret, why != NULL ? why : "out of memory");
        return false;
    }
    if (!read_all(fd, memory, (size_t)st.st_size, ret))
        return false;
    if ((st.st_mode & OTHERS_WRITE) != 0)
        say(ret, "everybody on this machine may change it: chmod 640 it");
    else if ((st.st_mode & OTHERS_READ) != 0)
        say(ret, "everybody on this machine may read it: chmod 640 it");
    return true;
}

bool gh_secrets_read_file(gh_str path, gh_arena *arena, gh_secret_text *ret)
{
    char name[PATH_SIZE];
    if (path.n == 0 || path.n >= sizeof name || memchr(path.p, '\0', path.n) != NULL) {
        say(ret, "that is no path");
        return false;
    }
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    /* Not blocking: nobody may have opened the other end of a FIFO. */
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        say(ret, strerrordesc_np(errno));
        return false;
    }
    bool good = read_open(fd, arena, ret);
    (void)close(fd);
    return good;
}
