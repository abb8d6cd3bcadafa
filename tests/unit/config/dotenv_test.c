/* .env files: what is read from them, and what is refused where. */
#include "load_helper.h"

#include "config/load.h"

static const struct {
    const char *text, *name, *value; /* value NULL: nothing is read */
} values[] = {
    {"A=b", "A", "b"},
    {"A=b\n", "A", "b"},
    {"A=b\r\n", "A", "b"},
    {"  A = b c \t\n", "A", "b c"},
    {"export A=b\n", "A", "b"},
    {"export=b\n", "export", "b"},
    {"export =b\n", "export", "b"},
    {"A=\n", "A", ""},
    {"A=\"\"\n", "A", ""},
    {"A=b # c\n", "A", "b"},
    {"A=b#c\n", "A", "b#c"},
    {"A= # c\n", "A", ""},
    {"A=#c\n", "A", "#c"},
    {"A=\"b # c\" # d\n", "A", "b # c"},
    {"A='b # c'# d\n", "A", "b # c"},
    {"A=\"a\\nb\\\"c\\\\d\\te\"\n", "A", "a\nb\"c\\d\\te"},
    {"A='a\\nb'\n", "A", "a\\nb"},
    {"A='a\"b'\n", "A", "a\"b"},
    {"A=\"a\nb\"\n", "A", "a\nb"},
    {"A=$B${C}\n", "A", "$B${C}"},
    {"A=\"$B\"\n", "A", "$B"},
    {"A=b=c==\n", "A", "b=c=="},
    {"A=it's\n", "A", "it's"},
    {"\xef\xbb\xbf"
     "A=b\n",
     "A", "b"},
    {"my.name-1=b\n", "my.name-1", "b"},
    {"# A=b\n\n \t\r\n", NULL, NULL},
    {"", NULL, NULL},
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(values); i++) {
        gh_report report;
        gh_named_values got = {0};
        gh_report_init(&report);
        gh_load l = {.report = &report};
        gh_arena_init(&l.scratch, NULL, 0, 1 << 20);
        gh_dotenv_read(&l, ".env", gh_str_of(values[i].text), &got);
        assert_int_equal(report.n, 0);
        assert_int_equal(got.n, values[i].name == NULL ? 0 : 1);
        if (values[i].name != NULL) {
            expect_str(got.items[0].name, values[i].name);
            expect_str(got.items[0].value, values[i].value);
        }
        gh_arena_reset(&l.scratch);
        gh_report_free(&report);
    }
}

