/* A connection to a real Redis: use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "edges/redis/parts.h"
#include "redis_world.h"

static void it_connects_and_answers(void **state)
{
    redis_world *w = *state;
    asked a;
    world_connect(w);
    ask_echo(&a, 3, -4);
    assert_false(gh_redis_ready(w->redis));
    assert_false(gh_redis_ask(w->redis, &a.request)); /* not yet */
    world_until_ready(w);
    assert_int_equal(w->redis->breaker.state, GH_BREAKER_CLOSED);
    assert_true(gh_redis_ask(w->redis, &a.request));
    assert_int_equal(a.done, 0); /* never from within */
    world_answer(w, &a);
    assert_int_equal(a.n_values, 2);
    assert_int_equal(a.values[0], 3);
    assert_int_equal(a.values[1], -4);
    assert_null(a.request.redis);
    ask_add(&a, "n", 5);
    assert_true(gh_redis_ask(w->redis, &a.request));
    world_answer(w, &a);
    assert_int_equal(a.n_values, 1);
    assert_int_equal(a.values[0], 5);
    assert_int_equal(redis_number(&w->server, "GET {test}:n"), 5);
    world_log_lacks(w, "redis_unavailable");
}

static void by_socket_name_and_ipv6(void **state)
{
    redis_world *w = *state;
    asked a;
    for (unsigned i = 0; i < 4; i++) {
        if (i == 0)
            world_connect_to(w, "unix://%s?db=3", w->server.socket);
        else
            world_connect_to(w,
                             i == 1   ? "redis://localhost:%u/3"
                             : i == 2 ? "redis://[::1]:%u/3"
                                      : "redis://127.0.0.1:%u/3",
                             w->server.port);
        world_until_ready(w);
        ask_add(&a, "everywhere", 1);
        assert_true(gh_redis_ask(w->redis, &a.request));
        world_answer(w, &a);
        assert_int_equal(a.values[0], (int)i + 1);
        world_disconnect(w);
    }
    assert_int_equal(redis_number(&w->server, "EXISTS {test}:everywhere"), 0); /* another database */
}

enum { MANY = 10000 };

/* All in one turn, in order; 100 of them fill one write, many take several. */
static void ten_thousand_of_one_loop(void **state)
{
    redis_world *w = *state;
    asked *all = calloc(MANY, sizeof *all);
    w->options.timeout_ms = 20000; /* of a machine that does much else */
    world_connect(w);
    world_until_ready(w);
    for (long i = 0; i < MANY; i++) {
        ask_echo(&all[i], i, -i);
        assert_true(gh_redis_ask(w->redis, &all[i].request));
        if (i == 99) {
            assert_true(w->redis->out_end > 99 * 60);
            world_turn(w);
            assert_int_equal(w->redis->out_end, 0);
        }
    }
    world_answer(w, &all[MANY - 1]);
    for (long i = 0; i < MANY; i++) {
        assert_int_equal(all[i].done, 1);
        assert_int_equal(all[i].n_values, 2);
        assert_int_equal(all[i].values[0], i);
        assert_int_equal(all[i].values[1], -i);
    }
    free(all);
}

static void more_than_may_wait_are_unavailable(void **state)
{
    redis_world *w = *state;
    static asked all[40];
    w->options.max_waiting = 32;
    world_connect(w);
    world_until_ready(w);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 40; i++) {
            ask_echo(&all[i], i, 0);
            assert_int_equal(gh_redis_ask(w->redis, &all[i].request), i < 32);
        }
        world_answer(w, &all[31]);
        for (unsigned i = 0; i < 40; i++)
            assert_int_equal(all[i].done, i < 32);
    }
    assert_true(gh_redis_ready(w->redis));
}

/* The bytes that the socket does not take are bounded, too. */
static void more_bytes_than_may_wait_are_unavailable(void **state)
{
    redis_world *w = *state;
    unsigned taken = 0;
    asked *all = calloc(MANY, sizeof *all);
    w->options.max_bytes = 64 * 1024;
    world_connect(w);
    world_until_ready(w);
    for (long i = 0; i < MANY; i++) {
        ask_echo(&all[i], i, 7);
        taken += gh_redis_ask(w->redis, &all[i].request);
    }
    assert_true(taken > 500 && taken < 2000);
    world_answer(w, &all[taken - 1]);
    assert_int_equal(all[taken - 1].values[0], taken - 1);
    assert_int_equal(all[taken].done, 0);
    free(all);
}

