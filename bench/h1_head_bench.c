/* Nanoseconds per request head, target and chunk: ninja bench/h1_head_bench && bench/h1_head_bench */
#include <stdio.h>
#include <time.h>

#include "wire/h1_body.h"
#include "wire/h1_head.h"
#include "wire/target.h"

enum { ROUNDS = 2000000, RUNS = 5, FIELDS = 100 };

static const gh_str typical = GH_STR_INIT(
    "GET /v1/accounts/7f1b52e0/transactions?from=2024-01-01&to=2024-02-01&limit=100 HTTP/1.1\r\n"
    "Host: api.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36\r\n"
    "Accept: application/json, text/plain, */*\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwi"
    "aWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c\r\n"
    "X-Request-Id: 7f1b52e0-4c1c-4b3e-9a52-2f6f1f0a6c11\r\n"
    "\r\n");

static const gh_str small = GH_STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

static const gh_str browser = GH_STR_INIT(
    "POST /login HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\nContent-Length: 1234\r\n"
    "Cache-Control: max-age=0\r\nsec-ch-ua: \"Chromium\";v=\"120\"\r\nsec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\nOrigin: https://www.example.com\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
    "Accept: text/html,application/xhtml+xml\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n"
    "Referer: https://www.example.com/login\r\nAccept-Encoding: gzip\r\nAccept-Language: en\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef\r\n\r\n");

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static unsigned once_head(gh_str in)
{
    static const gh_h1_limits limits = {16384, 8192, FIELDS};
    static gh_field fields[FIELDS];
    gh_h1_head h;
    return gh_h1_read_request(in, &limits, fields, &h) == GH_H1_DONE ? h.n_fields : 1000;
}

static unsigned once_target(gh_str in)
{
    _Alignas(16) char memory[1024];
    gh_arena arena;
    gh_target t;
    const char *why;
    gh_arena_init(&arena, memory, sizeof memory, 0);
    return gh_target_parse(in, &arena, &t, &why) ? (unsigned)t.path.n : 1000;
}

static unsigned once_chunks(gh_str in)
{
    gh_chunked c;
    gh_str data;
    unsigned n = 0;
    gh_chunked_init(&c);
    while (gh_chunked_next(&c, &in, &data) == GH_CHUNK_DATA)
        n++;
    return n;
}

static void measure(const char *name, unsigned (*once)(gh_str), gh_str in)
{
    double best = 1e18;
    volatile unsigned sink = 0;
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        for (int i = 0; i < ROUNDS; i++) {
            __asm__ volatile("" : : "r"(in.p) : "memory");
            sink = sink + once(in);
        }
        double each = (now() - start) / ROUNDS;
        best = each < best ? each : best;
    }
    printf("%-24s %5zu bytes %8.1f ns\n", name, in.n, best);
}

int main(void)
{
    measure("head, 6 fields", once_head, typical);
    measure("head, 1 field", once_head, small);
    measure("head, 18 fields", once_head, browser);
    measure("target, plain", once_target,
            GH_STR("/v1/accounts/7f1b52e0/transactions?from=2024-01-01&to=2024-02-01"));
    measure("target, normalised", once_target, GH_STR("/v1/./accounts/%7e/../%C3%A9//x?from=2024-01-01"));
    measure("two chunks", once_chunks, GH_STR("5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"));
    return 0;
}
