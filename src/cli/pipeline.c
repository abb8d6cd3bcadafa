#include "core/pipeline.h"

#include <stdio.h>

#include "cli/commands.h"
#include "cli/serve.h"
#include "config/compile.h"
#include "wire/json_text.h"

enum { TEXT_MAX = 32 * 1024 };

static void put_text(gh_buf *out, const char *key, gh_str value)
{
    gh_buf_printf(out, "\"%s\": ", key);
    gh_json_string(out, value);
    gh_buf_lit(out, ", ");
}

static void put_flag(gh_buf *out, const char *key, bool value, const char *end)
{
    gh_buf_printf(out, "\"%s\": %s%s", key, value ? "true" : "false", end);
}

static void put_json(const gh_policy *policy, gh_buf *out)
{
    gh_buf_lit(out, "[\n");
    for (unsigned i = 0; i < gh_pipeline_rows; i++) {
        const gh_control *c = gh_pipeline[i].control;
        gh_buf_lit(out, "  {");
        put_text(out, "stage", gh_stage_name(gh_pipeline[i].stage));
        put_text(out, "control", gh_str_of(c->name));
        put_flag(out, "in_use", c->applies == NULL || c->applies(policy), ", ");
        put_flag(out, "asks", c->ask != NULL, ", ");
        put_flag(out, "judges", c->judge != NULL, ", ");
        put_flag(out, "replies", c->reply != NULL, ", ");
        gh_buf_lit(out, "\"does\": ");
        gh_json_string(out, gh_str_of(gh_pipeline[i].does));
        gh_buf_put(out, i + 1 < gh_pipeline_rows ? GH_STR("},\n") : GH_STR("}\n"));
    }
    gh_buf_lit(out, "]\n");
}

static int print(const gh_policy *policy, bool json)
{
    char text[TEXT_MAX];
    gh_buf out = gh_buf_over(text, sizeof text);
    if (json)
        put_json(policy, &out);
    else
        gh_pipeline_print(policy, &out);
    return fwrite(out.p, 1, out.n, stdout) == out.n ? GH_EXIT_OK : GH_EXIT_FAILED;
}

int gh_cmd_pipeline(const gh_cli_args *args)
{
    gh_cli_listen listen;
    gh_serve_options options;
    gh_report report;
    if (!gh_cli_is_upstream(args))
        return GH_EXIT_USAGE;
    gh_cli_read_serve(args, &listen, &options);
    if (options.config_file == NULL && options.upstream.n == 0)
        options.upstream = GH_STR("http://127.0.0.1:8000"); /* the table is the same for every upstream */
    gh_report_init(&report);
    int status = GH_EXIT_USAGE;
    gh_config *config = gh_serve_read_config(&options, &report);
    gh_policy *policy = config == NULL ? NULL : gh_policy_compile(config, &report);
    if (policy == NULL)
        gh_cli_print_report(&report);
    else
        status = print(policy, gh_cli_has(args, "json"));
    if (policy != NULL)
        gh_policy_unref(policy);
    if (config != NULL)
        gh_config_free(config);
    gh_report_free(&report);
    return status;
}
