#include "records/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWN_FILE = 0600, OTHERS_WRITE = 022, NOT_OWNER = 077 };

static bool fail(gh_buf *why, const char *path, const char *what)
{
    gh_buf_printf(why, "%s: %s", path, what);
    return false;
}

static bool fail_errno(gh_buf *why, const char *path)
{
    return fail(why, path, strerrordesc_np(errno));
}

bool gh_own_path(const char *folder, const char *name, char ret[GH_OWN_PATH], gh_buf *why)
{
    gh_buf b = gh_buf_over(ret, GH_OWN_PATH - 1);
    gh_buf_put(&b, gh_str_of(folder));
    gh_buf_char(&b, '/');
    gh_buf_put(&b, gh_str_of(name));
    if (!gh_buf_ok(&b))
        return fail(why, "data folder", "its path is too long");
    ret[b.n] = '\0';
    return true;
}

bool gh_own_folder(const char *path, gh_buf *why)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return fail_errno(why, path);
    if (!S_ISDIR(st.st_mode))
        return fail(why, path, "not a folder");
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return fail(why, path, "this folder belongs to another user: make it the one's who runs Gatehouse");
    if ((st.st_mode & OTHERS_WRITE) != 0)
        return fail(why, path, "others may write to this folder: chmod 700 it");
    return true;
}

int gh_own_file(const char *path, gh_buf *why)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, OWN_FILE);
    if (fd < 0) {
        (void)fail_errno(why, path);
        return -1;
    }
    if (fstat(fd, &st) != 0)
        (void)fail_errno(why, path);
    else if (!S_ISREG(st.st_mode))
        (void)fail(why, path, "not a regular file");
    else if ((st.st_mode & NOT_OWNER) != 0 && fchmod(fd, OWN_FILE) != 0)
        (void)fail_errno(why, path);
    else
        return fd;
    (void)close(fd);
    return -1;
}

static bool refuse_second(int fd, const char *folder, gh_buf *why)
{
    char text[16];
    ssize_t n = pread(fd, text, sizeof text, 0);
    gh_str pid = {text, n < 0 ? 0 : (size_t)n};
    pid = gh_str_cut(pid, 0, gh_str_find(pid, '\n'));
    uint64_t number;
    if (!gh_str_u64(pid, &number))
        number = 0;
    gh_buf_printf(why,
                  "%s: gatehouse is running on this folder (pid %llu): stop it, or set another data.folder",
                  folder, (unsigned long long)number);
    return false;
}

int gh_own_lock(const char *folder, gh_buf *why)
{
    char name[GH_OWN_PATH], text[32];
    if (!gh_own_path(folder, "gatehouse.lock", name, why))
        return -1;
    int fd = gh_own_file(name, why);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)(errno == EWOULDBLOCK ? refuse_second(fd, folder, why) : fail_errno(why, name));
        (void)close(fd);
        return -1;
    }
    gh_buf pid = gh_buf_over(text, sizeof text);
    gh_buf_u64(&pid, (uint64_t)getpid());
    gh_buf_char(&pid, '\n');
    /* The number is for people: a full disk does not stop the start here. */
    bool written = ftruncate(fd, 0) == 0 && pwrite(fd, pid.p, pid.n, 0) == (ssize_t)pid.n;
    (void)written;
    return fd;
}
