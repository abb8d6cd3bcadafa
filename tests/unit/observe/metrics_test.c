#include "observe/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static _Alignas(64) gh_metrics a, b;
static char memory[64 * 1024];

static gh_str rendered(void)
{
    gh_metrics *const blocks[] = {&a, &b};
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_metrics_render(blocks, 2, GH_STR("extra_metric 1\n"), &out);
    assert_true(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

static bool has_line(gh_str text, const char *line)
{
    gh_str part;
    while (gh_str_next(&text, '\n', &part))
        if (gh_str_eq(part, gh_str_of(line)))
            return true;
    return false;
}

static int reset(void **state)
{
    (void)state;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    return 0;
}

static void blocks_are_added_up(void **state)
{
    (void)state;
    gh_metric_add(&a, GH_METRIC_REQUESTS, 3);
    gh_metric_add(&b, GH_METRIC_REQUESTS, 4);
    /* accepted by one worker, closed by another's account: the sum is what counts */
    gh_metric_add(&a, GH_METRIC_CONNECTIONS_OPEN, 2);
    gh_metric_sub(&b, GH_METRIC_CONNECTIONS_OPEN, 1);
    atomic_store(&a.responses[2], 5);
    atomic_store(&b.responses[4], 1);
    gh_str text = rendered();
    static const char *const lines[] = {
        "# TYPE gatehouse_requests_total counter",
        "gatehouse_requests_total 7",
        "# TYPE gatehouse_connections_open gauge",
        "gatehouse_connections_open 1",
        "gatehouse_responses_total{class=\"1xx\"} 0",
        "gatehouse_responses_total{class=\"2xx\"} 5",
        "gatehouse_responses_total{class=\"4xx\"} 1",
        "# TYPE rate_limit_check_duration_seconds histogram",
        "extra_metric 1",
    };
    for (size_t i = 0; i < GH_COUNT(lines); i++)
        if (!has_line(text, lines[i]))
            fail_msg("no line %s", lines[i]);
}

static void observations_fall_into_the_right_bucket(void **state)
{
    static const struct {
        uint64_t ns;
        unsigned bucket;
    } rows[] = {
        {0, 0},
        {1, 0},
        {999, 0},
        {1000, 0},
        {1001, 1},
        {1024, 1},
        {3000, 1},
        {3001, 2},
        {10000, 2},
        {10001, 3},
        {30000, 3},
        {30001, 4},
        {1000000, 6},
        {1000001, 7},
        {999999999, 12},
        {1000000000, 12},
        {1000000001, 13},
        {10000000000, 14},
        {10000000001, 15},
        {30000000000, 15},
        {30000000001, 16},
        {UINT64_MAX, 16},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        (void)reset(state);
        gh_histogram_record(&a, GH_HISTOGRAM_REQUEST, rows[i].ns);
        for (unsigned k = 0; k <= GH_HISTOGRAM_BUCKETS; k++)
            if (atomic_load(&a.histograms[GH_HISTOGRAM_REQUEST].buckets[k]) != (k == rows[i].bucket))
                fail_msg("%llu ns: bucket %u", (unsigned long long)rows[i].ns, k);
    }
}

/* The shortcut by the number of bits must agree with the bounds themselves, everywhere. */
static void buckets_agree_with_the_bounds(void **state)
{
    static const double bounds[] = {1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3,
                                    1e-2, 3e-2, 0.1,  0.3,  1,    3,    10,   30};
    (void)state;
    for (uint64_t ns = 1; ns < UINT64_C(80000000000); ns += ns / 5 + 1) {
        unsigned want = 0;
        while (want < GH_COUNT(bounds) && (double)ns > bounds[want] * 1e9 + 0.5)
            want++;
        uint64_t before = atomic_load(&b.histograms[0].buckets[want]);
        gh_histogram_record(&b, 0, ns);
        assert_int_equal(atomic_load(&b.histograms[0].buckets[want]), before + 1);
    }
}

static void histograms_are_cumulative(void **state)
{
    (void)state;
    gh_histogram_record(&a, GH_HISTOGRAM_REQUEST, 500);
    gh_histogram_record(&b, GH_HISTOGRAM_REQUEST, 2000);
    gh_histogram_record(&b, GH_HISTOGRAM_REQUEST, 2500000000);
    gh_histogram_record(&a, GH_HISTOGRAM_REQUEST, 40000000000);
    gh_str text = rendered();
    static const char *const lines[] = {
        "gatehouse_request_duration_seconds_bucket{le=\"1e-06\"} 1",
        "gatehouse_request_duration_seconds_bucket{le=\"3e-06\"} 2",
        "gatehouse_request_duration_seconds_bucket{le=\"1\"} 2",
        "gatehouse_request_duration_seconds_bucket{le=\"3\"} 3",
        "gatehouse_request_duration_seconds_bucket{le=\"30\"} 3",
        "gatehouse_request_duration_seconds_bucket{le=\"+Inf\"} 4",
        "gatehouse_request_duration_seconds_sum 42.500002500",
        "gatehouse_request_duration_seconds_count 4",
    };
    for (size_t i = 0; i < GH_COUNT(lines); i++)
        if (!has_line(text, lines[i]))
            fail_msg("no line %s", lines[i]);
}

/* The text format 0.0.4: each sample after its HELP and TYPE, no name twice, no empty line. */
static void text_is_well_formed(void **state)
{
    (void)state;
    gh_str text = rendered(), line;
    char family[128] = "";
    unsigned types = 0;
    while (gh_str_next(&text, '\n', &line)) {
        if (text.p == NULL)
            break;
        assert_true(line.n > 0);
        if (gh_str_starts(line, GH_STR("# TYPE "))) {
            gh_str name = gh_str_cut(line, 7, line.n);
            name.n = gh_str_find(name, ' ');
            (void)snprintf(family, sizeof family, "%.*s", (int)name.n, name.p);
            types++;
        } else if (line.p[0] != '#' && !gh_str_starts(line, GH_STR("extra_"))) {
            assert_true(gh_str_starts(line, gh_str_of(family)));
        }
    }
    assert_int_equal(types, GH_METRIC_COUNT + GH_HISTOGRAM_COUNT + 1);
}

static void too_small_a_buffer_is_told(void **state)
{
    (void)state;
    gh_metrics *const blocks[] = {&a};
    gh_buf out = gh_buf_over(memory, 100);
    gh_metrics_render(blocks, 1, GH_STR(""), &out);
    assert_false(gh_buf_ok(&out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(blocks_are_added_up, reset),
        cmocka_unit_test_setup(observations_fall_into_the_right_bucket, reset),
        cmocka_unit_test_setup(buckets_agree_with_the_bounds, reset),
        cmocka_unit_test_setup(histograms_are_cumulative, reset),
        cmocka_unit_test_setup(text_is_well_formed, reset),
        cmocka_unit_test_setup(too_small_a_buffer_is_told, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
