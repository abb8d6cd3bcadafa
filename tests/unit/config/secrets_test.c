/* Secret settings: where their values may be kept, how they are got from there, and that nothing shows them. */
#include "load_helper.h"

#include <stdlib.h>

#define UP "upstreams: [{name: a, servers: [http://a:1]}]\n"
#define PROD UP "profile: production\nhosts: {allowed: [api.example.com]}\n"
#define KEY "4d9f2c81b7e6350a4d9f2c81b7e6350a"
#define OLD "9c1e5a7033d84bf29c1e5a7033d84bf2"

/* What the host answers; every question is written down. */
struct host {
    const char *file, *aws, *previous; /* NULL: can't be read; previous: absent */
    size_t aws_n;                      /* 0: to its NUL */
    bool binary, later;
    const char *warning;
    char asked[512];
    gh_str region;
};

static bool answer(void *data, const gh_config *config, const gh_secret_reference *what, gh_arena *arena,
                   gh_secret_text *ret)
{
    struct host *h = data;
    gh_buf b = gh_buf_over(h->asked, sizeof h->asked - 1);
    b.n = strlen(h->asked);
    gh_buf_printf(&b, "%s:%.*s%s%.*s%s ", what->kind == GH_SECRET_FILE ? "file" : "aws", (int)what->name.n,
                  what->name.p, what->key.p == NULL ? "" : "#", (int)what->key.n,
                  what->key.p == NULL ? "" : what->key.p, what->previous ? "(previous)" : "");
    h->asked[b.n] = '\0';
    h->region = config->secrets.aws.region;
    const char *text = what->kind == GH_SECRET_FILE ? h->file : what->previous ? h->previous : h->aws;
    ret->later = h->later;
    ret->binary = h->binary;
    if (h->warning != NULL)
        memcpy(ret->why, h->warning, strlen(h->warning) + 1);
    if (text == NULL && !what->previous && !h->later) {
        memcpy(ret->why, "AccessDenied", sizeof "AccessDenied");
        return false;
    }
    if (text != NULL)
        ret->text = gh_arena_copy(arena, (gh_str){text, h->aws_n > 0 ? h->aws_n : strlen(text)});
    return true;
}

static given asks(struct host *h, const char *yaml, const char *variable)
{
    return (given){.yaml = yaml, .environment = {variable}, .read_secret = answer, .read_secret_data = h};
}

static void expect_key(struct host *h, const char *yaml, const char *variable, const char *value,
                       const char *asked)
{
    given g = asks(h, yaml, variable);
    h->asked[0] = '\0';
    loaded *l = expect_clean(&g);
    if (value == NULL)
        assert_null(l->config->secret_key.p);
    else /* as every text of a configuration, with a NUL behind it: libpq is handed its password as it is */
        assert_string_equal(l->config->secret_key.p, value);
    assert_string_equal(h->asked, asked);
    unload(l);
}

static void expect_said(struct host *h, const char *yaml, const char *variable, const char *report)
{
    given g = asks(h, yaml, variable);
    h->asked[0] = '\0';
    expect_report(&g, report);
}

static void test_places(void **state)
{
    struct host h = {.file = KEY "\n", .aws = KEY};
    (void)state;
    expect_key(&h, UP, "SECRET_KEY_FILE=/s/key", KEY, "file:/s/key ");
    expect_key(&h, UP, "GATEHOUSE_SECRET_KEY_FILE=/s/key", KEY, "file:/s/key ");
    expect_key(&h, UP, "SECRET_KEY=file:/s/key", KEY, "file:/s/key ");
    expect_key(&h, UP "secret_key: file:/s/key\n", NULL, KEY, "file:/s/key ");
    expect_key(&h, UP "secret_key: aws:prod/gatehouse\n", NULL, KEY,
               "aws:prod/gatehouse aws:prod/gatehouse(previous) ");
    expect_key(&h, UP, "SECRET_KEY=aws:a#secret key", KEY, "aws:a#secret key aws:a#secret key(previous) ");
    expect_key(&h, UP, "SECRET_KEY=aws:arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf#k", KEY,
               "aws:arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf#k "
               "aws:arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf#k(previous) ");
    expect_key(&h, UP, "SECRET_KEY=" KEY, KEY, "");
    expect_key(&h, UP, NULL, NULL, "");
}

