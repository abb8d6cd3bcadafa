/* A .env file of any bytes, which may say where secrets are kept. */
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_secret(void *data, const gh_config *config, const gh_secret_reference *what, gh_arena *arena,
                        gh_secret_text *ret)
{
    (void)data;
    (void)config;
    if (what->name.n == 0 || (what->key.p != NULL && what->key.n == 0))
        abort();
    ret->text = gh_arena_copy(arena, what->name); /* as good as any other text */
    ret->binary = what->name.n % 3 == 0;
    ret->later = what->name.n % 5 == 0;
    ret->why[0] = what->name.n % 7 == 0 ? 'x' : '\0';
    return ret->text.p != NULL && what->name.n % 2 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gh_config_source source = {GH_SOURCE_DOTENV, ".env", {(const char *)data, size}};
    gh_config_input in = {.sources = &source,
                          .n_sources = 1,
                          .upstream = GH_STR("http://127.0.0.1:8000"),
                          .read_secret = read_secret};
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
