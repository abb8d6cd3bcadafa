#include "cli/records.h"

#include <stdio.h>

#include "operator/text.h"
#include "records/postgres/schema_postgres.h"

enum { FILE_MAX = 65536 };

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

const gh_cli_command gh_cli_records_commands[] = {
    {.name = "records roles",
     .arguments = "",
     .summary = "Print the SQL that makes PostgreSQL's roles: owner, service, read-only.",
     .details = "For psql, as a superuser, once in a database; it can be done again.",
     .run = print_roles},
    {.name = "records schema",
     .arguments = "",
     .summary = "Print the SQL that makes the schema in PostgreSQL.",
     .details = "For who runs all changes of databases by hand; `gatehouse records migrate` does the same.",
     .run = print_schema},
};
