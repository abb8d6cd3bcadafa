/* A Redis that stops, dies, comes back, talks nonsense: what waits is told at once, one line says so, and it goes on by
 * itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "edges/redis/parts.h"
#include "redis_relay.h"
#include "redis_world.h"

enum { ASKED = 50 };

static asked all[ASKED];

static void ask_all(redis_world *w)
{
    for (unsigned i = 0; i < ASKED; i++) {
        ask_echo(&all[i], i, 1);
        assert_true(gh_redis_ask(w->redis, &all[i].request));
    }
}

/* They were told in one moment: nobody waits for a deadline of his own. */
static void all_were_told(void)
{
    for (unsigned i = 0; i < ASKED; i++) {
        assert_int_equal(all[i].done, 1);
        assert_int_equal(all[i].unavailable, 1);
    }
}

static void it_answers(redis_world *w)
{
    asked a;
    ask_echo(&a, 11, 22);
    assert_true(gh_redis_ask(w->redis, &a.request));
    world_answer(w, &a);
    assert_int_equal(a.unavailable, 0);
    assert_int_equal(a.values[1], 22);
}

static void paused(void **state)
{
    redis_world *w = *state;
    asked late;
    w->options.timeout_ms = 1000;
    world_connect(w);
    world_until_ready(w);
    it_answers(w);
    redis_signal(&w->server, SIGSTOP);
    ask_all(w);
    world_until_away(w);
    all_were_told();
    ask_echo(&late, 0, 0);
    assert_false(gh_redis_ask(w->redis, &late.request));
    gh_redis_figures f = world_figures(w);
    assert_int_equal(f.late, 1);
    assert_int_equal(f.ready, 0);
    assert_non_null(strstr(f.why, "does not answer within 1000 ms"));
    assert_int_equal(world_lines(w, "redis_unavailable", 1), 1);
    assert_false(gh_redis_ask(w->redis, &late.request));
    redis_signal(&w->server, SIGCONT);
    world_until_ready(w);
    it_answers(w);
    assert_int_equal(world_lines(w, "redis_recovered", 1), 1);
    assert_int_equal(world_lines(w, "redis_unavailable", 1), 1);
    f = world_figures(w);
    assert_int_equal(f.connected, 2);
    assert_int_equal(f.outages, 1);
    assert_int_equal(f.away_ms, 0);
}

/* Asked while the deadline of an earlier request, which was answered, is still to come. */
static void paused_between_two_deadlines(void **state)
{
    redis_world *w = *state;
    w->options.timeout_ms = 1000;
    world_connect(w);
    world_until_ready(w);
    it_answers(w);
    for (uint64_t begin = uv_now(&w->loop); uv_now(&w->loop) < begin + 400;)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    redis_signal(&w->server, SIGSTOP);
    ask_all(w);
    world_turn(w);
    world_turn(w);
    while (gh_redis_ready(w->redis)) { /* there is a deadline at any time */
        assert_true(uv_is_active((uv_handle_t *)&w->redis->timer));
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    }
    all_were_told();
    redis_signal(&w->server, SIGCONT);
}

/* A trial reaches the stopped server's queue of connections and waits there; more trials follow, no more lines. */
static void paused_for_long(void **state)
{
    redis_world *w = *state;
    w->options.timeout_ms = 200;
    w->options.connect_ms = 200;
    world_connect(w);
    world_until_ready(w);
    redis_signal(&w->server, SIGSTOP);
    ask_all(w);
    world_until_why(w, "takes the connection but does not answer");
    for (unsigned i = 0; i < 60; i++)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    redis_signal(&w->server, SIGCONT);
    world_until_ready(w);
    it_answers(w);
    assert_int_equal(world_lines(w, "redis_unavailable", 1), 1);
}

static void killed_and_started_again(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    world_until_ready(w);
    for (unsigned round = 1; round <= 2; round++) {
        redis_signal(&w->server, SIGSTOP); /* so that no answer comes before it dies */
        ask_all(w);
        world_turn(w);
        redis_kill(&w->server);
        world_until_away(w);
        all_were_told();
        world_until_why(w, "refused");
        redis_start_again(&w->server); /* without its scripts */
        world_until_ready(w);
        it_answers(w);
        assert_int_equal(world_lines(w, "redis_unavailable", round), round);
        assert_int_equal(world_lines(w, "redis_recovered", round), round);
    }
    assert_int_equal(world_figures(w).late, 0);
}

