/* Where an operator's command is done: by the running server, which is asked at its admin socket, or here on the data
 * folder when none runs. */
#ifndef GH_CLI_REACH_H
#define GH_CLI_REACH_H

#include "edges/identity/operator.h"
#include "operator/options.h"

typedef struct gh_cli_reach {
    gh_config *config; /* NULL: --data named a running server, which has its own */
    gh_str folder;     /* data.folder */
    bool running;      /* a server answers */
    int first;         /* a connection to it for the first request; -1: used, or none */
    /* where none does */
    gh_identity_service service;
    gh_policy *policy;
    gh_operator with;
} gh_cli_reach;

/* Asks the server of the folder that --data names, or else reads the configuration that --config and --env-file name. GH_EXIT_OK, or another exit status: said. To be closed in
 * either case. */
GH_MUST_CHECK int gh_cli_reach_open(const gh_cli_args *args, gh_cli_reach *ret);
/* The exit status; out and err have what there is to print. */
int gh_cli_reach_do(gh_cli_reach *reach, const gh_operator_request *request, gh_text *out, gh_text *err);
void gh_cli_reach_close(gh_cli_reach *reach);

#endif
