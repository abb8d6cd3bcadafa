#include "libraries/loaded.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

typedef union table {
    struct {
        double (*cbrt)(double);
        double (*hypot)(double, double);
    } functions;
    char page[GH_LIBRARY_PAGE];
} table;

static _Alignas(GH_LIBRARY_PAGE) table first, second, never;
static const char *const there[] = {"cbrt", "hypot"}, *const not_all_there[] = {"cbrt",
                                                                                "gh_no_such_function"};

static void test_functions_are_found(void **state)
{
    char why[GH_LIBRARY_WHY];
    gh_library library = {"libm.so.6", "libc6", there, 2, &first, false};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(gh_library_load(&library, why));
        assert_true(first.functions.cbrt(27) > 2.9 && first.functions.cbrt(27) < 3.1);
        assert_true(first.functions.hypot(3, 4) > 4.9 && first.functions.hypot(3, 4) < 5.1);
    }
}

/* Who could write there could have anything called. */
static void test_nobody_can_change_where_they_are(void **state)
{
    char why[GH_LIBRARY_WHY];
    int status;
    gh_library library = {"libm.so.6", "libc6", there, 2, &second, false};
    (void)state;
    assert_true(gh_library_load(&library, why));
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        void *nothing = NULL;
        memcpy(&second, &nothing, sizeof nothing);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void test_what_is_missing_is_said(void **state)
{
    char why[GH_LIBRARY_WHY];
    gh_library library = {"libgatehouse-none.so.7", "libnone7", there, 2, &never, false};
    (void)state;
    assert_false(gh_library_load(&library, why));
    assert_string_equal(
        why, "libgatehouse-none.so.7 can't be used: install the package libnone7 "
             "(libgatehouse-none.so.7: cannot open shared object file: No such file or directory)");
    assert_null(never.functions.cbrt);
}

/* Too old, or another one of that name. */
static void test_a_missing_function_is_said(void **state)
{
    char why[GH_LIBRARY_WHY];
    gh_library library = {"libm.so.6", "libc6", not_all_there, 2, &never, false};
    (void)state;
    assert_false(gh_library_load(&library, why));
    assert_string_equal(
        why, "libm.so.6 can't be used: a newer one is needed of the package libc6 (gh_no_such_function)");
    assert_null(never.functions.cbrt);
}

static void test_a_long_reason_is_cut(void **state)
{
    char why[GH_LIBRARY_WHY], file[600];
    (void)state;
    memset(file, 'x', sizeof file - 1);
    file[sizeof file - 1] = '\0';
    gh_library library = {file, "libnone7", there, 2, &never, false};
    assert_false(gh_library_load(&library, why));
    assert_true(strlen(why) < GH_LIBRARY_WHY && strstr(why, "install the package libnone7 (") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_are_found),
        cmocka_unit_test(test_nobody_can_change_where_they_are),
        cmocka_unit_test(test_what_is_missing_is_said),
        cmocka_unit_test(test_a_missing_function_is_said),
        cmocka_unit_test(test_a_long_reason_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
