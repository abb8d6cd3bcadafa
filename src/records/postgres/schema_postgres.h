/* The schema in PostgreSQL: how a database is brought to it, and the files of sql/postgresql.
 *
 * Its name is the first of search_path, "gatehouse" unless the URL, the role or the database says another. */
#ifndef GH_RECORDS_POSTGRES_SCHEMA_POSTGRES_H
#define GH_RECORDS_POSTGRES_SCHEMA_POSTGRES_H

#include "base/buf.h"
#include "records/statement.h"

/* Which rows of schema_postgres.def are not a version's. */
enum { GH_PG_RIGHTS = 255 };

/* How many versions this program knows. */
unsigned gh_pg_schema_version(void);

/* sql/postgresql/schema.sql and roles.sql: what `gatehouse records schema` and `gatehouse records roles` print. */
void gh_pg_schema_put(gh_buf *out);
void gh_pg_roles_put(gh_buf *out);

typedef struct gh_pg_schema_state {
    uint64_t found; /* the version that was there; 0: there was none */
} gh_pg_schema_state;

/* Of a connection that was just opened (GH_PG_SETTLE is done): makes the schema, or brings it to this program's version.
 * Any number of nodes may do so at once: one waits for the other. Each version is one transaction.
 *
 * `where`: the server and database for people, without a password: "postgresql://gatehouse_service@db.example/gatehouse".
 * False: `why` says in a sentence what is wrong and what to do; the connection has failed. */
GH_MUST_CHECK bool gh_pg_schema_open(gh_sql *sql, gh_str where, uint64_t now_s, gh_pg_schema_state *ret,
                                     gh_buf *why);

#endif
