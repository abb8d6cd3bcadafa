/* What the roster costs: CSV on standard output. Each session has a user of its own, as it is in the worst case, and is
 * asked for in random order, so that it is found cold. CPU time of the thread; the median of several batches. `memory` is
 * what one read of memory that is not in a cache takes here: a session costs two, one after the other.
 *   roster_bench [SESSIONS] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "stores/state/roster.h"

enum { BATCHES = 9, BATCH = 200000 };

static const uint64_t start_s = 1700000000;

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Ids by number, so that the bench needs no memory of them. */
static gh_id id_of(uint64_t number, uint64_t what)
{
    return gh_mix64(number << 8 | what) >> 1 | 1;
}

static gh_id session_of(uint64_t number)
{
    return id_of(number, 1);
}

static gh_id user_of(uint64_t number)
{
    return id_of(number, 2);
}

static void hash_of(uint64_t number, uint8_t ret[GH_SECRET_HASH])
{
    uint64_t half[2] = {gh_mix64(number << 8 | 3), gh_mix64(number << 8 | 4)};
    memcpy(ret, half, sizeof half);
}

/* Resident memory in bytes: the second figure of the file, in pages. */
static uint64_t resident(void)
{
    char line[128] = "";
    uint64_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fgets(line, sizeof line, f) == NULL)
        abort();
    (void)fclose(f);
    gh_str rest = gh_str_of(line), figure = {NULL, 0};
    for (unsigned i = 0; i < 2; i++)
        if (!gh_str_next(&rest, ' ', &figure))
            abort();
    if (!gh_str_u64(figure, &pages))
        abort();
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void fill(gh_roster *r, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        char name[32];
        int length = snprintf(name, sizeof name, "user-%" PRIu64 "@example.com", i);
        gh_roster_user user = {.id = user_of(i),
                               .name = {name, (size_t)length},
                               .roles = i % 10 == 0 ? GH_STR("admin member") : GH_STR("member"),
                               .tier = i % 3 == 0 ? GH_STR("premium") : GH_STR("free")};
        gh_roster_session s = {.id = session_of(i),
                               .user = user.id,
                               .created_s = start_s,
                               .used_s = start_s,
                               .expires_s = start_s + 86400,
                               .address = {4, {192, 0, 2, 1}}};
        hash_of(i, s.hash);
        if (!gh_roster_set_user(r, &user, 0) || !gh_roster_set_session(r, &s))
            abort();
    }
}

typedef struct run {
    gh_roster *roster;
    gh_lookup lookup; /* used again and again, as a request's is */
    uint64_t sessions, random, good, now_s;
} run;

static void one(run *b)
{
    uint64_t number = gh_mix64(b->random++) % b->sessions;
    gh_lookup *l = &b->lookup;
    l->id = session_of(number);
    l->user = user_of(number);
    hash_of(number, l->hash);
    l->jti = number | 1;
    l->issued_s = start_s;
    l->now_s = b->now_s;
    l->idle_s = 3600;
    l->grace_s = 10;
    l->address = (gh_ip){4, {192, 0, 2, 1}};
    gh_roster_answer(b->roster, l, 1);
    b->good += l->answer == GH_LOOKUP_GOOD;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_ns(run *b)
{
    double ns[BATCHES];
    for (unsigned k = 0; k < BATCHES; k++) {
        double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
        for (unsigned i = 0; i < BATCH; i++)
            one(b);
        ns[k] = (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) * 1e9 / BATCH;
        b->now_s++;
    }
    qsort(ns, BATCHES, sizeof ns[0], by_value);
    return ns[BATCHES / 2];
}

static void measure(run *b, const char *what, uint8_t kind)
{
    b->lookup.kind = kind;
    b->good = 0;
    double ns = median_ns(b);
    printf("%s,%.0f,ns\n", what, ns);
    if (b->good != (uint64_t)BATCHES * BATCH)
        abort();
}

static void collect(gh_roster *r)
{
    static gh_roster_use uses[1024];
    uint64_t all = 0;
    double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned n = GH_COUNT(uses); n == GH_COUNT(uses); all += n)
        n = gh_roster_collect_used(r, uses, GH_COUNT(uses));
    double took = seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
    printf("collect_used,%.0f,ns\n", took * 1e9 / (double)(all == 0 ? 1 : all));
}

static void sweep(gh_roster *r)
{
    double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    gh_roster_sweep(r, start_s);
    printf("sweep,%.1f,ms\n", (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) * 1e3);
}

/* From place to place in as much memory as the sessions have, each place telling the next. */
static void chase(uint64_t sessions)
{
    enum { LINE = 64 / sizeof(uint64_t), STEPS = 2000000 };
    uint64_t n = sessions * 224 / 64 + 2, at = 0, *line = calloc(n * LINE, sizeof *line);
    if (line == NULL)
        abort();
    for (uint64_t i = 0; i < n; i++)
        line[i * LINE] = i;
    for (uint64_t i = n - 1; i > 0; i--) { /* Sattolo's shuffle: one cycle through all */
        uint64_t k = gh_mix64(i) % i, kept = line[i * LINE];
        line[i * LINE] = line[k * LINE];
        line[k * LINE] = kept;
    }
    double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned i = 0; i < STEPS; i++)
        at = line[at * LINE];
    double took = seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
    if (at >= n)
        abort();
    printf("memory,%.0f,ns\n", took * 1e9 / STEPS);
    free(line);
}

int main(int argc, char **argv)
{
    uint64_t n = 1000000;
    static const uint8_t key[16] = {1, 2, 3};
    if (argc > 1 && (!gh_str_u64(gh_str_of(argv[1]), &n) || n == 0))
        return 2;
    puts("name,value,unit");
    chase(n);
    uint64_t before = resident();
    gh_roster *r = gh_roster_new(key);
    if (r == NULL)
        return 1;
    double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    fill(r, n);
    printf("fill,%.0f,ns\n", (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) * 1e9 / (double)n);
    gh_roster_stats stats;
    gh_roster_read_stats(r, &stats);
    printf("sessions,%" PRIu64 ",\n", stats.sessions);
    printf("bytes_per_session,%.1f,B\n", (double)stats.bytes / (double)n);
    printf("resident_per_session,%.1f,B\n", (double)(resident() - before) / (double)n);
    run b = {.roster = r, .sessions = n, .random = 1, .now_s = start_s + 1};
    measure(&b, "session", GH_LOOKUP_SESSION);
    measure(&b, "token", GH_LOOKUP_TOKEN);
    collect(r);
    sweep(r);
    if (!gh_roster_revoke_token(r, 2, start_s + 86400))
        return 1;
    measure(&b, "token_with_revocations", GH_LOOKUP_TOKEN);
    gh_roster_free(r);
    return 0;
}
