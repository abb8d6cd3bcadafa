#include "cli/templates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/config.h"

static void check_loads(gh_str yaml, gh_str env, const char *name)
{
    const gh_config_source sources[] = {{GH_SOURCE_YAML, "gatehouse.yaml", yaml},
                                        {GH_SOURCE_DOTENV, ".env", env}};
    gh_config_input input = {.sources = sources, .n_sources = GH_COUNT(sources)};
    gh_report report;
    char text[4096];
    gh_report_init(&report);
    gh_config *config = gh_config_load(&input, &report);
    if (config == NULL || report.n > 0) {
        gh_buf out = gh_buf_over(text, sizeof text);
        gh_report_print(&report, &out);
        fail_msg("%s: %.*s\n%.*s", name, (int)out.n, text, (int)yaml.n, yaml.p);
    }
    gh_config_free(config);
    gh_report_free(&report);
}

/* Takes the "#" off each suggestion, so that it is checked as well. Comments are "# " and a word. */
static gh_str uncommented(gh_str text, gh_buf *out)
{
    gh_str line;
    while (gh_str_next(&text, '\n', &line)) {
        size_t at = 0;
        while (at < line.n && line.p[at] == ' ')
            at++;
        gh_str rest = gh_str_cut(line, at, line.n);
        bool suggestion = rest.n > 2 && rest.p[0] == '#' && (rest.p[1] != ' ' || rest.p[2] == ' ');
        gh_buf_put(out, gh_str_cut(line, 0, at));
        gh_buf_put(out, gh_str_cut(rest, suggestion ? 1 : 0, rest.n));
        gh_buf_lit(out, "\n");
    }
    return gh_buf_str(out);
}

static void each_template_is_a_right_configuration(void **state)
{
    (void)state;
    assert_true(gh_n_templates >= 3);
    for (unsigned i = 0; i < gh_n_templates; i++) {
        char yaml_text[8192], env_text[4096], more_text[8192];
        gh_buf yaml = gh_buf_over(yaml_text, sizeof yaml_text), env = gh_buf_over(env_text, sizeof env_text);
        gh_buf more = gh_buf_over(more_text, sizeof more_text);
        gh_template_yaml(&gh_templates[i], &yaml);
        gh_template_env(&gh_templates[i], &env);
        assert_true(gh_buf_ok(&yaml) && gh_buf_ok(&env));
        check_loads(gh_buf_str(&yaml), gh_buf_str(&env), gh_templates[i].name);
        check_loads(uncommented(gh_buf_str(&yaml), &more), gh_buf_str(&env), gh_templates[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_template_is_a_right_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
