/* A YAML file of any bytes: read, merged and checked, in both profiles' ways, and compiled; never more than an error. */
#include <stdlib.h>

#include "config/compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As a server does: with a secret that came from elsewhere. */
static void compile(gh_config *config, gh_report *report)
{
    unsigned errors = report->errors;
    if (config->secret_key.p == NULL)
        config->secret_key = GH_STR("4d9f2c81b7e6350a4d9f2c81b7e6350a");
    gh_policy *policy = gh_policy_compile(config, report);
    if ((policy == NULL) != (report->errors > errors))
        abort();
    gh_policy_unref(policy);
}

static void load(gh_str yaml, gh_str upstream)
{
    gh_config_source source = {GH_SOURCE_YAML, "fuzz.yaml", yaml};
    gh_config_input in = {.sources = &source, .n_sources = 1, .upstream = upstream};
    char text[512];
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_report report;
    gh_report_init(&report);
    gh_config *config = gh_config_load(&in, &report);
    if ((config == NULL) != (report.errors > 0))
        abort(); /* an error without a reason, or the other way round */
    if (config != NULL)
        compile(config, &report);
    gh_report_print(&report, &out);
    gh_config_free(config);
    gh_report_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_str yaml = {(const char *)data, size};
    if (size > 64 << 10)
        return 0;
    load(yaml, (gh_str){NULL, 0});
    load(yaml, GH_STR("http://127.0.0.1:8000"));
    return 0;
}
