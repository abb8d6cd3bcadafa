#include "records/statement.h"

#include "records/driver.h"

/* --- the connection */

static const char *words_of(enum gh_sql_failure failure)
{
    switch (failure) {
    case GH_SQL_OK:
        return "nothing failed";
    case GH_SQL_NO_MEMORY:
        return "out of memory";
    case GH_SQL_CORRUPT:
        return "a row is not what was written";
    case GH_SQL_MISUSE:
        return "a statement was not used as it is meant";
    case GH_SQL_FULL:
        return "the disk is full or broken";
    case GH_SQL_CONSTRAINT:
        return "a rule of the schema does not allow it";
    case GH_SQL_CONFLICT:
        return "another transaction was in the way";
    case GH_SQL_BUSY:
        return "the database is locked";
    case GH_SQL_UNAVAILABLE:
        return "the database does not answer";
    case GH_SQL_REFUSED:
        return "the database does not allow it";
    case GH_SQL_OTHER:
        break;
    }
    return "the database failed";
}

void gh_sql_fail_text(gh_sql *sql, enum gh_sql_failure failure, const char *why)
{
    if (sql->failure != GH_SQL_OK)
        return;
    sql->failure = failure == GH_SQL_OK ? GH_SQL_OTHER : failure;
    gh_str text = gh_str_cut(gh_str_of(why), 0, sizeof sql->why - 1);
    memcpy(sql->why, text.p, text.n);
    sql->why[text.n] = '\0';
}

void gh_sql_fail(gh_sql *sql, enum gh_sql_failure failure)
{
    gh_sql_fail_text(sql, failure, words_of(failure));
}

void gh_sql_reset(gh_sql *sql)
{
    sql->driver->reset(sql);
    sql->failure = GH_SQL_OK;
    sql->why[0] = '\0';
}

void gh_sql_flush(gh_sql *sql)
{
    if (gh_sql_ok(sql))
        sql->driver->flush(sql);
}

void gh_sql_close(gh_sql *sql)
{
    sql->driver->close(sql);
}

uint64_t gh_sql_changed(gh_sql *sql)
{
    return gh_sql_ok(sql) ? sql->driver->changed(sql) : 0;
}

/* --- a query */

gh_query gh_query_of(gh_sql *sql, unsigned which)
{
    gh_query q;
    q.sql = sql;
    q.which = which;
    q.stage = gh_sql_ok(sql) ? GH_QUERY_BINDING : GH_QUERY_OVER;
    q.column = q.n = 0;
    q.state = NULL;
    q.at = 0;
    return q; /* the values are written when they are bound */
}

static gh_sql_value *next_value(gh_query *q)
{
    static _Thread_local gh_sql_value nowhere;
    if (q->stage == GH_QUERY_BINDING && q->n < GH_SQL_VALUES)
        return &q->values[q->n++];
    if (q->stage != GH_QUERY_OVER)
        gh_sql_fail(q->sql, GH_SQL_MISUSE);
    return &nowhere;
}

void gh_bind_u64(gh_query *q, uint64_t value)
{
    *next_value(q) = (gh_sql_value){GH_SQL_NUMBER, value, {NULL, 0}};
}

void gh_bind_id(gh_query *q, gh_id id)
{
    *next_value(q) = (gh_sql_value){id == 0 ? GH_SQL_NULL : GH_SQL_NUMBER, id, {NULL, 0}};
}

static void bind_bytes(gh_query *q, enum gh_sql_kind kind, gh_str bytes)
{
    gh_sql_value *v = next_value(q);
    v->kind = bytes.p != NULL ? kind : GH_SQL_NULL;
    v->number = 0;
    v->bytes = bytes;
}

void gh_bind_text(gh_query *q, gh_str text)
{
    bind_bytes(q, GH_SQL_TEXT, text);
}

void gh_bind_blob(gh_query *q, const void *bytes, size_t n)
{
    bind_bytes(q, GH_SQL_BYTES, (gh_str){bytes, bytes == NULL ? 0 : n});
}

void gh_bind_ip(gh_query *q, const gh_ip *ip)
{
    gh_bind_blob(q, ip->family == 0 ? NULL : ip->bytes, ip->family == 4 ? 4 : 16);
}

static void start(gh_query *q, bool rows)
{
    if (!gh_sql_ok(q->sql)) {
        q->stage = GH_QUERY_OVER;
        return;
    }
    q->stage = GH_QUERY_RUNNING;
    q->sql->driver->start(q, rows);
}

