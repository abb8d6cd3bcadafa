/* A .env file of any bytes, which may name a secret's file. */
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_file(void *data, gh_str path, gh_arena *arena, gh_str *ret_text, const char **ret_why)
{
    (void)data;
    *ret_why = "no such file";
    *ret_text = gh_arena_copy(arena, path); /* as good as any other text */
    return ret_text->p != NULL && path.n % 2 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_config_source source = {GH_SOURCE_DOTENV, ".env", {(const char *)data, size}};
    gh_config_input in = {.sources = &source,
                          .n_sources = 1,
                          .upstream = GH_STR("http://127.0.0.1:8000"),
                          .read_file = read_file};
    char text[512];
    gh_buf out = gh_buf_over(text, sizeof text);
    gh_report report;
    if (size > 64 << 10)
        return 0;
    gh_report_init(&report);
    gh_config *config = gh_config_load(&in, &report);
    if ((config == NULL) != (report.errors > 0))
        abort();
    gh_report_print(&report, &out);
    gh_config_free(config);
    gh_report_free(&report);
    return 0;
}
