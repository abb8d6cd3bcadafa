/* What one check costs as the number of tracked clients grows: CSV on standard output.
 * Clients are asked for in random order, so beyond the caches' size each check finds its lines cold.
 *   limiter_bench [--quick] */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "stores/state/embedded.h"

typedef struct shape {
    const char *name;
    unsigned limits;
    unsigned slots; /* that a client needs: a wide limit takes two */
} shape;

static const uint64_t minute = 60000, hour = 3600000, day = 86400000;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other programs do not count */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static gh_limit limit_of(uint64_t requests, uint64_t window_ms, uint64_t seed)
{
    gh_limit l = {.kind = GH_LIMIT_SLIDING, .requests = requests, .window_ms = window_ms, .seed = seed};
    const char *why = "";
    if (!gh_limit_compile(&l, &why))
        fprintf(stderr, "%s\n", why);
    return l;
}

typedef struct result {
    double fill_ns, check_ns;
    uint64_t bytes, live, ok, checks;
} result;

static void ask(gh_state *s, uint64_t now, const gh_limit *limits, const shape *sh, uint64_t client,
                result *r)
{
    gh_take takes[3];
    for (unsigned i = 0; i < sh->limits; i++)
        takes[i] = (gh_take){.limit = &limits[i], .key = client, .weight = 1};
    gh_state_take(s, now, takes, sh->limits);
    r->ok += takes[0].answer == GH_TAKE_OK;
    r->checks++;
}

/* Fills a table with every client once, then asks for clients at random. Time goes on so that a client
 * asks every 40 seconds: within its limits, mostly. */
static bool run_round(uint64_t clients, const shape *sh, result *r)
{
    const gh_limit limits[3] = {limit_of(100, hour, 1), limit_of(10, minute, 2), limit_of(1000, day, 3)};
    gh_state *s = gh_state_new(clients * sh->slots);
    if (!s)
        return false;
    double start = seconds();
    for (uint64_t i = 0; i < clients; i++)
        ask(s, 1000, limits, sh, i * 0x9E3779B97F4A7C15u, r);
    double filled = seconds();
    gh_state_stats stats;
    gh_state_read_stats(s, 1000, &stats);
    uint64_t random = 1, checks = clients < 100000 ? 200000 : clients < 2000000 ? 2 * clients : 4000000;
    double begin = seconds();
    for (uint64_t i = 0; i < checks; i++)
        ask(s, 1000 + i * 40000 / clients, limits, sh, (next_random(&random) % clients) * 0x9E3779B97F4A7C15u,
            r);
    double end = seconds();
    r->fill_ns += (filled - start) * 1e9 / (double)clients;
    r->check_ns += (end - begin) * 1e9 / (double)checks;
    r->bytes = stats.bytes;
    r->live = stats.live;
    gh_state_free(s);
    return true;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    const shape shapes[] = {{"1 limit", 1, 1}, {"3 limits", 3, 4}};
    puts("clients,limits,ns_first_check,ns_check,bytes_per_client,retained");
    for (unsigned k = 0; k < 2; k++) {
        for (uint64_t clients = 1000; clients <= (quick ? 100000u : 10000000u); clients *= 10) {
            unsigned rounds = clients < 1000000 && !quick ? 5 : 1;
            result r = {0};
            for (unsigned i = 0; i < rounds; i++)
                if (!run_round(clients, &shapes[k], &r))
                    return 1;
            printf("%" PRIu64 ",%u,%.0f,%.0f,%.1f,%.6f\n", clients, shapes[k].limits, r.fill_ns / rounds,
                   r.check_ns / rounds, (double)r.bytes / (double)clients,
                   (double)r.live / (double)(clients * shapes[k].slots));
            fflush(stdout);
        }
    }
    return 0;
}
