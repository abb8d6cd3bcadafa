#include "observe/ring.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = 4096 };

static bool put(gh_ring *r, gh_str text, size_t keep)
{
    char *to = gh_ring_reserve(r, text.n, keep);
    if (to == NULL)
        return false;
    if (text.n > 0)
        memcpy(to, text.p, text.n);
    gh_ring_commit(r);
    return true;
}

static void records_come_out_in_order(void **state)
{
    (void)state;
    static const gh_str rows[] = {GH_STR_INIT("a"), GH_STR_INIT(""), GH_STR_INIT("eight by"),
                                  GH_STR_INIT("nine byte"), GH_STR_INIT("\0\n\xff")};
    gh_ring r;
    assert_true(gh_ring_init(&r, SIZE));
    assert_true(gh_ring_empty(&r));
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        assert_true(put(&r, rows[i], 0));
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str got = gh_ring_peek(&r);
        assert_non_null(got.p);
        assert_true(gh_str_eq(got, rows[i]));
        gh_ring_pop(&r, got);
    }
    assert_null(gh_ring_peek(&r).p);
    assert_true(gh_ring_empty(&r));
    gh_ring_free(&r);
}

static void reserved_is_not_seen_before_commit(void **state)
{
    (void)state;
    gh_ring r;
    assert_true(gh_ring_init(&r, SIZE));
    assert_non_null(gh_ring_reserve(&r, 10, 0));
    assert_null(gh_ring_peek(&r).p);
    assert_true(put(&r, GH_STR("second thought"), 0));
    assert_true(gh_str_eq(gh_ring_peek(&r), GH_STR("second thought")));
    gh_ring_free(&r);
}

static void full_refuses_and_recovers(void **state)
{
    (void)state;
    gh_ring r;
    char text[120];
    memset(text, 'x', sizeof text);
    assert_true(gh_ring_init(&r, SIZE));
    for (unsigned i = 0; i < SIZE / 128; i++)
        assert_true(put(&r, (gh_str){text, sizeof text}, 0));
    assert_int_equal(gh_ring_used(&r), SIZE);
    assert_false(put(&r, GH_STR(""), 0));
    gh_ring_pop(&r, gh_ring_peek(&r));
    assert_true(put(&r, (gh_str){text, sizeof text}, 0));
    assert_false(put(&r, (gh_str){text, sizeof text}, 0));
    gh_ring_free(&r);
}

static void keep_leaves_room_for_others(void **state)
{
    (void)state;
    gh_ring r;
    unsigned n = 0;
    assert_true(gh_ring_init(&r, SIZE));
    while (put(&r, GH_STR("12345678"), 1024))
        n++;
    assert_int_equal(n, (SIZE - 1024) / 16);
    while (put(&r, GH_STR("12345678"), 0))
        n++;
    assert_int_equal(n, SIZE / 16);
    gh_ring_free(&r);
}

static void too_large_is_refused(void **state)
{
    (void)state;
    gh_ring r;
    assert_true(gh_ring_init(&r, SIZE));
    assert_null(gh_ring_reserve(&r, SIZE / 2 - GH_RING_HEADER + 1, 0));
    assert_null(gh_ring_reserve(&r, SIZE_MAX, 0));
    assert_null(gh_ring_reserve(&r, SIZE_MAX - 8, 0));
    assert_non_null(gh_ring_reserve(&r, SIZE / 2 - GH_RING_HEADER, 0));
    gh_ring_free(&r);
}

/* Every length at every place of the memory, so that each way of meeting its end is met. */
static void wraps_around_at_every_place(void **state)
{
    (void)state;
    gh_ring r;
    char text[300];
    assert_true(gh_ring_init(&r, SIZE));
    for (unsigned i = 0; i < 50000; i++) {
        size_t n = (i * 7) % sizeof text;
        memset(text, (int)(i & 0xff), n);
        assert_true(put(&r, (gh_str){text, n}, 0));
        gh_str got = gh_ring_peek(&r);
        assert_non_null(got.p);
        assert_true((uintptr_t)got.p % 8 == 0);
        assert_true(gh_str_eq(got, (gh_str){text, n}));
        gh_ring_pop(&r, got);
        assert_true(gh_ring_empty(&r));
    }
    gh_ring_free(&r);
}

enum { MANY = 200000 };

static void *produce(void *data)
{
    gh_ring *r = data;
    for (unsigned i = 0; i < MANY;) {
        unsigned words[40];
        unsigned n = 1 + i % GH_COUNT(words);
        for (unsigned k = 0; k < n; k++)
            words[k] = i + k;
        if (put(r, (gh_str){(const char *)words, n * sizeof words[0]}, 0))
            i++;
        else
            (void)usleep(50);
    }
    return NULL;
}

static void two_threads_lose_nothing(void **state)
{
    (void)state;
    gh_ring r;
    pthread_t thread;
    assert_true(gh_ring_init(&r, SIZE));
    assert_int_equal(pthread_create(&thread, NULL, produce, &r), 0);
    bool right = true;
    for (unsigned i = 0; i < MANY && right;) {
        gh_str got = gh_ring_peek(&r);
        if (got.p == NULL) {
            (void)usleep(50);
            continue;
        }
        unsigned words[40], n = 1 + i % GH_COUNT(words);
        right = got.n == n * sizeof words[0];
        memcpy(words, got.p, right ? got.n : 0);
        for (unsigned k = 0; right && k < n; k++)
            right = words[k] == i + k;
        gh_ring_pop(&r, got);
        i++;
    }
    assert_true(right);
    assert_int_equal(pthread_join(thread, NULL), 0);
    gh_ring_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_out_in_order), cmocka_unit_test(reserved_is_not_seen_before_commit),
        cmocka_unit_test(full_refuses_and_recovers), cmocka_unit_test(keep_leaves_room_for_others),
        cmocka_unit_test(too_large_is_refused),      cmocka_unit_test(wraps_around_at_every_place),
        cmocka_unit_test(two_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
