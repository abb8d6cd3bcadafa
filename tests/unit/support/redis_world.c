#include "redis_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"

enum { PULSE_MS = 10, LIMIT_S = 30 };

static const gh_str scripts[SCRIPTS] = {
    [SCRIPT_ECHO] = GH_STR_INIT("local r = {}; for i, v in ipairs(ARGV) do r[i] = tonumber(v) end; return r"),
    [SCRIPT_GONE] = GH_STR_INIT("return redis.error_reply('NOSCRIPT never there')"),
    [SCRIPT_ODD] = GH_STR_INIT(
        "return ({{1, 'x'}, {1, {2}}, {1, false}, {1}, {1, 2, 3}, {}, 7, 'text', false, {ok = 'OK'}})[tonumber(ARGV[1])]"),
    [SCRIPT_ADD] = GH_STR_INIT("return redis.call('INCRBY', KEYS[1], ARGV[1])"),
};

static void on_pulse(uv_timer_t *pulse)
{
    (void)pulse;
}

static void open_log(redis_world *w)
{
    const char *why = "", *base = getenv("TMPDIR");
    (void)snprintf(w->log_file, sizeof w->log_file, "%s/gatehouse-log-XXXXXX", base != NULL ? base : "/tmp");
    int fd = mkstemp(w->log_file);
    assert_true(fd >= 0);
    (void)close(fd);
    gh_log_options options = {.file = gh_str_of(w->log_file), .json = true, .lanes = 8};
    w->log = gh_log_open(&options, &why);
    if (w->log == NULL)
        fail_msg("%s", why);
}

int redis_world_setup(void **state)
{
    if (!redis_is_there()) {
        print_message("there is no redis-server (Debian package redis-server)\n");
        exit(77);
    }
    redis_world *w = calloc(1, sizeof *w);
    assert_true(gh_crypto_init());
    assert_int_equal(uv_loop_init(&w->loop), 0);
    assert_int_equal(uv_timer_init(&w->loop, &w->pulse), 0);
    assert_int_equal(uv_timer_start(&w->pulse, on_pulse, PULSE_MS, PULSE_MS), 0);
    open_log(w);
    w->options = (gh_redis_options){
        .prefix = GH_STR("test"), .timeout_ms = 2000, .scripts = scripts, .n_scripts = SCRIPTS};
    *state = w;
    return 0;
}

int redis_world_setup_server(void **state)
{
    int result = redis_world_setup(state);
    redis_world *w = *state;
    redis_start(&w->server, NULL);
    return result;
}

