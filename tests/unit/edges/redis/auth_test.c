/* Passwords, ACL users and what a user may do, against a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "edges/redis/url.h"
#include "redis_world.h"

static void it_counts(redis_world *w)
{
    asked a;
    world_until_ready(w);
    ask_add(&a, "n", 1);
    assert_true(gh_redis_ask(w->redis, &a.request));
    world_answer(w, &a);
    assert_int_equal(a.unavailable, 0);
}

static void a_password(void **state)
{
    redis_world *w = *state;
    static const char *const options[] = {"--requirepass", "hunter2 /@:#", NULL};
    redis_start(&w->server, options);
    world_connect_to(w, "redis://:hunter2%%20%%2F%%40%%3A%%23@127.0.0.1:%u", w->server.port);
    it_counts(w);
    world_disconnect(w);
    world_connect_to(w, "unix://:hunter2%%20%%2F%%40%%3A%%23@%s", w->server.socket);
    it_counts(w);
    world_disconnect(w);
    w->options.password = GH_STR("hunter2 /@:#"); /* in place of the URL's */
    world_connect_to(w, "redis://:wrong@127.0.0.1:%u", w->server.port);
    it_counts(w);
    world_disconnect(w);
    w->options.password = GH_STR("hunter3");
    world_connect(w);
    world_until_why(w, "refuses the user or the password");
    world_disconnect(w);
    w->options.password = (gh_str){NULL, 0};
    world_connect(w);
    world_until_why(w, "wants a password");
    world_disconnect(w);
    assert_int_equal(world_lines(w, "redis_unavailable", 2), 2);
    world_log_lacks(w, "hunter");
}

static void all_connections_end(redis_world *w)
{
    redis_tell(&w->server, "CLIENT KILL TYPE normal", NULL, 0);
    world_until_away(w);
}

/* The server's is changed first or the node's: connections that are there stay, and the next ones are made with the new one. */
static void a_password_that_changes(void **state)
{
    redis_world *w = *state;
    redis_start(&w->server, NULL);
    redis_tell(&w->server, "ACL SETUSER gatehouse on >hunter2 ~* +@all", NULL, 0);
    world_connect_to(w, "redis://gatehouse:hunter2@127.0.0.1:%u", w->server.port);
    it_counts(w);
    assert_int_equal(gh_redis_use_password(w->shared, (gh_str){NULL, 0}), GH_REDIS_PASSWORD_SAME);
    assert_int_equal(gh_redis_use_password(w->shared, GH_STR("hunter2")), GH_REDIS_PASSWORD_SAME);
    redis_tell(&w->server, "ACL SETUSER gatehouse resetpass >hunter33", NULL, 0);
    it_counts(w);
    all_connections_end(w);
    world_until_why(w, "refuses the user or the password");
    assert_null(strstr(world_figures(w).why, "reload"));
    assert_int_equal(gh_redis_use_password(w->shared, GH_STR("hunter33")), GH_REDIS_PASSWORD_CHANGED);
    it_counts(w);
    assert_int_equal(gh_redis_use_password(w->shared, GH_STR("hunter4")), GH_REDIS_PASSWORD_CHANGED);
    it_counts(w);
    all_connections_end(w);
    world_until_why(w, "the password is the one of the last reload");
    assert_int_equal(gh_redis_use_password(w->shared, (gh_str){NULL, 0}),
                     GH_REDIS_PASSWORD_CHANGED); /* the URL's */
    redis_tell(&w->server, "ACL SETUSER gatehouse resetpass >hunter2", NULL, 0);
    it_counts(w);
    world_log_lacks(w, "hunter");
}

