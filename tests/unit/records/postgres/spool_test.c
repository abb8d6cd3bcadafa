/* The audit spool: what was kept is there after kill -9, in order, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "records/postgres/spool.h"

static char folder[64], path[96], lock[96], aside[96];
static gh_spool spool;
static uint64_t cut;
static char text[512];

static bool open_at_most(uint64_t most)
{
    gh_buf why = gh_buf_over(text, sizeof text - 1);
    bool done = gh_spool_open(&spool, folder, most, &why, &cut);
    text[why.n] = '\0';
    return done;
}

static void reopen(void)
{
    gh_spool_close(&spool);
    if (!open_at_most(GH_SPOOL_MOST))
        fail_msg("%s", text);
}

static int setup(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/gatehouse-spool-XXXXXX", base == NULL ? "/tmp" : base);
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/audit.spool", folder);
    (void)snprintf(aside, sizeof aside, "%s/audit.spool.bad", folder);
    (void)snprintf(lock, sizeof lock, "%s/gatehouse.lock", folder);
    return open_at_most(GH_SPOOL_MOST) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gh_spool_close(&spool);
    (void)unlink(path);
    (void)unlink(lock);
    (void)unlink(aside);
    return rmdir(folder);
}

static gh_spool_line line_of(uint64_t n)
{
    gh_spool_line line = {.at_s = 1000 + n,
                          .user = n,
                          .actor = {.user = n + 1,
                                    .session = 2,
                                    .key = 3,
                                    .device = 4,
                                    .address = {.family = 6, .bytes = {0x20, 1}},
                                    .user_agent = GH_STR("Analytical Engine"),
                                    .decision = GH_STR("d1")},
                          .event = GH_STR("csrf_refused"),
                          .detail = GH_STR("{\"why\":\"stale\"}")};
    memcpy(line.id, &n, sizeof n);
    return line;
}

static enum gh_spool_answer keep(uint64_t n)
{
    gh_spool_line line = line_of(n);
    return gh_spool_keep(&spool, &line);
}

static enum gh_spool_found next(uint64_t *at, char *memory, gh_spool_line *ret)
{
    return gh_spool_next(&spool, at, gh_spool_look(&spool).end, memory, ret);
}

static bool forget(uint64_t at, uint64_t bad)
{
    gh_buf why = gh_buf_over(text, sizeof text - 1);
    bool emptied = false;
    bool done = gh_spool_forget(&spool, at, bad, &emptied, &why);
    text[why.n] = '\0';
    if (!done)
        fail_msg("%s", text);
    return emptied;
}

/* Exactly the lines from..to are there, in order. Returns the end's place. */
static uint64_t has(uint64_t from, uint64_t to)
{
    char memory[GH_SPOOL_LINE_MAX];
    gh_spool_line line, expected;
    uint64_t at = 0;
    for (uint64_t n = from; n <= to; n++) {
        if (next(&at, memory, &line) != GH_SPOOL_LINE)
            fail_msg("line %llu is not there", (unsigned long long)n);
        expected = line_of(n);
        assert_memory_equal(line.id, expected.id, sizeof line.id);
        assert_true(line.at_s == expected.at_s && line.user == n && line.actor.user == n + 1);
        assert_true(line.actor.session == 2 && line.actor.key == 3 && line.actor.device == 4);
        assert_true(line.actor.address.family == 6 && line.actor.address.bytes[0] == 0x20);
        assert_true(gh_str_eq(line.event, expected.event) && gh_str_eq(line.detail, expected.detail));
        assert_true(gh_str_eq(line.actor.user_agent, expected.actor.user_agent) &&
                    gh_str_eq(line.actor.decision, expected.actor.decision));
    }
    assert_int_equal(next(&at, memory, &line), GH_SPOOL_END);
    assert_int_equal(gh_spool_look(&spool).lines, from > to ? 0 : to - from + 1);
    return at;
}

