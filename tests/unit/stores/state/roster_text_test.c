#include "stores/state/roster_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t secret[16] = "a key for texts";

static void a_text_is_held_once(void **state)
{
    (void)state;
    gh_roster_texts texts;
    assert_true(gh_roster_texts_init(&texts, secret));
    char memory[] = "admin member";
    gh_roster_text *a = gh_roster_text_hold(&texts, (gh_str){memory, sizeof memory - 1});
    memset(memory, 'x', sizeof memory);
    gh_roster_text *b = gh_roster_text_hold(&texts, GH_STR("admin member"));
    gh_roster_text *c = gh_roster_text_hold(&texts, GH_STR("admin"));
    assert_non_null(a);
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, c);
    assert_true(gh_str_eq(gh_roster_text_str(a), GH_STR("admin member")));
    assert_int_equal(texts.n, 2);
    gh_roster_text_release(&texts, a);
    assert_true(gh_str_eq(gh_roster_text_str(b), GH_STR("admin member")));
    gh_roster_text_release(&texts, b);
    gh_roster_text_release(&texts, c);
    gh_roster_text_release(&texts, NULL);
    assert_int_equal(texts.n, 0);
    gh_roster_texts_free(&texts);
}

static void empty_texts_and_any_bytes(void **state)
{
    (void)state;
    gh_roster_texts texts;
    assert_true(gh_roster_texts_init(&texts, secret));
    gh_roster_text *empty = gh_roster_text_hold(&texts, GH_STR(""));
    gh_roster_text *zero = gh_roster_text_hold(&texts, (gh_str){"\0\0", 2});
    assert_non_null(empty);
    assert_ptr_equal(gh_roster_text_hold(&texts, (gh_str){NULL, 0}), empty);
    assert_non_null(gh_roster_text_str(empty).p);
    assert_null(gh_roster_text_str(NULL).p);
    assert_true(gh_str_eq(gh_roster_text_str(zero), (gh_str){"\0\0", 2}));
    gh_roster_texts_free(&texts); /* with what is held */
}

/* Many more than there were buckets at first; what they take is given back, and other texts are not touched. */
static void very_many_that_differ(void **state)
{
    (void)state;
    enum { N = 5000 };
    static gh_roster_text *held[N];
    gh_roster_texts texts;
    assert_true(gh_roster_texts_init(&texts, secret));
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < N; i++) {
            gh_roster_text *text = gh_roster_text_hold(&texts, (gh_str){(const char *)&i, sizeof i});
            assert_non_null(text);
            if (pass == 0)
                held[i] = text;
            assert_ptr_equal(held[i], text);
        }
    assert_int_equal(texts.n, N);
    assert_true(texts.buckets >= N);
    uint64_t full = texts.bytes;
    for (uint32_t i = 0; i < N; i++)
        for (unsigned k = 0; k < (i % 2 == 0 ? 2 : 1); k++)
            gh_roster_text_release(&texts, held[i]);
    assert_int_equal(texts.n, N / 2);
    assert_int_equal(full - texts.bytes, N / 2 * (sizeof(gh_roster_text) + sizeof(uint32_t)));
    for (uint32_t i = 1; i < N; i += 2)
        assert_memory_equal(gh_roster_text_str(held[i]).p, &i, sizeof i);
    gh_roster_texts_free(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_held_once),
        cmocka_unit_test(empty_texts_and_any_bytes),
        cmocka_unit_test(very_many_that_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
