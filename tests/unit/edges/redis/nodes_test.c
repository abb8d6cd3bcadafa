/* What nodes of one Redis know of each other: that some count by another key, and that nobody has been heard of yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "redis_world.h"

static const uint64_t KEY = 0x1234, OTHER_KEY = 0xfedcba9876543210;

/* Another node, in the same loop; its log is another lane of the same file. */
typedef struct node {
    gh_redis_shared *shared;
    gh_redis *redis;
} node;

static node start_node(redis_world *w, uint64_t fingerprint, gh_log_lane *lane)
{
    char url[64], why[GH_REDIS_WHY_SIZE];
    gh_redis_options options = w->options;
    node n;
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", w->server.port);
    options.url = gh_str_of(url);
    n.shared = gh_redis_shared_new(&options, why);
    assert_non_null(n.shared);
    gh_redis_use_fingerprint(n.shared, fingerprint);
    n.redis = gh_redis_new(&w->loop, n.shared, lane);
    assert_non_null(n.redis);
    return n;
}

typedef struct wanted {
    redis_world *world;
    gh_redis_shared *shared;
    unsigned nodes, other_secret;
} wanted;

static bool is_known(void *data)
{
    const wanted *want = data;
    gh_redis_figures f;
    gh_redis_read_figures(want->shared, uv_now(&want->world->loop), &f);
    return f.nodes == want->nodes && f.other_secret == want->other_secret;
}

static void until_known(redis_world *w, gh_redis_shared *shared, unsigned nodes, unsigned other_secret)
{
    world_until(w, is_known, &(wanted){w, shared, nodes, other_secret}, "what a node knows of the others");
}

static bool is_past(void *data)
{
    const uint64_t *end = data;
    return uv_hrtime() >= *end;
}

static void for_a_while(redis_world *w, uint64_t ms)
{
    uint64_t end = uv_hrtime() + ms * 1000000;
    world_until(w, is_past, &end, "the end of the while");
}

static bool is_said(void *data)
{
    return world_lines(data, "redis_other_secret", 0) >= 1;
}

static bool is_over(void *data)
{
    return world_lines(data, "redis_same_secret", 0) >= 1;
}

/* Two nodes with different keys count each for itself: both are told, and that it is over, once each. */
static void another_key_is_noticed(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    gh_redis_use_fingerprint(w->shared, KEY);
    world_until_ready(w);
    node same = start_node(w, KEY, NULL);
    until_known(w, w->shared, 2, 0);
    node other = start_node(w, OTHER_KEY, NULL);
    until_known(w, w->shared, 3, 1);
    until_known(w, same.shared, 3, 1);
    until_known(w, other.shared, 3, 2);
    assert_true(redis_number(&w->server, "PTTL {test}:nodes:fedcba9876543210") > 0);
    assert_int_equal(redis_number(&w->server, "ZCARD {test}:nodes:fedcba9876543210"), 1);
    world_until(w, is_said, w, "the line that says so");
    for_a_while(w, 2500); /* heartbeats: it is said once */
    assert_int_equal(world_lines(w, "redis_other_secret", 1), 1);
    assert_int_equal(world_lines(w, "redis_same_secret", 0), 0);
    gh_redis_use_fingerprint(other.shared, KEY); /* its secret_key is the right one after a reload */
    until_known(w, other.shared, 3, 0);
    until_known(w, w->shared, 3, 0);
    world_until(w, is_over, w, "the line that it is over");
    assert_int_equal(world_lines(w, "redis_other_secret", 1), 1);
    gh_redis_close(other.redis);
    gh_redis_close(same.redis);
    until_known(w, w->shared, 1, 0);
    assert_int_equal(redis_number(&w->server, "ZCARD {test}:nodes:0000000000001234"), 1);
    gh_redis_shared_free(other.shared);
    gh_redis_shared_free(same.shared);
}

/* For a moment it is so whenever a key is changed, or a node is started anew: nothing is said of that. */
static void a_moment_is_not_said(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    gh_redis_use_fingerprint(w->shared, KEY);
    world_until_ready(w);
    node other = start_node(w, OTHER_KEY, NULL);
    until_known(w, w->shared, 2, 1);
    gh_redis_close(other.redis);
    until_known(w, w->shared, 1, 0);
    gh_redis_shared_free(other.shared);
    for_a_while(w, 6000);
    world_log_lacks(w, "redis_other_secret");
    world_log_lacks(w, "redis_same_secret");
}

/* Nobody has been heard of: this node takes the whole of a limit for its share, and says so. */
static void nobody_is_known(void **state)
{
    redis_world *w = *state;
    redis_kill(&w->server);
    world_connect(w);
    world_until_why(w, "refused");
    assert_int_equal(world_lines(w, "redis_unavailable", 1), 1);
    assert_int_equal(world_words(w, "no heartbeat has been heard"), 1);
    world_disconnect(w);
    w->options.nodes = 3;
    world_connect(w);
    world_until_why(w, "refused");
    assert_int_equal(world_lines(w, "redis_unavailable", 2), 2);
    world_disconnect(w);
    w->options.nodes = 0;
    redis_start_again(&w->server);
    world_connect(w);
    world_until_ready(w);
    redis_kill(&w->server);
    world_until_away(w);
    assert_int_equal(world_lines(w, "redis_unavailable", 3), 3);
    assert_int_equal(world_words(w, "no heartbeat has been heard"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, redis_world_setup_server, redis_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_key_is_noticed),
        TEST(a_moment_is_not_said),
        TEST(nobody_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
