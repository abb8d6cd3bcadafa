#include "model/token_cache.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/crypto.h"

enum { OF_A_KIND = 16 }; /* so many tokens whose place is the same have room */

static const uint64_t now_s = 1700000000;
static const char policy[2]; /* two addresses */

static gh_token_cache *new_cache(void)
{
    gh_token_cache *cache = gh_token_cache_new();
    assert_non_null(cache);
    return cache;
}

/* The number is in all of the token, the hash is as good as chance. */
static gh_cached_token token_of(uint64_t number)
{
    gh_cached_token t = {.policy = policy, .expires_s = now_s + 100, .issued_s = now_s, .user = number};
    uint64_t half[2] = {gh_mix64(number * 2), gh_mix64(number * 2 + 1)};
    memcpy(t.hash, half, sizeof t.hash);
    t.scoped = true;
    t.scopes.n = 3;
    memcpy(t.scopes.p, "a b", 3);
    return t;
}

/* One of those whose place is the same. */
static gh_cached_token neighbour_of(uint64_t number)
{
    gh_cached_token t = token_of(number);
    t.hash[15] = 0x5a;
    return t;
}

static bool has(const gh_token_cache *cache, const gh_cached_token *t)
{
    const gh_cached_token *found = gh_token_cache_find(cache, t->hash, t->policy, now_s);
    if (found != NULL)
        assert_int_equal(found->user, t->user);
    return found != NULL;
}

static void what_was_put_is_found_whole(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    gh_cached_token t = token_of(7);
    assert_false(has(cache, &t));
    gh_token_cache_put(cache, &t, now_s);
    const gh_cached_token *found = gh_token_cache_find(cache, t.hash, policy, now_s);
    assert_non_null(found);
    assert_memory_equal(found, &t, sizeof t);
    gh_token_cache_free(cache);
    gh_token_cache_free(NULL);
}