static off_t size_of_file(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void test_lines_come_back_in_their_order(void **state)
{
    (void)state;
    has(1, 0);
    for (uint64_t n = 1; n <= 50; n++)
        assert_int_equal(keep(n), GH_SPOOL_KEPT);
    has(1, 50);
    reopen();
    assert_int_equal(cut, 0);
    has(1, 50);
    assert_int_equal(keep(51), GH_SPOOL_KEPT);
    has(1, 51);
}

static void test_what_is_absent_stays_absent(void **state)
{
    (void)state;
    char memory[GH_SPOOL_LINE_MAX];
    gh_spool_line line = {.event = GH_STR("")}, back;
    uint64_t at = 0;
    line.actor.user_agent = GH_STR("");
    assert_int_equal(gh_spool_keep(&spool, &line), GH_SPOOL_KEPT);
    assert_int_equal(next(&at, memory, &back), GH_SPOOL_LINE);
    assert_true(back.detail.p == NULL && back.actor.decision.p == NULL);
    assert_true(back.actor.user_agent.p != NULL && back.actor.user_agent.n == 0);
    assert_int_equal(back.actor.address.family, 0);
}

static void test_it_is_emptied_when_all_is_told(void **state)
{
    (void)state;
    uint8_t generation[GH_SPOOL_ID];
    off_t empty = size_of_file();
    assert_int_equal(keep(1), GH_SPOOL_KEPT);
    uint64_t at = has(1, 1);
    memcpy(generation, gh_spool_look(&spool).generation, sizeof generation);
    assert_int_equal(keep(2), GH_SPOOL_KEPT); /* meanwhile */
    assert_false(forget(at, 0));
    at = has(1, 2);
    assert_true(forget(at, 0));
    has(1, 0);
    assert_int_equal(size_of_file(), empty);
    assert_memory_not_equal(generation, gh_spool_look(&spool).generation, sizeof generation);
    memcpy(generation, gh_spool_look(&spool).generation, sizeof generation);
    assert_int_equal(keep(3), GH_SPOOL_KEPT);
    reopen();
    has(3, 3);
    assert_memory_equal(generation, gh_spool_look(&spool).generation, sizeof generation);
}

static void test_a_full_one_counts_what_it_drops(void **state)
{
    (void)state;
    uint64_t n = 0;
    gh_spool_close(&spool);
    assert_true(open_at_most(4000));
    while (keep(n + 1) == GH_SPOOL_KEPT)
        n++;
    assert_in_range(n, 5, 100);
    assert_true(size_of_file() <= 4000);
    assert_int_equal(gh_spool_look(&spool).dropped, 1);
    assert_int_equal(keep(1000), GH_SPOOL_DROPPED);
    assert_int_equal(keep(1001), GH_SPOOL_DROPPED);
    reopen(); /* the number is on disk */
    assert_int_equal(gh_spool_look(&spool).dropped, 3);
    uint64_t at = has(1, n);
    assert_true(forget(at, 0));
    uint8_t generation[GH_SPOOL_ID];
    memcpy(generation, gh_spool_look(&spool).generation, sizeof generation);
    gh_spool_add_dropped(&spool, 2); /* while the three are told */
    gh_spool_told(&spool, 3);
    reopen();
    assert_int_equal(gh_spool_look(&spool).dropped, 2);
    assert_memory_not_equal(generation, gh_spool_look(&spool).generation, sizeof generation);
    gh_spool_told(&spool, 2);
    assert_int_equal(gh_spool_look(&spool).dropped, 0);
    gh_spool_close(&spool);
    assert_true(open_at_most(100));
    assert_int_equal(keep(1), GH_SPOOL_FIRST_DROPPED); /* of this filling */
}

static void test_too_long_a_line_is_dropped(void **state)
{
    (void)state;
    char *detail = calloc(1, GH_SPOOL_LINE_MAX + 1);
    gh_spool_line line = line_of(1);
    line.detail = (gh_str){detail, GH_SPOOL_LINE_MAX + 1};
    assert_int_equal(gh_spool_keep(&spool, &line), GH_SPOOL_FIRST_DROPPED);
    line.detail.n = GH_SPOOL_LINE_MAX - 10;
    assert_int_equal(gh_spool_keep(&spool, &line), GH_SPOOL_DROPPED);
    line.detail.n = GH_SPOOL_LINE_MAX - 500;
    assert_int_equal(gh_spool_keep(&spool, &line), GH_SPOOL_KEPT);
    free(detail);
    reopen();
    assert_int_equal(gh_spool_look(&spool).lines, 1);
}

/* Cut at every byte of the last line, and with any of its bytes changed: the lines before it are whole. */
static void test_a_torn_end_is_cut_off(void **state)
{
    (void)state;
    assert_int_equal(keep(1), GH_SPOOL_KEPT);
    assert_int_equal(keep(2), GH_SPOOL_KEPT);
    off_t before = size_of_file();
    assert_int_equal(keep(3), GH_SPOOL_KEPT);
    off_t after = size_of_file();
    char whole[1024];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, whole, sizeof whole, 0), after);
    for (off_t end = before; end < after; end++) {
        assert_int_equal(ftruncate(fd, end), 0);
        reopen();
        assert_int_equal(cut, end - before);
        has(1, 2);
        assert_int_equal(size_of_file(), before);
        assert_int_equal(pwrite(fd, whole, (size_t)after, 0), after);
    }
    for (off_t at = before; at < after; at++) {
        char changed = (char)(whole[at] ^ 0x40);
        assert_int_equal(pwrite(fd, &changed, 1, at), 1);
        reopen();
        has(1, 2);
        assert_int_equal(pwrite(fd, whole, (size_t)after, 0), after);
    }
    (void)close(fd);
    reopen();
    has(1, 3);
}

