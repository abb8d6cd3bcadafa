/* The reference of settings, and that docs/configuration.md holds it. */
#include "load_helper.h"

#include <stdio.h>

#include "config/settings.h"

enum { REFERENCE_MAX = 128 << 10 };

static char reference[REFERENCE_MAX], document[REFERENCE_MAX];

static void add(void *data, gh_str piece)
{
    gh_buf_put(data, piece);
}

static gh_str write_reference(enum gh_reference_format format)
{
    gh_buf out = gh_buf_over(reference, sizeof reference);
    gh_settings_reference(format, add, &out);
    assert_true(gh_buf_ok(&out));
    return gh_buf_str(&out);
}

static bool contains(gh_str text, gh_str part)
{
    return memmem(text.p, text.n, part.p, part.n) != NULL;
}

/* Every path and every name is in both formats. */
static void test_is_whole(void **state)
{
    static const enum gh_reference_format formats[] = {GH_REFERENCE_TEXT, GH_REFERENCE_MARKDOWN};
    const gh_setting *s;
    char name[GH_SETTING_NAME_MAX];
    (void)state;
    for (size_t f = 0; f < GH_COUNT(formats); f++) {
        gh_str text = write_reference(formats[f]);
        for (unsigned i = 0; (s = gh_setting_at(i)) != NULL; i++) {
            assert_true(contains(text, gh_str_of(s->path)));
            if (formats[f] == GH_REFERENCE_TEXT)
                assert_true(contains(text, gh_str_of(s->about)));
            for (unsigned k = 0; gh_setting_name(s, k, name); k++)
                assert_true(contains(text, gh_str_of(name)));
        }
    }
}

static void test_one_entry(void **state)
{
    (void)state;
    assert_true(contains(write_reference(GH_REFERENCE_TEXT),
                         GH_STR("timeouts.upstream_total\n"
                                "    How long a whole exchange with an upstream may take; 0: no limit.\n"
                                "    duration, 0 or 100ms to 1d; default: 0\n"
                                "    environment: GATEHOUSE_TIMEOUTS_UPSTREAM_TOTAL\n"
                                "    a change needs a reload\n")));
    assert_true(contains(
        write_reference(GH_REFERENCE_MARKDOWN),
        GH_STR(
            "| `hosts.allowed` | The hosts that requests may name: names, addresses, \\*.domain; \\* (all) in "
            "development only. | list of hosts, 1 or more | `localhost, 127.0.0.1, [::1]` | "
            "`ALLOWED_HOSTS`, `GATEHOUSE_HOSTS_ALLOWED` | reload |\n")));
}

static gh_str trim_lines(gh_str s)
{
    while (s.n > 0 && s.p[0] == '\n')
        s = gh_str_cut(s, 1, s.n);
    while (s.n > 0 && s.p[s.n - 1] == '\n')
        s.n--;
    return s;
}

static void test_document_is_up_to_date(void **state)
{
    static const char begin[] = "<!-- reference: begin -->", end[] = "<!-- reference: end -->";
    FILE *file = fopen(GH_SOURCE_ROOT "/docs/configuration.md", "rb");
    (void)state;
    assert_non_null(file);
    size_t n = fread(document, 1, sizeof document - 1, file);
    (void)fclose(file);
    document[n] = '\0';
    char *from = strstr(document, begin), *to = strstr(document, end);
    assert_true(from != NULL && to != NULL && from < to);
    from += sizeof begin - 1;
    gh_str expected = trim_lines(write_reference(GH_REFERENCE_MARKDOWN));
    if (!gh_str_eq(trim_lines((gh_str){from, (size_t)(to - from)}), expected))
        fail_msg(
            "%s",
            "docs/configuration.md is not what the table of settings says: put the output of gatehouse reference "
            "--markdown between the marks");
}

/* The examples of the document are no invention. */
static void test_examples_of_the_document(void **state)
{
    static const char open[] = "```yaml\n";
    unsigned seen = 0;
    (void)state;
    for (char *from = document, *to; (from = strstr(from, open)) != NULL; from = to + 1, seen++) {
        from += sizeof open - 1;
        to = strstr(from, "```");
        assert_non_null(to);
        *to = '\0';
        unload(expect_clean(&(given){.yaml = from}));
        *to = '`';
    }
    assert_true(seen >= 2);
}

/* The roles that come with Gatehouse, row by row. */
static void test_roles_of_the_document(void **state)
{
    loaded *l = expect_clean(&(given){.yaml = "identity: {enabled: on}\n", .upstream = "http://a"});
    const gh_identity_config *c = &l->config->identity;
    char row[512];
    (void)state;
    assert_int_equal(c->n_roles, 5);
    for (unsigned i = 0; i < c->n_roles; i++) {
        gh_buf b = gh_buf_over(row, sizeof row - 1);
        gh_buf_printf(&b, "| `%.*s` |", (int)c->roles[i].name.n, c->roles[i].name.p);
        for (unsigned k = 0; k < c->roles[i].grants.n; k++)
            gh_buf_printf(&b, " `%.*s`", (int)c->roles[i].grants.items[k].n, c->roles[i].grants.items[k].p);
        gh_buf_lit(&b, " |\n");
        assert_true(gh_buf_ok(&b));
        assert_non_null(memmem(document, strlen(document), row, b.n));
    }
    unload(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_whole),
        cmocka_unit_test(test_one_entry),
        cmocka_unit_test(test_document_is_up_to_date),
        cmocka_unit_test(test_examples_of_the_document),
        cmocka_unit_test(test_roles_of_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
