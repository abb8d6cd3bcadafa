/* A YAML file of any bytes: read, merged and checked, in both profiles' ways, and never more than an error. */
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