static void refuses(const char *words)
{
    assert_false(open_at_most(GH_SPOOL_MOST));
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, text);
    assert_int_equal(keep(1), GH_SPOOL_DROPPED);
    gh_spool_close(&spool);
}

static void write_at(off_t at, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, bytes, n, at), (ssize_t)n);
    (void)close(fd);
}

static off_t bad_size(void)
{
    struct stat st;
    if (stat(aside, &st) != 0)
        return -1;
    assert_int_equal(st.st_mode & 0777, 0600);
    return st.st_size;
}

/* Any byte of a line in the middle is damaged, in its length, its sum or what it says, while it is open or while it is not. */
static void test_what_is_damaged_is_put_aside(void **state)
{
    (void)state;
    char memory[GH_SPOOL_LINE_MAX], whole[2048];
    gh_spool_line line;
    off_t ends[6] = {size_of_file()};
    for (uint64_t n = 1; n <= 5; n++) {
        assert_int_equal(keep(n), GH_SPOOL_KEPT);
        ends[n] = size_of_file();
    }
    off_t aside_size = 0, size = ends[5];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, whole, sizeof whole, 0), size);
    for (off_t at = ends[1]; at < ends[2]; at++) {
        char changed = (char)(whole[at] ^ 0x21);
        assert_int_equal(pwrite(fd, whole, (size_t)size, 0), size);
        assert_int_equal(pwrite(fd, &changed, 1, at), 1);
        reopen();
        assert_int_equal(cut, 0);
        assert_int_equal(gh_spool_look(&spool).lines, 5);
        uint64_t place = 0, found = 0, bad = 0;
        for (enum gh_spool_found f; (f = next(&place, memory, &line)) != GH_SPOOL_END;) {
            found += f == GH_SPOOL_LINE;
            bad += f == GH_SPOOL_BAD;
        }
        assert_true(found == 4 && bad == 1);
        uint64_t dropped = gh_spool_look(&spool).dropped;
        assert_true(forget(place, bad));
        has(1, 0);
        assert_int_equal(gh_spool_look(&spool).dropped, dropped + 1);
        aside_size += ends[2] - ends[1];
        assert_int_equal(bad_size(), aside_size);
    }
    (void)close(fd);
    assert_int_equal(keep(6), GH_SPOOL_KEPT);
    has(6, 6);
}

