/* What `status` prints of a server that others are needed by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"
#include "config/compile.h"
#include "edges/identity/operator.h"
#include "wire/json.h"

typedef struct fixture {
    char folder[32];
    gh_identity_service service;
    gh_config *config;
    gh_policy *policy;
    gh_report report;
    gh_operator with;
    gh_status status;
    gh_text out, err;
} fixture;

static void look(void *data, gh_status *ret)
{
    *ret = ((fixture *)data)->status;
}

static int set_up(void **state)
{
    static fixture f;
    char yaml[512];
    f = (fixture){.folder = "/tmp/status-XXXXXX", .out = {.cap = 1 << 20}, .err = {.cap = 1 << 20}};
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(yaml, sizeof yaml,
                   "profile: development\nupstreams: [{ name: a, servers: [http://127.0.0.1:1] }]\n"
                   "data: { folder: %s }\nidentity: { enabled: on, token: { algorithm: HS256 } }\n",
                   f.folder);
    const gh_config_source source = {.kind = GH_SOURCE_YAML, .name = "test", .text = gh_str_of(yaml)};
    assert_true(gh_crypto_init());
    gh_report_init(&f.report);
    f.config = gh_config_load(&(gh_config_input){.sources = &source, .n_sources = 1}, &f.report);
    assert_non_null(f.config);
    assert_true(gh_identity_open(&f.service, f.config, &f.report));
    f.policy = gh_policy_compile(f.config, &f.report);
    assert_non_null(f.policy);
    f.with = gh_identity_operator(&f.service, f.config, f.policy);
    f.with.look = look;
    f.with.data = &f;
    f.status = (gh_status){
        .node = "web-1", .started_s = 1000000000, .uptime_s = 93784, .nodes = 3, .identity = true};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm",
                                        "gatehouse.lock", "secret_key"};
    fixture *f = *state;
    gh_text_free(&f->out);
    gh_text_free(&f->err);
    gh_policy_unref(f->policy);
    gh_identity_close(&f->service);
    gh_config_free(f->config);
    gh_report_free(&f->report);
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(f->folder);
}

static const char *ask(fixture *f, bool json)
{
    const gh_str words[] = {GH_STR("status"), GH_STR("--json")};
    const gh_operator_request request = {.argv = words, .argc = json ? 2 : 1};
    assert_int_equal(gh_operator_run(&f->with, &request, &f->out, &f->err), GH_EXIT_OK);
    gh_text_lit(&f->out, "\0");
    return f->out.b.p;
}

static void says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void outage(fixture *f)
{
    f->status.counted = GH_COUNTED_SHARE;
    f->status.leases = 9;
    f->status.leased = 41;
    f->status.shared = true;
    f->status.roster_age_ms = 1250;
    f->status.sessions = 12;
    f->status.spool_lines = 7;
    f->status.spool_bytes = 900;
    f->status.rotation_due_s = 2000000000;
    f->status.servers[GH_SERVER_REDIS] = (gh_condition){.state = GH_CONDITION_UNAVAILABLE,
                                                        .since_s = 1000000000,
                                                        .failed_s = 1000000060,
                                                        .outages = 2,
                                                        .where = "10.0.0.1:6379",
                                                        .reason = "connection \"refused\"\n"};
    f->status.servers[GH_SERVER_POSTGRESQL] = (gh_condition){.state = GH_CONDITION_OK};
}

static void test_an_outage_for_people(void **state)
{
    fixture *f = *state;
    outage(f);
    const char *text = ask(f, false);
    assert_null(strstr(text, "secret_key"));
    says(text, "running       1 d 2 h 3 min, since 2001-09-09T01:46:40Z\n");
    says(text, "node          web-1, 3 nodes\n");
    says(text, "rate limits   without Redis: 1/3 of each here, where the rule's outage is local\n");
    says(text, "leases        41 limits counted from one, 9 questions to Redis for one\n");
    says(text, "Redis         unavailable, 10.0.0.1:6379, since 2001-09-09T01:46:40Z\n");
    says(text, "last error");
    says(text, "2001-09-09T01:47:40Z connection \"refused\"\\n\n"); /* no line of a server's makes one here */
    says(text, "PostgreSQL    ok\n");
    says(text, "roster        1.250 s old: 12 sessions, 0 API keys, 0 devices\n");
    says(text, "audit spool   7 lines, 900 bytes\n");
    assert_null(strstr(text, "AWS"));
    says(text, "1     next    ");
    says(text, "0     active  ");
    says(text, "The keys are changed next at 2033-05-18T03:33:20Z.\n");
}