/* Only what counts in the end is looked at: an earlier source may name a file that is not here. */
static void test_later_sources_win(void **state)
{
    struct host h = {.file = KEY, .aws = OLD};
    (void)state;
    expect_key(&h, UP "secret_key: aws:a\n", "SECRET_KEY_FILE=/s/key", KEY, "file:/s/key ");
    expect_key(&h, UP "secret_key: file:/s/key\n", "SECRET_KEY=" OLD, OLD, "");
    expect_key(&h, UP "secret_key: " OLD "\n", "SECRET_KEY=file:/s/key", KEY, "file:/s/key ");
}

static void test_texts(void **state)
{
    static const struct {
        const char *file, *value;
    } rows[] = {
        {KEY, KEY},
        {KEY "\n", KEY},
        {KEY "\r\n", KEY},
        {KEY "\n\n", KEY "\n"},
        {" " KEY " \n", " " KEY " "},
        {"file:/x" KEY, "file:/x" KEY},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        struct host h = {.file = rows[i].file};
        expect_key(&h, UP, "SECRET_KEY_FILE=/s/key", rows[i].value, "file:/s/key ");
    }
    /* A secret of AWS is its bytes: nothing is cut off. */
    struct host h = {.aws = KEY "\n", .previous = NULL};
    expect_key(&h, UP, "SECRET_KEY=aws:a", KEY "\n", "aws:a aws:a(previous) ");
}

static void test_refused(void **state)
{
    static const char lengths[] = "must have 32 to 4096 bytes, not 5; make one with: openssl rand -hex 32\n";
    static const char nul[] = KEY "\0more";
    struct host none = {0}, small = {.file = "short", .aws = "short"},
                bytes = {.aws = nul, .aws_n = sizeof nul - 1};
    char report[256];
    (void)state;
    expect_said(&none, UP, "SECRET_KEY_FILE=/s/key",
                "environment: error: SECRET_KEY_FILE: \"/s/key\" cannot be read: AccessDenied\n");
    expect_said(&none, UP "secret_key: aws:a#b\n", NULL,
                "g.yaml:2:13: error: secret_key: aws:a cannot be read: AccessDenied\n");
    gh_buf b = gh_buf_over(report, sizeof report - 1);
    gh_buf_printf(&b, "environment: error: SECRET_KEY_FILE: %s", lengths);
    report[b.n] = '\0';
    expect_said(&small, UP, "SECRET_KEY_FILE=/s/key", report);
    b.n = 0;
    gh_buf_printf(&b, "environment: error: SECRET_KEY (secret_key): %s", lengths);
    report[b.n] = '\0';
    expect_said(&small, UP, "SECRET_KEY=aws:a", report);
    expect_said(&bytes, UP, "SECRET_KEY=aws:a",
                "environment: error: SECRET_KEY (secret_key): is not text: it holds a NUL byte\n");
    bytes.binary = true; /* SecretBinary: bytes are what it is for */
    given g = asks(&bytes, UP, "SECRET_KEY=aws:a");
    loaded *l = expect_clean(&g);
    assert_int_equal(l->config->secret_key.n, sizeof nul - 1);
    unload(l);
}

static void test_names_that_are_none(void **state)
{
    static const struct {
        const char *value, *why;
    } rows[] = {
        {"aws:", "aws: names no secret: write aws:NAME, aws:ARN or aws:NAME#member"},
        {"aws:#a", "aws: names no secret: write aws:NAME, aws:ARN or aws:NAME#member"},
        {"aws:a b", "aws: names no secret: write aws:NAME, aws:ARN or aws:NAME#member"},
        {"aws:a\"b", "aws: names no secret: write aws:NAME, aws:ARN or aws:NAME#member"},
        {"aws:a#", "names no member of the secret's JSON object behind its \"#\""},
        {"file:", "file: names no file: write file:/run/secrets/name"},
    };
    struct host h = {.file = KEY, .aws = KEY};
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char variable[64], report[256];
        gh_buf v = gh_buf_over(variable, sizeof variable - 1), r = gh_buf_over(report, sizeof report - 1);
        gh_buf_printf(&v, "SECRET_KEY=%s", rows[i].value);
        gh_buf_printf(&r, "environment: error: SECRET_KEY (secret_key): %s\n", rows[i].why);
        variable[v.n] = report[r.n] = '\0';
        expect_said(&h, UP, variable, report);
        assert_string_equal(h.asked, "");
    }
    expect_said(
        &h, UP, "AWS_SECRET_ACCESS_KEY=aws:a",
        "environment: error: AWS_SECRET_ACCESS_KEY (secrets.aws.secret_access_key): is what opens AWS Secrets "
        "Manager, and can't be kept in it\n");
}

