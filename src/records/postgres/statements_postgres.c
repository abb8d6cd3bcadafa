#include "records/postgres/statements_postgres.h"

/* A name twice is declared twice, one that statements.def does not have is not declared at all, and with one missing the
 * numbers differ: none of them compiles. */
enum known {
#define STATEMENT(name, text) KNOWN_##name,
#define ABSENT(name) KNOWN_##name,
#define OWN(name, text)
#include "records/postgres/statements_postgres.def"
#undef STATEMENT
#undef ABSENT
#undef OWN
    KNOWN_COUNT
};
_Static_assert((unsigned)KNOWN_COUNT == (unsigned)GH_SQL_COUNT,
               "a statement of statements.def has no row in statements_postgres.def");

const char *const gh_pg_texts[GH_PG_COUNT] = {
#define STATEMENT(name, text) [GH_SQL_##name] = text,
#define ABSENT(name) [GH_SQL_##name] = NULL,
#define OWN(name, text) [GH_PG_##name] = text,
#include "records/postgres/statements_postgres.def"
#undef STATEMENT
#undef ABSENT
#undef OWN
#define SCHEMA(version, name, text) [GH_PG_SCHEMA_##name] = text,
#define ROLES(text)
#include "records/postgres/schema_postgres.def"
#undef SCHEMA
#undef ROLES
};

unsigned gh_pg_hold_of(unsigned which)
{
    return which == GH_SQL_ATTEMPT_GET ? GH_PG_ATTEMPT_HOLD : 0;
}
