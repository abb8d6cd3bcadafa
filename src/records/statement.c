#include "records/statement.h"

static const char *const texts[GH_SQL_COUNT] = {
#define STATEMENT(name, text) [GH_SQL_##name] = text,
#include "records/statements.def"
#undef STATEMENT
};

void gh_sql_close(gh_sql *sql)
{
    for (unsigned i = 0; i < GH_SQL_COUNT; i++) {
        (void)sqlite3_finalize(sql->ready[i]);
        sql->ready[i] = NULL;
    }
}

void gh_sql_reset(gh_sql *sql)
{
    for (unsigned i = 0; i < GH_SQL_COUNT && sql->failure != 0; i++)
        (void)sqlite3_reset(sql->ready[i]);
    sql->failure = 0;
}

void gh_sql_fail(gh_sql *sql, int code)
{
    if (sql->failure == 0)
        sql->failure = code == 0 ? SQLITE_ERROR : code;
}

/* In the middle of its own rows a statement can't be used again: that would be a mistake of ours. */
static sqlite3_stmt *prepared(gh_sql *sql, enum gh_statement which)
{
    sqlite3_stmt **slot = &sql->ready[which];
    if (*slot == NULL) {
        int code = sqlite3_prepare_v3(sql->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
        if (code != SQLITE_OK)
            gh_sql_fail(sql, code);
    } else if (sqlite3_stmt_busy(*slot) != 0) {
        gh_sql_fail(sql, SQLITE_MISUSE);
        return NULL;
    }
    return *slot;
}

gh_query gh_query_of(gh_sql *sql, enum gh_statement which)
{
    return (gh_query){sql, gh_sql_ok(sql) ? prepared(sql, which) : NULL, 0, 0};
}

void gh_query_end(gh_query *q)
{
    if (q->statement == NULL)
        return;
    (void)sqlite3_reset(q->statement);
    (void)sqlite3_clear_bindings(q->statement);
    q->statement = NULL;
}

static void fail(gh_query *q, int code)
{
    gh_sql_fail(q->sql, code);
    gh_query_end(q);
}

static void bound(gh_query *q, int code)
{
    if (code != SQLITE_OK)
        fail(q, code);
}

void gh_bind_u64(gh_query *q, uint64_t value)
{
    if (q->statement != NULL)
        bound(q, sqlite3_bind_int64(q->statement, ++q->parameter, (sqlite3_int64)value));
}

void gh_bind_id(gh_query *q, gh_id id)
{
    if (id != 0)
        gh_bind_u64(q, id);
    else
        q->parameter++; /* not bound is NULL */
}

void gh_bind_text(gh_query *q, gh_str text)
{
    if (q->statement == NULL)
        return;
    q->parameter++;
    if (text.p != NULL)
        bound(q, sqlite3_bind_text64(q->statement, q->parameter, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8));
}

void gh_bind_blob(gh_query *q, const void *bytes, size_t n)
{
    if (q->statement == NULL)
        return;
    q->parameter++;
    if (bytes != NULL)
        bound(q, sqlite3_bind_blob64(q->statement, q->parameter, bytes, n, SQLITE_STATIC));
}

void gh_bind_ip(gh_query *q, const gh_ip *ip)
{
    gh_bind_blob(q, ip->family == 0 ? NULL : ip->bytes, ip->family == 4 ? 4 : 16);
}

bool gh_query_row(gh_query *q)
{
    if (q->statement == NULL)
        return false;
    int code = gh_sql_ok(q->sql) ? sqlite3_step(q->statement) : SQLITE_ABORT;
    q->column = 0;
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE)
        gh_query_end(q);
    else
        fail(q, code);
    return false;
}

void gh_query_run(gh_query *q)
{
    while (gh_query_row(q))
        continue;
}

bool gh_column_absent(const gh_query *q)
{
    return q->statement == NULL || sqlite3_column_type(q->statement, q->column) == SQLITE_NULL;
}

uint64_t gh_column_u64(gh_query *q)
{
    return q->statement == NULL ? 0 : (uint64_t)sqlite3_column_int64(q->statement, q->column++);
}

