#include "observe/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ip.h"
#include "observe/line.h"

static char folder[64], path[96];
static char content[32 * 1024 * 1024];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/gatehouse-log-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/log", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char old[128];
    (void)snprintf(old, sizeof old, "%s.1", path);
    (void)unlink(old);
    (void)unlink(path);
    return rmdir(folder);
}

static gh_log *open_log(bool json, unsigned lanes)
{
    const char *why = "";
    gh_log *log = gh_log_open(&(gh_log_options){gh_str_of(path), json, lanes}, &why);
    if (log == NULL)
        fail_msg("%s: %s", path, why);
    return log;
}

static gh_str read_fd(int fd)
{
    size_t n = 0;
    ssize_t got;
    while (n < sizeof content && (got = read(fd, content + n, sizeof content - n)) > 0)
        n += (size_t)got;
    return (gh_str){content, n};
}

static gh_str read_file(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    gh_str text = read_fd(fd);
    (void)close(fd);
    return text;
}

static unsigned count(gh_str text, const char *what)
{
    unsigned n = 0;
    const char *at;
    while ((at = memmem(text.p, text.n, what, strlen(what))) != NULL) {
        n++;
        text = gh_str_cut(text, (size_t)(at - text.p) + 1, text.n);
    }
    return n;
}

static gh_access_record sample(void)
{
    gh_access_record r = {.wall_us = UINT64_C(1767225600123456),
                          .decision = GH_STR_INIT("0f3a"),
                          .client_source = GH_STR_INIT("x-forwarded-for"),
                          .method = GH_STR_INIT("GET"),
                          .host = GH_STR_INIT("api.example.com"),
                          .path = GH_STR_INIT("/v1/items"),
                          .route = GH_STR_INIT("items"),
                          .upstream = GH_STR_INIT("api"),
                          .server = GH_STR_INIT("127.0.0.1:8000"),
                          .status = 429,
                          .bytes_in = 7,
                          .bytes_out = UINT64_MAX,
                          .duration_us = 12045,
                          .upstream_us = 900,
                          .reason = GH_STR_INIT("rate_limit_exceeded"),
                          .rule = GH_STR_INIT("default"),
                          .observed = GH_STR_INIT("a,b"),
                          .reports = GH_STR_INIT("validation"),
                          .what = GH_STR_INIT("body /a: missing"),
                          .user_agent = GH_STR_INIT("curl/8"),
                          .detail = GH_STR_INIT("why")};
    assert_true(gh_ip_parse(GH_STR("192.0.2.7"), &r.client));
    assert_true(gh_ip_parse(GH_STR("2001:db8::1"), &r.peer));
    return r;
}

static gh_str one_line(bool json, const gh_access_record *r)
{
    gh_log *log = open_log(json, 2);
    gh_log_access(gh_log_lane_of(log, 0), r);
    gh_log_close(log);
    return read_file(path);
}

static void assert_text(gh_str got, const char *want)
{
    if (!gh_str_eq(got, gh_str_of(want)))
        fail_msg("got  %.*swant %s", (int)got.n, got.p, want);
}

static void json_line_holds_everything(void **state)
{
    (void)state;
    gh_access_record r = sample();
    assert_text(
        one_line(true, &r),
        "{\"time\":\"2026-01-01T00:00:00.123Z\",\"type\":\"access\",\"id\":\"0f3a\",\"client\":\"192.0.2.7\","
        "\"peer\":\"2001:db8::1\",\"source\":\"x-forwarded-for\",\"method\":\"GET\","
        "\"host\":\"api.example.com\",\"path\":\"/v1/items\",\"route\":\"items\",\"status\":429,"
        "\"reason\":\"rate_limit_exceeded\",\"rule\":\"default\",\"observed\":\"a,b\","
        "\"reports\":\"validation\",\"what\":\"body /a: missing\",\"bytes_in\":7,"
        "\"bytes_out\":18446744073709551615,\"duration_ms\":12.045,\"upstream\":\"api\","
        "\"server\":\"127.0.0.1:8000\",\"upstream_ms\":0.900,\"user_agent\":\"curl/8\",\"detail\":\"why\"}\n");
}

