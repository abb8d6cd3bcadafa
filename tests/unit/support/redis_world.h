/* A loop with a connection to Redis, its log in a file, and a server of the test's own. */
#ifndef GH_TESTS_REDIS_WORLD_H
#define GH_TESTS_REDIS_WORLD_H

#include "edges/redis/connection.h"
#include "redis_server.h"

/* Scripts of the tests, by index. */
enum {
    SCRIPT_ECHO, /* returns its arguments, numbers */
    SCRIPT_ADD,  /* adds ARGV[1] to KEYS[1]; the sum */
    SCRIPT_GONE, /* says that it is not there */
    SCRIPT_ODD,  /* of odd answers, the one of the number in ARGV[1] */
    SCRIPTS
};

typedef struct redis_world {
    redis_server server;
    uv_loop_t loop;
    uv_timer_t pulse; /* wakes the loop, so that conditions are looked at */
    gh_log *log;
    char log_file[160];
    gh_redis_options options; /* url absent: the server's port */
    gh_redis_shared *shared;
    gh_redis *redis;
} redis_world;

/* Starts the loop and the log, no server and no connection. As cmocka's setup and teardown. */
int redis_world_setup(void **state);
int redis_world_teardown(void **state);
/* setup, with a server without options. */
int redis_world_setup_server(void **state);

/* Makes shared and the connection from w->options. */
void world_connect(redis_world *w);
void world_connect_to(redis_world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Closes the connection and runs the loop until it is gone. */
void world_disconnect(redis_world *w);
/* Runs the loop until it is so; fails the test when that does not come. */
void world_until(redis_world *w, bool (*is_so)(void *), void *data, const char *what);
void world_until_ready(redis_world *w);
void world_until_away(redis_world *w);
/* Until the present reason has the word in it. */
void world_until_why(redis_world *w, const char *word);
void world_turn(redis_world *w); /* one turn of the loop, without waiting */
gh_redis_figures world_figures(redis_world *w);
/* Lines of the log with the event; the log is given time until there are at least so many. */
unsigned world_lines(redis_world *w, const char *event, unsigned least);
/* How often the log has the word in it now. */
unsigned world_words(redis_world *w, const char *word);
/* The whole log does not have the word in it. */
void world_log_lacks(redis_world *w, const char *word);

/* A request of the tests. */
typedef struct asked {
    gh_redis_request request;
    char key[64];
    long numbers[8];
    unsigned n;
    unsigned done, unavailable; /* times */
    int64_t values[8];
    unsigned n_values;
    void (*then)(struct asked *a); /* in done; may be NULL */
    void *data;
    unsigned encoded; /* times */
} asked;

void ask_echo(asked *a, long first, long second);
void ask_add(asked *a, const char *key, long by);
/* Waits for its answer. */
void world_answer(redis_world *w, asked *a);

#endif
