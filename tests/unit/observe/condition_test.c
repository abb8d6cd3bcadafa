#include "observe/condition.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { LINES = 16 };

static gh_conditions all;
static struct {
    int level;
    char event[32], text[700];
} lines[LINES];
static unsigned n_lines;

static void hear(void *data, int level, const char *event, const char *text)
{
    assert_ptr_equal(data, &all);
    assert_true(n_lines < LINES);
    lines[n_lines].level = level;
    (void)snprintf(lines[n_lines].event, sizeof lines[0].event, "%s", event);
    (void)snprintf(lines[n_lines].text, sizeof lines[0].text, "%s", text);
    n_lines++;
}

static int fresh(void **state)
{
    (void)state;
    all = (gh_conditions)GH_CONDITIONS_INIT;
    n_lines = 0;
    gh_conditions_tell(&all, hear, &all);
    return 0;
}

static gh_condition read_redis(void)
{
    gh_condition c;
    gh_conditions_read(&all, GH_SERVER_REDIS, &c);
    return c;
}

static gh_condition_seat join(void)
{
    gh_condition_seat seat;
    gh_condition_join(&seat, &all, GH_SERVER_REDIS, GH_STR("10.0.0.1:6379"));
    return seat;
}

static void an_outage_that_many_find_is_two_lines(void **state)
{
    (void)state;
    gh_condition_seat a = join(), b = join();
    assert_int_equal(read_redis().state, GH_CONDITION_UNTRIED);
    gh_condition_ok(&a);
    gh_condition_ok(&b);
    gh_condition_ok(&a);
    assert_int_equal(n_lines, 1);
    assert_string_equal(lines[0].event, "server_ok");
    assert_string_equal(lines[0].text, "Redis at 10.0.0.1:6379 answers");
    uint64_t before_s = (uint64_t)time(NULL);
    gh_condition_unavailable(&a, GH_STR("no answer within 50 ms"));
    gh_condition_unavailable(&b, GH_STR("connection reset"));
    gh_condition_unavailable(&a, GH_STR("connection refused"));
    uint64_t after_s = (uint64_t)time(NULL);
    assert_int_equal(n_lines, 2);
    assert_int_equal(lines[1].level, 2);
    assert_string_equal(lines[1].event, "server_unavailable");
    assert_string_equal(lines[1].text, "Redis at 10.0.0.1:6379 is unavailable: no answer within 50 ms");
    gh_condition c = read_redis();
    assert_int_equal(c.state, GH_CONDITION_UNAVAILABLE);
    assert_string_equal(c.reason, "connection refused");
    assert_int_equal(c.outages, 1);
    assert_in_range(c.since_s, before_s, after_s);
    assert_in_range(c.failed_s, before_s, after_s);
    /* One has found its way back, another has not: it is not well yet. */
    gh_condition_ok(&a);
    assert_int_equal(read_redis().state, GH_CONDITION_UNAVAILABLE);
    assert_int_equal(n_lines, 2);
    gh_condition_ok(&b);
    c = read_redis();
    assert_int_equal(c.state, GH_CONDITION_OK);
    assert_string_equal(c.reason, "connection refused"); /* what it was is still told */
    assert_int_equal(n_lines, 3);
    assert_string_equal(lines[2].event, "server_ok");
    assert_int_equal(strncmp(lines[2].text, "Redis at 10.0.0.1:6379 answers again after ", 43), 0);
}

static void who_leaves_takes_its_report_along(void **state)
{
    (void)state;
    gh_condition_seat a = join(), b = join();
    gh_condition_ok(&a);
    gh_condition_unavailable(&b, GH_STR("connection refused"));
    gh_condition_leave(&b);
    assert_int_equal(read_redis().state, GH_CONDITION_OK);
    gh_condition_leave(&b); /* twice is once */
    gh_condition_ok(&b);    /* and a seat that was left reports nothing */
    assert_int_equal(n_lines, 3);
    gh_condition_unavailable(&a, GH_STR("connection refused"));
    gh_condition_leave(&a);
    assert_int_equal(read_redis().state, GH_CONDITION_UNUSED);
    assert_int_equal(n_lines, 4); /* the end of the process is no recovery */
}