static void json_line_leaves_out_what_is_absent(void **state)
{
    (void)state;
    gh_access_record r = {.wall_us = 0};
    assert_text(one_line(true, &r), "{\"time\":\"1970-01-01T00:00:00.000Z\",\"type\":\"access\"}\n");
}

static void text_line_is_readable(void **state)
{
    (void)state;
    gh_access_record r = sample();
    assert_text(
        one_line(false, &r),
        "2026-01-01T00:00:00.123Z 429 GET api.example.com/v1/items 12.0ms from 192.0.2.7 "
        "reason=rate_limit_exceeded rule=default observed=a,b reports=validation route=items upstream=api "
        "server=127.0.0.1:8000 upstream_time=900us id=0f3a what=\"body /a: missing\" detail=\"why\" user_agent=\"curl/8\"\n");
}

/* Whatever a client sends, a line stays one line, and a terminal sees nothing but letters. */
static void hostile_text_breaks_no_line(void **state)
{
    (void)state;
    static const gh_str rows[] = {
        GH_STR_INIT("/\r\n{\"type\":\"access\",\"status\":200}\n"),
        GH_STR_INIT("\"}\n\"\\"),
        GH_STR_INIT("\x1b[2J\x1b]0;title\x07"),
        GH_STR_INIT("\0\x01\x7f\x80\x9b\xff\xfe"),
        GH_STR_INIT("\xe2\x80\xa8\xe2\x80\xa9\xc2\x85"),
        GH_STR_INIT("a b status=200 \"c\""),
        GH_STR_INIT("\\x0a"),
        GH_STR_INIT("\xed\xa0\x80\xc0\xaf\xf5\x80\x80\x80"),
    };
    for (unsigned json = 0; json < 2; json++) {
        for (size_t i = 0; i < GH_COUNT(rows); i++) {
            gh_access_record r = {.path = rows[i],
                                  .host = rows[i],
                                  .method = rows[i],
                                  .user_agent = rows[i],
                                  .detail = rows[i],
                                  .decision = rows[i],
                                  .rule = rows[i]};
            (void)unlink(path);
            gh_str text = one_line(json == 1, &r);
            assert_int_equal(count(text, "\n"), 1);
            assert_true(text.p[text.n - 1] == '\n');
            for (size_t k = 0; k + 1 < text.n; k++)
                assert_true((unsigned char)text.p[k] >= 0x20 && text.p[k] != 0x7f);
            assert_int_equal(count(text, "\xe2\x80\xa8"), 0);
            assert_int_equal(count(text, " status=200"), json == 1 && i == 5   ? 5 + 2
                                                         : json == 0 && i == 5 ? 2
                                                                               : 0);
        }
    }
}

static void text_shows_bytes_as_hex(void **state)
{
    (void)state;
    gh_access_record r = {.method = GH_STR_INIT("GET"),
                          .path = GH_STR_INIT("/a b\n\\\xc3\xa9"),
                          .user_agent = GH_STR_INIT("x \"y\""),
                          .status = 200,
                          .duration_us = 1500000};
    assert_text(one_line(false, &r), "1970-01-01T00:00:00.000Z 200 GET /a\\x20b\\x0a\\x5c\\xc3\\xa9 1.5s "
                                     "user_agent=\"x \\x22y\\x22\"\n");
}

static void colours_are_ours_alone(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *start;
    } rows[] = {{200, " \x1b[32m200\x1b[0m "}, {404, " \x1b[33m404\x1b[0m "}, {503, " \x1b[31m503\x1b[0m "}};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char text[512];
        gh_line_clock clock = {0};
        gh_record r = {.is_access = true,
                       .access = {.status = rows[i].status, .path = GH_STR_INIT("/\x1b[31m")}};
        gh_buf out = gh_buf_over(text, sizeof text);
        gh_line_text(&clock, &r, true, &out);
        assert_int_equal(count(gh_buf_str(&out), rows[i].start), 1);
        assert_int_equal(count(gh_buf_str(&out), "\x1b"), 2);
    }
}

