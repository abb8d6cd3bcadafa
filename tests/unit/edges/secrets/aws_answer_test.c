/* What AWS's endpoints answer: the secret is found, and nothing else is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edges/secrets/aws_answer.h"

static gh_arena arena;

static int set_up(void **state)
{
    (void)state;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gh_arena_reset(&arena);
    return 0;
}

static void expect_str(gh_str s, const char *expected)
{
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.p, expected, s.n);
}

static void test_values(void **state)
{
    static const struct {
        const char *body, *text; /* text NULL: refused */
        bool binary;
    } rows[] = {
        {"{\"ARN\":\"x\",\"SecretString\":\"abc\",\"VersionStages\":[\"AWSCURRENT\"]}", "abc", false},
        {"{\"SecretString\":\"a\\\"b\\u00e9\\n\"}", "a\"b\xc3\xa9\n", false},
        {"{\"SecretString\":\"\"}", "", false},
        {"{\"SecretBinary\":\"aGVsbG8=\"}", "hello", true},
        {"{\"SecretBinary\":\"aGVsbG8h\"}", "hello!", true},
        {"{\"SecretBinary\":\"+/+/\"}", "\xfb\xff\xbf", true},
        {"{\"SecretBinary\":\"aGVsbG8\"}", NULL, false},
        {"{\"SecretBinary\":\"aGVs*G8=\"}", NULL, false},
        {"{\"SecretBinary\":\"-_-_\"}", NULL, false},
        {"{\"SecretBinary\":\"aGVsbG8===\"}", NULL, false},
        {"{\"SecretString\":5}", NULL, false},
        {"{\"SecretString\":null}", NULL, false},
        {"{}", NULL, false},
        {"[\"SecretString\"]", NULL, false},
        {"\"SecretString\"", NULL, false},
        {"<html>", NULL, false},
        {"{\"SecretString\":\"a\",\"SecretString\":\"b\"}", NULL, false},
        {"", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_aws_value value;
        const char *why = NULL;
        bool good = gh_aws_read_value(gh_str_of(rows[i].body), &arena, &value, &why);
        assert_int_equal(good, rows[i].text != NULL);
        if (!good) {
            assert_non_null(why);
            continue;
        }
        expect_str(value.text, rows[i].text);
        assert_int_equal(value.binary, rows[i].binary);
    }
}

static void test_members(void **state)
{
    static const struct {
        const char *secret, *name, *text;
        bool missing;
    } rows[] = {
        {"{\"username\":\"u\",\"password\":\"p\\u0041\"}", "password", "pA", false},
        {"{\"a.b\":\"p\"}", "a.b", "p", false},
        {"{\"password\":5}", "password", NULL, false},
        {"{\"password\":{}}", "password", NULL, false},
        {"{\"Password\":\"p\"}", "password", NULL, true},
        {"{}", "password", NULL, true},
        {"password", "password", NULL, false},
        {"[\"password\"]", "password", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str text = {NULL, 0};
        const char *why = NULL;
        bool missing = false;
        bool good = gh_aws_read_member(gh_str_of(rows[i].secret), gh_str_of(rows[i].name), &arena, &text,
                                       &missing, &why);
        assert_int_equal(good, rows[i].text != NULL);
        assert_int_equal(missing, rows[i].missing);
        if (good)
            expect_str(text, rows[i].text);
    }
}

/* Only the name of an error is ever shown, and only when it looks like one. */
static void test_errors(void **state)
{
    static const struct {
        const char *body, *name;
    } rows[] = {
        {"{\"__type\":\"com.amazonaws.secretsmanager#AccessDeniedException\",\"Message\":\"x\"}",
         "AccessDeniedException"},
        {"{\"__type\":\"ExpiredTokenException\"}", "ExpiredTokenException"},
        {"{\"__type\":\"a#\"}", NULL},
        {"{\"__type\":\"Bad\\nline\"}", NULL},
        {"{\"__type\":\"has space\"}", NULL},
        {"{\"__type\":7}", NULL},
        {"{\"Message\":\"AccessDeniedException\"}", NULL},
        {"{\"__type\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", NULL},
        {"oops", NULL},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str name = gh_aws_read_error(gh_str_of(rows[i].body), &arena);
        if (rows[i].name == NULL)
            assert_null(name.p);
        else
            expect_str(name, rows[i].name);
    }
}

#define KEYS "\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s/+\",\"Token\":\"t==\""

static void test_credentials(void **state)
{
    static const struct {
        const char *body;
        bool good;
        uint64_t expires_s;
    } rows[] = {
        {"{" KEYS ",\"Expiration\":\"2026-01-02T03:04:05Z\",\"RoleArn\":\"arn:x\"}", true, 1767323045},
        {"{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\"," KEYS ",\"Expiration\":\"2026-01-02T03:04:05Z\"}",
         true, 1767323045},
        {"{" KEYS "}", true, 0},
        {"{\"Code\":\"Failed\"," KEYS "}", false, 0},
        {"{" KEYS ",\"Expiration\":\"soon\"}", false, 0},
        {"{\"AccessKeyId\":\"ASIA1\"}", false, 0},
        {"{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"\"}", false, 0},
        {"{\"AccessKeyId\":\"A\\r\\nX: y\",\"SecretAccessKey\":\"s\"}", false, 0},
        {"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"a\\nb\"}", false, 0},
        {"{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"a b\"}", false, 0},
        {"[]", false, 0},
        {"", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_aws_credentials c;
        const char *why = NULL;
        assert_int_equal(gh_aws_read_credentials(gh_str_of(rows[i].body), &arena, &c, &why), rows[i].good);
        if (!rows[i].good)
            continue;
        expect_str(c.access_key_id, "ASIA1");
        expect_str(c.secret_access_key, "s/+");
        expect_str(c.session_token, "t==");
        assert_int_equal(c.expires_s, rows[i].expires_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_credentials, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
