/* The commands of `gatehouse`, one function each. They return the exit status. */
#ifndef GH_CLI_COMMANDS_H
#define GH_CLI_COMMANDS_H

#include "operator/options.h"

/* Help, the manual's synopsis and the shell's completion are made from, or checked against, this. */
extern const gh_cli_command gh_cli_commands[];
extern const unsigned gh_cli_n_commands;

/* The whole program without main(). */
int gh_cli_main(int argc, char **argv);

int gh_cmd_serve(const gh_cli_args *args);
int gh_cmd_demo(const gh_cli_args *args);
int gh_cmd_init(const gh_cli_args *args);
int gh_cmd_check(const gh_cli_args *args);
int gh_cmd_pipeline(const gh_cli_args *args);
int gh_cmd_openapi(const gh_cli_args *args);
int gh_cmd_reference(const gh_cli_args *args);
int gh_cmd_version(const gh_cli_args *args);
int gh_cmd_health(const gh_cli_args *args);
/* Every command of operator/commands.c. */
int gh_cmd_operator(const gh_cli_args *args);

#endif
