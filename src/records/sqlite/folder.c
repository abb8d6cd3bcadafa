#include "records/sqlite/folder.h"

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

static bool join(const char *folder, const char *name, char *ret, gh_buf *why)
{
    gh_buf b = gh_buf_over(ret, GH_FOLDER_PATH - 1);
    gh_buf_put(&b, gh_str_of(folder));
    gh_buf_char(&b, '/');
    gh_buf_put(&b, gh_str_of(name));
    if (!gh_buf_ok(&b))
        return fail(why, "data folder", "its path is too long");
    ret[b.n] = '\0';
    return true;
}

/* Whoever may write to the folder could put another file in the database's place. */
static bool check_folder(const char *path, gh_buf *why)
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

/* A regular file that only its owner may read, made if need be; a link is not followed. -1: `why` says why. */
static int own_file(const char *path, gh_buf *why)
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
    char name[GH_FOLDER_PATH], text[32];
    if (!join(path, "gatehouse.lock", name, why))
        return false;
    int fd = own_file(name, why);
    if (fd < 0)
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)(errno == EWOULDBLOCK ? refuse_second(fd, path, why) : fail_errno(why, name));
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
    if (!check_folder(path, why) || !join(path, "gatehouse.db", folder->database, why) ||
        !join(path, "gatehouse.db-wal", folder->log, why) || !lock_folder(folder, path, why))
        return false;
    int fd = check_log(folder, why) ? own_file(folder->database, why) : -1;
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