gh_str gh_column_peek(gh_query *q)
{
    if (gh_column_absent(q)) {
        q->column++;
        return (gh_str){NULL, 0};
    }
    const void *bytes = sqlite3_column_blob(q->statement, q->column);
    int n = sqlite3_column_bytes(q->statement, q->column++);
    if (n == 0)
        return GH_STR("");
    if (bytes == NULL) {
        gh_sql_fail(q->sql, SQLITE_NOMEM);
        return (gh_str){NULL, 0};
    }
    return (gh_str){bytes, (size_t)n};
}

gh_str gh_column_text(gh_query *q, gh_arena *arena)
{
    gh_str text = gh_column_peek(q);
    if (text.p == NULL)
        return text;
    gh_str copy = gh_arena_copy(arena, text);
    if (copy.p == NULL)
        gh_sql_fail(q->sql, SQLITE_NOMEM);
    return copy;
}

void gh_column_blob(gh_query *q, void *ret, size_t n)
{
    gh_str bytes = gh_column_peek(q);
    memset(ret, 0, n);
    if (bytes.p == NULL)
        return;
    if (bytes.n != n)
        gh_sql_fail(q->sql, SQLITE_CORRUPT);
    else if (n > 0)
        memcpy(ret, bytes.p, n);
}

gh_ip gh_column_ip(gh_query *q)
{
    gh_ip ip = {0};
    gh_str bytes = gh_column_peek(q);
    if (bytes.p == NULL)
        return ip;
    if (bytes.n != 4 && bytes.n != 16) {
        gh_sql_fail(q->sql, SQLITE_CORRUPT);
        return ip;
    }
    ip.family = bytes.n == 4 ? 4 : 6;
    memcpy(ip.bytes, bytes.p, bytes.n);
    return ip;
}

void gh_column_skip(gh_query *q)
{
    q->column++;
}

void gh_sql_run(gh_sql *sql, enum gh_statement which)
{
    gh_query q = gh_query_of(sql, which);
    gh_query_run(&q);
}

void gh_sql_run1(gh_sql *sql, enum gh_statement which, uint64_t a)
{
    gh_query q = gh_query_of(sql, which);
    gh_bind_u64(&q, a);
    gh_query_run(&q);
}

void gh_sql_run2(gh_sql *sql, enum gh_statement which, uint64_t a, uint64_t b)
{
    gh_query q = gh_query_of(sql, which);
    gh_bind_u64(&q, a);
    gh_bind_u64(&q, b);
    gh_query_run(&q);
}

void gh_sql_run3(gh_sql *sql, enum gh_statement which, uint64_t a, uint64_t b, uint64_t c)
{
    gh_query q = gh_query_of(sql, which);
    gh_bind_u64(&q, a);
    gh_bind_u64(&q, b);
    gh_bind_u64(&q, c);
    gh_query_run(&q);
}

uint64_t gh_sql_changed(const gh_sql *sql)
{
    return (uint64_t)sqlite3_changes64(sql->db);
}

void *gh_sql_grow(gh_sql *sql, gh_arena *arena, void *items, uint32_t n, uint32_t *room, size_t size)
{
    if (n < *room)
        return items;
    uint32_t more = *room == 0 ? 16 : *room * 2;
    void *grown = *room < UINT32_MAX / 2 ? gh_arena_array(arena, more, size) : NULL;
    if (grown == NULL) {
        gh_sql_fail(sql, SQLITE_NOMEM);
        return NULL;
    }
    if (n > 0)
        memcpy(grown, items, n * size);
    *room = more;
    return grown;
}

gh_ids gh_query_ids(gh_query *q, gh_arena *arena)
{
    gh_ids ids = {NULL, 0};
    uint32_t room = 0;
    while (gh_query_row(q)) {
        ids.id = gh_sql_grow(q->sql, arena, ids.id, ids.n, &room, sizeof *ids.id);
        if (ids.id == NULL) {
            gh_query_end(q);
            return (gh_ids){NULL, 0};
        }
        ids.id[ids.n++] = gh_column_u64(q);
    }
    return ids;
}