/* What was typed in the place of a path, or without a space behind a colon, may be the secret. */
static void test_nothing_is_shown(void **state)
{
    struct host none = {0};
    (void)state;
    expect_said(
        &none, UP, "SECRET_KEY_FILE=" KEY,
        "environment: error: SECRET_KEY_FILE: the file it names (which is no path that begins with / or ./) cannot "
        "be read: AccessDenied\n");
    expect_said(
        &none, UP "secrets:\n  aws:\n    secret_access_key:" KEY "\n", NULL,
        "g.yaml:4:5: error: secrets.aws: must be a mapping with keys and values, not \"secret_access_key:\"; a space "
        "belongs behind the colon\n");
    expect_said(
        &none, UP, "SECRET_KEY=\"short",
        "environment: error: SECRET_KEY (secret_key): must have 32 to 4096 bytes, not 6; make one with: openssl rand "
        "-hex 32\n");
}

static void test_warnings(void **state)
{
    struct host h = {.file = KEY, .warning = "everybody on this machine may read it"};
    (void)state;
    expect_said(&h, UP, "SECRET_KEY_FILE=/s/key",
                "environment: warning: SECRET_KEY_FILE: \"/s/key\": everybody on this machine may read it\n");
}

/* `check` does not ask AWS: then the setting counts as set, and this is said. */
static void test_later(void **state)
{
    struct host h = {.later = true};
    given g = {.yaml = PROD
               "data: {folder: /d}\nidentity: {enabled: on, deny_by_default: on}\nsecret_key: aws:a#k\n",
               .read_secret = answer,
               .read_secret_data = &h};
    (void)state;
    loaded *l = load_given(&g);
    assert_string_equal(
        l->text,
        "g.yaml:6:13: warning: secret_key: aws:a is got when Gatehouse starts; it was not checked\n");
    assert_non_null(l->config);
    assert_true(l->config->secrets_later);
    assert_null(l->config->secret_key.p);
    unload(l);
}

/* Likewise for all that hangs on a secret being set. */
static void test_later_of_others(void **state)
{
    struct host h = {.later = true};
    (void)state;
    expect_said(
        &h,
        UP "identity: {enabled: on, deny_by_default: on}\nsecret_key: aws:a\n"
           "redis: {url: \"aws:r\", password: \"aws:p\"}\npostgresql: {url: \"aws:d\", timeout: 3s}\n",
        "SECRET_KEY_PREVIOUS=" OLD,
        "g.yaml:3:13: warning: secret_key: aws:a is got when Gatehouse starts; it was not checked\n"
        "g.yaml:4:14: warning: redis.url: aws:r is got when Gatehouse starts; it was not checked\n"
        "g.yaml:4:33: warning: redis.password: aws:p is got when Gatehouse starts; it was not checked\n"
        "g.yaml:5:19: warning: postgresql.url: aws:d is got when Gatehouse starts; it was not checked\n");
}

static void test_previous(void **state)
{
    static const struct {
        const char *previous, *value, *warning;
    } rows[] = {
        {OLD, OLD, ""},
        {NULL, NULL, ""},
        {KEY, NULL, ""}, /* another member of the secret has changed */
        {"placeholder", NULL,
         "environment: warning: SECRET_KEY (secret_key): the version before (AWSPREVIOUS) has 11 bytes and is passed over\n"},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        struct host h = {.aws = KEY, .previous = rows[i].previous};
        given g = asks(&h, UP, "SECRET_KEY=aws:a");
        loaded *l = load_given(&g);
        assert_string_equal(l->text, rows[i].warning);
        expect_str(l->config->secret_key, KEY);
        if (rows[i].value == NULL)
            assert_null(l->config->secret_key_previous.p);
        else
            expect_str(l->config->secret_key_previous, rows[i].value);
        unload(l);
    }
}