void gh_query_start(gh_query *q)
{
    if (q->stage == GH_QUERY_BINDING)
        start(q, true);
}

void gh_query_end(gh_query *q)
{
    if (q->stage == GH_QUERY_RUNNING)
        q->sql->driver->end(q);
    q->stage = GH_QUERY_OVER;
}

bool gh_query_row(gh_query *q)
{
    gh_query_start(q);
    q->column = 0;
    if (q->stage == GH_QUERY_RUNNING && gh_sql_ok(q->sql) && q->sql->driver->row(q))
        return true;
    gh_query_end(q);
    return false;
}

void gh_query_run(gh_query *q)
{
    if (q->stage == GH_QUERY_BINDING) {
        q->sql->ran++;
        start(q, false);
        gh_query_end(q);
    }
    while (gh_query_row(q))
        continue;
}

/* --- columns */

static gh_sql_value column(gh_query *q)
{
    static const gh_sql_value none = {GH_SQL_NULL, 0, {NULL, 0}};
    return q->stage == GH_QUERY_RUNNING && gh_sql_ok(q->sql) ? q->sql->driver->column(q, q->column) : none;
}

bool gh_column_absent(gh_query *q)
{
    return column(q).kind == GH_SQL_NULL;
}

uint64_t gh_column_u64(gh_query *q)
{
    gh_sql_value v = column(q);
    q->column++;
    if (v.kind != GH_SQL_NULL && v.kind != GH_SQL_NUMBER)
        gh_sql_fail(q->sql, GH_SQL_CORRUPT);
    return v.kind == GH_SQL_NUMBER ? v.number : 0;
}

gh_str gh_column_peek(gh_query *q)
{
    gh_sql_value v = column(q);
    q->column++;
    if (v.kind == GH_SQL_NUMBER)
        gh_sql_fail(q->sql, GH_SQL_CORRUPT);
    if (v.kind != GH_SQL_TEXT && v.kind != GH_SQL_BYTES)
        return (gh_str){NULL, 0};
    return v.bytes.n == 0 ? GH_STR("") : v.bytes;
}

gh_str gh_column_text(gh_query *q, gh_arena *arena)
{
    gh_str text = gh_column_peek(q);
    if (text.p == NULL)
        return text;
    gh_str copy = gh_arena_copy(arena, text);
    if (copy.p == NULL)
        gh_sql_fail(q->sql, GH_SQL_NO_MEMORY);
    return copy;
}

void gh_column_blob(gh_query *q, void *ret, size_t n)
{
    gh_str bytes = gh_column_peek(q);
    memset(ret, 0, n);
    if (bytes.p == NULL)
        return;
    if (bytes.n != n)
        gh_sql_fail(q->sql, GH_SQL_CORRUPT);
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
        gh_sql_fail(q->sql, GH_SQL_CORRUPT);
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

/* --- common forms */

static void run_numbers(gh_sql *sql, unsigned which, const uint64_t *numbers, unsigned n)
{
    gh_query q = gh_query_of(sql, which);
    for (unsigned i = 0; i < n; i++)
        gh_bind_u64(&q, numbers[i]);
    gh_query_run(&q);
}

void gh_sql_run(gh_sql *sql, unsigned which)
{
    run_numbers(sql, which, NULL, 0);
}

void gh_sql_run1(gh_sql *sql, unsigned which, uint64_t a)
{
    run_numbers(sql, which, (const uint64_t[]){a}, 1);
}

void gh_sql_run2(gh_sql *sql, unsigned which, uint64_t a, uint64_t b)
{
    run_numbers(sql, which, (const uint64_t[]){a, b}, 2);
}

void gh_sql_run3(gh_sql *sql, unsigned which, uint64_t a, uint64_t b, uint64_t c)
{
    run_numbers(sql, which, (const uint64_t[]){a, b, c}, 3);
}

void *gh_sql_grow(gh_sql *sql, gh_arena *arena, void *items, uint32_t n, uint32_t *room, size_t size)
{
    if (n < *room)
        return items;
    uint32_t more = *room == 0 ? 16 : *room * 2;
    void *grown = *room < UINT32_MAX / 2 ? gh_arena_array(arena, more, size) : NULL;
    if (grown == NULL) {
        gh_sql_fail(sql, GH_SQL_NO_MEMORY);
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