static void who_left_is_not_told(void **state)
{
    redis_world *w = *state;
    asked a[3];
    world_connect(w);
    world_until_ready(w);
    gh_redis_leave(&(gh_redis_request){.redis = NULL}); /* does not wait */
    for (unsigned i = 0; i < 3; i++) {
        ask_add(&a[i], "left", 1);
        assert_true(gh_redis_ask(w->redis, &a[i].request));
    }
    gh_redis_leave(&a[1].request);
    gh_redis_leave(&a[1].request);
    memset(&a[1], 0x5a, sizeof a[1]); /* its memory is somebody else's now */
    world_answer(w, &a[2]);
    assert_int_equal(a[0].values[0], 1);
    assert_int_equal(a[2].values[0], 3); /* the charge was made */
    assert_int_equal(a[1].done, 0x5a5a5a5a);
}

static void ask_again(asked *a)
{
    gh_redis *r = a->data;
    if (--a->numbers[0] > 0)
        assert_true(gh_redis_ask(r, &a->request));
}

static void leave_other(asked *a)
{
    gh_redis_leave(a->data);
}

/* done() may ask again, and leave others. */
static void done_may_do_anything(void **state)
{
    redis_world *w = *state;
    asked a, b, c;
    world_connect(w);
    world_until_ready(w);
    ask_echo(&a, 20, 0);
    a.then = ask_again;
    a.data = w->redis;
    ask_echo(&b, 0, 0);
    ask_echo(&c, 0, 0);
    b.then = leave_other;
    b.data = &c.request;
    assert_true(gh_redis_ask(w->redis, &a.request) && gh_redis_ask(w->redis, &b.request) &&
                gh_redis_ask(w->redis, &c.request));
    while (a.done < 20)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(a.values[0], 1);
    assert_int_equal(b.done, 1);
    assert_int_equal(c.done, 0);
}

/* The server forgets its scripts while many requests are on their way: each is answered, once, as if nothing were. */
static void forgotten_scripts_are_loaded_again(void **state)
{
    redis_world *w = *state;
    static asked all[200];
    world_connect(w);
    world_until_ready(w);
    for (unsigned round = 0; round < 3; round++) {
        redis_tell(&w->server, "SCRIPT FLUSH", NULL, 0);
        for (unsigned i = 0; i < 200; i++) {
            if (i % 2 == 0)
                ask_add(&all[i], "forgotten", 1);
            else
                ask_echo(&all[i], i, round);
            assert_true(gh_redis_ask(w->redis, &all[i].request));
        }
        gh_redis_leave(&all[17].request);
        world_answer(w, &all[198]);
        world_answer(w, &all[199]);
        for (unsigned i = 0; i < 200; i++) {
            assert_int_equal(all[i].done, i == 17 ? 0 : 1);
            assert_int_equal(all[i].unavailable, 0);
            if (i % 2 == 1 && i != 17)
                assert_int_equal(all[i].values[0], i);
        }
        assert_int_equal(all[198].values[0], 100 * (round + 1));
        assert_true(all[0].encoded >= 2);
    }
    assert_true(gh_redis_ready(w->redis));
    world_log_lacks(w, "redis_unavailable");
}

static bool has_beaten_since(void *data)
{
    redis_world *w = data;
    return redis_number(&w->server, "ZCARD {test}:nodes") == 1 || !gh_redis_ready(w->redis);
}

/* Nor is that an outage when it is the heartbeat that finds out. */
static void a_forgotten_heartbeat_is_loaded_again(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    world_until_ready(w);
    redis_tell(&w->server, "SCRIPT FLUSH", NULL, 0);
    redis_tell(&w->server, "DEL {test}:nodes", NULL, 0);
    world_until(w, has_beaten_since, w, "the next heartbeat");
    assert_true(gh_redis_ready(w->redis));
    world_log_lacks(w, "redis_unavailable");
}

