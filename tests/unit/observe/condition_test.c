#include "observe/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static gh_conditions all;

static int fresh(void **state)
{
    (void)state;
    all = (gh_conditions)GH_CONDITIONS_INIT;
    return 0;
}

static gh_condition look(enum gh_server_kind server)
{
    gh_condition c;
    gh_conditions_read(&all, server, &c);
    return c;
}

/* The events that are in the log, with a space behind each. */
static void log_is(const char *path, const char *expected)
{
    char line[4096], text[512];
    gh_buf out = gh_buf_over(text, sizeof text);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        const char *event = strstr(line, "\"event\":\"");
        assert_non_null(event);
        event += strlen("\"event\":\"");
        gh_buf_put(&out, gh_str_cut(gh_str_of(event), 0, strcspn(event, "\"")));
        gh_buf_char(&out, ' ');
    }
    (void)fclose(file);
    gh_buf_char(&out, '\0');
    assert_string_equal(text, expected);
}

static void a_change_is_one_line_of_its_servers_event(void **state)
{
    (void)state;
    char path[] = "/tmp/condition-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    const gh_log_options options = {.file = gh_str_of(path), .json = true, .lanes = 1};
    const char *why = NULL;
    gh_log *log = gh_log_open(&options, &why);
    assert_non_null(log);
    gh_log_lane *lane = gh_log_lane_of(log, 0);
    for (unsigned i = 0; i < GH_SERVER_COUNT; i++) {
        gh_conditions_use(&all, i, GH_STR("somewhere"));
        gh_conditions_ok(&all, i);
        gh_conditions_lost(&all, lane, i, GH_STR("why"), GH_STR("a line"));
        gh_conditions_failed(&all, i, GH_STR("why again"));
        gh_conditions_back(&all, lane, i, GH_STR("a line"));
    }
    gh_conditions_lost(NULL, lane, GH_SERVER_REDIS, GH_STR("why"), GH_STR("nobody keeps it"));
    gh_log_close(log);
    log_is(path,
           "redis_unavailable redis_recovered records_unavailable records_recovered secrets_unavailable "
           "secrets_recovered redis_unavailable ");
    (void)unlink(path);
}

static void what_is_known_of_a_server(void **state)
{
    (void)state;
    assert_int_equal(look(GH_SERVER_REDIS).state, GH_CONDITION_UNUSED);
    gh_conditions_use(&all, GH_SERVER_REDIS, GH_STR("10.0.0.1:6379"));
    assert_int_equal(look(GH_SERVER_REDIS).state, GH_CONDITION_UNTRIED);
    assert_true(look(GH_SERVER_REDIS).since_s == 0);
    gh_conditions_ok(&all, GH_SERVER_REDIS);
    uint64_t before_s = (uint64_t)time(NULL);
    gh_conditions_lost(&all, NULL, GH_SERVER_REDIS, GH_STR("no answer within 50 ms"), GH_STR("x"));
    gh_conditions_lost(&all, NULL, GH_SERVER_REDIS, GH_STR("connection refused"), GH_STR("x"));
    uint64_t after_s = (uint64_t)time(NULL);
    gh_condition c = look(GH_SERVER_REDIS);
    assert_int_equal(c.state, GH_CONDITION_UNAVAILABLE);
    assert_string_equal(c.where, "10.0.0.1:6379");
    assert_string_equal(c.reason, "connection refused");
    assert_int_equal(c.outages, 1); /* one outage, told twice */
    assert_in_range(c.since_s, before_s, after_s);
    assert_in_range(c.failed_s, before_s, after_s);
    gh_conditions_back(&all, NULL, GH_SERVER_REDIS, GH_STR("x"));
    c = look(GH_SERVER_REDIS);
    assert_int_equal(c.state, GH_CONDITION_OK);
    assert_string_equal(c.reason, "connection refused"); /* what it was is still told */
    gh_conditions_lost(&all, NULL, GH_SERVER_REDIS, GH_STR("again"), GH_STR("x"));
    assert_int_equal(look(GH_SERVER_REDIS).outages, 2);
    gh_conditions_forget(&all, GH_SERVER_REDIS);
    assert_int_equal(look(GH_SERVER_REDIS).state, GH_CONDITION_UNUSED);
    assert_int_equal(look(GH_SERVER_AWS).state, GH_CONDITION_UNUSED);
}

static void nobody_need_keep_it(void **state)
{
    (void)state;
    gh_condition c = {.outages = 7};
    gh_conditions_use(NULL, GH_SERVER_AWS, GH_STR("x"));
    gh_conditions_ok(NULL, GH_SERVER_AWS);
    gh_conditions_lost(NULL, NULL, GH_SERVER_AWS, GH_STR("x"), GH_STR("x"));
    gh_conditions_failed(NULL, GH_SERVER_AWS, GH_STR("x"));
    gh_conditions_back(NULL, NULL, GH_SERVER_AWS, GH_STR("x"));
    gh_conditions_read(NULL, GH_SERVER_AWS, &c);
    assert_int_equal(c.state, GH_CONDITION_UNUSED);
    assert_int_equal(c.outages, 0);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    gh_conditions_use(&all, GH_SERVER_AWS, (gh_str){text, sizeof text});
    gh_conditions_lost(&all, NULL, GH_SERVER_AWS, (gh_str){text, sizeof text}, GH_STR("x"));
    gh_condition c = look(GH_SERVER_AWS);
    assert_int_equal(strlen(c.where), GH_CONDITION_TEXT);
    assert_int_equal(strlen(c.reason), GH_CONDITION_TEXT);
}

static void metrics_name_what_is_in_use(void **state)
{
    (void)state;
    char memory[2048];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_conditions_metrics(&all, &out);
    assert_int_equal(out.n, 0);
    gh_conditions_use(&all, GH_SERVER_REDIS, GH_STR("r"));
    gh_conditions_ok(&all, GH_SERVER_REDIS);
    gh_conditions_use(&all, GH_SERVER_POSTGRESQL, GH_STR("db"));
    gh_conditions_lost(&all, NULL, GH_SERVER_POSTGRESQL, GH_STR("x"), GH_STR("x"));
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

enum { THREADS = 4, ROUNDS = 5000 };

static void *flap(void *data)
{
    const char *reason = data;
    for (unsigned i = 0; i < ROUNDS; i++) {
        gh_conditions_lost(&all, NULL, GH_SERVER_REDIS, gh_str_of(reason), GH_STR("x"));
        gh_condition c = look(GH_SERVER_REDIS);
        /* One text or another, never a part of each. */
        assert_true(c.reason[0] == c.reason[strlen(c.reason) - 1]);
        gh_conditions_back(&all, NULL, GH_SERVER_REDIS, GH_STR("x"));
    }
    return NULL;
}

static void many_threads_may_tell(void **state)
{
    (void)state;
    static char reasons[THREADS][4] = {"aaa", "bb", "c", "ddd"};
    pthread_t threads[THREADS];
    gh_conditions_use(&all, GH_SERVER_REDIS, GH_STR("r"));
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, flap, reasons[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    gh_condition c = look(GH_SERVER_REDIS);
    assert_int_equal(c.state, GH_CONDITION_OK);
    assert_in_range(c.outages, 1, THREADS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_change_is_one_line_of_its_servers_event, fresh),
        cmocka_unit_test_setup(what_is_known_of_a_server, fresh),
        cmocka_unit_test_setup(nobody_need_keep_it, fresh),
        cmocka_unit_test_setup(long_texts_are_cut, fresh),
        cmocka_unit_test_setup(metrics_name_what_is_in_use, fresh),
        cmocka_unit_test_setup(many_threads_may_tell, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
