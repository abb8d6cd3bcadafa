#include "records/sqlite/connection.h"

static const char *const texts[GH_SQL_COUNT] = {
#define STATEMENT(name, text) [GH_SQL_##name] = text,
#include "records/statements.def"
#undef STATEMENT
};

static gh_sqlite *connection_of(gh_sql *sql)
{
    return (gh_sqlite *)sql;
}

static enum gh_sql_failure failure_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return GH_SQL_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return GH_SQL_CORRUPT;
    case SQLITE_FULL:
    case SQLITE_IOERR:
        return GH_SQL_FULL;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return GH_SQL_MISUSE;
    case SQLITE_CONSTRAINT:
        return GH_SQL_CONSTRAINT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return GH_SQL_BUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return GH_SQL_REFUSED;
    default:
        return GH_SQL_OTHER;
    }
}

void gh_sqlite_fail(gh_sqlite *c, int code)
{
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
        gh_sql_fail_text(&c->sql, failure_of(code), sqlite3_errstr(code));
}

/* In the middle of its own rows a statement can't be used again: that would be a mistake of ours. */
static sqlite3_stmt *prepared(gh_sqlite *c, unsigned which)
{
    if (which >= GH_SQL_COUNT) {
        gh_sql_fail(&c->sql, GH_SQL_MISUSE);
        return NULL;
    }
    sqlite3_stmt **slot = &c->ready[which];
    if (*slot == NULL)
        gh_sqlite_fail(c, sqlite3_prepare_v3(c->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL));
    else if (sqlite3_stmt_busy(*slot) != 0)
        gh_sql_fail(&c->sql, GH_SQL_MISUSE);
    return gh_sql_ok(&c->sql) ? *slot : NULL;
}

static int bind(sqlite3_stmt *s, int at, const gh_sql_value *v)
{
    switch (v->kind) {
    case GH_SQL_NULL:
        break; /* not bound is NULL */
    case GH_SQL_NUMBER:
        return sqlite3_bind_int64(s, at, (sqlite3_int64)v->number);
    case GH_SQL_TEXT:
        return sqlite3_bind_text64(s, at, v->bytes.p, v->bytes.n, SQLITE_STATIC, SQLITE_UTF8);
    case GH_SQL_BYTES:
        return sqlite3_bind_blob64(s, at, v->bytes.p, v->bytes.n, SQLITE_STATIC);
    }
    return SQLITE_OK;
}

static void end(gh_query *q)
{
    if (q->state == NULL)
        return;
    (void)sqlite3_reset(q->state);
    (void)sqlite3_clear_bindings(q->state);
    q->state = NULL;
}

static bool row(gh_query *q)
{
    int code = q->state == NULL ? SQLITE_DONE : sqlite3_step(q->state);
    if (code == SQLITE_ROW)
        return true;
    gh_sqlite_fail(connection_of(q->sql), code);
    end(q);
    return false;
}

/* Nothing is put off: a file has no round trips. */
static void start(gh_query *q, bool rows)
{
    gh_sqlite *c = connection_of(q->sql);
    sqlite3_stmt *s = prepared(c, q->which);
    q->state = s;
    for (unsigned i = 0; s != NULL && i < q->n; i++)
        gh_sqlite_fail(c, bind(s, (int)i + 1, &q->values[i]));
    if (!gh_sql_ok(&c->sql))
        end(q);
    while (!rows && q->state != NULL)
        (void)row(q);
}

static gh_sql_value column(gh_query *q, unsigned i)
{
    static const gh_sql_value null = {GH_SQL_NULL, 0, {NULL, 0}};
    int at = (int)i, type = sqlite3_column_type(q->state, at);
    if (type == SQLITE_NULL)
        return null;
    if (type == SQLITE_INTEGER)
        return (gh_sql_value){GH_SQL_NUMBER, (uint64_t)sqlite3_column_int64(q->state, at), {NULL, 0}};
    const void *bytes = sqlite3_column_blob(q->state, at);
    int n = sqlite3_column_bytes(q->state, at);
    if (bytes == NULL && n > 0) {
        gh_sql_fail(q->sql, GH_SQL_NO_MEMORY);
        return null;
    }
    return (gh_sql_value){type == SQLITE_TEXT ? GH_SQL_TEXT : GH_SQL_BYTES, 0, {bytes, (size_t)n}};
}

static void flush(gh_sql *sql)
{
    (void)sql;
}

static uint64_t changed(gh_sql *sql)
{
    return (uint64_t)sqlite3_changes64(connection_of(sql)->db);
}

static void reset(gh_sql *sql)
{
    gh_sqlite *c = connection_of(sql);
    for (unsigned i = 0; i < GH_SQL_COUNT && !gh_sql_ok(sql); i++)
        (void)sqlite3_reset(c->ready[i]);
}

static void close_all(gh_sql *sql)
{
    gh_sqlite *c = connection_of(sql);
    for (unsigned i = 0; i < GH_SQL_COUNT; i++) {
        (void)sqlite3_finalize(c->ready[i]);
        c->ready[i] = NULL;
    }
    (void)sqlite3_close(c->db);
    c->db = NULL;
}

static const gh_sql_driver driver = {.name = "sqlite",
                                     .start = start,
                                     .row = row,
                                     .column = column,
                                     .end = end,
                                     .flush = flush,
                                     .changed = changed,
                                     .reset = reset,
                                     .close = close_all};

bool gh_sqlite_open(gh_sqlite *c, const char *path)
{
    static const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    *c = (gh_sqlite){.sql = {.driver = &driver}};
    gh_sqlite_fail(c, sqlite3_open_v2(path, &c->db, flags, NULL));
    return gh_sql_ok(&c->sql);
}

bool gh_sqlite_in_transaction(const gh_sqlite *c)
{
    return sqlite3_get_autocommit(c->db) == 0;
}

uint64_t gh_sqlite_changes(const gh_sqlite *c)
{
    return (uint64_t)sqlite3_total_changes64(c->db);
}
