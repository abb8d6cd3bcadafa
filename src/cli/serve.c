#include "cli/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"

static const char default_config[] = "gatehouse.yaml";

void gh_cli_read_files(const gh_cli_args *args, gh_serve_options *ret)
{
    ret->config_file = gh_cli_value(args, "config", 0);
    ret->env_file = gh_cli_value(args, "env-file", 0);
    if (ret->config_file == NULL && access(default_config, F_OK) == 0)
        ret->config_file = default_config;
}

/* `gatehouse serve gatehouse.yaml` */
bool gh_cli_is_upstream(const gh_cli_args *args)
{
    const char *word = gh_cli_argument(args, 0);
    gh_str text = gh_str_of(word);
    if (!gh_str_ends(text, GH_STR(".yaml")) && !gh_str_ends(text, GH_STR(".yml")))
        return true;
    if (gh_str_starts(text, GH_STR("http:")) || gh_str_starts(text, GH_STR("unix:")))
        return true;
    (void)fprintf(stderr,
                  "gatehouse: %.100s is no upstream, as http://127.0.0.1:8000 is; did you mean -c %.100s?\n",
                  word, word);
    return false;
}

void gh_cli_read_serve(const gh_cli_args *args, gh_cli_listen *listen, gh_serve_options *ret)
{
    *ret = (gh_serve_options){.upstream = gh_str_of(gh_cli_argument(args, 0)),
                              .openapi = gh_str_of(gh_cli_value(args, "openapi", 0)),
                              .admin_listen = gh_str_of(gh_cli_value(args, "admin", 0)),
                              .listen = {listen->items, 0}};
    for (const char *v; (v = gh_cli_value(args, "listen", ret->listen.n)) != NULL;)
        listen->items[ret->listen.n++] = gh_str_of(v);
    gh_cli_read_files(args, ret);
}

void gh_cli_print_report(const gh_report *report)
{
    enum { SIZE = 1024 * 1024 };
    char *memory = malloc(SIZE);
    gh_buf out = gh_buf_over(memory, memory == NULL ? 0 : SIZE);
    gh_report_print(report, &out);
    (void)fwrite(out.p, 1, out.n, stderr);
    if (!gh_buf_ok(&out))
        (void)fputs("gatehouse: there is more to say than fits here\n", stderr);
    free(memory);
}

int gh_cmd_serve(const gh_cli_args *args)
{
    gh_cli_listen listen;
    gh_serve_options options;
    if (!gh_cli_is_upstream(args))
        return GH_EXIT_USAGE;
    gh_cli_read_serve(args, &listen, &options);
    return gh_serve_run(&options);
}
