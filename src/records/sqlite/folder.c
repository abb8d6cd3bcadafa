#include "records/sqlite/folder.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(gh_buf *why, const char *path, const char *what)
{
    gh_buf_printf(why, "%s: %s", path, what);
    return false;
}

static bool refuse_second(int fd, const char *path, gh_buf *why)
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
                  path, (unsigned long long)number);
    return false;
}

static bool lock_folder(gh_folder *folder, const char *path, gh_buf *why)
{
    char name[GH_OWN_PATH], text[32];
    if (!gh_own_path(path, "gatehouse.lock", name, why))
        return false;
    int fd = gh_own_file(name, why);
    if (fd < 0)
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)(errno == EWOULDBLOCK ? refuse_second(fd, path, why) : fail(why, name, strerrordesc_np(errno)));
        (void)close(fd);
        return false;
    }
    gh_buf pid = gh_buf_over(text, sizeof text);
    gh_buf_u64(&pid, (uint64_t)getpid());
    gh_buf_char(&pid, '\n');
    /* The number is for people: a full disk does not stop the start here. */
    bool written = ftruncate(fd, 0) == 0 && pwrite(fd, pid.p, pid.n, 0) == (ssize_t)pid.n;
    (void)written;
    folder->lock = fd;
    return true;
}

/* What was acknowledged last may be in the log only, and SQLite removes a log whose database is not there. */
static bool check_log(const gh_folder *folder, gh_buf *why)
{
    struct stat st;
    if (stat(folder->log, &st) != 0 || st.st_size == 0)
        return true;
    if (stat(folder->database, &st) == 0 && st.st_size > 0)
        return true;
    return fail(
        why, folder->database,
        "is missing or empty, but its log (gatehouse.db-wal) is there: put it back, or remove the log");
}

bool gh_folder_open(gh_folder *folder, const char *path, gh_buf *why)
{
    struct stat st;
    folder->lock = -1;
    if (!gh_own_folder(path, why) || !gh_own_path(path, "gatehouse.db", folder->database, why) ||
        !gh_own_path(path, "gatehouse.db-wal", folder->log, why) || !lock_folder(folder, path, why))
        return false;
    int fd = check_log(folder, why) ? gh_own_file(folder->database, why) : -1;
    if (fd < 0) {
        gh_folder_close(folder);
        return false;
    }
    (void)close(fd); /* before SQLite has its locks on it: closing any descriptor would drop those */
    folder->unclean = stat(folder->log, &st) == 0 && st.st_size > 0;
    return true;
}

void gh_folder_close(gh_folder *folder)
{
    if (folder->lock >= 0)
        (void)close(folder->lock);
    folder->lock = -1;
}

uint64_t gh_folder_bytes(const gh_folder *folder)
{
    struct stat st;
    uint64_t bytes = 0;
    if (stat(folder->database, &st) == 0)
        bytes += (uint64_t)st.st_size;
    if (stat(folder->log, &st) == 0)
        bytes += (uint64_t)st.st_size;
    return bytes;
}