/* What could not be at a start can't be at a reload either. */
static void a_password_that_can_not_be(void **state)
{
    redis_world *w = *state;
    static char longest[GH_REDIS_PASSWORD_MAX + 1];
    memset(longest, 'x', sizeof longest);
    redis_start(&w->server, NULL);
    redis_tell(&w->server, "ACL SETUSER gatehouse on >hunter2 ~* +@all", NULL, 0);
    w->options.password = GH_STR("hunter2");
    world_connect_to(w, "redis://gatehouse@127.0.0.1:%u", w->server.port);
    it_counts(w);
    assert_int_equal(gh_redis_use_password(w->shared, (gh_str){NULL, 0}), GH_REDIS_PASSWORD_MISSING);
    assert_int_equal(gh_redis_use_password(w->shared, GH_STR("")), GH_REDIS_PASSWORD_MISSING);
    assert_int_equal(gh_redis_use_password(w->shared, GH_STR("a\0b")), GH_REDIS_PASSWORD_MISSING);
    assert_int_equal(gh_redis_use_password(w->shared, (gh_str){longest, sizeof longest}),
                     GH_REDIS_PASSWORD_MISSING);
    all_connections_end(w);
    it_counts(w); /* with the one before */
    world_disconnect(w);
    w->options.password = (gh_str){NULL, 0};
    world_connect_to(w, "redis://127.0.0.1:%u", w->server.port);
    it_counts(w);
    assert_int_equal(gh_redis_use_password(w->shared, (gh_str){NULL, 0}),
                     GH_REDIS_PASSWORD_SAME); /* none is needed */
}

static void a_password_that_nobody_asked_for(void **state)
{
    redis_world *w = *state;
    redis_start(&w->server, NULL);
    world_connect_to(w, "redis://:hunter2@127.0.0.1:%u", w->server.port);
    world_until_why(w, "set here but not there");
    world_disconnect(w);
    world_connect_to(w, "redis://gate:hunter2@127.0.0.1:%u", w->server.port);
    world_until_why(w, "refuses the user or the password");
    world_disconnect(w);
    world_connect_to(w, "redis://127.0.0.1:%u/16", w->server.port);
    world_until_why(w, "no database");
    world_log_lacks(w, "hunter");
}

/* A server without AUTH repeats what it was sent; the log does not. */
static void a_server_that_repeats_the_password(void **state)
{
    redis_world *w = *state;
    static const char *const options[] = {"--rename-command", "AUTH", "LOGIN", NULL};
    redis_start(&w->server, options);
    world_connect_to(w, "redis://gate:hunter2@127.0.0.1:%u", w->server.port);
    world_until_why(w, "refuses AUTH");
    assert_null(strstr(world_figures(w).why, "hunter"));
    assert_int_equal(world_lines(w, "redis_unavailable", 1), 1);
    world_log_lacks(w, "hunter");
}