/* Not there at the start: one line, and it is found when it comes. */
static void it_comes_later(void **state)
{
    redis_world *w = *state;
    redis_kill(&w->server);
    world_connect(w);
    world_until_why(w, "refused");
    assert_int_equal(world_lines(w, "redis_unavailable", 1), 1);
    redis_start_again(&w->server);
    world_until_ready(w);
    it_answers(w);
    assert_int_equal(world_lines(w, "redis_recovered", 1), 1);
}

static void one_connection_killed_by_an_operator(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    world_until_ready(w);
    redis_tell(&w->server, "CLIENT KILL TYPE normal", NULL, 0);
    world_until_away(w);
    world_until_ready(w);
    it_answers(w);
}

/* The loop was held up for longer than the deadline, the server was not: nobody is blamed. */
static void a_loop_that_was_held_up(void **state)
{
    redis_world *w = *state;
    w->options.timeout_ms = 300;
    world_connect(w);
    world_until_ready(w);
    for (unsigned i = 0; i < 3; i++) {
        ask_all(w);
        world_turn(w); /* written */
        (void)usleep(700000);
        world_answer(w, &all[ASKED - 1]);
        assert_int_equal(all[0].unavailable, 0);
    }
    assert_int_equal(world_figures(w).late, 0);
    assert_int_equal(world_figures(w).connected, 1);
}

static void names_that_are_none(void **state)
{
    redis_world *w = *state;
    world_connect_to(w, "redis://no-such-host.invalid:6379");
    world_until_why(w, "looked up");
    world_disconnect(w);
    world_connect_to(w, "unix:///does/not/exist");
    world_until_why(w, "No such file");
}

static void replies_in_pieces(void **state)
{
    redis_world *w = *state;
    redis_relay relay = {.behind = &w->server, .piece = 1};
    w->options.timeout_ms = 20000;
    redis_relay_start(&relay);
    world_connect_to(w, "redis://127.0.0.1:%u", relay.port);
    world_until_ready(w);
    for (unsigned round = 0; round < 5; round++) {
        ask_all(w);
        world_answer(w, &all[ASKED - 1]);
        for (unsigned i = 0; i < ASKED; i++)
            assert_true(all[i].unavailable == 0 && all[i].values[0] == i);
    }
    world_disconnect(w);
    redis_relay_stop(&relay);
}

/* It lives, but its answer is late. The answer that comes when nobody waits any more is not taken for another's. */
static void a_late_reply(void **state)
{
    redis_world *w = *state;
    redis_relay relay = {.behind = &w->server};
    w->options.timeout_ms = 1000;
    redis_relay_start(&relay);
    world_connect_to(w, "redis://127.0.0.1:%u", relay.port);
    world_until_ready(w);
    atomic_store(&relay.hold, true);
    ask_all(w);
    world_until_away(w);
    all_were_told();
    assert_non_null(strstr(world_figures(w).why, "does not answer within"));
    atomic_store(&relay.hold, false);
    world_until_ready(w);
    it_answers(w);
    assert_true(atomic_load(&relay.clients) >= 2);
    world_disconnect(w);
    redis_relay_stop(&relay);
}

#define WORDS(text) text, sizeof(text) - 1

