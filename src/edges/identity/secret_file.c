#include "edges/identity/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/crypto.h"
#include "edges/proxy/read_file.h"

enum { PATH_SIZE = 4096, SECRET_BYTES = 32, SECRET_TEXT = 64 };

static bool fail(char *why, size_t size, const char *what, const char *path)
{
    (void)snprintf(why, size, "%s %s: %s", what, path, strerrordesc_np(errno));
    return false;
}

static bool put_path(char to[PATH_SIZE], gh_str folder, const char *name)
{
    gh_buf b = gh_buf_over(to, PATH_SIZE);
    gh_buf_put(&b, folder);
    gh_buf_put(&b, gh_str_of(name));
    gh_buf_char(&b, '\0');
    errno = ENAMETOOLONG;
    return gh_buf_ok(&b);
}

bool gh_data_folder_make(gh_str folder, char *why, size_t why_size)
{
    char path[PATH_SIZE] = "";
    struct stat st;
    if (!put_path(path, folder, ""))
        return fail(why, why_size, "data.folder", "");
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return fail(why, why_size, "the data folder can't be made:", path);
    if (stat(path, &st) != 0)
        return fail(why, why_size, "the data folder can't be looked at:", path);
    if (S_ISDIR(st.st_mode))
        return true;
    errno = ENOTDIR;
    return fail(why, why_size, "the data folder", path);
}

static bool say(char *why, size_t size, const char *path, const char *what)
{
    (void)snprintf(why, size, "data.folder: %s: %s", path, what);
    return false;
}

/* Of one that is still to be made its parent must be there. */
static bool look_at_parent(char *path, char *why, size_t why_size)
{
    struct stat st;
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        slash[slash == path ? 1 : 0] = '\0';
    const char *parent = slash == NULL ? "." : path;
    if (stat(parent, &st) != 0)
        return errno == EACCES || say(why, why_size, parent, strerrordesc_np(errno));
    return S_ISDIR(st.st_mode) || say(why, why_size, parent, strerrordesc_np(ENOTDIR));
}

bool gh_data_folder_look(gh_str folder, char *why, size_t why_size)
{
    enum { OTHERS_WRITE = 022 };
    char path[PATH_SIZE] = "";
    struct stat st;
    while (folder.n > 1 && folder.p[folder.n - 1] == '/')
        folder.n--;
    if (!put_path(path, folder, ""))
        return say(why, why_size, "", strerrordesc_np(errno));
    if (stat(path, &st) != 0) {
        if (errno == ENOENT)
            return look_at_parent(path, why, why_size);
        return errno == EACCES || say(why, why_size, path, strerrordesc_np(errno));
    }
    if (!S_ISDIR(st.st_mode))
        return say(why, why_size, path, strerrordesc_np(ENOTDIR));
    return (st.st_mode & OTHERS_WRITE) == 0 ||
           say(why, why_size, path, "others may write to this folder: chmod 700 it");
}

/* Whole or not at all: written beside it, on disk, then given its name. link() does not replace: of two that start at
 * once one wins. */
static bool make(const char *path, gh_str folder, char *why, size_t why_size)
{
    uint8_t bytes[SECRET_BYTES];
    char text[SECRET_TEXT], beside[PATH_SIZE];
    gh_buf b = gh_buf_over(text, sizeof text);
    if (!put_path(beside, folder, "/.secret_key-XXXXXX"))
        return fail(why, why_size, "data.folder", "");
    gh_random(bytes, sizeof bytes);
    gh_base64url_put(&b, (gh_str){(const char *)bytes, sizeof bytes});
    gh_buf_char(&b, '\n');
    int fd = mkstemp(beside);
    bool written = fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n && fsync(fd) == 0;
    gh_wipe(bytes, sizeof bytes);
    gh_wipe(text, sizeof text);
    bool made = written && (link(beside, path) == 0 || errno == EEXIST);
    int saved = errno;
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(beside);
    }
    errno = saved;
    return made || fail(why, why_size, "a secret key can't be kept in", path);
}

bool gh_secret_file_read(gh_str folder, gh_arena *arena, gh_str *ret, char *why, size_t why_size)
{
    char path[PATH_SIZE];
    gh_str text = {NULL, 0};
    const char *reason = NULL;
    if (!put_path(path, folder, "/secret_key"))
        return fail(why, why_size, "data.folder", "");
    if (access(path, F_OK) != 0 && !make(path, folder, why, why_size))
        return false;
    if (!gh_read_file(path, 1 << 20, &text, &reason)) {
        (void)snprintf(why, why_size, "%s can't be read: %s", path, reason);
        return false;
    }
    gh_str line = gh_str_cut(text, 0, gh_str_find(text, '\n'));
    *ret = gh_arena_copy(arena, line);
    char *p = (char *)(uintptr_t)text.p;
    gh_wipe(p, text.n);
    free(p);
    if (ret->n >= SECRET_BYTES)
        return true;
    (void)snprintf(why, why_size, "%s is too short: remove it, and sign in anew everywhere", path);
    return false;
}
