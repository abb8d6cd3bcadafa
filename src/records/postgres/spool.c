#include "records/postgres/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32.h"
#include "base/crypto.h"

enum { HEAD = 32, FRAME = 8 };
static const gh_str magic = GH_STR_INIT("GHSPOOL1");

static void put_number(char *to, uint64_t n, unsigned bytes)
{
    while (bytes-- > 0)
        *to++ = (char)(n >> (8 * bytes));
}

static uint64_t number_of(const char *from, unsigned bytes)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < bytes; i++)
        n = n << 8 | (uint8_t)from[i];
    return n;
}

static bool write_all(int fd, gh_str bytes, uint64_t at)
{
    while (bytes.n > 0) {
        ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes.p += n;
        bytes.n -= (size_t)n;
        at += (uint64_t)n;
    }
    return true;
}

/* Exactly n bytes. */
static bool read_all(int fd, char *to, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t got = pread(fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        n -= (size_t)got;
        at += (uint64_t)got;
    }
    return true;
}

static bool write_head(const gh_spool *s)
{
    char head[HEAD];
    memcpy(head, magic.p, magic.n);
    memcpy(head + magic.n, s->generation, GH_SPOOL_ID);
    put_number(head + magic.n + GH_SPOOL_ID, s->dropped, 8);
    return write_all(s->fd, (gh_str){head, HEAD}, 0) && fdatasync(s->fd) == 0;
}

static bool make_empty(gh_spool *s)
{
    s->size = HEAD;
    s->lines = 0;
    gh_random(s->generation, sizeof s->generation);
    return ftruncate(s->fd, HEAD) == 0 && write_head(s);
}

/* A whole line at `at`: its bytes are in memory. */
static bool read_line(int fd, uint64_t at, char *memory, gh_str *ret)
{
    char frame[FRAME];
    if (!read_all(fd, frame, FRAME, at))
        return false;
    size_t n = (size_t)number_of(frame, 4);
    if (n == 0 || n > GH_SPOOL_LINE_MAX || !read_all(fd, memory, n, at + FRAME))
        return false;
    *ret = (gh_str){memory, n};
    return gh_crc32(*ret) == number_of(frame + 4, 4);
}

static bool fail(gh_buf *why, const char *path, const char *what)
{
    gh_buf_printf(why, "%s: %s", path, what);
    return false;
}

/* A whole line that can be read, and ends within `until`. */
static bool is_line(int fd, uint64_t at, uint64_t until, char *memory, gh_str *bytes, gh_spool_line *ret)
{
    return read_line(fd, at, memory, bytes) && at + FRAME + bytes->n <= until &&
           gh_spool_line_read(*bytes, ret);
}

/* The next place from `at` on whose length is one that a line may have: a damaged stretch may be many megabytes long, and is
 * not to be read byte by byte. */
static uint64_t next_likely(int fd, uint64_t at, uint64_t until)
{
    char block[4096];
    while (until - at > FRAME) {
        size_t n = until - at < sizeof block ? (size_t)(until - at) : sizeof block;
        if (!read_all(fd, block, n, at))
            return at;
        for (size_t i = 0; i + 4 <= n; i++) {
            uint64_t length = number_of(block + i, 4);
            if (length > 0 && length <= GH_SPOOL_LINE_MAX)
                return at + i;
        }
        at += n - 3;
    }
    return until;
}

/* What is at *at. Damage may be in a line's length, too: the next line is looked for at every place. */
static enum gh_spool_found find(int fd, uint64_t *at, uint64_t until, char *memory, gh_spool_line *ret)
{
    gh_str bytes;
    uint64_t to = *at;
    if (to >= until)
        return GH_SPOOL_END;
    if (is_line(fd, to, until, memory, &bytes, ret)) {
        *at += FRAME + bytes.n;
        return GH_SPOOL_LINE;
    }
    do
        to = next_likely(fd, to + 1, until);
    while (to < until && !is_line(fd, to, until, memory, &bytes, ret));
    *at = to;
    return GH_SPOOL_BAD;
}

static bool is_newer(int fd, uint64_t at, char *memory)
{
    gh_str bytes;
    return read_line(fd, at, memory, &bytes) && gh_spool_line_is_newer(bytes);
}

