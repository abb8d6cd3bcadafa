#include "records/sqlite/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(gh_buf *why, const char *path, const char *what)
{
    gh_buf_printf(why, "%s: %s", path, what);
    return false;
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

static bool refuse_moved(const char *mark, gh_buf *why)
{
    struct stat st;
    if (lstat(mark, &st) != 0)
        return errno == ENOENT || fail(why, mark, strerrordesc_np(errno));
    return fail(
        why, mark,
        "all records were moved from this folder to where this file says, and what happened since is there: "
        "use that one (postgresql.url, POSTGRESQL_URL); to go on with what was here then, and without "
        "what happened since, remove this file");
}

bool gh_folder_mark_moved(const char *path, gh_str where, gh_buf *why)
{
    char mark[GH_OWN_PATH];
    if (!gh_own_path(path, "gatehouse.moved", mark, why))
        return false;
    int file = gh_own_file(mark, why), folder = -1;
    if (file < 0)
        return false;
    bool good = write(file, where.p, where.n) == (ssize_t)where.n && write(file, "\n", 1) == 1 &&
                fsync(file) == 0 && (folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 &&
                fsync(folder) == 0;
    if (!good)
        (void)fail(why, mark, strerrordesc_np(errno));
    (void)close(file);
    if (folder >= 0)
        (void)close(folder);
    return good;
}

bool gh_folder_open(gh_folder *folder, const char *path, gh_buf *why)
{
    struct stat st;
    char mark[GH_OWN_PATH];
    folder->lock = -1;
    if (!gh_own_folder(path, why) || !gh_own_path(path, "gatehouse.db", folder->database, why) ||
        !gh_own_path(path, "gatehouse.db-wal", folder->log, why) ||
        !gh_own_path(path, "gatehouse.moved", mark, why))
        return false;
    folder->lock = gh_own_lock(path, why);
    if (folder->lock < 0)
        return false;
    /* With the lock, which is held while all is moved: it may have been marked just now. */
    int fd = refuse_moved(mark, why) && check_log(folder, why) ? gh_own_file(folder->database, why) : -1;
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