/* A server that does not keep what is loaded is asked twice, no more. */
static void a_script_that_never_stays(void **state)
{
    redis_world *w = *state;
    asked a, b;
    world_connect(w);
    world_until_ready(w);
    ask_echo(&a, 1, 2);
    a.request.script = SCRIPT_GONE;
    ask_echo(&b, 3, 4);
    assert_true(gh_redis_ask(w->redis, &a.request) && gh_redis_ask(w->redis, &b.request));
    world_until_away(w);
    assert_int_equal(a.encoded, 2);
    assert_int_equal(a.done, 1);
    assert_int_equal(a.unavailable, 1);
    assert_int_equal(b.values[0], 3);
    assert_non_null(strstr(world_figures(w).why, "does not keep the scripts"));
}

/* One request's error is its own: the others are answered, and there is a line. */
static void an_error_of_one_request(void **state)
{
    redis_world *w = *state;
    asked a, b, c;
    redis_tell(&w->server, "SET {test}:wrong text", NULL, 0);
    world_connect(w);
    world_until_ready(w);
    ask_add(&a, "wrong", 1);
    ask_add(&b, "right", 1);
    assert_true(gh_redis_ask(w->redis, &a.request) && gh_redis_ask(w->redis, &b.request));
    world_answer(w, &b);
    assert_int_equal(a.unavailable, 1);
    assert_int_equal(b.values[0], 1);
    ask_add(&c, "wrong", 1);
    assert_true(gh_redis_ask(w->redis, &c.request));
    world_answer(w, &c);
    assert_int_equal(c.unavailable, 1);
    assert_int_equal(world_lines(w, "redis_error", 1), 1);
    assert_true(gh_redis_ready(w->redis));
}

/* Waiting when the loop ends. */
static void close_answers_all(void **state)
{
    redis_world *w = *state;
    static asked all[100];
    world_connect(w);
    world_until_ready(w);
    for (unsigned i = 0; i < 100; i++) {
        ask_echo(&all[i], 0, 0);
        assert_true(gh_redis_ask(w->redis, &all[i].request));
        if (i == 50)
            world_turn(w);
    }
    unsigned before = 0;
    for (unsigned i = 0; i < 100; i++)
        before += all[i].done;
    gh_redis_close(w->redis);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(all[i].done, 1);
        assert_null(all[i].request.redis);
    }
    assert_int_equal(all[99].unavailable, 1);
    asked late;
    ask_echo(&late, 0, 0);
    assert_false(gh_redis_ask(w->redis, &late.request));
    gh_redis_close(w->redis); /* twice does no harm */
    w->redis = NULL;
    world_disconnect(w);
    assert_int_equal(late.done, 0);
    (void)before;
}

static void close_it(asked *a)
{
    redis_world *w = a->data;
    gh_redis_close(w->redis);
    w->redis = NULL;
}

static void done_may_close(void **state)
{
    redis_world *w = *state;
    asked a, b;
    world_connect(w);
    world_until_ready(w);
    ask_echo(&a, 0, 0);
    ask_echo(&b, 0, 0);
    a.then = close_it;
    a.data = w;
    assert_true(gh_redis_ask(w->redis, &a.request) && gh_redis_ask(w->redis, &b.request));
    world_answer(w, &a);
    assert_int_equal(a.unavailable, 0);
    assert_int_equal(b.unavailable, 1);
}

static void close_at_any_state(void **state)
{
    redis_world *w = *state;
    for (unsigned turns = 0; turns < 12; turns++) {
        world_connect_to(w, turns % 2 == 0 ? "redis://localhost:%u" : "redis://127.0.0.1:%u", w->server.port);
        for (unsigned i = 0; i < turns; i++)
            (void)uv_run(&w->loop, UV_RUN_ONCE);
        world_disconnect(w);
    }
}

typedef struct node_count {
    redis_world *world;
    unsigned n;
} node_count;

static bool counts_nodes(void *data)
{
    const node_count *c = data;
    return gh_redis_nodes(c->world->shared) == c->n;
}

