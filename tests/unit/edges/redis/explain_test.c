/* What an error of Redis means, and that nothing secret is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "edges/redis/explain.h"

static char said[600];

static enum gh_redis_trouble explain(enum gh_redis_step step, const char *error)
{
    gh_buf b = gh_buf_over(said, sizeof said - 1);
    enum gh_redis_trouble trouble = gh_redis_explain(step, gh_str_of(error), &b);
    assert_true(gh_buf_ok(&b));
    said[b.n] = '\0';
    return trouble;
}

/* The errors as Redis writes them. */
static void each_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        enum gh_redis_step step;
        const char *error;
        enum gh_redis_trouble trouble;
        const char *word;
    } cases[] = {
        {GH_REDIS_STEP_AUTH, "WRONGPASS invalid username-password pair or user is disabled.",
         GH_REDIS_TROUBLE_SERVER, "refuses the user or the password"},
        {GH_REDIS_STEP_AUTH,
         "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
         GH_REDIS_TROUBLE_SERVER, "set here but not there"},
        {GH_REDIS_STEP_PING, "NOAUTH Authentication required.", GH_REDIS_TROUBLE_SERVER, "wants a password"},
        {GH_REDIS_STEP_SELECT, "ERR DB index is out of range", GH_REDIS_TROUBLE_SERVER, "no database"},
        {GH_REDIS_STEP_PING, "LOADING Redis is loading the dataset in memory", GH_REDIS_TROUBLE_SERVER,
         "still reading"},
        {GH_REDIS_STEP_BEAT,
         "READONLY You can't write against a read only replica. script: 1, on @user_script:5.",
         GH_REDIS_TROUBLE_SERVER, "replica"},
        {GH_REDIS_STEP_TAKE,
         "OOM command not allowed when used memory > 'maxmemory'. script: 1, on @user_script:1.",
         GH_REDIS_TROUBLE_SERVER, "maxmemory"},
        {GH_REDIS_STEP_TAKE,
         "ERR Error running script (call to f_2): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
         GH_REDIS_TROUBLE_SERVER, "maxmemory"},
        {GH_REDIS_STEP_TAKE,
         "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
         GH_REDIS_TROUBLE_SERVER, "save"},
        {GH_REDIS_STEP_TAKE,
         "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
         GH_REDIS_TROUBLE_SERVER, "busy"},
        {GH_REDIS_STEP_LOAD, "NOPERM this user has no permissions to run the 'script|load' command",
         GH_REDIS_TROUBLE_SERVER, "(SCRIPT LOAD)"},
        {GH_REDIS_STEP_BEAT,
         "ERR The user executing the script can't run this command or subcommand script: 2, on @user_script:5.",
         GH_REDIS_TROUBLE_SERVER, "all that a script does (EVALSHA of the heartbeat)"},
        {GH_REDIS_STEP_TAKE,
         "ERR The user executing the script can't access at least one of the keys mentioned in the command",
         GH_REDIS_TROUBLE_REQUEST, "all that a script does (EVALSHA)"},
        {GH_REDIS_STEP_TAKE,
         "ERR ACL failure in script: User gate has no permissions to run the 'hmget' command",
         GH_REDIS_TROUBLE_REQUEST, "all that a script does"},
        {GH_REDIS_STEP_TAKE, "NOSCRIPT No matching script. Please use EVAL.", GH_REDIS_TROUBLE_SCRIPT,
         "scripts"},
        {GH_REDIS_STEP_BEAT, "MOVED 3999 127.0.0.1:6381", GH_REDIS_TROUBLE_MOVED, "127.0.0.1 port 6381"},
        {GH_REDIS_STEP_BEAT, "MOVED 3999 :6381", GH_REDIS_TROUBLE_MOVED, "this host port 6381"},
        {GH_REDIS_STEP_BEAT, "MOVED away", GH_REDIS_TROUBLE_SERVER, "Cluster"},
        {GH_REDIS_STEP_BEAT, "ASK 3999 127.0.0.1:6381", GH_REDIS_TROUBLE_SERVER, "moving"},
        {GH_REDIS_STEP_BEAT, "CLUSTERDOWN The cluster is down", GH_REDIS_TROUBLE_SERVER, "cluster is down"},
        {GH_REDIS_STEP_AUTH, "ERR max number of clients reached", GH_REDIS_TROUBLE_SERVER, "maxclients"},
        {GH_REDIS_STEP_PING, "DENIED Redis is running in protected mode because ...", GH_REDIS_TROUBLE_SERVER,
         "protected mode"},
        {GH_REDIS_STEP_TAKE, "WRONGTYPE Operation against a key holding the wrong kind of value",
         GH_REDIS_TROUBLE_REQUEST, "WRONGTYPE"},
        {GH_REDIS_STEP_TAKE, "CROSSSLOT Keys in request don't hash to the same slot",
         GH_REDIS_TROUBLE_REQUEST, "one slot"},
        {GH_REDIS_STEP_LOAD, "ERR Error compiling script (new function): user_script:1: '=' expected",
         GH_REDIS_TROUBLE_SERVER, "SCRIPT LOAD: ERR Error compiling"},
        {GH_REDIS_STEP_TAKE, "", GH_REDIS_TROUBLE_REQUEST, "EVALSHA"},
    };
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        if (explain(cases[i].step, cases[i].error) != cases[i].trouble)
            fail_msg("%s", cases[i].error);
        if (strstr(said, cases[i].word) == NULL)
            fail_msg("%s: %s", cases[i].error, said);
        assert_int_equal(strncmp(said, "it", 2), 0);
    }
}

