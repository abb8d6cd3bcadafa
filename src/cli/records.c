#include "cli/records.h"

#include <stdio.h>

#include "cli/place.h"
#include "records/postgres/schema_postgres.h"

enum { FILE_MAX = 65536, WHY_MAX = 1024 };

static int print(void (*put)(gh_buf *out))
{
    static char memory[FILE_MAX]; /* one a process */
    gh_buf out = gh_buf_over(memory, sizeof memory);
    put(&out);
    bool done = gh_buf_ok(&out) && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
    return done ? GH_EXIT_OK : GH_EXIT_FAILED;
}

static int print_schema(const gh_cli_args *args)
{
    (void)args;
    return print(gh_pg_schema_put);
}

static int print_roles(const gh_cli_args *args)
{
    (void)args;
    return print(gh_pg_roles_put);
}

static int migrate(gh_cli_place *place)
{
    char text[WHY_MAX];
    gh_buf why = gh_buf_over(text, sizeof text - 1);
    uint64_t found = 0;
    if (!gh_cli_place_connect(place, GH_POSTGRES_SCHEMA))
        return GH_EXIT_FAILED;
    bool good = gh_pg_schema_open(&place->postgres, &found, &why);
    text[why.n] = '\0';
    unsigned version = gh_pg_schema_version();
    if (!good)
        (void)fprintf(stderr, "gatehouse: %s: %s\n", gh_cli_place_name(place), text);
    else if (found == version)
        (void)printf("%s: the schema is version %u already\n", gh_cli_place_name(place), version);
    else if (found == 0)
        (void)printf("%s: the schema was made, version %u\n", gh_cli_place_name(place), version);
    else
        (void)printf("%s: the schema was version %llu and is version %u now\n", gh_cli_place_name(place),
                     (unsigned long long)found, version);
    return good ? GH_EXIT_OK : GH_EXIT_FAILED;
}

static int records_migrate(const gh_cli_args *args)
{
    static gh_cli_place place; /* one a process */
    gh_cli_place_begin(&place);
    int status = gh_cli_place_read(args, gh_cli_argument(args, 0), GH_CLI_PLACE_URL, &place);
    if (status == GH_EXIT_OK)
        status = migrate(&place);
    gh_cli_place_end(&place);
    return status;
}

static const gh_cli_option url_options[] = {GH_CLI_CONFIG, GH_CLI_ENV_FILE};
static const gh_cli_option check_options[] = {
    {.name = "json", .help = "for programs"},
    GH_CLI_CONFIG,
    GH_CLI_ENV_FILE,
};
static const gh_cli_option move_options[] = {
    {.name = "from", .value = "PLACE", .help = "where the records are; must be given", .required = true},
    {.name = "to", .value = "PLACE", .help = "where they are to be; must be given", .required = true},
    GH_CLI_CONFIG,
    GH_CLI_ENV_FILE,
};

#define URL_IS                                                                                                  \
    "URL is postgresql://user@host:5432/database without a password, which everybody on this machine could\n"   \
    "read: it comes from PGPASSFILE (~/.pgpass). Or file:PATH or env:NAME, a file or variable that holds the\n" \
    "whole URL. Or config, postgresql.url of the configuration"

const gh_cli_command gh_cli_records_commands[] = {
    {.name = "records roles",
     .arguments = "",
     .summary = "Print the SQL that makes PostgreSQL's roles: owner, service, read-only.",
     .details = "For psql, as a superuser, once in a database; it can be done again.",
     .run = print_roles},
    {.name = "records schema",
     .arguments = "",
     .summary = "Print the SQL that makes the schema in PostgreSQL.",
     .details = "For who does all changes of a database by hand; gatehouse records migrate does the same.",
     .run = print_schema},
    {.name = "records migrate",
     .arguments = "[URL]",
     .max_arguments = 1,
     .summary = "Make the schema in PostgreSQL, or bring it up to this version, as its owner.",
     .details = URL_IS ", which is meant without an argument, too.\n"
                       "Nodes do the same at their start, where their role may; then this is not needed.",
     .options = url_options,
     .n_options = GH_COUNT(url_options),
     .run = records_migrate},
    {.name = "records check",
     .arguments = "[URL]",
     .max_arguments = 1,
     .summary = "Connect to PostgreSQL and say version, schema, role, TLS and latency.",
     .details = URL_IS ", which is meant without an argument, too.\n"
                       "Exit status 0: a node could work there as it is; 1: it could not.",
     .options = check_options,
     .n_options = GH_COUNT(check_options),
     .run = gh_cmd_records_check},
    {.name = "records move",
     .arguments = "",
     .summary = "Move all records from a data folder to PostgreSQL, or back, or to another PostgreSQL.",
     .details =
         "PLACE is a data folder whose server is stopped, or a URL.\n" URL_IS ".\n"
         "The target must be new; there all is written in one transaction, read again and compared. The source\n"
         "stays as it is; a folder is marked as moved, and no Gatehouse starts on its records again (it says how to\n"
         "go on anyway). In PostgreSQL it is done as the schema's owner.",
     .options = move_options,
     .n_options = GH_COUNT(move_options),
     .run = gh_cmd_records_move},
};
