#include "redis_scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Instead of TIME: what the test has written, in the same shape. */
static const char test_clock[] = "{string.match(redis.call('GET', '{gatehouse}:clock'), '(%d+):(%d+)')}";

enum { COMMAND_MAX = 64 * 1024 };

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, 0);
        assert_true(sent > 0);
        p += sent;
        n -= (size_t)sent;
    }
}

static char next_byte(redis_scripts *s)
{
    if (s->at == s->n) {
        ssize_t n = recv(s->fd, s->came, sizeof s->came, 0);
        assert_true(n > 0);
        s->at = 0;
        s->n = (size_t)n;
    }
    return s->came[s->at++];
}

static void read_line(redis_scripts *s, char *line, size_t size)
{
    size_t n = 0;
    while ((line[n] = next_byte(s)) != '\n') {
        n++;
        assert_true(n < size);
    }
    assert_true(n > 0);
    line[n - 1] = '\0';
    if (line[0] == '-')
        fail_msg("Redis: %s", line);
}

/* Integers, flat; one alone is an array of one. */
static unsigned read_values(redis_scripts *s, int64_t *values, unsigned max)
{
    char line[256];
    read_line(s, line, sizeof line);
    unsigned n = 1;
    bool many = line[0] == '*';
    if (many)
        n = (unsigned)strtoul(line + 1, NULL, 10);
    assert_true(n <= max);
    for (unsigned i = 0; i < n; i++) {
        if (many)
            read_line(s, line, sizeof line);
        assert_int_equal(line[0], ':');
        values[i] = strtoll(line + 1, NULL, 10);
    }
    return n;
}

static void load(redis_scripts *s, gh_str text, char *ret_sha)
{
    char memory[16384];
    gh_str rest = text, clock = GH_STR(GH_TAKE_SCRIPT_CLOCK);
    gh_buf b = gh_buf_over(memory, sizeof memory);
    if (s->own_clock) {
        const char *at = memmem(text.p, text.n, clock.p, clock.n);
        assert_non_null(at);
        gh_buf_put(&b, gh_str_cut(text, 0, (size_t)(at - text.p)));
        gh_buf_put(&b, gh_str_of(test_clock));
        rest = gh_str_cut(text, (size_t)(at - text.p) + clock.n, text.n);
    }
    gh_buf_put(&b, rest);
    assert_true(gh_buf_ok(&b));
    char head[64], line[128];
    (void)snprintf(head, sizeof head, "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$%zu\r\n", b.n);
    send_all(s->fd, head, strlen(head));
    send_all(s->fd, b.p, b.n);
    send_all(s->fd, "\r\n", 2);
    read_line(s, line, sizeof line);
    assert_string_equal(line, "$40");
    read_line(s, line, sizeof line);
    memcpy(ret_sha, line, 41);
}

void scripts_open(redis_scripts *s, const redis_server *server, bool own_clock)
{
    *s = (redis_scripts){.fd = redis_open(server), .own_clock = own_clock, .prefix = GH_STR("{gatehouse}:")};
    assert_true(s->fd >= 0);
    load(s, gh_counters_scripts[GH_TAKE_SCRIPT], s->take);
    load(s, gh_counters_scripts[GH_LEASE_SCRIPT], s->lease);
}

void scripts_close(redis_scripts *s)
{
    (void)close(s->fd);
}

void scripts_forget(redis_scripts *s)
{
    char line[64];
    send_all(s->fd, "FLUSHALL\r\n", 10);
    read_line(s, line, sizeof line);
}

static void begin(redis_scripts *s, const char *sha, unsigned keys, uint64_t now_ms, gh_buf *b)
{
    if (s->own_clock)
        gh_buf_printf(b, "SET {gatehouse}:clock %llu:%llu\r\n", (unsigned long long)(now_ms / 1000),
                      (unsigned long long)(now_ms % 1000 * 1000 + s->calls % 1000));
    gh_buf_printf(b, "*%u\r\n$7\r\nEVALSHA\r\n$40\r\n%s\r\n", 3 + 2 * keys, sha);
    char number[16];
    int n = snprintf(number, sizeof number, "%u", keys);
    gh_buf_printf(b, "$%d\r\n%s\r\n", n, number);
}

static unsigned finish(redis_scripts *s, const gh_buf *b, int64_t *values, unsigned max)
{
    assert_true(gh_buf_ok(b));
    send_all(s->fd, b->p, b->n);
    char line[64];
    if (s->own_clock)
        read_line(s, line, sizeof line);
    s->calls++;
    return read_values(s, values, max);
}

void scripts_take(redis_scripts *s, uint64_t now_ms, gh_take *takes, unsigned n)
{
    char memory[COMMAND_MAX];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    gh_take *list[GH_TAKES_MAX];
    int64_t values[GH_TAKES_MAX * GH_TAKE_SCRIPT_VALUES];
    for (unsigned i = 0; i < n; i++)
        list[i] = &takes[i];
    begin(s, s->take, n, now_ms, &b);
    gh_take_script_encode(s->prefix, list, NULL, n, &b);
    unsigned got = finish(s, &b, values, GH_COUNT(values));
    assert_true(gh_take_script_decode(values, got, list, n));
}

gh_lease_grant scripts_lease(redis_scripts *s, uint64_t now_ms, const gh_lease_ask *ask)
{
    char memory[COMMAND_MAX];
    gh_buf b = gh_buf_over(memory, sizeof memory);
    int64_t values[GH_LEASE_SCRIPT_VALUES];
    gh_lease_grant g;
    begin(s, s->lease, 1, now_ms, &b);
    gh_lease_script_encode(s->prefix, ask, &b);
    unsigned got = finish(s, &b, values, GH_COUNT(values));
    assert_true(gh_lease_script_decode(values, got, ask, &g));
    return g;
}
