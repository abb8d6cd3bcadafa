/* `gatehouse records ...`: the records as a whole, in PostgreSQL or in a folder. They need no running server. */
#ifndef GH_CLI_RECORDS_H
#define GH_CLI_RECORDS_H

#include "operator/options.h"

enum { GH_CLI_N_RECORDS_COMMANDS = 2 };
extern const gh_cli_command gh_cli_records_commands[GH_CLI_N_RECORDS_COMMANDS];

#endif