/* Finds the end of the last whole line, of a file of that size. False: there is one that this program does not know. */
static bool find_end(gh_spool *s, uint64_t size)
{
    char memory[GH_SPOOL_LINE_MAX];
    gh_spool_line line;
    uint64_t at = HEAD, bad = 0;
    s->size = HEAD;
    for (;;) {
        if (is_newer(s->fd, at, memory))
            return false;
        enum gh_spool_found found = find(s->fd, &at, size, memory, &line);
        if (found == GH_SPOOL_END)
            return true;
        if (found == GH_SPOOL_BAD) {
            bad++;
            continue;
        }
        s->lines += 1 + bad;
        bad = 0;
        s->size = at;
    }
}

/* Appends those bytes of the spool. */
static bool copy_bytes(const gh_spool *s, int to, uint64_t from, uint64_t until, uint64_t *at)
{
    char memory[4096];
    while (from < until) {
        size_t n = until - from < sizeof memory ? (size_t)(until - from) : sizeof memory;
        if (!read_all(s->fd, memory, n, from) || !write_all(to, (gh_str){memory, n}, *at))
            return false;
        from += n;
        *at += n;
    }
    return true;
}

static bool copy_bad(const gh_spool *s, int to, uint64_t first, uint64_t until)
{
    char memory[GH_SPOOL_LINE_MAX];
    gh_spool_line line;
    struct stat st;
    enum gh_spool_found found = GH_SPOOL_LINE;
    if (fstat(to, &st) != 0)
        return false;
    uint64_t end = (uint64_t)st.st_size;
    for (uint64_t from = first, at = first; found != GH_SPOOL_END; from = at) {
        found = find(s->fd, &at, until, memory, &line);
        if (found == GH_SPOOL_BAD && !copy_bytes(s, to, from, at, &end))
            return false;
    }
    return fdatasync(to) == 0;
}

/* What can't be read from there to there. */
static bool put_aside(const gh_spool *s, uint64_t from, uint64_t until, gh_buf *why)
{
    int fd = gh_own_file(s->aside, why);
    if (fd < 0)
        return false;
    bool done = copy_bad(s, fd, from, until) || fail(why, s->aside, strerrordesc_np(errno));
    (void)close(fd);
    return done;
}

/* A line that was being written is no more than one: more than that at the end was damaged there. */
static bool cut_end(gh_spool *s, uint64_t size, const char *path, gh_buf *why)
{
    if (size == s->size)
        return true;
    s->end_aside = size - s->size > FRAME + GH_SPOOL_LINE_MAX;
    if (s->end_aside && !put_aside(s, s->size, size, why))
        return false;
    s->dropped += s->end_aside;
    return ((!s->end_aside || write_head(s)) && ftruncate(s->fd, (off_t)s->size) == 0) ||
           fail(why, path, strerrordesc_np(errno));
}

static bool look_through(gh_spool *s, const char *path, gh_buf *why, uint64_t *ret_cut)
{
    static const char *const strange = "this is no audit spool of Gatehouse: put it elsewhere";
    static const char *const newer =
        "a newer Gatehouse wrote this: start that one, or put the file elsewhere";
    char head[HEAD];
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return fail(why, path, strerrordesc_np(errno));
    if (st.st_size < HEAD) /* new, or killed at once */
        return make_empty(s) || fail(why, path, strerrordesc_np(errno));
    if (!read_all(s->fd, head, HEAD, 0) || !gh_str_eq((gh_str){head, magic.n}, magic))
        return fail(why, path, strange);
    memcpy(s->generation, head + magic.n, GH_SPOOL_ID);
    s->dropped = number_of(head + magic.n + GH_SPOOL_ID, 8);
    if (!find_end(s, (uint64_t)st.st_size))
        return fail(why, path, newer);
    *ret_cut = (uint64_t)st.st_size - s->size;
    return cut_end(s, (uint64_t)st.st_size, path, why);
}

/* The file's name is on disk, too. */
static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

static void close_files(gh_spool *s)
{
    if (s->fd >= 0)
        (void)close(s->fd);
    if (s->folder >= 0)
        (void)close(s->folder);
    s->fd = s->folder = -1;
}

void gh_spool_none(gh_spool *s)
{
    *s = (gh_spool){.fd = -1, .folder = -1};
    (void)pthread_mutex_init(&s->lock, NULL);
}