/* However long the stretch is, the line behind it is found, wherever that begins. */
static void test_a_line_behind_a_long_damage_is_found(void **state)
{
    (void)state;
    enum { SHORTEST = 4000, LONGEST = 4200 };
    static const char nothing[LONGEST];
    char memory[GH_SPOOL_LINE_MAX], whole[1024];
    gh_spool_line line;
    assert_int_equal(keep(1), GH_SPOOL_KEPT);
    off_t first = size_of_file();
    assert_int_equal(keep(2), GH_SPOOL_KEPT);
    off_t size = size_of_file();
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, whole, sizeof whole, 0), size);
    (void)close(fd);
    for (off_t n = SHORTEST; n <= LONGEST; n++) {
        write_at(first, nothing, (size_t)n);
        write_at(first + n, whole + first, (size_t)(size - first));
        reopen();
        uint64_t at = 0;
        assert_int_equal(next(&at, memory, &line), GH_SPOOL_LINE);
        assert_int_equal(next(&at, memory, &line), GH_SPOOL_BAD);
        assert_int_equal(at, (uint64_t)(first + n));
        assert_int_equal(next(&at, memory, &line), GH_SPOOL_LINE);
        assert_int_equal(next(&at, memory, &line), GH_SPOOL_END);
    }
}

/* More than one line can be, at the end: nobody was writing that. It was cut off as if somebody had been. */
static void test_a_damaged_end_is_put_aside(void **state)
{
    (void)state;
    uint64_t lines = 0;
    assert_int_equal(keep(1), GH_SPOOL_KEPT);
    off_t first = size_of_file(), size = first;
    while (size - first <= GH_SPOOL_LINE_MAX + 100) {
        assert_int_equal(keep(2 + lines++), GH_SPOOL_KEPT);
        write_at(size, "\xff", 1);
        size = size_of_file();
    }
    assert_int_equal(mkdir(aside, 0700), 0);
    gh_spool_close(&spool);
    assert_false(open_at_most(GH_SPOOL_MOST)); /* it can't be kept: all stays */
    gh_spool_close(&spool);
    assert_int_equal(size_of_file(), size);
    assert_int_equal(rmdir(aside), 0);
    assert_true(open_at_most(GH_SPOOL_MOST));
    assert_int_equal(cut, size - first);
    assert_int_equal(bad_size(), size - first);
    has(1, 1);
    assert_int_equal(gh_spool_look(&spool).dropped, 1);
    reopen();
    assert_int_equal(gh_spool_look(&spool).dropped, 1);
    assert_int_equal(bad_size(), size - first);
}

/* Where what is damaged can't be kept nothing is thrown away. */
static void test_what_cannot_be_put_aside_stays(void **state)
{
    (void)state;
    char memory[GH_SPOOL_LINE_MAX];
    gh_spool_line line;
    assert_int_equal(keep(1), GH_SPOOL_KEPT);
    off_t first = size_of_file();
    assert_int_equal(keep(2), GH_SPOOL_KEPT);
    write_at(first - 3, "xyz", 3);
    assert_int_equal(mkdir(aside, 0700), 0);
    uint64_t at = 0;
    assert_int_equal(next(&at, memory, &line), GH_SPOOL_BAD);
    assert_int_equal(next(&at, memory, &line), GH_SPOOL_LINE);
    gh_buf why = gh_buf_over(text, sizeof text - 1);
    bool emptied = false;
    assert_false(gh_spool_forget(&spool, at, 1, &emptied, &why) || emptied);
    assert_true(why.n > 0 && gh_spool_look(&spool).lines == 2 && gh_spool_look(&spool).dropped == 0);
    assert_int_equal(rmdir(aside), 0);
    assert_true(forget(at, 1));
    assert_true(gh_spool_look(&spool).lines == 0 && gh_spool_look(&spool).dropped == 1);
    assert_true(bad_size() > 0);
}

