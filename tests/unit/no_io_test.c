/* That the filter of no_io.c kills what it should, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "no_io.h"

static void *nothing(void *data)
{
    return data;
}

static void use_memory_threads_and_stdout(void)
{
    pthread_t thread;
    void *memory = malloc(1 << 20);
    if (memory == NULL || pthread_create(&thread, NULL, nothing, memory) != 0)
        _exit(1);
    (void)pthread_join(thread, NULL);
    free(memory);
    (void)printf("output is allowed\n");
    (void)fflush(stdout);
}

static void open_by_stdio(void)
{
    exit(fopen("/dev/null", "r") == NULL);
}

static void map_a_file(void)
{
    (void)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0);
}

static void write_elsewhere(void)
{
    (void)!write(7, "x", 1);
}

typedef struct row {
    const char *name;
    void (*call)(void); /* or the system call: */
    long number, a, b;
    bool dies;
} row;

static const char path[] = "/dev/null";

#define CALL(name, a, b)                    \
    {                                       \
#name, NULL, SYS_##name, a, b, true \
    }
static const row rows[] = {
    {"memory, threads and stdout", use_memory_threads_and_stdout, 0, 0, 0, false},
    {"fopen", open_by_stdio, 0, 0, 0, true},
    {"mmap of a file", map_a_file, 0, 0, 0, true},
    {"write to a third descriptor", write_elsewhere, 0, 0, 0, true},
    CALL(open, (long)path, O_RDONLY),
    CALL(openat, AT_FDCWD, (long)path),
    CALL(openat2, AT_FDCWD, (long)path),
    CALL(creat, (long)path, 0600),
    CALL(stat, (long)path, 0),
    CALL(access, (long)path, 0),
    CALL(unlink, (long)"/nowhere", 0),
    CALL(read, 0, 0),
    CALL(socket, 1, 1),
    CALL(connect, 0, 0),
    CALL(bind, 0, 0),
    CALL(sendto, 0, 0),
    CALL(pipe, 0, 0),
    CALL(dup, 1, 0),
    CALL(execve, (long)path, 0),
    CALL(io_uring_setup, 1, 0),
    CALL(clock_gettime, CLOCK_REALTIME, 0),
    CALL(nanosleep, 0, 0),
    CALL(getrandom, 0, 0),
};

static int status_of(const row *r)
{
    (void)fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        no_io_begin();
        if (r->call != NULL)
            r->call();
        else
            (void)syscall(r->number, r->a, r->b, 0, 0, 0, 0);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_the_filter(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int status = status_of(&rows[i]);
        print_message("%s\n", rows[i].name);
        if (rows[i].dies)
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
        else
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_filter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
