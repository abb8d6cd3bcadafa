/* The configuration as commands read it that are not `serve`. */
#ifndef GH_CLI_CONFIGURATION_H
#define GH_CLI_CONFIGURATION_H

#include "config/config.h"
#include "operator/options.h"

/* The one that --config and --env-file name, to be compiled later, when keys are at hand; upstreams are asked for no
 * documents. aws: secrets that are in AWS are got; else they are `secrets_later`. NULL: said, with the advice. */
GH_MUST_CHECK gh_config *gh_cli_configuration(const gh_cli_args *args, bool aws, const char *advice);

/* What root makes in a data folder the server could not use: from here on this process is the folder's owner. Nothing to do
 * where it is not root, or the folder is still to be made. False: said. */
GH_MUST_CHECK bool gh_cli_become_owner(gh_str folder);

#endif
