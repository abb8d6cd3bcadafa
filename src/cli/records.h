/* `gatehouse records ...`: the records as a whole, in PostgreSQL or in a folder. They need no running server. */
#ifndef GH_CLI_RECORDS_H
#define GH_CLI_RECORDS_H

#include "operator/options.h"

enum { GH_CLI_N_RECORDS_COMMANDS = 5 };
extern const gh_cli_command gh_cli_records_commands[GH_CLI_N_RECORDS_COMMANDS];

/* records_check.c, records_move.c */
int gh_cmd_records_check(const gh_cli_args *args);
int gh_cmd_records_move(const gh_cli_args *args);

#endif