/* Limits that hold more than once are told where somebody looks. */
static void test_nodes_with_another_secret_key(void **state)
{
    fixture *f = *state;
    f->status.counted = GH_COUNTED_REDIS;
    f->status.other_secret = 1;
    says(
        ask(f, false),
        " web-1, 3 nodes, 1 of them counts with another secret_key: clients get their limits more than once\n");
    gh_text_free(&f->out);
    f->status.other_secret = 2;
    says(ask(f, false), "3 nodes, 2 of them count with another secret_key");
    gh_text_free(&f->out);
    says(ask(f, true), "\"nodes\":3,\"nodes_other_secret\":2,");
}

static const gh_json *member(const gh_json *of, const char *name)
{
    const gh_json *value = gh_json_get(of, gh_str_of(name));
    if (value == NULL)
        fail_msg("there is no %s", name);
    return value;
}

static void text_is(const gh_json *of, const char *name, const char *expected)
{
    const gh_json *value = member(of, name);
    if (!gh_str_eq(value->text, gh_str_of(expected)))
        fail_msg("%s is %.*s", name, (int)value->text.n, value->text.p);
}

/* A node that only limits has no records to ask, and says nothing of any. */
static void test_without_identity(void **state)
{
    fixture *f = *state;
    gh_records *records = f->with.records;
    f->with.records = NULL;
    f->status.identity = false;
    f->status.counted = GH_COUNTED_REDIS;
    const char *text = ask(f, false);
    says(text, "rate limits  counted in Redis for all nodes together\n");
    assert_null(strstr(text, "roster"));
    assert_null(strstr(text, "KEYS"));
    assert_int_equal(f->err.b.n, 0);
    f->out.b.n = 0;
    text = ask(f, true);
    says(text, "\"roster\":null,\"records\":null,\"audit_spool\":null,\"keys\":null}\n");
    const gh_str words[] = {GH_STR("user"), GH_STR("list")};
    assert_int_equal(
        gh_operator_run(&f->with, &(gh_operator_request){.argv = words, .argc = 2}, &f->out, &f->err),
        GH_EXIT_FAILED);
    gh_text_lit(&f->err, "\0");
    says(f->err.b.p, "identity is off on this server");
    f->with.records = records;
}

static void test_an_outage_for_programs(void **state)
{
    fixture *f = *state;
    gh_arena arena;
    gh_json_error error;
    outage(f);
    const char *text = ask(f, true);
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    const gh_json *all = gh_json_read(gh_str_of(text), &gh_json_limits_wide, &arena, &error);
    assert_non_null(all);
    text_is(all, "node", "web-1");
    text_is(all, "limits_counted", "share");
    text_is(all, "nodes", "3");
    const gh_json *servers = member(all, "servers"), *redis = servers->first;
    text_is(redis, "server", "redis");
    text_is(redis, "state", "unavailable");
    text_is(redis, "since", "2001-09-09T01:46:40Z");
    text_is(redis, "last_error", "connection \"refused\"\n");
    text_is(redis, "last_error_at", "2001-09-09T01:47:40Z");
    text_is(redis, "outages", "2");
    text_is(redis->next, "server", "postgresql");
    assert_int_equal(member(redis->next, "last_error")->type, GH_JSON_NULL);
    assert_null(redis->next->next);
    text_is(member(all, "audit_spool"), "lines", "7");
    text_is(member(all, "roster"), "age_ms", "1250");
    const gh_json *generation = member(member(all, "keys"), "generations")->first;
    text_is(generation, "generation", "1");
    text_is(generation, "state", "next");
    text_is(generation->next, "state", "active");
    assert_null(generation->next->next);
    gh_arena_reset(&arena);
}

static void test_without_redis_nobody_knows_the_other_nodes(void **state)
{
    fixture *f = *state;
    f->status.nodes = 0;
    const char *text = ask(f, false);
    says(text, "node         web-1\n");
    says(text, "rate limits  counted by this node for itself\n");
    assert_null(strstr(text, "audit spool"));
}

static void test_a_stopped_server(void **state)
{
    fixture *f = *state;
    f->with.look = NULL;
    const char *text = ask(f, false);
    says(text, "No server is running.\n");
    says(text, "0     active  ");
}

/* Which keys are in use is not known without the records; the rest is. */
static void test_records_that_can_not_be_read(void **state)
{
    fixture *f = *state;
    char path[64];
    sqlite3 *db;
    (void)snprintf(path, sizeof path, "%s/gatehouse.db", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DROP TABLE key_generation", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    outage(f);
    const char *text = ask(f, false);
    says(text, "node          web-1, 3 nodes\n");
    assert_null(strstr(text, "KEYS"));
    gh_text_lit(&f->err, "\0");
    says(f->err.b.p, "the records can't be read");
    gh_text_free(&f->out);
    says(ask(f, true), "\"generations\":null}}\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_outage_for_people),
        TEST(test_nodes_with_another_secret_key),
        TEST(test_an_outage_for_programs),
        TEST(test_without_redis_nobody_knows_the_other_nodes),
        TEST(test_without_identity),
        TEST(test_a_stopped_server),
        TEST(test_records_that_can_not_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
