/* What reading JSON costs: CSV on standard output, a row a document. CPU time of the thread; the median of several
 * batches. The arena is a request's: reset after each text.
 *   json_bench [--quick] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wire/json.h"

enum { BATCHES = 9, LARGEST = 10 << 20 };

static const gh_json_limits limits = {.depth = 64, .values = SIZE_MAX, .number = 100, .exponent = 400};
static _Alignas(64) char first[16384];
static char room[LARGEST + 4096];
static uint64_t seen; /* so that nothing is optimised away */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other programs do not count */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void one_record(gh_buf *out, unsigned i)
{
    gh_buf_printf(out,
                  "{\"id\":\"%08x-5717-4562-b3fc-2c963f66afa6\",\"name\":\"Annabel Example\","
                  "\"email\":\"annabel.%u@example.com\",\"age\":%u,\"balance\":%u.%02u,\"active\":true,"
                  "\"tags\":[\"first\",\"second\",\"third\"],\"note\":null,\"country\":\"NZ\",\"comment\":\"",
                  i, i, i % 90, i, i % 100);
}

static void fill(gh_buf *out, size_t size, gh_str unit, gh_str end)
{
    while (out->n + unit.n + end.n <= size)
        gh_buf_put(out, unit);
    gh_buf_put(out, end);
}

/* Ten fields, 1 KiB. */
static gh_str body(void)
{
    gh_buf out = gh_buf_over(room, sizeof room);
    one_record(&out, 0x3fa85f64);
    fill(&out, 1024, GH_STR("The quick brown fox jumps over it. "), GH_STR("\"}"));
    return gh_buf_str(&out);
}

static gh_str escapes(void)
{
    gh_buf out = gh_buf_over(room, sizeof room);
    one_record(&out, 1);
    fill(&out, 1024, GH_STR("\\\"quoted\\\"\\n\\u00e4\\ud83c\\udfb5 "), GH_STR("\"}"));
    return gh_buf_str(&out);
}

static gh_str not_ascii(void)
{
    gh_buf out = gh_buf_over(room, sizeof room);
    one_record(&out, 1);
    fill(&out, 1024, GH_STR("\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xe4\xbd\xa0\xe5\xa5\xbd "),
         GH_STR("\"}"));
    return gh_buf_str(&out);
}

static gh_str records(size_t size)
{
    gh_buf out = gh_buf_over(room, sizeof room);
    gh_buf_char(&out, '[');
    for (unsigned i = 0; out.n + 300 < size; i++) {
        if (i > 0)
            gh_buf_char(&out, ',');
        one_record(&out, i * 2654435761u);
        gh_buf_lit(&out, "short\"}");
    }
    gh_buf_char(&out, ']');
    return gh_buf_str(&out);
}

/* One object of short members: nothing but names. */
static gh_str members(size_t size)
{
    gh_buf out = gh_buf_over(room, sizeof room);
    gh_buf_char(&out, '{');
    for (unsigned i = 0; out.n + 24 < size; i++)
        gh_buf_printf(&out, "%s\"k%x\":%u", i > 0 ? "," : "", i * 2654435761u, i % 10);
    gh_buf_char(&out, '}');
    return gh_buf_str(&out);
}

static gh_str small_numbers(size_t size)
{
    gh_buf out = gh_buf_over(room, sizeof room);
    gh_buf_lit(&out, "[0");
    for (unsigned i = 0; out.n + 8 < size; i++)
        gh_buf_printf(&out, ",%u", i % 10);
    gh_buf_char(&out, ']');
    return gh_buf_str(&out);
}

static bool read_one(gh_str text, gh_arena *arena)
{
    gh_json_error e;
    const gh_json *v = gh_json_read(text, &limits, arena, &e);
    if (v == NULL)
        (void)fprintf(stderr, "json_bench: line %u, column %u: %s\n", e.line, e.column, e.why);
    else
        seen += v->n;
    return v != NULL;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool measure(const char *name, gh_str text, bool quick)
{
    double ns[BATCHES];
    size_t times = (quick ? 4u << 20 : 40u << 20) / (text.n + 1) + 1;
    size_t memory = 0;
    gh_arena arena;
    gh_arena_init(&arena, first, sizeof first, SIZE_MAX / 2);
    for (unsigned k = 0; k < BATCHES; k++) {
        double begin = seconds();
        for (size_t i = 0; i < times; i++) {
            if (!read_one(text, &arena))
                return false;
            memory = arena.cap - arena.left + sizeof first;
            gh_arena_reset(&arena);
        }
        ns[k] = (seconds() - begin) * 1e9 / (double)times;
    }
    qsort(ns, BATCHES, sizeof ns[0], by_value);
    double median = ns[BATCHES / 2];
    printf("%s,%zu,%.0f,%.0f,%zu\n", name, text.n, median, (double)text.n * 1000 / median, memory);
    (void)fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    static const size_t sizes[] = {64 << 10, 256 << 10, 1 << 20, 4 << 20, LARGEST};
    puts("name,bytes,ns_per_op,mb_per_second,arena_bytes");
    bool good = measure("body", body(), quick) && measure("escapes", escapes(), quick) &&
                measure("not_ascii", not_ascii(), quick);
    for (size_t i = 0; good && i < sizeof sizes / sizeof sizes[0]; i++)
        good = measure("records", records(sizes[i]), quick) && measure("members", members(sizes[i]), quick) &&
               measure("numbers", small_numbers(sizes[i]), quick);
    return good && seen > 0 ? 0 : 1;
}
