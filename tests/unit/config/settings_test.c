/* The table itself, and every row's bounds through the whole loader. */
#include "load_helper.h"

#include <stdio.h>

#include "config/load.h"

static void test_paths_and_names_are_unique(void **state)
{
    const gh_setting *a, *b;
    char name_a[GH_SETTING_NAME_MAX], name_b[GH_SETTING_NAME_MAX];
    (void)state;
    for (unsigned i = 0; (a = gh_setting_at(i)) != NULL; i++)
        for (unsigned k = 0; k < i; k++) {
            b = gh_setting_at(k);
            assert_string_not_equal(a->path, b->path);
            if (a->part == b->part)
                assert_int_not_equal(a->at, b->at);
            for (unsigned x = 0; gh_setting_name(a, x, name_a); x++)
                for (unsigned y = 0; gh_setting_name(b, y, name_b); y++)
                    assert_string_not_equal(name_a, name_b);
        }
}

static void test_rows_are_whole(void **state)
{
    const gh_setting *s;
    (void)state;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
        size_t n = strlen(s->about);
        assert_true(n > 10 && s->about[n - 1] == '.');
        assert_true(s->type != GH_TYPE_WORD || s->words != NULL);
        assert_true(s->min <= s->max);
        assert_true(s->type == GH_TYPE_SWITCH || s->type == GH_TYPE_WORD || s->type == GH_TYPE_SCHEMA ||
                    s->max > 0);
        assert_true(!s->required || s->preset == NULL);
        assert_ptr_equal(gh_setting_find(gh_str_of(s->path)), s);
        if (s->part != GH_PART_CONFIG)
            assert_true(gh_str_starts(gh_str_of(s->path), gh_str_of(gh_part_row_of(s->part)->path)));
    }
}

/* Those of a route or rule that stand for "as for all" when they are not set. */
static bool is_inherited(const char *path)
{
    static const char *const paths[] = {"routes[].max_body",
                                        "routes[].headers.profile",
                                        "routes[].validate.body_required",
                                        "routes[].dangerous_content.mode",
                                        "routes[].dangerous_content.max_length",
                                        "rate_limits.rules[].counting",
                                        "rate_limits.rules[].outage"};
    for (size_t i = 0; i < GH_COUNT(paths); i++)
        if (strcmp(path, paths[i]) == 0)
            return true;
    return false;
}

/* An unset field would be 0 by accident: every number, word and switch needs a default. */
static void test_scalars_have_defaults(void **state)
{
    const gh_setting *s;
    (void)state;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
        bool scalar = s->type == GH_TYPE_SWITCH || s->type == GH_TYPE_WORD || s->type == GH_TYPE_NUMBER ||
                      s->type == GH_TYPE_DURATION || s->type == GH_TYPE_SIZE;
        bool inherits = is_inherited(s->path);
        if (scalar)
            assert_true((s->preset != NULL) != inherits);
    }
}

static bool is_number(const gh_setting *s)
{
    return s->type == GH_TYPE_NUMBER || s->type == GH_TYPE_DURATION || s->type == GH_TYPE_SIZE;
}

/* A reload must be able to say of each that it needs a restart. */
static void test_settings_that_need_a_restart(void **state)
{
    const gh_setting *s;
    unsigned seen = 0;
    (void)state;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
        if (!s->restart)
            continue;
        assert_int_equal(s->part, GH_PART_CONFIG);
        assert_true(s->type == GH_TYPE_SWITCH || s->type == GH_TYPE_WORD || s->type == GH_TYPE_NUMBER ||
                    s->type == GH_TYPE_DURATION || s->type == GH_TYPE_SIZE || s->type == GH_TYPE_TEXT ||
                    s->type == GH_TYPE_SECRET || s->type == GH_TYPE_TEXTS);
        seen++;
    }
    assert_true(seen > 20);
}

