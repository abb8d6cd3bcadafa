#include <stdio.h>

#include "cli/commands.h"
#include "cli/serve.h"
#include "edges/identity/secret_file.h"
#include "edges/redis/shared.h"
#include "edges/redis/url.h"

/* `serve` would refuse the folder, too. */
static gh_config *check_folder(gh_config *config, gh_report *report)
{
    char why[512];
    if (config == NULL || config->identity.enabled == GH_OFF ||
        gh_data_folder_look(config->data_folder, why, sizeof why))
        return config;
    gh_report_error(report, NULL, 0, 0, "%s", why);
    gh_config_free(config);
    return NULL;
}

/* `serve` says so, too. */
static void check_redis(const gh_config *config, gh_report *report)
{
    gh_redis_url url;
    const char *why;
    if (config->redis.url.p == NULL || !gh_redis_url_parse(config->redis.url, &url, &why))
        return;
    if (gh_redis_url_is_exposed(&url))
        gh_report_warning(report, NULL, 0, 0, "%s", gh_redis_exposed);
    gh_redis_url_wipe(&url);
}

int gh_cmd_check(const gh_cli_args *args)
{
    gh_cli_listen listen;
    gh_serve_options options;
    gh_report report;
    if (!gh_cli_is_upstream(args))
        return GH_EXIT_USAGE;
    gh_cli_read_serve(args, &listen, &options);
    gh_report_init(&report);
    gh_config *config = check_folder(gh_serve_read_config(&options, &report), &report);
    if (config != NULL)
        check_redis(config, &report);
    gh_cli_print_report(&report);
    unsigned warnings = report.n - report.errors;
    if (config != NULL)
        (void)printf("ok: %s (%u warning%s)\n",
                     options.config_file == NULL ? "environment and defaults, no file" : options.config_file,
                     warnings, warnings == 1 ? "" : "s");
    else
        (void)fprintf(stderr, "gatehouse: %u error%s\n", report.errors, report.errors == 1 ? "" : "s");
    int status = config == NULL ? GH_EXIT_USAGE : GH_EXIT_OK;
    if (config != NULL)
        gh_config_free(config);
    gh_report_free(&report);
    return status;
}
