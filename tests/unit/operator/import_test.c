#include "operator/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static gh_identity_policy policy;

static int make_policy(void **state)
{
    (void)state;
    static const char *const names[] = {"user", "premium", "admin"};
    for (size_t i = 0; i < GH_COUNT(names); i++)
        policy.roles[policy.n_roles++].name = gh_str_of(names[i]);
    policy.new_user_roles = GH_STR("user");
    policy.new_user_tier = GH_STR("free");
    return 0;
}

#define BCRYPT "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

static bool same(gh_str got, const char *want)
{
    return want == NULL ? got.p == NULL : gh_str_eq(got, gh_str_of(want));
}

static void good_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line, *name, *email, *hash, *roles, *tier;
        bool disabled;
        uint64_t created_s;
    } rows[] = {
        {"{\"username\":\"Alice\"}", "alice", NULL, NULL, "user", "free", false, 0},
        {" {\"username\":\"bob\",\"email\":\"Bob@Example.COM\",\"password_hash\":\"" BCRYPT
         "\",\"roles\":[\"admin\","
         "\"premium\",\"admin\"],\"tier\":\"gold\",\"disabled\":true,\"created_at\":\"2026-11-28T13:01:59Z\"} ",
         "bob", "bob@example.com", BCRYPT, "admin premium", "gold", true, 1795870919},
        {"{\"username\":\"c@d.example\",\"created_at\":1795870919,\"roles\":[]}", "c@d.example", NULL, NULL,
         "", "free", false, 1795870919},
        {"{\"username\":\"\\u0064an\",\"email\":null,\"password_hash\":null,\"roles\":null,\"tier\":null,"
         "\"disabled\":null,\"created_at\":null}",
         "dan", NULL, NULL, "user", NULL, false, 0},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char memory[GH_IMPORT_WHY];
        gh_buf why = gh_buf_over(memory, sizeof memory);
        gh_import_user u;
        gh_arena arena;
        gh_arena_init(&arena, NULL, 0, 1 << 20);
        if (!gh_import_read(gh_str_of(rows[i].line), &policy, &arena, &u, &why))
            fail_msg("row %zu: %.*s", i, (int)why.n, why.p);
        if (!same(u.name, rows[i].name) || !same(u.email, rows[i].email) || !same(u.hash, rows[i].hash) ||
            !same(u.roles, rows[i].roles) || !same(u.tier, rows[i].tier))
            fail_msg("row %zu", i);
        assert_int_equal(u.disabled, rows[i].disabled);
        assert_int_equal(u.created_s, rows[i].created_s);
        gh_arena_reset(&arena);
    }
}

static void bad_lines_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *line, *why;
    } rows[] = {
        {"", "not JSON"},
        {"nonsense", "not JSON"},
        {"[]", "not a JSON object"},
        {"\"a\"", "not a JSON object"},
        {"{}", "username is missing"},
        {"{\"username\":null}", "username is missing"},
        {"{\"username\":\"a\",\"username\":\"b\"}", "twice"},
        {"{\"username\":1}", "the member \"username\" is not a text"},
        {"{\"username\":\"\"}", "is empty"},
        {"{\"username\":\"-a\"}", "does not begin with a letter or digit"},
        {"{\"username\":\"a b\"}", "has other characters"},
        {"{\"username\":\"a\\u001b[2J\"}", "the username \"a\\u001b[2J\" has other characters"},
        {"{\"username\":\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\"}", "64 bytes"},
        {"{\"username\":\"a\",\"email\":\"nobody\"}", "the email \"nobody\" is not an e-mail address"},
        {"{\"username\":\"a\",\"pasword_hash\":\"x\"}", "did you mean password_hash?"},
        {"{\"username\":\"a\",\"password\":\"secret\"}", "the member \"password\" is not known"},
        {"{\"username\":\"a\",\"password_hash\":\"secret\"}", "password_hash: "},
        {"{\"username\":\"a\",\"roles\":\"user\"}", "roles is not a list"},
        {"{\"username\":\"a\",\"roles\":[1]}", "not a text"},
        {"{\"username\":\"a\",\"roles\":[\"amdin\"]}", "there is no role \"amdin\"; did you mean admin?"},
        {"{\"username\":\"a\",\"roles\":[\"zzzzzz\"]}", "there is no role \"zzzzzz\""},
        {"{\"username\":\"a\",\"tier\":\"a b\"}", "the tier \"a b\""},
        {"{\"username\":\"a\",\"disabled\":\"yes\"}", "disabled is neither true nor false"},
        {"{\"username\":\"a\",\"disabled\":1}", "disabled is neither true nor false"},
        {"{\"username\":\"a\",\"created_at\":\"yesterday\"}", "created_at is no moment"},
        {"{\"username\":\"a\",\"created_at\":1.5}", "created_at is no moment"},
        {"{\"username\":\"a\",\"created_at\":-1}", "created_at is no moment"},
        {"{\"username\":\"a\",\"created_at\":99999999999999}", "created_at is no moment"},
        {"{\"username\":\"a\"} {\"username\":\"b\"}", "not JSON"},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char memory[GH_IMPORT_WHY + 1];
        gh_buf why = gh_buf_over(memory, GH_IMPORT_WHY);
        gh_import_user u;
        gh_arena arena;
        gh_arena_init(&arena, NULL, 0, 1 << 20);
        if (gh_import_read(gh_str_of(rows[i].line), &policy, &arena, &u, &why))
            fail_msg("row %zu was read", i);
        memory[why.n] = '\0';
        if (strstr(memory, rows[i].why) == NULL)
            fail_msg("row %zu: %s", i, memory);
        if (strstr(rows[i].line, "secret") != NULL)
            assert_null(strstr(memory, "secret")); /* what may be a password is not shown */
        gh_arena_reset(&arena);
    }
}

static void lines_have_a_bound(void **state)
{
    (void)state;
    static char line[GH_IMPORT_LINE_MAX + 2];
    char memory[GH_IMPORT_WHY];
    gh_buf why = gh_buf_over(memory, sizeof memory);
    gh_import_user u;
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, 1 << 20);
    memset(line, ' ', sizeof line);
    memcpy(line, "{\"username\":\"a\"}", 16);
    assert_true(gh_import_read((gh_str){line, GH_IMPORT_LINE_MAX}, &policy, &arena, &u, &why));
    assert_false(gh_import_read((gh_str){line, GH_IMPORT_LINE_MAX + 1}, &policy, &arena, &u, &why));
    assert_true(gh_str_eq(gh_buf_str(&why), GH_STR("the line is longer than 16 KiB")));
    gh_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_lines),
        cmocka_unit_test(bad_lines_say_why),
        cmocka_unit_test(lines_have_a_bound),
    };
    return cmocka_run_group_tests(tests, make_policy, NULL);
}
