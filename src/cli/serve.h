/* What several commands read in the same way. */
#ifndef GH_CLI_SERVE_H
#define GH_CLI_SERVE_H

#include "edges/proxy/server.h"
#include "operator/options.h"

/* Memory of the options' list. */
typedef struct gh_cli_listen {
    gh_str items[GH_CLI_VALUES_MAX];
} gh_cli_listen;

/* False, said: the argument is the configuration, for which there is -c. */
GH_MUST_CHECK bool gh_cli_is_upstream(const gh_cli_args *args);
/* --config, --openapi, --listen, --admin, --env-file and UPSTREAM. Points into args and `listen`. */
void gh_cli_read_serve(const gh_cli_args *args, gh_cli_listen *listen, gh_serve_options *ret);
/* --config and --env-file alone. */
void gh_cli_read_files(const gh_cli_args *args, gh_serve_options *ret);
/* Prints a report on standard error. */
void gh_cli_print_report(const gh_report *report);

#endif
