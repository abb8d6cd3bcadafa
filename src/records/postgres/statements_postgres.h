/* The statements as PostgreSQL has them: statements_postgres.def and schema_postgres.def as texts, and the names of those
 * of its own. */
#ifndef GH_RECORDS_POSTGRES_STATEMENTS_POSTGRES_H
#define GH_RECORDS_POSTGRES_STATEMENTS_POSTGRES_H

#include "records/statement.h"

/* Behind enum gh_statement: for gh_query_of() and gh_sql_run*() on a connection to PostgreSQL. */
enum gh_pg_statement {
    GH_PG_BEFORE_FIRST = GH_SQL_COUNT - 1,
#define STATEMENT(name, text)
#define ABSENT(name)
#define OWN(name, text) GH_PG_##name,
#include "records/postgres/statements_postgres.def"
#undef STATEMENT
#undef ABSENT
#undef OWN
    GH_PG_SCHEMA_FIRST,
    GH_PG_BEFORE_SCHEMA = GH_PG_SCHEMA_FIRST - 1,
#define SCHEMA(version, name, text) GH_PG_SCHEMA_##name,
#define ROLES(text)
#include "records/postgres/schema_postgres.def"
#undef SCHEMA
#undef ROLES
    GH_PG_COUNT
};

/* By either name; NULL: one that only SQLite has. */
extern const char *const gh_pg_texts[GH_PG_COUNT];

/* What a transaction that BEGIN_PLAIN began runs before this statement, with the same values; 0: nothing. */
unsigned gh_pg_hold_of(unsigned which);

#endif
