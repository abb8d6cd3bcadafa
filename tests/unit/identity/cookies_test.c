#include "identity/cookies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "identity.h"
#include "identity/csrf_token.h"

/* Each value found, with "|" behind it; stops at "stop". */
static bool note(void *data, gh_str value)
{
    gh_buf *out = data;
    gh_buf_put(out, value);
    gh_buf_char(out, '|');
    return gh_str_eq(value, GH_STR("stop"));
}

static void expect(const char *const *values, unsigned n, const char *found, bool said)
{
    gh_field fields[4];
    char memory[256];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    for (unsigned i = 0; i < n; i++)
        fields[i] = (gh_field){GH_STR("Cookie"), gh_str_of(values[i]), GH_FIELD_COOKIE};
    gh_request request = {.fields = fields, .n_fields = n, .seen = GH_FIELD_BIT(GH_FIELD_COOKIE)};
    assert_int_equal(gh_cookies_find(&request, GH_STR("__Host-session"), note, &out), said);
    gh_buf_char(&out, '\0');
    assert_true(gh_buf_ok(&out));
    assert_string_equal(memory, found);
}

static void every_cookie_of_the_name_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *value, *found;
    } rows[] = {
        {"__Host-session=a", "a|"},
        {"__Host-session=a; other=b", "a|"},
        {"other=b; __Host-session=a", "a|"},
        {"other=b;__Host-session=a;", "a|"},
        {"__Host-session=a; __Host-session=b", "a|b|"},
        {"__Host-session=", "|"},
        {"__Host-session = a", "a|"},
        {" \t__Host-session=a \t", "a|"},
        {"__Host-session=a=b=", "a=b=|"},
        {"__Host-session=\"a\"", "\"a\"|"},
        {"__Host-session=a, __Host-session=b", "a, __Host-session=b|"},
        /* other names */
        {"", ""},
        {";;;", ""},
        {"__Host-session", ""},
        {"=__Host-session=a", ""},
        {"__host-session=a", ""},
        {"__Host-Session=a", ""},
        {"x__Host-session=a", ""},
        {"__Host-session2=a", ""},
        {"__Host-session%20=a", ""},
        {"\xc2\xa0__Host-session=a", ""},
        {"a=b=__Host-session=c", ""},
        {"a=\"b; c\"", ""},
    };
    for (size_t i = 0; i < GH_COUNT(rows); i++)
        expect(&rows[i].value, 1, rows[i].found, false);
}

static void several_fields_are_looked_at_until_one_will_do(void **state)
{
    (void)state;
    static const char *const values[] = {"__Host-session=a; __Host-session=b", "x=y",
                                         "__Host-session=stop; __Host-session=c", "__Host-session=d"};
    expect(values, 4, "a|b|stop|", true);
    expect(values, 2, "a|b|", false);
}

static void other_fields_are_no_cookies(void **state)
{
    (void)state;
    char memory[64];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    gh_field fields[] = {{GH_STR("X-Cookie"), GH_STR("__Host-session=a"), GH_FIELD_UNKNOWN},
                         {GH_STR("Set-Cookie"), GH_STR("__Host-session=a"), GH_FIELD_SET_COOKIE}};
    gh_request request = {.fields = fields, .n_fields = 2, .seen = GH_FIELD_BIT(GH_FIELD_SET_COOKIE)};
    assert_false(gh_cookies_find(&request, GH_STR("__Host-session"), note, &out));
    assert_int_equal(out.n, 0);
}

static void expect_line(gh_str value, bool http_only, uint64_t max_age_s, const char *line)
{
    gh_identity_policy *p = calloc(1, sizeof *p);
    char memory[256];
    gh_buf out = gh_buf_over(memory, sizeof memory);
    assert_non_null(p);
    identity_cookies(p);
    gh_cookie_put(&out, p, p->session.name, value, http_only, max_age_s);
    gh_buf_char(&out, '\0');
    assert_string_equal(memory, line);
    free(p);
}

static void a_cookie_is_set_with_its_attributes(void **state)
{
    (void)state;
    expect_line(GH_STR("v"), true, 60,
                "Set-Cookie: __Host-session=v; Path=/; Secure; SameSite=Lax; HttpOnly; Max-Age=60\r\n");
    expect_line(GH_STR("v"), false, UINT64_MAX,
                "Set-Cookie: __Host-session=v; Path=/; Secure; SameSite=Lax; Max-Age=34560000\r\n");
    expect_line(GH_STR(""), true, 0,
                "Set-Cookie: __Host-session=; Path=/; Secure; SameSite=Lax; HttpOnly; Max-Age=0\r\n");
}

static void count_up(void *data, void *out, size_t n)
{
    (void)data;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)i;
}

static void a_session_comes_with_a_token_that_fits_it(void **state)
{
    (void)state;
    gh_policy *policy = calloc(1, sizeof *policy);
    gh_txn *txn = calloc(1, sizeof *txn);
    char memory[1024], csrf[GH_CSRF_TEXT];
    gh_buf out = gh_buf_over(memory, sizeof memory - 1);
    assert_true(policy != NULL && txn != NULL);
    identity_cookies(&policy->identity);
    identity_keys(&policy->identity.keys);
    txn->policy = policy;
    txn->world.random = count_up;
    gh_session_cookies_put(txn, &out, 42, GH_STR("ghs_x"), 100, csrf);
    assert_true(gh_buf_ok(&out));
    memory[out.n] = '\0';
    assert_ptr_equal(
        strstr(memory, "Set-Cookie: __Host-session=ghs_x; Path=/; Secure; SameSite=Lax; HttpOnly;"), memory);
    const char *token = strstr(memory, "Set-Cookie: __Host-csrf=");
    assert_non_null(token);
    token += strlen("Set-Cookie: __Host-csrf=");
    assert_null(strstr(token, "HttpOnly"));
    assert_memory_equal(token, csrf, sizeof csrf);
    assert_int_equal(gh_csrf_check(&policy->identity.keys, 42, (gh_str){token, GH_CSRF_TEXT}), GH_CSRF_GOOD);
    out.n = 0;
    gh_session_cookies_drop(txn, &out);
    memory[out.n] = '\0';
    assert_non_null(strstr(memory, "__Host-session=; Path=/; Secure; SameSite=Lax; HttpOnly; Max-Age=0\r\n"));
    assert_non_null(strstr(memory, "__Host-csrf=; Path=/; Secure; SameSite=Lax; Max-Age=0\r\n"));
    free(txn);
    free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cookie_of_the_name_is_found),
        cmocka_unit_test(several_fields_are_looked_at_until_one_will_do),
        cmocka_unit_test(other_fields_are_no_cookies),
        cmocka_unit_test(a_cookie_is_set_with_its_attributes),
        cmocka_unit_test(a_session_comes_with_a_token_that_fits_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
