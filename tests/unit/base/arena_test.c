/* What is given back to an arena is gone and wiped; what is older stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static void test_what_is_newer_than_a_mark_goes(void **state)
{
    (void)state;
    gh_arena a;
    gh_arena_init(&a, NULL, 0, 1 << 16);
    gh_str old = gh_arena_copy(&a, GH_STR("old"));
    gh_arena_mark mark = gh_arena_now(&a);
    for (unsigned round = 0; round < 100; round++) { /* more in all than the arena may have */
        char *same_block = gh_arena_alloc(&a, 100), *other_block = gh_arena_alloc(&a, 30000);
        assert_non_null(same_block);
        assert_non_null(other_block);
        memset(same_block, 'x', 100);
        memset(other_block, 'x', 30000);
        gh_arena_return(&a, &mark);
        for (unsigned i = 0; i < 100; i++)
            assert_int_equal(same_block[i], 0); /* its block is still the arena's */
    }
    assert_true(gh_str_eq(old, GH_STR("old")));
    assert_non_null(gh_arena_alloc(&a, 60000));
    gh_arena_reset(&a);
}

static void test_a_mark_of_an_empty_arena(void **state)
{
    (void)state;
    gh_arena a;
    _Alignas(16) char first[64];
    gh_arena_init(&a, NULL, 0, 4992);
    gh_arena_mark mark = gh_arena_now(&a);
    assert_non_null(gh_arena_alloc(&a, 4000));
    gh_arena_return(&a, &mark);
    assert_non_null(gh_arena_alloc(&a, 4992));
    gh_arena_reset(&a);

    gh_arena_init(&a, first, sizeof first, 4992);
    mark = gh_arena_now(&a);
    assert_ptr_equal(gh_arena_alloc(&a, 16), first);
    assert_non_null(gh_arena_alloc(&a, 4992));
    gh_arena_return(&a, &mark);
    assert_ptr_equal(gh_arena_alloc(&a, 64), first);
    gh_arena_reset(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_newer_than_a_mark_goes),
        cmocka_unit_test(test_a_mark_of_an_empty_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