int redis_world_teardown(void **state)
{
    redis_world *w = *state;
    world_disconnect(w);
    uv_close((uv_handle_t *)&w->pulse, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    gh_log_close(w->log);
    (void)unlink(w->log_file);
    redis_remove(&w->server);
    free(w);
    return 0;
}

void world_connect(redis_world *w)
{
    char url[64], why[GH_REDIS_WHY_SIZE];
    gh_redis_options options = w->options;
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", w->server.port);
    if (options.url.p == NULL)
        options.url = gh_str_of(url);
    w->shared = gh_redis_shared_new(&options, why);
    if (w->shared == NULL)
        fail_msg("%s", why);
    w->redis = gh_redis_new(&w->loop, w->shared, gh_log_lane_of(w->log, 0));
    assert_non_null(w->redis);
}

void world_connect_to(redis_world *w, const char *fmt, ...)
{
    char url[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(url, sizeof url, fmt, args);
    va_end(args);
    w->options.url = gh_str_of(url);
    world_connect(w);
    w->options.url = (gh_str){NULL, 0};
}

/* Only the pulse is left. */
static bool loop_is_empty(void *data)
{
    redis_world *w = data;
    uv_unref((uv_handle_t *)&w->pulse);
    bool alive = uv_loop_alive(&w->loop) != 0;
    uv_ref((uv_handle_t *)&w->pulse);
    return !alive;
}

void world_disconnect(redis_world *w)
{
    if (w->shared == NULL)
        return;
    if (w->redis != NULL)
        gh_redis_close(w->redis);
    w->redis = NULL;
    world_until(w, loop_is_empty, w, "the connection's end");
    gh_redis_shared_free(w->shared);
    w->shared = NULL;
}

static double limit_s(void)
{
    const char *factor = getenv("GATEHOUSE_TEST_TIMEOUT");
    return LIMIT_S * (factor != NULL ? strtod(factor, NULL) : 1);
}

void world_until(redis_world *w, bool (*is_so)(void *), void *data, const char *what)
{
    uint64_t begin = uv_hrtime();
    while (!is_so(data)) {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        if ((double)(uv_hrtime() - begin) / 1e9 > limit_s())
            fail_msg("%s does not come; last reason: %s", what,
                     w->shared != NULL ? world_figures(w).why : "(closed)");
    }
}

static bool is_ready(void *data)
{
    return gh_redis_ready(data);
}

static bool is_away(void *data)
{
    return !gh_redis_ready(data);
}

void world_until_ready(redis_world *w)
{
    world_until(w, is_ready, w->redis, "a good connection");
}

void world_until_away(redis_world *w)
{
    world_until(w, is_away, w->redis, "the outage");
}

typedef struct wanted_why {
    redis_world *world;
    const char *word;
} wanted_why;

static bool has_why(void *data)
{
    const wanted_why *wanted = data;
    gh_redis_figures figures = world_figures(wanted->world);
    return strstr(figures.why, wanted->word) != NULL;
}

void world_until_why(redis_world *w, const char *word)
{
    world_until(w, has_why, &(wanted_why){w, word}, word);
}

void world_turn(redis_world *w)
{
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

gh_redis_figures world_figures(redis_world *w)
{
    gh_redis_figures figures;
    gh_redis_read_figures(w->shared, uv_now(&w->loop), &figures);
    return figures;
}

static char *read_log(redis_world *w)
{
    static char text[256 * 1024];
    FILE *f = fopen(w->log_file, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    return text;
}

unsigned world_words(redis_world *w, const char *word)
{
    unsigned n = 0;
    for (const char *at = read_log(w); (at = strstr(at, word)) != NULL; at++)
        n++;
    return n;
}

unsigned world_lines(redis_world *w, const char *event, unsigned least)
{
    char word[64];
    uint64_t begin = uv_hrtime();
    (void)snprintf(word, sizeof word, "\"%s\"", event);
    for (;;) {
        unsigned n = world_words(w, word);
        if (n >= least)
            return n;
        if ((double)(uv_hrtime() - begin) / 1e9 > limit_s())
            fail_msg("the log has %u lines %s, not %u:\n%s", n, event, least, read_log(w));
        (void)usleep(10000);
    }
}

void world_log_lacks(redis_world *w, const char *word)
{
    const char *text = read_log(w);
    if (strstr(text, word) != NULL)
        fail_msg("the log has \"%s\":\n%s", word, text);
}

static void put_bulk(gh_buf *out, const char *text)
{
    gh_buf_printf(out, "$%zu\r\n%s\r\n", strlen(text), text);
}

static void encode(const gh_redis_request *q, gh_buf *out)
{
    asked *a = GH_CONTAINER((gh_redis_request *)(uintptr_t)q, asked, request);
    a->encoded++;
    if (q->n_keys > 0)
        put_bulk(out, a->key);
    for (unsigned i = 0; i < a->n; i++) {
        char digits[32];
        (void)snprintf(digits, sizeof digits, "%ld", a->numbers[i]);
        put_bulk(out, digits);
    }
}

static void done(gh_redis_request *q, const gh_redis_reply *reply)
{
    asked *a = GH_CONTAINER(q, asked, request);
    a->done++;
    if (reply == NULL) {
        a->unavailable++;
    } else {
        a->n_values = reply->n;
        for (unsigned i = 0; i < reply->n && i < GH_COUNT(a->values); i++)
            a->values[i] = reply->values[i];
    }
    if (a->then != NULL)
        a->then(a);
}

void ask_echo(asked *a, long first, long second)
{
    *a = (asked){
        .request = {.script = SCRIPT_ECHO, .n_args = 2, .n_values = 2, .encode = encode, .done = done},
        .numbers = {first, second},
        .n = 2};
}

void ask_add(asked *a, const char *key, long by)
{
    *a = (asked){
        .request =
            {.script = SCRIPT_ADD, .n_keys = 1, .n_args = 1, .n_values = 1, .encode = encode, .done = done},
        .numbers = {by},
        .n = 1};
    (void)snprintf(a->key, sizeof a->key, "{test}:%s", key);
}

static bool is_done(void *data)
{
    return ((const asked *)data)->done > 0;
}

void world_answer(redis_world *w, asked *a)
{
    world_until(w, is_done, a, "an answer");
}
