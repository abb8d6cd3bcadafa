/* The reverse proxy as a whole: workers, listeners, reload, drain. */
#ifndef GH_EDGES_PROXY_SERVER_H
#define GH_EDGES_PROXY_SERVER_H

#include "config/config.h"

/* Where the configuration comes from, so that it can be read again on SIGHUP. */
typedef struct gh_serve_options {
    const char *config_file; /* NULL: none */
    const char *env_file;    /* NULL: ".env" in the working directory, if there */
    gh_str upstream;         /* from the command line, absent: none */
    gh_str_list listen;
    gh_str admin_listen;
    gh_str openapi; /* openapi.document from the command line, absent: none */
    /* Where OpenAPI documents come from; the configuration is then still to be compiled. NULL: no upstream is
     * asked for one, and compiling is tried. */
    struct gh_documents *documents;
    /* Who asks AWS for secrets. NULL: it is not asked, and the configuration is good to look at only (secrets_later). */
    struct gh_aws_secrets *secrets;
    bool demo; /* printed at start: the commands to try */
} gh_serve_options;

/* Reads the files of `options`, the environment, and checks all. NULL: see the report. */
GH_MUST_CHECK gh_config *gh_serve_read_config(const gh_serve_options *options, gh_report *report);

/* Runs until SIGTERM or SIGINT has drained it. Returns the exit status: 0; 1: could not start; 2: wrong configuration. */
int gh_serve_run(const gh_serve_options *options);

#endif