static bool differs(const char *yaml_a, const char *yaml_b, const char *path)
{
    loaded a = *load_given(&(given){.yaml = yaml_a, .upstream = "http://a"});
    loaded *b = load_given(&(given){.yaml = yaml_b, .upstream = "http://a"});
    assert_non_null(a.config);
    assert_non_null(b->config);
    bool differ = gh_setting_differs(gh_setting_find(gh_str_of(path)), a.config, b->config);
    unload(&a);
    unload(b);
    return differ;
}

static void test_differences(void **state)
{
    static const char key[] = "secret_key: 4d9f2c81b7e6350a4d9f2c81b7e6350a\n",
                      other[] = "secret_key: 4d9f2c81b7e6350a4d9f2c81b7e6350b\n", none[] = "{}\n";
    (void)state;
    assert_true(differs(key, other, "secret_key"));
    assert_true(differs(key, none, "secret_key"));
    assert_false(differs(key, key, "secret_key"));
    assert_false(differs(none, none, "secret_key"));
    assert_true(differs("server: {workers: 1}\n", "server: {workers: 2}\n", "server.workers"));
    assert_false(differs("server: {workers: 1}\n", "server: {workers: 1}\n", "server.workers"));
    assert_true(differs("server: {listen: [127.0.0.1:1]}\n", "server: {listen: [127.0.0.1:1, 127.0.0.1:2]}\n",
                        "server.listen"));
    assert_true(
        differs("server: {listen: [127.0.0.1:1]}\n", "server: {listen: [127.0.0.1:2]}\n", "server.listen"));
    assert_false(
        differs("server: {listen: [127.0.0.1:1]}\n", "server: {listen: [127.0.0.1:1]}\n", "server.listen"));
    assert_true(differs("log: {file: a}\n", "log: {file: b}\n", "log.file"));
    assert_true(differs("log: {format: json}\n", "log: {format: text}\n", "log.format"));
    assert_true(differs("secrets: {core_dumps: on}\n", none, "secrets.core_dumps"));
}

/* What an element must have besides the setting under test. */
static const char *others_of(const gh_setting *s)
{
    return s->part == GH_PART_UPSTREAM ? "name: n, servers: [http://a], "
           : s->part == GH_PART_RULE   ? "name: n, limits: [1000000/day], "
                                       : "name: n, ";
}

/* The YAML that sets one row, however deep it is: {"a": [{name: n, "b": {"c": value}}]}. */
static void write_yaml(const gh_setting *s, const char *value, char *ret, size_t size)
{
    char closers[16];
    size_t n = 0;
    gh_buf b = gh_buf_over(ret, size - 1);
    gh_str path = gh_str_of(s->path), part;
    bool in_element = false;
    while (gh_str_next(&path, '.', &part)) {
        bool list = gh_str_ends(part, GH_STR("[]"));
        if (!in_element) {
            gh_buf_char(&b, '{');
            closers[n++] = '}';
        }
        gh_buf_printf(&b, "\"%.*s\": ", (int)(list ? part.n - 2 : part.n), part.p);
        in_element = list;
        if (!list)
            continue;
        gh_buf_printf(&b, "[{%s", others_of(s));
        closers[n++] = ']';
        closers[n++] = '}';
    }
    gh_buf_put(&b, gh_str_of(value));
    while (n > 0)
        gh_buf_char(&b, closers[--n]);
    assert_true(gh_buf_ok(&b));
    ret[b.n] = '\0';
}

static void show(const gh_setting *s, uint64_t value, char *ret, size_t size)
{
    const char *unit = s->type != GH_TYPE_DURATION ? "" : s->unit == GH_UNIT_SECONDS ? "s" : "ms";
    (void)snprintf(ret, size, "%llu%s", (unsigned long long)value, unit);
}

static bool is_refused(const gh_setting *s, uint64_t value, const char *why)
{
    char text[64], yaml[512];
    show(s, value, text, sizeof text);
    write_yaml(s, text, yaml, sizeof yaml);
    loaded *l = load_given(&(given){.yaml = yaml, .upstream = "http://a"});
    bool refused = strstr(l->text, why) != NULL;
    assert_null(strstr(l->text, "YAML"));
    assert_null(strstr(l->text, "unknown setting"));
    unload(l);
    return refused;
}