static const struct {
    const char *text, *report;
} refused[] = {
    {"A\n", ".env:1:2: error: \"=\" must stand here, as in NAME=value\n"},
    {"A B=c\n", ".env:1:3: error: \"=\" must stand here, as in NAME=value\n"},
    {"\n=b\n", ".env:2:1: error: a name must stand here, as in NAME=value\n"},
    {"1A=b\n", ".env:1:1: error: a name must stand here, as in NAME=value\n"},
    {"- A=b\n", ".env:1:1: error: a name must stand here, as in NAME=value\n"},
    {"A=\"b\nC=d\n", ".env:1:3: error: a quote is opened here and never closed\n"},
    {"A=\"b\" c\n", ".env:1:7: error: something stands behind the closing quote\n"},
    {"A=\"x\ny\" z\nB\n", ".env:2:4: error: something stands behind the closing quote\n"
                          ".env:3:2: error: \"=\" must stand here, as in NAME=value\n"},
    {"GATEHOUSE_SERVER_WORKER=1\n",
     ".env:1:1: error: unknown name \"GATEHOUSE_SERVER_WORKER\" (did you mean GATEHOUSE_SERVER_WORKERS?); names that begin "
     "with GATEHOUSE_ are Gatehouse's own\n"},
    {"DATABASE_URL=x\nGATEHOUSE_X=1\n",
     ".env:2:1: error: unknown name \"GATEHOUSE_X\"; names that begin with GATEHOUSE_ are Gatehouse's own\n"},
    {"# c\n  export RATE_LIMIT_ENABLED=maybe\n",
     ".env:2:10: error: RATE_LIMIT_ENABLED (rate_limits.enabled): \"maybe\" is neither on nor off\n"},
    {"RATE_LIMIT_PER_MINUTE=\n",
     ".env:1:1: error: RATE_LIMIT_PER_MINUTE (rate_limits.default.requests): is empty; give it a "
     "value, or remove it to have the default\n"},
    {"RATE_LIMIT_WINDOW_SECONDS=0\n",
     ".env:1:1: error: RATE_LIMIT_WINDOW_SECONDS (rate_limits.default.window): \"0\" is out of "
     "range: it must be 1s to 31d\n"},
    {"TRUSTED_PROXIES=10.0.0.0/8,0.0.0.0/0\n",
     ".env:1:1: error: TRUSTED_PROXIES (client_address.trusted_proxies): \"0.0.0.0/0\" is every address there is; name the "
     "networks that are meant\n"},
    {"ALLOWED_HOSTS=\n",
     ".env:1:1: error: ALLOWED_HOSTS (hosts.allowed): must have 1 to 4096 items, not 0\n"},
    {"RATE_LIMIT_PER_MINUTE=30\nRATE_LIMIT_REQUESTS_PER_MINUTE=60\n",
     ".env:2:1: error: RATE_LIMIT_REQUESTS_PER_MINUTE and RATE_LIMIT_PER_MINUTE on line 1 both set "
     "rate_limits.default.requests, but not alike; keep one of them\n"},
    {"CORS_ENABLED=off\nCORS_ENABLED=on\n",
     ".env:2:1: error: CORS_ENABLED and CORS_ENABLED on line 1 both set cors.enabled, but not alike; keep one of them\n"},
    {"SECRET_KEY=1f2e3d4c5b6a79881f2e3d4c5b6a7988f0\nSECRET_KEY_FILE=/run/secrets/key\n",
     ".env:2:1: error: SECRET_KEY_FILE and SECRET_KEY on line 1 both set secret_key, but not alike; keep one of them\n"},
    {"SECRET_KEY_FILE=/nowhere\n",
     ".env:1:1: error: SECRET_KEY_FILE: \"/nowhere\" cannot be read: No such file or directory\n"},
    {"SECRET_KEY=short\n",
     ".env:1:1: error: SECRET_KEY (secret_key): must have 32 to 4096 bytes, not 5; make one with: openssl "
     "rand -hex 32\n"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < GH_COUNT(refused); i++)
        expect_report(&(given){.dotenv = refused[i].text, .upstream = "http://a"}, refused[i].report);
}

/* A .env file as web applications come with it. */
static void test_an_applications_file(void **state)
{
    loaded *l = expect_clean(
        &(given){.upstream = "http://a",
                 .dotenv = "# Security\n"
                           "SECRET_KEY=\"1f2e3d4c5b6a79881f2e3d4c5b6a7988f0\"\n"
                           "DATABASE_URL=postgresql://u:p@db/app\n"
                           "RATE_LIMIT_ENABLED=True\n"
                           "RATE_LIMIT_REQUESTS_PER_MINUTE=120\n"
                           "RATE_LIMIT_WINDOW_SECONDS=60\n"
                           "SECURE_HEADERS=true\n"
                           "CORS_ENABLED=1\n"
                           "ALLOWED_ORIGINS=[\"http://localhost:3000\", \"https://App.example.com:443\"]\n"
                           "ALLOWED_HOSTS=localhost, api.example.com, [::1],\n"
                           "TRUSTED_PROXIES=10.0.0.0/8,::1\n"});
    const gh_config *c = l->config;
    (void)state;
    assert_int_equal(c->rate_limits.enabled, GH_ON);
    assert_int_equal(c->rate_limits.default_requests, 120);
    assert_int_equal(c->rate_limits.default_window, 60000);
    assert_int_equal(c->headers.enabled, GH_ON);
    assert_int_equal(c->cors.enabled, GH_ON);
    assert_int_equal(c->cors.origins.n, 2);
    expect_str(c->cors.origins.items[0], "http://localhost:3000");
    expect_str(c->cors.origins.items[1], "https://app.example.com");
    assert_int_equal(c->hosts.allowed.n, 3);
    expect_str(c->hosts.allowed.items[2], "[::1]");
    assert_int_equal(c->client_address.trusted_proxies.n, 2);
    assert_int_equal(c->client_address.trusted_proxies.items[0].prefix, 8);
    assert_int_equal(c->client_address.trusted_proxies.items[1].base.family, 6);
    expect_str(c->secret_key, "1f2e3d4c5b6a79881f2e3d4c5b6a7988f0");
    unload(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_an_applications_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
