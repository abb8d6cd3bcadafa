/* Names that occur twice, found among any number of members at a cost that no choice of names can make quadratic. */
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum {
    BLOCK = 16,                              /* two words of the hash */
    CHOICES = 37,                            /* blocks after which the hash is where it was before */
    PLACES = 3,                              /* in a name */
    COLLIDING = CHOICES * CHOICES * CHOICES, /* 50,653 names */
    NAME = BLOCK * PLACES,
    ROOM = COLLIDING * (NAME + 8) + 16
};

static const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15); /* of gh_json_hash() */
static gh_arena arena;
static char blocks[PLACES][CHOICES][BLOCK + 1];
static char *text;

static uint64_t step(uint64_t h, uint64_t word)
{
    h = (h ^ word) * factor;
    return h ^ h >> 32;
}

static uint64_t undo(uint64_t h)
{
    uint64_t inverse = factor;
    for (unsigned i = 0; i < 5; i++)
        inverse *= 2 - factor * inverse;
    return (h ^ h >> 32) * inverse;
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += factor;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return z ^ z >> 29;
}

static bool is_plain(uint64_t word)
{
    for (unsigned i = 0; i < 8; i++, word >>= 8) {
        unsigned c = word & 0xff;
        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            return false;
    }
    return true;
}

/* One word at will, the other so that the state `from` becomes `to`, until that one can be written. */
static void find_block(uint64_t from, uint64_t to, uint64_t *random, char *ret)
{
    for (;;) {
        uint64_t first = next_random(random) % (UINT64_C(1) << 40);
        char digits[17];
        (void)snprintf(digits, sizeof digits, "%08x", (unsigned)(first >> 8));
        memcpy(&first, digits, 8);
        uint64_t second = undo(to) ^ step(from, first);
        if (!is_plain(second))
            continue;
        memcpy(ret, &first, 8);
        memcpy(ret + 8, &second, 8);
        return;
    }
}

static int set_up_blocks(void **state)
{
    (void)state;
    uint64_t random = 1, from = NAME;
    for (unsigned p = 0; p < PLACES; p++) {
        uint64_t to = step(step(from, 1), 2);
        for (unsigned i = 0; i < CHOICES; i++)
            find_block(from, to, &random, blocks[p][i]);
        from = to;
    }
    text = malloc(ROOM);
    return text == NULL ? -1 : 0;
}

static int tear_down_blocks(void **state)
{
    (void)state;
    free(text);
    return 0;
}

/* n names of one hash. */
static gh_str colliding(unsigned n)
{
    gh_buf out = gh_buf_over(text, ROOM);
    for (unsigned i = 0; i < n; i++)
        gh_buf_printf(&out, "%c\"%s%s%s\":1", i == 0 ? '{' : ',', blocks[0][i % CHOICES],
                      blocks[1][i / CHOICES % CHOICES], blocks[2][i / CHOICES / CHOICES % CHOICES]);
    gh_buf_char(&out, '}');
    assert_true(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

static gh_str ordinary(unsigned n)
{
    gh_buf out = gh_buf_over(text, ROOM);
    for (unsigned i = 0; i < n; i++)
        gh_buf_printf(&out, "%c\"a name that is as long as the others: %08x\":1", i == 0 ? '{' : ',',
                      i * 2654435761u);
    gh_buf_char(&out, '}');
    assert_true(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

static gh_json *read(gh_str in)
{
    gh_json_error e;
    gh_json *v = gh_json_read(in, &gh_json_limits_wide, &arena, &e);
    if (v == NULL)
        fail_msg("at %zu: %s", e.at, e.why);
    return v;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The least of several, as others use the machine too. */
static double cost(gh_str in)
{
    double least = 1e9;
    for (unsigned i = 0; i < 7; i++) {
        double begin = seconds();
        (void)read(in);
        double took = seconds() - begin;
        least = took < least ? took : least;
        gh_arena_reset(&arena);
    }
    return least;
}

static int set_up(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 256 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

static void names_collide(void **state)
{
    (void)state;
    const gh_json *v = read(colliding(COLLIDING));
    assert_int_equal(v->n, COLLIDING);
    for (const gh_json *m = v->first; m != NULL; m = m->next)
        assert_int_equal(m->key_hash, v->first->key_hash);
}

/* Sixteen times the names: sixteen times the cost and a little. With comparisons in pairs it were 256 times. */
static void cost_of_collisions(void **state)
{
    (void)state;
    double few = cost(colliding(COLLIDING / 16)), all = cost(colliding(COLLIDING));
    if (all > 100 * few)
        fail_msg("%.6f s for all, %.6f s for a sixteenth", all, few);
    double usual = cost(ordinary(COLLIDING));
    if (all > 100 * usual) /* in pairs: some thousand times */
        fail_msg("%.6f s with collisions, %.6f s without", all, usual);
}

/* The last name repeats another one: found, among colliding names and others, of any number. */
static void found_among_many(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 400; n += n < 20 ? 1 : 37) {
        for (unsigned k = 0; k < 2; k++) {
            gh_json *v = read(k == 0 ? colliding(n) : ordinary(n));
            gh_json *again = gh_json_new(&arena, GH_JSON_NULL), *last = v->first;
            const gh_json *twice;
            while (last->next != NULL)
                last = last->next;
            gh_str key = v->first->key;
            gh_json_append(v, &last, key, again);
            again->at = UINT32_MAX;
            assert_true(gh_json_index(v, &arena, &twice));
            assert_ptr_equal(twice, again);
            gh_arena_reset(&arena);
        }
    }
}

static void found_by_name(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        const gh_json *v = read(k == 0 ? colliding(2000) : ordinary(2000));
        assert_non_null(v->first->index);
        for (const gh_json *m = v->first; m != NULL; m = m->next)
            assert_ptr_equal(gh_json_get(v, m->key), m);
        assert_null(gh_json_lit(v, "no such name"));
        assert_null(gh_json_lit(v, ""));
        for (uint32_t i = 1; i < v->n; i++)
            assert_true(v->first->index[i - 1].hash <= v->first->index[i].hash);
    }
}

/* A first member that goes to another object takes no index along. */
static void index_is_dropped(void **state)
{
    (void)state;
    gh_json *v = read(ordinary(100));
    gh_json *object = gh_json_new(&arena, GH_JSON_OBJECT), *last = NULL;
    gh_json *moved = v->first;
    gh_json_append(object, &last, GH_STR("x"), moved);
    assert_null(moved->index);
    assert_ptr_equal(gh_json_lit(object, "x"), moved);
    v = read(ordinary(100));
    last = v->first;
    while (last->next != NULL)
        last = last->next;
    gh_json_append(v, &last, GH_STR("added"), gh_json_new(&arena, GH_JSON_TRUE));
    assert_int_equal(gh_json_lit(v, "added")->type, GH_JSON_TRUE);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(names_collide), test(cost_of_collisions), test(found_among_many),
        test(found_by_name), test(index_is_dropped),
    };
    return cmocka_run_group_tests(tests, set_up_blocks, tear_down_blocks);
}