bool gh_spool_open(gh_spool *s, const char *folder, uint64_t most, gh_buf *why, uint64_t *ret_cut)
{
    char path[GH_OWN_PATH];
    gh_spool_none(s);
    s->most = most;
    *ret_cut = 0;
    if (!gh_own_folder(folder, why) || !gh_own_path(folder, "audit.spool", path, why) ||
        !gh_own_path(folder, "audit.spool.bad", s->aside, why))
        return false;
    s->folder = gh_own_lock(folder, why);
    if (s->folder < 0)
        return false;
    s->fd = gh_own_file(path, why);
    if (s->fd >= 0 && look_through(s, path, why, ret_cut)) {
        sync_folder(folder);
        return true;
    }
    close_files(s);
    return false;
}

void gh_spool_close(gh_spool *s)
{
    close_files(s);
    (void)pthread_mutex_destroy(&s->lock);
}

static enum gh_spool_answer drop(gh_spool *s)
{
    bool first = s->dropped++ == 0;
    (void)write_head(
        s); /* where the disk is full it may fail; then the number is right while the process lives */
    return first ? GH_SPOOL_FIRST_DROPPED : GH_SPOOL_DROPPED;
}

static enum gh_spool_answer append(gh_spool *s, const gh_spool_line *line)
{
    char memory[FRAME + GH_SPOOL_LINE_MAX];
    gh_buf b = gh_buf_over(memory + FRAME, GH_SPOOL_LINE_MAX);
    if (!gh_spool_line_put(line, &b) || s->size + FRAME + b.n > s->most)
        return drop(s);
    put_number(memory, b.n, 4);
    put_number(memory + 4, gh_crc32(gh_buf_str(&b)), 4);
    if (!write_all(s->fd, (gh_str){memory, FRAME + b.n}, s->size) || fdatasync(s->fd) != 0) {
        int cut = ftruncate(s->fd, (off_t)s->size); /* else the next line is written over it */
        (void)cut;
        return drop(s);
    }
    s->size += FRAME + b.n;
    s->lines++;
    return GH_SPOOL_KEPT;
}

enum gh_spool_answer gh_spool_keep(gh_spool *s, const gh_spool_line *line)
{
    if (s->fd < 0)
        return GH_SPOOL_DROPPED;
    (void)pthread_mutex_lock(&s->lock);
    enum gh_spool_answer answer = append(s, line);
    (void)pthread_mutex_unlock(&s->lock);
    return answer;
}

enum gh_spool_found gh_spool_next(gh_spool *s, uint64_t *at, uint64_t until, char *memory, gh_spool_line *ret)
{
    if (*at == 0)
        *at = HEAD;
    return s->fd < 0 ? GH_SPOOL_END : find(s->fd, at, until, memory, ret);
}

bool gh_spool_forget(gh_spool *s, uint64_t at, uint64_t bad, bool *ret_emptied, gh_buf *why)
{
    bool done = true, emptied = false;
    (void)pthread_mutex_lock(&s->lock);
    if (s->fd >= 0 && s->size == (at == 0 ? HEAD : at)) {
        done = bad == 0 || put_aside(s, HEAD, s->size, why);
        if (done) {
            s->dropped += bad;
            (void)make_empty(s);
            emptied = true;
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (done)
        *ret_emptied = emptied;
    return done;
}

void gh_spool_told(gh_spool *s, uint64_t dropped)
{
    (void)pthread_mutex_lock(&s->lock);
    s->dropped -= dropped < s->dropped ? dropped : s->dropped;
    gh_random(s->generation, sizeof s->generation);
    if (s->fd >= 0)
        (void)write_head(s);
    (void)pthread_mutex_unlock(&s->lock);
}

void gh_spool_add_dropped(gh_spool *s, uint64_t dropped)
{
    (void)pthread_mutex_lock(&s->lock);
    s->dropped += dropped;
    if (s->fd >= 0)
        (void)write_head(s);
    (void)pthread_mutex_unlock(&s->lock);
}

gh_spool_state gh_spool_look(gh_spool *s)
{
    (void)pthread_mutex_lock(&s->lock);
    gh_spool_state state = {.lines = s->lines,
                            .bytes = s->lines == 0 ? 0 : s->size - HEAD,
                            .dropped = s->dropped,
                            .end = s->size};
    memcpy(state.generation, s->generation, sizeof state.generation);
    (void)pthread_mutex_unlock(&s->lock);
    return state;
}
