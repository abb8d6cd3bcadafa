/* A password that changes: who is connecting by one keeps it until it is done, and it is wiped then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdatomic.h>

#include "records/postgres/password.h"

/* Blocks that are counted, and looked at when they come back. */
static _Atomic int blocks, unclean;
static bool refusing;

static void *get(size_t size)
{
    void *p = refusing ? NULL : aligned_alloc(16, (size + 15) & ~(size_t)15);
    if (p != NULL)
        atomic_fetch_add(&blocks, 1);
    return p;
}

static void give(void *p, size_t size)
{
    static const char word[] = "secret";
    if (memmem(p, size, word, sizeof word - 1) != NULL)
        atomic_fetch_add(&unclean, 1);
    atomic_fetch_sub(&blocks, 1);
    free(p);
}

static const gh_arena_source source = {get, give};
static gh_pg_passwords passwords;

static int setup(void **state)
{
    (void)state;
    atomic_store(&unclean, 0);
    refusing = false;
    gh_pg_passwords_init(&passwords, &source);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gh_pg_passwords_end(&passwords);
    return atomic_load(&blocks) == 0 && atomic_load(&unclean) == 0 ? 0 : -1;
}

static bool use(const char *text)
{
    bool changed = false;
    assert_true(gh_pg_passwords_use(&passwords, text, &changed));
    return changed;
}

static void test_it_is_what_was_said_last(void **state)
{
    (void)state;
    assert_null(gh_pg_passwords_take(&passwords));
    assert_false(use(NULL));
    assert_true(use("secret one"));
    assert_false(use("secret one"));
    gh_pg_password *one = gh_pg_passwords_take(&passwords);
    assert_true(use("secret two"));
    gh_pg_password *two = gh_pg_passwords_take(&passwords);
    assert_string_equal(one->text.p, "secret one"); /* a connection is being opened by it */
    assert_string_equal(two->text.p, "secret two");
    assert_int_equal(blocks, 2);
    gh_pg_passwords_give(&passwords, one);
    assert_int_equal(blocks, 1);
    gh_pg_passwords_give(&passwords, two);
    assert_int_equal(blocks, 1);
    assert_true(use(""));
    assert_null(gh_pg_passwords_take(&passwords));
    assert_int_equal(blocks, 0);
}

static void test_without_memory_it_stays(void **state)
{
    (void)state;
    bool changed = false;
    assert_true(use("secret one"));
    refusing = true;
    assert_false(gh_pg_passwords_use(&passwords, "secret two", &changed));
    assert_false(changed);
    gh_pg_password *one = gh_pg_passwords_take(&passwords);
    assert_string_equal(one->text.p, "secret one");
    gh_pg_passwords_give(&passwords, one);
}

static _Atomic bool over;

static void *connect_by_it(void *data)
{
    (void)data;
    uintptr_t wrong = 0;
    while (!atomic_load(&over)) {
        gh_pg_password *p = gh_pg_passwords_take(&passwords);
        wrong += p != NULL && !gh_str_starts(p->text, GH_STR("secret"));
        gh_pg_passwords_give(&passwords, p);
    }
    return (void *)wrong; // NOLINT(performance-no-int-to-ptr)
}

static void test_many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    void *wrong;
    atomic_store(&over, false);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, connect_by_it, NULL), 0);
    for (unsigned i = 0; i < 2000; i++)
        assert_true(use(i % 2 == 0 ? "secret one" : "secret two"));
    atomic_store(&over, true);
    for (unsigned i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(blocks, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_it_is_what_was_said_last),
        TEST(test_without_memory_it_stays),
        TEST(test_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