/* Two processes, by two shared: each counts two; who leaves is not counted any more, who dies is after a while. */
static void nodes_are_counted(void **state)
{
    redis_world *w = *state;
    char url[64], why[GH_REDIS_WHY_SIZE];
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", w->server.port);
    gh_redis_options options = w->options;
    options.url = gh_str_of(url);
    gh_redis_shared *other = gh_redis_shared_new(&options, why);
    world_connect(w);
    world_until_ready(w);
    assert_int_equal(gh_redis_nodes(w->shared), 1);
    gh_redis *second = gh_redis_new(&w->loop, other, NULL);
    world_until(w, counts_nodes, &(node_count){w, 2}, "the second node");
    assert_int_equal(gh_redis_nodes(other), 2);
    assert_int_equal(redis_number(&w->server, "ZCARD {test}:nodes"), 2);
    assert_true(redis_number(&w->server, "PTTL {test}:nodes") > 0);
    assert_true(world_figures(w).round_trip_us > 0);
    gh_redis_close(second);
    world_until(w, counts_nodes, &(node_count){w, 1}, "one node");
    gh_redis_shared_free(other);
    world_disconnect(w);
    assert_int_equal(redis_number(&w->server, "ZCARD {test}:nodes"), 0);
}

static bool has_beaten_twice(void *data)
{
    redis_world *w = data;
    static char first[64];
    static const redis_world *of;
    if (of != w) {
        of = w;
        first[0] = '\0';
    }
    char score[64];
    redis_tell(&w->server, "EVAL \"return redis.call('ZRANGE','{test}:nodes',0,-1,'WITHSCORES')[2]\" 0",
               score, sizeof score);
    if (first[0] == '\0')
        (void)snprintf(first, sizeof first, "%s", score);
    return strcmp(first, score) != 0;
}

/* Redis comes back without its memory, and this node is the first to find it: the other one is not forgotten at once. */
static void who_is_not_back_yet_counts(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    world_until_ready(w);
    redis_tell(&w->server,
               "EVAL \"return redis.call('ZADD','{test}:nodes',redis.call('TIME')[1]*1000+1000,'other')\" 0",
               NULL, 0);
    world_until(w, counts_nodes, &(node_count){w, 2}, "the second node");
    redis_kill(&w->server);
    world_until_away(w);
    redis_start_again(&w->server);
    world_until_ready(w);
    world_until(w, has_beaten_twice, w, "a heartbeat that is alone");
    assert_int_equal(redis_number(&w->server, "ZCARD {test}:nodes"), 1);
    assert_int_equal(gh_redis_nodes(w->shared), 2);
    world_until(w, counts_nodes, &(node_count){w, 1}, "the end of the time to come back");
}

/* Silent for five seconds by the server's clock, or from its future: not alive. */
static void dead_nodes_are_forgotten(void **state)
{
    redis_world *w = *state;
    redis_tell(&w->server, "ZADD {test}:nodes 1000 dead", NULL, 0);
    redis_tell(&w->server, "ZADD {test}:nodes 99999999999999 future", NULL, 0);
    world_connect(w);
    world_until_ready(w);
    assert_int_equal(gh_redis_nodes(w->shared), 1);
    world_disconnect(w);
    w->options.nodes = 7;
    world_connect(w);
    world_until_ready(w);
    assert_int_equal(gh_redis_nodes(w->shared), 7);
}

static void it_beats_again(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    world_until_ready(w);
    world_until(w, has_beaten_twice, w, "the next heartbeat");
}

static bool has_pinged(void *data)
{
    const redis_world *w = data;
    char calls[64];
    redis_tell(&w->server,
               "EVAL \"return redis.call('INFO','commandstats'):match('cmdstat_ping:calls=(%d+)')\" 0", calls,
               sizeof calls);
    return strtol(calls, NULL, 10) >= 5;
}

/* One loop beats for all; the others, with nothing to do, look whether somebody is there. The greetings have a PING each,
 * and so has the server's start. */
static void idle_connections_look(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    world_until_ready(w);
    gh_redis *second = gh_redis_new(&w->loop, w->shared, NULL);
    assert_non_null(second);
    world_until(w, has_pinged, w, "a PING");
    assert_int_equal(gh_redis_nodes(w->shared), 1);
    gh_redis_close(second);
}

