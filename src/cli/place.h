/* Where records are, as a command's argument says it: a PostgreSQL, or a data folder. */
#ifndef GH_CLI_PLACE_H
#define GH_CLI_PLACE_H

#include "config/config.h"
#include "operator/options.h"
#include "records/postgres/connection.h"
#include "records/sqlite/folder.h"
#include "records/sqlite/schema.h"

typedef struct gh_cli_place {
    bool is_folder;
    bool argument; /* the URL is the argument itself: its password is looked for where libpq does */
    gh_str folder; /* NUL-terminated */
    gh_postgres_server server;
    gh_arena memory; /* of the server's texts; wiped */
    /* while it is open */
    gh_sql *sql; /* NULL: it is not */
    gh_postgres postgres;
    gh_sqlite sqlite;
    gh_folder files;
} gh_cli_place;

/* What of a place a command takes. */
enum gh_cli_place_kind { GH_CLI_PLACE_URL, GH_CLI_PLACE_ANY };

/* Nowhere yet. */
void gh_cli_place_begin(gh_cli_place *place);
/* postgresql://user@host/database (without a password), file:PATH or env:NAME (with or without), "config" or NULL:
 * postgresql.url of the configuration; ANY: else a folder. GH_EXIT_OK, or another exit status: said. The place has
 * begun, and is to be ended in either case. */
GH_MUST_CHECK int gh_cli_place_read(const gh_cli_args *args, const char *word, enum gh_cli_place_kind kind,
                                    gh_cli_place *ret);
/* False: said. */
GH_MUST_CHECK bool gh_cli_place_connect(gh_cli_place *place, enum gh_postgres_use use);
/* As a node does, or else, where the server is one that no node could write to, to say so. False: said. */
GH_MUST_CHECK bool gh_cli_place_look(gh_cli_place *place);
/* The folder's database; made: it may be a new one. From here on the process is the folder's owner, where it was root.
 * False: said. */
GH_MUST_CHECK bool gh_cli_place_open(gh_cli_place *place, bool make);
void gh_cli_place_end(gh_cli_place *place);

/* For people, without a password: "db.example.com:5432", or the folder. While it is open. */
const char *gh_cli_place_name(const gh_cli_place *place);

#endif
