/* The schema and the roles as files for psql. */
#include "records/postgres/schema_postgres.h"

typedef struct row {
    unsigned version;
    const char *text;
} row;

static const row schema[] = {
#define SCHEMA(version, name, text) {version, text},
#define ROLES(text)
#include "records/postgres/schema_postgres.def"
#undef SCHEMA
#undef ROLES
};

static const char *const roles[] = {
#define SCHEMA(version, name, text)
#define ROLES(text) text,
#include "records/postgres/schema_postgres.def"
#undef SCHEMA
#undef ROLES
};

static const char about_roles[] =
    "-- The roles of Gatehouse's records in PostgreSQL:\n"
    "--   gatehouse_owner     owns the schema; `gatehouse records migrate` and `move` are done as this one\n"
    "--   gatehouse_service   what every node connects as (postgresql.url): reads, and writes what it has to\n"
    "--   gatehouse_readonly  for people and reports: reads everything but secrets, writes nothing\n"
    "--\n"
    "-- Once in a database, as a superuser:\n"
    "--   createdb gatehouse\n"
    "--   psql -d gatehouse -v ON_ERROR_STOP=1 -f roles.sql\n"
    "-- They have no passwords yet, and none belongs into a file. In psql:\n"
    "--   \\password gatehouse_owner\n"
    "--   \\password gatehouse_service\n"
    "-- Done again it does nothing. Give Gatehouse a database of its own: where others have tables in it, PUBLIC keeps its\n"
    "-- rights on the database and on the schema public, because they may need them.\n\n";

static const char about_schema[] =
    "-- The schema of Gatehouse's records in PostgreSQL, for a database that has none yet. As the owner:\n"
    "--   psql -d gatehouse -U gatehouse_owner -v ON_ERROR_STOP=1 -f schema.sql\n"
    "-- `gatehouse records migrate` does the same, and brings an older schema up to this version.\n\n";

static void put(gh_buf *out, const char *text)
{
    gh_buf_put(out, gh_str_of(text));
    gh_buf_lit(out, ";\n\n");
}

static void put_rows(gh_buf *out, unsigned version)
{
    for (size_t i = 0; i < GH_COUNT(schema); i++)
        if (schema[i].version == version)
            put(out, schema[i].text);
}

void gh_pg_roles_put(gh_buf *out)
{
    gh_buf_lit(out, about_roles);
    gh_buf_lit(out, "BEGIN;\n\n");
    for (size_t i = 0; i < GH_COUNT(roles); i++)
        put(out, roles[i]);
    put_rows(out, GH_PG_RIGHTS);
    gh_buf_lit(out, "COMMIT;\n");
}

void gh_pg_schema_put(gh_buf *out)
{
    gh_buf_lit(out, about_schema);
    gh_buf_lit(out, "BEGIN;\n\nSET LOCAL search_path = gatehouse;\n\n");
    put_rows(out, 0);
    for (unsigned version = 1; version <= gh_pg_schema_version(); version++) {
        gh_buf_printf(out, "-- version %u\n\n", version);
        put_rows(out, version);
        put(out, gh_pg_texts[GH_PG_SCHEMA_NEXT]);
    }
    gh_buf_lit(out, "-- what the roles of roles.sql may do\n\n");
    put_rows(out, GH_PG_RIGHTS);
    gh_buf_lit(out, "COMMIT;\n");
}