/* A server whose AUTH has another name repeats what it was sent. */
static void what_was_sent_is_not_shown(void **state)
{
    (void)state;
    static const char unknown[] = "ERR unknown command 'AUTH', with args beginning with: 'gate' 'hunter2' ";
    (void)explain(GH_REDIS_STEP_AUTH, unknown);
    assert_null(strstr(said, "hunter2"));
    (void)explain(GH_REDIS_STEP_TAKE,
                  "ERR unknown command 'EVALSHA', with args beginning with: 'key-of-somebody' ");
    assert_null(strstr(said, "somebody"));
    assert_non_null(strstr(said, "unknown command"));
}

static void words_are_cut_and_printable(void **state)
{
    (void)state;
    char error[512] = "ERR \x1b[31m\n\xff";
    memset(error + strlen(error), 'x', 300);
    (void)explain(GH_REDIS_STEP_TAKE, error);
    assert_true(strlen(said) < 200);
    for (const char *c = said; *c != '\0'; c++)
        assert_true(*c >= ' ' && *c < 0x7f);
}

static void where_moved_sends(void **state)
{
    (void)state;
    static const struct {
        const char *error, *host;
        unsigned port; /* 0: nowhere */
    } cases[] = {
        {"MOVED 1 10.0.0.1:6379", "10.0.0.1", 6379},
        {"MOVED 1 2001:db8::7:6379", "2001:db8::7", 6379},
        {"MOVED 1 node-3.cluster:7001", "node-3.cluster", 7001},
        {"MOVED 1 :7001", "", 7001},
        {"MOVED 1 host:0", "", 0},
        {"MOVED 1 host:65536", "", 0},
        {"MOVED 1 host:", "", 0},
        {"MOVED 1 host", "", 0},
        {"MOVED x host:1", "", 0},
        {"MOVED 1 host:1 more", "", 0},
        {"MOVED 1", "", 0},
        {"MOVED", "", 0},
        {"MOVED 1 a/b:1", "", 0},
        {"MOVED 1 u:p@h:1", "", 0},
        {"MOVED 1 h.:1", "", 0},
        {"MOVED 1 a:2:1", "", 0},
    };
    for (size_t i = 0; i < GH_COUNT(cases); i++) {
        gh_str host;
        uint16_t port = 0;
        bool there = gh_redis_moved_to(gh_str_of(cases[i].error), &host, &port);
        if (there != (cases[i].port != 0))
            fail_msg("%s", cases[i].error);
        if (there)
            assert_true(port == cases[i].port && gh_str_eq(host, gh_str_of(cases[i].host)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_sentence),
        cmocka_unit_test(what_was_sent_is_not_shown),
        cmocka_unit_test(words_are_cut_and_printable),
        cmocka_unit_test(where_moved_sends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
