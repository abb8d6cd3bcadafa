/* The pooled buffers of a connection; sockets are tested from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edges/proxy/io.h"

enum { SIZE = 64 };

static void put(gh_iobuf *b, const char *text)
{
    size_t n = strlen(text);
    assert_true(n <= gh_iobuf_room(b));
    memcpy(b->data + b->end, text, n);
    b->end += (uint32_t)n;
}

static void buffers_come_back_empty(void **state)
{
    (void)state;
    gh_iobuf_pool pool = {.size = SIZE};
    gh_iobuf *a = gh_iobuf_get(&pool), *first = a;
    assert_non_null(a);
    put(a, "left over");
    a->start = 3;
    gh_iobuf_put(&pool, &a);
    assert_null(a);
    gh_iobuf_put(&pool, &a); /* nothing to give back */
    assert_int_equal(pool.n_free, 1);
    a = gh_iobuf_get(&pool);
    assert_ptr_equal(a, first);
    assert_int_equal(gh_iobuf_len(a), 0);
    assert_int_equal(gh_iobuf_room(a), SIZE);
    assert_int_equal(pool.n_free, 0);
    gh_iobuf_put(&pool, &a);
    gh_iobuf_pool_free(&pool);
    assert_int_equal(pool.n_free, 0);
}

/* After a reload the size may differ, and a flood must not stay in memory. */
static void odd_and_superfluous_buffers_are_freed(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static gh_iobuf *all[MANY];
    gh_iobuf_pool pool = {.size = SIZE};
    for (unsigned i = 0; i < MANY; i++)
        assert_non_null(all[i] = gh_iobuf_get(&pool));
    pool.size = 2 * SIZE;
    gh_iobuf_put(&pool, &all[0]);
    assert_int_equal(pool.n_free, 0);
    pool.size = SIZE;
    for (unsigned i = 1; i < MANY; i++)
        gh_iobuf_put(&pool, &all[i]);
    assert_int_equal(pool.n_free, 256);
    gh_iobuf_pool_free(&pool);
}

static void pull_moves_only_when_it_must(void **state)
{
    (void)state;
    gh_iobuf_pool pool = {.size = SIZE};
    gh_iobuf *b = gh_iobuf_get(&pool);
    assert_non_null(b);
    put(b, "abcdef");
    b->start = 2;
    gh_iobuf_pull(b);
    assert_int_equal(b->start, 2);
    b->end = SIZE;
    gh_iobuf_pull(b);
    assert_int_equal(b->start, 0);
    assert_int_equal(gh_iobuf_len(b), SIZE - 2);
    assert_memory_equal(b->data, "cdef", 4);
    b->start = b->end;
    gh_iobuf_pull(b);
    assert_int_equal(gh_iobuf_room(b), SIZE);
    gh_iobuf_put(&pool, &b);
    gh_iobuf_pool_free(&pool);
}

static void room_is_made_at_the_front(void **state)
{
    (void)state;
    gh_iobuf_pool pool = {.size = SIZE};
    gh_io io = {.pool = &pool};
    assert_true(gh_io_out_room(&io, SIZE));
    assert_false(gh_io_out_room(&io, SIZE + 1));
    gh_buf b = gh_io_out_begin(&io);
    gh_buf_printf(&b, "%050d", 7);
    gh_io_out_done(&io, &b);
    assert_true(gh_io_out_room(&io, 14));
    assert_false(gh_io_out_room(&io, 15));
    io.out->start = 48;
    assert_true(gh_io_out_room(&io, 62));
    assert_int_equal(gh_iobuf_len(io.out), 2);
    assert_memory_equal(io.out->data + io.out->start, "07", 2);
    gh_iobuf_put(&pool, &io.out);
    gh_iobuf_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_come_back_empty),
        cmocka_unit_test(odd_and_superfluous_buffers_are_freed),
        cmocka_unit_test(pull_moves_only_when_it_must),
        cmocka_unit_test(room_is_made_at_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