/* What goes to another machine in the clear is said. */
static void who_can_listen(void **state)
{
    static const struct {
        gh_str url;
        bool exposed;
    } rows[] = {{GH_STR_INIT("redis://cache.example"), true},
                {GH_STR_INIT("redis://10.0.0.1"), true},
                {GH_STR_INIT("redis://[2001:db8::1]:6379"), true},
                {GH_STR_INIT("redis://localhost.example"), true},
                {GH_STR_INIT("redis://LOCALHOST"), false},
                {GH_STR_INIT("redis://127.0.0.1"), false},
                {GH_STR_INIT("redis://[::1]"), false},
                {GH_STR_INIT("rediss://cache.example"), false},
                {GH_STR_INIT("unix:///run/redis.sock"), false}};
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char why[GH_REDIS_WHY_SIZE];
        const gh_redis_options o = {.url = rows[i].url, .prefix = GH_STR("p"), .timeout_ms = 50};
        gh_redis_shared *s = gh_redis_shared_new(&o, why);
        assert_non_null(s);
        if (gh_redis_is_exposed(s) != rows[i].exposed)
            fail_msg("%s", rows[i].url.p);
        gh_redis_shared_free(s);
    }
}

static void options_are_checked(void **state)
{
    (void)state;
    static const gh_str five[5] = {{NULL, 0}};
    char long_name[80], why[GH_REDIS_WHY_SIZE];
    memset(long_name, 'a', sizeof long_name);
    const gh_redis_options good = {.url = GH_STR("redis://h"), .prefix = GH_STR("p"), .timeout_ms = 50};
    gh_redis_options bad[10];
    static const char *const words[10] = {"redis.url",    "user",         "redis.password", "redis.password",
                                          "redis.prefix", "redis.prefix", "redis.prefix",   "redis.timeout",
                                          "scripts",      "redis.ca_file"};
    for (unsigned i = 0; i < 10; i++)
        bad[i] = good;
    bad[0].url = GH_STR("redis://:hunter2");
    bad[1].url = GH_STR("redis://hunter2@h");
    bad[2].password = GH_STR("");
    bad[3].password = GH_STR("hunter2\0x");
    bad[4].prefix = GH_STR("");
    bad[5].prefix = GH_STR("a{b}");
    bad[6].prefix = (gh_str){long_name, 65};
    bad[7].timeout_ms = 0;
    bad[8].scripts = five;
    bad[8].n_scripts = 5;
    bad[9].url = GH_STR("rediss://h");
    bad[9].ca_file = GH_STR("/does/not/exist");
    for (unsigned i = 0; i < 10; i++) {
        assert_null(gh_redis_shared_new(&bad[i], why));
        if (strstr(why, words[i]) == NULL || strstr(why, "hunter2") != NULL)
            fail_msg("%u: %s", i, why);
    }
    gh_redis_shared *s = gh_redis_shared_new(&good, why);
    assert_non_null(s);
    assert_true(gh_str_eq(gh_redis_key_prefix(s), GH_STR("{p}:")));
    assert_int_equal(gh_redis_nodes(s), 1);
    gh_redis_shared_free(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, redis_world_setup_server, redis_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_connects_and_answers),
        TEST(by_socket_name_and_ipv6),
        TEST(ten_thousand_of_one_loop),
        TEST(more_than_may_wait_are_unavailable),
        TEST(more_bytes_than_may_wait_are_unavailable),
        TEST(who_left_is_not_told),
        TEST(done_may_do_anything),
        TEST(forgotten_scripts_are_loaded_again),
        TEST(a_forgotten_heartbeat_is_loaded_again),
        TEST(a_script_that_never_stays),
        TEST(an_error_of_one_request),
        TEST(close_answers_all),
        TEST(done_may_close),
        TEST(close_at_any_state),
        TEST(nodes_are_counted),
        TEST(who_is_not_back_yet_counts),
        TEST(dead_nodes_are_forgotten),
        TEST(it_beats_again),
        TEST(idle_connections_look),
        TEST(who_can_listen),
        TEST(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
