/* The schema in PostgreSQL: what it is made of, and how a database is brought to it.
 *
 * Its name is the first of search_path, "gatehouse" unless the URL, the role or the database says another. */
#ifndef GH_RECORDS_POSTGRES_SCHEMA_POSTGRES_H
#define GH_RECORDS_POSTGRES_SCHEMA_POSTGRES_H

#include "base/buf.h"

/* Single statements, to be run one after the other in one transaction. */
typedef struct gh_pg_texts_list {
    const char *const *text;
    unsigned n;
} gh_pg_texts_list;

/* Before all: the schema itself and the table of its versions; done again it does nothing. */
extern const gh_pg_texts_list gh_pg_schema_begin;
/* Version i + 1 out of version i. Never changed after it was released. */
extern const gh_pg_texts_list gh_pg_migrations[];
/* How many of them this program knows. */
unsigned gh_pg_schema_version(void);
/* After all: what the service role and the read-only role may do. Done again it does nothing; nor does it where the schema
 * is not gatehouse_owner's. */
extern const gh_pg_texts_list gh_pg_grants;

/* sql/postgresql/schema.sql and roles.sql: what `gatehouse records schema` and `gatehouse records roles` print. */
void gh_pg_schema_put(gh_buf *out);
void gh_pg_roles_put(gh_buf *out);

#endif