static void long_values_are_cut_and_marked(void **state)
{
    (void)state;
    static char text[100000];
    memset(text, 'p', sizeof text);
    gh_access_record r = {
        .path = {text, sizeof text}, .user_agent = {text, sizeof text}, .host = {text, 256}};
    gh_str line = one_line(true, &r);
    char want[2100];
    memset(want, 'p', 2045);
    (void)snprintf(want + 2045, sizeof want - 2045, "...\",");
    assert_int_equal(count(line, want), 1);
    (void)snprintf(want + 509, sizeof want - 509, "...\"}");
    assert_int_equal(count(line, want), 1);
    (void)snprintf(want + 256, sizeof want - 256, "\",");
    assert_int_equal(count(line, want), 1);
}

/* The longest record there can be, in characters that grow most when escaped. */
static void longest_line_fits(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, 1, sizeof text);
    gh_str t = {text, sizeof text};
    gh_access_record r = {.decision = t,
                          .client_source = t,
                          .method = t,
                          .host = t,
                          .path = t,
                          .route = t,
                          .upstream = t,
                          .server = t,
                          .reason = t,
                          .rule = t,
                          .observed = t,
                          .reports = t,
                          .what = t,
                          .user_agent = t,
                          .detail = t};
    for (unsigned json = 0; json < 2; json++) {
        (void)unlink(path);
        gh_str line = one_line(json == 1, &r);
        assert_int_equal(count(line, "..."), json == 1 ? 15 : 14);
        assert_int_equal(count(line, "\n"), 1);
    }
}

static void events_have_level_and_text(void **state)
{
    (void)state;
    char longer[3000];
    memset(longer, 'e', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    gh_log *log = open_log(true, 1);
    gh_log_event(gh_log_lane_of(log, 0), GH_LEVEL_WARNING, "upstream_down", "%s is down: \"%s\"", "api",
                 "refused\n");
    gh_log_event(gh_log_lane_of(log, 7), GH_LEVEL_ERROR, "long", "%s", longer);
    gh_log_close(log);
    gh_str text = read_file(path);
    assert_int_equal(count(text, "\"type\":\"event\",\"level\":\"warning\",\"event\":\"upstream_down\","
                                 "\"text\":\"api is down: \\\"refused\\n\\\"\"}\n"),
                     1);
    assert_int_equal(count(text, "eee...\"}\n"), 1);
    assert_int_equal(count(text, "\n"), 2);
}

static void what_cannot_be_opened_is_told(void **state)
{
    (void)state;
    static const char *const rows[] = {"/nonexistent/folder/log", "/tmp", ""};
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const char *why = NULL;
        assert_null(gh_log_open(&(gh_log_options){gh_str_of(rows[i]), true, 1}, &why));
        assert_non_null(why);
    }
}

/* Waits until the condition holds, two seconds at most. */
#define WAIT_FOR(condition)                               \
    do {                                                  \
        for (unsigned left = 400; !(condition); left--) { \
            if (left == 0)                                \
                fail_msg("still not: %s", #condition);    \
            (void)usleep(5000);                           \
        }                                                 \
    } while (0)

static void lines_are_written_without_being_asked(void **state)
{
    (void)state;
    gh_access_record r = sample();
    gh_log *log = open_log(true, 3);
    for (unsigned i = 1; i <= 5; i++) {
        gh_log_access(gh_log_lane_of(log, i % 3), &r);
        WAIT_FOR(count(read_file(path), "\n") == i);
        (void)usleep(10000); /* until the thread sleeps */
    }
    gh_log_close(log);
}

static void rotation_goes_on_in_a_new_file(void **state)
{
    (void)state;
    char old[128];
    (void)snprintf(old, sizeof old, "%s.1", path);
    gh_log *log = open_log(true, 1);
    gh_log_event(gh_log_lane_of(log, 0), GH_LEVEL_INFO, "before", "x");
    WAIT_FOR(count(read_file(path), "\n") == 1);
    assert_int_equal(rename(path, old), 0);
    gh_log_reopen(log);
    WAIT_FOR(access(path, F_OK) == 0);
    gh_log_event(gh_log_lane_of(log, 0), GH_LEVEL_INFO, "after", "x");
    gh_log_close(log);
    assert_int_equal(count(read_file(old), "\n"), 1);
    assert_int_equal(count(read_file(path), "\"after\""), 1);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0); /* not for everybody */
}