/* The line of docs/redis.md that makes the user, up to its rights; and its rights. */
static const char *documented(char text[1024])
{
    static const char begin[] = "ACL SETUSER gatehouse ";
    FILE *f = fopen(GH_SOURCE_ROOT "/docs/redis.md", "r");
    assert_non_null(f);
    while (fgets(text, 1024, f) != NULL && strncmp(text, begin, sizeof begin - 1) != 0)
        continue;
    (void)fclose(f);
    assert_int_equal(strncmp(text, begin, sizeof begin - 1), 0);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void append(gh_buf *to, gh_str word)
{
    if (to->n > 0)
        gh_buf_char(to, ' ');
    gh_buf_put(to, word);
}

/* That line with the tests' prefix and password, but without the word; keys: in place of its own; absent: the tests'.
 * And the tests' own command. */
static void set_user(redis_world *w, const char *without, const char *keys)
{
    char text[1024], command[1200];
    gh_buf b = gh_buf_over(command, sizeof command - 1);
    gh_str rest = gh_str_of(documented(text)), word;
    redis_tell(&w->server, "ACL SETUSER gatehouse reset", NULL, 0);
    while (gh_str_next(&rest, ' ', &word)) {
        if (gh_str_eq(word, GH_STR(">PASSWORD")))
            append(&b, GH_STR(">hunter2"));
        else if (gh_str_eq(word, GH_STR("~{gatehouse}:*")))
            append(&b, keys != NULL ? gh_str_of(keys) : GH_STR("~{test}:*"));
        else if (!gh_str_eq(word, gh_str_of(without)))
            append(&b, word);
    }
    append(&b, GH_STR("+incrby"));
    command[b.n] = '\0';
    redis_tell(&w->server, command, NULL, 0);
}

static void connect_as_user(redis_world *w, unsigned database)
{
    world_connect_to(w, "redis://gatehouse:hunter2@127.0.0.1:%u/%u", w->server.port, database);
}

static void least_privileges_are_enough(void **state)
{
    redis_world *w = *state;
    char clients[512];
    redis_start(&w->server, NULL);
    set_user(w, NULL, NULL);
    connect_as_user(w, 2);
    it_counts(w);
    redis_tell(&w->server, "CLIENT LIST", clients, sizeof clients);
    assert_non_null(strstr(clients, "name=gatehouse"));
    world_disconnect(w);
    connect_as_user(w, 0);
    it_counts(w);
    world_disconnect(w);
    assert_int_equal(redis_number(&w->server, "ZCARD {test}:nodes"), 0); /* it could leave, too */
    world_log_lacks(w, "redis_");
}

/* What the document says can be left out. */
static void some_are_for_comfort(void **state)
{
    redis_world *w = *state;
    static const char *const comfort[] = {"+select", "+client|setname", "+zrem"};
    redis_start(&w->server, NULL);
    for (size_t i = 0; i < GH_COUNT(comfort); i++) {
        set_user(w, comfort[i], NULL);
        connect_as_user(w, 0);
        it_counts(w);
        world_disconnect(w);
    }
    world_log_lacks(w, "redis_");
}

/* Each of these is needed to connect, and what is missing is said. The others are the counting scripts'. */
static void less_is_not_enough(void **state)
{
    redis_world *w = *state;
    static const char *const needed[] = {"+ping", "+script|load",      "+evalsha", "+time",
                                         "+zadd", "+zremrangebyscore", "+pexpire", "+zcard"};
    redis_start(&w->server, NULL);
    for (size_t i = 0; i < GH_COUNT(needed); i++) {
        set_user(w, needed[i], NULL);
        connect_as_user(w, 0);
        world_until_why(w, "its ACL does not let this user");
        assert_false(gh_redis_ready(w->redis));
        world_disconnect(w);
    }
    set_user(w, NULL, "~{other}:*");
    connect_as_user(w, 0);
    world_until_why(w, "its ACL does not let this user");
    world_disconnect(w);
    set_user(w, "+select", NULL);
    connect_as_user(w, 1);
    world_until_why(w, "SELECT");
    world_disconnect(w);
    world_log_lacks(w, "hunter");
}

/* A right that is taken away later is noticed, and when it is given back. */
static void rights_that_change(void **state)
{
    redis_world *w = *state;
    asked a;
    redis_start(&w->server, NULL);
    set_user(w, NULL, NULL);
    connect_as_user(w, 0);
    it_counts(w);
    redis_tell(&w->server, "ACL SETUSER gatehouse -evalsha", NULL, 0);
    ask_add(&a, "n", 1);
    assert_true(gh_redis_ask(w->redis, &a.request));
    world_answer(w, &a);
    assert_int_equal(a.unavailable, 1);
    world_until_why(w, "its ACL does not let this user");
    redis_tell(&w->server, "ACL SETUSER gatehouse +evalsha", NULL, 0);
    it_counts(w);
    redis_tell(&w->server, "ACL SETUSER gatehouse -incrby", NULL,
               0); /* one script's alone: the connection stays */
    ask_add(&a, "n", 1);
    assert_true(gh_redis_ask(w->redis, &a.request));
    world_answer(w, &a);
    assert_int_equal(a.unavailable, 1);
    assert_true(gh_redis_ready(w->redis));
    assert_int_equal(world_lines(w, "redis_error", 1), 1);
    redis_tell(&w->server, "ACL DELUSER gatehouse", NULL, 0); /* which also closes its connections */
    world_until_why(w, "refuses the user or the password");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, redis_world_setup, redis_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_password),
        TEST(a_password_that_changes),
        TEST(a_password_that_can_not_be),
        TEST(a_password_that_nobody_asked_for),
        TEST(a_server_that_repeats_the_password),
        TEST(least_privileges_are_enough),
        TEST(some_are_for_comfort),
        TEST(less_is_not_enough),
        TEST(rights_that_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