static void another_hash_is_another_token(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    gh_cached_token t = token_of(7);
    gh_token_cache_put(cache, &t, now_s);
    for (unsigned bit = 0; bit < 128; bit++) {
        gh_cached_token other = t;
        other.hash[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(has(cache, &other));
    }
    const uint8_t zeros[16] = {0}; /* as an empty slot's */
    assert_null(gh_token_cache_find(cache, zeros, policy, now_s));
    assert_null(gh_token_cache_find(cache, zeros, NULL, now_s));
    assert_true(has(cache, &t));
    gh_token_cache_free(cache);
}

static void a_token_is_gone_when_it_expires(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    gh_cached_token t = token_of(7);
    gh_token_cache_put(cache, &t, now_s);
    assert_non_null(gh_token_cache_find(cache, t.hash, policy, t.expires_s - 1));
    assert_null(gh_token_cache_find(cache, t.hash, policy, t.expires_s));
    assert_null(gh_token_cache_find(cache, t.hash, policy, UINT64_MAX));
    assert_null(gh_token_cache_find(cache, t.hash, policy, 0)); /* the time is not known */
    gh_token_cache_free(cache);
}

static void each_policy_finds_its_own(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    gh_cached_token t = token_of(7);
    gh_token_cache_put(cache, &t, now_s);
    assert_null(gh_token_cache_find(cache, t.hash, policy + 1, now_s));
    assert_null(gh_token_cache_find(cache, t.hash, NULL, now_s));
    t.policy = NULL;
    gh_token_cache_put(cache, &t, now_s);
    assert_null(gh_token_cache_find(cache, t.hash, NULL, now_s));
    gh_token_cache_free(cache);
}

static void nothing_is_left_when_it_is_cleared(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    for (uint64_t i = 0; i < 1000; i++) {
        gh_cached_token t = token_of(i);
        gh_token_cache_put(cache, &t, now_s);
    }
    gh_token_cache_clear(cache);
    for (uint64_t i = 0; i < 1000; i++) {
        gh_cached_token t = token_of(i);
        assert_false(has(cache, &t));
    }
    gh_token_cache_free(cache);
}

static unsigned count(const gh_token_cache *cache, uint64_t n)
{
    unsigned found = 0;
    for (uint64_t i = 0; i < n; i++) {
        gh_cached_token t = neighbour_of(i);
        found += has(cache, &t);
    }
    return found;
}

/* The one too many takes the place of what would be gone first. */
static void what_expires_soonest_makes_room(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    for (uint64_t i = 0; i <= OF_A_KIND; i++) {
        gh_cached_token t = neighbour_of(i);
        t.expires_s = now_s + (i == 5 ? 20 : 30 + i);
        gh_token_cache_put(cache, &t, now_s);
    }
    gh_cached_token gone = neighbour_of(5), latest = neighbour_of(OF_A_KIND + 1);
    assert_int_equal(count(cache, OF_A_KIND + 1), OF_A_KIND);
    assert_false(has(cache, &gone));
    latest.expires_s = now_s + 10; /* what was just used is kept, however short its life */
    gh_token_cache_put(cache, &latest, now_s);
    assert_true(has(cache, &latest));
    assert_int_equal(count(cache, OF_A_KIND + 2), OF_A_KIND);
    gh_token_cache_free(cache);
}

static void what_is_of_no_use_makes_room_first(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    for (uint64_t i = 0; i < OF_A_KIND; i++) {
        gh_cached_token t = neighbour_of(i);
        t.expires_s = i == 2 ? now_s : now_s + 1 + i; /* one has just expired */
        gh_token_cache_put(cache, &t, now_s - 5);
    }
    gh_cached_token t = neighbour_of(OF_A_KIND);
    gh_token_cache_put(cache, &t, now_s);
    assert_int_equal(count(cache, OF_A_KIND + 1), OF_A_KIND);
    gh_cached_token other =
        neighbour_of(OF_A_KIND + 1); /* one of a policy that is gone, though it lives longest */
    other.policy = policy + 1;
    other.expires_s = now_s + 10000;
    gh_token_cache_put(cache, &other, now_s);
    assert_int_equal(count(cache, OF_A_KIND + 1), OF_A_KIND - 1);
    t = neighbour_of(OF_A_KIND + 2);
    gh_token_cache_put(cache, &t, now_s);
    assert_int_equal(count(cache, OF_A_KIND + 3), OF_A_KIND);
    gh_token_cache_free(cache);
}

/* Nobody's token is pushed out by others all the time: with as many as a busy server sees, there is room for each. */
static void a_thousand_tokens_have_room(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    for (uint64_t i = 0; i < 1000; i++) {
        gh_cached_token t = token_of(i);
        gh_token_cache_put(cache, &t, now_s);
    }
    for (uint64_t i = 0; i < 1000; i++) {
        gh_cached_token t = token_of(i);
        assert_true(has(cache, &t));
    }
    gh_token_cache_free(cache);
}

/* A token that comes again must not stay behind in a second slot, where it would outlive what replaced it. */
static void a_token_is_there_once(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    for (uint64_t i = 0; i < 3; i++) {
        gh_cached_token t = neighbour_of(i);
        t.expires_s = i == 0 ? now_s : now_s + 100; /* the first slot is of no use, the next two are taken */
        gh_token_cache_put(cache, &t, now_s - 5);
    }
    gh_cached_token again = neighbour_of(2);
    again.expires_s = now_s + 50;
    gh_token_cache_put(cache, &again, now_s);
    const gh_cached_token *found = gh_token_cache_find(cache, again.hash, policy, now_s);
    assert_non_null(found);
    assert_int_equal(found->expires_s, now_s + 50);
    assert_null(gh_token_cache_find(cache, again.hash, policy, now_s + 50));
    for (uint64_t i = 3; i <= OF_A_KIND; i++) { /* all places that are left, and that of the first */
        gh_cached_token t = neighbour_of(i);
        gh_token_cache_put(cache, &t, now_s);
    }
    assert_int_equal(count(cache, OF_A_KIND + 1), OF_A_KIND);
    gh_token_cache_free(cache);
}

/* Tokens of chance spread over all of it: half as many as there are slots nearly all stay. */
static void the_whole_of_it_is_used(void **state)
{
    (void)state;
    gh_token_cache *cache = new_cache();
    unsigned found = 0;
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint64_t i = 0; i < GH_TOKEN_CACHE_SLOTS / 2; i++) {
            gh_cached_token t = token_of(i);
            if (pass == 0)
                gh_token_cache_put(cache, &t, now_s);
            else
                found += has(cache, &t);
        }
    assert_true(found > GH_TOKEN_CACHE_SLOTS / 2 * 9 / 10 && found <= GH_TOKEN_CACHE_SLOTS / 2);
    gh_token_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found_whole),
        cmocka_unit_test(another_hash_is_another_token),
        cmocka_unit_test(a_token_is_gone_when_it_expires),
        cmocka_unit_test(each_policy_finds_its_own),
        cmocka_unit_test(nothing_is_left_when_it_is_cleared),
        cmocka_unit_test(what_expires_soonest_makes_room),
        cmocka_unit_test(what_is_of_no_use_makes_room_first),
        cmocka_unit_test(a_thousand_tokens_have_room),
        cmocka_unit_test(a_token_is_there_once),
        cmocka_unit_test(the_whole_of_it_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