/* Standard error into the file `to`, and back. */
static int divert_stderr(const char *to)
{
    int before = dup(STDERR_FILENO);
    int fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(before >= 0 && fd >= 0);
    (void)dup2(fd, STDERR_FILENO);
    (void)close(fd);
    return before;
}

static void restore_stderr(int before)
{
    (void)fflush(stderr);
    (void)dup2(before, STDERR_FILENO);
    (void)close(before);
}

static void full_disk_drops_counts_and_says_so_once(void **state)
{
    (void)state;
    const char *why;
    char messages[128];
    (void)snprintf(messages, sizeof messages, "%s.1", path);
    int before = divert_stderr(messages);
    gh_log *log = gh_log_open(&(gh_log_options){GH_STR("/dev/full"), true, 1}, &why);
    gh_access_record r = sample();
    for (unsigned i = 1; log != NULL && i <= 3; i++) {
        gh_log_access(gh_log_lane_of(log, 0), &r);
        for (unsigned left = 400; left > 0 && gh_log_dropped(log) < i; left--)
            (void)usleep(5000);
    }
    uint64_t dropped = log == NULL ? 0 : gh_log_dropped(log);
    gh_log_close(log);
    restore_stderr(before);
    assert_int_equal(dropped, 3);
    gh_str text = read_file(messages);
    assert_int_equal(count(text, "\n"), 1);
    assert_int_equal(count(text, "/dev/full can't be written: No space left on device"), 1);
}