static void it_is_no_redis(void **state)
{
    redis_world *w = *state;
    static char flood[100000];
    memset(flood, '1', sizeof flood);
    flood[0] = '+';
    const struct {
        const char *words;
        size_t n;
        bool hang_up;
        const char *why;
    } cases[] = {
        {WORDS("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), false, "no reply"},
        {WORDS("SSH-2.0-OpenSSH_9.2p1\r\n"), false, "no reply"},
        {WORDS("\0\0\0\0\xff\xff\r\n"), false, "no reply"},
        {WORDS("*1000000000\r\n"), false, "no reply"},
        {WORDS("*2\r\n*1\r\n:1\r\n:2\r\n"), false, "no reply"},
        {WORDS("+PONG\r\n+OK\r\n+nosha\r\n"), false, "greeting"},
        {WORDS("+PONG\r\n+OK\r\n$40\r\nzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\r\n"), false, "greeting"},
        {WORDS(":1\r\n"), false, "greeting"},
        {WORDS("-ERR max number of clients reached\r\n"), true, "maxclients"},
        {WORDS("-DENIED Redis is running in protected mode\r\n"), true, "protected mode"},
        {WORDS("-LOADING Redis is loading the dataset in memory\r\n"), false, "still reading"},
        {flood, sizeof flood, false, "no reply"},
        {WORDS("$999999\r\nabc"), true, "connection"},
        {WORDS(""), true, "connection"},
    };
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        redis_relay relay = {.words = cases[i].words, .n_words = cases[i].n, .hang_up = cases[i].hang_up};
        redis_relay_start(&relay);
        world_connect_to(w, "redis://127.0.0.1:%u", relay.port);
        world_until_why(w, cases[i].why);
        assert_false(gh_redis_ready(w->redis));
        world_disconnect(w);
        redis_relay_stop(&relay);
    }
}

/* A reply that nobody asked for would be the next one's. */
static void unasked_replies(void **state)
{
    redis_world *w = *state;
    redis_relay relay = {.behind = &w->server};
    redis_relay_start(&relay);
    world_connect_to(w, "redis://127.0.0.1:%u", relay.port);
    world_until_ready(w);
    it_answers(w);
    atomic_store(&relay.inject, true);
    world_until_away(w);
    assert_non_null(strstr(world_figures(w).why, "nobody asked"));
    world_until_ready(w);
    it_answers(w);
    world_disconnect(w);
    redis_relay_stop(&relay);
}

enum { ODD_ANSWERS = 10 };

/* An answer that is none to the question is not passed over: who says so is left, and nothing of it is used. */
static void answers_that_do_not_fit(void **state)
{
    redis_world *w = *state;
    world_connect(w);
    for (long i = 1; i <= ODD_ANSWERS; i++)
        for (int left = 0; left <= 1; left++) {
            asked a, behind;
            world_until_ready(w);
            uint64_t connected = world_figures(w).connected;
            ask_echo(&a, i, 0);
            a.request.script = SCRIPT_ODD;
            ask_echo(&behind, 1, 2);
            assert_true(gh_redis_ask(w->redis, &a.request) && gh_redis_ask(w->redis, &behind.request));
            if (left)
                gh_redis_leave(&a.request);
            world_answer(w, &behind);
            assert_int_equal(a.done, left ? 0 : 1);
            assert_int_equal(a.unavailable, a.done);
            assert_int_equal(behind.unavailable, 1);
            assert_false(gh_redis_ready(w->redis));
            assert_true(strstr(world_figures(w).why, "to what it was asked") != NULL ||
                        strstr(world_figures(w).why, "what nobody asked") != NULL);
            world_until_ready(w);
            it_answers(w);
            assert_int_equal(world_figures(w).connected, connected + 1);
        }
}

static void it_takes_but_never_answers(void **state)
{
    redis_world *w = *state;
    redis_relay relay = {.words = NULL};
    w->options.connect_ms = 100;
    redis_relay_start(&relay);
    world_connect_to(w, "redis://127.0.0.1:%u", relay.port);
    world_until_why(w, "takes the connection but does not answer");
    world_disconnect(w);
    redis_relay_stop(&relay);
}

/* What makes every write fail opens the circuit, says why, and closes it when it is over. */
static void it_takes_no_writes(void **state)
{
    redis_world *w = *state;
    static const struct {
        const char *on, *off, *why;
    } cases[] = {
        {"CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "maxmemory"},
        {"CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "too few replicas"},
        {"REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "replica"},
    };
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        asked a;
        world_connect(w);
        world_until_ready(w);
        redis_tell(&w->server, cases[i].on, NULL, 0);
        ask_add(&a, "writes", 1);
        assert_true(gh_redis_ask(w->redis, &a.request));
        world_answer(w, &a);
        assert_int_equal(a.unavailable, 1);
        world_until_why(w, cases[i].why);
        for (unsigned k = 0; k < 40; k++)
            (void)uv_run(&w->loop, UV_RUN_ONCE);
        assert_false(gh_redis_ready(w->redis));
        redis_tell(&w->server, cases[i].off, NULL, 0);
        world_until_ready(w);
        ask_add(&a, "writes", 1);
        assert_true(gh_redis_ask(w->redis, &a.request));
        world_answer(w, &a);
        assert_int_equal(a.unavailable, 0);
        world_disconnect(w);
        assert_int_equal(world_lines(w, "redis_unavailable", (unsigned)i + 1), i + 1);
        assert_int_equal(world_lines(w, "redis_recovered", (unsigned)i + 1), i + 1);
    }
}

static void it_has_no_room_for_clients(void **state)
{
    redis_world *w = *state;
    int operator= redis_open(&w->server);
    world_connect(w);
    world_until_ready(w);
    redis_say(operator, "CONFIG SET maxclients 1");
    redis_say(operator, "CLIENT KILL TYPE normal SKIPME yes");
    world_until_why(w, "maxclients");
    redis_say(operator, "CONFIG SET maxclients 100");
    (void)close(operator);
    world_until_ready(w);
    it_answers(w);
}

enum { LOOPS = 4 };

typedef struct loop_thread {
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    uv_idle_t idle;
    gh_redis *redis;
    atomic_uint answered, unavailable;
    asked asked;
} loop_thread;

static void ask_on_and_on(asked *a)
{
    loop_thread *t = a->data;
    atomic_fetch_add(a->unavailable > 0 ? &t->unavailable : &t->answered, 1);
}

static void on_pulse_of(uv_timer_t *timer)
{
    loop_thread *t = timer->data;
    if (t->asked.request.redis != NULL)
        return;
    ask_add(&t->asked, "loops", 1);
    t->asked.then = ask_on_and_on;
    t->asked.data = t;
    if (!gh_redis_ask(t->redis, &t->asked.request))
        atomic_fetch_add(&t->unavailable, 1);
}

static void on_stop(uv_async_t *stop)
{
    loop_thread *t = stop->data;
    gh_redis_close(t->redis);
    uv_close((uv_handle_t *)stop, NULL);
}

static void run_loop(void *data)
{
    loop_thread *t = data;
    uv_timer_t pulse;
    assert_int_equal(uv_timer_init(&t->loop, &pulse), 0);
    pulse.data = t;
    uv_timer_start(&pulse, on_pulse_of, 1, 1);
    uv_unref((uv_handle_t *)&pulse);
    (void)uv_run(&t->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&pulse, NULL);
    (void)uv_run(&t->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&t->loop), 0);
}

typedef struct ready_wanted {
    redis_world *world;
    unsigned n;
} ready_wanted;

static bool as_many_ready(void *data)
{
    const ready_wanted *wanted = data;
    return world_figures(wanted->world).ready == wanted->n;
}

/* The loops of a process: one line for each change, however many of them notice. */
static void one_line_a_process(void **state)
{
    redis_world *w = *state;
    static loop_thread threads[LOOPS];
    w->options.timeout_ms = 1000;
    world_connect(w);
    for (unsigned i = 0; i < LOOPS; i++) {
        loop_thread *t = &threads[i];
        assert_int_equal(uv_loop_init(&t->loop), 0);
        assert_int_equal(uv_async_init(&t->loop, &t->stop, on_stop), 0);
        t->stop.data = t;
        t->redis = gh_redis_new(&t->loop, w->shared, gh_log_lane_of(w->log, i + 1));
        assert_int_equal(uv_thread_create(&t->thread, run_loop, t), 0);
    }
    for (unsigned round = 1; round <= 2; round++) {
        world_until(w, as_many_ready, &(ready_wanted){w, LOOPS + 1}, "all loops");
        redis_signal(&w->server, SIGSTOP);
        world_until(w, as_many_ready, &(ready_wanted){w, 0}, "no loop");
        redis_signal(&w->server, SIGCONT);
        world_until(w, as_many_ready, &(ready_wanted){w, LOOPS + 1}, "all loops again");
        assert_int_equal(world_lines(w, "redis_unavailable", round), round);
        assert_int_equal(world_lines(w, "redis_recovered", round), round);
    }
    assert_int_equal(gh_redis_nodes(w->shared), 1); /* one process is one node */
    for (unsigned i = 0; i < LOOPS; i++) {
        assert_int_equal(uv_async_send(&threads[i].stop), 0);
        assert_int_equal(uv_thread_join(&threads[i].thread), 0);
        assert_true(atomic_load(&threads[i].answered) > 0);
        assert_true(atomic_load(&threads[i].unavailable) > 0);
    }
    assert_int_equal(world_figures(w).connections, 1);
    assert_true(world_figures(w).answered > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, redis_world_setup_server, redis_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paused),
        TEST(paused_between_two_deadlines),
        TEST(paused_for_long),
        TEST(killed_and_started_again),
        TEST(it_comes_later),
        TEST(one_connection_killed_by_an_operator),
        TEST(a_loop_that_was_held_up),
        TEST(names_that_are_none),
        TEST(replies_in_pieces),
        TEST(a_late_reply),
        TEST(it_is_no_redis),
        TEST(unasked_replies),
        TEST(answers_that_do_not_fit),
        TEST(it_takes_but_never_answers),
        TEST(it_takes_no_writes),
        TEST(it_has_no_room_for_clients),
        TEST(one_line_a_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
