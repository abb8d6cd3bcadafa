/* The schema in PostgreSQL: how a database is brought to it, and the files of sql/postgresql.
 *
 * Its name is the first of search_path, "gatehouse" unless the URL names another. */
#ifndef GH_RECORDS_POSTGRES_SCHEMA_POSTGRES_H
#define GH_RECORDS_POSTGRES_SCHEMA_POSTGRES_H

#include "records/postgres/connection.h"

/* The version of the rows of schema_postgres.def that come after all versions. */
enum { GH_PG_RIGHTS = 255 };

/* How many versions this program knows. */
unsigned gh_pg_schema_version(void);

/* Which version is there; 0: none, or none that the role may look into. False: the connection has failed. */
GH_MUST_CHECK bool gh_pg_schema_look(gh_postgres *c, uint64_t *ret_version);

/* Makes the schema, or brings it to this program's version, where that is not there already; on a connection of
 * GH_POSTGRES_SCHEMA. Any number of nodes may do so at once, one waits for the other; each version is one transaction.
 * *ret_found: the version that was there.
 * False: `why` says in a sentence what is wrong and what to do. A newer schema is refused. */
GH_MUST_CHECK bool gh_pg_schema_open(gh_postgres *c, uint64_t *ret_found, gh_buf *why);

/* sql/postgresql/schema.sql and roles.sql: what `gatehouse records schema` and `gatehouse records roles` print. */
void gh_pg_schema_put(gh_buf *out);
void gh_pg_roles_put(gh_buf *out);

#endif
