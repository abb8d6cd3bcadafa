/* Memory for secrets: locked, in no dump, empty in a child, wiped when given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edges/secrets/environment.h"
#include "edges/secrets/locked.h"
#include "sanitized.h"

static const bool locks = !SANITIZED; /* with them mlock() does nothing */

/* Has the mapping that holds p the flag, as smaps says it? */
static bool has_flag(const void *p, const char *flag)
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[512];
    bool within = false, has = false;
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        char *end;
        unsigned long from = strtoul(line, &end, 16);
        if (*end == '-')
            within = from <= (uintptr_t)p && (uintptr_t)p < strtoul(end + 1, NULL, 16);
        else if (within && strncmp(line, "VmFlags:", 8) == 0)
            has = strstr(line, flag) != NULL;
    }
    assert_int_equal(fclose(f), 0);
    return has;
}

static void test_marks(void **state)
{
    char *p = gh_locked_pages.get(100);
    (void)state;
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 16, 0);
    memset(p, 'x', 100);
    assert_int_equal(has_flag(p, " lo"), locks);
    assert_true(has_flag(p, " dd"));
    assert_true(has_flag(p, " wf"));
    assert_false(has_flag(&p, " dd")); /* the stack: the reading is not always true */
    pid_t child = fork();
    if (child == 0)
        _exit(p[0] == '\0' && p[99] == '\0' ? 0 : 1);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(p[99], 'x');
    gh_locked_pages.give(p, 100);
    assert_false(gh_locked_refused());
}

static void test_arena(void **state)
{
    enum { BLOCKS = 40 };
    gh_arena arena;
    const char *at[BLOCKS];
    (void)state;
    gh_arena_init_from(&arena, &gh_locked_pages, 1 << 20);
    for (unsigned i = 0; i < BLOCKS; i++) {
        at[i] = gh_arena_alloc(&arena, 1000);
        assert_non_null(at[i]);
        memset((char *)(uintptr_t)at[i], 'x', 1000);
        assert_true(has_flag(at[i], " dd"));
    }
    /* Whole pages: four of these in each. */
    assert_int_equal((uintptr_t)at[0] / 4096, (uintptr_t)at[3] / 4096);
    assert_null(gh_arena_alloc(&arena, 2 << 20));
    gh_arena_reset(&arena);
    assert_non_null(gh_arena_alloc(&arena, 1 << 19)); /* the cap is whole again */
    gh_arena_reset(&arena);
}

/* Where nothing more may be locked the memory is there all the same, and this can be asked. Root may lock all it likes. */
static int use_refused(void)
{
    const struct rlimit none = {0, 0};
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return 2;
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
        return 3;
    char *p = gh_locked_pages.get(100);
    if (p == NULL || gh_locked_refused() != locks)
        return 4;
    memset(p, 'x', 100);
    gh_locked_pages.give(p, 100);
    return 0;
}

static void test_refused(void **state)
{
    int status = 1;
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(use_refused());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_sizes(void **state)
{
    (void)state;
    assert_null(gh_locked_pages.get(0));
    assert_null(gh_locked_pages.get(SIZE_MAX));
    assert_null(gh_locked_pages.get(SIZE_MAX / 2));
    gh_locked_pages.give(NULL, 100);
}

extern char **environ;

/* Moved once, and what stood there is gone; names that are no secret's stay as they are. */
static void test_environment(void **state)
{
    char key[] = "SECRET_KEY=4d9f2c81b7e6350a", own[] = "GATEHOUSE_SECRET_KEY=b",
         file[] = "SECRET_KEY_FILE=/s", token[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN=t",
         other[] = "SECRET_KEYS=kept", odd[] = "no equals";
    char *variables[] = {key, own, file, token, other, odd, NULL};
    char **before = environ;
    (void)state;
    environ = variables;
    const char *const *taken = gh_environment();
    assert_ptr_equal(gh_environment(), taken);
    environ = before;
    assert_true(gh_str_eq(gh_environment_get(taken, "SECRET_KEY"), GH_STR("4d9f2c81b7e6350a")));
    assert_true(gh_str_eq(gh_environment_get(taken, "GATEHOUSE_SECRET_KEY"), GH_STR("b")));
    assert_true(gh_str_eq(gh_environment_get(taken, "AWS_CONTAINER_AUTHORIZATION_TOKEN"), GH_STR("t")));
    assert_true(gh_str_eq(gh_environment_get(taken, "SECRET_KEY_FILE"), GH_STR("/s")));
    assert_null(gh_environment_get(taken, "SECRET").p);
    assert_string_equal(key, "SECRET_KEY=");
    for (size_t i = sizeof "SECRET_KEY=" - 1; i < sizeof key; i++)
        assert_int_equal(key[i], '\0');
    assert_string_equal(own, "GATEHOUSE_SECRET_KEY=");
    assert_string_equal(token, "AWS_CONTAINER_AUTHORIZATION_TOKEN=");
    assert_string_equal(file, "SECRET_KEY_FILE=/s");
    assert_string_equal(other, "SECRET_KEYS=kept");
    assert_string_equal(taken[5], "no equals");
    assert_null(taken[6]);
    assert_true(has_flag(taken[0], " dd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),       cmocka_unit_test(test_arena),   cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_environment), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
