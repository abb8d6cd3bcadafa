#include "records/postgres/schema_postgres.h"

#include "libraries/libpq.h"

enum { PATIENCE_MS = 600000 /* for a migration's statement, or another node's migration */ };

static const uint8_t version_of[] = {
#define SCHEMA(version, name, text) version,
#define ROLES(text)
#include "records/postgres/schema_postgres.def"
#undef SCHEMA
#undef ROLES
};

unsigned gh_pg_schema_version(void)
{
    unsigned last = 0;
    for (size_t i = 0; i < GH_COUNT(version_of); i++)
        if (version_of[i] != GH_PG_RIGHTS && version_of[i] > last)
            last = version_of[i];
    return last;
}

static uint64_t number_of(gh_sql *sql, unsigned which)
{
    gh_query q = gh_query_of(sql, which);
    uint64_t n = gh_query_row(&q) ? gh_column_u64(&q) : 0;
    gh_query_end(&q);
    return n;
}

static void run_rows(gh_sql *sql, unsigned version)
{
    for (unsigned i = 0; i < GH_COUNT(version_of); i++)
        if (version_of[i] == version)
            gh_sql_run(sql, GH_PG_SCHEMA_FIRST + i);
}

bool gh_pg_schema_look(gh_postgres *c, uint64_t *ret_version)
{
    gh_sql *sql = &c->sql;
    uint64_t there = number_of(sql, GH_PG_SCHEMA_THERE);
    uint64_t version = there == 0 ? 0 : number_of(sql, GH_SQL_SCHEMA_VERSION);
    if (!gh_sql_ok(sql))
        return false;
    *ret_version = version;
    return true;
}

/* One version up, or none when another node was faster; whole or not at all. Returns the version that is there then. */
static uint64_t step(gh_sql *sql)
{
    gh_sql_run(sql, GH_PG_BEGIN_PLAIN);
    gh_sql_run(sql, GH_PG_SCHEMA_LOCK);
    run_rows(sql, 0);
    uint64_t version = number_of(sql, GH_SQL_SCHEMA_VERSION);
    if (gh_sql_ok(sql) && version < gh_pg_schema_version()) {
        version++;
        run_rows(sql, (unsigned)version);
        gh_sql_run(sql, GH_PG_SCHEMA_NEXT);
        if (version == gh_pg_schema_version())
            run_rows(sql, GH_PG_RIGHTS);
    }
    gh_sql_run(sql, GH_SQL_COMMIT);
    gh_sql_flush(sql);
    return version;
}

/* As a URL: the same server and database, as the owner, without a password. */
static void put_url(const gh_postgres *c, gh_str owner, gh_buf *out)
{
    const char *host = PQhost(c->pq), *port = PQport(c->pq), *database = PQdb(c->pq);
    gh_buf_printf(out, "postgresql://%.*s@", (int)owner.n, owner.p);
    if (host != NULL && host[0] == '/')
        gh_buf_printf(out, "/%s?host=%s&port=%s", database, host, port);
    else
        gh_buf_printf(out, "%s:%s/%s", host == NULL ? "" : host, port, database);
}

/* The role may not change the schema: who may, and how. */
static void explain_refusal(gh_postgres *c, uint64_t found, gh_buf *why)
{
    char role_memory[64], owner_memory[64];
    gh_buf role = gh_buf_over(role_memory, sizeof role_memory),
           owner = gh_buf_over(owner_memory, sizeof owner_memory);
    gh_sql_reset(&c->sql);
    gh_sql_run(&c->sql, GH_SQL_ROLLBACK);
    gh_query q = gh_query_of(&c->sql, GH_PG_SCHEMA_OWNER);
    if (gh_query_row(&q)) {
        gh_buf_put(&role, gh_column_peek(&q));
        gh_buf_put(&owner, gh_column_peek(&q));
    }
    gh_query_end(&q);
    bool none = owner.n == 0;
    if (none)
        gh_buf_lit(&owner, "gatehouse_owner");
    if (!gh_sql_ok(&c->sql))
        return;
    if (found == 0)
        gh_buf_lit(why, "there is no schema of Gatehouse's in this database");
    else
        gh_buf_printf(why, "the schema in this database is version %llu, and this Gatehouse needs version %u",
                      (unsigned long long)found, gh_pg_schema_version());
    gh_buf_printf(why, ", and the role %.*s may not make it. ", (int)role.n, role.p);
    if (none)
        gh_buf_printf(why,
                      "As a superuser: gatehouse records roles | psql -v ON_ERROR_STOP=1 -d %s. Then run",
                      PQdb(c->pq));
    else
        gh_buf_lit(why, "Run");
    gh_buf_lit(why, ": gatehouse records migrate '");
    put_url(c, gh_buf_str(&owner), why);
    gh_buf_lit(why, "'");
}

static bool fail(gh_postgres *c, uint64_t found, gh_buf *why)
{
    if (c->sql.failure == GH_SQL_REFUSED && gh_postgres_alive(c))
        explain_refusal(c, found, why);
    if (why->n == 0)
        gh_buf_printf(why, "the schema can't be made: %s", c->sql.why);
    return false;
}

static bool refuse_newer(uint64_t found, gh_buf *why)
{
    gh_buf_printf(
        why,
        "the database was written by a newer Gatehouse (its schema is version %llu, this one knows %u): use "
        "that one, or put a backup in its place",
        (unsigned long long)found, gh_pg_schema_version());
    return false;
}

bool gh_pg_schema_open(gh_postgres *c, uint64_t *ret_found, gh_buf *why)
{
    uint64_t found, version;
    if (!gh_pg_schema_look(c, &found))
        return fail(c, 0, why);
    if (found < gh_pg_schema_version() && c->timeout_ms < PATIENCE_MS)
        c->timeout_ms = PATIENCE_MS;
    for (version = found; version < gh_pg_schema_version();) {
        version = step(&c->sql);
        if (!gh_sql_ok(&c->sql))
            return fail(c, found, why);
    }
    if (version > gh_pg_schema_version())
        return refuse_newer(version, why);
    *ret_found = found;
    return true;
}
