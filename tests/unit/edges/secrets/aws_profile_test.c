/* The shared credentials file, as AWS's tools write it and people edit it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edges/secrets/aws_profile.h"

#define KEYS "aws_access_key_id = AKID\naws_secret_access_key=se/cr+et=\n"

static const struct {
    const char *text, *profile;
    enum gh_aws_profile result;
    const char *token; /* NULL: absent */
} rows[] = {
    {"[default]\n" KEYS, "default", GH_AWS_PROFILE_FOUND, NULL},
    {"[default]\n" KEYS "aws_session_token = tok==\n", "default", GH_AWS_PROFILE_FOUND, "tok=="},
    {"[default]\n" KEYS "aws_session_token =\n", "default", GH_AWS_PROFILE_FOUND, NULL},
    {"# mine\n[a]\nx=y\n\n; other\n[b]\n" KEYS "[c]\naws_access_key_id=no\n", "b", GH_AWS_PROFILE_FOUND,
     NULL},
    {"[profile b]\n" KEYS, "b", GH_AWS_PROFILE_FOUND, NULL},
    {"[ b ]\r\naws_access_key_id = AKID\r\naws_secret_access_key = se/cr+et=\r\n", "b", GH_AWS_PROFILE_FOUND,
     NULL},
    {"[b]\nAWS_ACCESS_KEY_ID = AKID\nAws_Secret_Access_Key = se/cr+et=", "b", GH_AWS_PROFILE_FOUND, NULL},
    {"[b]\ns3 =\n  aws_access_key_id = nested\n" KEYS, "b", GH_AWS_PROFILE_FOUND, NULL},
    {"[b]\naws_access_key_id = old\n[b]\n" KEYS, "b", GH_AWS_PROFILE_FOUND, NULL},
    {"", "default", GH_AWS_PROFILE_ABSENT, NULL},
    {KEYS, "default", GH_AWS_PROFILE_ABSENT, NULL},
    {"[other]\n" KEYS, "default", GH_AWS_PROFILE_ABSENT, NULL},
    {"[Default]\n" KEYS, "default", GH_AWS_PROFILE_ABSENT, NULL},
    {"[default]\nrole_arn = arn:x\nsource_profile = y\n", "default", GH_AWS_PROFILE_UNUSABLE, NULL},
    {"[default]\naws_access_key_id = AKID\n", "default", GH_AWS_PROFILE_UNUSABLE, NULL},
    {"[default]\naws_access_key_id = AK ID\naws_secret_access_key = x\n", "default", GH_AWS_PROFILE_UNUSABLE,
     NULL},
    {"[default]\n" KEYS "aws_session_token = a\x01z\n", "default", GH_AWS_PROFILE_UNUSABLE, NULL},
};

static void test_profiles(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        gh_aws_credentials c;
        const char *why = NULL;
        enum gh_aws_profile result =
            gh_aws_read_profile(gh_str_of(rows[i].text), gh_str_of(rows[i].profile), &c, &why);
        if (result != rows[i].result)
            fail_msg("%s: %d", rows[i].text, (int)result);
        if (result == GH_AWS_PROFILE_UNUSABLE)
            assert_non_null(why);
        if (result != GH_AWS_PROFILE_FOUND)
            continue;
        assert_true(gh_str_eq(c.access_key_id, GH_STR("AKID")));
        assert_true(gh_str_eq(c.secret_access_key, GH_STR("se/cr+et=")));
        assert_true(gh_str_eq(c.session_token, gh_str_of(rows[i].token)));
        assert_int_equal(c.expires_s, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_profiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