static void test_every_number_has_its_bounds(void **state)
{
    const gh_setting *s;
    unsigned seen = 0;
    (void)state;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
        if (!is_number(s))
            continue;
        seen++;
        assert_true(is_refused(s, s->max + 1, "is out of range"));
        assert_false(is_refused(s, s->max, "is out of range"));
        assert_false(is_refused(s, s->min, "is out of range"));
        if (s->min > 0 && !(s->zero && s->min == 1))
            assert_true(is_refused(s, s->min - 1, "is out of range"));
        if (s->zero)
            assert_false(is_refused(s, 0, "is out of range"));
    }
    assert_true(seen > 35);
}

/* Every word is read from every source, and a wrong one names all right ones. */
static void test_every_word(void **state)
{
    const gh_setting *s;
    char yaml[512];
    (void)state;
    for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
        if (s->type != GH_TYPE_WORD)
            continue;
        write_yaml(s, "wrong-word", yaml, sizeof yaml);
        loaded *l = load_given(&(given){.yaml = yaml, .upstream = "http://a"});
        assert_non_null(strstr(l->text, "\"wrong-word\" is not one of "));
        for (const gh_word *w = s->words; w->text != NULL; w++)
            assert_non_null(strstr(l->text, w->text));
        unload(l);
        for (const gh_word *w = s->words; w->text != NULL; w++) {
            write_yaml(s, w->text, yaml, sizeof yaml);
            l = load_given(&(given){.yaml = yaml, .upstream = "http://a"});
            assert_null(strstr(l->text, "is not one of"));
            unload(l);
        }
    }
}

/* The names people have in their files already, and what each one sets. */
static void test_familiar_names(void **state)
{
    static const struct {
        const char *name, *path;
    } names[] = {
        {"SECRET_KEY", "secret_key"},
        {"RATE_LIMIT_ENABLED", "rate_limits.enabled"},
        {"RATE_LIMIT_PER_MINUTE", "rate_limits.default.requests"},
        {"RATE_LIMIT_REQUESTS_PER_MINUTE", "rate_limits.default.requests"},
        {"RATE_LIMIT_WINDOW_SECONDS", "rate_limits.default.window"},
        {"SECURE_HEADERS", "headers.enabled"},
        {"CORS_ENABLED", "cors.enabled"},
        {"ALLOWED_ORIGINS", "cors.origins"},
        {"ALLOWED_HOSTS", "hosts.allowed"},
        {"TRUSTED_PROXIES", "client_address.trusted_proxies"},
        {"OPENAPI_DOCUMENT", "openapi.document"},
        {"MAX_SESSION_AGE", "identity.session.max_age"},
        {"SESSION_CLEANUP_INTERVAL", "identity.session.cleanup_interval"},
        {"AUTH_ATTEMPT_TIMEOUT", "identity.attempts.timeout"},
        {"MAX_AUTH_ATTEMPTS", "identity.attempts.max"},
        {"DEVICE_REGISTRATION_TIMEOUT", "identity.devices.registration_timeout"},
        {"MAX_DEVICES_PER_USER", "identity.devices.max_per_user"},
        {"GATEHOUSE_SERVER_WORKERS", "server.workers"},
        {"GATEHOUSE_TIMEOUTS_CLIENT_HEAD", "timeouts.client_head"},
    };
    (void)state;
    for (size_t i = 0; i < GH_COUNT(names); i++) {
        const gh_setting *s = gh_setting_find(gh_str_of(names[i].path));
        char name[GH_SETTING_NAME_MAX];
        bool found = false;
        assert_non_null(s);
        for (unsigned k = 0; gh_setting_name(s, k, name); k++)
            found = found || strcmp(name, names[i].name) == 0;
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_and_names_are_unique),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_scalars_have_defaults),
        cmocka_unit_test(test_settings_that_need_a_restart),
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_every_number_has_its_bounds),
        cmocka_unit_test(test_every_word),
        cmocka_unit_test(test_familiar_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
