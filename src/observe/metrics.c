#include "observe/metrics.h"

/* 1, 3, 10, 30 ... from a microsecond to half a minute: checks and whole requests alike. */
static const struct {
    uint64_t ns;
    const char *seconds;
} bounds[] = {
    {1000, "1e-06"},    {3000, "3e-06"},    {10000, "1e-05"},    {30000, "3e-05"},
    {100000, "0.0001"}, {300000, "0.0003"}, {1000000, "0.001"},  {3000000, "0.003"},
    {10000000, "0.01"}, {30000000, "0.03"}, {100000000, "0.1"},  {300000000, "0.3"},
    {1000000000, "1"},  {3000000000, "3"},  {10000000000, "10"}, {30000000000, "30"},
};
_Static_assert(GH_COUNT(bounds) == GH_HISTOGRAM_BUCKETS, "one bound a bucket");

/* The first bucket a number of so many bits can be in; bounds grow by more than two, so it is this one
 * or the next. */
static const uint8_t first_bucket[] = {0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  1,  1,  2,  2,  3,  4,  4,
                                       5, 5, 6, 7, 7, 8, 8, 9, 10, 10, 11, 11, 12, 13, 13, 14, 14, 15};

static unsigned bucket_of(uint64_t ns)
{
    unsigned bits = ns == 0 ? 0 : 64 - (unsigned)__builtin_clzll(ns);
    unsigned at = bits < GH_COUNT(first_bucket) ? first_bucket[bits] : GH_HISTOGRAM_BUCKETS;
    while (at < GH_HISTOGRAM_BUCKETS && ns > bounds[at].ns)
        at++;
    return at;
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void gh_histogram_record(gh_metrics *m, enum gh_histogram_id id, uint64_t ns)
{
    gh_histogram *h = &m->histograms[id];
    add(&h->buckets[bucket_of(ns)], 1);
    add(&h->sum_ns, ns);
}

static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void put_help(gh_buf *out, const char *name, const char *kind, const char *help)
{
    gh_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void render_values(gh_metrics *const *blocks, unsigned n, gh_buf *out)
{
    static const struct {
        const char *name, *kind, *help;
    } rows[] = {
#define X(id, name, kind, help) {name, #kind, help},
        GH_METRICS(X)
#undef X
    };
    for (unsigned id = 0; id < GH_METRIC_COUNT; id++) {
        uint64_t sum = 0; /* a gauge of one worker may be below zero: the sum is right all the same */
        for (unsigned i = 0; i < n; i++)
            sum += load(&blocks[i]->values[id]);
        put_help(out, rows[id].name, rows[id].kind, rows[id].help);
        gh_buf_printf(out, "%s %llu\n", rows[id].name, (unsigned long long)sum);
    }
}

static void render_responses(gh_metrics *const *blocks, unsigned n, gh_buf *out)
{
    put_help(out, "gatehouse_responses_total", "counter",
             "Responses sent to clients, by the class of their status.");
    for (unsigned class = 1; class < GH_COUNT(blocks[0]->responses); class ++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < n; i++)
            sum += load(&blocks[i]->responses[class]);
        gh_buf_printf(out, "gatehouse_responses_total{class=\"%uxx\"} %llu\n", class,
                      (unsigned long long)sum);
    }
}

static void render_histogram(gh_metrics *const *blocks, unsigned n, unsigned id, gh_buf *out)
{
    static const struct {
        const char *name, *help;
    } rows[] = {
#define X(id, name, help) {name, help},
        GH_HISTOGRAMS(X)
#undef X
    };
    const char *name = rows[id].name;
    uint64_t count = 0, sum_ns = 0;
    put_help(out, name, "histogram", rows[id].help);
    for (unsigned b = 0; b <= GH_HISTOGRAM_BUCKETS; b++) {
        for (unsigned i = 0; i < n; i++)
            count += load(&blocks[i]->histograms[id].buckets[b]);
        gh_buf_printf(out, "%s_bucket{le=\"%s\"} %llu\n", name,
                      b == GH_HISTOGRAM_BUCKETS ? "+Inf" : bounds[b].seconds, (unsigned long long)count);
    }
    for (unsigned i = 0; i < n; i++)
        sum_ns += load(&blocks[i]->histograms[id].sum_ns);
    gh_buf_printf(out, "%s_sum %llu.%09llu\n", name, (unsigned long long)(sum_ns / 1000000000),
                  (unsigned long long)(sum_ns % 1000000000));
    /* From the buckets, not from a counter of its own: it must equal the last of them. */
    gh_buf_printf(out, "%s_count %llu\n", name, (unsigned long long)count);
}

void gh_metrics_render(gh_metrics *const *blocks, unsigned n, gh_str extra, gh_buf *out)
{
    render_values(blocks, n, out);
    render_responses(blocks, n, out);
    for (unsigned id = 0; id < GH_HISTOGRAM_COUNT; id++)
        render_histogram(blocks, n, id, out);
    gh_buf_put(out, extra);
}
