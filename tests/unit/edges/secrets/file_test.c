/* A secret's file: read whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edges/secrets/file.h"

static char folder[] = "/tmp/gatehouse-secret-XXXXXX";
static gh_arena arena;

static int set_up(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return rmdir(folder);
}

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *make(const char *name, size_t n, mode_t mode)
{
    const char *path = path_of(name);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    assert_true(fd >= 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(write(fd, i == 3 ? "\0" : "a", 1), 1);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    return path;
}

static void expect(const char *path, bool good, size_t n, const char *why)
{
    gh_secret_text text = {.why = ""};
    assert_int_equal(gh_secrets_read_file(gh_str_of(path), &arena, &text), good);
    assert_string_equal(text.why, why);
    if (good)
        assert_int_equal(text.text.n, n);
    if (strncmp(path, folder, strlen(folder)) == 0) /* of the test's own only */
        (void)unlink(path);
}

static void test_permissions(void **state)
{
    static const struct {
        mode_t mode;
        const char *warning;
    } rows[] = {
        {0400, ""},
        {0600, ""},
        {0640, ""},
        {0660, ""},
        {0644, "everybody on this machine may read it: chmod 640 it"},
        {0444, "everybody on this machine may read it: chmod 640 it"},
        {0666, "everybody on this machine may change it: chmod 640 it"},
        {0642, "everybody on this machine may change it: chmod 640 it"},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        expect(make("a", 40, rows[i].mode), true, 40, rows[i].warning);
}

static void test_sizes(void **state)
{
    (void)state;
    expect(make("a", 0, 0600), true, 0, "");
    expect(make("a", GH_SECRET_FILE_MAX, 0600), true, GH_SECRET_FILE_MAX, "");
    expect(make("a", GH_SECRET_FILE_MAX + 1, 0600), false, 0, "it is larger than 64 KiB");
}

static void test_what_is_no_file(void **state)
{
    char long_path[5000], link[160];
    (void)state;
    expect(path_of("missing"), false, 0, "No such file or directory");
    expect(folder, false, 0, "it is not a regular file");
    expect("/dev/null", false, 0, "it is not a regular file");
    /* Nobody writes to it: reading must not wait. */
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    expect(path_of("fifo"), false, 0, "it is not a regular file");
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    expect(long_path, false, 0, "that is no path");
    /* A link, as Kubernetes makes them. */
    (void)snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink(make("a", 5, 0600), link), 0);
    expect(link, true, 5, "");
    assert_int_equal(unlink(path_of("a")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_what_is_no_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
