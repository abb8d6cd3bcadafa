#include "identity/csrf_token.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "identity.h"

static const gh_id session = 77;

static gh_str make(gh_id of, uint8_t random, char memory[GH_CSRF_TEXT])
{
    gh_identity_keys keys;
    uint8_t bytes[GH_CSRF_RANDOM];
    gh_buf out = gh_buf_over(memory, GH_CSRF_TEXT);
    identity_keys(&keys);
    memset(bytes, random, sizeof bytes);
    gh_csrf_make(&keys, of, bytes, &out);
    assert_true(gh_buf_ok(&out));
    assert_int_equal(out.n, GH_CSRF_TEXT);
    return gh_buf_str(&out);
}

static enum gh_csrf_result check(gh_id of, gh_str token)
{
    gh_identity_keys keys;
    identity_keys(&keys);
    return gh_csrf_check(&keys, of, token);
}

static void a_token_is_good_for_its_session_alone(void **state)
{
    (void)state;
    char memory[GH_CSRF_TEXT];
    for (unsigned random = 0; random < 256; random++) {
        gh_str token = make(session, (uint8_t)random, memory);
        assert_int_equal(check(session, token), GH_CSRF_GOOD);
        assert_int_equal(check(session + 1, token), GH_CSRF_STALE);
        assert_int_equal(check(0, token), GH_CSRF_STALE);
    }
}

static void no_two_are_alike(void **state)
{
    (void)state;
    char a[GH_CSRF_TEXT], b[GH_CSRF_TEXT];
    (void)make(session, 1, a);
    (void)make(session, 2, b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void a_changed_one_is_a_mismatch(void **state)
{
    (void)state;
    char memory[GH_CSRF_TEXT];
    gh_str token = make(session, 1, memory);
    for (size_t i = 0; i < token.n; i++) {
        char was = memory[i];
        memory[i] = was == 'A' ? 'B' : 'A';
        assert_int_equal(check(session, token), GH_CSRF_MISMATCH);
        memory[i] = was;
    }
    for (size_t n = 0; n < token.n; n++)
        assert_int_equal(check(session, gh_str_cut(token, 0, n)), GH_CSRF_MISMATCH);
    memory[5] = '=';
    assert_int_equal(check(session, token), GH_CSRF_MISMATCH);
    assert_int_equal(check(session, (gh_str){NULL, 0}), GH_CSRF_MISMATCH);
}

/* A page that knows one session's token (its own) may not make it into another's. */
static void the_session_in_it_is_signed(void **state)
{
    (void)state;
    char own[GH_CSRF_TEXT], of_victim[GH_CSRF_TEXT];
    gh_str token = make(session, 1, own);
    (void)make(session + 1, 1, of_victim);
    memcpy(own, of_victim, 10); /* the first 60 bits; the id ends within the next character */
    own[10] = of_victim[10];
    assert_int_equal(check(session + 1, token), GH_CSRF_MISMATCH);
}

static void other_keys_know_nothing_of_it(void **state)
{
    (void)state;
    char memory[GH_CSRF_TEXT];
    gh_identity_keys others;
    identity_keys(&others);
    gh_key_generation another = others.generations[0];
    gh_hmac_key_init(&another.csrf, GH_STR("another"));
    others.generations = &another;
    assert_int_equal(gh_csrf_check(&others, session, make(session, 1, memory)), GH_CSRF_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_good_for_its_session_alone),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(a_changed_one_is_a_mismatch),
        cmocka_unit_test(the_session_in_it_is_signed),
        cmocka_unit_test(other_keys_know_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