/* AWS is asked behind all other sources: with the region that counts, and with credentials that are in files. */
static void test_what_aws_needs(void **state)
{
    struct host h = {.file = "filed", .aws = KEY};
    (void)state;
    given g = {.yaml = UP "secret_key: aws:a\n",
               .environment = {"AWS_SECRET_ACCESS_KEY_FILE=/s/aws", "AWS_ACCESS_KEY_ID=AKID",
                               "AWS_REGION=eu-west-1"},
               .read_secret = answer,
               .read_secret_data = &h};
    loaded *l = expect_clean(&g);
    assert_string_equal(h.asked, "file:/s/aws aws:a aws:a(previous) ");
    expect_str(h.region, "eu-west-1");
    expect_str(l->config->secrets.aws.secret_access_key, "filed");
    expect_str(l->config->secrets.aws.access_key_id, "AKID");
    unload(l);
}

/* Names that other programs read as well: two that differ are no error, and an empty one is not set. */
static void test_names_in_order(void **state)
{
    static const struct {
        const char *variables[3], *region;
    } rows[] = {
        {{"AWS_REGION=a", "AWS_DEFAULT_REGION=b"}, "a"},
        {{"AWS_DEFAULT_REGION=b", "AWS_REGION=a"}, "a"},
        {{"AWS_REGION=", "AWS_DEFAULT_REGION=b"}, "b"},
        {{"AWS_DEFAULT_REGION=b", "AWS_REGION="}, "b"},
        {{"AWS_DEFAULT_REGION=b", "AWS_REGION=a", "GATEHOUSE_SECRETS_AWS_REGION=c"}, "c"},
        {{"GATEHOUSE_SECRETS_AWS_REGION=c", "AWS_DEFAULT_REGION=b", "AWS_REGION=a"}, "c"},
        {{"AWS_REGION=", "AWS_DEFAULT_REGION="}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        const char *const *v = rows[i].variables;
        loaded *l = expect_clean(&(given){.yaml = UP, .environment = {v[0], v[1], v[2]}});
        if (rows[i].region == NULL)
            assert_null(l->config->secrets.aws.region.p);
        else
            expect_str(l->config->secrets.aws.region, rows[i].region);
        unload(l);
    }
    loaded *l =
        expect_clean(&(given){.yaml = UP, .environment = {"AWS_SESSION_TOKEN=", "AWS_ACCESS_KEY_ID="}});
    assert_null(l->config->secrets.aws.session_token.p);
    unload(l);
}

/* A configuration with an error asks nobody: where AWS is may be what is wrong. Nor does it say that the secret is missing. */
static void test_wrong_elsewhere(void **state)
{
    struct host h = {.file = KEY, .aws = KEY};
    (void)state;
    expect_said(
        &h,
        PROD
        "data: {folder: /d}\nidentity: {enabled: on, deny_by_default: on}\nsecret_key: aws:a\nsecrets: {aws: {endpoint: "
        "\"http://x.example\"}}\n",
        NULL,
        "g.yaml:7:27: error: secrets.aws.endpoint: \"http://x.example\" is reached without TLS: write https:// (http:// "
        "goes to this machine alone)\n");
    assert_string_equal(h.asked, "");
}

static void test_yaml_in_production(void **state)
{
    struct host h = {.file = KEY, .aws = KEY};
    (void)state;
    expect_key(&h, PROD "secret_key: file:/s/key\n", NULL, KEY, "file:/s/key ");
    expect_key(&h, PROD "secret_key: aws:a\n", NULL, KEY, "aws:a aws:a(previous) ");
    expect_said(
        &h, PROD "secrets: {aws: {secret_access_key: x}}\n", NULL,
        "g.yaml:4:17: error: secrets.aws.secret_access_key: production takes it from AWS_SECRET_ACCESS_KEY, "
        "AWS_SECRET_ACCESS_KEY_FILE or a .env file, or from where file:PATH or aws:NAME says: this file is copied and "
        "shown; remove it here, and make a new one\n");
    /* It is in the file all the same. */
    expect_said(
        &h, PROD "secret_key: " KEY "\n", "SECRET_KEY=" OLD,
        "g.yaml:4:1: error: secret_key: production takes it from SECRET_KEY, SECRET_KEY_FILE or a .env file, or from "
        "where file:PATH or aws:NAME says: this file is copied and shown; remove it here, and make a new one\n");
}

/* A URL is a secret for the sake of the password in it. */
static void test_urls(void **state)
{
    static const struct {
        const char *url;
        bool refused;
    } rows[] = {
        {"redis://cache.example:6379/0", false},
        {"redis://app@cache.example:6379/0", false},
        {"rediss://cache.example", false},
        {"unix:///run/redis.sock?db=1", false},
        {"redis://cache.example:6379/0?x=a@b", false},
        {"redis://:pw@cache.example:6379/0", true},
        {"redis://app:pw@cache.example", true},
        {"redis://app:p/w@cache.example", true},
        {"redis://app:p?w@cache.example/0", true},
        {"redis://cache.example?PASSWORD=pw", true},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char yaml[256];
        gh_buf b = gh_buf_over(yaml, sizeof yaml - 1);
        gh_buf_printf(&b, PROD "redis: {url: \"%s\"}\n", rows[i].url);
        yaml[b.n] = '\0';
        loaded *l = load_given(&(given){.yaml = yaml});
        bool refused = strstr(l->text, "redis.url: production takes it from") != NULL;
        if (refused != rows[i].refused)
            fail_msg("%s: %s", rows[i].url, l->text);
        assert_null(strstr(l->text, "pw@"));
        unload(l);
    }
}

static void test_endpoint(void **state)
{
    static const struct {
        const char *value, *kept; /* NULL: refused */
    } rows[] = {
        {"https://vpce-1.secretsmanager.eu-west-1.vpce.amazonaws.com",
         "https://vpce-1.secretsmanager.eu-west-1.vpce.amazonaws.com"},
        {"https://aws.example:8443/", "https://aws.example:8443"},
        {"https://aws.example:443", "https://aws.example"},
        {"http://localhost:4566", "http://localhost:4566"},
        {"http://127.0.0.1:4566", "http://127.0.0.1:4566"},
        {"http://[::1]:4566", "http://[::1]:4566"},
        {"http://aws.example", NULL},
        {"http://127.evil.example", NULL},
        {"http://localhost.evil.example", NULL},
        {"http://127.0.0.1.evil.example", NULL},
        {"http://10.0.0.1", NULL},
        {"ftp://127.0.0.1", NULL},
        {"https://aws.example/path", NULL},
        {"https://user@aws.example", NULL},
        {"aws.example", NULL},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(rows); i++) {
        char variable[128];
        gh_buf v = gh_buf_over(variable, sizeof variable - 1);
        gh_buf_printf(&v, "GATEHOUSE_SECRETS_AWS_ENDPOINT=%s", rows[i].value);
        variable[v.n] = '\0';
        loaded *l = load_given(&(given){.yaml = UP, .environment = {variable}});
        assert_true((l->config == NULL) == (rows[i].kept == NULL));
        if (rows[i].kept != NULL)
            expect_str(l->config->secrets.aws.endpoint, rows[i].kept);
        unload(l);
    }
}

/* A secret in memory of the caller's own kind: all that is got there is given back. */
static size_t got, given_back;

static void *get(size_t size)
{
    got += size;
    return malloc(size);
}

static void give(void *p, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (i >= 16 && ((const char *)p)[i] != '\0')
            fail_msg("a byte is left at %zu", i);
    given_back += size;
    free(p);
}

static void test_memory(void **state)
{
    static const gh_arena_source source = {get, give};
    const gh_config_source yaml = {GH_SOURCE_YAML, "g.yaml", GH_STR(UP "secret_key: " KEY "\n")};
    const gh_config_input in = {.sources = &yaml, .n_sources = 1, .secret_source = &source};
    gh_report report;
    (void)state;
    gh_report_init(&report);
    gh_config *config = gh_config_load(&in, &report);
    assert_non_null(config);
    expect_str(config->secret_key, KEY);
    assert_true(got > 0 && given_back == 0);
    gh_config_free(config);
    assert_int_equal(got, given_back);
    gh_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_later_sources_win),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names_that_are_none),
        cmocka_unit_test(test_nothing_is_shown),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_later),
        cmocka_unit_test(test_later_of_others),
        cmocka_unit_test(test_previous),
        cmocka_unit_test(test_what_aws_needs),
        cmocka_unit_test(test_names_in_order),
        cmocka_unit_test(test_wrong_elsewhere),
        cmocka_unit_test(test_yaml_in_production),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_endpoint),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
