/* What checking a body costs, without a socket: reading it, and reading and evaluating it against a schema. CSV on
 * standard output. CPU time of the thread; the median of several batches. The arena is a request's: reset after
 * each body. The larger bodies are arrays of the one given.
 * Every line of WRONG is a body that has to be refused first.
 *   validation_bench SCHEMA BODY WRONG [--quick] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schema/schema.h"

enum { BATCHES = 9, LARGEST = 10 << 20, FIRST = 16384, FILE_MAX = 65536 };

static const gh_json_limits limits = {.depth = 64, .values = 10000000, .number = 100, .exponent = 400};
static _Alignas(64) char first[FIRST];
static char room[LARGEST];

typedef struct bench {
    const gh_schema *one, *many; /* a body; an array of them */
    gh_arena arena;              /* of a request */
    bool evaluates;
    size_t bytes_a_batch;
} bench;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other programs do not count */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static gh_str load(const char *path, char memory[FILE_MAX])
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return (gh_str){NULL, 0};
    }
    size_t n = fread(memory, 1, FILE_MAX, f);
    (void)fclose(f);
    while (n > 0 && memory[n - 1] == '\n')
        n--;
    return (gh_str){memory, n};
}

static const gh_schema *compile(gh_schema_compiler *compiler, const gh_json *document)
{
    gh_schema_error e = {0};
    bool good = gh_schema_compiler_add(compiler, GH_STR(""), document, &e);
    const gh_schema *schema = good ? gh_schema_compile(compiler, document, document, &e) : NULL;
    if (schema == NULL)
        (void)fprintf(stderr, "the schema, at %.*s: %.*s\n", (int)e.pointer.n, e.pointer.p, (int)e.why.n,
                      e.why.p);
    return schema;
}

static bool check(bench *b, gh_str body, const gh_schema *schema)
{
    gh_json_error e;
    const gh_json *v = gh_json_read(body, &limits, &b->arena, &e);
    if (v == NULL) {
        (void)fprintf(stderr, "the body, line %u, column %u: %s\n", e.line, e.column, e.why);
        return false;
    }
    enum gh_schema_result result =
        b->evaluates ? gh_schema_evaluate(schema, v, &b->arena, NULL) : GH_SCHEMA_VALID;
    if (result != GH_SCHEMA_VALID)
        (void)fprintf(stderr, "the body is not valid: %d\n", (int)result);
    return result == GH_SCHEMA_VALID;
}

static bool refuses(bench *b, gh_str wrong)
{
    gh_str line;
    while (gh_str_next(&wrong, '\n', &line)) {
        gh_json_error e;
        const gh_json *v = gh_json_read(line, &limits, &b->arena, &e);
        bool refused = v != NULL && gh_schema_evaluate(b->one, v, &b->arena, NULL) == GH_SCHEMA_INVALID;
        gh_arena_reset(&b->arena);
        if (refused)
            continue;
        (void)fprintf(stderr, "not refused by the schema: %.*s\n", (int)line.n, line.p);
        return false;
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool measure(bench *b, const char *name, gh_str body, const gh_schema *schema)
{
    double ns[BATCHES];
    size_t times = b->bytes_a_batch / body.n + 1, memory = 0;
    for (unsigned k = 0; k < BATCHES; k++) {
        double begin = seconds();
        for (size_t i = 0; i < times; i++) {
            if (!check(b, body, schema))
                return false;
            memory = b->arena.cap - b->arena.left;
            gh_arena_reset(&b->arena);
        }
        ns[k] = (seconds() - begin) * 1e9 / (double)times;
    }
    qsort(ns, BATCHES, sizeof ns[0], by_value);
    printf("%s,%zu,%.0f,%zu\n", name, body.n, ns[BATCHES / 2], memory + FIRST);
    (void)fflush(stdout);
    return true;
}

static gh_str array_of(gh_str body, size_t size)
{
    gh_buf out = gh_buf_over(room, sizeof room);
    while (out.n + body.n + 2 <= size) {
        gh_buf_char(&out, out.n == 0 ? '[' : ',');
        gh_buf_put(&out, body);
    }
    gh_buf_char(&out, ']');
    return gh_buf_str(&out);
}

static bool measure_all(bench *b, gh_str body)
{
    static const size_t sizes[] = {64 << 10, 256 << 10, 1 << 20, 4 << 20, LARGEST};
    bool good = true;
    for (unsigned k = 0; k < 2 && good; k++) {
        b->evaluates = k == 1;
        good = measure(b, k == 0 ? "read" : "validate", body, b->one);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && good; i++)
            good = measure(b, k == 0 ? "read_array" : "validate_array", array_of(body, sizes[i]), b->many);
    }
    return good;
}

/* {"type": "array", "items": SCHEMA} */
static const gh_json *items_of(gh_arena *arena, gh_json *schema)
{
    gh_json *root = gh_json_new(arena, GH_JSON_OBJECT), *last = NULL;
    gh_json *type = gh_json_new_string(arena, GH_STR("array"));
    if (root == NULL || type == NULL)
        return NULL;
    gh_json_append(root, &last, GH_STR("type"), type);
    gh_json_append(root, &last, GH_STR("items"), schema);
    return root;
}

int main(int argc, char **argv)
{
    static char schema_memory[FILE_MAX], body_memory[FILE_MAX], wrong_memory[FILE_MAX];
    bool quick = argc == 5 && strcmp(argv[4], "--quick") == 0;
    if (argc < 4 || argc > 5) {
        (void)fputs("validation_bench SCHEMA BODY WRONG [--quick]\n", stderr);
        return 2;
    }
    gh_str schema_text = load(argv[1], schema_memory), body = load(argv[2], body_memory);
    gh_str wrong = load(argv[3], wrong_memory);
    static const gh_schema_options options = {.dialect = GH_SCHEMA_2020_12};
    gh_json_error e;
    gh_arena load_time;
    bench b = {.bytes_a_batch = quick ? 4 << 20 : 40 << 20};
    gh_arena_init(&load_time, NULL, 0, 16 << 20);
    gh_arena_init(&b.arena, first, sizeof first, (size_t)1 << 30);
    gh_json *document = gh_json_read(schema_text, &limits, &load_time, &e);
    gh_json *again = gh_json_read(schema_text, &limits, &load_time, &e);
    const gh_json *array = again == NULL ? NULL : items_of(&load_time, again);
    gh_schema_compiler *of_one = gh_schema_compiler_new(&load_time, &options);
    gh_schema_compiler *of_many = gh_schema_compiler_new(&load_time, &options);
    if (document == NULL || array == NULL || body.n == 0 || wrong.n == 0 || of_one == NULL || of_many == NULL)
        return 1;
    b.one = compile(of_one, document);
    b.many = compile(of_many, array);
    puts("name,bytes,ns_per_op,arena_bytes");
    bool good = b.one != NULL && b.many != NULL && refuses(&b, wrong) && measure_all(&b, body);
    gh_schema_compiler_close(of_one);
    gh_schema_compiler_close(of_many);
    gh_arena_reset(&load_time);
    return good ? 0 : 1;
}
