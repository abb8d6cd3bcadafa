/* What the library costs a request, without a socket: CSV on standard output.
 * One rule of three windows, a route, CORS, security headers; a million clients behind a trusted proxy in random order, so
 * that their counters are found cold. CPU time of the thread; the median of several batches.
 *   core_bench [--quick] */
#include <gatehouse/gatehouse.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/ip.h"

enum { BATCHES = 9, BATCH = 200000, MEMORY = 4096 };

static const char policy_text[] =
    "hosts: { allowed: [api.example.com] }\n"
    "client_address: { trusted_proxies: [10.0.0.0/8] }\n"
    "cors: { enabled: true, origins: [https://app.example.com], headers: [Authorization] }\n"
    "routes:\n"
    "  - { name: health, path: /health }\n"
    "  - { name: songs, methods: [GET, POST], path: \"/v1/songs/{id}\" }\n"
    "rate_limits:\n"
    "  default: { requests: 0 }\n";
static const char limits_text[] =
    "  rules:\n"
    "    - { name: songs, scope: ip, limits: [60/minute, 1000/hour, 10000/day] }\n";

typedef struct bench {
    gh_policy *policy, *unlimited;
    gh_state *state;
    gh_decision *decision;
    gh_world world;
    gh_field fields[6];
    char client[GH_IP_TEXT_MAX];
    uint64_t random;
    uint32_t clients;
    uint64_t forwarded, bytes; /* so that nothing is optimised away, and as a check */
} bench;

/* One row: what is timed. */
typedef struct part {
    const char *name;
    bool limited, origin, reply;
} part;

static const part parts[] = {
    {"request", true, false, true},
    {"request_cors", true, true, true},
    {"decide", true, false, false},
    {"request_unlimited", false, false, true},
    {"decide_unlimited", false, false, false},
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other programs do not count */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fill(void *data, void *out, size_t n)
{
    (void)data;
    memset(out, 0, n);
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* "198.A.B.C": digits without a library call, so that the bench's own share stays small. */
static gh_str client_text(uint32_t client, char memory[GH_IP_TEXT_MAX])
{
    gh_buf out = gh_buf_over(memory, GH_IP_TEXT_MAX);
    gh_buf_lit(&out, "198");
    for (unsigned shift = 24; shift > 0; shift -= 8) {
        gh_buf_char(&out, '.');
        gh_buf_u64(&out, client >> (shift - 8) & 255);
    }
    return gh_buf_str(&out);
}

static void one(bench *b, const part *p, uint32_t client)
{
    gh_request r = {.method = GH_STR("GET"),
                    .target = GH_STR("/v1/songs/5f0c?fields=title"),
                    .host = GH_STR("api.example.com"),
                    .fields = b->fields,
                    .n_fields = p->origin ? 6 : 5,
                    .peer = {4, {10, 0, 0, 1}}};
    gh_field answer[] = {{GH_STR("Content-Type"), GH_STR("application/json"), 0},
                         {GH_STR("Content-Length"), GH_STR("128"), 0},
                         {GH_STR("Server"), GH_STR("uvicorn"), 0},
                         {GH_STR("Date"), GH_STR("Thu, 01 Jan 1970 00:00:00 GMT"), 0}};
    char memory[MEMORY];
    gh_space lines = {memory, sizeof memory, 0};
    unsigned n = 4;
    b->fields[4].value = client_text(client, b->client);
    const gh_policy *policy = p->limited ? b->policy : b->unlimited;
    b->forwarded += gh_decide(b->decision, policy, b->state, &b->world, &r) == GH_OUTCOME_FORWARD;
    if (p->reply && gh_decision_reply(b->decision, 200, answer, &n, &lines))
        b->bytes += lines.n;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Time goes on so that a client asks every 40 seconds: within its limits, nearly always. */
static double median_ns(bench *b, const part *p, unsigned batch)
{
    double ns[BATCHES];
    for (unsigned k = 0; k < BATCHES; k++) {
        double begin = seconds();
        for (unsigned i = 0; i < batch; i++) {
            if (i % 64 == 0)
                b->world.now_ms += 64 * UINT64_C(40000) / b->clients;
            one(b, p, (uint32_t)(next_random(&b->random) % b->clients));
        }
        ns[k] = (seconds() - begin) * 1e9 / batch;
    }
    qsort(ns, BATCHES, sizeof ns[0], by_value);
    return ns[BATCHES / 2];
}

static gh_policy *load(bool limited)
{
    char text[2048], errors[2048];
    gh_buf yaml = gh_buf_over(text, sizeof text);
    gh_buf_lit(&yaml, policy_text);
    if (limited)
        gh_buf_lit(&yaml, limits_text);
    gh_policy *p = gh_policy_load(gh_buf_str(&yaml), "core_bench", errors, sizeof errors);
    if (p == NULL)
        fputs(errors, stderr);
    return p;
}

static bool set_up(bench *b, bool quick)
{
    static const uint8_t key[] = "a key of a bench";
    const gh_field fields[] = {{GH_STR("Host"), GH_STR("api.example.com"), 0},
                               {GH_STR("User-Agent"), GH_STR("Mozilla/5.0 (X11; Linux x86_64)"), 0},
                               {GH_STR("Accept"), GH_STR("application/json"), 0},
                               {GH_STR("Authorization"), GH_STR("Bearer 0123456789abcdef"), 0},
                               {GH_STR("X-Forwarded-For"), {NULL, 0}, 0},
                               {GH_STR("Origin"), GH_STR("https://app.example.com"), 0}};
    memcpy(b->fields, fields, sizeof fields);
    b->clients = quick ? 10000 : 1000000;
    b->policy = load(true);
    b->unlimited = load(false);
    b->state = gh_state_new(b->clients * UINT64_C(4)); /* three counters a client, the day's of two slots */
    b->decision = gh_decision_new();
    b->world = (gh_world){1000, key, fill, NULL};
    if (b->policy == NULL || b->unlimited == NULL || b->state == NULL || b->decision == NULL)
        return false;
    for (uint32_t i = 0; i < b->clients; i++)
        one(b, &parts[0], i);
    return b->forwarded == b->clients;
}

int main(int argc, char **argv)
{
    static bench b;
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    unsigned batch = quick ? BATCH / 10 : BATCH;
    if (!set_up(&b, quick))
        return 1;
    puts("name,ns_per_op");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint64_t before = b.forwarded;
        double ns = median_ns(&b, &parts[i], batch);
        if (b.forwarded - before < UINT64_C(99) * batch * BATCHES / 100) {
            (void)fprintf(stderr, "%s: too many requests were refused\n", parts[i].name);
            return 1;
        }
        printf("%s,%.0f\n", parts[i].name, ns);
        (void)fflush(stdout);
    }
    gh_decision_free(b.decision);
    gh_state_free(b.state);
    gh_policy_free(b.policy);
    gh_policy_free(b.unlimited);
    return 0;
}