static void test_what_is_not_ours_is_left_alone(void **state)
{
    (void)state;
    gh_spool second = spool;
    if (fork() == 0) {
        gh_buf why = gh_buf_over(text, sizeof text - 1);
        bool done = gh_spool_open(&second, folder, GH_SPOOL_MOST, &why, &cut);
        text[why.n] = '\0';
        _exit(done || strstr(text, "gatehouse is running on this folder") == NULL);
    }
    int status;
    assert_true(wait(&status) > 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(keep(1), GH_SPOOL_KEPT);
    gh_spool_close(&spool);
    write_at(0, "XXSPOOL1", 8);
    refuses("this is no audit spool");
    write_at(0, "GHSPOOL1", 8);
    assert_int_equal(chmod(folder, 0777), 0);
    refuses("others may write to this folder");
    assert_int_equal(chmod(folder, 0700), 0);
    assert_true(open_at_most(GH_SPOOL_MOST));
    has(1, 1);
}

/* A whole line, but of a version that is not known. */
static void test_a_newer_programs_lines_are_not_thrown_away(void **state)
{
    (void)state;
    char frame[9] = {0, 0, 0, 1, 0, 0, 0, 0, 2};
    assert_int_equal(keep(1), GH_SPOOL_KEPT);
    off_t end = size_of_file();
    gh_spool_close(&spool);
    static const char crc_of_2[] = {0x3c, 0x0c, (char)0x8e, (char)0xa1}; /* CRC-32 of the byte 2 */
    memcpy(frame + 4, crc_of_2, 4);
    write_at(end, frame, sizeof frame);
    refuses("a newer Gatehouse wrote this");
    assert_int_equal(size_of_file(), end + 9);
    assert_int_equal(truncate(path, end), 0);
    assert_true(open_at_most(GH_SPOOL_MOST));
    has(1, 1);
}

/* What was answered as kept is there, whenever it is killed. */
static void test_kill_loses_nothing(void **state)
{
    (void)state;
    uint64_t told = 0, found = 0;
    gh_spool_close(&spool);
    for (unsigned round = 0; round < 20; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            if (!open_at_most(GH_SPOOL_MOST))
                _exit(1);
            for (uint64_t n = found + 1;; n++)
                if (keep(n) != GH_SPOOL_KEPT || write(ends[1], &n, sizeof n) != sizeof n)
                    _exit(2);
        }
        (void)close(ends[1]);
        for (unsigned i = 0; i <= round; i++)
            assert_int_equal(read(ends[0], &told, sizeof told), sizeof told);
        (void)kill(child, SIGKILL);
        while (read(ends[0], &told, sizeof told) == sizeof told)
            continue;
        (void)close(ends[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_true(open_at_most(GH_SPOOL_MOST));
        found = gh_spool_look(&spool).lines;
        assert_true(found >= told);
        has(1, found);
        gh_spool_close(&spool);
    }
    assert_true(open_at_most(GH_SPOOL_MOST));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines_come_back_in_their_order),
        TEST(test_what_is_absent_stays_absent),
        TEST(test_it_is_emptied_when_all_is_told),
        TEST(test_a_full_one_counts_what_it_drops),
        TEST(test_too_long_a_line_is_dropped),
        TEST(test_a_torn_end_is_cut_off),
        TEST(test_what_is_damaged_is_put_aside),
        TEST(test_a_line_behind_a_long_damage_is_found),
        TEST(test_a_damaged_end_is_put_aside),
        TEST(test_what_cannot_be_put_aside_stays),
        TEST(test_what_is_not_ours_is_left_alone),
        TEST(test_a_newer_programs_lines_are_not_thrown_away),
        TEST(test_kill_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
