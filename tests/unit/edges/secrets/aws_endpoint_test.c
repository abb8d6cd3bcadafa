/* From where credentials may be got, and what an ARN says. A token is sent there: a wrong yes would give it away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edges/secrets/aws_endpoint.h"
#include "edges/secrets/aws_request.h"

static void test_may_ask(void **state)
{
    static const struct {
        const char *url;
        bool may;
    } rows[] = {
        {"https://creds.example/x?y=z", true},
        {"https://creds.example:8443", true},
        {"http://127.0.0.1:8080/v1", true},
        {"http://127.1.2.3/", true},
        {"http://localhost/v1", true},
        {"http://[::1]:80a", false},
        {"http://[::1]:8081/v1", true},
        {"http://169.254.170.2/v2/credentials/1", true},
        {"http://169.254.170.23/v1/credentials", true},
        {"http://[fd00:ec2::23]/v1/credentials", true},
        {"http://169.254.169.254", true},
        {"http://[fd00:ec2::254]", true},
        {"http://creds.example/x", false},
        {"http://10.0.0.1/x", false},
        {"http://169.254.170.3/x", false},
        {"http://127.0.0.1.evil.example/x", false},
        {"http://localhost.evil.example/x", false},
        {"http://127.0.0.1@evil.example/x", false},
        {"http://evil.example#@127.0.0.1/x", false},
        {"http://evil.example?@127.0.0.1/x", false},
        {"http://evil.example\\@127.0.0.1/x", false},
        {"http:/127.0.0.1/x", false},
        {"ftp://127.0.0.1/x", false},
        {"file:///etc/passwd", false},
        {"https://user:pw@creds.example/x", false},
        {"127.0.0.1/x", false},
        {"http://", false},
        {"https:///x", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        if (gh_aws_may_ask(gh_str_of(rows[i].url)) != rows[i].may)
            fail_msg("%s", rows[i].url);
}

static void test_regions(void **state)
{
    static const struct {
        const char *id, *region; /* NULL: absent */
        bool good;
    } rows[] = {
        {"arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-AbCdEf", "eu-central-1", true},
        {"arn:aws-cn:secretsmanager:cn-north-1:1:secret:a", "cn-north-1", true},
        {"arn:aws:secretsmanager::1:secret:a", "", false},
        {"arn:aws:secretsmanager:x@evil.example/:1:secret:a", "x@evil.example/", false},
        {"arn:aws:secretsmanager:a.b:1:secret:a", "a.b", false},
        {"arn:aws:secretsmanager", NULL, false},
        {"prod/gatehouse", NULL, false},
        {"name:with:colons", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_str region = gh_aws_region_of(gh_str_of(rows[i].id));
        assert_int_equal(region.p != NULL, rows[i].region != NULL);
        assert_true(gh_str_eq(region, gh_str_of(rows[i].region)));
        assert_int_equal(gh_aws_is_region(region), rows[i].good);
    }
    assert_false(gh_aws_is_region(GH_STR("EU-WEST-1")));
    assert_false(gh_aws_is_region(GH_STR("eu_west_1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_may_ask), cmocka_unit_test(test_regions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