static void what_fell_ill_before_there_was_a_log_is_said(void **state)
{
    (void)state;
    gh_conditions_tell(&all, NULL, NULL);
    gh_condition_seat a = join();
    gh_condition_unavailable(&a, GH_STR("connection refused"));
    assert_int_equal(n_lines, 0);
    gh_conditions_tell(&all, hear, &all);
    assert_int_equal(n_lines, 1);
    assert_string_equal(lines[0].event, "server_unavailable");
}

static void no_registry_is_no_fault(void **state)
{
    (void)state;
    gh_condition_seat a;
    gh_condition_join(&a, NULL, GH_SERVER_AWS, GH_STR("x"));
    gh_condition_unavailable(&a, GH_STR("x"));
    gh_condition_ok(&a);
    gh_condition_leave(&a);
    assert_int_equal(n_lines, 0);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    gh_condition_seat a;
    gh_condition_join(&a, &all, GH_SERVER_AWS, (gh_str){text, sizeof text});
    gh_condition_unavailable(&a, (gh_str){text, sizeof text});
    gh_condition c;
    gh_conditions_read(&all, GH_SERVER_AWS, &c);
    assert_int_equal(strlen(c.where), GH_CONDITION_TEXT);
    assert_int_equal(strlen(c.reason), GH_CONDITION_TEXT);
    assert_int_equal(strlen(lines[0].text),
                     strlen("AWS Secrets Manager at  is unavailable: ") + 2 * (size_t)GH_CONDITION_TEXT);
}

static void metrics_name_what_is_in_use(void **state)
{
    (void)state;
    char memory[2048];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_conditions_metrics(&all, &out);
    assert_int_equal(out.n, 0);
    gh_condition_seat a = join(), b;
    gh_condition_join(&b, &all, GH_SERVER_POSTGRESQL, GH_STR("db"));
    gh_condition_ok(&a);
    gh_condition_unavailable(&b, GH_STR("x"));
    gh_conditions_metrics(&all, &out);
    gh_buf_char(&out, '\0');
    assert_non_null(strstr(memory, "# TYPE gatehouse_server_up gauge\n"
                                   "gatehouse_server_up{server=\"redis\"} 1\n"
                                   "gatehouse_server_up{server=\"postgresql\"} 0\n"
                                   "# HELP gatehouse_server_outages_total "));
    assert_non_null(strstr(memory, "gatehouse_server_outages_total{server=\"redis\"} 0\n"
                                   "gatehouse_server_outages_total{server=\"postgresql\"} 1\n"));
    assert_null(strstr(memory, "aws"));
}

enum { THREADS = 4, ROUNDS = 20000 };
static atomic_uint heard;

static void count(void *data, int level, const char *event, const char *text)
{
    (void)data;
    (void)level;
    (void)event;
    (void)text;
    atomic_fetch_add(&heard, 1);
}

static void *flap(void *data)
{
    (void)data;
    gh_condition_seat seat = join();
    for (unsigned i = 0; i < ROUNDS; i++) {
        gh_condition_ok(&seat);
        if (i % 64 == 0)
            gh_condition_unavailable(&seat, GH_STR("connection refused"));
    }
    gh_condition_ok(&seat);
    return NULL;
}

/* Each change of state is one line: from ok to unavailable and back, however many threads report. */
static void many_threads_may_report(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    atomic_store(&heard, 0);
    gh_conditions_tell(&all, count, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, flap, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    gh_condition c = read_redis();
    assert_int_equal(c.state, GH_CONDITION_OK);
    assert_true(c.outages > 0);
    /* Every outage has a beginning and an end; before the first there may have been an "answers". */
    assert_in_range(atomic_load(&heard), 2 * c.outages, 2 * c.outages + 1 + THREADS);
    assert_int_equal(all.servers[GH_SERVER_REDIS].ok, THREADS);
    assert_int_equal(all.servers[GH_SERVER_REDIS].unavailable, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_outage_that_many_find_is_two_lines, fresh),
        cmocka_unit_test_setup(who_leaves_takes_its_report_along, fresh),
        cmocka_unit_test_setup(what_fell_ill_before_there_was_a_log_is_said, fresh),
        cmocka_unit_test_setup(no_registry_is_no_fault, fresh),
        cmocka_unit_test_setup(long_texts_are_cut, fresh),
        cmocka_unit_test_setup(metrics_name_what_is_in_use, fresh),
        cmocka_unit_test_setup(many_threads_may_report, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