static void reader_that_left_is_met_and_recovered_from(void **state)
{
    (void)state;
    char messages[128];
    (void)snprintf(messages, sizeof messages, "%s.1", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    gh_log *log = open_log(true, 1);
    gh_log_lane *lane = gh_log_lane_of(log, 0);
    int before = divert_stderr(messages);
    (void)close(reader);
    for (unsigned i = 1; i <= 2; i++) {
        gh_log_event(lane, GH_LEVEL_INFO, "lost", "x");
        WAIT_FOR(gh_log_dropped(log) == i);
    }
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    gh_log_event(lane, GH_LEVEL_INFO, "found", "x");
    (void)usleep(50000);
    gh_log_event(lane, GH_LEVEL_INFO, "found", "y");
    gh_log_close(log);
    restore_stderr(before);
    gh_str text = read_fd(reader);
    (void)close(reader);
    assert_int_equal(count(text, "\"lost\""), 0);
    assert_int_equal(count(text, "\"found\""), 2);
    assert_int_equal(count(text, "\"log_dropped\""), 1);
    assert_int_equal(count(text, ", 2 lines because the log could not be written"), 1);
    text = read_file(messages);
    assert_int_equal(count(text, "Broken pipe"), 1);
    assert_int_equal(count(text, "is written again; 2 lines were dropped"), 1);
    assert_int_equal(count(text, "\n"), 2);
}

/* Nobody reads: the lane fills, access lines are dropped and counted, an event still finds room, and
 * all that was kept is there when somebody reads again, with the number of what was not. */
static void slow_reader_never_blocks_and_is_told_the_loss(void **state)
{
    (void)state;
    enum { LINES = 3000 };
    static char big[2000];
    memset(big, 'p', sizeof big);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    gh_log *log = open_log(true, 2);
    gh_log_lane *lane = gh_log_lane_of(log, 1);
    gh_access_record r = {.path = {big, sizeof big}};
    for (unsigned i = 0; i < LINES; i++)
        gh_log_access(lane, &r);
    WAIT_FOR(gh_log_dropped(log) > 0);
    uint64_t dropped = gh_log_dropped(log);
    gh_log_event(lane, GH_LEVEL_ERROR, "still_heard", "x");
    assert_int_equal(gh_log_dropped(log), dropped);

    size_t n = 0;
    for (unsigned quiet = 0; quiet < 100;) {
        ssize_t got = read(reader, content + n, sizeof content - n);
        quiet = got > 0 ? 0 : quiet + 1;
        n += got > 0 ? (size_t)got : 0;
        if (got <= 0)
            (void)usleep(2000);
    }
    gh_log_close(log);
    (void)close(reader);
    gh_str text = {content, n};
    char want[64];
    (void)snprintf(want, sizeof want, "\"text\":\"%llu access lines and 0 events",
                   (unsigned long long)dropped);
    assert_int_equal(count(text, want), 1);
    assert_int_equal(count(text, "\"still_heard\""), 1);
    assert_int_equal(count(text, "\"access\"") + dropped, LINES);
}

/* A reader that never reads must not hold up the end of the program for long. */
static void closing_does_not_wait_for_ever(void **state)
{
    (void)state;
    static char big[2000];
    memset(big, 'p', sizeof big);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    gh_log *log = open_log(true, 1);
    gh_access_record r = {.path = {big, sizeof big}};
    for (unsigned i = 0; i < 1000; i++)
        gh_log_access(gh_log_lane_of(log, 0), &r);
    char messages[128];
    (void)snprintf(messages, sizeof messages, "%s.1", path);
    int before = divert_stderr(messages);
    (void)alarm(20); /* ends the test when it does wait */
    gh_log_close(log);
    (void)alarm(0);
    restore_stderr(before);
    (void)close(reader);
}

enum { PRODUCERS = 3, EACH = 20000 };

static void *produce(void *data)
{
    gh_log_lane *lane = data;
    gh_access_record r = sample();
    for (unsigned i = 0; i < EACH; i++) {
        r.bytes_in = i;
        gh_log_access(lane, &r);
        if (i % 1000 == 0)
            gh_log_event(lane, GH_LEVEL_INFO, "tick", "%u", i);
        if (i % 200 == 0)
            (void)usleep(100);
    }
    return NULL;
}

static void many_lanes_at_once_lose_only_what_is_counted(void **state)
{
    (void)state;
    pthread_t threads[PRODUCERS];
    gh_log *log = open_log(true, PRODUCERS);
    for (unsigned i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, gh_log_lane_of(log, i)), 0);
    for (unsigned i = 0; i < 5; i++) {
        gh_log_reopen(log);
        (void)usleep(2000);
    }
    for (unsigned i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    uint64_t dropped = gh_log_dropped(log);
    gh_log_close(log);
    gh_str text = read_file(path), line;
    uint64_t access_lines = 0, ticks = 0;
    while (gh_str_next(&text, '\n', &line) && text.p != NULL) {
        assert_true(gh_str_starts(line, GH_STR("{\"time\":\"20")));
        assert_true(gh_str_ends(line, GH_STR("\"}")));
        access_lines += count(line, "\"type\":\"access\"");
        ticks += count(line, "\"tick\"");
    }
    assert_int_equal(access_lines + ticks + dropped, PRODUCERS * (EACH + EACH / 1000));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(json_line_holds_everything),
        TEST(json_line_leaves_out_what_is_absent),
        TEST(text_line_is_readable),
        TEST(hostile_text_breaks_no_line),
        TEST(text_shows_bytes_as_hex),
        TEST(colours_are_ours_alone),
        TEST(long_values_are_cut_and_marked),
        TEST(longest_line_fits),
        TEST(events_have_level_and_text),
        TEST(what_cannot_be_opened_is_told),
        TEST(lines_are_written_without_being_asked),
        TEST(rotation_goes_on_in_a_new_file),
        TEST(full_disk_drops_counts_and_says_so_once),
        TEST(reader_that_left_is_met_and_recovered_from),
        TEST(slow_reader_never_blocks_and_is_told_the_loss),
        TEST(closing_does_not_wait_for_ever),
        TEST(many_lanes_at_once_lose_only_what_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
